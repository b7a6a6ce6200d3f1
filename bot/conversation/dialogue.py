"""What we answer: messages made of what the desk said. Pure; `service` decides which.

Where `words` has the sentences and `cards` the papers, this has the order: welcome, menu,
status, help and lists.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import partial
from itertools import islice
from zoneinfo import ZoneInfo

from bot.conversation import hours_words, words
from bot.conversation.cards import list_message
from bot.conversation.clock_words import places
from bot.conversation.commands import COMMANDS, name_in
from bot.conversation.language import ENGLISH, _, spoken
from bot.conversation.messages import ROW, Button, Message, Rows, Span, Style, plain
from bot.conversation.ports import Delivery, Offer, Reader, Status
from bot.conversation.sought import fitting, packed
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.text import clipped, isolated, visible
from bot.schedule import EVERY_DAY, WEEKDAYS, Due, Schedule, is_belated, upcoming

SAVED_PAGE = 10
# What people write for what we call otherwise.
_MEANT = {
    **dict.fromkeys(("stop", "unsubscribe", "off", "cancel"), "pause"),
    **dict.fromkeys(("settings", "time", "timezone", "hour", "when"), "schedule"),
    **dict.fromkeys(("next", "more", "paper", "papers", "new"), "pick"),
    **dict.fromkeys(("digest", "daily"), "today"),
    **dict.fromkeys(("bookmarks", "library", "list"), "saved"),
    **dict.fromkeys(("lang", "english", "deutsch", "german"), "language"),
    **dict.fromkeys(("stopp", "aus", "abbestellen", "anhalten"), "pause"),
    **dict.fromkeys(("einstellungen", "zeit", "wann", "uhrzeit", "plan"), "schedule"),
    **dict.fromkeys(("neu", "weiter", "nächstes"), "pick"),
    **dict.fromkeys(("merkliste", "gespeichert", "liste"), "saved"),
    **dict.fromkeys(("koppeln", "verbinden"), "link"),
}
_FOR_EVER = 9000  # a year no pause of ours with an end can reach
_HOURS = ("07:00", "08:00", "09:00", "18:00")
HOURS, BACK = "hours", "back"  # what buttons of the schedule ask for that change nothing
_PLACES = 12  # in four rows of three: their names are long
_COUNTS = (1, 3, 5, 7, 10)
_ZONES = (
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Tokyo",
)


def text(sentence: str, *, buttons: Rows = ()) -> Message:
    return Message(text=plain(sentence), buttons=buttons)


def welcome(reader: Reader, *, is_invited: bool = False) -> Message:
    """Return three lines: what we do, how we learn, and that the digest is on."""
    greeted = partial(words.welcome, is_new=reader.is_new, is_invited=is_invited)
    if not reader.push_place:
        return text(greeted(digest=push_state(reader)))
    digest = words.digest_is_on(reader.schedule)
    change = ((Button(_(words.CHANGE), encode(Tap(Act.SCHEDULE))),),)
    return text(greeted(digest=digest), buttons=change)


def nothing_left(*, is_sample: bool) -> Message:
    return text(_(words.NOTHING_LEFT_SAMPLE if is_sample else words.NOTHING_LEFT))


def schedule_menu(reader: Reader, opening: str = "") -> Message:
    """Return the present schedule, the next due moment, and buttons to change both.

    opening: what was just stored; who writes a schedule needs no examples of one.
    """
    lines: list[Span | str] = [f"{opening}\n"] if opening else []
    lines.append(Span(schedule_line(reader.schedule), Style.BOLD))
    lines.append(f"\n{push_state(reader)}")
    if following := _following(reader):
        lines.append(f" {hours_words.then_on(following)}")
    if not reader.is_zone_known:
        lines.append(f"\n{_(words.ZONE_IS_UNKNOWN)}")
    if not opening:
        lines.append(f"\n\n{_(words.SCHEDULE_EXAMPLES)}")
    return Message(text=plain(*lines), buttons=_schedule_buttons(reader))


def schedule_line(schedule: Schedule) -> str:
    """Return a schedule as a line of its own."""
    return _capital(words.schedule_in_words(schedule))


def _following(reader: Reader) -> list[str]:
    """Return the two digests behind the next one; nothing while none is owed."""
    if reader.due is None or not reader.push_place or reader.unreachable:
        return []
    zone = ZoneInfo(reader.schedule.zone)
    moments = islice(upcoming(reader.schedule, reader.due.moment), 2)
    local = [due.moment.astimezone(zone) for due in moments]
    return [hours_words.day_and_hour(words.long_day(m.date()), f"{m:%H:%M}") for m in local]


def hours_menu(reader: Reader) -> Message:
    """Return a button for each hour of the day, and one that leads back."""
    present = f"{reader.schedule.at:%H:%M}"
    hours = [f"{hour:02}:00" for hour in range(24)]
    buttons = [Button(h, _schedule_data(h), is_chosen=h == present) for h in hours]
    buttons.append(Button(_(hours_words.BACK_TO_SCHEDULE), _schedule_data(BACK)))
    rows = tuple(tuple(buttons[at : at + ROW]) for at in range(0, len(buttons), ROW))
    return text(_(hours_words.CHOOSE_HOUR), buttons=rows)


def places_menu(clocks: tuple[time, ...], now: datetime) -> Message:
    """Return places whose clocks show one of these times now, each with a button."""
    found = places(clocks, now, _PLACES)
    if not found:
        return text(_(hours_words.NO_SUCH_CLOCK))
    kept = [now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta() for zone in found]
    distances = [hours_words.utc_offset(offset) for offset in dict.fromkeys(kept)]
    buttons = [Button(hours_words.place(zone), _schedule_data(zone)) for zone in found]
    rows = tuple(tuple(buttons[at : at + 3]) for at in range(0, len(buttons), 3))
    clock = hours_words.either([f"{one:%H:%M}" for one in clocks])
    return text(hours_words.which_place(clock, distances), buttons=rows)


def push_state(reader: Reader) -> str:
    """Return whether digests come, when the next one is due and where it goes."""
    if is_paused_for_ever(reader):
        return _(words.PAUSED_FOR_EVER)
    if not reader.is_pushed:
        return _(words.DIGEST_OFF)
    if reader.unreachable:
        return _(words.UNREACHABLE.get(reader.unreachable, words.UNREACHABLE_OTHERWISE))
    due = _(words.DIGEST_ONLY_ASKED)
    if reader.push_place and reader.due is not None:
        due = _next_digest(reader.due, reader.schedule, reader.push_place)
    if reader.paused_until is None:
        return due
    return f"{words.paused_until(reader.local_day(reader.paused_until))} {due}"


def _next_digest(due: Due, schedule: Schedule, place: str) -> str:
    if is_belated(due, schedule):
        return words.digest_in_a_moment(place)
    return words.next_digest(words.moment(due, schedule.zone), place)


def back_again(reader: Reader) -> str:
    """Return that digests could not be delivered until now, and when the next one comes."""
    why = _(words.COULD_NOT_REACH.get(reader.back_from, words.COULD_NOT_REACH_OTHERWISE))
    return f"{why} {push_state(reader)}"


def paused(reader: Reader) -> Message:
    return text(push_state(reader), buttons=((_button(_(words.RESUME), Act.RESUME),),))


def resumed(reader: Reader) -> Message:
    state = f"{_(words.RESUMED)} {_capital(words.schedule_in_words(reader.schedule))}."
    change = _button(_(words.CHANGE), Act.SCHEDULE)
    return text(f"{state} {push_state(reader)}", buttons=((change,),))


def is_paused_for_ever(reader: Reader) -> bool:
    return reader.paused_until is not None and is_for_ever(reader.paused_until)


def is_for_ever(until: datetime) -> bool:
    """Return whether a pause that lasts until then is one without an end."""
    return until.year >= _FOR_EVER


def status(found: Status, now: datetime) -> Message:
    """Return what is known, when the last and the next digest come, and how fresh papers are."""
    reader = found.reader
    last = found.last
    lines = [
        words.taste(found.likes, found.skips, found.saved),
        *([words.taught(found.taught)] if found.taught else []),
        "",
        f"{_capital(words.schedule_in_words(reader.schedule))}. {push_state(reader)}",
        _last_digest(reader, last) if last else _(words.NO_DIGEST_YET),
        *_why_not_today(found, now),
        "",
        words.catalogue(
            found.papers,
            _day(found.newest_day),
            words.ago(now, found.newest) if found.newest and not found.is_sample else "",
        ),
    ]
    if found.is_sample:
        lines.append(_(words.STATUS_SAMPLE))
    if found.source_troubles:
        lines.append(words.source_trouble([visible(t) for t in found.source_troubles[:5]]))
    if found.model:
        lines.append(words.model(visible(found.model)))
    buttons = (_button(_(words.CHANGE), Act.SCHEDULE), _button(_(words.NEXT_PAPER), Act.NEXT))
    return text("\n".join(clipped(line, 400) for line in lines), buttons=(buttons,))


def _last_digest(reader: Reader, last: Delivery) -> str:
    retry = last.retry.astimezone(ZoneInfo(reader.schedule.zone)) if last.retry else None
    return words.last_digest(
        last.state, last.due.day, last.reason, f"{retry:%H:%M}" if retry else ""
    )


def _why_not_today(found: Status, now: datetime) -> list[str]:
    """Return why no digest came today, where neither the last nor the next one says it."""
    reader = found.reader
    if reader.due is None or reader.paused_until is not None or reader.unreachable:
        return []
    today = reader.local_day(now)
    if reader.due.moment <= now:
        at = reader.due.moment.astimezone(ZoneInfo(reader.schedule.zone))
        return [words.digest_is_late(reader.due.day, f"{at:%H:%M}")]
    if reader.due.day <= today or (found.last and found.last.due.day >= today):
        return []
    is_a_day = today.weekday() in reader.schedule.days
    return [_(words.HOUR_HAD_PASSED if is_a_day else words.NO_DAY_TODAY)]


def help_message() -> Message:
    lines: list[Span | str] = [_(words.HELP_OPENING)]
    for spec in COMMANDS:
        lines += ["\n", Span(f"/{spec.name}", Style.BOLD), f"  {_(spec.description)}"]
    lines.append(f"\n\n{_(words.HELP_CLOSING)}")
    return Message(text=plain(*lines))


def unknown_command(name: str) -> Message:
    """Return one line with the nearest command; what cannot be a name is not repeated."""
    known = {name_in(code, c.name): c.name for c in COMMANDS for code in (spoken(), ENGLISH)}
    is_name = re.fullmatch(r"[a-z0-9_]{1,32}", name) is not None
    close = get_close_matches(name, known, n=1, cutoff=0.5) if len(name) <= 32 else []
    nearest = _MEANT.get(name) or next((known[one] for one in close), None)
    return text(words.unknown_command(name if is_name else "", nearest))


def saved_page(
    offers: Sequence[Offer], total: int, page: int, sought: str = "", tags: Sequence[str] = ()
) -> Message:
    """Return one page of saved papers, with buttons to the pages beside it and to some tags.

    sought: the words that all of them have, empty when nothing was looked for.
    """
    pages = -(-total // SAVED_PAGE)
    if total == 0:
        return text(words.nothing_found(isolated(sought)) if sought else _(words.NOTHING_SAVED))
    if not offers:
        return text(words.no_saved_page(pages))
    first = (page - 1) * SAVED_PAGE + 1
    turns, behind = [], f",{packed(sought)}" if sought else ""
    if page > 1:
        turns.append(_button(_(words.NEWER), Act.LIST, f"saved,{page - 1}{behind}"))
    if page < pages:
        turns.append(_button(_(words.OLDER), Act.LIST, f"saved,{page + 1}{behind}"))
    last = first + len(offers) - 1
    heading = (
        words.found_heading(isolated(sought), first, last, total)
        if sought
        else words.saved_heading(first, last, total)
    )
    listed = tuple(
        _button(tag, Act.LIST, f"saved,1,{packed(tag)}") for tag in tags if fitting(tag) == tag
    )[:ROW]
    rows = tuple(row for row in (tuple(turns), listed) if row)
    return list_message(heading, offers, first=first, buttons=rows)


def _schedule_buttons(reader: Reader) -> Rows:
    """Return five rows: hours, days, papers, zones, and the pause with the manner."""
    present = reader.schedule

    def choice(label: str, phrase: str, is_chosen: bool) -> Button:
        return Button(label, encode(Tap(Act.SCHEDULE, argument=phrase)), is_chosen=is_chosen)

    other = Button(_(hours_words.OTHER_HOUR), _schedule_data(HOURS))
    hours = (*(choice(h, h, f"{present.at:%H:%M}" == h) for h in _HOURS), other)
    days = (
        choice(_(words.EVERY_DAY_BUTTON), "daily", present.days == EVERY_DAY),
        choice(_(words.WEEKDAYS_BUTTON), "weekdays", present.days == WEEKDAYS),
        choice(_(words.WEEKLY_BUTTON), "weekly", len(present.days) == 1),
    )
    counts = tuple(
        choice(words.papers_button(n), f"{n} papers", present.picks == n) for n in _COUNTS
    )
    places = tuple(
        choice(hours_words.place(zone), zone, reader.is_zone_known and present.zone == zone)
        for zone in _ZONES
    )
    is_on = reader.is_pushed and reader.paused_until is None
    last = _button(_(words.PAUSE), Act.PAUSE) if is_on else _button(_(words.RESUME), Act.RESUME)
    is_quiet, is_filled = present.is_quiet, present.is_filled
    manner = (
        choice(_(words.QUIET), "loud" if is_quiet else "quiet", is_quiet),
        choice(_(words.ONLY_A_LINE), "line" if is_filled else "best", not is_filled),
    )
    return (hours, days, counts, places, (last, *manner))


def _schedule_data(phrase: str) -> str:
    return encode(Tap(Act.SCHEDULE, argument=phrase))


def _button(label: str, act: Act, argument: str = "") -> Button:
    return Button(label, encode(Tap(act, argument=argument)))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _day(iso: str) -> date | None:
    return date.fromisoformat(iso) if iso else None
