"""/note and 📝: writing a word on a paper, in each platform's own way.

A note is a person's own: it is shown to nobody else, so only in lists and answers that go to
the asker alone, never on a card that others may see. On Telegram the question is replied to,
and the reply is known by the question, which names the paper; on Discord a form carries the
paper. Nothing of either is kept in memory, so both work after a restart.
"""

from collections.abc import Sequence
from typing import Protocol

from bot.conversation import cards, notes_words, words
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Filled, Pressed, Said
from bot.conversation.features import Actions, privately
from bot.conversation.language import _
from bot.conversation.messages import Ask, Message, Send, Span, Toast, plain
from bot.conversation.ports import Reader
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.text import clipped, isolated, visible
from recommender.papers import Paper, PaperId

LONGEST_NOTE = 1000  # characters
_REMOVE = frozenset(["-", "–", "—", "remove", "delete", "löschen", "entfernen"])
_FORM_LABEL = 45  # characters, Discord's limit


class NotesDesk(Protocol):
    """What this part asks of the desk. Every method may raise TemporarilyUnavailable."""

    async def last_opened(self, reader: Reader) -> Paper | None:
        """Return the paper that was shown alone, or judged, last."""

    async def open_for_a_note(self, reader: Reader, paper: PaperId) -> tuple[Paper, str]:
        """Make a paper the one opened last; return it and the note on it. Raises UnknownPaper."""

    async def linked_paper(self, links: Sequence[str]) -> Paper | None:
        """Return the first paper of the catalogue that some addresses lead to."""

    async def note(self, reader: Reader, paper: PaperId) -> str:
        """Return the note on a paper, empty for none."""

    async def write_note(self, reader: Reader, paper: PaperId, note: str) -> None:
        """Let a note stand on a paper, in place of the one before; an empty one takes it away."""


class NotesFeature:
    """A `Feature`, a `FormReader`, and a `Listener` for replies to the question."""

    def __init__(self, desk: NotesDesk) -> None:
        self._desk = desk
        self.commands = {"note": self._note}
        self.buttons = {Act.NOTE: self._note_tapped}
        self.forms = {Act.WRITE: self._form_filled}

    async def _note(self, reader: Reader, command: Command) -> Actions:
        paper = await self._desk.last_opened(reader)
        if paper is None:
            yield privately(text(_(words.NOTHING_TO_NOTE)))
        elif not visible(command.text):
            yield _ask(paper, await self._desk.note(reader, paper.id))
        else:
            yield await self._written(reader, paper, command.text)

    async def _note_tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        if tap.paper is None:
            yield Toast(_(words.OLD_BUTTON))
            return
        yield _ask(*await self._desk.open_for_a_note(reader, PaperId(tap.paper)))

    async def _form_filled(self, reader: Reader, filled: Filled, tap: Tap) -> Actions:
        if tap.paper is None:
            yield privately(text(_(words.OLD_BUTTON)))
            return
        paper, _before = await self._desk.open_for_a_note(reader, PaperId(tap.paper))
        yield await self._written(reader, paper, filled.text)

    def hears(self, said: Said) -> bool:
        question = said.answers
        return question is not None and question.text.startswith(notes_words.NOTE_SIGN)

    async def heard(self, reader: Reader, said: Said) -> Actions:
        if not said.person.is_private:  # others read along, and others may have replied
            yield Send(text(_(notes_words.NOTE_NEEDS_PRIVACY)))
            return
        if not visible(said.text):
            yield privately(text(_(notes_words.NOTE_IS_EMPTY)))
            return
        links = said.answers.links if said.answers else ()
        paper = await self._desk.linked_paper(links)
        if paper is None:
            yield privately(text(_(notes_words.NOTE_OF_WHAT)))
            return
        yield await self._written(reader, paper, said.text)

    async def _written(self, reader: Reader, paper: Paper, written: str) -> Send:
        note = visible(written)
        if len(note) > LONGEST_NOTE:
            return privately(text(words.note_too_long(LONGEST_NOTE)))
        note = "" if note.casefold() in _REMOVE else note
        await self._desk.write_note(reader, paper.id, note)
        said = _(words.NOTED if note else words.NOTE_REMOVED)
        return privately(Message(plain(f"{said} ", cards.title_line(paper))))


def _ask(paper: Paper, note: str) -> Ask:
    return Ask(
        question=_question(paper, note, _(notes_words.REPLY_WITH_NOTE), notes_words.NOTE_SIGN),
        otherwise=_question(paper, note, _(words.NOTE_ASKED), ""),
        data=encode(Tap(Act.WRITE, paper.id)),
        title=_(notes_words.NOTE_TITLE),
        label=clipped(cards.title(paper, _FORM_LABEL), _FORM_LABEL),
        hint=_(notes_words.NOTE_HINT),
        placeholder=_(notes_words.NOTE_PLACEHOLDER),
        value=note,
        most=LONGEST_NOTE,
    )


def _question(paper: Paper, note: str, sentence: str, sign: str) -> Message:
    """Return a question that names the paper by its link, and the note that stands."""
    opening = " ".join(filter(None, (sign, sentence)))
    spans: list[Span | str] = [f"{opening} ", cards.title_line(paper)]
    if note:
        spans.append(f"\n\n{_(words.NOTE_STANDS)}\n{isolated(note)}")
    return Message(text=plain(*spans))
