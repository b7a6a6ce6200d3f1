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
from itertools import accumulate, count, groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from recommender import dice, explanation
from recommender.arrays import Floats, Ids, Rows, ids_of, largest
from recommender.candidates import Corpus, Slate
from recommender.diversity import diverse
from recommender.exploring import CHANCES, Explored, drawn, explore
from recommender.interests import MOST, Arranged, all_arranged, named, tastes_of, turns
from recommender.metrics import Doubles
from recommender.model import Model
from recommender.papers import PaperId
from recommender.picks import Pick, Request, ScorePart
from recommender.taste import Spoken, Taste, tastes
from recommender.wishes import Said

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TOP = 50
_READERS = 256  # in one matrix product
_CELLS = 32_000_000  # scores held at the same time: 128 MB
_CACHED = 32  # rows of scores that a core's cache holds while more is done to them
_ENTRIES = 250_000  # of the table of worths, looked up at the same time: 8 MB
_TOLD = 200_000  # summands that are worked out at the same time: 12 MB
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

    The paper itself is left out. Empty when the corpus does not know the paper, or no word of
    its text.
    """
    row = int(corpus.rows([paper])[0])
    if row < 0 or not corpus.base[row].any():
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
    # Few: one at each of the knots.
    dampings, which = np.unique([taste.damping for taste in tastes], return_inverse=True)
    scales = slate.factor * np.exp(-dampings.astype(np.float32)[:, None] * slate.spread)
    popular = np.array([taste.popular for taste in tastes], np.float32)
    for start in range(0, len(tastes), _CACHED):
        some = slice(start, start + _CACHED)
        scores[some] *= scales[which[some]]
        scores[some] += popular[some, None] * slate.popular
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
    found = csr_array((values, papers, starts), shape=(len(tastes), rated))
    found.eliminate_zeros()  # what is said for another interest
    return found


@dataclass(frozen=True, slots=True)
class _Sides:
    """tastes: of the whole reader, then of each interest where there are several.

    interests: of the liked papers, or their parts.
    """

    tastes: tuple[Taste, ...]
    interests: Arranged

    @classmethod
    def of(
        cls, corpus: Corpus, whole: Sequence[Taste], said: Sequence[Sequence[Said]]
    ) -> list[Self]:
        """Return the sides of many readers."""
        found = all_arranged(corpus, [taste.liked for taste in whole], said, fairly=True)
        return [cls._of(taste, one) for taste, one in zip(whole, found, strict=True)]

    @classmethod
    def _of(cls, taste: Taste, interests: Arranged) -> Self:
        if len(interests.said) == 1:
            return cls((taste,), interests)
        return cls((taste, *tastes_of(taste, interests.labels)), interests)

    def names(
        self, model: Model, corpus: Corpus, wanted: Iterable[int]
    ) -> dict[int, tuple[ScorePart]]:
        """Return what tells, beside the score, which interest a taste is of; not of the whole."""
        if len(self.tastes) == 1:
            return {}
        liked = self.tastes[0].liked
        return {
            taste: (named(model, corpus, liked, self.interests, taste - 1),)
            for taste in wanted
            if taste and self.interests.is_told
        }

    def of_interest(self, interest: int) -> int:
        """Return which of the tastes an interest is: where there is but one, the whole."""
        return interest + 1 if len(self.tastes) > 1 else 0


class _Chosen(NamedTuple):
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
        sides = _Sides.of(corpus, whole, [request.wishes.interests for request in requests])
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
        parts = self._reasons(lists)
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

    def _reasons(self, lists: Sequence[Sequence[_Chosen]]) -> Iterator[tuple[ScorePart, ...]]:
        """Yield the parts of every score, list by list."""
        judged = [len(side.tastes[0].rows) for side in self.sides]
        for some in _told_together([len(chosen) for chosen in lists], judged):
            shares = self._shares(self.sides[some], lists[some])
            yield from explanation.parts(self.model, self.corpus, shares)

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
        spread = [
            _DIVERSITY[self.requests[r].surprise] if self.sides[r].tastes[0].likes else _STRANGER
            for r, _ in whose
        ]
        top = self.top[rows]
        scores = self.scores[np.array(rows)[:, None], top]
        slate, dials = self.slate, np.array(spread, np.float32)
        return diverse(slate.base, top, scores, dials, counts, slate.alike)

    def _explored(self, seed: int) -> list[list[_Chosen]]:
        """Return what fills each reader's exploring slot; nothing for whoever has none."""
        found: list[list[_Chosen]] = [[] for _ in self.requests]
        who = [number for number, request in enumerate(self.requests) if _explores(request)]
        if not who:
            return found
        judged = [self.sides[number].tastes[0].rows for number in who]
        varied = self.corpus.varied(self.model, np.concatenate(judged))
        ends = accumulate(map(len, judged), initial=0)
        explored = explore(
            self.scores[[self.first[number] for number in who]],
            self.slate.variety,
            drawn([varied[start:end] for start, end in pairwise(ends)], varied.shape[1]),
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
            score=math.fsum([part.value for part in parts]),
            parts=parts,
            is_exploring=explored is not None,
            propensity=explored.propensity if explored else 1.0,
            model=self.model.version,
        )

    def _shares(
        self, sides: Sequence[_Sides], lists: Sequence[Sequence[_Chosen]]
    ) -> explanation.Shares:
        """Return what the scores of all that was chosen are made of, list by list."""
        slate, flat = self.slate, [one for chosen in lists for one in chosen]
        at = np.array([one.at for one in flat], np.int64)
        whole = [side.tastes[0] for side in sides]
        counts = np.array([len(chosen) for chosen in lists], np.int64)
        places = [slice(*ends) for ends in pairwise([0, *np.cumsum(counts).tolist()])]
        width = max((len(taste.rows) for taste in whole), default=0)
        judged = np.zeros((len(flat), width), np.int64)
        weights, told = np.zeros(judged.shape, np.float32), np.zeros(judged.shape)
        features = slate.features[at]
        for side, taste, chosen, mine in zip(sides, whole, lists, places, strict=True):
            m = len(taste.rows)
            judged[mine, :m], told[mine, :m] = taste.rows, features[mine] @ taste.values.T
            for place, one in enumerate(chosen, start=mine.start):
                weights[place, :m] = side.tastes[one.taste].weights
        if slate.worth is not None:
            told += _by_ease(slate.worth, at, [one.spoken for one in whole], counts, weights)
        damping = np.repeat([taste.damping for taste in whole], counts)
        popular = np.repeat([taste.popular for taste in whole], counts)
        factor = slate.factor[at] * np.exp(-damping * slate.spread[at])
        return explanation.Shares(
            rows=slate.rows[at],
            judged=judged,
            is_liked=weights > 0,
            papers=weights * told * factor[:, None],
            readers=self._by_readers(at, sides, lists),
            popular=popular * slate.popular[at],
            exploring=np.array([one.explored.added if one.explored else 0.0 for one in flat]),
        )

    def _by_readers(
        self, at: Rows, sides: Sequence[_Sides], lists: Sequence[Sequence[_Chosen]]
    ) -> Doubles:
        """Return what readers of the same papers add to each that was chosen."""
        found, rated, readers = np.zeros(len(at)), self.slate.rated[at], self.model.readers
        if readers is None or not np.any(rated >= 0):
            return found
        asked: dict[tuple[int, int], Taste] = {}
        whose = []  # of which of these tastes each is
        for number, (side, chosen) in enumerate(zip(sides, lists, strict=True)):
            for one in chosen:
                asked.setdefault((number, one.taste), side.tastes[one.taste])
                whose.append((number, one.taste))
        order = {taste: row for row, taste in enumerate(asked)}
        rows = np.array([order[taste] for taste in whose], np.int64)
        said = likes_of(list(asked.values()), len(self.model.rated)) @ readers.near.matrix()
        some = rated >= 0
        found[some] = np.float32(readers.direct) * said[rows[some], rated[some]]
        return found


def _told_together(chosen: Sequence[int], judged: Sequence[int]) -> Iterator[slice]:
    """Yield readers whose scores are taken apart together; given is how many papers each has.

    The table has as many columns as the one who judged most needs, so that somebody with
    thousands of likes would make it thousands wide for everybody.
    """
    start = rows = width = 0
    for reader, (own_rows, own_width) in enumerate(zip(chosen, judged, strict=True)):
        rows, width = rows + own_rows, max(width, own_width)
        if rows * width > _TOLD and reader > start:
            yield slice(start, reader)
            start, rows, width = reader, own_rows, own_width
    yield slice(start, len(chosen))


def _by_ease(
    worth: "csr_array[Any]", at: Rows, spoken: Sequence[Spoken], counts: Rows, weights: Floats
) -> Doubles:
    """Return e of what was chosen for each paper of its reader, shape (n, width).

    counts: how many were chosen for each reader. weights: as the table that is returned; what
    weighs nothing is not looked up.
    """
    found, width = np.zeros(weights.size), weights.shape[1]
    firsts = np.cumsum([0, *counts[:-1]]).tolist()
    sizes = accumulate(len(one.whose) * n for one, n in zip(spoken, counts.tolist(), strict=True))
    together = zip(spoken, firsts, counts.tolist(), (end // _ENTRIES for end in sizes), strict=True)
    for _, some in groupby(together, key=lambda entry: entry[3]):
        entries = [_entries(one, np.arange(first, first + n), width) for one, first, n, _ in some]
        cells, papers, rows, amounts = map(np.concatenate, zip(*entries, strict=True))
        counted = np.flatnonzero(weights.ravel()[cells])
        said = worth[papers[counted], at[rows[counted]]] * amounts[counted].astype(np.float64)
        found += np.bincount(cells[counted], said, len(found))
    return found.reshape(weights.shape)


def _entries(spoken: Spoken, places: Rows, width: int) -> tuple[Rows, Rows, Rows, Floats]:
    """Return what is to be looked up, for every paper spoken of and each of these places.

    The cell of a table of so many columns, the rated paper, the place, the amount; each of
    shape (entries,).
    """
    return (
        (places[:, None] * width + spoken.whose).ravel(),
        np.tile(spoken.papers, len(places)),
        np.repeat(places, len(spoken.whose)),
        np.tile(spoken.amounts, len(places)),
    )


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
    least = np.partition(scores, -k)[-k]
    top = np.flatnonzero((scores >= least) & np.isfinite(scores))  # all that tie with the last
    return np.asarray(top[np.argsort(-scores[top], kind="stable")][:k], np.int64)
