"""/export: what a person saved, in the forms of other programs, and everything about them."""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.conversation import references, words
from bot.conversation.bibtex import bibtex
from bot.conversation.dialogue import text
from bot.conversation.entries import Entry
from bot.conversation.events import Command, Pressed
from bot.conversation.features import Actions, privately
from bot.conversation.language import _
from bot.conversation.messages import Attachment, Button, Message, plain
from bot.conversation.ports import Reader
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.text import visible
from bot.conversation.told_file import ToldFile

LARGEST = 8_000_000  # bytes; what is larger is packed, to stay below every platform's limit
_EVERYTHING = "json"
_MEANT = {
    "bib": "bibtex",
    "tex": "bibtex",
    "csl-json": "csl",
    "csljson": "csl",
    "all": "json",
    "alles": "json",
    "geschmack": "taste",
    "geschmacksdatei": "taste",
}


class ExportDesk(Protocol):
    """What this part asks of the desk. Every method may raise TemporarilyUnavailable."""

    async def entries(self, reader: Reader, *, only_saved: bool) -> Sequence[Entry]:
        """Return the papers on which something stands, newest first."""

    async def told(self, reader: Reader) -> ToldFile:
        """Return what a reader follows, mutes and says of their interests."""

    async def everything(self, reader: Reader) -> Mapping[str, Any]:
        """Return all that is kept about a person, as JSON takes it."""


@dataclass(frozen=True, slots=True)
class _Form:
    """label: on the button, looked up when it is said. file: its name. write: what is in it."""

    label: str
    file: str
    write: Callable[[Sequence[Entry]], str]
    only_saved: bool = True


FORMS = {
    "bibtex": _Form("BibTeX", "papers.bib", bibtex),
    "ris": _Form("RIS", "papers.ris", references.ris),
    "csl": _Form("CSL-JSON", "papers.csl.json", references.csl_json),
    "csv": _Form("CSV", "papers.csv", references.table),
    "taste": _Form(words.EXPORT_TASTE, "taste.json", references.taste, only_saved=False),
}


class ExportFeature:
    """Files go to the asker alone."""

    def __init__(self, desk: ExportDesk) -> None:
        self._desk = desk
        self.commands = {"export": self._export}
        self.buttons = {Act.EXPORT: self._tapped}

    async def _export(self, reader: Reader, command: Command) -> Actions:
        asked = visible(command.text).casefold()
        yield privately(await self._answer(reader, asked))

    async def _tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        yield privately(await self._answer(reader, tap.argument))

    async def _answer(self, reader: Reader, asked: str) -> Message:
        form = _MEANT.get(asked, asked)
        if form == _EVERYTHING:
            document = json.dumps(await self._desk.everything(reader), ensure_ascii=False, indent=1)
            return _with_file(_(words.EXPORTED_ALL), "paperlark.json", document)
        if form not in FORMS:
            return _menu(_(words.EXPORT_WHICH if not asked else words.EXPORT_UNKNOWN))
        chosen = FORMS[form]
        entries = await self._desk.entries(reader, only_saved=chosen.only_saved)
        told = references.NOTHING if chosen.only_saved else await self._desk.told(reader)
        if not entries and not told:
            return text(_(words.NOTHING_SAVED if chosen.only_saved else words.NOTHING_TO_EXPORT))
        said = words.exported(len(entries)) if chosen.only_saved else _(words.EXPORTED_TASTE)
        written = references.taste(entries, told) if told else chosen.write(entries)
        return _with_file(said, chosen.file, written)


def _menu(sentence: str) -> Message:
    labels = [(name, _(form.label)) for name, form in FORMS.items()]
    buttons = [Button(label, encode(Tap(Act.EXPORT, argument=name))) for name, label in labels]
    last = Button(_(words.EXPORT_ALL), encode(Tap(Act.EXPORT, argument=_EVERYTHING)))
    return text(sentence, buttons=(tuple(buttons[:4]), (*buttons[4:], last)))


def _with_file(sentence: str, name: str, document: str) -> Message:
    content = document.encode()
    if len(content) > LARGEST:
        name, content = f"{name}.gz", gzip.compress(content, mtime=0)
    return Message(text=plain(sentence), attachment=Attachment(name, content))
