"""What readers teach: everybody's likes → what a like is worth to papers nobody has rated.

    G(c) = w·(B + ρL + βI)·A(c)            what a like of each rated paper is worth to paper c

A(c) are the rated papers that a text recalls (`local_ridge`). B are EASE's item weights, of
each paper the strongest (all of them rank no better), L is ALS as an operator, I the paper
itself. w counts a paper less that speaks for everything.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender import factors, item_weights, text_metric
from recommender.arrays import Entries, Floats, Rows
from recommender.cold_start import carried, worth
from recommender.factors import FitFactors
from recommender.interactions import Interactions
from recommender.item_weights import Neighbours
from recommender.local_ridge import LocalRidge

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_EASE = 15_000  # papers: n³ ends here
EASE_REGULARIZATION = 100.0
NEIGHBOURS = 200

_EVENNESS = 0.4  # the power of a like's reach that divides its weight
TYPICAL = (0.3, 0.2)  # ρ and β, where something must be assumed of them
_SAMPLE = 800  # rated papers, read as if they were new, on which reach and scale are measured
_READERS = 500  # by whom the scale of ALS is found
THREADS = 2  # that read papers at training


@dataclass(frozen=True)
class Lessons:
    """What these likes teach, before it is decided how much each part counts.

    near: B, of each rated paper its strongest weights. items: V, shape (n, f).
    spread: what stands before Vᵀ in L, shape (n, f); of the same size as B.
    sample: rows of some rated papers. recalled: A of these, as if they were new.
    w: shape (n,). size: the standard deviation of G of the sample, with w and TYPICAL.
    """

    likes: Interactions
    ridge: LocalRidge
    near: Neighbours
    items: Floats
    spread: Floats
    sample: Rows
    recalled: Entries
    w: Floats
    size: float


def learn(
    likes: Interactions, base: Floats, seed: int, fit_factors: FitFactors = factors.fit
) -> Lessons:
    """Return what readers teach. base: vectors of the rated papers, shape (n, d).

    Raises FactorsUnavailable.
    """
    heavy = _most_liked(likes)
    weights = item_weights.solve(likes.likes[:, heavy], EASE_REGULARIZATION)
    near = item_weights.strongest(weights, NEIGHBOURS).among(heavy, len(likes.papers))
    del weights
    learnt = fit_factors(likes.likes, seed)
    spread = learnt.spread()
    spread *= _scale(likes.likes, near, spread, learnt.items, seed)
    metric, rated = text_metric.fit(base, learnt.items, seed)
    ridge = LocalRidge(rated, metric)
    sample = np.random.default_rng([seed, 6]).permutation(len(base))[:_SAMPLE]
    recalled = ridge.without_themselves(sample, THREADS)
    w, size = _weighed(near, spread, learnt.items, recalled)
    return Lessons(likes, ridge, near, learnt.items, spread, sample, recalled, w, size)


def _most_liked(likes: Interactions) -> Rows:
    """Return the papers on which EASE is solved, ascending; the others have ALS alone."""
    if min(likes.likes.shape) <= MOST_EASE:
        return np.arange(len(likes.papers))
    counts = np.bincount(likes.likes.indices, minlength=len(likes.papers))
    return np.sort(np.argsort(-counts, kind="stable")[:MOST_EASE])


def _scale(
    likes: "csr_array[Any]", near: Neighbours, spread: Floats, items: Floats, seed: int
) -> np.float32:
    """Return what makes L say as much of readers' likes as B does."""
    some = np.random.default_rng([seed, 7]).permutation(likes.shape[0])[:_READERS]
    readers = likes[some].T
    by_ease = float(np.sqrt(np.square((near.matrix() @ readers).data).sum()))
    by_als = float(np.linalg.norm(spread @ np.asarray(items.T @ readers.toarray(), np.float32)))
    return np.float32(by_ease / max(by_als, 1e-9))


def _weighed(
    near: Neighbours, spread: Floats, items: Floats, recalled: Entries
) -> tuple[Floats, float]:
    """Return w, which a like's reach lessens: how large the scores are that it gives others."""
    n = len(items)
    rho, beta = map(np.float32, TYPICAL)
    squares, sums = np.zeros(n), np.zeros(n)
    onto = worth(near, np.ones(n, np.float32), float(beta))
    start = 0
    for scores in carried(recalled, onto):
        some = recalled.rows(np.arange(start, start + len(scores)))
        scores += rho * (np.asarray(some.matrix() @ items, np.float32) @ spread.T)
        squares += np.square(scores).sum(axis=0)
        sums += scores.sum(axis=0)
        start += len(scores)
    reach = np.sqrt(squares) + 1e-9
    w = (reach / reach.mean()) ** -_EVENNESS
    cells = max(n * len(recalled), 1)
    variance = float(w**2 @ squares) / cells - (float(w @ sums) / cells) ** 2
    return w.astype(np.float32), float(np.sqrt(max(variance, 0.0)))
