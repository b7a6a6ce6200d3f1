"""/history: looking back on papers, what was shown and what was said of it."""

import re
from collections.abc import Sequence
from typing import Protocol

from bot.conversation import cards, words
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Pressed
from bot.conversation.features import Actions, in_place, privately
from bot.conversation.language import _
from bot.conversation.messages import Button, Message, Toast
from bot.conversation.ports import Offer, Reader
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.text import visible

PAGE = 10
_PAGE_NUMBER = re.compile(r"(?:(?:page|seite) )?([0-9]{1,4})", re.IGNORECASE)


class LibraryDesk(Protocol):
    """What this part asks of the desk. Every method may raise TemporarilyUnavailable."""

    async def history(self, reader: Reader, page: int) -> tuple[Sequence[Offer], int]:
        """Return a page (10) of papers shown or judged, newest first, and how many there are."""


class LibraryFeature:
    """What one reader looks back on."""

    def __init__(self, desk: LibraryDesk) -> None:
        self._desk = desk
        self.commands = {"history": self._history}
        self.buttons = {Act.HISTORY: self._history_tapped}

    async def _history(self, reader: Reader, command: Command) -> Actions:
        asked = visible(command.text)
        page = _page(asked) if asked else 1
        if page is None:
            yield privately(text(_(words.HISTORY_WANTS_A_NUMBER)))
            return
        yield privately(await self._page(reader, page))

    async def _history_tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        page = _page(tap.argument)
        if page is None:
            yield Toast(_(words.NO_HISTORY_PAGE))
            return
        yield in_place(pressed, await self._page(reader, page))

    async def _page(self, reader: Reader, page: int) -> Message:
        offers, total = await self._desk.history(reader, page)
        return history_page(offers, total, page)


def history_page(offers: Sequence[Offer], total: int, page: int) -> Message:
    """Return one page of what was shown, with buttons to the pages beside it."""
    if total == 0:
        return text(_(words.NO_HISTORY))
    pages = -(-total // PAGE)
    if not offers:
        return text(words.no_such_history_page(pages))
    first = (page - 1) * PAGE + 1
    turns = [(words.NEWER, page - 1)] * (page > 1) + [(words.OLDER, page + 1)] * (page < pages)
    buttons = tuple(
        Button(_(label), encode(Tap(Act.HISTORY, argument=str(to)))) for label, to in turns
    )
    heading = words.history_heading(first, first + len(offers) - 1, total)
    return cards.list_message(heading, offers, first=first, buttons=(buttons,) if buttons else ())


def _page(written: str) -> int | None:
    found = _PAGE_NUMBER.fullmatch(written)
    return (int(found[1]) or None) if found else None
