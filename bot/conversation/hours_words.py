"""What is said while an hour or a clock is being chosen."""

from collections.abc import Sequence
from datetime import timedelta

from bot.conversation.language import N_, _

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
