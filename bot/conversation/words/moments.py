"""Days, months and moments, as people say them."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.conversation.language import N_, _, ngettext
from bot.conversation.zones import shown
from bot.schedule import EVERY_DAY, WEEKDAYS, Due

_DAY_NAMES = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
_EVERY = (
    N_("every Monday"),
    N_("every Tuesday"),
    N_("every Wednesday"),
    N_("every Thursday"),
    N_("every Friday"),
    N_("every Saturday"),
    N_("every Sunday"),
)
_SHORT_NAMES = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
_MONTHS = (
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)


def long_day(day: date) -> str:
    return _("{weekday}, {day} {month}").format(
        weekday=_(_DAY_NAMES[day.weekday()]), day=day.day, month=_(_MONTHS[day.month - 1])
    )


def announced(day: date) -> str:
    return _("announced {day} {month} {year}").format(
        day=day.day, month=_(_MONTHS[day.month - 1]), year=day.year
    )


def moment(due: Due, zone: str) -> str:
    """The moment as the reader's own clock shows it."""
    local = due.moment.astimezone(ZoneInfo(zone))
    return _("{day} at {time} ({zone})").format(
        day=long_day(local.date()), time=f"{local:%H:%M}", zone=shown(zone)
    )


def days(chosen: frozenset[int]) -> str:
    if chosen == EVERY_DAY:
        return _("every day")
    if chosen == WEEKDAYS:
        return _("weekdays")
    if len(chosen) == 1:
        return _(_EVERY[min(chosen)])
    *first, last = (_(_SHORT_NAMES[day]) for day in sorted(chosen))
    return _("{names} and {last}").format(names=", ".join(first), last=last)


def ago(now: datetime, then: datetime) -> str:
    minutes = max(int((now - then) / timedelta(minutes=1)), 0)
    if minutes < 2:
        return _("just now")
    if minutes < 120:
        return ngettext("{n} minute ago", "{n} minutes ago", minutes).format(n=minutes)
    if minutes < 60 * 48:
        hours = minutes // 60
        return ngettext("{n} hour ago", "{n} hours ago", hours).format(n=hours)
    passed = minutes // (60 * 24)
    return ngettext("{n} day ago", "{n} days ago", passed).format(n=passed)
