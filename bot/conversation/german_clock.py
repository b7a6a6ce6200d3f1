"""Times of day in German words: "halb neun", "Viertel vor acht", "20 Uhr 15", "acht Uhr".

Phrases are folded (`zones.folded`), so that "fünf" and "zwölf" stand here without dots.
"""

import re
from datetime import time

from bot.conversation.day_parts import Said, said

_HOUR_NAMES = "ein|eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf"
_HOURS = {
    name: hour for hour, names in enumerate(_HOUR_NAMES.split(), 1) for name in names.split("|")
}
_MINUTES = {"funf": 5, "zehn": 10, "viertel": 15, "zwanzig": 20}
_LATER = {"funfzehn": 15, "zwanzig": 20, "dreissig": 30, "vierzig": 40, "funfundvierzig": 45}
_HOUR = rf"({'|'.join(_HOURS)}|[0-9]{{1,2}})"
_MINUTE = rf"({'|'.join(_MINUTES)}|[0-9]{{1,2}})"
_HALF = re.compile(rf"(?:{_MINUTE} (vor|nach) )?halb ?{_HOUR}(?: uhr)?")
_QUARTERS = re.compile(rf"(dreiviertel|drei viertel) {_HOUR}(?: uhr)?")
_BESIDE = re.compile(rf"{_MINUTE}(?: minuten?)? (vor|nach) {_HOUR}(?: uhr)?")
# Behind "Uhr" a number up to ten counts papers, as it does beside any time.
_BEHIND = rf"({'|'.join(_LATER)}|0[0-9]|1[1-9]|[2-5][0-9])"
_FULL = re.compile(rf"{_HOUR} ?uhr(?: {_BEHIND})?")


def spoken(phrase: str) -> Said | None:
    """Return the time of day that a folded phrase names; None for any other phrase.

    A bare number, in digits or in a word, is none: it may count papers.
    """
    if found := _HALF.fullmatch(phrase):
        beside = _signed(found[1], found[2]) if found[1] else 0
        return _said(found[3], beside - 30)
    if found := _QUARTERS.fullmatch(phrase):
        return _said(found[2], -15)
    if found := _BESIDE.fullmatch(phrase):
        return _said(found[3], _signed(found[1], found[2]))
    if found := _FULL.fullmatch(phrase):
        return _said(found[1], _minutes(found[2]) if found[2] else 0)
    return None


_NOW = r"(?: (?:hier|jetzt|gerade|bei mir|nun|ortszeit))"
_SHOWN = re.compile(
    rf"(?:(?:hier|bei mir|jetzt) )?(?:es ist|ist es|ist)(?:{_NOW})* "
    rf"([0-9]{{1,2}})(?:[:.]([0-9]{{2}}))?(?: uhr(?: ([0-9]{{2}}))?)?(?:{_NOW})*[.!]?"
)


def shown_now(phrase: str) -> tuple[time, ...]:
    """Return what a clock is said to show now ("hier ist es 14:05"); nothing for another phrase.

    Of a time that may be before or after noon both are returned.
    """
    found = _SHOWN.fullmatch(phrase)
    if found is None:
        return ()
    hour, minute = int(found[1]), int(found[2] or found[3] or 0)
    hours = [hour, (hour + 12) % 24] if found[1] in map(str, range(1, 13)) else [hour]
    return tuple(time(h, minute) for h in hours if h < 24 and minute < 60)


def number(word: str) -> int | None:
    """Return the number of a word from one to twelve."""
    return _HOURS.get(word)


def _minutes(word: str) -> int:
    named = _MINUTES | _LATER
    return named[word] if word in named else int(word)


def _signed(word: str, way: str) -> int:
    return -_minutes(word) if way == "vor" else _minutes(word)


def _said(word: str, minutes: int) -> Said | None:
    hour = _HOURS[word] if word in _HOURS else int(word)
    return None if hour > 23 or abs(minutes) > 59 else said(hour, minutes)
