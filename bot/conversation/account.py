"""What a person may do with all that is kept of them: read about it, be forgotten, join accounts.

Codes are never repeated to anybody but the one who made them, and never logged.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.conversation import words
from bot.conversation.deep_links import into_telegram, with_code
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Platform, Pressed
from bot.conversation.features import Actions, in_place, privately
from bot.conversation.language import _
from bot.conversation.messages import Button, Message, Span, Style, Toast, plain
from bot.conversation.ports import Presence, Reader
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.text import visible

CONFIRM_WITHIN = timedelta(minutes=10)
BY_LINK = "link_opened"
"""What /start with a code is passed on as; nobody needs to write it."""
_CODE = re.compile(r"[A-Z0-9]{6}")
_UNDO = frozenset(["undo", "split", "off", "unlink", "trennen", "lösen", "aus", "zurück"])
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class LinkAnswer(StrEnum):
    """What became of a code that somebody sent."""

    JOINED = "joined"
    WRONG = "wrong"
    OWN = "own"
    SLOWED = "slowed"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Linked:
    """reader: as they stand now. likes, saved: of both accounts, when they were joined."""

    answer: LinkAnswer
    reader: Reader
    likes: int = 0
    saved: int = 0


class AccountDesk(Protocol):
    """What this part asks of the desk. Every method may raise TemporarilyUnavailable."""

    async def forget(self, reader: Reader) -> None:
        """Delete everything about the person behind a reader."""

    async def link_code(self, reader: Reader) -> str:
        """Return a one-time code, valid for ten minutes; one made before is valid no more."""

    async def link(self, reader: Reader, code: str) -> Linked:
        """Join the reader with the one who made this code."""

    async def unlink(self, reader: Reader) -> bool:
        """Split what was joined; return whether anything was."""


class AccountFeature:
    """/privacy, /forget and /link. contact: whom to ask about this installation, if anybody."""

    def __init__(
        self,
        desk: AccountDesk,
        clock: Callable[[], datetime],
        presence: Presence,
        contact: str | None = None,
    ) -> None:
        self._desk = desk
        self._presence = presence
        self._clock = clock
        self._contact = contact
        self.commands = {
            "privacy": self._privacy,
            "forget": self._forget,
            "link": self._link,
            BY_LINK: self._link_opened,
        }
        self.buttons = {Act.FORGET: self._forget_tapped, Act.LINK: self._link_tapped}

    # ------------------------------------------------------------------ privacy

    async def _privacy(self, reader: Reader, command: Command) -> Actions:
        yield privately(privacy_message(self._contact))

    # ------------------------------------------------------------------ forgetting

    async def _forget(self, reader: Reader, command: Command) -> Actions:
        yield privately(self._asks_to_forget(reader))

    async def _forget_tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        if reader.is_new:  # forgotten already: this very tap made them somebody again
            await self._desk.forget(reader)
            yield Toast(_(words.FORGOTTEN_BEFORE))
            return
        if tap.argument == "no":
            yield Toast(_(words.NOT_FORGOTTEN))
            yield in_place(pressed, text(_(words.NOT_FORGOTTEN)))
            return
        if not tap.argument:
            yield privately(self._asks_to_forget(reader))
            return
        if not self._is_fresh(reader, tap.argument):
            yield Toast(_(words.FORGET_AGAIN))
            yield in_place(pressed, self._asks_to_forget(reader))
            return
        await self._desk.forget(reader)
        yield Toast(_(words.FORGOTTEN_SHORT))
        yield in_place(pressed, text(_(words.FORGOTTEN)))

    def _asks_to_forget(self, reader: Reader) -> Message:
        yes = f"yes,{reader.id},{self._minute()}"
        buttons = (
            (Button(_(words.FORGET_ME), encode(Tap(Act.FORGET, argument=yes))),),
            (
                Button(_(words.EXPORT_FIRST), encode(Tap(Act.EXPORT, argument="json"))),
                Button(_(words.KEEP_ME), encode(Tap(Act.FORGET, argument="no"))),
            ),
        )
        return text(_(words.FORGET_SURELY), buttons=buttons)

    def _is_fresh(self, reader: Reader, argument: str) -> bool:
        """Whether a confirmation is this reader's own, and of the last ten minutes."""
        found = re.fullmatch(r"yes,([0-9]{1,12}),([0-9]{1,9})", argument)
        if found is None or int(found[1]) != reader.id:
            return False
        return 0 <= self._minute() - int(found[2]) <= CONFIRM_WITHIN / timedelta(minutes=1)

    def _minute(self) -> int:
        return int((self._clock() - _EPOCH) / timedelta(minutes=1))

    # ------------------------------------------------------------------ linking

    async def _link(self, reader: Reader, command: Command) -> Actions:
        asked = visible(command.text)
        if not asked:
            bot = await self._presence.name_on(Platform.TELEGRAM)
            yield privately(link_message(await self._desk.link_code(reader), bot))
        elif asked.casefold() in _UNDO:
            yield privately(text(await self._unlinked(reader)))
        elif _CODE.fullmatch(code := re.sub(r"[\s-]", "", asked).upper()):
            linked = await self._desk.link(reader, code)
            yield privately(linked_message(linked))
        else:
            yield privately(text(_(words.LINK_WANTS_A_CODE)))

    async def _link_opened(self, reader: Reader, command: Command) -> Actions:
        """Ask first, for a link is tapped before it is understood, and may be a stranger's.

        Who is new as well: whoever made it would see all that they like from then on.
        """
        yield privately(_asks_to_join(command.text))

    async def _link_tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        what, _comma, code = tap.argument.partition(",")
        if what == "undo":
            yield in_place(pressed, text(await self._unlinked(reader)))
        elif what == "no":
            yield in_place(pressed, text(_(words.NOT_LINKED)))
        elif what == "join" and _CODE.fullmatch(code):
            yield in_place(pressed, linked_message(await self._desk.link(reader, code)))
        else:
            yield Toast(_(words.OLD_BUTTON))

    async def _unlinked(self, reader: Reader) -> str:
        return _(words.UNLINKED) if await self._desk.unlink(reader) else _(words.NOTHING_LINKED)


def privacy_message(contact: str | None) -> Message:
    """Return what is kept and for how long, how to get it and how to be rid of it."""
    lines: list[Span | str] = []
    for heading, sentences in words.PRIVACY:
        lines += [Span(_(heading), Style.BOLD), f"\n{_(sentences)}\n\n"]
    lines.append(words.privacy_contact(contact) if contact else _(words.PRIVACY_NO_CONTACT))
    buttons = (
        Button(_(words.EXPORT_ALL), encode(Tap(Act.EXPORT, argument="json"))),
        Button(_(words.FORGET_BUTTON), encode(Tap(Act.FORGET))),
    )
    return Message(text=plain(*lines), buttons=(buttons,))


def link_message(code: str, bot: str) -> Message:
    """Return how a code is given, and the link that carries it to Telegram's bot of a name."""
    lines: list[Span | str] = [
        _(words.LINK_CODE_BEFORE), "\n\n", Span(f"/link {code}", Style.CODE), "\n\n",
    ]  # fmt: skip
    if bot:
        link = into_telegram(bot, with_code(code))
        lines += [f"{_(words.LINK_BY_TAP)}\n", Span(link, url=link), "\n\n"]
    return Message(text=plain(*lines, _(words.LINK_CODE_AFTER)))


def _asks_to_join(code: str) -> Message:
    def button(label: str, argument: str) -> Button:
        return Button(label, encode(Tap(Act.LINK, argument=argument)))

    row = (button(_(words.LINK_YES), f"join,{code}"), button(_(words.LINK_NO), "no"))
    return text(_(words.LINK_SURELY), buttons=(row,))


def linked_message(linked: Linked) -> Message:
    """Return what became of a code; after a join what is known now, and the way back."""
    if linked.answer is not LinkAnswer.JOINED:
        return text(_(words.LINK_REFUSED[linked.answer.value]))
    undo = Button(_(words.LINK_UNDO), encode(Tap(Act.LINK, argument="undo")))
    place = linked.reader.push_place
    return text(words.linked(linked.likes, linked.saved, place), buttons=((undo,),))
