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
        scores = score(model, corpus, slate, [taste for side in sides for taste in side.tastes])
        last = 0
        for request, side in zip(block, sides, strict=True):
            first, last = last, last + len(side.tastes)
            rows = scores[first:last]
            picks.append(_Choice(model, corpus, slate, request, side, rows, seed).picks())
    return picks


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
    for row, taste in zip(scores, tastes, strict=True):
        if taste.damping:
            row *= np.exp(-taste.damping * slate.spread)
        row += taste.popular * slate.popular
        if model.neighbours is not None and np.any(slate.rated >= 0):
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


class _Choice:
    """The choice for one reader, whose scores are there: a row for each of the tastes."""

    def __init__(
        self,
        model: Model,
        corpus: Corpus,
        slate: Slate,
        request: Request,
        sides: _Sides,
        scores: Floats,
        seed: int,
    ) -> None:
        self._model = model
        self._corpus = corpus
        self._slate = slate
        self._request = request
        self._sides = sides
        self._taste = sides.tastes[0]
        self._scores = scores
        self._rng = np.random.default_rng(
            [abs(seed), abs(request.user), len(request.seen), len(request.feedback)]
        )

    def picks(self) -> list[Pick]:
        request = self._request
        self._scores[:, self._known()] = -np.inf
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
            filled[interest] = self._diverse(self._scores[interest + first], order.count(interest))
            self._scores[:, filled[interest]] = -np.inf
        return [
            (filled[interest].pop(0), self._sides.tastes[interest + first])
            for interest in order
            if filled[interest]
        ]

    def _known(self) -> Rows:
        """Return the candidates that this reader has seen or judged."""
        known = self._request.seen.union(f.paper for f in self._request.feedback)
        at = find(self._slate.ids, ids_of(known))
        return at[at >= 0]

    def _diverse(self, scores_of_all: Floats, k: int) -> list[int]:
        """Return k of the best, each as good and as unlike the ones before it as possible."""
        top = best(scores_of_all, TOP)
        if k <= 0 or not len(top):
            return []
        scores = scores_of_all[top]
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
