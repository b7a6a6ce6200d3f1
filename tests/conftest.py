"""Fixtures that any room's tests may use."""

import asyncio
import logging
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

# Before numpy is loaded: matrices in tests are small, and on a busy machine a second BLAS
# thread makes them ten times slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from recommender.encoder import Encoder, load
from storage.database import Database
from tests import servers

# How long an example takes tells of the machine's other work, not of the product.
settings.register_profile("patient", deadline=None)
# A gate must give the same answer twice; new examples are found where people develop.
settings.register_profile("gate", deadline=None, derandomize=True)
settings.load_profile("gate" if os.environ.get("CI") else "patient")

BOUND = 20  # seconds after which a test that waits for an event has failed


class Clock:
    """A clock that stands until it is moved; call it for the moment."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> datetime:
        """Move on, as `forward(hours=2)`, and return the new moment."""
        self.now += timedelta(**by)
        return self.now


class Seconds:
    """Monotonic seconds that stand until `now` is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Leave logging as it was found: a command decides of it for its whole process."""
    hook, raises = sys.excepthook, logging.raiseExceptions
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    for handler in [h for h in root.handlers if h not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    sys.excepthook, logging.raiseExceptions = hook, raises
    structlog.reset_defaults()


@pytest.fixture
def clock() -> Clock:
    """A Monday, 07:00 UTC."""
    return Clock(datetime(2026, 3, 2, 7, 0, tzinfo=UTC))


@pytest.fixture
def seconds() -> Seconds:
    """The clock of dialogue state, at nought."""
    return Seconds()


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """The static text encoder, as it comes with the product."""
    return load("static", tmp_path_factory.mktemp("encoders"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    """A PostgreSQL server with a migrated template."""
    server = servers.Postgres()
    try:
        servers.run(server.prepare())
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[servers.RedisServer]:
    """A Redis server; tests must not lean on what others left in it."""
    server = servers.RedisServer()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database in one file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "paperlark.db"

    async def migrated() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await database.migrate()
        await database.dispose()

    servers.run(migrated())
    return path


@pytest.fixture
async def database(_migrated_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite database of the test's own."""
    path = tmp_path / "paperlark.db"
    await asyncio.to_thread(shutil.copy, _migrated_file, path)
    database = Database(f"sqlite+aiosqlite:///{path}")
    yield database
    await database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a migrated database, once for each that we support."""
    if request.param == "sqlite":
        path = tmp_path / "paperlark.db"
        shutil.copy(request.getfixturevalue("_migrated_file"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    server = request.getfixturevalue("postgres")
    name = await server.borrow()
    yield server.url(name)
    await server.give_back(name)


@pytest.fixture
async def any_database(any_database_url: str) -> AsyncIterator[Database]:
    """A migrated database of the test's own, once on SQLite and once on PostgreSQL."""
    database = Database(any_database_url)
    yield database
    await database.dispose()
