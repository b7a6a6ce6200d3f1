"""Which announcement days of arXiv do we have? Three watermarks in `sources` tell.

    arxiv            newest day whose document brought papers
    arxiv.documents  newest day of any document, empty ones included
    arxiv.history    newest day up to which nothing is missing

Announcement days between the last two were missed: the process was down, or the document was
empty, yesterday's once more, or too short for its day. Holidays look the same; they cost one
request that finds nothing new.
"""

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from storage.catalogue import note_success, source_state
from storage.sources.arxiv_calendar import days_before, days_between

FEED, DOCUMENTS, HISTORY = "arxiv", "arxiv.documents", "arxiv.history"


class History:
    """The bookkeeping of one process; what it must not forget stands in the database."""

    def __init__(self, first_days: int, most_days: int) -> None:
        """first_days: announcement days a new installation begins with.

        most_days: how far back missed days are filled up; beyond, no paper is a candidate.
        """
        self._first_days = first_days
        self._most_days = most_days
        self._whole: date | None = None  # the newest document's day when all its papers came
        self._cut: date | None = None  # … and when arXiv left some out

    async def note_document(
        self, db: AsyncSession, day: date, *, has_new: bool, is_whole: bool, now: datetime
    ) -> bool:
        """Note the document of a day, and return whether it is the announcement of that day.

        One without a new paper is a holiday's, came early, or is yesterday's once more.
        """
        brought = has_new or await watermark(db, FEED) == day
        await note_success(db, DOCUMENTS, now, watermark=day.isoformat())
        self._whole = day if brought and is_whole else None
        self._cut = None if is_whole else day
        history = await watermark(db, HISTORY)
        if history is None:
            history = days_before(day, self._first_days + (not brought))[-1]
        await self.note_filled(db, history, now)
        return brought

    async def note_filled(self, db: AsyncSession, day: date, now: datetime) -> None:
        """Note that nothing is missing up to a day."""
        whole = self._whole
        if whole and whole > day and not days_between(day, whole):
            day = whole
        await note_success(db, HISTORY, now, watermark=day.isoformat())

    async def missed_days(self, db: AsyncSession) -> list[date]:
        """Return the days to be filled up, oldest first."""
        filled, newest = await watermark(db, HISTORY), await watermark(db, DOCUMENTS)
        if filled is None or newest is None:
            return []
        until = newest + timedelta(days=newest == self._cut)
        return days_between(filled, until)[: self._most_days][::-1]


async def watermark(db: AsyncSession, name: str) -> date | None:
    """Return the day a source has come to."""
    text = (await source_state(db, name)).watermark
    return date.fromisoformat(text) if text else None
