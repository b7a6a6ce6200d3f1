"""Why a paper: the exact summands of its score, and the words that make two papers alike."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.candidates import Corpus
from recommender.model import Model
from recommender.papers import PaperId
from recommender.picks import PartKind, ScorePart
from recommender.taste import Taste

NAMED = 6  # liked and skipped papers named with a pick
EXPLAINED = 3  # of the named, with the words they share
WORDS = 3
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Shares:
    """The summands of one candidate's score as numbers.

    papers: shape (n,), one for each paper of the taste, in double precision.
    """

    papers: NDArray[np.float64]
    readers: float
    popular: float
    exploring: float = 0.0


def parts(
    model: Model, corpus: Corpus, taste: Taste, row: int, shares: Shares
) -> tuple[ScorePart, ...]:
    """Return the summands of a candidate's score; papers first, the largest first.

    row: the candidate in the corpus.
    """
    order = np.argsort(-np.abs(shares.papers), kind="stable")
    named, other = list[ScorePart](), 0.0
    for at in order:
        value, is_liked = float(shares.papers[at]), taste.weights[at] > 0
        # A skipped paper unlike this one speaks for it; that is no reason to name.
        if len(named) == NAMED or abs(value) < _NOTHING or (not is_liked and value > 0):
            other += value
            continue
        kind = PartKind.LIKED if is_liked else PartKind.SKIPPED
        with_words = len(named) < EXPLAINED
        named.append(_part(model, corpus, kind, int(taste.rows[at]), row, value, with_words))
    rest = (
        (PartKind.READERS, shares.readers),
        (PartKind.POPULAR, shares.popular),
        (PartKind.EXPLORING, shares.exploring),
        (PartKind.OTHER, other),
    )
    return (*named, *(ScorePart(kind, value) for kind, value in rest if value))


def likeness(model: Model, corpus: Corpus, liked: int, row: int, value: float) -> ScorePart:
    """Return the one part of a pick that was chosen for being like a paper; rows of both."""
    return _part(model, corpus, PartKind.LIKED, liked, row, float(value), True)


def shared_words(model: Model, corpus: Corpus, one: int, other: int) -> tuple[str, ...]:
    """Return up to three telling words that both papers (rows of the corpus) use, best first."""
    places = {w: n for n, w in enumerate(corpus.telling[one].tolist()) if w >= 0}
    words = enumerate(corpus.telling[other].tolist())
    common = sorted((places[w] + n, w) for n, w in words if w in places)
    return tuple(model.text.words[column] for _, column in common[:WORDS])


def _part(
    model: Model,
    corpus: Corpus,
    kind: PartKind,
    judged: int,
    row: int,
    value: float,
    with_words: bool,
) -> ScorePart:
    words = shared_words(model, corpus, judged, row) if with_words else ()
    return ScorePart(kind, value, PaperId(int(corpus.ids[judged])), words)
