"""Parts of the day, which tell one eight o'clock from the other: "8 in the evening", "abends um 8".

They may stand before a time, behind it or apart from it, in any of our languages. Phrases are
folded (`zones.folded`).
"""

import re
from dataclasses import dataclass
from datetime import time
from enum import Enum

_NOON, _DAY = 12 * 60, 24 * 60


class Part(Enum):
    """value: the hours when it begins and ends, at most twelve apart; 24 and more are tomorrow's.

    What clocks show within them is generous: people go to bed, and get up, at many hours.
    """

    MORNING = (0, 12)
    FORENOON = (1, 13)
    NOON = (10, 16)
    AFTERNOON = (12, 20)
    PM = (12, 24)
    EVENING = (15, 25)
    NIGHT = (18, 30)


@dataclass(frozen=True, slots=True)
class Said:
    """A time as it was said. minutes: since midnight. is_open: it may be twelve hours off."""

    minutes: int
    is_open: bool = False

    @property
    def at(self) -> time:
        return time(self.minutes // 60, self.minutes % 60)

    @property
    def readings(self) -> tuple[time, ...]:
        """Return what it may mean, the plainer one first."""
        other = Said((self.minutes + _NOON) % _DAY)
        return (self.at, other.at) if self.is_open else (self.at,)

    def within(self, part: Part) -> time | None:
        """Return what it means in a part of the day, None where it cannot be meant."""
        return next((one for one in self.readings if holds(part, one)), None)


def said(hour: int, minutes: int = 0) -> Said:
    """hour: 0 to 23, as it was said. minutes: beside it, below 0 for those before it."""
    return Said((hour * 60 + minutes) % _DAY, is_open=1 <= hour <= 12)


def holds(part: Part, at: time) -> bool:
    begins, ends = (hour * 60 for hour in part.value)
    minutes = at.hour * 60 + at.minute
    return begins <= minutes < ends or begins <= minutes + _DAY < ends


_NAMES = {
    Part.MORNING: r"(?:in the )?mornings?|am morgen|morgens|(?:in der )?fruh",
    Part.FORENOON: r"(?:am )?vormittags?",
    Part.NOON: r"(?:am )?mittags?",
    Part.AFTERNOON: r"(?:in the )?afternoons?|(?:am )?nachmittags?",
    Part.EVENING: r"(?:in the )?evenings?|(?:am )?abends?",
    Part.NIGHT: r"(?:at |in the )?nights?|(?:in der )?nachts?",
}
_NAMED = "|".join(f"(?P<{part.name}>{names})" for part, names in _NAMES.items())
_PART = re.compile(_NAMED)
_WITHIN = re.compile(rf"(?:^| )(?:{_NAMED})(?=$|[ .!])")
_BEHIND = re.compile(rf"(?P<time>.+?) (?:{_NAMED})")  # "8:30 am abend" is no "8:30 am"
_BEFORE = re.compile(rf"(?:{_NAMED}) (?:um|gegen|at) (?P<time>.+)")


def part_in(phrase: str) -> Part | None:
    """Return the part of the day that a phrase is; None for any other phrase."""
    return _of(_PART.fullmatch(phrase))


def apart(phrase: str) -> tuple[str, Part | None]:
    """Return a phrase without the first part of the day that it names, and that part."""
    found = _WITHIN.search(phrase)
    return (phrase[: found.start()] + phrase[found.end() :] if found else phrase).strip(), _of(
        found
    )


def beside(phrase: str) -> tuple[str, Part] | None:
    """Return what stands beside a part of the day, and that: "8 abends", "mittags um eins"."""
    found = _BEHIND.fullmatch(phrase) or _BEFORE.fullmatch(phrase)
    part = _of(found)
    return (found["time"], part) if found and part else None


def _of(found: re.Match[str] | None) -> Part | None:
    if found is None:
        return None
    return next(part for part in _NAMES if found[part.name] is not None)
