"""What a bibliography names: `.bib`, `.ris` and CSL-JSON files made into titles and identifiers.

Of an entry only what finds the paper is kept. Whatever is in a file, nothing raises: what
makes no sense is left out, and what is no bibliography has no entries.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.conversation import bibtex_reading
from bot.conversation.tex import readable
from bot.conversation.text import clipped, visible

MOST = 500
"""Entries of one file that are looked at."""

_LONGEST_TITLE = 400
_LONGEST_FIELD = 300
# Where people and programs put an arXiv id, a DOI or an address; read in this order.
_BIBTEX_IDENTIFIERS = (
    "eprint",
    "arxivid",
    "arxiv",
    "doi",
    "url",
    "ee",
    "howpublished",
    "journal",
    "journaltitle",
    "volume",
    "number",
    "note",
    "pdf",
)
_RIS_LINE = re.compile(r"([A-Z][A-Z0-9])[ \t]{1,2}-(?:[ \t](.*)|[ \t]*)$")
_RIS_TITLES = ("TI", "T1", "CT")
_RIS_IDENTIFIERS = ("DO", "UR", "L1", "L2", "L3", "AN", "M1", "M3", "N1", "T2", "JO", "ID")
_CSL_IDENTIFIERS = ("DOI", "URL", "number", "note", "archive_location", "id", "container-title")


@dataclass(frozen=True, slots=True)
class Cited:
    """One entry. title: readable, may be empty. identifiers: text that may hold ids and links."""

    title: str
    identifiers: str

    @property
    def label(self) -> str:
        """Return what the person will know it by again."""
        return clipped(self.title or self.identifiers, 100)


def kind_of(name: str) -> str:
    """Return "bib", "ris" or "json" for the name of a bibliography, else nothing."""
    ending = name.lower().rpartition(".")[2]
    return {"bib": "bib", "bibtex": "bib", "ris": "ris", "json": "json"}.get(ending, "")


def cited_in(kind: str, content: bytes) -> list[Cited]:
    """Return every entry that names something, in order, each once."""
    text = _decoded(content)
    found = _READERS[kind](text.replace("\r\n", "\n").replace("\r", "\n"))
    return list(dict.fromkeys(one for one in found if one.title or one.identifiers))


def _decoded(content: bytes) -> str:
    """Return a file's text: UTF-8 as most are, UTF-16 where it says so, else Windows' letters."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _bibtex(text: str) -> Iterator[Cited]:
    for fields in bibtex_reading.entries(text):
        fields = {name: value.replace("\\_", "_") for name, value in fields.items()}
        yield _cited(fields.get("title", ""), (fields.get(n, "") for n in _BIBTEX_IDENTIFIERS))


def _ris(text: str) -> Iterator[Cited]:
    tagged: dict[str, str] = {}
    for line in [*text.split("\n"), "ER  - "]:
        found = _RIS_LINE.match(line)
        if found is None:
            continue
        tag, value = found[1], (found[2] or "").strip()
        if tag in ("TY", "ER"):
            titles = (tagged[name] for name in _RIS_TITLES if name in tagged)
            yield _cited(next(titles, ""), (tagged.get(n, "") for n in _RIS_IDENTIFIERS))
            tagged = {}
        else:
            tagged.setdefault(tag, value)


def _csl(text: str) -> Iterator[Cited]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(document, dict):  # a list with a name, as some programs write it, or one item
        document = document.get("items", [document])
    for item in document if isinstance(document, list) else ():
        if isinstance(item, dict):
            yield _cited(
                _string(item.get("title")), (_string(item.get(n)) for n in _CSL_IDENTIFIERS)
            )


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _cited(title: str, identifiers: Iterable[str]) -> Cited:
    kept = (visible(value[:_LONGEST_FIELD]) for value in identifiers if value)
    name = readable(title[:_LONGEST_TITLE].encode("utf-8", "replace").decode())
    return Cited(name.strip(" .\"'“”"), " ".join(filter(None, kept)))


_READERS: dict[str, Callable[[str], Iterable[Cited]]] = {"bib": _bibtex, "ris": _ris, "json": _csl}
