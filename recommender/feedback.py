"""What readers think of papers, as the model hears it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recommender.papers import PaperId


class Verdict(StrEnum):
    """What a reader says of a paper; one verdict stands for each reader and paper.

    A bookmark ("save") stands beside the verdict, not in its place: a liked paper can be
    saved and a saved one liked.
    """

    LIKE = "like"
    SKIP = "skip"
    OFF_TOPIC = "off_topic"  # a skip because of the topic: pushes the profile away harder
    KNOWN = "known"  # a skip because the reader knows it: a like in disguise
    NOT_NOW = "not_now"  # a skip that says nothing about taste


@dataclass(frozen=True, slots=True)
class Feedback:
    """One reader's standing opinion of one paper; `verdict` may be None when it is only saved."""

    paper: PaperId
    verdict: Verdict | None
    is_saved: bool = False


@dataclass(frozen=True, slots=True)
class Rating:
    """One row of the training data: a reader (any stable number) and their feedback."""

    user: int
    feedback: Feedback


@dataclass(frozen=True, slots=True)
class Dated:
    """A rating, and when this reader first said anything of this paper."""

    rating: Rating
    first: datetime
