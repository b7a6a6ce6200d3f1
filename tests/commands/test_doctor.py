"""`paperlark doctor` says in one line each what is wrong and what to do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from bot.commands import doctor
from bot.commands.finding import Finding, State
from bot.settings import Settings
from storage import model_store
from storage.database import Database
from storage.model_store import NewModel, Training
from tests.acceptance.process import run_once
from tests.conftest import BOUND, Clock
from tests.local_catalogues import LocalCatalogues
from tests.local_discord import LocalDiscord
from tests.local_feeds import LocalFeeds
from tests.local_telegram import LocalTelegram
from tests.loopback import serving
from tests.servers import Postgres, RedisServer, free_port

TOKEN = "7001:local-bot-token-0123456789abcdef"
DISCORD_TOKEN = "local-discord-bot-token"

Answer = Callable[[web.Request], Any]


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[str]:
    """A server that gives every request the same answer."""
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    runner, origin = await serving(app, shutdown_timeout=0.1)
    try:
        yield origin
    finally:
        await runner.cleanup()


_SOURCES = (
    "arxiv_api",
    "arxiv_rss",
    "hf_api",
    "semantic_scholar_api",
    "openreview_api",
    "openreview_old_api",
)


async def garbage(_: web.Request) -> web.Response:
    return web.Response(text="<h1>Welcome to your router</h1>")


async def too_busy(_: web.Request) -> web.Response:
    return web.Response(status=502)


def nobody() -> str:
    """An address at which nothing listens."""
    return f"http://127.0.0.1:{free_port()}"


def settings(folder: Path, feeds: LocalFeeds | None = None, **given: Any) -> Settings:
    """Settings that reach loopback only; sources are away unless `feeds` stands in."""
    away = nobody()
    sources = {f"{name}_base": away for name in _SOURCES}
    if feeds is not None:
        sources = {name.lower(): value for name, value in feeds.settings().items()}
    return Settings(_env_file=None, **{"data_dir": folder, **sources, **given})


async def examined(of: Settings, clock: Clock, patience: float = BOUND) -> dict[str, Finding]:
    """What is found, by its name."""

    async def sleep(seconds: float) -> None:
        clock.forward(seconds=seconds)
        await asyncio.sleep(0)

    found = await doctor.examine(of, now=clock, sleep=sleep, patience=patience)
    assert len({finding.what for finding in found}) == len(found)
    for finding in found:
        assert "\n" not in finding.line
        for token in (TOKEN, DISCORD_TOKEN, "hunter2"):
            assert token not in finding.line
        if finding.state is State.WRONG:
            assert finding.todo, "whoever reads it must know what to do"
    return {finding.what: finding for finding in found}


async def test_a_fresh_installation_has_nothing_wrong(tmp_path: Path, clock: Clock) -> None:
    async with LocalFeeds([], clock().date(), now=clock) as feeds:
        found = await examined(settings(tmp_path / "var", feeds), clock)
    assert [f.line for f in found.values() if f.state is State.WRONG] == []
    assert found["Telegram"].says == "off: TELEGRAM_TOKEN is not set"
    assert found["database"].todo == "the first start makes it"
    assert not (tmp_path / "var").exists(), "looking changes nothing"
    assert {"Python", "packages", "arXiv API", "arXiv feed", "Hugging Face"} <= set(found)


async def test_other_catalogues_are_told_of_and_nothing_is_wrong_without_them(
    tmp_path: Path, clock: Clock
) -> None:
    found = await examined(settings(tmp_path), clock)
    for name in ("Semantic Scholar", "OpenReview"):
        assert found[name].state is State.NOTE
        assert found[name].says.startswith("cannot be reached; its links are answered")
    async with LocalCatalogues(gated=True) as others:
        there = {name.lower(): value for name, value in others.settings().items()}
        account = {"openreview_name": others.account[0], "openreview_password": "hunter2"}
        gated = await examined(settings(tmp_path, **there), clock)
        refused = await examined(settings(tmp_path, **there, **account), clock)
    assert gated["Semantic Scholar"].says == "answers; it lacks the paper asked for"
    assert gated["OpenReview"].says.startswith("wants an account (OPENREVIEW_NAME")
    assert refused["OpenReview"].says.startswith("refuses OPENREVIEW_NAME")


async def test_a_right_telegram_token_is_answered_with_the_bots_name(
    tmp_path: Path, clock: Clock
) -> None:
    async with LocalTelegram(TOKEN) as telegram:
        found = await examined(
            settings(tmp_path, telegram_token=TOKEN, telegram_api_base=telegram.origin), clock
        )
    assert found["Telegram"].state is State.FINE
    assert "you are @" in found["Telegram"].says
    assert "polled" in found["webhook"].says


async def test_a_webhook_that_telegram_does_not_know_yet_is_told(
    tmp_path: Path, clock: Clock
) -> None:
    async with LocalTelegram(TOKEN) as telegram:
        found = await examined(
            settings(
                tmp_path,
                telegram_token=TOKEN,
                telegram_api_base=telegram.origin,
                telegram_webhook_url="https://lark.example/hook",
                telegram_webhook_secret="hunter2hunter2",
            ),
            clock,
        )
    assert found["webhook"].state is State.NOTE
    assert "registers" in found["webhook"].todo


async def test_a_wrong_telegram_token_leads_to_botfather(tmp_path: Path, clock: Clock) -> None:
    async with LocalTelegram("7001:another-token-0123456789abcdef") as telegram:
        found = await examined(
            settings(tmp_path, telegram_token=TOKEN, telegram_api_base=telegram.origin), clock
        )
    assert found["Telegram"].state is State.WRONG
    assert "@BotFather" in found["Telegram"].todo


async def test_a_right_discord_token_is_answered_with_the_link_that_invites_the_bot(
    tmp_path: Path, clock: Clock
) -> None:
    async with LocalDiscord(DISCORD_TOKEN) as discord:
        found = await examined(
            settings(tmp_path, discord_token=DISCORD_TOKEN, discord_api_base=discord.api_base),
            clock,
        )
    assert found["Discord"].state is State.FINE, found["Discord"].line
    assert f"client_id={discord.me}" in found["invite link"].says
    assert "scope=bot+applications.commands" in found["invite link"].says
    assert discord.violations == []


async def test_a_wrong_discord_token_leads_to_the_developer_portal(
    tmp_path: Path, clock: Clock
) -> None:
    async with LocalDiscord("another-token") as discord:
        found = await examined(
            settings(tmp_path, discord_token=DISCORD_TOKEN, discord_api_base=discord.api_base),
            clock,
        )
    assert found["Discord"].state is State.WRONG
    assert "Developer Portal" in found["Discord"].todo


@pytest.mark.parametrize("answer", [garbage, too_busy])
async def test_whatever_else_answers_in_the_place_of_a_platform_is_no_crash(
    answer: Answer, tmp_path: Path, clock: Clock
) -> None:
    async with answering(answer) as origin:
        found = await examined(
            settings(
                tmp_path,
                telegram_token=TOKEN,
                telegram_api_base=origin,
                discord_token=DISCORD_TOKEN,
                discord_api_base=f"{origin}/api/v10",
                arxiv_api_base=origin,
                arxiv_rss_base=origin,
                hf_api_base=origin,
            ),
            clock,
        )
    for what in ("Telegram", "Discord", "arXiv API", "Hugging Face"):
        assert found[what].state is State.WRONG
    assert "TELEGRAM_API_BASE" in found["Telegram"].todo
    assert "HF_API_BASE" in found["Hugging Face"].todo


async def test_what_cannot_be_reached_is_named_with_its_setting(
    tmp_path: Path, clock: Clock
) -> None:
    found = await examined(
        settings(
            tmp_path,
            telegram_token=TOKEN,
            telegram_api_base=nobody(),
            discord_token=DISCORD_TOKEN,
            discord_api_base=f"{nobody()}/api/v10",
            redis_url=f"redis://:hunter2@127.0.0.1:{free_port()}/0",
            database_url=f"postgresql://lark:hunter2@127.0.0.1:{free_port()}/paperlark",
        ),
        clock,
    )
    for what, setting in {
        "Telegram": "TELEGRAM_API_BASE",
        "Discord": "DISCORD_API_BASE",
        "Redis": "REDIS_URL",
        "database": "DATABASE_URL",
        "arXiv API": "ARXIV_API_BASE",
        "Hugging Face": "HF_API_BASE",
    }.items():
        assert found[what].state is State.WRONG
        assert setting in found[what].todo


async def test_a_platform_that_keeps_us_waiting_is_given_up(tmp_path: Path, clock: Clock) -> None:
    ended = asyncio.Event()

    async def never(_: web.Request) -> web.Response:
        await ended.wait()
        return web.Response()

    async with answering(never) as origin:
        found = await examined(
            settings(tmp_path, telegram_token=TOKEN, telegram_api_base=origin, hf_api_base=origin),
            clock,
            patience=0.5,
        )
        ended.set()
    assert found["Telegram"].state is State.WRONG
    assert found["Hugging Face"].state is State.WRONG


async def test_arxiv_is_asked_in_the_shared_line(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    async with LocalFeeds([], clock().date(), now=clock) as feeds:
        of = settings(tmp_path, feeds)
        assert of.database.endswith(str(tmp_path / "paperlark.db"))
        found = await examined(of, clock)
        assert feeds.impolite == []
        assert len(feeds.requests("api")) == len(feeds.requests("feed")) == 1
        feeds.fail("api", "status", status=429)
        clock.forward(seconds=30)
        waits = await examined(of, clock)
    assert found["arXiv API"].state is found["arXiv feed"].state is State.FINE
    assert found["database"].says == "SQLite, up to date"
    assert waits["arXiv API"].says == "asks us to wait"
    assert waits["arXiv feed"].state is State.NOTE, "arXiv is left alone when it asks for it"


async def test_a_database_of_an_older_release_is_no_fault(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "paperlark.db").touch()
    found = await examined(settings(tmp_path), clock)
    assert found["database"].state is State.NOTE
    assert "paperlark migrate" in found["database"].todo


async def test_a_file_that_is_no_database_is_told(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "paperlark.db").write_text("some notes of mine " * 100)
    found = await examined(settings(tmp_path), clock)
    assert found["database"].state is State.WRONG
    assert "move the file away" in found["database"].todo


async def test_a_misspelt_name_in_the_file_of_settings_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TELEGRAM_TOKN=1:sEcReT\n")
    away = dict.fromkeys((f"{name.upper()}_BASE" for name in _SOURCES), nobody())
    _, said = await run_once(away, tmp_path, "doctor")
    (line,) = [line for line in said.splitlines() if ".env" in line]
    assert line.startswith("– .env             no settings of Paperlark: TELEGRAM_TOKN → ")
    assert "sEcReT" not in said


async def test_postgresql_and_redis_are_named_when_they_are_there(
    postgres: Postgres, redis_server: RedisServer, tmp_path: Path, clock: Clock
) -> None:
    name = postgres.fresh_name()
    address = await postgres.create(name, "template0")
    try:
        found = await examined(
            settings(tmp_path, database_url=address, redis_url=redis_server.url), clock
        )
    finally:
        await postgres.drop(name)
    assert found["database"].says.startswith("PostgreSQL, not yet")
    assert found["Redis"].state is State.FINE
    assert "version" in found["Redis"].says


async def test_a_live_model_without_its_files_is_wrong(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    there, elsewhere = tmp_path, tmp_path / "elsewhere"
    address = f"sqlite:///{tmp_path}/paperlark.db"
    arrays = {"factors": np.ones((2, 3), np.float32)}
    await model_store.publish(database, there, arrays, NewModel("first", "lsa"), clock())
    found = await examined(settings(there), clock)
    assert found["model"].says.startswith("first, trained 2026-03-02")
    lost = await examined(settings(elsewhere, database_url=address), clock)
    assert lost["model"].state is State.WRONG
    assert "retrain" in lost["model"].todo


async def test_a_data_dir_that_is_a_file_is_wrong(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "var").write_text("")
    found = await examined(settings(tmp_path / "var"), clock)
    assert found["DATA_DIR"].state is State.WRONG


async def test_an_encoder_that_is_not_here_yet_is_told_with_what_stands_in(
    tmp_path: Path, clock: Clock
) -> None:
    found = await examined(settings(tmp_path, text_encoder="neural"), clock)
    assert found["text encoder"].state is State.NOTE
    assert found["text encoder"].says.startswith("The neural text encoder")
    assert "static" in found["text encoder"].todo


async def test_a_model_that_was_refused_is_told_with_the_reason(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    arrays = {"factors": np.ones((2, 3), np.float32)}
    await model_store.publish(database, tmp_path, arrays, NewModel("first", "lsa"), clock())
    assert "last training" not in await examined(settings(tmp_path), clock)
    refused = Training("second", clock(), "lsa", "lsa", False, "It is worse, .1 against .3.")
    async with database.writing() as db:
        await model_store.note(db, refused)
    found = (await examined(settings(tmp_path), clock))["last training"]
    assert found.state is State.NOTE
    assert found.says == "second was not published. It is worse, .1 against .3."
    assert "--force" in found.todo
