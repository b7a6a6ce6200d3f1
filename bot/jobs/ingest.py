"""Take in what the sources announce, without ever standing in the bot's way.

When to ask follows arXiv: its feed is built at midnight US Eastern, so it is asked often
until that day's document is there and hourly afterwards, and never sent twice thanks to its
ETag. What counts is the day a document says it is for, not the day on which it was fetched;
days that were missed are filled up through the query API. Whatever a source does, the
catalogue stays as it was, the failure is logged once, and the source is asked again later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.health import Health, Part
from bot.jobs.categories import Categories
from storage import catalogue
from storage.catalogue import NewPaper, SourceState, TakenIn
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.sources.arxiv import BATCH, Arxiv
from storage.sources.arxiv_calendar import (
    EASTERN,
    days_before,
    days_between,
    eastern_day,
    is_announcement_day,
)
from storage.sources.arxiv_documents import Page
from storage.sources.half_known import half_known
from storage.sources.history import DOCUMENTS, FEED, History, watermark
from storage.sources.huggingface import HuggingFace
from storage.sources.sample import Sample
from storage.sources.source import (
    Now,
    PaperSource,
    Sleep,
    SourceResting,
    SourceUnavailable,
)

log = structlog.get_logger()

T = TypeVar("T")

HUGGINGFACE, QUERY_API = "huggingface", "arxiv.api"
MOST_TRIES = 3  # to look a paper up, when pages come back short
_WAITS = "waits for the database"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often sources are asked, and how far back.

    outstanding: while the feed of today's announcement day has not come.
    look: for categories that readers follow since.
    first_failure, longest_failure: the wait after a failure doubles from one to the other.
    first_days: announcement days a new installation begins with.
    most_days: how far back missed days are filled up; older papers are no candidates any more.
    """

    outstanding: timedelta = timedelta(minutes=5)
    feed: timedelta = timedelta(hours=1)
    huggingface: timedelta = timedelta(hours=1)
    restart: timedelta = timedelta(minutes=1)
    look: timedelta = timedelta(minutes=1)
    first_failure: timedelta = timedelta(minutes=1)
    longest_failure: timedelta = timedelta(minutes=30)
    first_days: int = 3
    most_days: int = 7


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What one step did. due: when the next step has something to do."""

    new: int
    updated: int
    due: datetime


class Ingest:
    """Owns the time-table of all sources. Any number of processes may run one."""

    def __init__(
        self,
        database: Database,
        arxiv: Arxiv,
        huggingface: HuggingFace,
        *,
        now: Now,
        sleep: Sleep,
        changed: Callable[[], None] = lambda: None,
        sample: PaperSource | None = None,
        pace: Pace | None = None,
        most_categories: int = 20,
    ) -> None:
        """changed: called after each commit that added or changed papers.

        most_categories: of arXiv's, those that readers follow included.
        """
        self._database = database
        self._arxiv = arxiv
        self._categories = Categories(arxiv, most_categories)
        self._huggingface = huggingface
        self._sample = sample or Sample()
        self._now = now
        self._sleep = sleep
        self._changed = changed
        self._pace = pace or Pace()
        self._asked: set[str] = set()  # by this process
        self._resting: dict[str, datetime] = {}
        self._failures: dict[str, int] = {}
        self._tries: dict[str, int] = {}  # of half-known papers
        self._look_up_again: dict[str, None] = {}  # in order: replaced, or known without categories
        # Of missed days and of new categories': papers taken in.
        self._progress: dict[tuple[date, tuple[str, ...]], int] = {}
        self._history = History(self._pace.first_days, self._pace.most_days)
        self._is_storage_away = False
        self._new = self._updated = 0
        self._part = Health().part("ingest")

    async def run(self, stop: asyncio.Event, part: Part | None = None) -> None:
        """Take in papers until `stop` is set; a step that is under way is then given up.

        part: told that this goes on, after every answer of a source and at every look.
        """
        self._part = part or self._part
        self._part.goes_on()
        while not stop.is_set():
            due = await _unless(stop, self._step())
            if due is not None:
                await _unless(stop, self._rest(due))

    async def _rest(self, due: datetime) -> None:
        """Wait until something is due, or readers follow a category that nobody reads yet."""
        look = self._pace.look.total_seconds()
        await self._sleep(min(max((due - self._now()).total_seconds(), 1.0), look))
        while (left := (due - self._now()).total_seconds()) > 0:
            if await self._is_wanted_more():
                return
            await self._sleep(min(left, look))

    async def _is_wanted_more(self) -> bool:
        try:
            async with self._database.reading() as db:
                is_more = await self._categories.has_more(db)
        except StorageUnavailable:
            self._part.is_away(_WAITS)
            return False
        self._part.goes_on()
        return is_more

    async def _step(self) -> datetime:
        """Run once; a bug costs this step and not the bot."""
        try:
            result = await self.run_once(self._now())
        except StorageUnavailable:
            if not self._is_storage_away:
                log.warning("ingest.storage_unavailable")
            self._is_storage_away = True
            self._part.is_away(_WAITS)
        except Exception:
            log.exception("ingest.failed")
            self._part.is_away("failed, and tries again")
        else:
            self._is_storage_away = False
            self._part.goes_on()
            return result.due
        return self._now() + self._pace.first_failure

    async def run_once(self, now: datetime) -> IngestResult:
        """Do all that is due at this moment, and say when something is due again.

        Raises StorageUnavailable; what was committed before stays.
        """
        await self.begin_with_the_sample(now)
        self._new = self._updated = 0  # from here on: the sample is nobody's news
        await self._take_up_categories(now)
        await self._when_due(FEED, now, self._take_feed)
        await self._when_due(HUGGINGFACE, now, self._take_huggingface)
        await self._when_due(QUERY_API, now, self._catch_up)
        return IngestResult(self._new, self._updated, await self._due(now))

    async def _take_up_categories(self, now: datetime) -> None:
        """Let what readers follow be read; with more categories the same document is another."""
        async with self._database.reading() as db:
            is_more = await self._categories.take_up(db)
            is_owed = bool(await self._categories.without_past(db))
            is_less = await self._categories.is_one_given_up(db)
        if is_less:
            async with self._database.writing() as db:
                await self._categories.note_given_up(db, now)
        if is_more and is_owed:
            async with self._database.writing() as db:
                await catalogue.ask_anew(db, FEED)

    async def begin_with_the_sample(self, now: datetime) -> None:
        """Put the bundled papers into an empty catalogue. Raises StorageUnavailable."""
        async with self._database.reading() as db:
            if (await catalogue.summary(db)).papers:
                return
        fetched = await self._sample.fetch()
        if fetched:
            async with self._database.writing() as db:
                taken = await catalogue.take_in(db, fetched.papers, now)
            self._count(self._sample.name, taken)

    async def _when_due(
        self, name: str, now: datetime, take: Callable[[datetime], Awaitable[None]]
    ) -> None:
        async with self._database.reading() as db:
            state = await catalogue.source_state(db, name)
        if not self._is_due(state, now):
            return
        self._asked.add(name)
        self._resting.pop(name, None)
        try:
            await take(now)
        except SourceResting as resting:
            self._resting[name] = now + (resting.retry_after or self._pace.first_failure)
        except SourceUnavailable as error:
            await self._note_failure(name, error, now)
        self._part.goes_on()

    def _is_due(self, state: SourceState, now: datetime) -> bool:
        if self._resting.get(state.name, now) > now:
            return False
        if state.next_try is None or state.next_try <= now:
            return True
        is_start = state.name not in self._asked and state.last_error is None
        return is_start and (state.last_success or now) <= now - self._pace.restart

    async def _due(self, now: datetime) -> datetime:
        """The next moment at which a source may be asked; `QUERY_API` only when it is owed to."""
        async with self._database.reading() as db:
            states = [await catalogue.source_state(db, name) for name in (FEED, HUGGINGFACE)]
            api = await catalogue.source_state(db, QUERY_API)
            owed = bool(
                await self._history.missed_days(db)
                or await self._categories.without_past(db)
                or await self._half_known(db)
            )
        moments = [max(s.next_try or now, self._resting.get(s.name, now)) for s in states]
        if owed:
            moments.append(max(api.next_try or now, self._resting.get(QUERY_API, now)))
        return max(min(moments), now)

    async def _note_failure(self, name: str, error: SourceUnavailable, now: datetime) -> None:
        self._failures[name] = count = self._failures.get(name, 0) + 1
        wait = min(self._pace.first_failure * 2 ** min(count - 1, 16), self._pace.longest_failure)
        wait = max(wait, error.retry_after or wait)
        async with self._database.writing() as db:
            is_new = await catalogue.note_failure(db, name, error.why, now, now + wait)
        if is_new:
            log.warning("source.failed", source=name, why=error.why, again_in=wait.total_seconds())

    def _noted(self, name: str, was_failing: bool) -> None:
        self._failures.pop(name, None)
        if was_failing:
            log.info("source.recovered", source=name)

    def _count(self, name: str, taken: TakenIn) -> None:
        self._new += len(taken.new)
        self._updated += len(taken.updated)
        if taken.new or taken.updated:
            say = log.info if taken.new else log.debug
            say("papers.taken_in", source=name, new=len(taken.new), updated=len(taken.updated))
            self._changed()

    # --- arXiv's feed

    async def _take_feed(self, now: datetime) -> None:
        async with self._database.reading() as db:
            state = await catalogue.source_state(db, FEED)
        fetched = await self._arxiv.fetch(state.etag)
        async with self._database.writing() as db:
            taken, newest = TakenIn(), await watermark(db, FEED)
            if fetched:
                day = fetched.day or eastern_day(now)
                taken = await self._take_in_announced(db, fetched.papers, now)
                if await self._history.note_document(
                    db, day, has_new=bool(taken.new), is_whole=fetched.is_whole, now=now
                ):
                    newest = max(newest or day, day)
            was_failing = await catalogue.note_success(
                db,
                FEED,
                now,
                watermark=newest.isoformat() if newest else None,
                etag=fetched.validator if fetched else None,
                next_try=self._next_feed(now, newest),
            )
        self._noted(FEED, was_failing)
        self._count(FEED, taken)

    async def _take_in_announced(
        self, db: AsyncSession, papers: Sequence[NewPaper], now: datetime
    ) -> TakenIn:
        """A replacement updates what we have; a paper we never had does not become new by it."""
        replaced = await catalogue.by_keys(db, {p.key for p in papers if p.is_replacement})
        known = {key for key, paper in replaced.items() if not paper.is_sample}
        self._look_up(sorted(known))
        wanted = [p for p in papers if not p.is_replacement or p.key in known]
        return await catalogue.take_in(db, wanted, now)

    def _next_feed(self, now: datetime, newest: date | None) -> datetime:
        today = eastern_day(now)
        is_here = newest == today or not is_announcement_day(today)
        tomorrow = datetime.combine(today + timedelta(days=1), time(0, 1), EASTERN)
        return min(now + (self._pace.feed if is_here else self._pace.outstanding), tomorrow)

    # --- Hugging Face

    async def _take_huggingface(self, now: datetime) -> None:
        async with self._database.reading() as db:
            seen = await watermark(db, HUGGINGFACE)
        fetched = await self._huggingface.fetch()
        papers = list(fetched.papers) if fetched else []
        day = fetched.day if fetched else None
        if seen and day:
            for missed in days_between(seen, day)[: self._pace.most_days]:
                papers += (await self._huggingface.fetch_day(missed)).papers
                self._part.goes_on()
        async with self._database.writing() as db:
            taken = await self._take_in_listed(db, papers, now)
            was_failing = await catalogue.note_success(
                db,
                HUGGINGFACE,
                now,
                watermark=day.isoformat() if day else None,
                next_try=now + self._pace.huggingface,
            )
        self._noted(HUGGINGFACE, was_failing)
        self._count(HUGGINGFACE, taken)

    async def _take_in_listed(
        self, db: AsyncSession, papers: Sequence[NewPaper], now: datetime
    ) -> TakenIn:
        """What only Hugging Face lists lacks categories and comment: arXiv is asked for them."""
        known = await catalogue.by_keys(db, {paper.key for paper in papers})
        self._look_up([paper.key for paper in papers if paper.key not in known])
        return await catalogue.take_in(db, papers, now)

    # --- arXiv's query API: comments and missed days

    async def _catch_up(self, now: datetime) -> None:
        """Missed papers first: what is missing from a paper is only its comment."""
        asked = await self._fill_missed_days(now)
        asked = await self._fill_new_categories(now) or asked
        asked = await self._look_up_comments(now) or asked
        if asked:
            async with self._database.writing() as db:
                was_failing = await catalogue.note_success(db, QUERY_API, now, next_try=now)
            self._noted(QUERY_API, was_failing)

    async def _look_up_comments(self, now: datetime) -> bool:
        async with self._database.reading() as db:
            keys = await self._half_known(db)
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            page = await self._arxiv.by_keys(batch)
            await self._take_in_found(page.papers, now)
            self._note_tries(batch, page)
            if page.n_entries < page.total:
                raise SourceUnavailable("short_page")
        return bool(keys)

    def _look_up(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._tries.pop(key, None)
            self._look_up_again[key] = None

    def _note_tries(self, batch: Sequence[str], page: Page) -> None:
        """A paper that a whole page lacks is unknown to arXiv and not asked for again."""
        found = {paper.key for paper in page.papers}
        for key in batch:
            is_done = key in found or page.n_entries >= page.total
            self._tries[key] = MOST_TRIES if is_done else self._tries.get(key, 0) + 1
            if self._tries[key] >= MOST_TRIES:
                self._look_up_again.pop(key, None)

    async def _half_known(self, db: AsyncSession) -> list[str]:
        newest = (await catalogue.summary(db)).newest_day
        if newest is None:
            return []
        keys = await half_known(db, days_before(newest, self._pace.most_days)[-1])
        rest = [key for key in keys if self._tries.get(key, 0) < MOST_TRIES]
        return list(dict.fromkeys([*rest, *self._look_up_again]))

    async def _fill_missed_days(self, now: datetime) -> bool:
        async with self._database.reading() as db:
            days = await self._history.missed_days(db)
        for day in days:
            await self._fill(day, now)
            async with self._database.writing() as db:
                await self._history.note_filled(db, day, now)
        return bool(days)

    async def _fill_new_categories(self, now: datetime) -> bool:
        """Take in the last announcement days of categories that were not read before."""
        async with self._database.reading() as db:
            new = await self._categories.without_past(db)
            newest = await watermark(db, DOCUMENTS)
        if not new or newest is None:
            return False
        for day in days_before(newest, self._pace.first_days):
            await self._fill(day, now, new)
        async with self._database.writing() as db:
            await self._categories.note_past(db, now)
        return True

    async def _fill(self, day: date, now: datetime, categories: tuple[str, ...] = ()) -> None:
        """Page through a day, of all categories or some.

        An empty page before the end is met now and then: go on later.
        """
        while True:
            start = self._progress.get((day, categories), 0)
            page = await self._arxiv.submitted(day, start, categories)
            await self._take_in_found(page.papers, now)
            self._progress[day, categories] = start + page.n_entries
            if self._progress[day, categories] >= page.total:
                del self._progress[day, categories]
                return
            if not page.n_entries:
                raise SourceUnavailable("short_page")

    async def _take_in_found(self, papers: Collection[NewPaper], now: datetime) -> None:
        async with self._database.writing() as db:
            taken = await catalogue.take_in(db, list(papers), now)
        self._part.goes_on()
        self._count(QUERY_API, taken)


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what `work` returns, or None once `stop` is set; the work is given up then."""
    task, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        stopping.cancel()
        await asyncio.gather(task, stopping, return_exceptions=True)
