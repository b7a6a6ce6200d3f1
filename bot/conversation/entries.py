"""A paper that somebody keeps, with what libraries of references want to know of it."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from bot.conversation.tex import readable
from bot.conversation.text import visible
from recommender.papers import Paper

# Letters of names that have no plain letter inside.
_PLAIN = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"}
)
_PARTICLE_WORDS = """
    al bin da das de del della den der des di do dos du el la le ten ter van von zu zur
"""
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_SUFFIXES = frozenset(["jr", "jr.", "sr", "sr.", "ii", "iii", "iv"])


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper and what its reader said of it.

    verdict: storage's word ("like", "skip", …), empty for none. saved_at: None if not saved.
    """

    paper: Paper
    verdict: str = ""
    saved_at: datetime | None = None
    note: str = ""

    @property
    def title(self) -> str:
        return visible(readable(self.paper.title)) or self.paper.key

    @property
    def abstract(self) -> str:
        return visible(readable(self.paper.abstract))

    @property
    def authors(self) -> list[str]:
        names = (visible(readable(name)) for name in self.paper.authors)
        return [name for name in names if name]

    @property
    def day(self) -> date:
        """When it first appeared."""
        return self.paper.published.date() if self.paper.published else self.paper.announced

    @property
    def arxiv(self) -> str:
        """The id at arXiv, empty for papers from elsewhere."""
        source, _, identifier = self.paper.key.partition(":")
        return identifier if source == "arxiv" else ""

    @property
    def key(self) -> str:
        """Return the citation key: the same for the same paper, in whatever list it stands.

        Of `a-z0-9.-` alone, such as `lovelace2023-2301.12652`.
        """
        family = _letters(family_and_given(self.authors[0])[0]) if self.authors else ""
        identifier = re.sub(r"[^a-z0-9.-]+", ".", self.paper.key.partition(":")[2].lower())
        return f"{family or 'anonymous'}{self.day.year}-{identifier}"


def family_and_given(name: str) -> tuple[str, str]:
    """Return a name's two parts; the second is empty for groups and single names.

    Written names do not say which part is which; the last word counts as the family, with
    the particles before it and the suffix behind it.
    """
    parts = name.split()
    suffix = [parts.pop()] if len(parts) > 2 and parts[-1].lower() in _SUFFIXES else []
    start = max(len(parts) - 1, 0)
    while start > 1 and parts[start - 1] in _PARTICLES:
        start -= 1
    return " ".join(parts[start:] + suffix), " ".join(parts[:start])


def _letters(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower().translate(_PLAIN))
    return re.sub(r"[^a-z]", "", plain)
