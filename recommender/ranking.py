"""Rank candidates for one reader or for a hundred thousand.

    score = profile·features(candidate) + Σ e(candidate) over liked papers
            + what readers of the same papers liked + popularity

Two matrix products score a block of readers, each interest of a reader by itself, and every
interest fills its places in the list. From its best 50 they are chosen by
maximal marginal relevance (Carbonell & Goldstein 1998), so that it does not say the same
thing five times, and one slot explores: a sample from the posterior of the profile (Thompson
1933) with its exact propensity, so that what is learnt from it can be judged later.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from recommender import dice, explanation
from recommender.arrays import Floats, Ids, Rows, ids_of, largest
from recommender.candidates import Corpus, Slate
from recommender.diversity import diverse
from recommender.exploring import CHANCES, Explored, drawn, explore
from recommender.interests import MOST, Arranged, arranged, named, tastes_of, turns
from recommender.metrics import Doubles
from recommender.model import Model
from recommender.papers import PaperId
from recommender.picks import Pick, Request, ScorePart
from recommender.taste import Taste, tastes
from recommender.wishes import Said

if TYPE_CHECKING:
    from scipy.sparse import csr_array

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
        block = _Block.of(model, corpus, slate, requests[start : start + size])
        picks += block.picks(seed)
    return picks


def leading(
    model: Model, corpus: Corpus, slate: Slate, tastes: Sequence[Taste], requests: Sequence[Request]
) -> tuple[Floats, Rows]:
    """Return the scores of all candidates, and where the best of them stand, best first.

    requests: whose each taste is. Shapes (tastes, n) and (tastes, TOP or n). What a reader
    has seen, judged or muted, or must not be shown, has the score −inf.
    """
    scores = score(model, corpus, slate, tastes)
    _mask(scores, slate, requests)
    return scores, largest(scores, TOP)


def _mask(scores: Floats, slate: Slate, requests: Sequence[Request]) -> None:
    """Put −inf where a candidate is not for the reader of a row."""
    papers, ends = list[int](), list[int]()
    for one in requests:
        papers += one.seen
        papers += one.barred
        papers += one.wishes.muted
        papers += [said.paper for said in one.feedback]
        ends.append(len(papers))
    at = slate.places.of(ids_of(papers))
    rows = np.repeat(np.arange(len(requests)), np.diff(ends, prepend=0))
    scores.reshape(-1)[(rows * len(slate) + at)[at >= 0]] = -np.inf


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
    if slate.worth is not None:
        scores += (likes_of(tastes, slate.worth.shape[0]) @ slate.worth).toarray()
    scores *= slate.factor
    for damping in {taste.damping for taste in tastes} - {0.0}:  # few: one at each of the knots
        at = [row for row, taste in enumerate(tastes) if taste.damping == damping]
        scores[at] *= np.exp(-damping * slate.spread)
    popular = np.array([taste.popular for taste in tastes], np.float32)
    scores += popular[:, None] * slate.popular
    if np.any(slate.rated >= 0):
        scores += _readers_share(model, slate.rated, tastes)
    return scores


def _readers_share(model: Model, rated: Rows, tastes: Sequence[Taste]) -> Floats:
    """Return what readers of the same papers add to the scores of candidates, shape (tastes, n).

    rated: the candidates among the model's rated papers, -1 for the others.
    """
    found = np.zeros((len(tastes), len(rated)), np.float32)
    at = np.flatnonzero(rated >= 0)
    if model.readers is not None and len(at):
        said = likes_of(tastes, len(model.rated)) @ model.readers.near.matrix()
        found[:, at] = np.float32(model.readers.direct) * said[:, rated[at]].toarray()
    return found


def likes_of(tastes: Sequence[Taste], rated: int) -> "csr_array[Any]":
    """Return what each taste says of the rated papers, shape (tastes, rated)."""
    from scipy.sparse import csr_array

    spoken = [taste.spoken for taste in tastes]
    counts = [len(one.whose) for one in spoken]
    firsts = np.cumsum([0, *(len(taste.weights) for taste in tastes[:-1])])
    whose = np.concatenate([one.whose for one in spoken]) + np.repeat(firsts, counts)
    values = np.concatenate([taste.weights for taste in tastes])[whose]
    values *= np.concatenate([one.amounts for one in spoken])
    papers = np.concatenate([one.papers for one in spoken], dtype=np.int32, casting="same_kind")
    starts = np.cumsum([0, *counts], dtype=np.int32)
    return csr_array((values, papers, starts), shape=(len(tastes), rated))


@dataclass(frozen=True, slots=True)
class _Sides:
    """tastes: of the whole reader, then of each interest where there are several.

    interests: of the liked papers.
    """

    tastes: tuple[Taste, ...]
    interests: Arranged

    @classmethod
    def of(cls, corpus: Corpus, taste: Taste, said: Sequence[Said]) -> Self:
        found = arranged(corpus, taste.liked, said)
        parts = tastes_of(taste, found.labels)
        return cls((taste, *parts) if len(parts) > 1 else (taste,), found)

    def names(
        self, model: Model, corpus: Corpus, wanted: Iterable[int]
    ) -> dict[int, tuple[ScorePart]]:
        """Return what tells, beside the score, which interest a taste is of; not of the whole."""
        liked = self.tastes[0].liked
        return {
            taste: (named(model, corpus, liked, self.interests, taste - 1),)
            for taste in wanted
            if taste
        }

    def of_interest(self, interest: int) -> int:
        """Return which of the tastes an interest is: where there is but one, the whole."""
        return interest + 1 if len(self.tastes) > 1 else 0


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A candidate. taste: which of the reader's it is for. explored: in the exploring slot."""

    at: int
    taste: int
    explored: Explored | None = None


@dataclass(frozen=True, slots=True)
class _Block:
    """Readers whose scores are there.

    scores, top: a row for each taste of each reader, see `leading`. first: the row of each
    reader's whole taste; those of the interests follow it.
    """

    model: Model
    corpus: Corpus
    slate: Slate
    requests: Sequence[Request]
    sides: Sequence[_Sides]
    scores: Floats
    top: Rows
    first: Sequence[int]

    @classmethod
    def of(cls, model: Model, corpus: Corpus, slate: Slate, requests: Sequence[Request]) -> Self:
        whole = tastes(model, corpus, [request.feedback for request in requests])
        sides = [
            _Sides.of(corpus, taste, request.wishes.interests)
            for taste, request in zip(whole, requests, strict=True)
        ]
        every = [taste for side in sides for taste in side.tastes]
        counts = [len(side.tastes) for side in sides]
        whose = [one for one, count in zip(requests, counts, strict=True) for _ in range(count)]
        scores, top = leading(model, corpus, slate, every, whose)
        first = [0, *accumulate(counts[:-1])]
        return cls(model, corpus, slate, requests, sides, scores, top, first)

    def picks(self, seed: int) -> list[list[Pick]]:
        lists = self._familiar()
        for chosen, explored in zip(lists, self._explored(seed), strict=True):
            chosen += explored
        shares = [
            one
            for side, chosen in zip(self.sides, lists, strict=True)
            for one in self._shares(side, chosen)
        ]
        parts = iter(explanation.parts(self.model, self.corpus, shares))
        names = [
            side.names(self.model, self.corpus, {one.taste for one in chosen})
            for side, chosen in zip(self.sides, lists, strict=True)
        ]
        return [
            [
                self._pick(one, rank, next(parts) + named.get(one.taste, ()))
                for rank, one in enumerate(chosen, start=1)
            ]
            for named, chosen in zip(names, lists, strict=True)
        ]

    def _familiar(self) -> list[list[_Chosen]]:
        """Return what chance does not choose; none of it may be chosen again later.

        Everybody's first interest gets its places together, then everybody's second one.
        """
        orders = [
            turns(side.interests.weighed(), request.k - _explores(request), len(request.seen))
            for request, side in zip(self.requests, self.sides, strict=True)
        ]
        filled: list[dict[int, list[int]]] = [{} for _ in orders]
        for number in count():
            due = [(reader, sorted(set(order))) for reader, order in enumerate(orders)]
            whose = [(reader, some[number]) for reader, some in due if number < len(some)]
            if not whose:
                break
            counts = [orders[reader].count(interest) for reader, interest in whose]
            for (reader, interest), found in zip(whose, self._diverse(whose, counts), strict=True):
                filled[reader][interest] = found
                row = self.first[reader]
                self.scores[row : row + len(self.sides[reader].tastes), found] = -np.inf
        return [
            [
                _Chosen(left[interest].pop(0), side.of_interest(interest))
                for interest in order
                if left[interest]
            ]
            for side, order, left in zip(self.sides, orders, filled, strict=True)
        ]

    def _diverse(self, whose: Sequence[tuple[int, int]], counts: Sequence[int]) -> list[list[int]]:
        """Return so many of the best for each (reader, interest), unlike each other too."""
        rows = [self.first[r] + self.sides[r].of_interest(interest) for r, interest in whose]
        dials = [
            _DIVERSITY[self.requests[r].surprise] if self.sides[r].tastes[0].likes else _STRANGER
            for r, _ in whose
        ]
        top = self.top[rows]
        scores = self.scores[np.array(rows)[:, None], top]
        return diverse(self.slate.base, top, scores, np.array(dials, np.float32), counts)

    def _explored(self, seed: int) -> list[list[_Chosen]]:
        """Return what fills each reader's exploring slot; nothing for whoever has none."""
        found: list[list[_Chosen]] = [[] for _ in self.requests]
        who = [number for number, request in enumerate(self.requests) if _explores(request)]
        if not who:
            return found
        spoken = np.unique(np.concatenate([side.tastes[0].rows for side in self.sides]))
        varied = self.corpus.base[spoken] @ self.model.directions
        places = [np.searchsorted(spoken, self.sides[number].tastes[0].rows) for number in who]
        explored = explore(
            self.scores[[self.first[number] for number in who]],
            self.slate.variety,
            drawn([varied[at] for at in places], varied.shape[1]),
            np.array([self.requests[number].surprise for number in who]),
            dice.thrown(seed, [_told_apart_by(self.requests[number]) for number in who], CHANCES),
        )
        for number, one in zip(who, explored, strict=True):
            found[number] += [_Chosen(one.at, 0, one)] if one else []
        return found

    def _pick(self, chosen: _Chosen, rank: int, parts: tuple[ScorePart, ...]) -> Pick:
        explored = chosen.explored
        return Pick(
            paper=PaperId(int(self.slate.ids[chosen.at])),
            rank=rank,
            score=math.fsum(part.value for part in parts),
            parts=parts,
            is_exploring=explored is not None,
            propensity=explored.propensity if explored else 1.0,
            model=self.model.version,
        )

    def _shares(self, side: _Sides, chosen: Sequence[_Chosen]) -> Iterator[explanation.Shares]:
        """Yield what the scores of one reader's list are made of."""
        slate, at = self.slate, [one.at for one in chosen]
        features = slate.features[at]
        worths: dict[int, _Worths] = {}
        for number in {one.taste for one in chosen}:
            taste = side.tastes[number]
            factor = slate.factor[at] * np.exp(-taste.damping * slate.spread[at].astype(np.float64))
            told = (features @ taste.values.T).astype(np.float64)
            papers = taste.weights * told * factor[:, None]
            papers += taste.weights * _by_ease(slate, at, taste) * factor[:, None]
            (readers,) = _readers_share(self.model, slate.rated[at], [taste])
            worths[number] = _Worths.of(explanation.Judged.of(self.corpus, taste), papers, readers)
        for place, (one, row) in enumerate(zip(chosen, slate.rows[at].tolist(), strict=True)):
            worth = worths[one.taste]
            yield explanation.Shares(
                row=row,
                judged=worth.judged,
                papers=worth.papers[place],
                order=worth.order[place],
                readers=worth.readers[place],
                popular=float(side.tastes[one.taste].popular * slate.popular[one.at]),
                exploring=one.explored.added if one.explored else 0.0,
            )


@dataclass(frozen=True, slots=True)
class _Worths:
    """What a taste says of each paper of a list; see `explanation.Shares`."""

    judged: explanation.Judged
    papers: list[list[float]]
    order: list[list[int]]
    readers: list[float]

    @classmethod
    def of(cls, judged: explanation.Judged, papers: Doubles, readers: Floats) -> Self:
        order = np.argsort(-np.abs(papers), axis=1, kind="stable")
        return cls(judged, papers.tolist(), order.tolist(), readers.tolist())


def _by_ease(slate: Slate, at: Sequence[int], taste: Taste) -> Doubles:
    """Return e of some candidates for each of a reader's papers, shape (candidates, n)."""
    if slate.worth is None:
        return np.zeros((len(at), len(taste.rows)))
    spoken = taste.spoken
    entries = slate.worth[spoken.papers][:, list(at)].toarray().astype(np.float64)
    entries *= spoken.amounts[:, None]
    found = np.zeros((len(taste.rows), len(at)))
    np.add.at(found, spoken.whose, entries)
    return found.T


def _explores(request: Request) -> bool:
    return request.explores and request.surprise > 0 and request.k > 0


def _told_apart_by(request: Request) -> tuple[int, int, int]:
    """Return what makes chance another for another reader, and for the same one later."""
    return request.user, len(request.seen), len(request.feedback)


def best(scores: Floats, k: int) -> Rows:
    """Return where the k largest finite scores stand, best first, ties by place."""
    k = min(k, len(scores))
    if not k:
        return np.zeros(0, np.int64)
    top = np.argpartition(-scores, k - 1)[:k] if k < len(scores) else np.arange(len(scores))
    top = top[np.isfinite(scores[top])]
    return np.asarray(top[np.lexsort((top, -scores[top]))], np.int64)
