"""What operators see of a real process: figures for Prometheus, and whether it goes on."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.kept import kept_at
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
from tests.servers import Postgres, RedisServer, free_port

DELIVERIES = "paperlark_deliveries"
NAME, TEXT = "Zyxquince", "zyxgrape"


def free_ports():
    """Return the first of six ports that are free, as far as anybody can tell."""
    return free_port() - 5


async def asked(port, path):
    """Return status and text of an answer; None while nobody listens."""
    async with httpx.AsyncClient(trust_env=False) as http:
        try:
            answer = await http.get(f"http://127.0.0.1:{port}{path}", timeout=20)
        except httpx.TransportError:
            return None
    return answer.status_code, answer.text


async def figures(port):
    """Return every sample, by its name and the values of its labels in alphabetical order."""
    _, text = await asked(port, "/metrics")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def is_well(port):
    answer = await asked(port, "/healthz")
    return answer is not None and answer[0] == 200


async def test_a_process_tells_how_it_fares_and_nothing_of_anybody(world, kept):
    port = free_port()
    ada, ben = OnTelegram(world.telegram, 4201, NAME), OnDiscord(world.discord, 987_654_321)
    settings = {**world.settings, "METRICS_PORT": str(port)}
    async with BotProcess(settings, world.data_dir, "run") as bot:
        await bot.says("discord.started")
        for reader in (ada, ben):
            await asks_for_a_card(reader, "/start")
            await goes_on(reader, LIKE, await asks_for_a_card(reader))
        card = await asks_for_a_card(ada)
        await answered(ada, f"/search {TEXT}", TEXT)
        await ada.taps("🔖 Save", card)
        await answered(ada, f"/note {TEXT}", "Noted")
        await eventually(lambda: is_well(port), "health")
        await kept.everybodys_digest_is_due()
        for reader in (ada, ben):
            await eventually(lambda r=reader: digests(r), "the digest")

        async def are_counted():
            now = await figures(port)
            sent = [now.get((f"{DELIVERIES}_total", p, "sent")) for p in ("telegram", "discord")]
            return now if sent == [1, 1] else None

        now = await eventually(are_counted, "two deliveries that are counted")
        assert now["paperlark_taps_total", "like"] == 2
        assert now["paperlark_taps_total", "save"] == 1
        assert now["paperlark_picks_total", "digest"] == 10
        assert now["paperlark_picks_total", "card"] >= 6
        assert now["paperlark_delivery_lateness_seconds_count", "telegram"] == 1
        assert 0 < now["paperlark_delivery_lateness_seconds_sum", "telegram"] < 60
        assert now["paperlark_rate_limit_wait_seconds_count", "telegram", "push"] == 1
        assert now["paperlark_rate_limit_wait_seconds_count", "telegram", "answer"] >= 4
        assert now["paperlark_queue", "due"] == now["paperlark_queue", "sending"] == 0
        assert 0 <= now["paperlark_source_age_seconds", "arxiv"] < 120
        assert now["paperlark_source_failing", "arxiv"] == 0
        assert now[("paperlark_database_up",)] == 1

        status, health = await asked(port, "/healthz")
        assert status == 200
        assert {line.partition(": ")[2] for line in health.splitlines()} == {"ok"}
        parts = {line.partition(":")[0] for line in health.splitlines()}
        roles = {"telegram", "discord", "scheduler", "ingest", "trainer"}
        assert parts == {"database", "sends to telegram", "sends to discord", *roles}

        told = health + (await asked(port, "/metrics"))[1]
        for unwanted in (
            NAME,
            TEXT,
            "4201",
            "987654321",
            world.telegram.token,
            world.discord.token,
        ):
            assert unwanted.casefold() not in told.casefold(), unwanted
        assert (await asked(port, "/"))[0] == 404
        assert await bot.stop() == 0
    assert await asked(port, "/healthz") is None


async def test_a_port_that_is_taken_stops_the_start_with_a_sentence(world):
    port = free_port()
    settings = {**world.settings, "METRICS_PORT": str(port)}
    async with BotProcess(settings, world.data_dir, "run") as bot:
        await eventually(lambda: asked(port, "/healthz"), "an answer")
        status, said = await run_once(settings, world.data_dir, "run")
        assert status == 1
        assert f"METRICS_PORT: expected port {port} to be free on 127.0.0.1" in said
        assert "Traceback" not in said
        assert await bot.stop() == 0


@pytest.fixture
async def servers():
    """PostgreSQL and Redis of the test's own, which it may end."""
    postgres = await asyncio.to_thread(Postgres)
    redis = await asyncio.to_thread(lambda: RedisServer(own=True))
    yield postgres, redis
    await asyncio.to_thread(redis.close)
    await asyncio.to_thread(postgres.close)


async def test_what_is_away_is_named_until_it_is_back(world, servers):
    postgres, redis = servers
    url, port = await postgres.create("paperlark"), free_ports()
    settings = {
        **world.settings,
        "DATABASE_URL": url.replace("+asyncpg", ""),
        "REDIS_URL": redis.url,
        "METRICS_PORT": str(port),
    }
    scheduler, telegram = port + 3, port + 1

    async def is_named(port, line):
        answer = await asked(port, "/healthz")
        return answer is not None and answer[0] == 503 and line in answer[1].splitlines()

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(kept_at(url))
        bots = [BotProcess(settings, world.data_dir, role) for role in ("telegram", "scheduler")]
        for bot in bots:
            await stack.enter_async_context(bot)
        for one in (telegram, scheduler):
            await eventually(lambda p=one: is_well(p), "health")

        redis.kill()
        await eventually(lambda: is_named(telegram, "redis: does not answer"), "Redis named")
        await asyncio.to_thread(redis.start)
        await eventually(lambda: is_well(telegram), "health")

        await asyncio.to_thread(postgres.stop, "immediate")
        for line in ("database: does not answer", "scheduler: waits for the database"):
            await eventually(lambda w=line: is_named(scheduler, w), line)
        assert (await figures(scheduler))[("paperlark_database_up",)] == 0
        await asyncio.to_thread(postgres.start)
        await eventually(lambda: is_well(scheduler), "health")

        trouble = world.telegram.fault("getUpdates", status=500, times=1000)
        away = "telegram: Telegram does not answer"
        await eventually(lambda: is_named(telegram, away), "Telegram named")
        trouble.times = 0
        await eventually(lambda: is_well(telegram), "health")
        assert await asyncio.gather(*(bot.stop() for bot in bots)) == [0, 0]


async def test_a_start_that_waits_for_the_database_says_so(world):
    port, nowhere = free_ports(), free_port()
    settings = {
        **world.settings,
        "DATABASE_URL": f"postgresql://nobody@127.0.0.1:{nowhere}/nothing",
        "METRICS_PORT": str(port),
    }
    async with BotProcess(settings, world.data_dir, "scheduler") as bot:
        await bot.says("database.away")
        status, health = await asked(port + 3, "/healthz")
        assert status == 503
        assert health == "database: does not answer\nscheduler: has not begun\n"
        assert await bot.stop() == 0
