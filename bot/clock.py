"""Which time it is, and how to wait. Only the house owns a clock; others are given it.

What is waited for on the wall's time (the next look at a source, a night) goes through the
clock; whatever limits or paces goes by monotonic time, and nobody can move that.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

_GLANCE = 0.25  # seconds between two looks at a file that may have moved the time


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Return the time now, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait until so much time has passed on this clock."""


class MachineClock:
    """The machine's own time."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class FileClock:
    """The machine's time, ahead by as many seconds as a file says; for tests of whole weeks.

    Every process that reads the file leaps at the same moment. Replace the file whole, by
    renaming another over it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self._path.read_text()))

    async def sleep(self, seconds: float) -> None:
        end = self() + timedelta(seconds=seconds)
        while (left := (end - self()).total_seconds()) > 0:  # noqa: ASYNC110  nobody tells of a leap
            await asyncio.sleep(min(left, _GLANCE))
