"""Why a paper: the exact summands of its score, and the words that make two papers alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.arrays import Rows
from recommender.candidates import Corpus
from recommender.model import Model
from recommender.papers import PaperId
from recommender.picks import PartKind, ScorePart
from recommender.taste import Taste

NAMED = 6  # liked and skipped papers named with a pick
EXPLAINED = 3  # of the named, with the words they share
WORDS = 3
_NOTHING = 1e-9
_PAIRS = 4096  # compared at the same time


@dataclass(frozen=True, slots=True)
class Shares:
    """The summands of one candidate's score as numbers. row: the candidate in the corpus.

    papers: shape (n,), one for each paper of the taste, in double precision.
    """

    row: int
    taste: Taste
    papers: NDArray[np.float64]
    readers: float
    popular: float
    exploring: float = 0.0


@dataclass(frozen=True, slots=True)
class _Told:
    """What is named of a score. judged: rows of the papers that `named` is about."""

    named: list[tuple[PartKind, float]]
    judged: list[int]
    rest: list[ScorePart]


def parts(model: Model, corpus: Corpus, scores: Sequence[Shares]) -> list[tuple[ScorePart, ...]]:
    """Return the summands of each candidate's score; papers first, the largest first."""
    told = [_told(shares) for shares in scores]
    pairs = [
        (row, shares.row)
        for shares, one in zip(scores, told, strict=True)
        for row in one.judged[:EXPLAINED]
    ]
    words = iter(shared_words(model, corpus, pairs))
    judged = np.array([row for t in told for row in t.judged], np.int64)
    papers = iter(corpus.ids[judged].tolist())
    return [
        (
            *(
                ScorePart(kind, value, PaperId(next(papers)), next(words) if n < EXPLAINED else ())
                for n, (kind, value) in enumerate(one.named)
            ),
            *one.rest,
        )
        for one in told
    ]


def _told(shares: Shares) -> _Told:
    told, other = _Told([], [], []), 0.0
    values, weights = shares.papers.tolist(), shares.taste.weights.tolist()
    rows = shares.taste.rows.tolist()
    for at in np.argsort(-np.abs(shares.papers), kind="stable").tolist():
        value, is_liked = values[at], weights[at] > 0
        # A skipped paper unlike this one speaks for it; that is no reason to name.
        if len(told.named) == NAMED or abs(value) < _NOTHING or (not is_liked and value > 0):
            other += value
            continue
        told.named.append((PartKind.LIKED if is_liked else PartKind.SKIPPED, value))
        told.judged.append(rows[at])
    rest = (
        (PartKind.READERS, shares.readers),
        (PartKind.POPULAR, shares.popular),
        (PartKind.EXPLORING, shares.exploring),
        (PartKind.OTHER, other),
    )
    told.rest.extend(ScorePart(kind, value) for kind, value in rest if value)
    return told


def likeness(model: Model, corpus: Corpus, liked: int, row: int, value: float) -> ScorePart:
    """Return the one part of a pick that was chosen for being like a paper; rows of both."""
    (words,) = shared_words(model, corpus, [(liked, row)])
    return ScorePart(PartKind.LIKED, float(value), PaperId(int(corpus.ids[liked])), words)


def shared_words(
    model: Model, corpus: Corpus, pairs: Sequence[tuple[int, int]]
) -> list[tuple[str, ...]]:
    """Return up to three telling words that both papers of each pair use, best first.

    pairs: rows of the corpus. The best words are those that both papers put in front.
    """
    found: list[tuple[str, ...]] = []
    for start in range(0, len(pairs), _PAIRS):
        found += _shared_words(model, corpus, np.array(pairs[start : start + _PAIRS], np.int64))
    return found


def _shared_words(model: Model, corpus: Corpus, pairs: Rows) -> list[tuple[str, ...]]:
    one, other = corpus.telling[pairs[:, 0]], corpus.telling[pairs[:, 1]]
    is_same = one[:, :, None] == other[:, None, :]
    is_same &= (one >= 0)[:, :, None]
    pair, first, second = np.nonzero(is_same)
    words = one[pair, first]
    order = np.lexsort((words, first + second, pair))
    shared: list[list[str]] = [[] for _ in range(len(pairs))]
    for at, word in zip(pair[order].tolist(), words[order].tolist(), strict=True):
        if len(shared[at]) < WORDS:
            shared[at].append(model.text.words[word])
    return [tuple(some) for some in shared]
