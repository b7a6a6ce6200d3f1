"""Which time it is, and how to wait. Only the house owns a clock; others are given it.

What is waited for on the wall's time (the next look at a source, a night) goes through the
clock; whatever limits or paces goes by monotonic time, and nobody can move that.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

_GLANCE = 0.25  # seconds between two looks at a file that may have moved the time
_NAP = 20.0  # seconds between two looks at the wall: a machine that was suspended has missed some


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Return the time now, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait until so much time has passed on this clock, or in the machine's waking hours."""


async def _slept(clock: Clock, seconds: float, nap: float) -> None:
    """Sleep in naps and look at the clock after each.

    Timers stand still while a machine is suspended, and the wall's time does not. Nor must
    a clock that is set back make anybody sleep longer than was asked for.
    """
    wall, awake = clock() + timedelta(seconds=seconds), time.monotonic() + seconds
    while (left := min((wall - clock()).total_seconds(), awake - time.monotonic())) > 0:  # noqa: ASYNC110
        await asyncio.sleep(min(left, nap))


class MachineClock:
    """The machine's own time.

    wall: what the machine says; nap: the longest time, in seconds, without a look at it.
    """

    def __init__(
        self, wall: Callable[[], datetime] = lambda: datetime.now(UTC), nap: float = _NAP
    ) -> None:
        self._wall = wall
        self._nap = nap

    def __call__(self) -> datetime:
        return self._wall()

    async def sleep(self, seconds: float) -> None:
        await _slept(self, seconds, self._nap)


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
        await _slept(self, seconds, _GLANCE)
