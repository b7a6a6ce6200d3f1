"""When does arXiv announce what? Pure; the rules are arXiv's availability page.

What is submitted by 14:00 US Eastern is announced the same evening at 20:00, Sunday to
Thursday, and stands in the feed that is built at the midnight after. An *announcement day*
is the date of that feed, Monday to Friday. Holidays move announcements and are not known
here: a paper then counts by the day it would have had.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
DEADLINE = time(14)
_DAY = timedelta(days=1)


def eastern_day(moment: datetime) -> date:
    """Return arXiv's date at a moment."""
    return moment.astimezone(EASTERN).date()


def is_announcement_day(day: date) -> bool:
    return day.weekday() < 5


def announcement_day(submitted: datetime) -> date:
    """Return the day of the feed that announces a paper submitted at this moment."""
    local = submitted.astimezone(EASTERN)
    day = local.date() + (_DAY if local.time() >= DEADLINE else timedelta())
    while not is_announcement_day(day):
        day += _DAY
    return _next(day)


def submitted_for(day: date) -> tuple[datetime, datetime]:
    """Return from when (included) until when (excluded) papers of an announcement day came in."""
    end = days_before(day, 1)[0]
    start = days_before(end, 1)[0]
    return _deadline(start), _deadline(end)


def days_between(after: date, before: date) -> list[date]:
    """Return the announcement days strictly between two dates, newest first."""
    days = (before - _DAY * n for n in range(1, (before - after).days))
    return [day for day in days if is_announcement_day(day)]


def days_before(day: date, count: int) -> list[date]:
    """Return the last `count` announcement days before a date, newest first."""
    return days_between(day - _DAY * (2 * count + 4), day)[:count]


def _next(day: date) -> date:
    day += _DAY
    while not is_announcement_day(day):
        day += _DAY
    return day


def _deadline(day: date) -> datetime:
    return datetime.combine(day, DEADLINE, EASTERN).astimezone(UTC)
