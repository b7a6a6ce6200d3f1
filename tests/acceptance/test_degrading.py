"""What goes on while a server is gone, and how it heals: real servers, stopped and started."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from storage.tables import DeliveryRow
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
)
from tests.acceptance.process import BotProcess, eventually, run_once
from tests.servers import Postgres, RedisServer


@pytest.fixture
async def servers():
    """PostgreSQL and Redis of the test's own, which it may end."""
    postgres = await asyncio.to_thread(Postgres)
    redis = await asyncio.to_thread(lambda: RedisServer(own=True))
    yield postgres, redis
    await asyncio.to_thread(redis.close)
    await asyncio.to_thread(postgres.close)


@pytest.fixture
async def bot(world, servers):
    postgres, redis = servers
    url = await postgres.create("paperlark")
    settings = {
        **world.settings,
        "DATABASE_URL": url.replace("+asyncpg", ""),
        "REDIS_URL": redis.url,
    }
    async with AsyncExitStack() as stack:
        kept = await stack.enter_async_context(kept_at(url))
        bot = await stack.enter_async_context(BotProcess(settings, world.data_dir, "run"))
        await bot.says("discord.started")
        bot.kept, bot.settings = kept, settings
        yield bot


async def test_without_redis_everything_goes_on_and_the_log_says_so_once(world, servers, bot):
    _, redis = servers
    ada = OnTelegram(world.telegram, 4201, "Ada")
    card = await asks_for_a_card(ada, "/start")
    await asyncio.to_thread(redis.kill)
    card = await goes_on(ada, LIKE, card)
    await bot.says("redis.away")
    for _ in range(3):
        card = await goes_on(ada, LIKE, card)
    await bot.kept.everybodys_digest_is_due()
    await eventually(lambda: digests(ada), "the digest")
    assert bot.output.count("redis.away") == 1
    await asyncio.to_thread(redis.start)
    await goes_on(ada, LIKE, card)
    await bot.says("redis.back")
    assert len(await bot.kept.verdicts(ada.account)) == 5
    assert len(digests(ada)) == 1
    assert await bot.stop() == 0


async def test_without_the_database_no_tap_is_acknowledged_as_stored_and_then_all_goes_on(
    world, servers, bot
):
    postgres, _ = servers
    ada = OnTelegram(world.telegram, 4201, "Ada")
    card = await asks_for_a_card(ada, "/start")
    await asyncio.to_thread(postgres.stop, "immediate")
    said = await ada.taps(LIKE, card)
    assert said == "Nothing was stored, because my memory is away. Please try again in a minute."
    await asyncio.to_thread(postgres.start)
    assert await bot.kept.verdicts(ada.account) == {}

    async def is_stored():
        return "Liked" in await ada.taps(LIKE, card)

    await eventually(is_stored, "a tap that is stored")
    assert await bot.kept.verdicts(ada.account) == {card.paper: "like"}
    await bot.kept.everybodys_digest_is_due()
    await eventually(lambda: digests(ada), "the digest")
    assert await bot.stop() == 0


async def test_without_its_sources_it_goes_on_with_yesterdays_papers(world, bot):
    ada = OnTelegram(world.telegram, 4201, "Ada")

    async def has_come():
        return await bot.kept.announced(DAYS[0]) == A_DAY

    await eventually(has_come, "a day's papers")
    for service in ("feed", "api", "hf"):
        world.feeds.fail(service, "status", 1000, status=503)
    await bot.kept.hours_pass_for_sources()
    await eventually(lambda: bot.kept.rows(TROUBLED), "a source in trouble")
    await answered(ada, "/status", "Trouble right now with")
    card = await asks_for_a_card(ada, "/pick")
    assert card.papers
    await bot.kept.everybodys_digest_is_due()
    await eventually(lambda: digests(ada), "the digest")
    assert len(digests(ada)[0].papers) == 5
    assert await bot.stop() == 0


TROUBLED = "SELECT name FROM sources WHERE last_error IS NOT NULL"


async def test_while_the_platforms_are_away_digests_wait_and_come_once_when_they_are_back(
    world, servers, bot
):
    ada, ben = OnTelegram(world.telegram, 4201, "Ada"), OnDiscord(world.discord, 4202)
    await asyncio.gather(asks_for_a_card(ada, "/start"), asks_for_a_card(ben, "/start"))
    away = world.telegram.fault("sendMessage", status=502, description="Bad Gateway", times=1000)
    world.discord.fault("send", status=503, times=4)
    await bot.kept.everybodys_digest_is_due()

    async def waits():
        return await bot.kept.rows(
            "SELECT 1 FROM deliveries WHERE state = 'claimed' AND reason = 'platform_away'"
        )

    await eventually(waits, "a digest that is put off")
    assert digests(ada) == []
    told = await run_once(bot.settings, world.data_dir, "deliveries", "--day", today())
    assert "platform_away" in told[1]
    away.times = 0
    later = datetime.now(UTC) - timedelta(seconds=1)
    waiting = update(DeliveryRow).where(DeliveryRow.next_try.is_not(None))
    async with asyncio.timeout(60):
        while not digests(ada):
            await bot.kept.change(waiting.values(next_try=later))
            await eventually(lambda: digests(ada) or waits(), "the digest, or another wait")
    await eventually(lambda: digests(ben), "the digest on Discord", 150)
    assert len(digests(ada)) == len(digests(ben)) == 1
    assert await bot.stop() == 0


def today() -> str:
    return datetime.now(UTC).date().isoformat()
