"""A whole bibliography teaches by one slash command, from a real process."""

from functools import partial

from bot.conversation import teaching_words
from tests.acceptance.papers import A_DAY, DAYS, announced
from tests.acceptance.people import OnDiscord, OnTelegram, hears
from tests.acceptance.process import BotProcess, eventually
from tests.local_catalogues import LocalCatalogues
from tests.local_discord import EPHEMERAL

HASH = "0a" * 20

ENTRIES, KNOWN = 500, 30
ABSTRACT = "We show at some length that a field and its methods are related. " * 55


def bibliography():
    """Return 500 entries with abstracts, 2 MB, of which the bot can know thirty."""
    named = [f"eprint = {{{paper.id}}}" for paper in announced()[:KNOWN]]
    named += [f"doi = {{10.9999/unheard.{n}}}" for n in range(ENTRIES - len(named))]
    return "".join(
        f"@article{{k{n},\n  {name},\n  abstract = {{{ABSTRACT}}}\n}}\n"
        for n, name in enumerate(named)
    ).encode()


async def test_five_hundred_entries_teach_by_a_slash_command_that_only_its_asker_sees(world, kept):
    ben, eve = OnDiscord(world.discord, 4301), world.discord.person(4302)
    channel = world.discord.server_channel()
    content = bibliography()

    def visible():
        return world.discord.seen_by(ben.person.number, channel)

    assert 1_500_000 < len(content) < 2_000_000
    async with BotProcess(world.settings, world.data_dir, "run") as bot:
        await bot.says("discord.started")
        await eventually(lambda: _is_whole(kept), "the papers of the day")
        await ben.person.slash("teach", channel, file=("library.bib", content))
        missing = await eventually(lambda: _with_file(visible()), "what was not found")
        await eventually(lambda: _is_near(visible()), "papers near the bibliography")
    told = visible()[0]
    unknown = ENTRIES - KNOWN
    assert f"Your file has {ENTRIES} entries. I recognised {KNOWN} papers: {KNOWN} new likes." in (
        told.content
    )
    assert f"{unknown} entries I did not find" in told.content
    assert told.edits > 1  # it showed how far it was
    (listed,) = missing.files.values()
    assert len(listed.decode("utf-8-sig").splitlines()) == unknown
    assert list((await kept.verdicts(ben.account)).values()) == ["like"] * KNOWN
    assert all(posted.flags & EPHEMERAL for posted in visible())
    assert world.discord.seen_by(eve.number, channel) == []
    assert world.violations == []


async def test_links_of_other_catalogues_teach_on_both_platforms(world, kept):
    ada, ben = OnTelegram(world.telegram, 4303, "Ada"), OnDiscord(world.discord, 4304)
    first, second, third = announced()[:3]
    async with LocalCatalogues(
        rows={HASH: {"title": "Another title", "externalIds": {"ArXiv": first.id}},
              "DOI:10.9999/elsewhere": {"title": "A Talk That Nobody Uploaded"}},
        notes={"YicbFdNTTy": {"title": second.title}},
        older={"oldnote00": {"title": third.title.upper()}},
    ) as others:  # fmt: skip
        settings = {**world.settings, **others.settings()}
        async with BotProcess(settings, world.data_dir, "run") as bot:
            await bot.says("discord.started")
            await eventually(lambda: _is_whole(kept), "the papers of the day")
            for who in (ada, ben):
                for link, paper in (
                    (f"https://www.semanticscholar.org/paper/{HASH}", first),
                    ("read https://openreview.net/forum?id=YicbFdNTTy", second),
                    ("https://openreview.net/forum?id=oldnote00", third),
                ):
                    await who.says(link)
                    await hears(who, partial(_is_card_of, paper.id), f"the paper of {link}")
                await who.says("https://doi.org/10.9999/elsewhere")
                await hears(who, partial(_names, "A Talk That Nobody Uploaded"), "its title")
                assert len(await kept.verdicts(who.account)) == 3
        assert others.impolite == []
    assert world.violations == []


def _is_card_of(paper, shown):
    return shown.papers == (paper,)


def _names(title, shown):
    return title in shown.text


def _with_file(posted):
    return next((one for one in posted if one.files), None)


def _is_near(posted):
    return any(teaching_words.NEAR_ALL in one.content for one in posted)


async def _is_whole(kept):
    return await kept.announced(DAYS[0]) == A_DAY
