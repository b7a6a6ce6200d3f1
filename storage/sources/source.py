"""What every source of papers offers, and how it may fail."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from storage.catalogue import NewPaper

Now = Callable[[], datetime]
"""What time it is: aware, UTC."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits for so many seconds, as `asyncio.sleep` does."""


class SourceUnavailable(Exception):
    """The source gave nothing usable: keep yesterday's catalogue and ask again later.

    why: one word for logs and people, such as `rate_limited`; nothing a source wrote.
    retry_after: how long to leave the source alone, None when the caller may choose.
    """

    def __init__(self, why: str, retry_after: timedelta | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after = retry_after


class SourceResting(SourceUnavailable):
    """Nobody was asked: the source is to be left alone for `retry_after`, or its line is long."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("resting", retry_after)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source handed over at once.

    day: the day the document says it is for, None when the source has no such thing.
    validator: what to give to the next `fetch`, so that nothing unchanged is sent again.
    is_whole: False when the document was too short for all papers of its day.
    """

    papers: tuple[NewPaper, ...]
    day: date | None = None
    validator: str | None = None
    is_whole: bool = True


class PaperSource(Protocol):
    """Where new papers come from."""

    @property
    def name(self) -> str:
        """Its row in `sources`."""

    async def fetch(self, validator: str | None = None) -> Fetched | None:
        """Return the newest papers; None when nothing changed since `validator` was given.

        Raises SourceUnavailable; a document is used whole or not at all.
        """
