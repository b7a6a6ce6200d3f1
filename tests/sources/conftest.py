"""A database, a clock that only moves when somebody waits, and feeds on loopback."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from heapq import heappop, heappush
from typing import Any

import httpx
import pytest

from bot.jobs.ingest import Ingest
from storage import catalogue
from storage.database import Database
from storage.sources.arxiv import Arxiv
from storage.sources.huggingface import HuggingFace
from storage.sources.polite import PoliteLine
from storage.sources.source import PaperSource
from tests.conftest import BOUND
from tests.local_feeds import FeedPaper, LocalFeeds

TUESDAY = date(2026, 5, 5)
AFTER_MIDNIGHT = datetime(2026, 5, 5, 4, 10, tzinfo=UTC)  # ten past midnight in New York
TLS = ssl.create_default_context()  # reading the authorities once is enough
CATEGORIES = ("cs.LG", "cs.CL")


class Clock:
    """Waiting moves it, so a test of ten minutes' silence takes no time."""

    def __init__(self, moment: datetime = AFTER_MIDNIGHT) -> None:
        self.moment = moment
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] | None = None
        self._turned = asyncio.Event()

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        until = self.moment + timedelta(seconds=seconds)
        if self._sleepers is None:
            self.moment = until
            return
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._sleepers, (until, id(waking), waking))
        self._turned.set()
        await waking

    def go(self, **by: float) -> datetime:
        self.moment += timedelta(**by)
        return self.moment

    async def together(self, *works: Awaitable[Any]) -> list[Any]:
        """Do several things at once; time goes on only while all that are left sleep."""
        self._sleepers = []
        tasks = [asyncio.ensure_future(work) for work in works]
        for task in tasks:
            task.add_done_callback(lambda _: self._turned.set())
        async with asyncio.timeout(BOUND):
            while left := sum(not task.done() for task in tasks):
                self._turned.clear()
                if len(self._sleepers) < left:
                    await self._turned.wait()
                    continue
                until, _, waking = heappop(self._sleepers)
                self.moment = max(self.moment, until)
                waking.set_result(None)
        self._sleepers = None
        return await asyncio.gather(*tasks, return_exceptions=True)


def a_day(day: date, count: int = 3, **same: Any) -> list[FeedPaper]:
    """New papers of a day; ids tell the day."""
    return [
        FeedPaper(f"{day:%y%m}.{day.day * 3000 + n:05}", announced=day, title=f"Paper {n}", **same)
        for n in range(count)
    ]


class NoSample:
    """Most tests need no bundled papers."""

    name = "sample"

    async def fetch(self, validator: str | None = None) -> None:
        return None


class Shop:
    """The sources, wired to one set of feeds; `restarted` is the next process."""

    def __init__(self, database: Database, feeds: LocalFeeds, clock: Clock) -> None:
        self.database, self.feeds, self.clock = database, feeds, clock
        self.http = httpx.AsyncClient(verify=TLS, headers={"User-Agent": "paperlark/test"})
        self.changes = 0
        self.timeout = timedelta(seconds=30)
        self.sample: PaperSource = NoSample()
        self.restarted()

    async def __aenter__(self) -> "Shop":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    def restarted(self) -> "Shop":
        now, sleep = self.clock.now, self.clock.sleep
        line = PoliteLine(self.database, self.http, now=now, sleep=sleep, timeout=self.timeout)
        self.line = line
        self.arxiv = Arxiv(
            line,
            api_base=self.feeds.api_base,
            rss_base=self.feeds.atom_base,
            categories=CATEGORIES,
            now=now,
        )
        self.huggingface = HuggingFace(self.http, self.feeds.hf_base, now=now, timeout=self.timeout)
        self.ingest = Ingest(
            self.database,
            self.arxiv,
            self.huggingface,
            now=now,
            sleep=sleep,
            changed=self._changed,
            sample=self.sample,
        )
        return self

    def _changed(self) -> None:
        self.changes += 1

    async def step(self) -> Any:
        return await self.ingest.run_once(self.clock.now())

    async def papers(self) -> dict[str, Any]:
        """All real papers by their identifier at arXiv."""
        async with self.database.reading() as db:
            found = await catalogue.changed_since(db, catalogue.START, 10_000)
        return {p.key.removeprefix("arxiv:"): p for p, _ in found if not p.is_sample}

    async def state(self, name: str = "arxiv") -> catalogue.SourceState:
        async with self.database.reading() as db:
            return await catalogue.source_state(db, name)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def feeds(clock):
    async with LocalFeeds([], TUESDAY, now=clock.now) as feeds:
        yield feeds


@pytest.fixture
async def shop(database, feeds, clock):
    async with Shop(database, feeds, clock) as shop:
        yield shop


@pytest.fixture
async def any_shop(any_database, feeds, clock):
    """The same on SQLite and on PostgreSQL."""
    async with Shop(any_database, feeds, clock) as shop:
        yield shop


@pytest.fixture
def quiet_log() -> Callable[[], list[dict[str, Any]]]:
    """The events that were logged since."""
    from structlog.testing import capture_logs

    with capture_logs() as events:
        yield lambda: events
