"""What the roles of one process share, opened in order and closed again; or why it cannot be.

Settings in, a house out: the database brought up to date, the catalogue's sources, the model
on its shelf, the desk and the conversation over them. It owns the clock.
"""

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import httpx
import structlog

from bot import ending
from bot import log as logs
from bot.adapters import discord_limits, telegram_limits
from bot.adapters.pacing import Limits, Pacer
from bot.admin_desk import AdminDesk
from bot.asking import AskingPace
from bot.budget import PacingMeter, SharedBudget
from bot.clock import Clock, FileClock, MachineClock
from bot.conversation.events import Platform
from bot.conversation.ports import OperatorMenus
from bot.conversation.service import Conversation
from bot.conversation.suggestions import Suggestions
from bot.desk import Desk
from bot.health import Health
from bot.jobs.ingest import Ingest, Pace
from bot.look_up import Elsewhere, SourceLookUp
from bot.metrics import Metrics
from bot.parts import conversation_of
from bot.presence import Presence
from bot.search_desk import SearchDesk
from bot.settings import Settings
from bot.shelf import Shelf
from recommender.encoder import Encoder, EncoderUnavailable
from storage import encoders
from storage.database import Database
from storage.dialogue_state import DialogueState, open_state
from storage.errors import DatabaseIsNewer, DatabaseRefuses, StorageUnavailable
from storage.sources.arxiv import Arxiv
from storage.sources.elsewhere import OpenReview, OtherCatalogue, SemanticScholar
from storage.sources.huggingface import HuggingFace
from storage.sources.polite import PoliteLine
from storage.sources.source import Now

log = structlog.get_logger()

LOG_FILE = "paperlark.log"  # in DATA_DIR, while a chat is on screen
LOOK_AGAIN = 2.0  # seconds until a database that is away is asked again


class CannotStart(Exception):
    """Nothing can run; the message says what to do."""


@dataclass(frozen=True, slots=True)
class House:
    """What the roles of one process share.

    is_on_screen: a chat is, so nothing else may write there.
    """

    settings: Settings
    clock: Clock
    database: Database
    state: DialogueState
    shelf: Shelf
    desk: Desk
    conversation: Conversation
    suggestions: Suggestions
    presence: Presence
    operator_menus: OperatorMenus
    ingest: Ingest
    telegram_pacer: Pacer
    discord_pacer: Pacer
    metrics: Metrics
    health: Health
    is_on_screen: bool


@asynccontextmanager
async def open_house(
    settings: Settings,
    stop: asyncio.Event,
    pace: Pace | None = None,
    *,
    chat: bool = False,
    metrics: Metrics | None = None,
    health: Health | None = None,
) -> AsyncIterator[House]:
    """Open everything roles share, and close it again.

    pace: how often sources are asked, when it is not the usual.
    metrics, health: what somebody looks at; without them nobody does.
    A database that is away is waited for until `stop` is set. Raises CannotStart.
    """
    clock = open_clock(settings)
    metrics, health = metrics or Metrics(), health or Health()
    async with AsyncExitStack() as stack:
        database = open_database(settings)
        stack.push_async_callback(database.dispose)
        await _migrated(database, stop)
        state = _state(settings)
        stack.push_async_callback(state.close)
        http = await stack.enter_async_context(
            httpx.AsyncClient(headers={"User-Agent": settings.user_agent}, follow_redirects=True)
        )
        shelf = Shelf(database, settings.data_dir, lambda name: serving_encoder(settings, name))
        arxiv = _arxiv(settings, database, http, clock)
        ingest = Ingest(
            database,
            arxiv,
            HuggingFace(http, settings.hf_api_base, now=clock),
            now=clock,
            sleep=clock.sleep,
            pace=pace,
            most_categories=settings.max_categories,
        )
        budget = AskingPace(state)
        look_up = SourceLookUp(database, arxiv, shelf, budget, clock)
        others = Elsewhere(other_catalogues(settings, http, clock), budget, clock)
        desk = Desk(database, shelf, look_up, clock, metrics=metrics, others=others)
        search = SearchDesk(database, shelf, desk, state, clock)
        presence = Presence(database, clock)
        pacer = partial(_pacer, settings, state, metrics)
        for_operators = AdminDesk(database, clock)
        yield House(
            settings=settings,
            clock=clock,
            database=database,
            state=state,
            shelf=shelf,
            desk=desk,
            conversation=conversation_of(
                settings,
                clock,
                database=database,
                state=state,
                shelf=shelf,
                desk=desk,
                look_up=look_up,
                others=others,
                search=search,
                presence=presence,
                for_operators=for_operators,
                metrics=metrics,
            ),
            suggestions=Suggestions(search, desk),
            presence=presence,
            operator_menus=for_operators,
            ingest=ingest,
            telegram_pacer=pacer(Platform.TELEGRAM, telegram_limits.LIMITS),
            discord_pacer=pacer(Platform.DISCORD, discord_limits.LIMITS),
            metrics=metrics,
            health=health,
            is_on_screen=chat,
        )


def collect_seldom() -> None:
    """Let Python look for garbage in cycles less often.

    A batch of digests makes hundreds of thousands of small objects that are all in use;
    walking through them again and again was 30 % of the time that choosing took.
    """
    gc.set_threshold(50_000, 20, 100)


def _arxiv(settings: Settings, database: Database, http: httpx.AsyncClient, clock: Clock) -> Arxiv:
    return Arxiv(
        PoliteLine(database, http, now=clock, sleep=clock.sleep),
        api_base=settings.arxiv_api_base,
        rss_base=settings.arxiv_rss_base,
        categories=settings.arxiv_categories,
        now=clock,
    )


def other_catalogues(
    settings: Settings, http: httpx.AsyncClient, now: Now
) -> tuple[OtherCatalogue, ...]:
    """Return who can be asked what their numbers stand for."""
    key, password = settings.semantic_scholar_api_key, settings.openreview_password
    account = None
    if settings.openreview_name and password:
        account = settings.openreview_name, password.get_secret_value()
    return (
        SemanticScholar(
            http,
            settings.semantic_scholar_api_base,
            key.get_secret_value() if key else None,
            now=now,
        ),
        OpenReview(
            http,
            settings.openreview_api_base,
            settings.openreview_old_api_base,
            account,
            now=now,
        ),
    )


def open_clock(settings: Settings) -> Clock:
    return FileClock(settings.clock_file) if settings.clock_file else MachineClock()


def open_database(settings: Settings) -> Database:
    """Raises CannotStart; nothing is connected yet."""
    _make_data_dir(settings)
    try:
        return Database(settings.database)
    except OSError as error:
        raise CannotStart(
            f"DATABASE_URL: expected a file that can be written, but: {error.strerror}"
        ) from error


def _make_data_dir(settings: Settings) -> None:
    """Raises CannotStart."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(
            f"DATA_DIR: expected a folder that can be written, but: {error.strerror}"
        ) from error
    if not os.access(settings.data_dir, os.W_OK | os.X_OK):
        raise CannotStart("DATA_DIR: expected a folder that can be written")


def _state(settings: Settings) -> DialogueState:
    """Raises CannotStart; nothing is connected yet."""
    try:
        return open_state(settings.redis_url.get_secret_value() if settings.redis_url else None)
    except ValueError:  # its text may repeat the address, and a password with it
        raise CannotStart("REDIS_URL: expected redis://host:6379/0 or rediss://…") from None


def _pacer(
    settings: Settings,
    state: DialogueState,
    metrics: Metrics,
    platform: Platform,
    limits: Limits,
) -> Pacer:
    """Return what paces this process; with Redis it shares the platform's limits with others."""
    budget = SharedBudget(state, platform, limits) if settings.redis_url else None
    return Pacer(limits, time.monotonic, budget=budget, meter=PacingMeter(metrics, platform))


async def _migrated(database: Database, stop: asyncio.Event) -> None:
    """Bring the database up to date. Returns without having done so when `stop` is set.

    Raises CannotStart.
    """
    is_away = False
    while not stop.is_set():
        try:
            await ending.unless(stop, database.migrate())
        except (DatabaseIsNewer, DatabaseRefuses) as error:
            hint = "`paperlark doctor` says what to do"
            raise CannotStart(f"DATABASE_URL: {error}; {hint}") from error
        except StorageUnavailable as error:
            if not is_away:
                log.warning("database.away", hint=f"waiting for DATABASE_URL: {error}")
            is_away = True
            await ending.rest(stop, LOOK_AGAIN)
        else:
            return


def training_encoder(settings: Settings) -> Encoder:
    """Return the configured encoder, fetched if need be; where it cannot be had, a plainer one.

    Blocking. One line says why, and what stands in.
    """
    return _first_of((settings.text_encoder, "static"), settings, may_fetch=True)


def serving_encoder(settings: Settings, name: str | None) -> Encoder:
    """Return the encoder of a model, or for None one that is there at once.

    Serving waits for no network and no neural reading of a whole catalogue: before the first
    training the static encoder does. Blocking. Raises EncoderUnavailable for a name.
    """
    if name is not None:
        return encoders.load(name, settings.data_dir / encoders.FOLDER)
    wanted = settings.text_encoder
    return _first_of(("static" if wanted == encoders.NEURAL else wanted,), settings)


def _first_of(names: Sequence[str], settings: Settings, *, may_fetch: bool = False) -> Encoder:
    """Return the first encoder that can be had; lsa always can."""
    folder = settings.data_dir / encoders.FOLDER
    names = tuple(dict.fromkeys((*names, "lsa")))
    for name, instead in pairwise(names):
        try:
            return encoders.load(name, folder, may_fetch=may_fetch)
        except EncoderUnavailable as error:
            log.warning("encoder.unavailable", encoder=name, instead=instead, hint=str(error))
    return encoders.load(names[-1], folder)


def configure_logs(settings: Settings, *, to_file: bool, name: str = LOG_FILE) -> None:
    """Raises CannotStart when there is nowhere to write the file."""
    # First to the screen, so that whatever goes wrong with the file is told safely too.
    logs.configure(settings.log_format, secrets=settings.secrets)
    if to_file:
        _make_data_dir(settings)
        file = settings.data_dir / name
        try:
            logs.configure(settings.log_format, file=file, secrets=settings.secrets)
        except OSError as error:
            raise CannotStart(
                f"DATA_DIR: expected a folder where {name} can be written, but: {error.strerror}"
            ) from error
