"""One slot that explores: a sample from what the profile might be, with its exact propensity.

    θ ~ N(0, (I + τΣφφᵀ)⁻¹) over the leading directions e of all texts, φ = e·b of what the
    reader spoke of;  the slot goes to  argmax score(c) + amplitude·θ·φ(c)

What the reader never spoke of is uncertain, so it is explored; what they judged is not. The
normal numbers behind θ are the same few for everybody, a part of the method, and chance only
chooses among the candidates they lead to. So the probability of each is counted, not guessed.

What these numbers say of a candidate to somebody who has judged nothing is the same for all, so
it is worked out once for a list of candidates. With J the judged papers, one in each row,

    (I + τJᵀJ)^(−½) = I − JᵀMJ,    M = W·(1 − (1 + τΛ)^(−½))/Λ·Wᵀ  of  JJᵀ = WΛWᵀ

so that what a reader has judged only takes something off, by a product as small as J.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np

from recommender.arrays import Floats, Rows
from recommender.metrics import Doubles

DRAWS = 64
EVEN = 0.1  # of all exploring picks: evenly among the candidates, so that each has a chance
_PRECISION = 4.0  # what one judged paper adds: τ
_AMPLITUDE = (0.0, 0.8, 1.6, 2.4, 3.5)  # by the surprise dial, in standard deviations of scores
_MOST = 1_000  # candidates among which the draws compete
_FEW = 24  # judged papers up to which the small product pays


@dataclass(frozen=True)
class Variety:
    """In which ways n candidates differ. varied: e·b of each, shape (n, e).

    drawn: what each draw adds to each for whoever judged nothing, shape (DRAWS, n).
    """

    varied: Floats
    drawn: Floats

    @classmethod
    def of(cls, varied: Floats) -> Self:
        drawn = _normal(varied.shape[1]).T @ varied.T
        return cls(varied, np.ascontiguousarray(drawn, np.float32))


@dataclass(frozen=True, slots=True)
class Explored:
    """at: which candidate. added: what the draw added to its score."""

    at: int
    added: float
    propensity: float


def explore(
    scores: Floats, variety: Variety, judged: Floats, surprise: int, rng: np.random.Generator
) -> Explored | None:
    """Return the exploring pick; None when no candidate may be picked.

    scores: shape (n,), −inf for those that may not. variety: of the candidates.
    judged: e·b of the papers that the reader judged, shape (m, e). surprise: 1 … 4.
    """
    pools = _pools(scores)
    if not pools:
        return None
    pool = pools[int(rng.integers(len(pools)))]
    added, winners = _contest(scores[pool], variety, judged, surprise, pool)
    draw = int(rng.integers(DRAWS))
    is_even = rng.random() < EVEN
    allowed = np.flatnonzero(np.isfinite(scores[pool]))
    place = int(rng.choice(allowed)) if is_even else int(winners[draw])
    won = np.count_nonzero(winners == place) / DRAWS
    return Explored(
        at=pool.start + place * pool.step,
        added=0.0 if is_even else float(added[draw, place]),
        propensity=((1 - EVEN) * won + EVEN / len(allowed)) / len(pools),
    )


def chances(scores: Floats, variety: Variety, judged: Floats, surprise: int) -> Doubles:
    """Return the probability with which `explore` would pick each candidate, shape (n,).

    Takes what `explore` takes; surprise may be 0, where scores alone decide but for the even
    share. Sums to 1 unless no candidate may be picked. For judging a dial or a model by what
    another one showed (`off_policy`).
    """
    found = np.zeros(len(scores))
    pools = _pools(scores)
    for pool in pools:
        _, winners = _contest(scores[pool], variety, judged, surprise, pool)
        is_allowed = np.isfinite(scores[pool])
        won = np.bincount(winners, minlength=len(is_allowed)) / DRAWS
        even = EVEN * is_allowed / np.count_nonzero(is_allowed)
        found[pool] = ((1 - EVEN) * won + even) / len(pools)
    return found


def _pools(scores: Floats) -> list[slice]:
    """Return who competes with whom: every candidate that may be picked is in just one pool."""
    groups = -(-len(scores) // _MOST)
    pools = [slice(group, len(scores), groups) for group in range(groups)]
    return [pool for pool in pools if np.isfinite(scores[pool]).any()]


def _contest(
    scores: Floats, variety: Variety, judged: Floats, surprise: int, pool: slice
) -> tuple[Floats, Rows]:
    """Return what each draw adds to each of a pool, (DRAWS, n), and whom it leads to, (DRAWS,).

    scores: of the pool.
    """
    allowed = scores[np.isfinite(scores)]
    amplitude = np.float32(_AMPLITUDE[surprise] * max(float(allowed.std()), 1e-6))
    added = _added(variety, judged, pool)
    added *= amplitude
    return added, np.argmax(added + scores, axis=1)


def _added(variety: Variety, judged: Floats, pool: slice) -> Floats:
    """Return θ·φ of each draw and each of the pool, shape (DRAWS, n)."""
    varied = variety.varied[pool].T
    normal = _normal(len(varied))
    if not len(judged):
        return variety.drawn[:, pool].copy()
    if len(judged) > _FEW:
        precision = np.eye(len(varied)) + _PRECISION * (judged.T @ judged)
        values, axes = np.linalg.eigh(precision)
        root = (axes * values**-0.5) @ axes.T
        return np.asarray((root @ normal).T.astype(np.float32) @ varied, np.float32)
    values, axes = np.linalg.eigh((judged @ judged.T).astype(np.float64))
    values = np.maximum(values, 1e-9)
    taken = (axes * ((1 - (1 + _PRECISION * values) ** -0.5) / values)) @ axes.T
    less = (normal.T @ judged.T @ taken).astype(np.float32) @ (judged @ varied)
    return np.asarray(np.subtract(variety.drawn[:, pool], less, out=less), np.float32)


@lru_cache(maxsize=4)
def _normal(width: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(20080229).standard_normal((width, DRAWS))
