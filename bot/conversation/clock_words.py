"""Times of day in English words, and what somebody's own clock shows at this moment.

"half past eight", "quarter to nine in the evening", "eight thirty"; and "it is 14:05 here now",
from which it follows how far a place is from UTC, though not yet which place it is.
"""

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.conversation import german_clock, zones

_WORD_NAMES = "one two three four five six seven eight nine ten eleven twelve"
_WORDS = tuple(_WORD_NAMES.split())
_MINUTES = {
    "a quarter": 15,
    "quarter": 15,
    "half": 30,
    "five": 5,
    "ten": 10,
    "twenty": 20,
    "twenty-five": 25,
    "twenty five": 25,
}
_BEHIND = {"fifteen": 15, "thirty": 30, "forty-five": 45, "forty five": 45}
_HOUR = rf"(?P<hour>{'|'.join(_WORDS)}|[0-9]{{1,2}})"
_PART = r"(?: (?P<part>am|a\.m\.?|pm|p\.m\.?|(?:in the )?(?:morning|afternoon|evening)|at night))?"
_PAST = re.compile(
    rf"(?P<minutes>{'|'.join(_MINUTES)}|[0-9]{{1,2}})(?: minutes?)? (?P<way>past|after|to|before) "
    rf"{_HOUR}(?: o['’]?clock)?{_PART}"
)
_SPOKEN = re.compile(rf"{_HOUR}(?: (?P<behind>{'|'.join(_BEHIND)}|o['’]?clock))?{_PART}")
_CLOCK = (
    r"(?P<hour>[0-9]{1,2})(?:[:.h](?P<minute>[0-9]{2})(?::[0-9]{2})?)?"
    r" ?(?P<half>am|pm|a\.m\.?|p\.m\.?)?"
)
_BEFORE = r"(?:(?:it is|it's|it’s|its|the time is|my (?:clock|time|watch) (?:is|says|shows)) )"
_NOW = r"(?: (?:here|now|right now|just now|at the moment|local time|my time|for me))"
_SAID = re.compile(rf"(?:(?:here|now) )?{_BEFORE}(?:now )?{_CLOCK}{_NOW}*[.!]?")
_HERE = re.compile(rf"{_CLOCK}{_NOW}+[.!]?")
_SAID_IN_WORDS = re.compile(rf"(?:(?:here|now) )?{_BEFORE}(?:now )?(?P<words>.+?){_NOW}*[.!]?")
_NAMES_HALF = re.compile(r" (?:[ap]m|[ap]\.m\.?|morning|afternoon|evening|night)$")
_STEP = 15  # minutes: no zone of today lies between
_EARLIEST, _LATEST = -12 * 60, 14 * 60  # minutes from UTC that places keep


def spoken(phrase: str) -> time | None:
    """Return the time of day that a folded phrase of words names; None for any other phrase.

    A bare number, in digits or in a word, is none: it may count papers.
    """
    if found := _PAST.fullmatch(phrase):
        minutes = _MINUTES.get(found["minutes"]) or int(found["minutes"])
        return _time(found, -minutes if found["way"] in ("to", "before") else minutes)
    found = _SPOKEN.fullmatch(phrase)
    if found is None or not (found["behind"] or found["part"]):
        return None
    return _time(found, _BEHIND.get(found["behind"] or "", 0))


def number(word: str) -> int | None:
    """Return the number of a word from one to twelve."""
    return _WORDS.index(word) + 1 if word in _WORDS else None


def _time(found: re.Match[str], minutes: int) -> time | None:
    written = found["hour"]
    hour = number(written) or int(written)
    part = (found["part"] or "").replace(".", "").removeprefix("in the ")
    if hour > (12 if part else 23) or abs(minutes) > 59:
        return None
    total = _of_day(hour, part) * 60 + minutes
    if not part and hour == 1 and total < 60:
        total += 12 * 60  # a quarter to one is before lunch, not in the middle of the night
    total %= 24 * 60
    return time(total // 60, total % 60)


def _of_day(hour: int, part: str) -> int:
    """Return the hour of the day, by the part of it that was named; 24 is the end of a night."""
    match part:
        case "am" | "morning":
            return hour % 12
        case "pm" | "afternoon" | "evening":
            return hour % 12 + 12
        case "at night":
            return hour + 12 if hour > 5 else hour
        case _:
            return hour


# ---------------------------------------------------------------- what a clock shows


def shown_now(text: str) -> tuple[time, ...]:
    """Return what a clock is said to show now; nothing for a text that says no such thing.

    Of a time that may be before or after noon both are returned.
    """
    phrase = zones.folded(text).strip()
    found = _SAID.fullmatch(phrase) or _HERE.fullmatch(phrase)
    if found is None:
        return _shown_in_words(phrase) or german_clock.shown_now(phrase)
    hour, minute, half = found["hour"], int(found["minute"] or 0), found["half"]
    hours = [int(hour)]
    if half:
        hours = [int(hour) % 12 + 12 * half.startswith("p")] if 1 <= int(hour) <= 12 else []
    elif 1 <= int(hour) <= 12 and not hour.startswith("0"):
        hours.append((int(hour) + 12) % 24)
    return tuple(time(h, minute) for h in hours if h < 24 and minute < 60)


def _shown_in_words(phrase: str) -> tuple[time, ...]:
    found = _SAID_IN_WORDS.fullmatch(phrase)
    at = spoken(found["words"]) if found else None
    if found is None or at is None:
        return ()
    is_open = 1 <= at.hour <= 12 and not _NAMES_HALF.search(found["words"])
    return (at, at.replace(hour=(at.hour + 12) % 24)) if is_open else (at,)


def offsets(shown: time, now: datetime) -> tuple[timedelta, ...]:
    """Return how far from UTC a clock may be that shows this now, most likely first.

    now: aware. A clock may be some minutes wrong; near the date line two days are possible.
    """
    there, here = shown.hour * 60 + shown.minute, now.hour * 60 + now.minute
    apart = round((there - here) / _STEP) * _STEP
    possible = {apart + days for days in (-24 * 60, 0, 24 * 60)}
    within = sorted((m for m in possible if _EARLIEST <= m <= _LATEST), key=abs)
    return tuple(timedelta(minutes=minutes) for minutes in within)


def places(shown: tuple[time, ...], now: datetime, most: int) -> list[str]:
    """Return zones whose clocks show one of these times now, those of many readers first."""
    wanted = {offset for one in shown for offset in offsets(one, now)}
    for known in (zones.well_known(), zones.usual()):
        keeps = [zone for zone in known if now.astimezone(ZoneInfo(zone)).utcoffset() in wanted]
        if keeps:
            return keeps[:most]
    return []
