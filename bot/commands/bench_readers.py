"""What benches measure with: made-up readers and papers, in a database of their own."""

import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bot.conversation.ports import Reader
from bot.settings import Settings
from recommender.feedback import Verdict
from recommender.papers import PaperId
from storage import catalogue
from storage.catalogue import NewPaper
from storage.database import Database, blocks, table_of
from storage.sources.sample import sample_papers
from storage.tables import AccountRow, FeedbackRow, UserRow

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_OLDER = 300  # papers of the week before, which the readers have liked or skipped


class NoLookUp:
    """Nobody names a paper here."""

    async def by_keys(self, reader: Reader, keys: Collection[str]) -> None:
        """Nothing is found."""

    async def by_title(self, reader: Reader, title: str) -> None:
        """Nothing is found."""


@asynccontextmanager
async def database_of_its_own(settings: Settings) -> AsyncIterator[str]:
    """Make a database beside the real one, or in a temporary file; it is gone afterwards."""
    address = make_url(settings.database)
    if address.get_backend_name() == "sqlite":
        with tempfile.TemporaryDirectory(prefix="paperlark-bench-") as folder:
            yield await _migrated(f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}")
        return
    name = f"paperlark_bench_{time.time_ns()}"
    admin = create_async_engine(address, isolation_level="AUTOCOMMIT", hide_parameters=True)
    try:
        async with admin.connect() as connection:
            await connection.execute(text(f'CREATE DATABASE "{name}"'))
        try:
            yield await _migrated(address.set(database=name).render_as_string(hide_password=False))
        finally:
            async with admin.connect() as connection:
                await connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    finally:
        await admin.dispose()


async def _migrated(url: str) -> str:
    database = Database(url)
    try:
        await database.migrate()
    finally:
        await database.dispose()
    return url


def _now(_: int) -> datetime:
    return NOW


async def settle(
    database: Database,
    readers: int,
    papers: int,
    opinions: int,
    due: Callable[[int], datetime] = _now,
) -> None:
    """Make papers of a week, older ones, and readers with opinions of the older ones.

    due: when the digest of each reader is; they are numbered from 1.
    """
    rng = np.random.default_rng(0)
    async with database.writing() as db:
        taken = await catalogue.take_in(db, papers_of_a_week(papers), NOW - timedelta(days=1))
    older = taken.new[-_OLDER:]
    for some in blocks(range(1, readers + 1), 5000):
        async with database.writing() as db:
            connection = await db.connection()
            await connection.execute(
                insert(table_of(UserRow)), [_reader(user, due(user)) for user in some]
            )
            await connection.execute(insert(table_of(AccountRow)), [_account(u) for u in some])
            if opinions:
                said = [row for u in some for row in _opinions(u, older, opinions, rng)]
                await connection.execute(insert(table_of(FeedbackRow)), said)


def papers_of_a_week(count: int) -> list[NewPaper]:
    """Return papers of the last seven announcement days and, at the end, of a month before."""
    known = sample_papers()
    return [
        replace(
            known[number % len(known)],
            key=f"arxiv:2603.{number:05}",
            title=f"{known[number % len(known)].title} {number}",
            # No two alike: each abstract goes on with that of another paper.
            abstract=f"{known[number % len(known)].abstract} {known[number * 7 % 337].abstract}",
            announced=NOW.date() - timedelta(days=number % 7 if number < count else 30),
            is_sample=False,
        )
        for number in range(count + _OLDER)
    ]


def _reader(user: int, due: datetime) -> dict[str, Any]:
    return {
        "id": user,
        "kind": "person",
        "language": "en",
        "created": NOW,
        "last_seen": NOW,
        "next_push_at": due,
        "next_push_day": due.date(),
    }


def _account(user: int) -> dict[str, Any]:
    return {
        "id": user,
        "user_id": user,
        "platform": "telegram",
        "external_id": str(user),
        "chat": str(user),
        "last_used": NOW,
    }


def _opinions(
    user: int, papers: Sequence[PaperId], count: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    chosen = rng.choice(len(papers), count, replace=False)
    return [
        {
            "user_id": user,
            "paper_id": papers[at],
            "account_id": user,
            "verdict": Verdict.LIKE if number % 3 else Verdict.SKIP,
            "at": NOW - timedelta(days=number + 1),
        }
        for number, at in enumerate(chosen)
    ]
