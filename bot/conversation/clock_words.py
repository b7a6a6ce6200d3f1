"""Times of day in English words, and what somebody's own clock shows at this moment.

"half past eight", "quarter to nine pm", "eight thirty"; and "it is 14:05 here now",
from which it follows how far a place is from UTC, though not yet which place it is.
"""

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.conversation import day_parts, german_clock, zones
from bot.conversation.day_parts import Part, Said, said

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
_HALF = r"(?: (?P<half>am|a\.m\.?|pm|p\.m\.?))?"
_PAST = re.compile(
    rf"(?P<minutes>{'|'.join(_MINUTES)}|[0-9]{{1,2}})(?: minutes?)? (?P<way>past|after|to|before) "
    rf"{_HOUR}(?: o['’]?clock)?{_HALF}"
)
_SPOKEN = re.compile(rf"{_HOUR}(?: (?P<behind>{'|'.join(_BEHIND)}|o['’]?clock))?{_HALF}")
_CLOCK = (
    r"(?P<hour>[0-9]{1,2})(?:[:.h](?P<minute>[0-9]{2})(?::[0-9]{2})?)?"
    r" ?(?P<half>am|pm|a\.m\.?|p\.m\.?)?"
)
_BEFORE = r"(?:(?:it is|it's|it’s|its|the time is|my (?:clock|time|watch) (?:is|says|shows)) )"
_NOW = r"(?: (?:here|now|right now|just now|at the moment|local time|my time|for me))"
_SAID = re.compile(rf"(?:(?:here|now) )?{_BEFORE}(?:now )?{_CLOCK}{_NOW}*[.!]?")
_HERE = re.compile(rf"{_CLOCK}{_NOW}+[.!]?")
_SAID_IN_WORDS = re.compile(rf"(?:(?:here|now) )?{_BEFORE}(?:now )?(?P<words>.+?){_NOW}*[.!]?")
_STEP = 15  # minutes: no zone of today lies between
_EARLIEST, _LATEST = -12 * 60, 14 * 60  # minutes from UTC that places keep


def spoken(phrase: str) -> Said | None:
    """Return the time of day that a folded phrase of words names; None for any other phrase.

    A bare number, in digits or in a word, is none: it may count papers.
    """
    if found := _PAST.fullmatch(phrase):
        minutes = _MINUTES.get(found["minutes"]) or int(found["minutes"])
        return _said(found, -minutes if found["way"] in ("to", "before") else minutes)
    found = _SPOKEN.fullmatch(phrase)
    if found is None or not (found["behind"] or found["half"]):
        return None
    return _said(found, _BEHIND.get(found["behind"] or "", 0))


def number(word: str) -> int | None:
    """Return the number of a word from one to twelve."""
    return _WORDS.index(word) + 1 if word in _WORDS else None


def _said(found: re.Match[str], minutes: int) -> Said | None:
    hour, half = number(found["hour"]) or int(found["hour"]), found["half"]
    if hour > (12 if half else 23) or abs(minutes) > 59:
        return None
    one = said(hour, minutes)
    if half:
        at = one.within(Part.MORNING if half.startswith("a") else Part.PM)
        return None if at is None else Said(at.hour * 60 + at.minute)
    if hour == 1 and minutes < 0:  # a quarter to one is before lunch, not at night
        return Said((one.minutes + 12 * 60) % (24 * 60), is_open=True)
    return one


# ---------------------------------------------------------------- what a clock shows


def shown_now(text: str) -> tuple[time, ...]:
    """Return what a clock is said to show now; nothing for a text that says no such thing.

    Of a time that may be before or after noon both are returned.
    """
    phrase, part = day_parts.apart(zones.folded(text).strip())
    shown = _shown(phrase)
    return shown if part is None else tuple(one for one in shown if day_parts.holds(part, one))


def _shown(phrase: str) -> tuple[time, ...]:
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
    shown = spoken(found["words"]) if found else None
    return shown.readings if shown else ()


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
