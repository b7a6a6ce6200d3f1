"""How long it takes until everybody who is due in the same minute can be sent a digest.

Claiming, ranking and the rows of the outbox and of what is about to be shown, as the
scheduler makes them, for many made-up readers on a database of the bench's own; nothing is
sent. It says nothing about the platforms' limits, which take far longer: 30 messages a
second are an hour for 100,000 readers.
"""

import asyncio
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bot.desk import Desk, owed_next
from bot.house import collect_seldom, serving_encoder
from bot.jobs.daily_picks import BATCH
from bot.settings import Settings
from bot.shelf import Shelf
from recommender.feedback import Verdict
from recommender.papers import PaperId
from storage import catalogue, deliveries
from storage.catalogue import NewPaper
from storage.database import Database, blocks, table_of
from storage.sources.sample import sample_papers
from storage.tables import AccountRow, FeedbackRow, UserRow

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_OLDER = 300  # papers of the week before, which the readers have liked or skipped


@dataclass(frozen=True, slots=True)
class Took:
    """What one process did: when it began and ended, and for how many seconds of that it claimed.

    began, ended: monotonic seconds of the machine. cpu: seconds of its own; a PostgreSQL server
    works beside it. megabytes: at most.
    """

    began: float
    ended: float
    claiming: float = 0.0
    cpu: float = 0.0
    digests: int = 0
    picks: int = 0
    megabytes: float = 0.0


class _NoLookUp:
    """Nobody names a paper here."""

    async def by_keys(self, keys: Collection[str]) -> None:
        """Nothing is found."""

    async def by_title(self, title: str) -> None:
        """Nothing is found."""


def run(settings: Settings, readers: int, papers: int, opinions: int, processes: int) -> int:
    """Measure and print; return the exit status."""
    return asyncio.run(_run(settings, readers, papers, opinions, processes))


async def _run(settings: Settings, readers: int, papers: int, opinions: int, processes: int) -> int:
    async with _database_of_its_own(settings) as url:
        print(f"Making {readers:,} readers and {papers:,} new papers …", file=sys.stderr)
        database = Database(url)
        await _settle(database, readers, papers, opinions)
        await database.dispose()
        shares = await asyncio.to_thread(_shared, settings, url, processes)
    seconds = max(took.ended for took in shares) - min(took.began for took in shares)
    digests, picks = sum(t.digests for t in shares), sum(t.picks for t in shares)
    print(f"{digests:,} digests of {picks:,} picks in {seconds:.1f} s by {processes} processes")
    print(f"  {digests / seconds:,.0f} readers a second")
    print(f"  {sum(t.cpu for t in shares):.1f} s of CPU time")
    print(f"  {sum(t.claiming for t in shares) / processes:.1f} s of it claiming")
    print(f"  {sum(took.megabytes for took in shares):,.0f} MB in all at most")
    return 0 if digests == readers else 1


def _shared(settings: Settings, url: str, processes: int) -> list[Took]:
    """Let several schedulers share the work; none begins before all are ready."""
    spawn = multiprocessing.get_context("spawn")
    ready, results = spawn.Barrier(processes), spawn.Queue()
    workers = [
        spawn.Process(target=_work, args=(settings, url, ready, results)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    shares = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    return shares


def _work(settings: Settings, url: str, ready: Barrier, results: "Queue[Took]") -> None:
    results.put(asyncio.run(_working(settings, url, ready)))


async def _working(settings: Settings, url: str, ready: Barrier) -> Took:
    collect_seldom()
    database = Database(url)
    shelf = Shelf(database, settings.data_dir, lambda name: serving_encoder(settings, name))
    await shelf.refresh()
    await asyncio.to_thread(ready.wait)
    took = await due(database, Desk(database, shelf, _NoLookUp(), lambda: NOW))
    await database.dispose()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return replace(took, megabytes=megabytes)


async def due(database: Database, desk: Desk) -> Took:
    """Claim everybody who is due and choose for them, as the scheduler does before it sends."""
    now, cpu = time.monotonic(), time.process_time()
    took = Took(began=now, ended=now)
    while True:
        began = time.monotonic()
        async with database.writing() as db:
            claimed = await deliveries.claim_due(db, NOW, BATCH, owed_next)
        took = replace(took, claiming=took.claiming + time.monotonic() - began)
        if not claimed:
            return took
        editions = await desk.editions(claimed)
        took = replace(
            took,
            ended=time.monotonic(),
            cpu=time.process_time() - cpu,
            digests=took.digests + len(editions),
            picks=took.picks + sum(len(edition.offers) for edition in editions),
        )


@asynccontextmanager
async def _database_of_its_own(settings: Settings) -> AsyncIterator[str]:
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


async def _settle(database: Database, readers: int, papers: int, opinions: int) -> None:
    """Make papers of a week, older ones, and readers with opinions of the older ones."""
    rng = np.random.default_rng(0)
    async with database.writing() as db:
        taken = await catalogue.take_in(db, _papers(papers), NOW - timedelta(days=1))
    older = taken.new[-_OLDER:]
    for some in blocks(range(1, readers + 1), 5000):
        async with database.writing() as db:
            connection = await db.connection()
            await connection.execute(insert(table_of(UserRow)), [_reader(user) for user in some])
            await connection.execute(insert(table_of(AccountRow)), [_account(u) for u in some])
            if opinions:
                said = [row for u in some for row in _opinions(u, older, opinions, rng)]
                await connection.execute(insert(table_of(FeedbackRow)), said)


def _papers(count: int) -> list[NewPaper]:
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


def _reader(user: int) -> dict[str, Any]:
    return {
        "id": user,
        "kind": "person",
        "language": "en",
        "created": NOW,
        "last_seen": NOW,
        "next_push_at": NOW,
        "next_push_day": NOW.date(),
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
