"""BibTeX: kept papers as entries that BibTeX, biber and Zotero read.

Accents become TeX's own, so that a file works with the oldest BibTeX too; a letter for which
TeX has nothing of its own stays as it is. Braces always balance, because BibTeX counts them
even behind a backslash.
"""

import unicodedata
from collections.abc import Iterable

from bot.conversation.entries import Entry

_SIGNS = {
    "\\": r"{\textbackslash}",
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "ß": r"{\ss}",
    "ø": r"{\o}",
    "Ø": r"{\O}",
    "ł": r"{\l}",
    "Ł": r"{\L}",
    "æ": r"{\ae}",
    "Æ": r"{\AE}",
    "œ": r"{\oe}",
    "Œ": r"{\OE}",
    "ı": r"{\i}",
}
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u ",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r ",
    "\u030b": "H ",
    "\u030c": "v ",
    "\u0327": "c ",
    "\u0328": "k ",
}


def bibtex(entries: Iterable[Entry]) -> str:
    """Return a whole file; each paper is an `@misc` with its arXiv id, or without."""
    return "\n".join(_entry(entry) for entry in entries)


def escaped(text: str) -> str:
    """Return text as TeX shows it."""
    return "".join(_sign(c) for c in unicodedata.normalize("NFC", text))


def _sign(character: str) -> str:
    if character in _SIGNS:
        return _SIGNS[character]
    letter, *marks = list(unicodedata.normalize("NFD", character))
    if len(marks) == 1 and marks[0] in _ACCENTS and letter.isascii() and letter.isalpha():
        return f"{{\\{_ACCENTS[marks[0]]}{letter}}}"
    return character


def _entry(entry: Entry) -> str:
    paper = entry.paper
    fields = {
        "title": f"{{{escaped(entry.title)}}}",  # braced twice: capitals stay
        "author": " and ".join(_author(name) for name in entry.authors),
        "year": str(entry.day.year),
        "eprint": entry.arxiv,
        "archivePrefix": "arXiv" if entry.arxiv else "",
        "primaryClass": escaped(paper.categories[0]) if entry.arxiv and paper.categories else "",
        "doi": _verbatim(paper.doi or ""),
        "url": _verbatim(paper.url),
        "howpublished": escaped(paper.journal_ref or ""),
        "abstract": escaped(entry.abstract),
        "annote": escaped(entry.note),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{entry.key},", *lines, "}", ""])


def _author(name: str) -> str:
    """Return a name; one that BibTeX would take apart, as a group's, stands in braces."""
    is_whole = "," in name or "and" in name.lower().split()
    return f"{{{escaped(name)}}}" if is_whole else escaped(name)


def _verbatim(address: str) -> str:
    """Return an address, in which nothing is escaped; what could end the field is encoded."""
    one_line = "".join(address.split())
    return one_line.replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C")
