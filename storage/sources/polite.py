"""One request at a time for a service, over all processes that share the database.

arXiv's terms of use count all machines of an installation as one: one connection, three
seconds between requests, over query API and feeds together. Whoever asks first takes a
lease on `sources.next_allowed` until its time-out, and gives it back with the moment from
which the next one may ask, so a process that dies holding it blocks the others only for as
long as its request could have lasted.

A request that a person waits for goes first: those of the background ask a moment later
than they may, and in that moment the person's is there.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from sqlalchemy import or_, update

from storage.catalogue import source_state
from storage.database import Database, insert_into, table_of
from storage.sources.source import Now, Sleep, SourceResting, SourceUnavailable
from storage.tables import SourceRow

GAP = timedelta(seconds=3)  # between the end of a request and the next one
SILENCE = timedelta(minutes=10)  # after 429 and 503: what arXiv was measured to need
REST = timedelta(minutes=1)  # after a time-out or a broken answer
LONGEST_SILENCE = timedelta(days=1)
_COURTESY = timedelta(seconds=0.3)  # by which the background lets a person go first
_LOOK_AGAIN = timedelta(seconds=0.25)
_A_TICK = timedelta(milliseconds=1)

_SOURCES = table_of(SourceRow)


class PoliteLine:
    """GETs from one service. `timeout` bounds a whole request, answer included."""

    def __init__(
        self,
        database: Database,
        http: httpx.AsyncClient,
        *,
        now: Now,
        sleep: Sleep,
        service: str = "arxiv",
        timeout: timedelta = timedelta(seconds=45),
    ) -> None:
        self._database = database
        self._http = http
        self._now = now
        self._sleep = sleep
        self._service = service
        self._timeout = timeout

    async def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        deadline: datetime | None = None,
    ) -> httpx.Response:
        """Wait for our turn and ask; any answer but 429 and 5xx is the caller's to judge.

        deadline: when the person who waits gives up; None for the background.

        Raises SourceUnavailable, and SourceResting when nobody was asked.
        """
        async with self._turn(deadline) as turn:
            timeout = self._timeout
            if deadline is not None:
                timeout = min(timeout, max(deadline - self._now(), timedelta(seconds=1)))
            try:
                async with asyncio.timeout(timeout.total_seconds()):
                    response = await self._http.get(url, params=params, headers=headers)
            except (TimeoutError, httpx.TimeoutException) as error:
                raise turn.failed("timed_out", REST) from error
            except httpx.RequestError as error:
                raise turn.failed("unreachable", REST) from error
            if response.status_code in (429, 503):
                why = "rate_limited" if response.status_code == 429 else "http_503"
                raise turn.failed(why, silence_asked(response, self._now()))
            if response.status_code >= 500:
                raise turn.failed(f"http_{response.status_code}", REST)
            return response

    @asynccontextmanager
    async def _turn(self, deadline: datetime | None) -> AsyncIterator["_Turn"]:
        lease = await self._take(deadline)
        turn = _Turn()
        try:
            yield turn
        finally:
            await self._give_back(lease, self._now() + max(GAP, turn.rest))

    async def _take(self, deadline: datetime | None) -> datetime:
        """Wait until the service may be asked and take the lease; return when it ends."""
        courtesy = timedelta() if deadline else _COURTESY
        longest = self._timeout + GAP
        while True:
            now = self._now()
            free = await self._free_from() or now - courtesy
            wait = free + courtesy - now
            if wait > longest + courtesy:
                raise SourceResting(wait)
            if wait <= timedelta() and await self._took(now, now + longest):
                return now + longest
            # Up to a gap the moment is certain; a lease may be given back at any time.
            pause = wait if _A_TICK < wait <= GAP + courtesy else _LOOK_AGAIN
            if deadline is not None and now + pause >= deadline:
                raise SourceResting(max(wait, GAP))
            await self._sleep(pause.total_seconds())

    async def _free_from(self) -> datetime | None:
        async with self._database.reading() as db:
            return (await source_state(db, self._service)).next_allowed

    async def _took(self, now: datetime, until: datetime) -> bool:
        free = or_(_SOURCES.c.next_allowed.is_(None), _SOURCES.c.next_allowed <= now)
        async with self._database.writing() as db:
            row = insert_into(db, SourceRow).values(name=self._service)
            await db.execute(row.on_conflict_do_nothing())
            claim = (
                update(_SOURCES)
                .where(_SOURCES.c.name == self._service, free)
                .values(next_allowed=until)
                .returning(_SOURCES.c.name)
            )
            return await db.scalar(claim) is not None

    async def _give_back(self, lease: datetime, free: datetime) -> None:
        """A lease that ran out may be another's by now, and a silence is never shortened."""
        async with self._database.writing() as db:
            await db.execute(
                update(_SOURCES)
                .where(_SOURCES.c.name == self._service, _SOURCES.c.next_allowed == lease)
                .values(next_allowed=free)
            )


class _Turn:
    """How long the service is left alone after this request."""

    def __init__(self) -> None:
        self.rest = timedelta()

    def failed(self, why: str, rest: timedelta) -> SourceUnavailable:
        self.rest = rest
        return SourceUnavailable(why, rest)


def silence_asked(response: httpx.Response, now: datetime) -> timedelta:
    """Return how long to be silent: what `Retry-After` asks for when longer than our own."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit() and len(asked) < 9:
        wanted = timedelta(seconds=int(asked))
    else:
        wanted = _until(asked, now)
    return min(max(wanted, SILENCE), LONGEST_SILENCE)


def _until(moment: str, now: datetime) -> timedelta:
    try:
        then = parsedate_to_datetime(moment)
    except (ValueError, TypeError, IndexError):
        return timedelta()
    return (then if then.tzinfo else then.replace(tzinfo=UTC)) - now
