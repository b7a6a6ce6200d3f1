"""/history and /note: looking back on papers, and writing a word on one of them.

A note is a person's own: it is shown to nobody else, so only in lists and answers that go to
the asker alone, never on a card that others may see.
"""

import re
from collections.abc import Sequence
from typing import Protocol

from bot.conversation import cards, words
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Pressed
from bot.conversation.features import Actions, in_place, privately
from bot.conversation.language import _
from bot.conversation.messages import Button, Message, Span, Toast, plain
from bot.conversation.ports import Offer, Reader
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.text import isolated, visible
from recommender.papers import Paper, PaperId

PAGE = 10
LONGEST_NOTE = 1000  # characters
_LAST_PAGE = 10_000
_PAGE_NUMBER = re.compile(r"(?:(?:page|seite) )?([0-9]{1,4})", re.IGNORECASE)
_REMOVE = frozenset(["-", "–", "—", "remove", "delete", "löschen", "entfernen"])


class LibraryDesk(Protocol):
    """What this part asks of the desk. Every method may raise TemporarilyUnavailable."""

    async def history(self, reader: Reader, page: int) -> tuple[Sequence[Offer], int]:
        """Return a page (10) of papers shown or judged, newest first, and how many there are."""

    async def last_opened(self, reader: Reader) -> Paper | None:
        """Return the paper that was shown alone, or judged, last."""

    async def open_for_a_note(self, reader: Reader, paper: PaperId) -> tuple[Paper, str]:
        """Make a paper the one opened last; return it and the note on it. Raises UnknownPaper."""

    async def note(self, reader: Reader, paper: PaperId) -> str:
        """Return the note on a paper, empty for none."""

    async def write_note(self, reader: Reader, paper: PaperId, note: str) -> None:
        """Let a note stand on a paper, in place of the one before; an empty one takes it away."""


class LibraryFeature:
    """What one reader looks back on."""

    def __init__(self, desk: LibraryDesk) -> None:
        self._desk = desk
        self.commands = {"history": self._history, "note": self._note}
        self.buttons = {Act.HISTORY: self._history_tapped, Act.NOTE: self._note_tapped}

    # ------------------------------------------------------------------ history

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

    # ------------------------------------------------------------------ notes

    async def _note(self, reader: Reader, command: Command) -> Actions:
        note = visible(command.text)
        paper = await self._desk.last_opened(reader)
        if paper is None:
            yield privately(text(_(words.NOTHING_TO_NOTE)))
        elif not note:
            yield privately(_ask(paper, await self._desk.note(reader, paper.id)))
        elif len(note) > LONGEST_NOTE:
            yield privately(text(words.note_too_long(LONGEST_NOTE)))
        else:
            note = "" if note.casefold() in _REMOVE else note
            await self._desk.write_note(reader, paper.id, note)
            said = _(words.NOTED if note else words.NOTE_REMOVED)
            yield privately(Message(plain(f"{said} ", cards.title_line(paper))))

    async def _note_tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        if tap.paper is None:
            yield Toast(_(words.OLD_BUTTON))
            return
        paper, note = await self._desk.open_for_a_note(reader, PaperId(tap.paper))
        yield privately(_ask(paper, note))


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


def _ask(paper: Paper, note: str) -> Message:
    spans: list[Span | str] = [f"{_(words.NOTE_ASKED)} ", cards.title_line(paper)]
    if note:
        spans.append(f"\n\n{_(words.NOTE_STANDS)}\n{isolated(note)}")
    return Message(text=plain(*spans))


def _page(written: str) -> int | None:
    found = _PAGE_NUMBER.fullmatch(written)
    page = int(found[1]) if found else 0
    return page if 1 <= page <= _LAST_PAGE else None
