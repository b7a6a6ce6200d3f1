"""What leaves the recommender: picks whose scores can be explained to the last digit."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from recommender.feedback import Feedback
from recommender.papers import PaperId
from recommender.wishes import NOTHING, NOTHING_TOLD, Told, Wishes


class PartKind(StrEnum):
    """Where a part of a score comes from."""

    LIKED = "liked"  # likeness to one paper the reader liked, saved or knows
    SKIPPED = "skipped"  # likeness to one paper the reader skipped; at most 0
    READERS = "readers"  # readers of the same papers liked this one
    POPULAR = "popular"  # upvotes: all there is before the first like
    EXPLORING = "exploring"  # what the exploring slot's random draw added
    OTHER = "other"  # the papers too many or too small to name
    FOLLOWED = "followed"  # the place was kept for what the reader follows: all of the score
    INTEREST = "interest"  # adds nothing: which of several interests the place is for


class ScorePart(NamedTuple):
    """One summand of a score. A tuple: a digest has dozens, and a frozen class takes twice as long.

    paper: the liked or skipped paper it comes from, if it comes from one.
    words: up to three telling words both papers share, best first; may be empty. Of what is
        followed its kind and its text, of an interest its name.
    """

    kind: PartKind
    value: float
    paper: PaperId | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pick:
    """A paper chosen for one reader.

    rank: 1 is the best of its list.
    parts: sum to `score` (to within 1e-6 of the largest part).
    propensity: the probability, in (0, 1], that this paper would fill this slot; 1 for
        slots filled without chance.
    model: the version of the model that chose.
    """

    paper: PaperId
    rank: int
    score: float
    parts: tuple[ScorePart, ...]
    is_exploring: bool
    propensity: float
    model: str


@dataclass(frozen=True, slots=True)
class Request:
    """One reader's question to the recommender.

    user: seeds the reader's randomness together with how much was seen, so that batch order
        cannot change a pick and chance does not repeat itself from one card to the next.
    feedback: everything that stands, in any order; the order never matters.
    seen: papers never to be offered again (rated ones are left out by themselves).
    barred: papers that are not for this reader whatever they think of them, such as those of
        categories a group does not read.
    k: how many picks.
    surprise: 0 (familiar) to 4 (surprising); 2 is the default dial.
    explores: whether one slot may be filled by exploring. With k = 1 the slot falls to
        exploring only when `explores` is set, so the caller decides how often.
    told: what the reader told us in words. wishes: what that means for today's candidates.
    """

    user: int
    feedback: tuple[Feedback, ...]
    seen: frozenset[PaperId] = field(default_factory=frozenset)
    k: int = 5
    surprise: int = 2
    explores: bool = True
    told: Told = NOTHING_TOLD
    wishes: Wishes = NOTHING
    barred: frozenset[PaperId] = field(default_factory=frozenset)
