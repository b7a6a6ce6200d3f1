"""When is a reader's digest due? Pure: nothing here asks what time it is.

The day of a delivery is the reader's local day *for which* it is due, not the date on
which it was sent: clock changes around midnight carry a late digest over midnight, and a
key made of the sending date would then skip one day and double the next.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a reader wants the digest.

    at: local time of day, whole minutes.
    zone: an IANA name, "UTC" until the reader says where they are.
    days: 0 is Monday … 6 is Sunday; never empty.
    picks: papers in a digest, 1 … 10.
    is_quiet: it comes without a sound.
    is_filled: a day without new papers brings the best unseen of the last days; otherwise a
        line that says so.
    """

    at: time = time(8, 0)
    zone: str = "UTC"
    days: frozenset[int] = WEEKDAYS
    picks: int = 5
    is_quiet: bool = False
    is_filled: bool = True


@dataclass(frozen=True, slots=True)
class Due:
    """One digest that is owed: for which local day, and from which moment on (UTC)."""

    day: date
    moment: datetime


def due_at(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the UTC moment at which the digest for the reader's local `day` is due.

    A time that the clocks skip is served at the first minute that exists; one that they
    repeat, the first time. A skipped time may fall on the next local date (Nuuk), and a
    zone may skip a whole day (Apia): the moment is still defined, and never earlier than
    that of the day before.
    """
    local = datetime.combine(day, at, tzinfo=zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    return _end_of_gap(moment, zone)


def _end_of_gap(inside: datetime, zone: ZoneInfo) -> datetime:
    """Return the clock change that skipped a local time.

    inside: what PEP 495 makes of the skipped time with fold=0: it counts on with the
        offset from before the gap, which lands after the change by as much as the time
        lies inside the gap, at most 24 hours (Apia, Kwajalein).
    """
    before, after = inside - timedelta(hours=26), inside
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def exists(day: date, zone: ZoneInfo) -> bool:
    """Return whether a zone's calendar has this day; Apia had no 30 December 2011."""
    return due_at(day, time.min, zone) != due_at(day, time(23, 59, 59), zone)


def is_belated(due: Due, schedule: Schedule) -> bool:
    """Return whether a digest comes later than its hour, as when the hour was moved behind now."""
    return due.moment > due_at(due.day, schedule.at, ZoneInfo(schedule.zone))


def upcoming(schedule: Schedule, after: datetime) -> Iterator[Due]:
    """Yield every digest due strictly after a UTC moment, in order, without end."""
    zone = ZoneInfo(schedule.zone)
    day = after.astimezone(zone).date() - timedelta(days=2)
    while True:
        if day.weekday() in schedule.days and exists(day, zone):
            moment = due_at(day, schedule.at, zone)
            if moment > after:
                yield Due(day, moment)
        day += timedelta(days=1)


@lru_cache(maxsize=4096)  # in one minute thousands of readers ask for the same
def next_due(schedule: Schedule, after: datetime) -> Due:
    """Return the first digest due strictly after a UTC moment."""
    return next(upcoming(schedule, after))


def end_of_pause(schedule: Schedule, now: datetime, days: int) -> datetime:
    """Return when a pause of so many days ends: with a local day, so that its digest comes."""
    zone = ZoneInfo(schedule.zone)
    day = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time.min, tzinfo=zone)
