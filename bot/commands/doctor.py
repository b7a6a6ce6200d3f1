"""`paperlark doctor`: what is wrong with this installation, and what to do about it.

Every part is examined by itself and within a bound, side by side; only arXiv's two are asked
one after the other, in the line that all processes of the installation stand in.
"""

import asyncio
import importlib
import logging
import os
import platform
import shutil
import tempfile
import warnings
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
from rich.console import Console
from rich.text import Text

from bot import log as logs
from bot.clock import MachineClock
from bot.commands import platform_checks
from bot.commands.finding import Finding, State, fine, note, wrong
from bot.house import other_catalogues
from bot.settings import Settings, unknown_names
from recommender.encoder import EncoderUnavailable
from storage import encoders, model_store
from storage.database import Database
from storage.errors import DatabaseIsNewer, DatabaseRefuses, ModelFilesMissing, StorageUnavailable
from storage.sources.arxiv import Arxiv
from storage.sources.elsewhere import OtherCatalogue
from storage.sources.huggingface import HuggingFace
from storage.sources.polite import PoliteLine
from storage.sources.source import Now, Sleep, SourceResting, SourceUnavailable

PATIENCE = 10.0  # seconds for each check
KNOWN_PAPER = "arxiv:1706.03762"  # any that will always be there
_KNOWN_ELSEWHERE = (
    ("Semantic Scholar", "doi:10.18653/v1/n19-1423"),
    ("OpenReview", "openreview:YicbFdNTTy"),
)
_LITTLE_SPACE, _NO_SPACE = 1_000, 100  # MB

Check = Callable[[], Awaitable[list[Finding]]]


async def run(settings: Settings) -> int:
    """Examine everything and print it; return the exit status: 1 when something is wrong."""
    logs.configure(settings.log_format, level=logging.CRITICAL, secrets=_secrets(settings))
    console = Console(highlight=False, soft_wrap=True)
    with console.status("Examining …"):
        found = await examine(settings, unknown=unknown_names())
    styles = {State.FINE: "green", State.WRONG: "bold red", State.NOTE: "dim"}
    for finding in found:
        line = Text(finding.line)
        line.stylize(styles[finding.state], 0, 1)
        console.print(line)
    return int(any(finding.state is State.WRONG for finding in found))


async def examine(
    settings: Settings,
    *,
    unknown: Sequence[str] = (),
    now: Now = MachineClock(),  # noqa: B008  it has no state
    sleep: Sleep = asyncio.sleep,
    patience: float = PATIENCE,
) -> list[Finding]:
    """Return what is found, always in the same order; a token is never part of it.

    unknown: names in .env that are no setting.
    """
    found = [*_programs(), *_named(settings, unknown), *_data_dir(settings.data_dir)]
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                headers={"User-Agent": settings.user_agent},
                timeout=patience,
                follow_redirects=True,
            )
        )
        database, findings = await _database(settings, patience, stack)
        found += findings
        checks: dict[str, Check] = {
            "Redis": lambda: _redis(settings),
            "Telegram": lambda: platform_checks.telegram(settings, http),
            "Discord": lambda: platform_checks.discord(settings, http),
            "Hugging Face": lambda: _hugging_face(settings, http, now, patience),
            **_elsewhere(settings, http, now),
            "text encoder": lambda: _encoder(settings),
            "model": lambda: _model(settings, database),
        }
        results = await asyncio.gather(
            *(_bounded(what, check, patience) for what, check in checks.items()),
            _arxiv(settings, database, http, now, sleep, patience),
        )
        found += [finding for result in results for finding in result]
    masked = logs.Masker(_secrets(settings)).masked
    return [Finding(f.what, f.state, masked(f.says), f.todo) for f in found]


def _secrets(settings: Settings) -> list[str]:
    secrets = (
        settings.telegram_token,
        settings.discord_token,
        settings.telegram_webhook_secret,
        settings.semantic_scholar_api_key,
        settings.openreview_password,
    )
    return [secret.get_secret_value() for secret in secrets if secret is not None]


async def _bounded(what: str, check: Check, patience: float) -> list[Finding]:
    try:
        async with asyncio.timeout(patience):
            return await check()
    except TimeoutError:
        todo = "look whether it is up, and whether the network is slow"
        return [wrong(what, f"no answer within {patience:g} seconds", todo)]


# ---------------------------------------------------------------------- this machine


def _programs() -> list[Finding]:
    found = [fine("Python", platform.python_version())]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about BLAS threads, which training limits
            importlib.import_module("implicit.als")
    except ImportError as error:
        todo = "rm -r .venv, then make venv"
        if "libgomp" in str(error):
            todo = "install OpenMP, on Debian: apt-get install libgomp1"
        return [*found, wrong("packages", "implicit cannot be loaded: text alone decides", todo)]
    return [*found, fine("packages", "all load")]


def _named(settings: Settings, unknown: Sequence[str]) -> list[Finding]:
    given = sorted(name.upper() for name in settings.model_fields_set)
    found = [fine("settings", f"set: {', '.join(given)}" if given else "all at their defaults")]
    if unknown:
        todo = "if one is misspelt, correct it; README.md lists all"
        found.append(note(".env", f"no settings of Paperlark: {', '.join(unknown)}", todo))
    return found


def _data_dir(folder: Path) -> list[Finding]:
    what, todo = "DATA_DIR", "give this user the right to write there, or set DATA_DIR"
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    try:
        if not there.is_dir():
            return [wrong(what, f"{folder} is no folder", "set DATA_DIR to a folder")]
        if there == folder.absolute():
            tempfile.TemporaryFile(dir=there).close()
        elif not os.access(there, os.W_OK):
            raise PermissionError
        free = shutil.disk_usage(there).free // 1_000_000
    except OSError:
        return [wrong(what, f"{folder} cannot be written to", todo)]
    if free < _NO_SPACE:
        return [wrong(what, f"{free} MB are free in {folder}", "make space")]
    if free < _LITTLE_SPACE:
        return [note(what, f"{folder}; only {free} MB are free", "make space soon")]
    return [fine(what, f"{folder}, {free // 1000:,} GB free")]


async def _encoder(settings: Settings) -> list[Finding]:
    what = "text encoder"
    try:
        encoder = await asyncio.to_thread(
            encoders.load, settings.text_encoder, settings.data_dir / encoders.FOLDER
        )
        await asyncio.to_thread(encoder.encode, ["a paper"])
    except EncoderUnavailable as error:
        if settings.text_encoder == encoders.NEURAL:
            return [note(what, str(error), "the bot uses static until then")]
        return [wrong(what, str(error), "the bot uses lsa until then")]
    return [fine(what, encoder.name)]


# ---------------------------------------------------------------------- what is kept


async def _database(
    settings: Settings, patience: float, stack: AsyncExitStack
) -> tuple[Database | None, list[Finding]]:
    """Return the database if it can be used as it stands, and what was found of it."""
    what, database = "database", None
    if settings.database.startswith("sqlite") and not _sqlite_file(settings).exists():
        return None, [note(what, "no file yet", "the first start makes it")]
    try:
        async with asyncio.timeout(patience):
            database = Database(settings.database, patience=patience)
            stack.push_async_callback(database.dispose)
            is_current = await _is_current(database)
    except (StorageUnavailable, TimeoutError, OSError):
        todo = "start it, and check DATABASE_URL and the network"
        return None, [wrong(what, "cannot be reached", todo)]
    except DatabaseRefuses as error:
        todo = "correct name and password in DATABASE_URL"
        if settings.database.startswith("sqlite"):
            todo = "move the file away or make it writable, or name another in DATABASE_URL"
        return None, [wrong(what, str(error), todo)]
    except DatabaseIsNewer as error:
        return None, [wrong(what, str(error), "install the newer release")]
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    if not is_current:
        todo = "the next start does it, or `paperlark migrate`"
        return None, [note(what, f"{kind}, not yet brought up to this release", todo)]
    return database, [fine(what, f"{kind}, up to date")]


def _sqlite_file(settings: Settings) -> Path:
    return Path(settings.database.partition(":///")[2].partition("?")[0])


async def _is_current(database: Database) -> bool:
    from storage.migrations import is_current

    async with database.reading() as db:
        return await (await db.connection()).run_sync(is_current)


async def _model(settings: Settings, database: Database | None) -> list[Finding]:
    what, none_yet = "model", "none yet: picks go by text until enough likes are there"
    if database is None:
        return [note(what, none_yet)]
    try:
        async with database.reading() as db:
            model = await model_store.live(db)
            last = await model_store.last_training(db)
        if model is None:
            return [note(what, none_yet)]
        await asyncio.to_thread(model_store.load, settings.data_dir, model)
    except ModelFilesMissing:
        todo = "share DATA_DIR among all processes, or run `paperlark retrain`"
        return [wrong(what, "one is live, but its files are not in DATA_DIR", todo)]
    except StorageUnavailable:
        return [wrong(what, "the database went away", "look at the line about the database")]
    found = [fine(what, f"{model.version}, trained {model.trained:%Y-%m-%d %H:%M} UTC")]
    if last is not None and not last.is_published:
        todo = "the next training tries again; `paperlark retrain --force` publishes all the same"
        found.append(note("last training", f"{last.version} was not published. {last.why}", todo))
    return found


async def _redis(settings: Settings) -> list[Finding]:
    what = "Redis"
    if settings.redis_url is None:
        return [note(what, "not set, and one process needs none")]
    from redis.exceptions import AuthenticationError, RedisError

    from storage.redis_state import RedisState

    state = RedisState(settings.redis_url.get_secret_value())
    try:
        server = await state.redis.info("server")
    except AuthenticationError:
        return [wrong(what, "refuses the password", "correct REDIS_URL")]
    except (RedisError, OSError):
        return [wrong(what, "cannot be reached", "start it, and check REDIS_URL")]
    finally:
        await state.close()
    return [fine(what, f"version {server.get('redis_version', 'unknown')}")]


# ---------------------------------------------------------------------- where papers come from


async def _arxiv(
    settings: Settings,
    database: Database | None,
    http: httpx.AsyncClient,
    now: Now,
    sleep: Sleep,
    patience: float,
) -> list[Finding]:
    """Ask arXiv's two services in turn, in the line shared by all processes.

    Without a usable database no other process can ask either: then a line of our own will do.
    """
    async with AsyncExitStack() as stack:
        if database is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="paperlark-"))
            database = Database(f"sqlite+aiosqlite:///{folder}/line.db")
            stack.push_async_callback(database.dispose)
            await database.migrate()
        line = PoliteLine(database, http, now=now, sleep=sleep, timeout=timedelta(seconds=patience))
        arxiv = Arxiv(
            line,
            api_base=settings.arxiv_api_base,
            rss_base=settings.arxiv_rss_base,
            categories=settings.arxiv_categories,
            now=now,
        )

        async def look_up() -> str:
            await arxiv.by_keys([KNOWN_PAPER], now() + timedelta(seconds=patience))
            return "answers"

        async def today() -> str:
            fetched = await arxiv.fetch()
            if fetched is None or not fetched.papers:
                return "answers; nothing is announced today"
            return f"answers; {len(fetched.papers)} papers for {fetched.day}"

        api = await _source("arXiv API", "ARXIV_API_BASE", look_up)
        return [*api, *await _source("arXiv feed", "ARXIV_RSS_BASE", today)]


async def _hugging_face(
    settings: Settings, http: httpx.AsyncClient, now: Now, patience: float
) -> list[Finding]:
    source = HuggingFace(http, settings.hf_api_base, now=now, timeout=timedelta(seconds=patience))

    async def listed() -> str:
        fetched = await source.fetch()
        return f"answers; {len(fetched.papers) if fetched else 0} papers listed"

    return await _source("Hugging Face", "HF_API_BASE", listed)


def _elsewhere(settings: Settings, http: httpx.AsyncClient, now: Now) -> dict[str, Check]:
    """Return a check of each catalogue that is asked for its numbers.

    The bot does without them, so trouble with one is worth a line and nothing more.
    """

    async def check(one: OtherCatalogue, what: str, known: str) -> list[Finding]:
        try:
            found = await one.described([known])
        except SourceUnavailable as trouble:
            says = _TROUBLES.get(trouble.why, f"refuses ({trouble.why})")
            return [note(what, f"{says}; its links are answered with a request for the title")]
        return [fine(what, "answers" if found else "answers; it lacks the paper asked for")]

    return {
        what: partial(check, one, what, known)
        for one, (what, known) in zip(
            other_catalogues(settings, http, now), _KNOWN_ELSEWHERE, strict=True
        )
    }


_TROUBLES = {
    "unreachable": "cannot be reached",
    "timed_out": "gives no answer in time",
    "malformed": "answers with something else than papers",
    "rate_limited": "asks us to wait",
    "login_required": "wants an account (OPENREVIEW_NAME, OPENREVIEW_PASSWORD)",
    "login_refused": "refuses OPENREVIEW_NAME and OPENREVIEW_PASSWORD",
}


async def _source(what: str, setting: str, ask: Callable[[], Awaitable[str]]) -> list[Finding]:
    try:
        return [fine(what, await ask())]
    except SourceResting as resting:
        wait = resting.retry_after.total_seconds() if resting.retry_after else 0
        return [note(what, f"not asked: arXiv is to be left alone for {wait:.0f} s")]
    except SourceUnavailable as trouble:
        says = _TROUBLES.get(trouble.why, f"refuses ({trouble.why})")
        todo = f"the bot tries again by itself; if it stays, check the network and {setting}"
        return [wrong(what, says, todo)]
    except StorageUnavailable:
        return [note(what, "not asked: the database is away, and with it arXiv's shared line")]
