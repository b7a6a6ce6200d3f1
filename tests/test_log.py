"""No token, no name and nothing that people wrote ever reaches a log."""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path

import discord
import httpx
import numpy as np
import pytest
import structlog
import telegram
from aiohttp import web
from discord.http import HTTPClient, Route
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot import log as logs
from bot.conversation.ports import RecipientGone
from tests.loopback import serving

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw9"
DISCORD_TOKEN = "MTE5MDAwMDAwMDAwMDAwMDAwMQ.GabcDE.x9aZ-bcdefghijklmnopqrstuvwxyz_0123456789"
NAME, WROTE = "Ada Lovelace", "my secret research idea"

log = structlog.get_logger()


@pytest.fixture
def written(tmp_path: Path) -> Callable[[], str]:
    """What stands in the log; JSON, with our two tokens known as secrets."""
    path = tmp_path / "paperlark.log"
    logs.configure("json", file=path, secrets=[TOKEN, DISCORD_TOKEN])
    return path.read_text


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    """A platform that refuses everything and quotes names and texts while doing so."""

    async def refuse(request: web.Request) -> web.Response:
        await request.read()
        words = f"Bad Request: {NAME} wrote {WROTE!r} with {TOKEN}"
        return web.json_response(
            {"ok": False, "error_code": 400, "description": words, "code": 50035, "message": words},
            status=400,
        )

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", refuse)
    runner, origin = await serving(app)
    yield origin
    await runner.cleanup()


async def httpx_refused(origin: str) -> None:
    async with httpx.AsyncClient() as http:
        (await http.get(f"{origin}/bot{TOKEN}/getMe?q={NAME}")).raise_for_status()


async def httpx_unreachable(origin: str) -> None:
    async with httpx.AsyncClient() as http:
        await http.get(f"{origin.replace('http', 'gopher')}/bot{TOKEN}/getMe")


async def sqlalchemy_constraint(_: str) -> None:
    engine = create_async_engine("sqlite+aiosqlite://")
    try:
        async with engine.begin() as db:
            await db.execute(text("CREATE TABLE people (name TEXT CHECK (name = ''))"))
            await db.execute(text("INSERT INTO people VALUES (:name)"), {"name": NAME})
    finally:
        await engine.dispose()


async def telegram_refused(origin: str) -> None:
    async with telegram.Bot(TOKEN, base_url=f"{origin}/bot") as bot:
        await bot.send_message(1, WROTE)


async def discord_refused(origin: str) -> None:
    client = HTTPClient(asyncio.get_running_loop())
    before, Route.BASE = Route.BASE, origin
    try:
        await client.static_login(DISCORD_TOKEN)
    finally:
        Route.BASE = before
        await client.close()


async def our_own(_: str) -> None:
    raise KeyError(f"{NAME}: {WROTE}, {TOKEN}")


PROVOKED = [
    httpx_refused,
    httpx_unreachable,
    sqlalchemy_constraint,
    telegram_refused,
    discord_refused,
    our_own,
]


@pytest.mark.parametrize("provoke", PROVOKED)
@pytest.mark.parametrize("format", ["json", "console"])
async def test_a_provoked_exception_tells_no_token_name_or_text(
    provoke: Callable[[str], Awaitable[None]], format: str, origin: str, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    logs.configure(format, file=path)  # no secrets: their shapes must do
    own_local = f"{NAME} {WROTE} {TOKEN}"
    try:
        await provoke(origin)
    except Exception as error:
        log.exception("thing.failed", user=7, error=error)
        logging.getLogger("telegram.ext").exception("While handling %s for %s", WROTE, NAME)
        logging.getLogger("asyncio").error(f"Task failed\nfuture: <Task {error!r}>", exc_info=error)
        kind = type(error).__name__
    else:
        pytest.fail(f"nothing was provoked, {own_local}")
    line = path.read_text()
    assert "thing.failed" in line
    assert kind in line
    assert f"in {provoke.__name__}" in line, "the frames are what one debugs with"
    for private in (TOKEN, DISCORD_TOKEN, "AAHdq", "GabcDE", NAME, "Lovelace", WROTE, "research"):
        assert private not in line


async def test_a_refusal_is_told_with_its_status(origin: str, written: Callable[[], str]) -> None:
    for provoke in (httpx_refused, discord_refused, sqlalchemy_constraint):
        try:
            await provoke(origin)
        except Exception as error:
            log.warning("refused", error=error)
    http, discords, database = (json.loads(line)["error"] for line in written().splitlines())
    assert http == "HTTPStatusError (status_code=400)"
    assert discords == "HTTPException (status=400, code=0)"
    assert "IntegrityError (sqlite_errorname=SQLITE_CONSTRAINT_CHECK)" in database


def test_our_own_exceptions_keep_their_words_and_what_led_to_them(
    written: Callable[[], str],
) -> None:
    try:
        try:
            raise OSError(5, NAME)
        except OSError as error:
            raise RecipientGone("Discord's code 50007") from error
    except RecipientGone:
        log.exception("push.refused")
    told = json.loads(written())["exception"]
    assert told.startswith("RecipientGone: Discord's code 50007\n")
    assert "because of\nOSError (errno=5)" in told
    assert NAME not in told


def test_an_exception_group_tells_each_of_its_parts(written: Callable[[], str]) -> None:
    try:
        raise ExceptionGroup(NAME, [ValueError(NAME), RecipientGone("gone")])
    except ExceptionGroup:
        log.exception("roles.broke")
    told = json.loads(written())["exception"]
    assert "ExceptionGroup" in told
    assert "ValueError" in told
    assert "RecipientGone: gone" in told
    assert NAME not in told


def test_endless_recursion_is_told_by_its_two_ends(written: Callable[[], str]) -> None:
    def again(n: int) -> int:
        return again(n + 1)

    try:
        again(0)
    except RecursionError:
        log.exception("role.broke")
    told = json.loads(written())["exception"].splitlines()
    assert len(told) < 40
    assert any("frames …" in line for line in told)


SECRETIVE = [
    f"https://api.telegram.org/bot{TOKEN}/getMe",
    "https://api.telegram.org/bot42:short/getMe",
    f"token {TOKEN.replace(':', '%3A')} refused",
    f"Bot {DISCORD_TOKEN}",
    "https://discord.com/api/v10/webhooks/119/aW50ZXJhY3Rpb246MTIz/messages/@original",
    "postgresql+asyncpg://anna:p%40ss/word@db/paperlark".replace("/word", "word"),
    "redis://:hunter2@cache:6379/0",
]


@pytest.mark.parametrize("value", SECRETIVE)
def test_whatever_is_shaped_like_a_secret_is_masked(value: str) -> None:
    masked = logs.Masker([]).masked(value)
    assert "***" in masked
    for part in ("AAHdq", "short", "GabcDE", "aW50ZXJh", "anna", "p%40ss", "hunter2"):
        assert part not in masked


def test_what_is_no_secret_stays_readable() -> None:
    for value in (
        "waiting for DATABASE_URL: the database is away: ConnectionRefusedError",
        "https://arxiv.org/abs/2301.12652",
        "2026-11-23T08:30:00Z",
        "static-als-20261123T0130",
    ):
        assert logs.Masker([]).masked(value) == value


@given(
    st.text("abcdefghij/:@%+.-_", min_size=4, max_size=40),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_a_known_secret_is_masked_wherever_it_stands(secret: str, before: str, after: str) -> None:
    assert secret not in logs.Masker([secret]).masked(f"{before} {secret} {after}").replace(
        logs.MASK, "\0"
    )


def test_numbers_ids_and_days_come_through_and_objects_only_with_their_type(
    written: Callable[[], str],
) -> None:
    class Person:
        def __repr__(self) -> str:
            return NAME

    log.info(
        "pick.sent",
        user=7,
        score=np.float32(0.5),
        n=np.int64(3),
        day=date(2026, 3, 2),
        at=datetime(2026, 3, 2, 8, tzinfo=UTC),
        papers=(1, 2),
        person=Person(),
        nested={"who": [Person(), TOKEN]},
    )
    event = json.loads(written())
    assert event["event"] == "pick.sent"
    assert (event["user"], event["score"], event["n"], event["papers"]) == (7, 0.5, 3, [1, 2])
    assert event["day"] == "2026-03-02"
    assert event["person"] == "<Person>"
    assert event["nested"] == {"who": ["<Person>", "***"]}
    assert event["level"] == "info"
    assert event["timestamp"].endswith("Z")


def test_a_library_is_heard_from_warnings_on_by_its_template(
    written: Callable[[], str],
) -> None:
    logging.getLogger("httpx").info("HTTP Request: POST %s", f"/bot{TOKEN}/sendMessage")
    logging.getLogger("discord.http").warning("Rate limited by %s for %s s", NAME, 2.5)
    event = json.loads(written())
    assert event["event"] == "Rate limited by %s for %s s"
    assert event["numbers"] == [2.5]
    assert event["where"].startswith("discord.http:")
    assert NAME not in written()


def test_work_that_was_given_up_on_purpose_is_no_error(written: Callable[[], str]) -> None:
    for error in (asyncio.CancelledError(), ConnectionResetError()):
        logging.getLogger("sqlalchemy.pool").error("Exception during reset", exc_info=error)
    assert written().count('"where": "sqlalchemy.pool') == 1
    assert "ConnectionResetError" in written()


def test_an_exception_that_nobody_caught_is_logged_without_its_text(
    written: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    error = discord.ClientException(f"{NAME} {TOKEN}")
    sys.excepthook(type(error), error, None)
    assert json.loads(written())["event"] == "process.broke"
    assert NAME not in written() + capsys.readouterr().err


def test_a_second_configuration_replaces_the_first(tmp_path: Path) -> None:
    logs.configure("json", file=tmp_path / "a")
    log.info("one")
    logs.configure("json", file=tmp_path / "b")
    log.info("two")
    assert [json.loads(line)["event"] for line in (tmp_path / "a").read_text().splitlines()] == [
        "one"
    ]
    assert "two" in (tmp_path / "b").read_text()


def test_the_log_file_is_rotated_before_it_fills_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "paperlark.log"
    logs.configure("json", file=path)
    line = "x " * 200_000
    for _ in range(60):
        log.info("filler", what=line)
    files = sorted(p.name for p in tmp_path.iterdir())
    assert files == ["paperlark.log", *(f"paperlark.log.{n}" for n in (1, 2, 3))]
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) < 25_000_000


def test_without_a_file_the_log_goes_to_stderr_and_leaves_the_answers_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("console")
    log.info("started", roles=["telegram"])
    out, err = capsys.readouterr()
    assert out == ""
    assert "started" in err
    assert "\x1b" not in err, "colours are for a screen"
