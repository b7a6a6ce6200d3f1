"""From what one policy showed, how often readers would have liked what another shows.

    inverse propensity     V = mean(w·r)           w = target / propensity
    self-normalised        V = Σ w·r / Σ w

An impression that the new policy would have chosen more often counts more (Horvitz & Thompson
1952); dividing by the weights themselves costs a bias of order 1/n and takes away most of the
variance (Swaminathan & Joachims 2015). The impressions of one reader depend on each other, so
errors are summed by reader before they are squared.

In a digest chance fills the exploring slot alone: only its impressions can be used, and what
is estimated is the like rate of that slot. A new policy's probabilities come from
`exploring.chances` over the candidates of that moment. What the old policy could not have
shown nobody can estimate; the mean weight, 1 if nothing is missing, tells how much that is.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recommender.metrics import Doubles


class NoSupport(ValueError):
    """These numbers cannot be propensities of what was shown; the message says why."""


@dataclass(frozen=True)
class Logged:
    """Impressions that chance decided, n of them.

    propensities: in (0, 1], of what was shown under the policy that chose. rewards: 1 for a
    like, else 0; other bounded rewards do as well. readers: any stable number of each reader.

    Raises NoSupport for a propensity that is 0, over 1 or no number: an impression that could
    not happen says the log is wrong, and to leave it out would hide that.
    """

    propensities: Doubles = field(repr=False)
    rewards: Doubles = field(repr=False)
    readers: NDArray[np.int64] = field(repr=False)

    def __post_init__(self) -> None:
        if not len(self.propensities) == len(self.rewards) == len(self.readers):
            raise ValueError("one propensity, reward and reader for each impression")
        is_possible = (self.propensities > 0) & (self.propensities <= 1)
        if not np.all(is_possible):
            wrong = self.propensities[~is_possible][0]
            raise NoSupport(f"expected propensities over 0 and up to 1, found {wrong}")
        if not np.all(np.isfinite(self.rewards)):
            raise ValueError("expected finite rewards")


@dataclass(frozen=True)
class Estimate:
    """value: the like rate estimated. low, high: the ends of its 95 % interval.

    impressions: how many were logged. effective: how many even ones would tell as much, (Σw)²/Σw².
    mean_weight: 1 but for chance where the old policy could show all that the new one may.
    clipped: the share of all weight that clipping took away; the estimate may be too low by
        that share of the largest reward, and no interval knows of it.
    """

    value: float
    low: float
    high: float
    impressions: int
    effective: float
    mean_weight: float
    clipped: float


def naive(logged: Logged) -> Estimate:
    """Return the mean reward of what was shown: of the old policy, whatever the new one is."""
    even = np.ones(len(logged.rewards))
    return _estimate(logged, even, 0.0, is_normalised=False)


def inverse_propensity(logged: Logged, target: Doubles, most: float | None = None) -> Estimate:
    """Return the like rate of the policy that would have shown these papers with
    probabilities `target`, shape (n,). Unbiased while nothing is clipped.

    most: weights are clipped to it; None for never. It trades variance for being too low.
    Raises NoSupport for a target that is no probability, ValueError without any impression.
    """
    weights, clipped = _weights(logged, target, most)
    return _estimate(logged, weights, clipped, is_normalised=False)


def self_normalised(logged: Logged, target: Doubles, most: float | None = None) -> Estimate:
    """Return the same, divided by the weights: never outside the rewards, and steadier.

    Raises as `inverse_propensity`, and NoSupport when the new policy would have shown nothing
    of what was shown.
    """
    weights, clipped = _weights(logged, target, most)
    if not np.any(weights):
        raise NoSupport("the new policy would have shown nothing of what was shown")
    return _estimate(logged, weights, clipped, is_normalised=True)


def _weights(logged: Logged, target: Doubles, most: float | None) -> tuple[Doubles, float]:
    """Return the weights and the share of them that clipping took."""
    if len(target) != len(logged.propensities):
        raise ValueError("one probability for each impression")
    if not np.all((target >= 0) & (target <= 1)):
        raise NoSupport("expected probabilities from 0 to 1")
    weights = target / logged.propensities
    if most is None:
        return weights, 0.0
    kept = np.minimum(weights, most)
    return kept, 1 - float(kept.sum() / max(weights.sum(), 1e-300))


def _estimate(logged: Logged, weights: Doubles, clipped: float, *, is_normalised: bool) -> Estimate:
    """Return the mean of w·r, or that divided by the mean of w, with its interval.

    The divisor is chance as well, so then the deviations that count are those of w·(r − V)
    (the delta method).
    """
    n = len(weights)
    if not n:
        raise ValueError("expected at least one impression")
    weighted = weights * logged.rewards
    total = float(weights.sum()) if is_normalised else float(n)
    value = float(weighted.sum()) / total
    away = weighted - value * (weights if is_normalised else 1.0)
    error = _error(away, logged.readers) / total
    return Estimate(
        value=value,
        low=value - error,
        high=value + error,
        impressions=n,
        effective=_effective(weights),
        mean_weight=float(weights.mean()),
        clipped=clipped,
    )


def _effective(weights: Doubles) -> float:
    largest = float(weights.max(initial=0.0))
    if not largest:
        return 0.0
    scaled = weights / largest  # squares of weights next to nothing would be nothing
    return float(scaled.sum() ** 2 / np.square(scaled).sum())


def _error(away: Doubles, readers: NDArray[np.int64]) -> float:
    """Return half the width of the sum's interval; infinite with a single reader.

    Few readers make a wide one: Student's t, with a degree of freedom less than there are.
    """
    from scipy.special import stdtrit

    _, at = np.unique(readers, return_inverse=True)
    of_readers = np.bincount(at, weights=away)
    count = len(of_readers)
    if count < 2:
        return float("inf")
    variance = count / (count - 1) * float((of_readers**2).sum())
    return float(stdtrit(count - 1, 0.975)) * math.sqrt(variance)
