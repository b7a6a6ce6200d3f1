"""From the paper feed to a pick that learns, as one real process on real sockets.

The bot runs as `paperlark run` with both tokens against this project's own small arXiv,
Hugging Face, Telegram and Discord on loopback. Only the minute of a push is waited for.
"""

import asyncio
from datetime import UTC, datetime, timedelta

from tests.acceptance.papers import A_DAY, DAYS, GALAXIES, ROBOTS, field
from tests.acceptance.people import (
    LIKE,
    SKIP,
    OnDiscord,
    OnTelegram,
    answered,
    asks_for_a_card,
    digests,
    goes_on,
    hears,
    newest,
)
from tests.acceptance.process import BotProcess, eventually, run_once

TOP = 20  # of a ranking
# Names that stand in no word of a program's: "Ada" is a part of "AsyncAdaptedQueuePool".
ADAS_NAME, BENS_NAME, CLEOS_NAME = "Adaquince", "user4202", "Cleoquince"
UNTIL_THE_MINUTE = 150.0  # seconds: up to 70 until it comes, and a busy machine


async def all_of(kept, day):
    await eventually(lambda: is_whole(kept, day), f"the papers of {day}")


async def is_whole(kept, day):
    return await kept.announced(day) == A_DAY


async def likes_only(reader, wanted):
    """Tap through the first cards until one of a field comes, then like what is of that field.

    Returns the fields of the eight cards behind the first like.
    """
    card = await asks_for_a_card(reader, "/start")
    while field(card.paper) != wanted:
        card = await goes_on(reader, SKIP, card)
    after = []
    for _ in range(8):
        card = await goes_on(reader, LIKE if field(card.paper) == wanted else SKIP, card)
        after.append(field(card.paper))
    return after


async def likes_nothing(reader):
    """Return the fields of eight cards of a reader who says nothing of them."""
    cards = [await asks_for_a_card(reader, "/start")]
    cards += [await asks_for_a_card(reader) for _ in range(7)]
    return [field(card.paper) for card in cards]


def share(papers, wanted):
    """Return which share of papers is of a field."""
    return sum(field(paper) == wanted for paper in papers) / len(papers)


def next_minute():
    """Return the next minute that leaves time to say so."""
    return (datetime.now(UTC) + timedelta(seconds=75)).replace(second=0, microsecond=0)


async def test_papers_become_cards_taps_become_taste_and_the_digest_comes_once(world, kept):
    ada = OnTelegram(world.telegram, 4201, ADAS_NAME)
    ben = OnDiscord(world.discord, 4202)
    cleo = OnTelegram(world.telegram, 4203, CLEOS_NAME)
    bot = BotProcess(world.settings, world.data_dir, "run")
    await bot.start()

    # Three days come in: at the start, beside the running process, and over a restart.
    await bot.says("discord.started")
    await all_of(kept, DAYS[0])
    world.feeds.today = DAYS[1]
    await kept.hours_pass_for_sources()
    status, said = await run_once(world.settings, world.data_dir, "ingest", "--once")
    assert status == 0
    assert "new papers" in said
    await all_of(kept, DAYS[1])
    await answered(cleo, "/status", f"I have {2 * A_DAY} papers")
    assert await bot.stop() == 0
    world.feeds.today = DAYS[2]
    await kept.hours_pass_for_sources()
    await bot.start()
    await all_of(kept, DAYS[2])
    await eventually(lambda: world.discord.identified == 2, "Discord after the restart")

    # Cards learn from taps, on both platforms, each for its own reader.
    adas, bens, cleos = await asyncio.gather(
        likes_only(ada, ROBOTS), likes_only(ben, GALAXIES), likes_nothing(cleo)
    )
    for reader, wanted, fields in ((ada, ROBOTS, adas), (ben, GALAXIES, bens)):
        assert fields.count(wanted) >= 5 > cleos.count(wanted)
        assert set((await kept.verdicts(reader.account)).values()) == {"like", "skip"}
        before, after = await kept.ranking(reader.account, world.data_dir, TOP)
        assert share(before, wanted) < 0.5 <= 0.7 < share(after, wanted)

    # The digest comes at the minute they chose.
    minute = next_minute()
    phrase = f"/schedule {minute:%H:%M} UTC daily 5"
    await answered(ada, phrase, f"at {minute:%H:%M}")
    await ben.person.slash("schedule", time=f"{minute:%H:%M}", zone="UTC", days="daily", papers=5)
    await hears(ben, lambda m: f"at {minute:%H:%M}" in m.text, "the schedule on Discord")
    assert digests(ada) == digests(ben) == []
    for reader, wanted in ((ada, ROBOTS), (ben, GALAXIES)):
        await eventually(lambda r=reader: digests(r), "the digest", UNTIL_THE_MINUTE)
        assert datetime.now(UTC) >= minute
        (digest,) = digests(reader)
        seen = await kept.shown(reader.account, "card")
        assert not set(digest.papers) & set(seen)
        assert len(digest.papers) == len(set(digest.papers)) == 5
        fields = [field(paper) for paper in digest.papers]
        assert "" not in fields  # every one is of the newest days, none of the sample
        assert fields.count(wanted) >= 3
        assert await kept.shown(reader.account, "digest") == list(digest.papers)
    await eventually(lambda: both_are_sent(kept, ada, ben), "two deliveries on record")

    # A tap in the digest marks it there and sends nothing more.
    for reader in (ada, ben):
        (digest,) = digests(reader)
        last = newest(reader)
        await reader.taps("2 👍", digest)
        await eventually(lambda r=reader: "Liked" in digests_text(r), "the mark in the digest")
        assert (await kept.verdicts(reader.account))[digest.papers[1]] == "like"
        await answered(reader, "/status", "You liked")
        assert len([m for m in reader.messages() if m.number > last]) == 1

    # A model that is trained beside the running process goes live in it.
    said_before = len(bot.output)
    status, said = await run_once(world.settings, world.data_dir, "retrain")
    assert status == 0, said
    assert "libgomp" not in said
    version = said.split("Model ")[1].split(" is live")[0]
    await bot.says(version, said_before)
    await answered(ada, "/status", version)
    await answered(ben, "/status", version)

    # Nothing came twice, neither meanwhile nor after another start.
    assert await bot.stop() == 0
    await bot.start()
    await eventually(lambda: world.discord.identified == 3, "Discord after the restart")
    await answered(ada, "/status", "The last digest was sent")
    assert await bot.stop() == 0
    assert len(digests(ada)) == len(digests(ben)) == 1
    assert digests(cleo) == []
    assert world.violations == []
    for private in (world.telegram.token, world.discord.token, ADAS_NAME, CLEOS_NAME, BENS_NAME):
        assert private not in bot.output + world.files


async def both_are_sent(kept, *readers):
    states = await kept.deliveries()
    return all(states.get(reader.account) == "sent" for reader in readers)


def digests_text(reader):
    return "".join(digest.text for digest in digests(reader))
