"""Why a paper: the exact summands of its score, and the words that make two papers alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

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
class Judged:
    """The papers of a taste as Python's own numbers: ids, rows, and which were liked."""

    ids: list[int]
    rows: list[int]
    is_liked: list[bool]

    @classmethod
    def of(cls, corpus: Corpus, taste: Taste) -> Self:
        ids, liked = corpus.ids[taste.rows], taste.weights > 0
        return cls(ids.tolist(), taste.rows.tolist(), liked.tolist())


@dataclass(frozen=True, slots=True)
class Shares:
    """The summands of one candidate's score as numbers. row: the candidate in the corpus.

    papers: one for each paper judged, in double precision. order: of these, the largest first.
    """

    row: int
    judged: Judged
    papers: Sequence[float]
    order: Sequence[int]
    readers: float
    popular: float
    exploring: float = 0.0


@dataclass(frozen=True, slots=True)
class _Told:
    """Which of the papers judged are named, and the parts that name none."""

    named: list[int]
    rest: list[ScorePart]


def parts(model: Model, corpus: Corpus, scores: Sequence[Shares]) -> list[tuple[ScorePart, ...]]:
    """Return the summands of each candidate's score; papers first, the largest first."""
    told = [_told(shares) for shares in scores]
    pairs = [
        (shares.judged.rows[at], shares.row)
        for shares, one in zip(scores, told, strict=True)
        for at in one.named[:EXPLAINED]
    ]
    words = iter(shared_words(model, corpus, pairs))
    return [
        (
            *(
                ScorePart(
                    PartKind.LIKED if shares.judged.is_liked[at] else PartKind.SKIPPED,
                    shares.papers[at],
                    PaperId(shares.judged.ids[at]),
                    next(words) if number < EXPLAINED else (),
                )
                for number, at in enumerate(one.named)
            ),
            *one.rest,
        )
        for shares, one in zip(scores, told, strict=True)
    ]


def _told(shares: Shares) -> _Told:
    named, other = list[int](), 0.0
    papers, is_liked = shares.papers, shares.judged.is_liked
    for place, at in enumerate(shares.order):
        value = papers[at]
        if len(named) == NAMED or abs(value) < _NOTHING:
            other += sum(papers[left] for left in shares.order[place:])
            break
        # A skipped paper unlike this one speaks for it; that is no reason to name.
        if is_liked[at] or value <= 0:
            named.append(at)
        else:
            other += value
    rest = (
        (PartKind.READERS, shares.readers),
        (PartKind.POPULAR, shares.popular),
        (PartKind.EXPLORING, shares.exploring),
        (PartKind.OTHER, other),
    )
    return _Told(named, [ScorePart(kind, value) for kind, value in rest if value])


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
