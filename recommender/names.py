"""Is this the same author? Sources write one person's name in many ways.

"Hinton, Geoffrey E.", "G. Hinton" and "Geoffrey Hinton" are compatible; "George Hinton" is
somebody else. Accents may be written, left out or spelled out (Schölkopf, Scholkopf,
Schoelkopf). Two people with one name cannot be told apart: no source tells who is who.
"""

import re
import unicodedata
from dataclasses import dataclass

# What Unicode does not take apart.
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i"})
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_PARTICLES = re.compile(r"van|von|de|der|den|del|della|di|da|dos|das|du|la|le|te[rn]|zur?|al|ibn")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv|phd)\.?", re.IGNORECASE)
_BETWEEN = re.compile(r"[^\w]+|_+")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Name:
    """families: the last family name, in each way in which it may be spelled; empty for none.

    given: what stands before it, folded; initials are single letters. Particles are left out.
    """

    families: frozenset[str]
    given: tuple[str, ...]

    def may_be(self, other: "Name") -> bool:
        """Whether both may be names of one person. A family name alone may be anybody's of it."""
        if not self.families & other.families:
            return False
        if "".join(self.given) == "".join(other.given):  # Xiao-Ming and Xiaoming
            return True
        pairs = zip(self.given, other.given, strict=False)
        return all(_alike(one, another) for one, another in pairs)


def parsed(written: str) -> Name:
    """Return a name from "First Last" or "Last, First"; nothing of it is case-sensitive
    but initials without dots (JB Smith)."""
    parts = [part.strip() for part in written.split(",")]
    parts = [part for part in parts if part and not _SUFFIX.fullmatch(part)]
    words = " ".join([*parts[1:], *parts[:1]]).split()
    while len(words) > 1 and _SUFFIX.fullmatch(words[-1]):
        words.pop()
    if not words:
        return Name(frozenset(), ())
    family = next(reversed(_tokens(words[-1])), "")
    spelled = _folded(words[-1].casefold().translate(_SPELLED_OUT))
    families = {family, _BETWEEN.split(spelled)[-1]} - {""}
    before = [token for word in words[:-1] for token in _given(word)]
    before += _tokens(words[-1])[:-1]
    # In the first place they are names: Bin Yu, Le Song, Di Wang.
    after = (token for token in before[1:] if not _PARTICLES.fullmatch(token))
    return Name(frozenset(families), (*before[:1], *after))


def _given(word: str) -> list[str]:
    """Return the tokens of a given name; capitals that no vowel makes a name are initials."""
    if word.isupper() and 2 <= len(word) <= 3 and word.isalpha() and not _VOWEL.search(word):
        return list(_folded(word))
    return _tokens(word)


def _tokens(word: str) -> list[str]:
    return [token for token in _BETWEEN.split(_folded(word)) if token]


def _alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) == 1 and long.startswith(short))


def _folded(text: str) -> str:
    """Return text without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return "".join(c for c in apart if not unicodedata.combining(c))
