"""Rank candidates for one reader or for a hundred thousand.

    score = profile·φ(candidate) + what readers of the same papers liked + popularity

One matrix product scores a block of readers, each interest of a reader by itself, and every
interest fills its places in the list. From its best 50 they are chosen by
maximal marginal relevance (Carbonell & Goldstein 1998), so that it does not say the same
thing five times, and one slot explores: a sample from the posterior of the profile (Thompson
1933) with its exact propensity, so that what is learnt from it can be judged later.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from recommender import explanation
from recommender.arrays import Floats, Ids, Rows, find, ids_of
from recommender.candidates import Corpus, Slate
from recommender.exploring import Explored, explore
from recommender.interests import MOST, cluster, tastes_of, turns
from recommender.model import Model
from recommender.papers import PaperId
from recommender.picks import Pick, Request
from recommender.taste import Taste, taste_of

TOP = 50
_READERS = 256  # in one matrix product
_CELLS = 32_000_000  # scores held at the same time: 128 MB
_DIVERSITY = (0.05, 0.15, 0.3, 0.4, 0.5)  # by the surprise dial
_STRANGER = 0.5  # for a reader without likes: show the breadth


def recommend(
    model: Model,
    corpus: Corpus,
    requests: Sequence[Request],
    candidates: Ids | None,
    seed: int,
) -> list[list[Pick]]:
    """Return each reader's picks, best first, in the order of the requests.

    candidates: ids of the papers to choose from, all that may be offered for None. Papers a
        reader has seen or said anything of are never picked, so a list may be shorter than
        asked for, or empty.
    seed: with a reader's number and how much they have seen, it alone decides what chance
        decides; the other readers of the batch change nothing.

    The exploring pick, where there is one, stands last.
    """
    slate = corpus.slate(candidates)
    if not len(slate):
        return [[] for _ in requests]
    size = max(1, min(_READERS, _CELLS // ((1 + MOST) * len(slate))))
    picks: list[list[Pick]] = []
    for start in range(0, len(requests), size):
        block = requests[start : start + size]
        sides = [_Sides.of(model, corpus, request) for request in block]
        counts = [len(side.tastes) for side in sides]
        tastes = [taste for side in sides for taste in side.tastes]
        whose = [one for one, count in zip(block, counts, strict=True) for _ in range(count)]
        scores, top = leading(model, corpus, slate, tastes, whose)
        last = 0
        for request, side, count in zip(block, sides, counts, strict=True):
            at = slice(last, last + count)
            last += count
            ranked = _Ranked(scores[at], top[at])
            picks.append(_Choice(model, corpus, slate, request, side, ranked, seed).picks())
    return picks


def leading(
    model: Model, corpus: Corpus, slate: Slate, tastes: Sequence[Taste], requests: Sequence[Request]
) -> tuple[Floats, Rows]:
    """Return the scores of all candidates, and where the best of them stand, best first.

    requests: whose each taste is. Shapes (tastes, n) and (tastes, TOP or n). What a reader
    has seen or judged has the score −inf.
    """
    scores = score(model, corpus, slate, tastes)
    known = [{*r.seen, *(f.paper for f in r.feedback)} for r in requests]
    at = find(slate.ids, ids_of(paper for papers in known for paper in papers))
    rows = np.repeat(np.arange(len(known)), [len(papers) for papers in known])
    scores[rows[at >= 0], at[at >= 0]] = -np.inf
    width = min(TOP, scores.shape[1])
    top = np.argpartition(-scores, width - 1, axis=1)[:, :width]
    order = np.lexsort((top, -np.take_along_axis(scores, top, axis=1)), axis=1)
    return scores, np.take_along_axis(top, order, axis=1)


def nearest(
    model: Model, corpus: Corpus, paper: PaperId, candidates: Ids | None, k: int
) -> list[Pick]:
    """Return the k candidates whose texts are most like a paper's, best first.

    The paper itself is left out. Empty when the corpus does not know the paper.
    """
    row = int(corpus.rows([paper])[0])
    if row < 0:
        return []
    # No slate: features of the whole catalogue would be made for nothing.
    likeness = corpus.likeness(corpus.base[row])
    likeness[row] = -np.inf
    if candidates is not None:
        likeness[~np.isin(corpus.ids, candidates)] = -np.inf
    return [
        Pick(
            paper=PaperId(int(corpus.ids[at])),
            rank=rank,
            score=float(likeness[at]),
            parts=(explanation.likeness(model, corpus, row, int(at), likeness[at]),),
            is_exploring=False,
            propensity=1.0,
            model=model.version,
        )
        for rank, at in enumerate(best(likeness, k), start=1)
    ]


def score(model: Model, corpus: Corpus, slate: Slate, tastes: Sequence[Taste]) -> Floats:
    """Return the scores of all candidates for a block of readers, shape (readers, n)."""
    if not tastes:
        return np.zeros((0, len(slate)), np.float32)
    profiles = np.stack([taste.profile for taste in tastes])
    scores: Floats = profiles @ slate.features.T
    scores *= slate.factor
    for damping in {taste.damping for taste in tastes} - {0.0}:  # few: one at each of the knots
        at = [row for row, taste in enumerate(tastes) if taste.damping == damping]
        scores[at] *= np.exp(-damping * slate.spread)
    scores += np.outer([taste.popular for taste in tastes], slate.popular).astype(np.float32)
    if model.neighbours is not None and np.any(slate.rated >= 0):
        for row, taste in zip(scores, tastes, strict=True):
            row += _readers_share(model, corpus, slate.rated, taste)
    return scores


def _readers_share(model: Model, corpus: Corpus, rated: Rows, taste: Taste) -> Floats:
    """Return what readers of the same papers add to the scores of candidates, shape (n,).

    rated: the candidates among the model's rated papers, -1 for the others.
    """
    worth = np.zeros(len(model.rated) + 1, np.float32)  # the last is that of unrated papers
    if model.neighbours is not None:
        for row, weight in zip(corpus.rated[taste.rows], taste.weights, strict=True):
            if row >= 0 and weight > 0:
                papers, values = model.neighbours.of(row)
                worth[papers] += weight * values
    return worth[rated]


@dataclass(frozen=True, slots=True)
class _Sides:
    """tastes: of the whole reader, then of each interest where there are several.

    labels: the interest of each liked paper.
    """

    tastes: tuple[Taste, ...]
    labels: Rows

    @classmethod
    def of(cls, model: Model, corpus: Corpus, request: Request) -> Self:
        taste = taste_of(model, corpus, request.feedback)
        labels = cluster(corpus.base[taste.liked])
        parts = tastes_of(taste, labels)
        return cls((taste, *parts) if len(parts) > 1 else (taste,), labels)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A row for each taste of one reader. top: where the best of its scores stand, best first."""

    scores: Floats
    top: Rows


class _Choice:
    """The choice for one reader, whose scores are there."""

    def __init__(
        self,
        model: Model,
        corpus: Corpus,
        slate: Slate,
        request: Request,
        sides: _Sides,
        ranked: _Ranked,
        seed: int,
    ) -> None:
        self._model = model
        self._corpus = corpus
        self._slate = slate
        self._request = request
        self._sides = sides
        self._taste = sides.tastes[0]
        self._scores = ranked.scores
        self._top = ranked.top
        self._rng = np.random.default_rng(
            [abs(seed), abs(request.user), len(request.seen), len(request.feedback)]
        )

    def picks(self) -> list[Pick]:
        request = self._request
        explores = request.explores and request.surprise > 0 and request.k > 0
        picks = [
            self._pick(at, rank, taste)
            for rank, (at, taste) in enumerate(self._familiar(request.k - explores), start=1)
        ]
        if explores:
            judged = self._corpus.base[self._taste.rows] @ self._model.directions
            whole = self._scores[0]
            found = explore(whole, self._slate.varied, judged, request.surprise, self._rng)
            if found is not None:
                picks.append(self._pick(found.at, len(picks) + 1, self._taste, found))
        return picks

    def _familiar(self, k: int) -> list[tuple[int, Taste]]:
        """Return k candidates with the taste that each is for; none is chosen again later."""
        order = turns(self._sides.labels, k, len(self._request.seen))
        first = len(self._sides.tastes) > 1  # of the rows that are interests
        filled = dict[int, list[int]]()
        for interest in sorted(set(order)):
            filled[interest] = self._diverse(interest + first, order.count(interest))
            self._scores[:, filled[interest]] = -np.inf
        return [
            (filled[interest].pop(0), self._sides.tastes[interest + first])
            for interest in order
            if filled[interest]
        ]

    def _diverse(self, row: int, k: int) -> list[int]:
        """Return k of a row's best, each as good and as unlike the ones before as possible."""
        top = self._top[row]
        top = top[np.isfinite(self._scores[row, top])]
        if k <= 0 or not len(top):
            return []
        scores = self._scores[row, top]
        spread = float(scores[0] - scores[-1])
        good = (scores - scores[-1]) / spread if spread > 0 else np.ones_like(scores)
        base = self._slate.base[top]
        dial = _DIVERSITY[self._request.surprise] if self._taste.likes else _STRANGER
        return [int(top[at]) for at in _marginal(good, base @ base.T, dial, k)]

    def _pick(self, at: int, rank: int, taste: Taste, explored: Explored | None = None) -> Pick:
        parts = explanation.parts(
            self._model,
            self._corpus,
            taste,
            int(self._slate.rows[at]),
            self._shares(at, taste, explored.added if explored else 0.0),
        )
        return Pick(
            paper=PaperId(int(self._slate.ids[at])),
            rank=rank,
            score=math.fsum(part.value for part in parts),
            parts=parts,
            is_exploring=explored is not None,
            propensity=explored.propensity if explored else 1.0,
            model=self._model.version,
        )

    def _shares(self, at: int, taste: Taste, exploring: float) -> explanation.Shares:
        slate = self._slate
        features = slate.features[at].astype(np.float64)
        factor = slate.factor[at] * np.exp(-taste.damping * np.float64(slate.spread[at]))
        return explanation.Shares(
            papers=taste.weights * (taste.values @ features) * factor,
            readers=float(_readers_share(self._model, self._corpus, slate.rated[[at]], taste)[0]),
            popular=float(taste.popular * slate.popular[at]),
            exploring=exploring,
        )


def _marginal(good: Floats, alike: Floats, dial: float, k: int) -> list[int]:
    """Return places by maximal marginal relevance; good: in [0, 1], shape (n,)."""
    chosen = list[int]()
    closest = np.zeros(len(good), np.float32)
    value = (1 - dial) * good
    for _ in range(min(k, len(good))):
        marginal = value - dial * closest
        marginal[chosen] = -np.inf
        chosen.append(int(np.argmax(marginal)))
        closest = np.maximum(closest, alike[chosen[-1]])
    return chosen


def best(scores: Floats, k: int) -> Rows:
    """Return where the k largest finite scores stand, best first, ties by place."""
    k = min(k, len(scores))
    if not k:
        return np.zeros(0, np.int64)
    top = np.argpartition(-scores, k - 1)[:k] if k < len(scores) else np.arange(len(scores))
    top = top[np.isfinite(scores[top])]
    return np.asarray(top[np.lexsort((top, -scores[top]))], np.int64)
