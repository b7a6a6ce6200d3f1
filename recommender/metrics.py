"""How good a ranking is. Every function returns one number for each reader.

Scores are (readers, candidates), −inf for what is not a candidate for that reader; relevant
is a mask of the same shape. Readers without a relevant candidate count 0: leave them out
before averaging.
"""

import numpy as np
from numpy.typing import NDArray

from recommender.arrays import Floats, Mask, largest

Doubles = NDArray[np.float64]

_CELLS = 1_000_000  # numbers that are drawn at a time: 16 MB


def hits(scores: Floats, relevant: Mask, k: int) -> Mask:
    """Return whether the first, second … k-th best is relevant, shape (readers, k)."""
    top = largest(scores, k)
    found = np.take_along_axis(relevant, top, axis=1)
    return found & np.isfinite(np.take_along_axis(scores, top, axis=1))


def recall(scores: Floats, relevant: Mask, k: int) -> Doubles:
    """Return the share of the relevant that stands among the first k."""
    wanted = np.maximum(relevant.sum(axis=1), 1)
    return np.asarray(hits(scores, relevant, k).sum(axis=1) / wanted, np.float64)


def precision(scores: Floats, relevant: Mask, k: int) -> Doubles:
    """Return the share of the first k that is relevant; k counts in full."""
    return np.asarray(hits(scores, relevant, k).sum(axis=1) / k, np.float64)


def hit_rate(scores: Floats, relevant: Mask, k: int) -> Doubles:
    """Return 1 where at least one of the first k is relevant."""
    return np.asarray(hits(scores, relevant, k).any(axis=1), np.float64)


def ndcg(scores: Floats, relevant: Mask, k: int) -> Doubles:
    """Return the discounted gain, divided by that of a perfect list (Järvelin & Kekäläinen)."""
    found = hits(scores, relevant, k)
    discount = 1 / np.log2(np.arange(2, found.shape[1] + 2))
    ideal = np.concatenate([[1.0], np.cumsum(discount)])
    wanted = np.minimum(relevant.sum(axis=1), found.shape[1])
    ideal_gain = np.where(wanted > 0, ideal[wanted], 1.0)
    return np.asarray((found * discount).sum(axis=1) / ideal_gain, np.float64)


def interval(
    values: Doubles, rng: np.random.Generator, level: float = 0.95, draws: int = 1000
) -> tuple[float, float]:
    """Return the bootstrap interval of the mean over readers (percentile method)."""
    if not len(values):
        return 0.0, 0.0
    size = max(1, _CELLS // len(values))
    counts = (min(size, draws - start) for start in range(0, draws, size))
    parts = [values[rng.integers(len(values), size=(n, len(values)))].mean(axis=1) for n in counts]
    means = np.concatenate(parts)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
