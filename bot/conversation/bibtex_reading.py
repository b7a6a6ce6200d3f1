"""Read BibTeX as people have it: entries and their fields, whatever is broken in between.

A reader of our own, because what matters here is that one broken entry costs that entry and
nothing else, and that a megabyte of anything is read in linear time: a library that stops at
the first unclosed brace loses the rest of somebody's bibliography.

An entry begins with `@name{` or `@name(`. Braces are counted; an entry whose braces never
close ends where the next line begins with `@name{`.
"""

import re
from collections.abc import Iterator

_BEGINNING = re.compile(r"@\s*([A-Za-z]{1,40})\s*[{(]")
_NEXT = re.compile(r"\n[ \t]*@\s*[A-Za-z]{1,40}\s*[{(]")
_FIELD = re.compile(r"[\s,]*([A-Za-z][\w:.+/-]{0,60})\s*=\s*")
_WORD = re.compile(r"[^\s,#{}\"]+")
_BRACE_OR_QUOTE = re.compile(r'[{}"]')
_BRACE = re.compile(r"[{}]")
_NO_ENTRIES = frozenset(["comment", "preamble", "string"])
_JOIN = re.compile(r"\s*#\s*")
_COMMA = re.compile(r"\s*,")
_MOST_FIELDS = 60  # of an entry: with every value left open each is looked for to the very end


def entries(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each entry by lower-case name, values as written, without delimiters.

    Abbreviations stand for themselves; of a field that is there twice the first one counts.
    """
    at, limit = 0, 0
    while found := _BEGINNING.search(text, at):
        start = found.end()
        if limit <= start:  # else the same line would be found, after looking as far again
            following = _NEXT.search(text, start)
            limit = following.start() + 1 if following else len(text) + 1
        # Past the next entry's beginning nothing can belong to this one, however it is braced.
        end = min(limit, len(text))
        close = _closing(text, start, end)
        end = end if close is None else close
        if found[1].lower() not in _NO_ENTRIES:
            yield _fields(text, start, end)
        at = end


def _fields(text: str, start: int, end: int) -> dict[str, str]:
    """Return the fields that stand between two positions, the citation key left out."""
    fields: dict[str, str] = {}
    comma = text.find(",", start, end)
    at = comma + 1 if comma >= 0 else end
    for _ in range(_MOST_FIELDS):
        found = _FIELD.match(text, at, end)
        if found is None:
            break
        value, at = _value(text, found.end(), end)
        fields.setdefault(found[1].lower(), " ".join(value.split()))
        behind = _COMMA.match(text, at, end)
        at = behind.end() if behind else at
    return fields


def _value(text: str, at: int, end: int) -> tuple[str, int]:
    """Return a value, pieces joined by `#` as one, and where it ends."""
    pieces = []
    while True:
        piece, at = _piece(text, at, end)
        pieces.append(piece)
        joined = _JOIN.match(text, at, end)
        if joined is None:
            return "".join(pieces), at
        at = joined.end()


def _piece(text: str, at: int, end: int) -> tuple[str, int]:
    if text.startswith("{", at):
        close = _closing(text, at + 1, end)
        close = _end_of_line(text, at + 1, end) if close is None else close
        return text[at + 1 : close], min(close + 1, end)
    if text.startswith('"', at):
        close = _closing_quote(text, at + 1, end)
        return text[at + 1 : close], min(close + 1, end)
    word = _WORD.match(text, at, end)
    return (word[0], word.end()) if word else ("", at)


def _closing(text: str, at: int, end: int) -> int | None:
    """Return where the brace closes that was opened before `at`, None if it never does."""
    depth = 1
    for brace in _BRACE.finditer(text, at, end):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.start()
    return None


def _closing_quote(text: str, at: int, end: int) -> int:
    depth = 0
    for sign in _BRACE_OR_QUOTE.finditer(text, at, end):
        if sign[0] == '"' and depth <= 0:
            return sign.start()
        depth += {"{": 1, "}": -1}.get(sign[0], 0)
    return _end_of_line(text, at, end)


def _end_of_line(text: str, at: int, end: int) -> int:
    """Return where a value ends that is never closed: most are written on one line."""
    line = text.find("\n", at, end)
    return line if line >= 0 else end
