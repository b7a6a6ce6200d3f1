"""What operators may see and do: figures, word to everybody, shutting an account out.

Nobody else is answered: to them /admin is a command that we do not know, and its buttons are
buttons that we do not know any more. Who asks is looked at with every command and every tap.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from bot.conversation import admin_words as said
from bot.conversation import words
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Person, Pressed
from bot.conversation.features import Actions, in_place, privately
from bot.conversation.language import _
from bot.conversation.messages import Button, Message, Rows, Span, Style, Toast, plain
from bot.conversation.ports import Reader
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.text import clipped, kept_lines, visible

LONGEST = 1_500  # characters of a broadcast: with what stands above, one message everywhere
PACES = (1, 5, 10, 20)
USUAL_PACE = 10
LIKE_DAYS = 14
_ACCOUNT = re.compile(r"(telegram|discord):([0-9]{1,20})|([0-9]{1,9})")
_MOST_LINES = 30

Account = tuple[str, str]
"""Platform and the platform's id."""


@dataclass(frozen=True, slots=True)
class PlatformAccounts:
    """groups: groups and channels, which are not among the accounts."""

    platform: str
    n: int
    unreachable: int
    groups: int = 0


@dataclass(frozen=True, slots=True)
class DayOfVisits:
    day: date
    platform: str
    new: int
    active: int


@dataclass(frozen=True, slots=True)
class ModelLikes:
    """Of picks by one model, exploring or not, how many were shown and how many are liked."""

    model: str
    is_exploring: bool
    shown: int
    liked: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """Where a source stands; `trouble` is empty while it answers."""

    name: str
    newest_day: str
    answered: datetime | None
    trouble: str
    failed: datetime | None
    next_try: datetime | None


@dataclass(frozen=True, slots=True)
class DayOfDigests:
    """states: how many stand how. troubles: (platform or "", state, reason, how many)."""

    day: date
    states: tuple[tuple[str, int], ...]
    troubles: tuple[tuple[str, str, str, int], ...]


class Stage(StrEnum):
    DRAFT = "draft"
    SENDING = "sending"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Broadcast:
    """text: empty once it has ended. pace: messages a second. sends: how many stand how."""

    number: int
    stage: Stage
    text: str
    pace: int
    total: int
    sends: tuple[tuple[str, int], ...] = ()

    @property
    def done(self) -> int:
        return sum(n for state, n in self.sends if state not in ("claimed", "sending"))


class AdminDesk(Protocol):
    """What this part asks of the desk. Every method may raise TemporarilyUnavailable."""

    async def accounts(self) -> Sequence[PlatformAccounts]: ...

    async def visits(self) -> Sequence[DayOfVisits]:
        """Return who came in the last week, the newest day first."""

    async def likes(self) -> Sequence[ModelLikes]:
        """Return how picks of the last `LIKE_DAYS` days fared, two lines for a model at most."""

    async def sources(self) -> Sequence[Freshness]: ...

    async def digests(self) -> Sequence[DayOfDigests]:
        """Return how the digests of the last days ended, the newest day first."""

    async def draft(self, words: str, pace: int) -> Broadcast:
        """Keep what is to be said to everybody; nothing is sent."""

    async def broadcast(self, number: int | None) -> Broadcast | None:
        """Return one, or the newest; None where there is none."""

    async def set_pace(self, number: int, pace: int) -> None: ...

    async def begin_broadcast(self, number: int) -> bool:
        """Let a draft be sent; False when it is none any more, or too old."""

    async def cancel_broadcast(self, number: int) -> bool:
        """Send no more of it; False when it had ended."""

    async def accounts_of(self, reader: int) -> Sequence[Account]:
        """Return the accounts of a reader by our number; none when there is no such reader."""

    async def ban(self, account: Account) -> None: ...

    async def unban(self, account: Account) -> None: ...


class Admin:
    """/admin. operators: who is answered."""

    def __init__(
        self, desk: AdminDesk, clock: Callable[[], datetime], operators: Collection[Account]
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._operators = frozenset(operators)
        self._pages = {
            "readers": self._readers,
            "likes": self._likes,
            "sources": self._sources,
            "digests": self._digests,
        }
        self.commands = {"admin": self._asked}
        self.buttons = {Act.ADMIN: self._tapped}

    def is_for(self, person: Person) -> bool:
        return (person.platform.value, person.account) in self._operators

    # ------------------------------------------------------------------ hearing

    async def _asked(self, reader: Reader, command: Command) -> Actions:
        what, behind = (*command.text.split(maxsplit=1), "", "")[:2]  # perhaps on the next line
        match what.lower():
            case "broadcast" if visible(behind):
                yield privately(await self._drafted(kept_lines(behind).strip()))
            case "broadcast":
                yield privately(await self._broadcast(None))
            case "ban" | "unban" as verb:
                yield privately(await self._shut(visible(behind), is_ban=verb == "ban"))
            case page if page in self._pages:
                yield privately(await self._pages[page]())
            case "":
                yield privately(await self._overview())
            case _:
                yield privately(_menu(_(said.NOT_UNDERSTOOD)))

    async def _tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        what, *more = tap.argument.split(",")
        numbers = [int(part) for part in more if re.fullmatch(r"[0-9]{1,9}", part)]
        match what, numbers:
            case "send" | "stop" | "drop" | "pace", [number, *rest]:
                toast, message = await self._on_broadcast(what, number, rest)
                yield Toast(toast)
                yield in_place(pressed, message)
            case "cast", [number]:
                yield in_place(pressed, await self._broadcast(number))
            case "cast", []:
                yield in_place(pressed, await self._broadcast(None))
            case "unban", _ if more:
                yield in_place(pressed, await self._shut(more[0], is_ban=False))
            case page, [] if page in self._pages:
                yield in_place(pressed, await self._pages[page]())
            case "", _:
                yield in_place(pressed, await self._overview())
            case _:
                yield Toast(_(words.OLD_BUTTON))

    # ------------------------------------------------------------------ looking

    async def _overview(self) -> Message:
        lines = [_accounts_line(one) for one in await self._desk.accounts()]
        current = await self._desk.broadcast(None)
        if current is not None and current.stage is Stage.SENDING:
            lines.append(said.stage(current.stage, current.number))
        lines += ["", _(said.BROADCAST_HOW), "", _(said.BAN_HOW)]
        return _menu(_(said.OPENING), lines)

    async def _readers(self) -> Message:
        lines = [_accounts_line(one) for one in await self._desk.accounts()]
        visits = await self._desk.visits()
        lines += ["", _(said.ACTIVE_DAYS) if visits else _(said.NO_VISITS)]
        for day in dict.fromkeys(one.day for one in visits):
            lines.append(words.long_day(day))
            lines += [
                f"· {said.visits(one.platform.title(), one.active, one.new)}"
                for one in visits
                if one.day == day
            ]
        return _menu(_(said.READERS), lines)

    async def _likes(self) -> Message:
        rates = await self._desk.likes()
        lines = [] if rates else [_(said.NO_PICKS)]
        for model in dict.fromkeys(one.model for one in rates):
            lines.append(visible(model))
            lines += [
                f"· {said.like_rate(_kind(one), one.liked, one.shown)}"
                for one in rates
                if one.model == model
            ]
        return _menu(_(said.LIKES_HEADING).format(days=LIKE_DAYS), lines)

    async def _sources(self) -> Message:
        now = self._clock()
        found = await self._desk.sources()
        lines = [] if found else [_(said.NEVER_ASKED)]
        for one in found:
            answered = words.ago(now, one.answered) if one.answered else ""
            parts = [
                said.source_answered(one.name, answered)
                if answered
                else f"{one.name}: {_(said.SOURCE_NEVER)}"
            ]
            if one.newest_day:
                parts.append(said.newest_papers(words.long_day(date.fromisoformat(one.newest_day))))
            if one.trouble and one.failed:
                trouble = clipped(visible(one.trouble), 120)
                parts.append(said.source_failed(words.ago(now, one.failed), trouble))
            if one.next_try and one.next_try > now:
                parts.append(said.source_next(f"{one.next_try:%H:%M}"))
            lines.append("; ".join(parts))
        return _menu(_(said.SOURCES), lines)

    async def _digests(self) -> Message:
        days = await self._desk.digests()
        lines = [] if days else [_(said.NO_DIGESTS)]
        for one in days:
            states = ", ".join(said.state(state, n) for state, n in one.states)
            lines.append(f"{words.long_day(one.day)}: {states}")
            lines += [
                "· " + said.trouble(where.title() or "?", said.state(state, n), reason or "?")
                for where, state, reason, n in one.troubles
            ]
        if days and not any(one.troubles for one in days):
            lines.append(_(said.NO_TROUBLE))
        return _menu(_(said.DIGESTS), lines)

    # ------------------------------------------------------------------ word to everybody

    async def _drafted(self, words_to_all: str) -> Message:
        if len(words_to_all) > LONGEST:
            return text(said.too_long(LONGEST))
        made = await self._desk.draft(words_to_all, USUAL_PACE)
        return _preview(made) if made.total else text(_(said.NOBODY_TO_TELL))

    async def _broadcast(self, number: int | None) -> Message:
        found = await self._desk.broadcast(number)
        if found is None:
            return _menu(_(said.BROADCAST), [_(said.NO_BROADCAST), "", _(said.BROADCAST_HOW)])
        return _preview(found) if found.stage is Stage.DRAFT else _progress(found)

    async def _on_broadcast(
        self, what: str, number: int, rest: Sequence[int]
    ) -> tuple[str, Message]:
        """Return what became of a tap below a broadcast, and the broadcast as it is now."""
        before = await self._desk.broadcast(number)
        if before is None:
            return _(said.DRAFT_OLD), _menu(_(said.BROADCAST), [_(said.BROADCAST_HOW)])
        match what:
            case "send" if await self._desk.begin_broadcast(number):
                toast = said.BEGUN
            case "send":
                is_begun = before.stage is Stage.SENDING
                toast = said.BEGUN_BEFORE if is_begun else said.DRAFT_OLD
            case "pace" if rest and rest[0] in PACES:
                await self._desk.set_pace(number, rest[0])
                return said.pace(rest[0]), await self._broadcast(number)
            case "stop" | "drop" if await self._desk.cancel_broadcast(number):
                toast = said.DISCARDED if before.stage is Stage.DRAFT else said.STOPPED
            case _:
                toast = said.ENDED_BEFORE
        return _(toast), await self._broadcast(number)

    # ------------------------------------------------------------------ shutting out

    async def _shut(self, who: str, *, is_ban: bool) -> Message:
        found = _ACCOUNT.fullmatch(who.lower())
        if found is None:
            return text(_(said.WANTS_AN_ACCOUNT))
        accounts: Sequence[Account] = [(found[1], found[2])]
        if found[3]:
            accounts = await self._desk.accounts_of(int(found[3]))
        if not accounts:
            return text(_(said.NO_SUCH_READER))
        if is_ban and self._operators & frozenset(accounts):
            return text(_(said.NO_OPERATORS_BANNED))
        for account in accounts:
            await (self._desk.ban(account) if is_ban else self._desk.unban(account))
        names = ", ".join(":".join(account) for account in accounts)
        if not is_ban:
            return text(said.unbanned(names))
        back = _button(said.UNBAN, f"unban,{found[0]}")  # of a reader all accounts, as the ban
        return text(said.banned(names), buttons=((back,),))


def broadcast_message(words_to_all: str) -> Message:
    """Return what a reader gets: who speaks, and their words as they are."""
    return Message(plain(Span(_(said.FROM_OPERATOR), Style.BOLD), f"\n\n{words_to_all}"))


def _preview(draft: Broadcast) -> Message:
    takes = said.duration(draft.total / draft.pace)
    opening = said.preview(draft.total, draft.pace, takes)
    shown = broadcast_message(draft.text)
    buttons: Rows = (
        (_button(said.SEND, f"send,{draft.number}"), _button(said.DISCARD, f"drop,{draft.number}")),
        _paces(draft),
    )
    return Message(plain(f"{opening}\n\n", *shown.text), buttons=buttons)


def _progress(found: Broadcast) -> Message:
    lines = [said.state(state, n) for state, n in found.sends]
    refresh = _button(said.REFRESH, f"cast,{found.number}")
    buttons: Rows = ((refresh,),)
    if found.stage is Stage.SENDING:
        left = max(found.total - found.done, 0)
        takes = said.duration(left / found.pace)
        lines.insert(0, said.progress(found.done, found.total, found.pace, takes))
        buttons = ((refresh, _button(said.STOP, f"stop,{found.number}")), _paces(found))
    return _page(said.stage(found.stage, found.number), lines, buttons)


def _paces(found: Broadcast) -> tuple[Button, ...]:
    return tuple(
        Button(
            said.pace(n),
            encode(Tap(Act.ADMIN, argument=f"pace,{found.number},{n}")),
            is_chosen=n == found.pace,
        )
        for n in PACES
    )


def _menu(heading: str, lines: Sequence[str] = ()) -> Message:
    pages = (("readers", said.READERS), ("likes", said.LIKES), ("sources", said.SOURCES))
    more = (("digests", said.DIGESTS), ("cast", said.BROADCAST))
    rows = tuple(tuple(_button(label, page) for page, label in row) for row in (pages, more))
    return _page(heading, lines, rows)


def _page(heading: str, lines: Sequence[str], buttons: Rows) -> Message:
    shown = [clipped(line, 300) for line in lines[:_MOST_LINES]]
    return Message(
        plain(Span(heading, Style.BOLD), *(f"\n{line}" for line in shown)), buttons=buttons
    )


def _accounts_line(one: PlatformAccounts) -> str:
    return said.accounts(one.platform.title(), one.n, one.unreachable, one.groups)


def _kind(rate: ModelLikes) -> str:
    return said.EXPLORING if rate.is_exploring else said.USUAL


def _button(label: str, argument: str) -> Button:
    return Button(_(label), encode(Tap(Act.ADMIN, argument=argument)))
