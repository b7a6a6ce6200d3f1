"""When digests come, what a schedule may be, and what was not understood of one."""

from datetime import date

from bot.conversation.language import N_, _, ngettext
from bot.conversation.words.moments import days, long_day
from bot.conversation.zones import shown
from bot.schedule import Schedule

EVERY_DAY_BUTTON = N_("Every day")
WEEKDAYS_BUTTON = N_("Weekdays")
WEEKLY_BUTTON = N_("Weekly")


def papers_button(count: int) -> str:
    return ngettext("{n} paper", "{n} papers", count).format(n=count)


def schedule_in_words(schedule: Schedule) -> str:
    """A phrase that stands inside a sentence or alone, see `capital`."""
    count = schedule.picks
    said = ngettext(
        "{n} paper, {days} at {time} ({zone})", "{n} papers, {days} at {time} ({zone})", count
    ).format(
        n=count, days=days(schedule.days), time=f"{schedule.at:%H:%M}", zone=shown(schedule.zone)
    )
    if schedule.is_quiet:
        said = _("{schedule}, without a sound").format(schedule=said)
    if not schedule.is_filled:
        said = _("{schedule}, only a line on days without new ones").format(schedule=said)
    return said


def next_digest(when: str, place: str) -> str:
    """place: a platform's name, or "here"."""
    if place == "here":
        return _("The next one comes on {when}.").format(when=when)
    return _("The next one comes to your {platform} messages on {when}.").format(
        platform=place.title(), when=when
    )


def digest_in_a_moment(place: str) -> str:
    """place: a platform's name, or "here"."""
    if place == "here":
        return _("Today's comes in a moment.")
    return _("Today's comes to your {platform} messages in a moment.").format(
        platform=place.title()
    )


SCHEDULE_EXAMPLES = N_(
    "To change it, tap below or write /schedule with any of: hour, city or zone, days, number of "
    "papers. For example /schedule 08:30 Berlin weekdays 5. Write quiet or loud for its sound, and "
    "for days without new papers: best for the best older ones, or line for only a line."
)
ZONE_IS_UNKNOWN = N_("I do not know your time zone yet, so UTC holds: write your city.")
OFFSET_HAS_NO_SUMMER = N_(
    "This zone has no summer time; write your city instead, and I follow its clocks."
)
SCHEDULE_TOO_LONG = N_(
    "That is too long for a schedule, so nothing was changed: write something like "
    "/schedule 08:30 Berlin weekdays 5."
)
WEEKLY_IS_ONE_DAY = N_(
    "Weekly means one day, and you named several, so nothing was changed: leave out “weekly”, "
    "or name one day."
)


def not_a_schedule(token: str, nearest: str | None) -> str:
    if nearest:
        return _(
            "I did not understand “{token}”, so nothing was changed: did you mean {nearest}? "
            "Write something like /schedule 08:30 Berlin weekdays 5."
        ).format(token=token, nearest=nearest)
    return _(
        "I did not understand “{token}”, so nothing was changed: write something like "
        "/schedule 08:30 Berlin weekdays 5."
    ).format(token=token)


def several_clocks(place: str) -> str:
    return _(
        "{place} has more than one clock, so nothing was changed: write your city instead."
    ).format(place=place)


def ambiguous_zone(name: str) -> str:
    return _(
        "{name} can mean more than one clock, so nothing was changed: write your city instead, "
        "such as New York."
    ).format(name=name)


def no_such_offset(phrase: str) -> str:
    return _(
        "No zone of mine keeps {phrase}, so nothing was changed: write your city instead."
    ).format(phrase=phrase)


A_TIME = N_("08:30 or 8 pm")
A_CLOCK = N_("/schedule it is 14:05 here now")


def no_such_hour(hour: int, example: str) -> str:
    return _(
        "There is no hour {hour}, so nothing was changed: hours go from 0 to 23. Write something "
        "like {example}."
    ).format(hour=hour, example=example)


def no_such_minute(minute: int, example: str) -> str:
    return _(
        "There is no minute {minute}, so nothing was changed: minutes go from 00 to 59. Write "
        "something like {example}."
    ).format(minute=minute, example=example)


def no_half_day(hour: int, example: str) -> str:
    return _(
        "There is no hour {hour} with am or pm, so nothing was changed: there they go from 1 to "
        "12. Write something like {example}."
    ).format(hour=hour, example=example)


def no_hour_of_part(hour: int, example: str) -> str:
    return _(
        "There is no hour {hour} at that part of the day, so nothing was changed. Write something "
        "like {example}."
    ).format(hour=hour, example=example)


HOUR_IS_MISSING = N_(
    "I know the part of the day, but not the hour, so nothing was changed: write it too, like 8 in "
    "the evening."
)
SAID_TWICE = {
    "times": N_(
        "I found two different times, so nothing was changed: send it again with one of them."
    ),
    "zones": N_(
        "I found two different zones, so nothing was changed: send it again with one of them."
    ),
    "numbers": N_(
        "I found two different numbers, so nothing was changed: send it again with one of them."
    ),
    "sounds": N_(
        "I found two different wishes for the sound, so nothing was changed: send it again with "
        "one of them."
    ),
    "empty_days": N_(
        "I found two different wishes for empty days, so nothing was changed: send it again with "
        "one of them."
    ),
    "days": N_(
        "I found two different kinds of days, so nothing was changed: send it again with one of "
        "them."
    ),
}


def said_twice(what: str) -> str:
    """what: a key of `SAID_TWICE`."""
    return _(SAID_TWICE[what])


def too_many_papers(most: int) -> str:
    return _(
        "A digest holds 1 to {most} papers, so nothing was changed: send such a number."
    ).format(most=most)


def read_as_hour(hour: int) -> str:
    return ngettext(
        "I read {n} as the hour; for the number of papers write “{n} paper”.",
        "I read {n} as the hour; for the number of papers write “{n} papers”.",
        hour,
    ).format(n=hour)


PAUSED_FOR_EVER = N_("The digest is paused until you send /resume. Everything else goes on.")
PAUSE_WANTS_DAYS = N_(
    "Write a number of days from 1 to 365 behind /pause, such as /pause 7, or nothing to pause "
    "until /resume. Nothing was changed."
)


def paused_until(day: date) -> str:
    return _("The digest is paused until {day}. /resume starts it earlier.").format(
        day=long_day(day)
    )


DIGEST_OFF = N_("The digest is off. /resume starts it.")
RESUMED = N_("The digest is on again.")
UNREACHABLE = {
    "blocked": N_("I could not reach you with the last digest, because I was blocked here."),
    "dms_closed": N_(
        "I could not send the last digest, because your direct messages are closed to me: open "
        "them, then send /resume."
    ),
}
COULD_NOT_REACH = {
    "blocked": N_("I sent no digest since I was blocked here; now that you are back, I do again."),
    "dms_closed": N_(
        "I sent no digest since your direct messages were closed to me; now that you are back, I "
        "do again."
    ),
}
COULD_NOT_REACH_OTHERWISE = N_(
    "I sent no digest since this chat could not be reached; now that you are back, I do again."
)
UNREACHABLE_OTHERWISE = N_("I could not deliver the last digest to this chat. /resume tries again.")
