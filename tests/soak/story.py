"""Open a world for a week, on SQLite alone or on PostgreSQL and Redis, and let it pass."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.acceptance.kept import kept_at
from tests.acceptance.process import BotProcess, run_once
from tests.house import TOPICS
from tests.local_discord import LocalDiscord
from tests.local_feeds import LocalFeeds
from tests.local_telegram import LocalTelegram
from tests.servers import Postgres, RedisServer
from tests.soak.people import BEGIN, announcement_day, gatherings, inhabitants
from tests.soak.week import Lived, Plan, Week, week_of_papers

# As in the Procfile, with a second scheduler. SQLite has one writer, so there all is one process.
APART = ("telegram", "discord", "scheduler", "scheduler", "ingest")
TOGETHER = ("run",)


async def lived(plan: Plan, folder: Path, *, is_apart: bool) -> tuple[Lived, list[str]]:
    """Live through a plan; return what happened and what must not have.

    is_apart: on PostgreSQL and Redis, with a process for each role.
    """
    async with _world(plan, folder, is_apart=is_apart) as (week, discord, telegram):
        happened = await week.live()
        broken = await week.broken_promises()
        wrong = [*telegram.violations, *discord.violations]
    # A tap that waited for a process to come back is answered late, or again; and who is killed,
    # and Redis, may take with them what a platform asked for. Nothing else.
    by_kills = (
        "query is too old",
        "answered twice",
        "no acknowledgement within 3 s",
        "before retry_after was over",
    )
    broken += [v for v in wrong if not any(known in v for known in by_kills)]
    return happened, broken


@asynccontextmanager
async def _world(
    plan: Plan, folder: Path, *, is_apart: bool
) -> AsyncIterator[tuple[Week, LocalDiscord, LocalTelegram]]:
    data_dir, clock = folder / "data", folder / "ahead"
    async with AsyncExitStack() as stack:
        feeds = LocalFeeds(week_of_papers(plan.days), announcement_day(BEGIN))
        telegram, discord = LocalTelegram(), LocalDiscord()
        for server in (feeds, telegram, discord):
            await stack.enter_async_context(server)
        settings = {
            **feeds.settings(),
            "ARXIV_CATEGORIES": ",".join(TOPICS),
            "TELEGRAM_TOKEN": telegram.token,
            "TELEGRAM_API_BASE": telegram.origin,
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_BASE": discord.api_base,
            "CLOCK_FILE": str(clock),
        }
        redis, postgres = None, None
        url = f"sqlite+aiosqlite:///{data_dir}/paperlark.db"
        if is_apart:
            postgres = await asyncio.to_thread(Postgres)
            stack.callback(postgres.close)
            redis = RedisServer(own=True)
            stack.callback(redis.close)
            url = await postgres.create("paperlark_week")
            settings["DATABASE_URL"] = url.replace("+asyncpg", "")
            settings["REDIS_URL"] = redis.url
        people = inhabitants(telegram, discord, plan.people, random.Random(plan.seed))
        people += gatherings(telegram, discord)
        bots = [BotProcess(settings, data_dir, role) for role in (APART if is_apart else TOGETHER)]
        kept = await stack.enter_async_context(kept_at(url))
        week = Week(
            plan,
            people,
            bots,
            kept,
            telegram=telegram,
            discord=discord,
            feeds=feeds,
            clock=clock,
            redis=redis,
            postgres=postgres,
        )
        week.leap(BEGIN)
        assert (await run_once(settings, data_dir, "migrate"))[0] == 0
        for bot in bots:
            await stack.enter_async_context(bot)
        yield week, discord, telegram
