"""What people write behind /schedule: `[HH:MM] [zone] [daily|weekdays|weekly|mon,wed] [1–10]`,
`[quiet|loud]` and `[best|line]`, which is for days without new papers.

Every part is optional and in any order, in English or German, whatever is spoken otherwise. A
bare number is the hour, as "8" alone mostly is; with a time beside it, it is the number of papers
("8:30 5", "8 5"). "5 papers" always is. A part of the day belongs to the hour, wherever it stands.
Whatever is not understood, or said twice, changes nothing and is answered by one sentence.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import time

from bot.conversation import clock_words, day_parts, german_clock, words, zones
from bot.conversation.day_parts import Part, Said, said
from bot.conversation.impossible_times import impossible_in, what_is_wrong
from bot.conversation.language import _
from bot.conversation.text import clipped, visible
from bot.schedule import EVERY_DAY, WEEKDAYS, Schedule

MOST_PAPERS = 10
_LONGEST = 200
_LONGEST_PHRASE = 7  # words: "twenty five past eight in the evening"
_WEEKEND = EVERY_DAY - WEEKDAYS

_CLOCK = re.compile(r"([0-9]{1,2})[:.h]([0-9]{2}) ?(am|pm|a\.m\.?|p\.m\.?)?|([0-9]{2})([0-9]{2})")
_HALF_DAY = re.compile(r"([0-9]{1,2}) ?(am|pm|a\.m\.?|p\.m\.?)")
_O_CLOCK = re.compile(r"([0-9]{1,2}) ?(?:h|o'?clock|o’clock|uhr)")
_PAPERS = re.compile(r"([0-9]{1,6}) ?(?:papers?|picks?|artikel|vorschlage|x)|x ?([0-9]{1,6})")
_NUMBER = re.compile(r"[0-9]{1,6}")
_NAMED_TIMES = {
    **dict.fromkeys(("noon", "12 noon"), Said(12 * 60)),
    **dict.fromkeys(("midnight", "12 midnight", "mitternacht", "mitternachts"), Said(0)),
}
_ONE_DAY = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)(?:s|r|rs|(?:s|nes|rs|ur)?days?)?")
_DAY_RANGE = re.compile(r"([a-z]+) ?(?:-|–|to|until|bis|\.\.) ?([a-z]+)")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GERMAN_DAYS = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_NAMED_DAYS = {
    "daily": EVERY_DAY,
    "every day": EVERY_DAY,
    "everyday": EVERY_DAY,
    "weekdays": WEEKDAYS,
    "weekday": WEEKDAYS,
    "workdays": WEEKDAYS,
    "weekend": _WEEKEND,
    "weekends": _WEEKEND,
    **dict.fromkeys(("taglich", "taeglich", "jeden tag", "alle tage"), EVERY_DAY),
    **dict.fromkeys(("werktags", "werktage", "wochentags", "wochentage", "arbeitstags"), WEEKDAYS),
    **dict.fromkeys(("wochenende", "wochenenden", "am wochenende"), _WEEKEND),
}
_WEEKLY = frozenset(["weekly", "once a week", "every week"])
_WEEKLY |= {"wochentlich", "woechentlich", "einmal die woche", "jede woche", "einmal pro woche"}
_SOUNDS = {
    **dict.fromkeys(("quiet", "quietly", "silent", "silently", "without sound", "no sound"), True),
    **dict.fromkeys(("leise", "still", "stumm", "lautlos", "ohne ton"), True),
    **dict.fromkeys(("loud", "with sound", "sound", "laut", "mit ton", "ton"), False),
}
_EMPTY_DAYS = {
    **dict.fromkeys(("best", "best of the week", "older papers"), True),
    **dict.fromkeys(("beste", "die besten", "altere", "altere paper"), True),
    **dict.fromkeys(("line", "a line", "only a line", "just a line"), False),
    **dict.fromkeys(("zeile", "eine zeile", "nur eine zeile", "nur zeile"), False),
}
_FILLER_WORDS = (
    "at on in every each and the & time zone papers o'clock "
    "um am im jeden jede je und die der uhr zeit zeitzone uhrzeit paper"
)
_FILLERS = frozenset(_FILLER_WORDS.split())
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Understood:
    """A schedule that can be stored. `remark` says how something open was read, mostly empty."""

    schedule: Schedule
    is_zone_given: bool
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """One sentence that says what to do next; nothing is to be changed."""

    sentence: str


class _Trouble(Exception):
    """Carries the sentence out of the reading."""


@dataclass(slots=True)
class _Heard:
    """What was found so far."""

    times: list[Said] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    zones: list[str] = field(default_factory=list)
    day_sets: list[frozenset[int]] = field(default_factory=list)
    papers: list[int] = field(default_factory=list)
    bare: list[int] = field(default_factory=list)
    quiet: list[bool] = field(default_factory=list)
    filled: list[bool] = field(default_factory=list)
    is_weekly: bool = False
    is_offset: bool = False


def understand(text: str, present: Schedule, weekday: int) -> Understood | Misunderstood:
    """Return the schedule that a phrase asks for; parts that it leaves out stay.

    weekday: the reader's today, 0 is Monday: what `weekly` means without a day.
    """
    phrase = visible(text)
    if max(len(phrase), len(zones.folded(phrase))) > _LONGEST:
        return Misunderstood(_(words.SCHEDULE_TOO_LONG))
    heard = _Heard()
    try:
        _listen(_tokens(phrase), heard)
        remark = _settle_numbers(heard)
        return Understood(_applied(heard, present, weekday), bool(heard.zones), remark)
    except _Trouble as trouble:
        return Misunderstood(impossible_in(zones.folded(phrase)) or str(trouble))


def _tokens(phrase: str) -> list[tuple[str, str]]:
    """Return each word folded for comparing, and as it was written, for saying it again."""
    return [
        (token, word)
        for word in _BETWEEN.split(phrase.strip(" ,;"))
        for token in _BETWEEN.split(zones.folded(word).strip(" ,;"))
    ]


def _listen(tokens: list[tuple[str, str]], heard: _Heard) -> None:
    """Take the longest phrase that means something, again and again."""
    at = 0
    while at < len(tokens):
        for length in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
            phrase = " ".join(token for token, _word in tokens[at : at + length])
            if any(hear(phrase, heard) for hear in _HEARERS):
                at += length
                break
        else:
            _refuse(*tokens[at])


def _refuse(token: str, written: str) -> None:
    if token in zones.SEVERAL:
        raise _Trouble(words.several_clocks(token.title() if len(token) > 3 else token.upper()))
    if token in zones.ABBREVIATIONS:
        raise _Trouble(words.ambiguous_zone(token.upper()))
    raise _Trouble(words.not_a_schedule(clipped(written, 30), zones.nearest(token)))


def _hear_time(phrase: str, heard: _Heard) -> bool:
    one = _said(phrase)
    if one is not None:
        heard.times.append(one)
    return one is not None


def _said(phrase: str) -> Said | None:
    """Return the time that a phrase names, in any of our languages; a bare number is none."""
    if phrase in _NAMED_TIMES:
        return _NAMED_TIMES[phrase]
    if found := _CLOCK.fullmatch(phrase):
        return _time(int(found[1] or found[4]), int(found[2] or found[5]), found[3])
    if found := _HALF_DAY.fullmatch(phrase):
        return _time(int(found[1]), 0, found[2])
    if found := _O_CLOCK.fullmatch(phrase):
        return _time(int(found[1]), 0, None)
    english = clock_words.spoken(phrase)
    return german_clock.spoken(phrase) if english is None else english


def _time(hour: int, minute: int, half: str | None) -> Said:
    if wrong := what_is_wrong(hour, minute, is_half=half is not None):
        raise _Trouble(wrong)
    if half is None:
        return said(hour, minute)
    return Said((hour % 12 + 12 * half.startswith("p")) * 60 + minute)


def _hear_part(phrase: str, heard: _Heard) -> bool:
    """Hear a part of the day; a bare number beside it is its hour."""
    if part := day_parts.part_in(phrase):
        heard.parts.append(part)
        return True
    found = day_parts.beside(phrase)
    if found is None:
        return False
    words_beside, part = found
    one, hour = _said(words_beside), _number(words_beside)
    if one is None and hour is not None:
        one = _time(hour, 0, None)
        if part is Part.NOON and one.within(part) is None:
            return False  # noon is a time by itself, and "5 mittags" five papers then
    if one is None:
        return False
    heard.times.append(one)
    heard.parts.append(part)
    return True


def _number(word: str) -> int | None:
    if re.fullmatch("[0-9]{1,2}", word):
        return int(word)
    return clock_words.number(word) or german_clock.number(word)


def _hear_papers(phrase: str, heard: _Heard) -> bool:
    found = _PAPERS.fullmatch(phrase)
    word, _space, papers = phrase.partition(" ")
    if found:
        heard.papers.append(int(found[1] or found[2]))
    elif papers in ("paper", "papers") and (count := _number(word)):
        heard.papers.append(count)
        return True
    return found is not None


def _hear_days(phrase: str, heard: _Heard) -> bool:
    if phrase in _WEEKLY:
        heard.is_weekly = True
    elif phrase in _NAMED_DAYS:
        heard.day_sets.append(_NAMED_DAYS[phrase])
    elif (day := _weekday(phrase)) is not None:
        heard.day_sets.append(frozenset([day]))
    elif days := _day_range(phrase):
        heard.day_sets.append(days)
    else:
        return False
    return True


def _weekday(phrase: str) -> int | None:
    """Return the day that a word names, 0 is Monday; None for another word."""
    if found := _ONE_DAY.fullmatch(phrase):
        return _DAYS.index(found[1])
    word = phrase.removesuffix(".").removesuffix("s").replace("sonnabend", "samstag")
    german = (n for n, name in enumerate(_GERMAN_DAYS) if word in (name, name[:2]))
    return next(german, None)


def _day_range(phrase: str) -> frozenset[int]:
    """Return the days from one to another, none for another phrase."""
    found = _DAY_RANGE.fullmatch(phrase)
    ends = [_weekday(end) for end in found.groups()] if found else []
    if not ends or ends[0] is None or ends[1] is None:
        return frozenset()
    length = (ends[1] - ends[0]) % 7 + 1
    return frozenset((ends[0] + n) % 7 for n in range(length))


def _hear_manner(phrase: str, heard: _Heard) -> bool:
    if phrase in _SOUNDS:
        heard.quiet.append(_SOUNDS[phrase])
    elif phrase in _EMPTY_DAYS:
        heard.filled.append(_EMPTY_DAYS[phrase])
    else:
        return False
    return True


def _hear_zone(phrase: str, heard: _Heard) -> bool:
    by_offset = zones.offset(phrase)
    if by_offset == "":
        raise _Trouble(words.no_such_offset(phrase))
    zone = by_offset or zones.named(phrase)
    if zone is None:
        return False
    heard.is_offset |= bool(by_offset) and by_offset != "UTC"
    heard.zones.append(zone)
    return True


def _hear_number(phrase: str, heard: _Heard) -> bool:
    if _NUMBER.fullmatch(phrase):
        heard.bare.append(int(phrase))
        return True
    if count := _number(phrase):
        heard.bare.append(count)
        return True
    return phrase in _FILLERS or not phrase


_HEARERS: tuple[Callable[[str, _Heard], bool], ...] = (
    _hear_time,
    _hear_part,
    _hear_papers,
    _hear_days,
    _hear_manner,
    _hear_zone,
    _hear_number,
)


def _settle_numbers(heard: _Heard) -> str:
    """Decide what bare numbers are, and return what to say about it."""
    numbers, remark = list(heard.bare), ""
    if Part.NOON in heard.parts and not heard.times:
        heard.times.append(_NAMED_TIMES["noon"])
    if numbers and not heard.times:
        hour = numbers.pop(0)
        if wrong := what_is_wrong(hour, 0):
            raise _Trouble(wrong)
        heard.times.append(said(hour))
        if 1 <= hour <= MOST_PAPERS and not (heard.papers or heard.parts or numbers):
            remark = words.read_as_hour(hour)
    heard.papers += numbers
    if heard.is_offset:
        remark = " ".join(filter(None, (remark, _(words.OFFSET_HAS_NO_SUMMER))))
    return remark


def _times(heard: _Heard) -> list[time]:
    """Return the times of the day that were named, each in its part of the day."""
    if not heard.parts:
        return [one.at for one in heard.times]
    if not heard.times:
        raise _Trouble(_(words.HOUR_IS_MISSING))
    if len(set(heard.parts)) > 1:
        raise _Trouble(words.said_twice("times"))
    times = {one: one.within(heard.parts[0]) for one in heard.times}
    for one, at in times.items():
        if at is None and len(times) > 1:
            raise _Trouble(words.said_twice("times"))
        if at is None:
            raise _Trouble(words.no_hour_of_part(one.at.hour, _(words.A_TIME)))
    return [at for at in times.values() if at is not None]


def _applied(heard: _Heard, present: Schedule, weekday: int) -> Schedule:
    """Return the present schedule with what was heard put in."""
    times = _times(heard)
    once: tuple[tuple[Sequence[object], str], ...] = (
        (times, "times"),
        (heard.zones, "zones"),
        (heard.papers, "numbers"),
        (heard.quiet, "sounds"),
        (heard.filled, "empty_days"),
    )
    for found, name in once:
        if len(set(found)) > 1:
            raise _Trouble(words.said_twice(name))
    if any(not 1 <= papers <= MOST_PAPERS for papers in heard.papers):
        raise _Trouble(words.too_many_papers(MOST_PAPERS))
    changed = replace(present, days=_days(heard, present, weekday))
    if times:
        changed = replace(changed, at=times[0])
    if heard.zones:
        changed = replace(changed, zone=heard.zones[0])
    if heard.papers:
        changed = replace(changed, picks=heard.papers[0])
    if heard.quiet:
        changed = replace(changed, is_quiet=heard.quiet[0])
    if heard.filled:
        changed = replace(changed, is_filled=heard.filled[0])
    return changed


def _days(heard: _Heard, present: Schedule, weekday: int) -> frozenset[int]:
    days = frozenset[int]().union(*heard.day_sets)
    if heard.is_weekly:
        if len(days) > 1:
            raise _Trouble(_(words.WEEKLY_IS_ONE_DAY))
        return days or frozenset([weekday])
    if EVERY_DAY in heard.day_sets and len(set(heard.day_sets)) > 1:
        raise _Trouble(words.said_twice("days"))
    return days or present.days
