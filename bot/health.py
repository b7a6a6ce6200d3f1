"""Which parts of a process go on, as they last said themselves; for whoever restarts it.

A part that is expected to say so again and again, and does not, has stopped, whatever it said
last: a loop that hangs can tell nobody that it does.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """How a part stands. trouble: a few words, None for a part that goes on."""

    part: str
    trouble: str | None = None


class Part:
    """One part of a process, which says of itself how it stands.

    within: seconds in which it must say again that it goes on; None for one that says so once.
    clock: monotonic seconds.
    """

    def __init__(self, within: float | None, clock: Callable[[], float]) -> None:
        self._usual = self._within = within
        self._clock = clock
        self._trouble: str | None = "has not begun"
        self._said = clock()

    def goes_on(self, within: float | None = None) -> None:
        """within: seconds until it says so again, where this once it may take longer."""
        self._within = self._usual if within is None else within
        self._trouble, self._said = None, self._clock()

    def is_away(self, why: str) -> None:
        """why: a few words of ours, never a library's."""
        self._trouble, self._said = why, self._clock()

    @property
    def trouble(self) -> str | None:
        silence = self._clock() - self._said
        if self._trouble is None and self._within is not None and silence > self._within:
            return f"silent for {silence:.0f} s"
        return self._trouble


class Health:
    """The parts of one process, in the order in which they were named."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._parts: dict[str, Part] = {}

    def part(self, name: str, within: float | None = None) -> Part:
        """Return a part that stands as not begun; one of the same name is replaced."""
        self._parts[name] = Part(within, self._clock)
        return self._parts[name]

    def standings(self) -> list[Standing]:
        return [Standing(name, part.trouble) for name, part in self._parts.items()]
