"""`paperlark bench taps`: how many taps are stored in a second, and how soon they are answered.

Everything happens in a database of its own: a SQLite file in a temporary folder, or an empty
database that the operator names. So many readers tap at once as a busy minute has; each taps
again once the last tap is committed. The bare loop then makes the same rows with the driver
alone (aiosqlite, asyncpg), one insert after the other, as many in one commit.

How soon a card is edited after a tap is measured with the whole bot; see `bench_answers`.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from sqlalchemy import func, select, text

from bot import log as logs
from bot.commands.bench_answers import Sizes, Waits, measure
from bot.house import collect_seldom
from recommender.feedback import Verdict
from recommender.papers import PaperId
from storage import catalogue, meeting, users
from storage.catalogue import NewPaper
from storage.database import Database, table_of
from storage.errors import DatabaseIsNotEmpty, StorageError
from storage.feedback_log import Tap
from storage.tables import UserRow
from storage.tap_line import MOST, TapLine

READERS = 200  # who tap at once
ROUNDS = 16  # told together: a round is short, and a stall of the disk may fill half of it
BURSTS = 20
ANSWERED = Sizes(READERS, bursts=7, lone=40)
LONGEST = 120.0  # seconds after which either half of the bench is given up

_LOGGED = (
    "INSERT INTO feedback_log (user_id, account_id, paper_id, event, verdict_after, at)"
    " VALUES ({}, {}, {}, {}, {}, {})"
)
_STANDS = (
    "INSERT INTO feedback (user_id, account_id, paper_id, verdict, at) VALUES ({}, {}, {}, {}, {})"
)
_NUMBERED = [f"${n}" for n in range(1, 7)]


@dataclass(frozen=True, slots=True)
class Round:
    """seconds, bare: what the taps took, and the bare loop. waits: from receipt to commit, each."""

    taps: int
    seconds: float
    bare: float
    waits: Sequence[float]


def run(url: str | None, taps: int, answered: Sizes = ANSWERED) -> int:
    """Measure, print, and return the exit status.

    taps: of one round. answered: what the whole bot answers; no more than READERS at once.
    """
    logs.configure("console", level=logging.WARNING)
    collect_seldom()
    try:
        asyncio.run(_measured(url, max(taps // READERS, 1), answered))
    except StorageError as error:
        print(error)
        return 1
    except TimeoutError:
        print(f"Given up after {LONGEST:.0f} s.")
        return 1
    return 0


async def _measured(url: str | None, each: int, answered: Sizes) -> None:
    """Raises TimeoutError; what was measured before is told by then."""
    async with _empty_database(url) as database:
        async with asyncio.timeout(LONGEST):
            await _stored(database, each)
        with TemporaryDirectory(prefix="paperlark-bench-") as folder:
            async with asyncio.timeout(LONGEST):
                waits = await measure(database, Path(folder), answered)
    _tell_answers(waits, answered)


async def _stored(database: Database, each: int) -> None:
    """Measure how many taps are stored in a second, and print it."""
    readers, papers = await _people_and_papers(database, ROUNDS * each + 1)
    warm, *rest = [papers[:1], *(papers[1 + n * each :][:each] for n in range(ROUNDS))]
    await _round(database, readers, warm, 0)
    rounds = [await _round(database, readers, some, n + 1) for n, some in enumerate(rest)]
    bursts = [await _burst(database, readers, warm, n) for n in range(BURSTS)]
    name = "SQLite" if database.is_sqlite else "PostgreSQL"
    steady = [wait for one in rounds for wait in one.waits]
    at_once = [wait for burst in bursts for wait in burst]
    ours = sum(one.seconds for one in rounds)
    bare = sum(one.bare for one in rounds)
    n = sum(one.taps for one in rounds)
    ratios = sorted(one.bare / one.seconds for one in rounds)
    print(f"{name}, {READERS} readers at once, {n:,} taps in {ROUNDS} rounds:")
    print(f"  stored        {n / ours:8,.0f} taps/s (feedback and log rows)")
    print(f"  bare inserts  {n / bare:8,.0f} taps/s")
    print(
        f"  ratio         {bare / ours:8.2f} (rounds: {ratios[0]:.2f} to {ratios[-1]:.2f}, "
        f"median {median(ratios):.2f})"
    )
    print("from receipt to commit:")
    print(f"  {READERS} at once      {_waited(at_once)} ({BURSTS} times)")
    print(f"  without pause   {_waited(steady)}")


def _tell_answers(waits: Waits, sizes: Sizes) -> None:
    print("from a tap to its edited card, beside the same calls of bare clients:")
    lone, same = quantiles(waits.lone, n=20)[18], quantiles(waits.same_lone, n=20)[18]
    print(
        f"  alone, warm     median {median(waits.lone) * 1000:.0f} ms, "
        f"p95 {lone * 1000:.0f} ms (python-telegram-bot alone {same * 1000:.0f} ms)"
    )
    clients = (
        ("python-telegram-bot", waits.same),
        ("the same over httpx", waits.usual),
        ("aiohttp", waits.bare),
    )
    print(f"  {sizes.readers} at once      {_waited_in_all(waits.at_once)}")
    for name, bursts in clients:
        ratios = sorted(
            max(ours) / max(theirs) for ours, theirs in zip(waits.at_once, bursts, strict=True)
        )
        print(f"  {name:<20} {_waited_in_all(bursts)}")
        print(
            f"    the last of {sizes.readers}: {median(ratios):.1f} × as late as by it "
            f"({ratios[0]:.1f}–{ratios[-1]:.1f} in {sizes.bursts} bursts)"
        )


def _waited_in_all(bursts: Sequence[Sequence[float]]) -> str:
    return _waited([wait for burst in bursts for wait in burst])


def _waited(waits: Sequence[float]) -> str:
    cuts = quantiles(waits, n=100)
    return f"median {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"


@asynccontextmanager
async def _empty_database(url: str | None) -> AsyncIterator[Database]:
    """Raises DatabaseIsNotEmpty: nobody's readers are measured with."""
    with TemporaryDirectory(prefix="paperlark-bench-") as folder:
        database = Database(url or f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}")
        try:
            await database.migrate()
            async with database.reading() as db:
                if await db.scalar(select(func.count()).select_from(table_of(UserRow))):
                    raise DatabaseIsNotEmpty("the bench needs an empty database of its own")
            yield database
        finally:
            await database.dispose()


async def _people_and_papers(
    database: Database, n_papers: int
) -> tuple[list[users.Found], list[PaperId]]:
    now, today = datetime.now(UTC), date(2026, 1, 1)
    papers = [NewPaper(f"bench:{n}", f"Paper {n}", today) for n in range(n_papers)]
    async with database.writing() as db:
        taken = await catalogue.take_in(db, papers, now)
        found = [
            await meeting.find_or_create(db, "bench", str(n), None, "en", now, lambda *_: None)
            for n in range(READERS)
        ]
    return found, list(taken.new)


async def _round(
    database: Database, readers: Sequence[users.Found], papers: Sequence[PaperId], number: int
) -> Round:
    waits = list[float]()

    async def all_tap() -> None:
        waits.extend(await _tapped(database, readers, papers, str(number)))

    async def bare() -> None:
        await _bare(database, readers, papers)

    took = dict[str, float]()
    both = [("ours", all_tap), ("bare", bare)]
    for name, work in both if number % 2 else reversed(both):  # neither always goes first
        took[name] = await _seconds(work)
        await _forget(database)
    return Round(len(readers) * len(papers), took["ours"], took["bare"], waits)


async def _seconds(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def _tapped(
    database: Database, readers: Sequence[users.Found], papers: Sequence[PaperId], name: str
) -> Sequence[float]:
    """Let every reader like these papers, one after the other; return the waits in seconds."""
    line, waits = TapLine(database), list[float]()

    async def taps(found: users.Found) -> None:
        for paper in papers:
            event, now = f"{name}:{paper}", datetime.now(UTC)
            began = time.perf_counter()
            await line.record(
                Tap(found.user.id, found.account.id, event, paper, None, now, Verdict.LIKE)
            )
            waits.append(time.perf_counter() - began)

    async with asyncio.TaskGroup() as group:
        for found in readers:
            group.create_task(taps(found))
    return waits


async def _burst(
    database: Database, readers: Sequence[users.Found], papers: Sequence[PaperId], number: int
) -> Sequence[float]:
    """Return how long each reader waits when all tap once, at once."""
    waits = await _tapped(database, readers, papers, f"burst {number}")
    await _forget(database)
    return waits


async def _bare(
    database: Database, readers: Sequence[users.Found], papers: Sequence[PaperId]
) -> None:
    """Insert the rows of the same taps, two statements each, as many taps in one commit."""
    pairs = [(found, paper) for paper in papers for found in readers]
    for start in range(0, len(pairs), MOST):
        async with database.writing() as db:
            await db.execute(text("SELECT 1"))  # asyncpg's adapter begins with a statement
            raw = await (await db.connection()).get_raw_connection()
            driver, now = raw.driver_connection, datetime.now(UTC)
            assert driver is not None
            for found, paper in pairs[start : start + MOST]:
                user, account = found.user.id, found.account.id
                logged = (user, account, paper, f"bare:{paper}", "like")
                stands = (user, account, paper, "like")
                if database.is_sqlite:
                    at = now.isoformat(" ")
                    await driver.execute(_LOGGED.format(*"??????"), (*logged, at))
                    await driver.execute(_STANDS.format(*"?????"), (*stands, at))
                else:
                    await driver.execute(_LOGGED.format(*_NUMBERED), *logged, now)
                    await driver.execute(_STANDS.format(*_NUMBERED), *stands, now)


async def _forget(database: Database) -> None:
    async with database.writing() as db:
        await db.execute(text("DELETE FROM feedback"))
        await db.execute(text("DELETE FROM feedback_log"))
