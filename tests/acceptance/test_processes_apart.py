"""One process for each role, as the Procfile starts them, on PostgreSQL and Redis."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis

from tests.acceptance.kept import kept_at
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
    newest,
)
from tests.acceptance.process import BotProcess, eventually, run_once

ABANDONED = 11  # minutes after which a digest that was begun is given up
ROLES = ("ingest", "telegram", "discord", "scheduler")


@pytest.fixture
async def database_url(postgres):
    name = postgres.fresh_name()
    yield await postgres.create(name)
    await postgres.drop(name)


@pytest.fixture
def settings(world, database_url, redis_server):
    plain = database_url.replace("+asyncpg", "")  # as hosts hand it out
    return {**world.settings, "DATABASE_URL": plain, "REDIS_URL": redis_server.url}


async def likes_one_of(reader, wanted):
    """Tap through cards until one of a field is liked; return the fields of four more cards."""
    card = await asks_for_a_card(reader, "/start")
    while field(card.paper) != wanted:
        card = await goes_on(reader, SKIP, card)
    cards = [await goes_on(reader, LIKE, card)]
    cards += [await asks_for_a_card(reader) for _ in range(3)]
    return [field(card.paper) for card in cards]


async def test_roles_in_processes_of_their_own_share_one_taste_and_push_once(
    world, settings, database_url
):
    ada, ben = OnTelegram(world.telegram, 4201, "Ada"), OnDiscord(world.discord, 4202)
    async with AsyncExitStack() as stack:
        kept = await stack.enter_async_context(kept_at(database_url))
        assert (await run_once(settings, world.data_dir, "migrate"))[0] == 0
        bots = [BotProcess(settings, world.data_dir, role) for role in (*ROLES, "scheduler")]
        await stack.enter_async_context(bots[0])
        await eventually(lambda: has_come(kept, DAYS[0]), "a day's papers")
        # Who starts now begins with these papers, not with the sample.
        await asyncio.gather(*(stack.enter_async_context(bot) for bot in bots[1:]))
        await answered(ada, "/status", f"I have {A_DAY} papers")
        await eventually(lambda: world.discord.identified, "Discord")

        # What Discord's process shows of Telegram's bot it has from that bot's own process.
        await answered(ben, "/link", "https://t.me/lark_bot?start=l")

        adas, bens = await asyncio.gather(likes_one_of(ada, ROBOTS), likes_one_of(ben, GALAXIES))
        assert adas.count(ROBOTS) >= 3  # one of four may explore
        assert bens.count(GALAXIES) >= 3

        # A training beside them goes live in all of them at once, by Redis.
        status, said = await run_once(settings, world.data_dir, "retrain")
        assert status == 0, said
        version = said.split("Model ")[1].split(" is live")[0]
        for bot in bots[1:]:
            await bot.says(version)
        await answered(ben, "/status", version)

        # Two schedulers, one digest for each reader.
        await kept.everybodys_digest_is_due()
        for reader, wanted in ((ada, ROBOTS), (ben, GALAXIES)):
            await eventually(lambda r=reader: digests(r), "the digest")
            (digest,) = digests(reader)
            assert not set(digest.papers) & set(await kept.shown(reader.account, "card"))
            assert sum(field(paper) == wanted for paper in digest.papers) >= 3
            last = newest(reader)
            await reader.taps("1 👎", digest)
            await answered(reader, "/status", "You liked 1 paper, skipped")
            assert len([m for m in reader.messages() if m.number > last]) == 1
            assert (await kept.verdicts(reader.account))[digest.papers[0]] == "skip"
        await eventually(lambda: are_sent(kept), "two deliveries on record")
        assert await asyncio.gather(*(bot.stop() for bot in bots)) == [0] * len(bots)
    assert len(digests(ada)) == len(digests(ben)) == 1
    assert world.violations == []


async def test_the_silence_that_one_process_is_asked_for_in_a_chat_is_kept_by_the_others(
    world, settings, database_url, redis_server
):
    ada, ben = (OnTelegram(world.telegram, 4400 + n, f"Person {n}") for n in range(2))
    redis = Redis.from_url(redis_server.url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(redis.aclose)
        kept = await stack.enter_async_context(kept_at(database_url))
        assert (await run_once(settings, world.data_dir, "migrate"))[0] == 0
        roles = ("ingest", "telegram", "scheduler")
        bots = [BotProcess(settings, world.data_dir, role) for role in roles]
        await asyncio.gather(*(stack.enter_async_context(bot) for bot in bots))
        await eventually(lambda: has_come(kept, DAYS[0]), "a day's papers")
        await asyncio.gather(*(asks_for_a_card(one, "/start") for one in (ada, ben)))

        # The scheduler is refused in one chat; the process that answers there waits as well.
        silence = {"status": 429, "parameters": {"retry_after": 5}}
        world.telegram.fault("sendMessage", chat=ada.person.id, **silence)
        await kept.everybodys_digest_is_due()
        key = f"paperlark:silent:telegram:chat:{ada.account}"
        await eventually(lambda: redis.exists(key), "the silence in Redis")
        refused = time.monotonic()
        waiting = asyncio.create_task(answered(ada, "/status", "papers"))
        bens = await answered(ben, "/status", "papers")
        adas = await waiting
        assert adas.raw.at > refused + 4  # its five seconds began before we knew of them
        assert bens.raw.at < adas.raw.at  # nobody waits for another chat
        await eventually(lambda: digests(ada) and digests(ben), "the digests")
        assert await asyncio.gather(*(bot.stop() for bot in bots)) == [0] * len(bots)
    assert world.violations == []


async def test_a_scheduler_that_dies_in_the_middle_leaves_the_rest_to_the_other(
    world, settings, database_url
):
    people = [OnTelegram(world.telegram, 4300 + n, f"Person {n}") for n in range(12)]
    async with AsyncExitStack() as stack:
        kept = await stack.enter_async_context(kept_at(database_url))
        assert (await run_once(settings, world.data_dir, "migrate"))[0] == 0
        roles = ("ingest", "telegram", "scheduler", "scheduler")
        bots = [BotProcess(settings, world.data_dir, role) for role in roles]
        await asyncio.gather(*(stack.enter_async_context(bot) for bot in bots))
        await eventually(lambda: has_come(kept, DAYS[0]), "a day's papers")
        await asyncio.gather(*(asks_for_a_card(one, "/start") for one in people))
        hanging = [
            world.telegram.fault("sendMessage", kind="hang", chat=one.person.id)
            for one in people[:2]
        ]

        # Whichever of the two has claimed them dies with its sends under way.
        await kept.everybodys_digest_is_due()
        await eventually(lambda: not any(fault.times for fault in hanging), "sends that hang")
        for scheduler in bots[2:]:
            await scheduler.kill()
            await scheduler.start()
        for fault in hanging:
            fault.released.set()

        async def all_ended():
            await kept.minutes_pass_for_deliveries(ABANDONED)
            states = set((await kept.deliveries()).values())
            return not states & {"claimed", "sending"}

        await eventually(all_ended, "an end for every digest")
        ended = await kept.deliveries()
        assert len(ended) == len(people)
        assert set(ended.values()) <= {"sent", "unknown"}
        for one in people:
            assert len(digests(one)) <= 1
            assert ended[one.account] == "unknown" or len(digests(one)) == 1
        assert [ended[one.account] for one in people[:2]] == ["unknown", "unknown"]
        assert await asyncio.gather(*(bot.stop() for bot in bots)) == [0] * len(bots)


async def has_come(kept, day):
    return await kept.announced(day) == A_DAY


async def are_sent(kept):
    return list((await kept.deliveries()).values()) == ["sent", "sent"]
