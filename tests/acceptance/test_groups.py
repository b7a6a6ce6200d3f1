"""A group's administrator and its members on both platforms, with the bot as a process of its own.

They set it up, vote, change their minds, forget themselves, and remove the bot; the clock leaps
from day to day.
"""

import discord as library
import pytest

from tests.acceptance.kept import kept_at
from tests.acceptance.papers import A_DAY, DAYS, GALAXIES, ROBOTS, field
from tests.acceptance.people import OnTelegram, asks_for_a_card
from tests.acceptance.process import BOUND, BotProcess, eventually
from tests.local_discord import EPHEMERAL
from tests.local_telegram import LocalTelegram

ADA, BEN, EVE = 914077552301, 914077552302, 914077552303
WHY_NOT = "SELECT unreachable FROM accounts WHERE external_id = :account"
SET_UP = "/channel 08:00 UTC daily 3 categories"


@pytest.fixture
async def bot(world, tmp_path):
    """Run the whole service; yield it, what it keeps, and how to let days pass."""
    ahead = tmp_path / "ahead"
    ahead.write_text("0")

    def leap(days):
        new = tmp_path / "new"
        new.write_text(str(days * 86_400))
        new.rename(ahead)

    settings = {**world.settings, "CLOCK_FILE": str(ahead)}
    url = f"sqlite+aiosqlite:///{world.data_dir}/paperlark.db"
    async with BotProcess(settings, world.data_dir, "run") as process:
        await eventually(lambda: world.discord.identified, "Discord")
        async with kept_at(url) as kept:
            await eventually(lambda: has_come(kept), "a day's papers")
            reader = OnTelegram(world.telegram, 7, "Reader")
            while not field((await asks_for_a_card(reader)).paper):
                """Until the real papers are on the shelf the sample's are picked."""
            yield process, kept, leap
            assert await process.stop() == 0
    assert not any(str(person) in process.output for person in (ADA, BEN, EVE))
    assert "Traceback" not in process.output
    # Not of the feeds: by a clock that leaps, they are asked too early.
    assert world.telegram.violations == world.discord.violations == []


async def has_come(kept):
    return await kept.announced(DAYS[0]) == A_DAY


async def voted(telegram: LocalTelegram, person, label, posted):
    query = person.press(label, posted)
    await telegram.until(lambda: query.answers, BOUND)
    return query.answers[0]


async def test_a_telegram_group_reads_votes_and_forgets_as_one(world, bot):
    process, kept, leap = bot
    telegram = world.telegram
    group = telegram.group(-1007)
    ada, ben, eve = (telegram.person(number) for number in (ADA, BEN, EVE))
    telegram.admins[group] = {ADA, telegram.me["id"]}
    ada.add_bot(group)
    await ada.hears("An administrator begins with /channel", chat=group)

    ben.say(f"{SET_UP} {ROBOTS}", group)
    await ben.hears("Only administrators", chat=group)
    ada.say(f"{SET_UP} {ROBOTS}", group)
    menu = await ada.hears("3 papers, every day at 08:00", chat=group)
    assert f"Only papers of {ROBOTS}." in menu.text
    assert await voted(telegram, ben, "Stop", menu) == (
        "Only administrators of a group or channel can set up its digest. Nothing was changed."
    )

    leap(1)
    digest = await ada.hears("3 papers for ", chat=group)
    papers = [entity.url.rpartition("/")[2] for entity in digest.entities if entity.url]
    assert len(papers) == 3
    assert {field(paper) for paper in papers} == {ROBOTS}
    for person in (ada, ben, eve):
        assert await voted(telegram, person, "1 👍", digest) == "Your 👍 counts."
    assert await voted(telegram, eve, "1 👍", digest) == "You already voted 👍."
    assert await voted(telegram, ben, "1 👎", digest) == "Your vote is 👎 now."
    await telegram.until(lambda: "👍 2 · 👎 1" in digest.text, BOUND)
    assert await kept.verdicts(str(group)) == {papers[0]: "like"}
    assert await kept.verdicts(str(BEN)) == {}

    eve.say("/forget")
    question = await eve.hears("Shall I forget you?")
    await voted(telegram, eve, "Yes, forget everything", question)
    assert await kept.verdicts(str(group)) == {}  # one for it, one against
    await voted(telegram, ada, "2 👍", digest)
    await telegram.until(lambda: "👍 1 · 👎 1" in digest.text, BOUND)

    said = len(telegram.messages(group))
    ada.remove_bot(group)
    await eventually(lambda: is_out(kept, str(group)), "that the bot has left")
    leap(2)
    ada.say("/start")
    await ada.hears("I find the new research papers")
    assert len(telegram.messages(group)) == said
    ada.add_bot(group)  # it was known, so it is greeted no more
    await eventually(lambda: is_back(kept, str(group)), "that the bot is back")
    leap(3)
    await ada.hears("3 papers for ", after=digest.id, chat=group)
    assert process.is_running


async def test_a_telegram_channel_is_set_up_by_a_post_and_reads_in_its_language(world, bot):
    _, kept, leap = bot
    telegram = world.telegram
    channel = telegram.group(-1008, "channel", "@our_papers")
    ada, ben = telegram.person(ADA), telegram.person(BEN)
    telegram.admins[channel] = {ADA, telegram.me["id"]}
    chat = telegram.chat(channel)
    post = {"forward_origin": {"type": "channel", "date": 1, "chat": chat, "message_id": 3}}

    ben.say("Good morning, all of you!", **post)
    await ben.hears("I know no such paper")
    ada.say("Good morning, all of you!", **post)
    menu = await ada.hears("Reading group")
    assert "No digest comes here yet." in menu.text
    await voted(telegram, ada, "08:00", menu)
    await telegram.until(lambda: "The digest's language: English." in menu.text, BOUND)
    await voted(telegram, ada, "Every day", menu)
    await telegram.until(lambda: "every day" in menu.text, BOUND)
    await voted(telegram, ada, "Language", menu)
    await telegram.until(lambda: "In which language" in menu.text, BOUND)
    await voted(telegram, ada, "Deutsch", menu)
    await telegram.until(lambda: "The digest's language: Deutsch." in menu.text, BOUND)
    ada.say("@our_papers")
    await ada.hears("The digest's language: Deutsch.", after=menu.id)
    ben.say("@our_papers")
    await ben.hears("Only administrators")

    leap(1)
    digest = await ada.hears("Paper für ", chat=channel)
    assert await voted(telegram, ben, "1 👍", digest) == "Your 👍 counts."
    assert await kept.verdicts(str(BEN)) == {}


async def test_a_channel_on_discord_reads_votes_and_gives_papers_threads(world, bot):
    _, kept, leap = bot
    discord = world.discord
    channel = discord.server_channel()
    ada, ben = discord.person(ADA), discord.person(BEN)
    ada.permissions = library.Permissions(manage_guild=True).value
    may = library.Permissions(view_channel=True, send_messages=True, embed_links=True)
    await discord.until(lambda: discord.commands)
    await discord.take_in(channel)

    await ben.slash("channel", channel, what="stop")
    refused = await ben.sees("may manage the server", channel)
    assert refused.flags & EPHEMERAL
    await ada.slash("channel", channel, time="08:00")
    await ada.sees("I may not write in this channel yet", channel)
    discord.bot_permissions = may.value
    wishes = {"time": "08:00", "zone": "UTC", "days": "daily", "papers": 2}
    await ada.slash("channel", channel, **wishes, categories=GALAXIES, threads="on")
    menu = await ada.sees("Each paper gets a thread.", channel)
    assert menu.flags & EPHEMERAL

    leap(1)
    digest = await ben.sees("2 papers for ", channel)
    await discord.until(lambda: len(discord.threads) == 2)
    assert {around for around, _ in discord.threads.values()} == {channel}
    for person in (ada, ben):
        await person.gets_answer(await person.press(digest, "2 👎"))
        await person.sees("Your 👎 counts.", channel)
    await discord.until(lambda: "👍 0 · 👎 2" in digest.text)
    second = list(discord.threads)[1]
    card = await ben.sees("", second)
    await ben.gets_answer(await ben.press(card, "👎"))
    assert (await ben.sees("You already voted 👎.", second)).only_for == BEN
    await ben.press(card, "👍")
    await discord.until(lambda: "👍 1 · 👎 1" in card.text)
    assert await kept.verdicts(f"channel:{channel}") == {}
    # Nobody's direct messages were opened for a vote, and nobody is owed a digest for one.
    assert len(discord.called("open_dm")) == 2  # the two who used a command
    await discord.throw_out(channel)
    await eventually(lambda: is_out(kept, f"channel:{channel}"), "that the bot has left")


async def is_out(kept, account):
    return await kept.one(WHY_NOT, account=account) == "removed"


async def is_back(kept, account):
    return await kept.one(WHY_NOT, account=account) is None
