"""What is said while an hour or a clock is being chosen."""

from collections.abc import Sequence
from datetime import timedelta

from bot.conversation.language import N_, _
from bot.conversation.zones import city

OTHER_HOUR = N_("Other hour")
BACK_TO_SCHEDULE = N_("‹ Back")
CHOOSE_HOUR = N_(
    "At which hour shall your digest come? Tap one; for another minute write it, such as "
    "/schedule 08:30 or /schedule half past eight."
)
NO_SUCH_CLOCK = N_(
    "No zone of mine shows that time now, so nothing was changed: look at your clock again, or "
    "write your city, such as /schedule Berlin."
)


_CALLED_OTHERWISE = {
    "Africa/Cairo": N_("Cairo"),
    "America/Mexico_City": N_("Mexico City"),
    "Asia/Hong_Kong": N_("Hong Kong"),
    "Asia/Karachi": N_("Karachi"),
    "Asia/Kolkata": N_("Kolkata"),
    "Asia/Riyadh": N_("Riyadh"),
    "Asia/Singapore": N_("Singapore"),
    "Asia/Tehran": N_("Tehran"),
    "Asia/Tokyo": N_("Tokyo"),
    "Europe/Athens": N_("Athens"),
    "Europe/Brussels": N_("Brussels"),
    "Europe/Bucharest": N_("Bucharest"),
    "Europe/Copenhagen": N_("Copenhagen"),
    "Europe/Lisbon": N_("Lisbon"),
    "Europe/Moscow": N_("Moscow"),
    "Europe/Prague": N_("Prague"),
    "Europe/Rome": N_("Rome"),
    "Europe/Vienna": N_("Vienna"),
    "Europe/Warsaw": N_("Warsaw"),
    "Europe/Zurich": N_("Zurich"),
}
"""Places of well-known zones that other languages have names of their own for."""


def place(zone: str) -> str:
    """Return the place that a zone is named after, as readers call it."""
    return _(_CALLED_OTHERWISE.get(zone, city(zone)))


def then_on(moments: Sequence[str]) -> str:
    """moments: the second and the third digest, each as a day with its hour."""
    second, third = moments
    return _("After that on {second} and on {third}.").format(second=second, third=third)


def day_and_hour(day: str, hour: str) -> str:
    return _("{day} at {time}").format(day=day, time=hour)


def which_place(clock: str, offsets: Sequence[str]) -> str:
    """clock: what theirs shows. offsets: how far that may be from UTC, such as "UTC+2"."""
    return _(
        "When your clock shows {time}, you are at {offset}. Tap a place that has your clock: I "
        "follow its summer time too. If none of them does, write your city, such as /schedule "
        "Berlin. Nothing was changed yet."
    ).format(time=clock, offset=either(offsets))


def either(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("{first} or {last}").format(first=", ".join(names[:-1]), last=names[-1])


def utc_offset(offset: timedelta) -> str:
    """Return how far a clock is from UTC: "UTC+5:30". The same in every language."""
    minutes = round(offset / timedelta(minutes=1))
    hours, rest = divmod(abs(minutes), 60)
    sign = "−" if minutes < 0 else "+"
    return f"UTC{sign}{hours}{f':{rest:02}' if rest else ''}" if minutes else "UTC"
