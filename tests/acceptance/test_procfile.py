"""The Procfile's own command lines as processes, on PostgreSQL and Redis; each of them dies."""

import shlex
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.wiring import FRESHEN_EVERY
from tests.acceptance.kept import kept_at
from tests.acceptance.papers import A_DAY, DAYS
from tests.acceptance.people import (
    LIKE,
    OnDiscord,
    OnTelegram,
    answered,
    asks_for_a_card,
    digests,
    goes_on,
    hears,
)
from tests.acceptance.process import BOUND, BotProcess, eventually, run_once

PROCFILE = Path(__file__).resolve().parents[2] / "Procfile"
ABANDONED = 11  # minutes after which a digest that was begun is given up
REACHES_ALL = 10.0  # seconds in which a new model is to be in every process that picks


def command_lines():
    """Return what the Procfile starts, by name, without the program's own name."""
    lines = (line.partition(": ") for line in PROCFILE.read_text("utf-8").splitlines())
    started = {name: shlex.split(command) for name, _, command in lines}
    assert {words[0] for words in started.values()} == {"paperlark"}
    return {name: words[1:] for name, words in started.items()}


@pytest.fixture
async def database_url(postgres):
    name = postgres.fresh_name()
    yield await postgres.create(name)
    await postgres.drop(name)


@pytest.fixture
async def kept(database_url):
    async with kept_at(database_url) as kept:
        yield kept


@pytest.fixture
async def processes(world, database_url, redis_server, kept):
    """Start what the Procfile names, once; `start` starts one more of a name."""
    plain = database_url.replace("+asyncpg", "")
    settings = {**world.settings, "DATABASE_URL": plain, "REDIS_URL": redis_server.url}
    assert (await run_once(settings, world.data_dir, "migrate"))[0] == 0
    async with AsyncExitStack() as stack:

        async def start(name):
            bot = BotProcess(settings, world.data_dir, *command_lines()[name])
            await stack.enter_async_context(bot)
            return bot

        started = {name: await start(name) for name in command_lines()}
        await eventually(lambda: has_come(kept, DAYS[0]), "a day's papers")
        await eventually(lambda: world.discord.identified, "Discord")
        yield started, start
        for bot in started.values():
            assert await bot.stop() == 0
            assert "Traceback" not in bot.output


async def has_come(kept, day):
    return await kept.announced(day) == A_DAY


async def comes_back(bot, words):
    """Start a process again and wait until it says so."""
    before = len(bot.output)
    await bot.start()
    await bot.says(words, before)


async def live_version(kept):
    found = await kept.rows("SELECT version FROM models WHERE is_live")
    return found[0][0] if found else None


async def test_platforms_and_trainer_die_and_come_back_and_nothing_stays_undone(
    world, kept, database_url, processes
):
    started, _ = processes
    ada, ben = OnTelegram(world.telegram, 4201, "Ada"), OnDiscord(world.discord, 4202)
    cards = {reader: await asks_for_a_card(reader, "/start") for reader in (ada, ben)}

    # The Telegram process dies; what is tapped meanwhile is stored when it is back.
    await started["telegram"].kill()
    world.telegram.answerable = BOUND  # a busy machine takes seconds to start it again
    query = ada.presses(LIKE, cards[ada])
    await goes_on(ben, LIKE, cards[ben])  # nobody else notices
    await comes_back(started["telegram"], "telegram.started")
    await world.telegram.until(lambda: query.answers, BOUND)
    liked = {cards[ada].paper: "like"}
    await eventually(lambda: kept.has_only(ada.account, liked), "the like")

    # The Discord process dies; buttons of before work again when it is back.
    identified = world.discord.identified
    await started["discord"].kill()
    await goes_on(ada, LIKE, await asks_for_a_card(ada))
    await comes_back(started["discord"], "discord.started")
    assert world.discord.identified > identified
    old = cards[ben]
    await ben.taps("🔖 Save", old)
    await hears(ben, lambda m: m.papers == old.papers and "Saved" in m.text, "the mark")

    # The trainer dies in the middle of a training, comes back, and its model reaches all.
    async with kept.standing_still("INSERT", "models", "NEW.is_live"):
        await comes_with(world, kept, started["ingest"], DAYS[1])
        await eventually(lambda: has_files(world), "a trained model")
        await started["retrain"].kill()
    assert await live_version(kept) is None
    await comes_back(started["retrain"], "started")
    version = await eventually(lambda: live_version(kept), "a model")
    await is_everywhere(started, version)
    for reader in (ada, ben):
        await answered(reader, "/status", version)

    # Who picks looks for itself every few seconds; a message by Redis only makes it sooner.
    assert FRESHEN_EVERY <= REACHES_ALL / 2
    silent = {**world.settings, "DATABASE_URL": database_url.replace("+asyncpg", "")}
    status, said = await run_once(silent, world.data_dir, "retrain")
    assert status == 0, said
    await is_everywhere(started, await live_version(kept))
    assert world.violations == []


async def is_everywhere(started, version):
    for name in ("telegram", "discord", "scheduler"):
        await started[name].says(version)


async def comes_with(world, kept, ingest, day):
    """Let the papers of another day come: the process that takes them in dies as well."""
    world.feeds.today = day
    await ingest.kill()
    await kept.hours_pass_for_sources()
    await comes_back(ingest, "started")
    await eventually(lambda: has_come(kept, day), "another day's papers")


def has_files(world):
    return any((world.data_dir / "models").glob("*/*.npy"))


async def test_one_of_two_schedulers_dies_and_the_other_ends_what_it_began(world, kept, processes):
    started, start = processes
    people = [OnTelegram(world.telegram, 4300 + n, f"Person {n}") for n in range(5)]
    ben = OnDiscord(world.discord, 4202)
    readers = [*people, ben]
    for reader in readers:
        await asks_for_a_card(reader, "/start")

    # One claims everything and hangs with one send; then there is a second one.
    hanging = world.telegram.fault("sendMessage", kind="hang", chat=people[0].person.id)
    await kept.everybodys_digest_is_due()
    await eventually(lambda: hanging.times == 0, "the send that hangs")
    second = await start("scheduler")
    await second.says("started")
    await started["scheduler"].kill()
    hanging.released.set()

    async def all_ended():
        await kept.minutes_pass_for_deliveries(ABANDONED)
        return not set((await kept.deliveries()).values()) & {"claimed", "sending"}

    await eventually(all_ended, "an end for every digest")
    ended = await kept.deliveries()
    assert ended.pop(people[0].account) == "unknown"  # begun, and never sent again by itself
    assert digests(people[0]) == []
    assert set(ended.values()) <= {"sent", "unknown"}
    for reader in readers[1:]:
        assert len(digests(reader)) == 1 or ended[reader.account] == "unknown"

    # It comes back, and the next day both push; still nobody gets two of a day.
    await comes_back(started["scheduler"], "started")
    had = {reader.account: len(digests(reader)) for reader in readers}
    await kept.everybodys_digest_is_due(days=1)
    for reader in readers:
        await eventually(lambda r=reader: len(digests(r)) > had[r.account], "the next digest")
    assert {r.account: len(digests(r)) for r in readers} == {a: n + 1 for a, n in had.items()}
    assert await second.stop() == 0
    assert world.violations == []
