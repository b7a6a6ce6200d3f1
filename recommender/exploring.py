"""One slot that explores: a sample from what the profile might be, with its exact propensity.

    θ ~ N(0, (I + τΣφφᵀ)⁻¹) over the leading directions e of all texts, φ = e·b of what the
    reader spoke of;  the slot goes to  argmax score(c) + amplitude·θ·φ(c)

What the reader never spoke of is uncertain, so it is explored; what they judged is not. The
normal numbers behind θ are the same few for everybody, a part of the method, and chance only
chooses among the candidates they lead to. So the probability of each is counted, not guessed.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recommender.arrays import Floats, Rows
from recommender.metrics import Doubles

DRAWS = 64
EVEN = 0.1  # of all exploring picks: evenly among the candidates, so that each has a chance
_PRECISION = 4.0  # what one judged paper adds: τ
_AMPLITUDE = (0.0, 0.8, 1.6, 2.4, 3.5)  # by the surprise dial, in standard deviations of scores
_MOST = 2_000  # candidates among which the draws compete


@dataclass(frozen=True, slots=True)
class Explored:
    """at: which candidate. added: what the draw added to its score."""

    at: int
    added: float
    propensity: float


def explore(
    scores: Floats, varied: Floats, judged: Floats, surprise: int, rng: np.random.Generator
) -> Explored | None:
    """Return the exploring pick; None when no candidate may be picked.

    scores: shape (n,), −inf for those that may not. varied: e·b of the candidates, (n, e).
    judged: e·b of the papers that the reader judged, shape (m, e). surprise: 1 … 4.
    """
    allowed = np.flatnonzero(np.isfinite(scores))
    if not len(allowed):
        return None
    pool, chance = _pool(allowed, rng)
    noise, winners = _contest(scores, varied, judged, surprise, pool)
    draw = int(rng.integers(DRAWS))
    is_even = rng.random() < EVEN
    place = int(rng.integers(len(pool))) if is_even else int(winners[draw])
    return Explored(
        at=int(pool[place]),
        added=0.0 if is_even else float(noise[place, draw]),
        propensity=chance * float(_shares(winners, len(pool))[place]),
    )


def chances(scores: Floats, varied: Floats, judged: Floats, surprise: int) -> Doubles:
    """Return the probability with which `explore` would pick each candidate, shape (n,).

    Takes what `explore` takes; surprise may be 0, where scores alone decide but for the even
    share. Sums to 1 unless no candidate may be picked. For judging a dial or a model by what
    another one showed (`off_policy`).
    """
    found = np.zeros(len(scores))
    allowed = np.flatnonzero(np.isfinite(scores))
    groups = _groups(allowed)
    for group in range(groups):
        pool = allowed[group::groups]
        _, winners = _contest(scores, varied, judged, surprise, pool)
        found[pool] = _shares(winners, len(pool)) / groups
    return found


def _contest(
    scores: Floats, varied: Floats, judged: Floats, surprise: int, pool: Rows
) -> tuple[Floats, Rows]:
    """Return what each draw adds to each of the pool, (n, DRAWS), and whom it leads to."""
    amplitude = _AMPLITUDE[surprise] * max(float(scores[pool].std()), 1e-6)
    noise = amplitude * (varied[pool] @ _draws(judged, varied.shape[1]))
    return noise, np.argmax(scores[pool][:, None] + noise, axis=0)


def _shares(winners: Rows, n: int) -> Doubles:
    """Return the probability of each of a pool of n."""
    won = np.bincount(winners, minlength=n) / DRAWS
    return np.asarray((1 - EVEN) * won + EVEN / n, np.float64)


def _groups(allowed: Rows) -> int:
    return -(-len(allowed) // _MOST)


def _pool(allowed: Rows, rng: np.random.Generator) -> tuple[Rows, float]:
    """Return who competes, and the chance of this group: every candidate is in just one."""
    groups = _groups(allowed)
    return allowed[int(rng.integers(groups)) :: groups], 1 / groups


def _draws(judged: Floats, width: int) -> Floats:
    """Return DRAWS samples of θ as columns, shape (width, DRAWS)."""
    precision = np.eye(width) + _PRECISION * (judged.T @ judged)
    # With precision = LLᵀ, L⁻ᵀz has its inverse for a covariance.
    factor = np.linalg.cholesky(precision)
    return np.linalg.solve(factor.T, _normal(width)).astype(np.float32)


@lru_cache(maxsize=4)
def _normal(width: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(20080229).standard_normal((width, DRAWS))
