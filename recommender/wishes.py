"""What a reader told us in words: whom and what they follow or mute, and of their interests.

Nouns alone, so that storage can keep them; `topics` finds the papers that they are about, and
`interests` the likes.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from recommender.papers import PaperId


class Kind(StrEnum):
    """Of what can be followed or muted."""

    AUTHOR = "author"
    WORD = "word"  # or several that stand beside each other
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Topic:
    """text: as the reader wrote it; `topics` knows which spellings are the same."""

    kind: Kind
    text: str


class Standing(StrEnum):
    """What a reader wants of an interest."""

    KEPT = "kept"  # as it comes; it only has a name of its own
    BOOSTED = "boosted"  # twice the places
    MUTED = "muted"  # no places, nor what is close to it
    FORGOTTEN = "forgotten"  # its likes are history, and no taste


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of an interest. papers: the likes it was made of then, the most typical first.

    name: the reader's own, empty for its telling words.
    """

    papers: tuple[PaperId, ...]
    standing: Standing = Standing.KEPT
    name: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """All that one reader told us, each the oldest first. Where both stand, a mute holds."""

    follows: tuple[Topic, ...] = ()
    mutes: tuple[Topic, ...] = ()
    interests: tuple[Said, ...] = ()

    @property
    def is_about_papers(self) -> bool:
        return bool(self.follows or self.mutes)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one reader told us, as far as it is about today's candidates.

    muted: papers never to be picked. promised: papers that get a place, with the followed
    author as the reader wrote the name; the first to be shown first. wanted: papers with a
    followed word or category, of which the best gets a place.
    """

    muted: frozenset[PaperId] = frozenset()
    promised: dict[PaperId, Topic] = field(default_factory=dict)
    wanted: dict[PaperId, Topic] = field(default_factory=dict)
    interests: tuple[Said, ...] = ()


NOTHING_TOLD = Told()
NOTHING = Wishes()
