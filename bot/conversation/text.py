"""Foreign text made safe to stand in a message: in one line, in one direction, not too long."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")
_PARTING = re.compile(r"[^\S\u00a0\u202f]+")
_NO_CHARACTER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_UNSEEN = re.compile(
    "[\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]"
)
_FIRST_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def visible(text: str) -> str:
    """Return text in one line without what could hide, turn round or break a message.

    Joiners stay: emoji and Persian need them.
    """
    kept = (c if unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") else " " for c in text)
    return _SPACES.sub(" ", _UNSEEN.sub("", "".join(kept))).strip()


def kept_lines(text: str) -> str:
    """Return text as it was written, without what is no character and no database keeps."""
    return _NO_CHARACTER.sub("", text)


def one_line(text: str) -> str:
    """Return text without line breaks; what must not be parted, as "48 %", stays together."""
    return _PARTING.sub(" ", text).strip()


def isolated(text: str) -> str:
    """Return text that cannot turn its surroundings round, should it run right to left."""
    if not text.isascii() and any(unicodedata.bidirectional(c) in ("R", "AL") for c in text):
        return f"{_FIRST_ISOLATE}{text}{_POP_ISOLATE}"
    return text


def clipped(text: str, limit: int) -> str:
    """Return at most `limit` characters, cut between words where that is possible."""
    if len(text) <= limit:
        return text
    cut = text[: max(limit - 1, 0)]
    if not text[len(cut)].isspace():
        head, _, last = cut.rpartition(" ")
        cut = head if head and len(last) < 30 else cut
    still_open = cut.count(_FIRST_ISOLATE) - cut.count(_POP_ISOLATE)
    return cut.rstrip(" ,;:.–—-\u200d") + "…" + _POP_ISOLATE * max(still_open, 0)
