"""Times that no clock shows, such as "it is 25:00 here": which part of them cannot be, and why."""

import re
from collections.abc import Iterator

from bot.conversation.day_parts import Part, apart, said
from bot.conversation.language import _
from bot.conversation.words import schedule as words

_HALF = r"(?P<half>am|pm|a\.m\.?|p\.m\.?)"
_BEGINS = r"(?<![0-9.:+−-])"  # neither the middle of a number nor how far a zone is from UTC
_TIMES = (
    re.compile(
        rf"{_BEGINS}(?P<hour>[0-9]{{1,6}})[:.h](?P<minute>[0-9]{{2}})(?![0-9])(?: ?{_HALF}\b)?"
    ),
    re.compile(rf"{_BEGINS}(?P<hour>[0-9]{{2}})(?P<minute>[0-9]{{2}})(?![0-9:.])"),
    re.compile(
        rf"{_BEGINS}(?P<hour>[0-9]{{1,6}}) ?"
        rf"(?:{_HALF}\b|h\b|o['’]?clock|uhr\b(?: (?P<minute>[0-9]{{2}}))?)"
    ),
    re.compile(r"\b(?:past|after|to|before|nach|vor|halb) (?P<hour>[0-9]{1,6})(?![0-9:.])"),
    re.compile(
        r"\b(?P<minute>[0-9]{1,6})(?: minuten?| minutes?)? (?:past|after|before|nach|vor)\b"
    ),
)
_OF_A_CLOCK = re.compile(
    r"\b(?:it is|it['’]?s|time is|my (?:clock|time|watch)|here|now"
    r"|es ist|ist es|hier|jetzt|bei mir)\b"
)


def what_is_wrong(
    hour: int,
    minute: int,
    *,
    is_half: bool = False,
    is_clock: bool = False,
    part: Part | None = None,
) -> str:
    """Return which part no clock shows and what to send instead, empty for a time that there is.

    is_half: whether "am" or "pm" stands behind. is_clock: whether it was to be what a clock shows,
        and not when the digest is to come. part: of the day, where one is named.
    """
    example = _(words.A_CLOCK if is_clock else words.A_TIME)
    if is_half and not 1 <= hour <= 12:
        return words.no_half_day(hour, example)
    if hour > 23:
        return words.no_such_hour(hour, example)
    if minute > 59:
        return words.no_such_minute(minute, example)
    if part and said(hour, minute).within(part) is None:
        return words.no_hour_of_part(hour, example)
    return ""


def impossible_in(phrase: str) -> str:
    """Return what is wrong with the first time in a folded phrase that no clock shows, or ""."""
    is_clock = bool(_OF_A_CLOCK.search(phrase))
    phrase, part = apart(phrase)
    if apart(phrase)[1]:
        part = None  # of several nobody knows which time each is for
    wrong = (
        what_is_wrong(
            1 if hour is None else hour,
            minute,
            is_half=is_half,
            is_clock=is_clock,
            part=None if hour is None else part,
        )
        for hour, minute, is_half in _times(phrase)
    )
    return next(filter(None, wrong), "")


def _times(phrase: str) -> Iterator[tuple[int | None, int, bool]]:
    """Yield hours, where they are known, minutes, and whether "am" or "pm" stands behind."""
    for form in _TIMES:
        for found in form.finditer(phrase):
            parts = found.groupdict()
            hour = parts.get("hour")
            yield (
                int(hour) if hour else None,
                int(parts.get("minute") or 0),
                bool(parts.get("half")),
            )
