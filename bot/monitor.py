"""For operators: what a process counts, and how its parts stand, over HTTP on one port.

`/metrics` is Prometheus's text. What the whole installation has in common (how much waits,
how fresh the sources are, how old the model is) is looked up in the database when it is asked
for, so every process gives the same answer. `/healthz` is one line for each part: 200 when
all of them go on, 503 when one does not. Neither holds a name, a number of a person or a text.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import select
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from bot.health import Health, Standing
from bot.house import CannotStart, House
from bot.metrics import Metrics
from storage import model_store
from storage.errors import StorageError
from storage.source_states import SourceState, source_states
from storage.waiting import Waiting, waiting

T = TypeVar("T")

PATIENCE = 2.0  # seconds that the database or Redis may take to answer
SILENT = "does not answer"
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the database says at a moment."""

    at: datetime
    queue: Waiting
    sources: list[SourceState]
    model: model_store.Model | None


class Monitor:
    """Answers for one process. house: None until it is open, while the database is waited for."""

    def __init__(self, metrics: Metrics, health: Health) -> None:
        self._metrics = metrics
        self._health = health
        self.house: House | None = None

    async def figures(self) -> bytes:
        """Return everything that can be measured now, in Prometheus's text format."""
        kept = await _in_time(self._kept)
        registry = CollectorRegistry()
        up = Gauge("paperlark_database_up", "1 while the database answers.", registry=registry)
        up.set(kept is not None)
        if kept is not None:
            _tell(kept, registry)
        if self.house is not None and self.house.shelf.version:
            held = "paperlark_model_held", "1 for the model this process picks with."
            Gauge(*held, ["version"], registry=registry).labels(self.house.shelf.version).set(1)
        return self._metrics.text() + generate_latest(registry)

    async def standings(self) -> list[Standing]:
        """Return how each part stands, what the others lean on first."""
        database = await _in_time(self._is_database_there)
        found = [Standing("database", None if database else SILENT)]
        if self.house is not None and self.house.settings.redis_url is not None:
            redis = await _in_time(self.house.state.is_there)
            found.append(Standing("redis", None if redis else SILENT))
        return found + self._health.standings()

    async def _is_database_there(self) -> bool:
        if self.house is None:
            return False
        async with self.house.database.reading() as db:
            await db.execute(select(1))
        return True

    async def _kept(self) -> _Kept | None:
        if self.house is None:
            return None
        now = self.house.clock()
        async with self.house.database.reading() as db:
            return _Kept(
                now, await waiting(db, now), await source_states(db), await model_store.live(db)
            )


async def _in_time(ask: Callable[[], Awaitable[T]]) -> T | None:
    """Return an answer, None when there is none in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await ask()
    except (StorageError, TimeoutError):
        return None


def _tell(kept: _Kept, registry: CollectorRegistry) -> None:
    queue = Gauge(
        "paperlark_queue", "Digests that have not ended, by state.", ["state"], registry=registry
    )
    queue.labels("due").set(kept.queue.due)
    queue.labels("claimed").set(kept.queue.claimed)
    queue.labels("put_off").set(kept.queue.put_off)
    queue.labels("sending").set(kept.queue.sending)
    age = Gauge(
        "paperlark_source_age_seconds", "Since a source answered.", ["source"], registry=registry
    )
    fails = Gauge(
        "paperlark_source_failing", "1 while a source fails.", ["source"], registry=registry
    )
    for source in kept.sources:
        if source.last_success is not None:
            age.labels(source.name).set((kept.at - source.last_success).total_seconds())
        fails.labels(source.name).set(source.last_error is not None)
    if kept.model is not None:
        trained = "paperlark_model_age_seconds", "Since the live model's training began."
        seconds = (kept.at - kept.model.trained).total_seconds()
        Gauge(*trained, registry=registry).set(seconds)


# ---------------------------------------------------------------------- the server


class _Figures(RequestHandler):
    def initialize(self, monitor: Monitor) -> None:
        self._monitor = monitor

    async def get(self) -> None:
        self.set_header("Content-Type", _TEXT)
        self.write(await self._monitor.figures())


class _Health(RequestHandler):
    def initialize(self, monitor: Monitor) -> None:
        self._monitor = monitor

    async def get(self) -> None:
        standings = await self._monitor.standings()
        self.set_header("Content-Type", _TEXT)
        self.set_status(503 if any(one.trouble for one in standings) else 200)
        self.write("".join(f"{one.part}: {one.trouble or 'ok'}\n" for one in standings))


@asynccontextmanager
async def monitored(host: str, port: int, monitor: Monitor) -> AsyncIterator[None]:
    """Answer until the block ends. Raises CannotStart when the address cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        taken = socket.create_server((host, port), family=family, backlog=16)
    except OSError as error:
        raise CannotStart(
            f"METRICS_PORT: expected port {port} to be free on {host}, but: {error.strerror}. "
            "Each process needs one of its own; give this one another METRICS_PORT."
        ) from error
    taken.setblocking(False)
    parts = {"monitor": monitor}
    rules = [(r"/metrics", _Figures, parts), (r"/healthz", _Health, parts)]
    server = HTTPServer(Application(rules, log_function=lambda _: None))
    server.add_sockets([taken])
    try:
        yield
    finally:
        server.stop()
        await server.close_all_connections()
