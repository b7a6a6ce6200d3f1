"""A reader's feedback → their profile, at once and exactly.

    profile = Σ_i w_i·q_i / max(1, Σ w⁺)

w_i depends on the whole set of what was said and never on its order, so a tap, a changed
mind and an undo are each one small sum. A skip removes the paper and little else: a strong
early negative ruins a young profile (in our measurements recall fell from .140 to .026), so
what is pushed away is bounded by what was liked, and pushes through the texts alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Self

import numpy as np

from recommender.arrays import Floats, Mask, Rows, ids_of
from recommender.candidates import Corpus
from recommender.cold_start import at_likes
from recommender.feedback import Feedback, Verdict
from recommender.model import Model

_LIKED = {Verdict.LIKE: 1.0, Verdict.KNOWN: 0.6}
_SAVED = 1.0  # a bookmark alone
_SAVED_TOO = 0.5  # a bookmark on top of a like
_GROWN = 5  # likes from which a mere skip says something
# Weight of a skip and of "not my topic", and the most that all of them may weigh together
# for each unit of liking: without a like, for a young profile, for a grown one.
_AWAY = (
    {Verdict.SKIP: -0.2, Verdict.OFF_TOPIC: -0.6},
    {Verdict.SKIP: 0.0, Verdict.OFF_TOPIC: -0.25},
    {Verdict.SKIP: -0.1, Verdict.OFF_TOPIC: -0.35},
)
_MOST_AWAY = (1.0, 0.4, 0.5)
_READ_AT_ONCE = 2_048  # papers: 25 MB with all that readers taught
_POPULAR = 0.06  # how much popularity counts beside a profile; without likes it counts 1


@dataclass(frozen=True, slots=True)
class Spoken:
    """Which rated papers each of a reader's papers stands for, entry by entry.

    whose: the places of the reader's papers, ascending. papers: rows of rated ones, of each
    the paper itself, or what a new one recalls. amounts: how much of it, as EASE counts.
    """

    whose: Rows
    papers: Rows
    amounts: Floats


_SILENCE = Spoken(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Taste:
    """What one reader's feedback amounts to.

    likes: papers liked, saved or known. rows: of the n papers that count, in the corpus,
    ascending. weights: shape (n,), positive for liked, negative for pushed away, 0 for a like of
    another interest than this is the taste of; the division by their sum is done. values:
    shape (n, r), q of each paper by text and by ALS. profile: shape (r,), weights·values.
    spoken: what EASE goes by, beside the profile.
    popular: what popularity counts. damping: the power of a paper's spread by which its score
    is divided.
    """

    likes: int
    rows: Rows
    weights: Floats
    values: Floats
    profile: Floats
    spoken: Spoken
    popular: float
    damping: float

    @property
    def liked(self) -> Rows:
        return self.rows[self.weights > 0]


def weigh(feedback: Sequence[Feedback]) -> dict[int, float]:
    """Return each paper's weight; papers that say nothing are left out. Order-free."""
    weights, judged = dict[int, float](), dict[int, Verdict]()
    for f in feedback:
        if worth := liking(f):
            weights[f.paper] = worth
        elif f.verdict is not None:
            judged[f.paper] = f.verdict
    stage = 0 if not weights else 1 if len(weights) < _GROWN else 2
    away = {p: _AWAY[stage].get(v, 0.0) for p, v in judged.items() if p not in weights}
    # Rounded once: a plain sum would depend on the order in its last digit.
    total, liked = -math.fsum(away.values()), math.fsum(weights.values())
    most = _MOST_AWAY[stage] * max(1.0, liked)
    scale = min(1.0, most / total) if total else 0.0
    return weights | {p: w * scale for p, w in away.items() if w}


def liking(feedback: Feedback) -> float:
    """Return how much this says "more like it"; 0 for everything else."""
    liked = _LIKED.get(feedback.verdict, 0.0) if feedback.verdict else 0.0
    if not feedback.is_saved or feedback.verdict is Verdict.OFF_TOPIC:
        return liked
    return liked + _SAVED_TOO if liked else _SAVED


def taste_of(model: Model, corpus: Corpus, feedback: Sequence[Feedback]) -> Taste:
    """Return a reader's taste. Papers that the corpus does not know say nothing."""
    return tastes(model, corpus, [feedback])[0]


def tastes(model: Model, corpus: Corpus, readers: Sequence[Sequence[Feedback]]) -> list[Taste]:
    """Return the tastes of many readers; a paper of which several speak is read once."""
    weighed = _weighed(corpus, readers)
    found: list[Taste] = []
    while len(found) < len(weighed):
        some = _some(weighed[len(found) :])
        rows = np.unique(np.concatenate([rows for rows, _ in some]))
        reading = _Reading.of(model, corpus, rows)
        found += [_taste(model, reading, rows, weights) for rows, weights in some]
    return found


def _weighed(corpus: Corpus, readers: Sequence[Sequence[Feedback]]) -> list[tuple[Rows, Floats]]:
    """Return, of each reader, the rows of the papers that count, ascending, and their weights."""
    weights = [weigh(feedback) for feedback in readers]
    ids = ids_of(chain.from_iterable(weights))
    values = np.array(list(chain.from_iterable(w.values() for w in weights)), np.float32)
    whose = np.repeat(np.arange(len(weights)), [len(mine) for mine in weights])
    rows = corpus.rows(ids)
    order = np.lexsort((rows, whose))
    order = order[rows[order] >= 0]
    rows, values, whose = rows[order], values[order], whose[order]
    liked = np.bincount(whose, np.maximum(values, 0), len(weights))
    values /= np.maximum(1.0, liked)[whose].astype(np.float32)
    ends = np.searchsorted(whose, np.arange(len(weights) + 1)).tolist()
    return [(rows[start:end], values[start:end]) for start, end in pairwise(ends)]


def _some(weighed: Sequence[tuple[Rows, Floats]]) -> Sequence[tuple[Rows, Floats]]:
    """Return the first of these readers: one, or as many as speak of few enough papers."""
    ends = np.cumsum([len(rows) for rows, _ in weighed])
    return weighed[: max(1, int(np.searchsorted(ends, _READ_AT_ONCE, side="right")))]


def _taste(model: Model, reading: "_Reading", rows: Rows, weights: Floats) -> Taste:
    likes = int(np.count_nonzero(weights > 0))
    places = np.searchsorted(reading.rows, rows)
    values, spoken = reading.values(model, places, weights > 0, likes)
    popular = _POPULAR if likes else 1.0
    damping = model.hubs.power(likes) if model.hubs else 0.0
    return Taste(likes, rows, weights, values, weights @ values, spoken, popular, damping)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What papers say, whoever likes them. rows: in the corpus, ascending.

    text, als: q of each. papers, amounts: the rated papers each stands for; `starts` of each.
    """

    rows: Rows
    text: Floats
    als: Floats
    starts: Rows
    papers: Rows
    amounts: Floats

    @classmethod
    def of(cls, model: Model, corpus: Corpus, rows: Rows) -> Self:
        text = corpus.guessed(model, rows)
        readers, rated = model.readers, corpus.rated[rows]
        if readers is None:
            none = np.zeros(0, np.int64)
            starts = np.zeros(len(rows) + 1, np.int64)
            silence = np.zeros((len(rows), 0), np.float32)
            return cls(rows, text, silence, starts, none, none.astype(np.float32))
        new = np.flatnonzero(rated < 0)
        mapped = corpus.mapped(rows[new]) if len(new) else None
        als = readers.values[rated]
        counts = np.ones(len(rows), np.int64)
        if mapped is not None:
            counts[new] = mapped.recalled.columns.shape[1]
            als[new] = mapped.recalled.matrix() @ readers.values
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        papers, amounts = np.empty(starts[-1], np.int64), np.ones(starts[-1], np.float32)
        papers[starts[:-1]] = rated
        if mapped is not None:
            at = starts[new][:, None] + np.arange(counts[new[0]])
            papers[at], amounts[at] = mapped.recalled.columns, mapped.recalled.values
        return cls(rows, text, als, starts, papers, amounts)

    def values(
        self, model: Model, places: Rows, is_liked: Mask, likes: int
    ) -> tuple[Floats, Spoken]:
        """Return q of a reader's papers, shape (n, r), and what they stand for."""
        if model.readers is None:
            return self.text[places], _SILENCE
        found = np.zeros((len(places), model.width), np.float32)
        found[:, : self.text.shape[1]] = self.text[places]
        # What is pushed away is pushed through the texts alone.
        liked = np.flatnonzero(is_liked)
        share = np.float32(at_likes(model.readers.als, likes))
        found[liked, self.text.shape[1] :] = share * self.als[places[liked]]
        first, last = self.starts[places[liked]], self.starts[places[liked] + 1]
        counts = last - first
        entries = np.repeat(last - np.cumsum(counts), counts) + np.arange(counts.sum())
        amounts = np.float32(at_likes(model.readers.ease, likes)) * self.amounts[entries]
        return found, Spoken(np.repeat(liked, counts), self.papers[entries], amounts)
