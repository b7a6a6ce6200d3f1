"""Groups and channels that read as one: `/channel` for their administrators, votes for all.

Whoever speaks here speaks for the group: nothing of what a member likes in private is read or
written. Who may do what stands in `Person.group`, asked anew for every event.
"""

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.conversation import authority, dialogue, group_cards, group_words, words
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Joined, Person, Place, Platform, Pressed, Said
from bot.conversation.features import shows
from bot.conversation.group_phrases import What, Wish, chat_named, understood
from bot.conversation.language import ENGLISH, LANGUAGES, _, nearest, speak, speaking
from bot.conversation.messages import (
    ROW,
    Action,
    Button,
    Edit,
    Message,
    Redraw,
    Rows,
    Send,
    Span,
    Style,
    Toast,
    plain,
)
from bot.conversation.ports import Offer
from bot.conversation.schedule_words import Misunderstood, understand
from bot.conversation.taps import Tap
from bot.conversation.teaching import has_links
from bot.conversation.text import clipped, isolated, visible
from bot.schedule import EVERY_DAY, WEEKDAYS, Due, Schedule, is_belated
from recommender.feedback import Verdict
from recommender.papers import PaperId

CONFIRM_WITHIN = timedelta(minutes=10)
_HOURS = ("07:00", "08:00", "09:00", "12:00", "18:00")
_COUNTS = (1, 3, 5, 7, 10)
_LONGEST_TITLE = 60
_VERDICTS = {group_cards.FOR: Verdict.LIKE, group_cards.AGAINST: Verdict.SKIP}
_WHICH_LANGUAGE, _BACK = "language", "back"  # what buttons ask for that change nothing
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

Actions = AsyncGenerator[Action, None]


@dataclass(frozen=True, slots=True)
class Group:
    """A group as its administrators see it.

    due: the next digest, None while none is owed.
    stopped: why nothing can be sent there, empty if it can.
    categories: the only ones it reads; all of them when empty.
    language: as `users` keep it; in which its digests are written.
    """

    schedule: Schedule
    is_zone_known: bool = False
    language: str = ENGLISH
    is_pushed: bool = True
    paused_until: datetime | None = None
    due: Due | None = None
    stopped: str = ""
    categories: tuple[str, ...] = ()
    has_votes: bool = True
    has_threads: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a group; what is None stays. A schedule starts the digest as well."""

    schedule: Schedule | None = None
    is_zone_known: bool = False
    categories: tuple[str, ...] | None = None
    has_votes: bool | None = None
    has_threads: bool | None = None
    what: What | None = None
    days: int | None = None
    language: str | None = None


class Voted(StrEnum):
    """What became of a vote."""

    COUNTED = "counted"
    CHANGED = "changed"
    ALREADY = "already"
    OFF = "off"  # the group does not vote
    NOT_HERE = "not here"  # no card of this group


@dataclass(frozen=True, slots=True)
class Drawn:
    """What stands in a message of a group's: the papers in order, and the votes on them.

    alone: the one paper that the impression showed.
    """

    offers: Sequence[Offer]
    alone: Offer
    day: date
    tallies: group_cards.Tallies
    has_votes: bool
    language: str


class GroupDesk(Protocol):
    """What this part asks of the desk. Every method may raise TemporarilyUnavailable."""

    async def group(self, platform: Platform, place: Place) -> Group | None:
        """Return a group as it stands, None before anybody set it up."""

    async def change(self, admin: Person, place: Place, change: Change) -> Group:
        """Change a group, made with the default schedule if there is none yet."""

    async def forget(self, platform: Platform, place: Place) -> bool:
        """Delete everything about a group; return whether there was anything."""

    async def vote(
        self,
        member: Person,
        place: Place,
        paper: PaperId,
        impression: int,
        verdict: Verdict,
    ) -> Voted:
        """Let a member's vote stand. Nothing that a button says is trusted.

        A repeated event finds the vote already there, and is harmless by itself.
        """

    async def drawn(self, platform: Platform, place: Place, impression: int) -> Drawn | None:
        """Return what the message of an impression shows now; None when it is not this group's."""

    async def left(self, platform: Platform, place: Place) -> None:
        """Send nothing to a group any more, or to all of a server."""

    async def joined(self, platform: Platform, place: Place) -> bool:
        """Go on where the bot was taken in again; return whether anything was known there."""


class Groups:
    """Commands and buttons that are a group's, so that nobody becomes a reader by them.

    covered: the categories whose papers are taken in.
    """

    def __init__(
        self, desk: GroupDesk, clock: Callable[[], datetime], covered: Sequence[str]
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._covered = tuple(covered)

    # ------------------------------------------------------------------ coming and going

    async def left(self, platform: Platform, place: Place) -> None:
        await self._desk.left(platform, place)

    async def joined(self, joined: Joined) -> Actions:
        """Go on where the bot is back; greet a group that did not know it."""
        person, place = joined.person, joined.person.group
        if place is None or await self._desk.joined(person.platform, place):
            return
        if person.platform is Platform.TELEGRAM and not place.is_channel:
            yield Send(text(_(group_words.GREETING)))

    # ------------------------------------------------------------------ /channel

    async def asked(self, command: Command) -> Actions:
        person = command.person
        place = person.group
        if place is None:
            yield Send(_which(command))
            return
        group = await self._desk.group(person.platform, place)
        _speak_to_all(person, group)
        if place.is_nameless:
            yield Send(text(group_words.nameless(place.chat)))
            return
        if (refusal := _refusal(person.platform, place)) is not None:
            yield Send(text(refusal))
            return
        phrase = chat_named(command.text)[1] if person.is_private else command.text
        wish = understood(phrase, self._covered)
        if isinstance(wish, str):
            yield Send(text(wish))
        elif wish.is_empty:
            yield Send(self._menu(person, place, group))
        elif wish.language == "":
            yield Send(_language_menu(place, group))
        elif wish.what is What.FORGET:
            yield Send(self._asks_to_forget(place, group))
        else:
            yield Send(await self._answered(person, place, group, wish))

    async def is_meant(self, said: Said) -> bool:
        """Return whether somebody means to set a channel up by what they say in private.

        They name it, or forward a post of one that they administer and that has no digest yet;
        where it has one, a post with links in it teaches as any other does.
        """
        if authority.channel_alone(said):
            return True
        place = said.person.group
        if not said.forwarded_from or place is None or not place.is_channel or not place.is_admin:
            return False
        return not has_links(said) or await self._desk.group(said.person.platform, place) is None

    async def _answered(
        self, person: Person, place: Place, group: Group | None, wish: Wish
    ) -> Message:
        """Return how the group stands after a change, or what kept it from being made."""
        change = self._change_of(person, group, wish)
        if isinstance(change, str):
            return text(change)
        if place.may_post is False and _needs_to_post(change):
            return text(_(group_words.MAY_NOT_POST[person.platform]))
        changed = await self._desk.change(person, place, change)
        _speak_to_all(person, changed)
        return self._menu(person, place, changed, _(words.SCHEDULE_STORED))

    def _change_of(self, person: Person, group: Group | None, wish: Wish) -> Change | str:
        """Return what a wish changes, or one sentence that says why it cannot."""
        if wish.threads and person.platform is not Platform.DISCORD:
            return _(group_words.THREADS_ONLY_ON_DISCORD)
        change = Change(
            categories=wish.categories,
            has_votes=wish.votes,
            has_threads=wish.threads,
            what=wish.what,
            days=wish.days,
            language=wish.language,
        )
        if not wish.schedule:
            return change
        present = group.schedule if group else Schedule()
        found = understand(wish.schedule, present, self._weekday(present))
        if isinstance(found, Misunderstood):
            return found.sentence.replace("/schedule", f"/{authority.COMMAND}")
        is_known = found.is_zone_given or (group is not None and group.is_zone_known)
        return replace(change, schedule=found.schedule, is_zone_known=is_known)

    def _weekday(self, schedule: Schedule) -> int:
        return self._clock().astimezone(ZoneInfo(schedule.zone)).weekday()

    # ------------------------------------------------------------------ its buttons

    async def tapped(self, pressed: Pressed, tap: Tap) -> Actions:
        person, place = pressed.person, pressed.person.group
        chat, phrase = authority.setting_of(tap)
        if place is None or not chat or chat != place.chat:
            yield Toast(_(group_words.OLD_BUTTON))
            return
        if (refusal := _refusal(person.platform, place)) is not None:
            yield Toast(refusal)
            return
        group = await self._desk.group(person.platform, place)
        if phrase.startswith("forget"):
            async for action in self._forget_tapped(pressed, place, group, phrase):
                yield action
            return
        if phrase in (_WHICH_LANGUAGE, _BACK):
            _speak_to_all(person, group)
            is_back = phrase == _BACK
            menu = self._menu(person, place, group) if is_back else _language_menu(place, group)
            yield _in_place(pressed, menu)
            return
        wish = self._wish_of(phrase, group)
        change = wish if isinstance(wish, str) else self._change_of(person, group, wish)
        if isinstance(change, str):
            yield Toast(_(group_words.OLD_BUTTON))
            return
        if place.may_post is False and _needs_to_post(change):
            yield Toast(_(group_words.MAY_NOT_POST[person.platform]))
            return
        # Who tapped reads it alone, in their language.
        stored, is_so_already = _(words.SCHEDULE_STORED), _(words.ALREADY_SO)
        _speak_to_all(person, group)
        before = self._menu(person, place, group)
        changed = await self._desk.change(person, place, change)
        _speak_to_all(person, changed)
        after = self._menu(person, place, changed)
        is_so = before == after
        yield Toast(is_so_already if is_so else stored)
        if not (is_so and shows(pressed, after)):
            yield _in_place(pressed, after)

    def _wish_of(self, phrase: str, group: Group | None) -> Wish | str:
        """Return what a button wants: a phrase, or a category put in or taken out."""
        toggled = phrase.removeprefix("toggle ")
        if toggled == phrase:
            wish = understood(phrase, self._covered)
            return group_words.OLD_BUTTON if isinstance(wish, Wish) and wish.is_empty else wish
        if toggled not in self._covered:
            return group_words.OLD_BUTTON
        chosen = dict.fromkeys(group.categories if group else ())
        if chosen.pop(toggled, toggled) == toggled:
            chosen[toggled] = None
        return Wish(categories=tuple(chosen))

    async def _forget_tapped(
        self, pressed: Pressed, place: Place, group: Group | None, phrase: str
    ) -> Actions:
        if phrase == "forget no":
            yield Toast(_(group_words.NOT_FORGOTTEN))
            yield _in_place(pressed, text(_(group_words.NOT_FORGOTTEN)))
        elif not self._is_fresh(phrase):
            yield Toast(_(group_words.FORGET_AGAIN))
            yield _in_place(pressed, self._asks_to_forget(place, group))
        else:
            await self._desk.forget(pressed.person.platform, place)
            yield Toast(_(group_words.FORGOTTEN))
            yield _in_place(pressed, text(_(group_words.FORGOTTEN)))

    def _is_fresh(self, phrase: str) -> bool:
        found = re.fullmatch(r"forget yes ([0-9]{1,9})", phrase)
        if found is None:
            return False
        return 0 <= self._minute() - int(found[1]) <= CONFIRM_WITHIN / timedelta(minutes=1)

    def _minute(self) -> int:
        return int((self._clock() - _EPOCH) / timedelta(minutes=1))

    def _asks_to_forget(self, place: Place, group: Group | None) -> Message:
        if group is None:
            return text(_(group_words.NOTHING_TO_FORGET))
        yes = authority.setting(place.chat, f"forget yes {self._minute()}")
        no = authority.setting(place.chat, "forget no")
        row = (
            Button(_(group_words.FORGET_GROUP), yes),
            Button(_(group_words.KEEP_GROUP), no),
        )
        return text(_(group_words.FORGET_SURELY), buttons=(row,))

    # ------------------------------------------------------------------ votes

    async def voted(self, pressed: Pressed, tap: Tap) -> Actions:
        person, place = pressed.person, pressed.person.group
        verdict = _VERDICTS.get(tap.argument)
        if place is None or verdict is None or tap.paper is None or tap.impression is None:
            yield Toast(_(group_words.NOT_THIS_GROUPS))
            return
        outcome = await self._desk.vote(person, place, PaperId(tap.paper), tap.impression, verdict)
        yield Toast(_answer(outcome, verdict))
        if outcome in (Voted.COUNTED, Voted.CHANGED) and pressed.message is not None:
            draw = partial(
                self._drawn, person.platform, place, tap.impression, is_digest=tap.inside
            )
            yield Redraw(pressed.message, draw)

    async def _drawn(
        self, platform: Platform, place: Place, impression: int, *, is_digest: bool
    ) -> Message | None:
        """Return a message of the group's as it is to stand now, in the group's language."""
        found = await self._desk.drawn(platform, place, impression)
        if found is None:
            return None
        with speaking(found.language):
            if not is_digest:
                alone = found.alone
                votes = found.tallies.get(alone.paper.id)
                return group_cards.card_message(alone, votes, has_votes=found.has_votes)
            return group_cards.digest_message(
                found.offers,
                found.day,
                len(found.offers),
                found.tallies,
                has_votes=found.has_votes,
            )

    # ------------------------------------------------------------------ how it stands

    def _menu(
        self, person: Person, place: Place, group: Group | None, opening: str = ""
    ) -> Message:
        """Return how a group stands and, as buttons, what can be changed of it.

        opening: what was just stored; who writes a schedule needs no examples of one.
        """
        lines: list[Span | str] = []
        if person.is_private and place.title:
            title = isolated(clipped(visible(place.title), _LONGEST_TITLE))
            lines += [Span(title, Style.BOLD), "\n\n"]
        lines += [f"{opening}\n"] * bool(opening)
        if group is None:
            lines.append(_(group_words.NOT_YET))
        else:
            lines += [Span(dialogue.schedule_line(group.schedule), Style.BOLD), "\n"]
            lines.append("\n".join(_told(group)))
            if not opening:
                lines.append(f"\n\n{_(group_words.EXAMPLES)}")
        if place.may_post is False:
            lines.append(f"\n\n{_(group_words.MAY_NOT_POST[person.platform])}")
        return Message(plain(*lines), buttons=self._buttons(person, place, group))

    def _buttons(self, person: Person, place: Place, group: Group | None) -> Rows:
        """Return at most five rows: hours, days, papers, categories, and the rest."""

        def choice(label: str, phrase: str, is_chosen: bool = False) -> Button:
            return Button(label, authority.setting(place.chat, phrase), is_chosen=is_chosen)

        at, picks = (f"{group.schedule.at:%H:%M}", group.schedule.picks) if group else ("", 0)
        of_days = group.schedule.days if group else frozenset[int]()
        hours = tuple(choice(h, h, h == at) for h in _HOURS)
        days = (
            choice(_(words.EVERY_DAY_BUTTON), "daily", of_days == EVERY_DAY),
            choice(_(words.WEEKDAYS_BUTTON), "weekdays", of_days == WEEKDAYS),
            choice(_(words.WEEKLY_BUTTON), "weekly", len(of_days) == 1),
        )
        counts = tuple(choice(group_words.papers(n), f"{n} papers", n == picks) for n in _COUNTS)
        if group is None:
            return (hours, days, counts)
        topics = tuple(
            choice(name, f"toggle {name}", name in group.categories) for name in self._covered[:ROW]
        )
        is_on = group.is_pushed and group.paused_until is None and not group.stopped
        last = [
            choice(_(group_words.VOTES), _switch("votes", group.has_votes), group.has_votes),
        ]
        if person.platform is Platform.DISCORD:
            phrase = _switch("threads", group.has_threads)
            last.append(choice(_(group_words.THREADS), phrase, group.has_threads))
        last.append(choice(_(words.PAUSE), "pause") if is_on else choice(_(words.RESUME), "resume"))
        last += [choice(_(group_words.STOP), "stop")] * group.is_pushed
        last.append(choice(_(group_words.LANGUAGE), _WHICH_LANGUAGE))
        return (hours, days, counts, topics, tuple(last))


def _speak_to_all(person: Person, group: Group | None) -> None:
    """Speak a group's language from now on, where all of it read what is said.

    On Discord the asker alone does, and in private they do.
    """
    if group is not None and not person.is_private and person.platform is Platform.TELEGRAM:
        speak(group.language)


def _language_menu(place: Place, group: Group | None) -> Message:
    """Return a button for each language, in its own words, and one that leads back."""
    present = nearest(group.language) if group else ""
    languages = tuple(
        Button(
            native,
            authority.setting(place.chat, f"{_WHICH_LANGUAGE} {code}"),
            is_chosen=code == present,
        )
        for code, native in LANGUAGES.items()
    )
    back = Button(_(words.BACK), authority.setting(place.chat, _BACK))
    return text(_(group_words.WHICH_LANGUAGE), buttons=(languages, (back,)))


def _needs_to_post(change: Change) -> bool:
    """Return whether a digest would come after this; whoever wants none needs nothing for it."""
    return change.schedule is not None or change.what not in (What.PAUSE, What.STOP)


def _which(command: Command) -> Message:
    """Return how a group or channel is named, to somebody who named none that can be seen."""
    if authority.asked_about(command):
        return text(_(group_words.NO_SUCH_CHANNEL))
    label = _(group_words.CHOOSE_A_CHANNEL) if command.person.is_private else ""
    return replace(text(_(group_words.NO_GROUP)), asks_for_channel=label)


def _refusal(platform: Platform, place: Place) -> str | None:
    """Return why somebody may not set anything here; None for an administrator."""
    if place.is_admin:
        return None
    sentences = group_words.ADMINS_ONLY if place.is_admin is False else group_words.NOT_CHECKED
    return _(sentences[platform])


def _answer(outcome: Voted, verdict: Verdict) -> str:
    match outcome:
        case Voted.COUNTED:
            return _(group_words.VOTED[verdict.value])
        case Voted.CHANGED:
            return _(group_words.CHANGED[verdict.value])
        case Voted.ALREADY:
            return _(group_words.ALREADY[verdict.value])
        case Voted.OFF:
            return _(group_words.VOTES_OFF)
        case Voted.NOT_HERE:
            return _(group_words.NOT_THIS_GROUPS)


def _told(group: Group) -> list[str]:
    """Return whether digests come, of what, and what members do with them; a line each."""
    lines = [_push_state(group)]
    if not group.is_zone_known:
        lines.append(_(group_words.NO_ZONE))
    lines.append(
        group_words.only_categories(group.categories)
        if group.categories
        else _(group_words.ALL_CATEGORIES)
    )
    lines.append(_(group_words.VOTES_ARE_ON if group.has_votes else group_words.VOTES_ARE_OFF))
    lines += [_(group_words.THREADS_ARE_ON)] * group.has_threads
    lines.append(group_words.language_here(LANGUAGES[nearest(group.language)]))
    return lines


def _push_state(group: Group) -> str:
    if group.stopped:
        return _(group_words.WHY_STOPPED.get(group.stopped, group_words.STOPPED_OTHERWISE))
    if not group.is_pushed:
        return _(group_words.STOPPED)
    zone = ZoneInfo(group.schedule.zone)
    until = group.paused_until
    if until is not None and dialogue.is_for_ever(until):
        return _(group_words.PAUSED_FOR_EVER)
    paused = [group_words.paused_until(until.astimezone(zone).date())] if until else []
    moment = [_next_digest(group.due, group.schedule)] if group.due else []
    return " ".join(paused + moment)


def _next_digest(due: Due, schedule: Schedule) -> str:
    if is_belated(due, schedule):
        return _(group_words.DIGEST_IN_A_MOMENT)
    return group_words.next_digest(words.moment(due, schedule.zone))


def _switch(what: str, is_on: bool) -> str:
    return f"{what} {'off' if is_on else 'on'}"


def _in_place(pressed: Pressed, message: Message) -> Action:
    """Draw a menu anew where it stands: it is the group's, whoever reads along."""
    return Send(message) if pressed.message is None else Edit(pressed.message, message)
