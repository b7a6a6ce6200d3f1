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
    amplitude = _AMPLITUDE[surprise] * max(float(scores[pool].std()), 1e-6)
    noise = amplitude * (varied[pool] @ _draws(judged, varied.shape[1]))
    winners = np.argmax(scores[pool][:, None] + noise, axis=0)
    draw = int(rng.integers(DRAWS))
    is_even = rng.random() < EVEN
    place = int(rng.integers(len(pool))) if is_even else int(winners[draw])
    won = np.count_nonzero(winners == place) / DRAWS
    return Explored(
        at=int(pool[place]),
        added=0.0 if is_even else float(noise[place, draw]),
        propensity=chance * ((1 - EVEN) * won + EVEN / len(pool)),
    )


def _pool(allowed: Rows, rng: np.random.Generator) -> tuple[Rows, float]:
    """Return who competes, and the chance of this group: every candidate is in just one."""
    groups = -(-len(allowed) // _MOST)
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
