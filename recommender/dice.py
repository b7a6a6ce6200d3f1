"""Chance for many readers at the same time, each number made of what tells its reader apart.

A generator for each reader would cost more than all that chance then decides. So the numbers of
a block are mixed together, by the finaliser of SplitMix64 (Steele, Lea & Flood 2014), which
makes a change of any bit one of about half of all bits.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.metrics import Doubles

_Bits = NDArray[np.uint64]
_STEP = np.uint64(0x9E3779B97F4A7C15)  # of an even sequence: the golden section of 2⁶⁴


def thrown(seed: int, apart: Sequence[Sequence[int]], count: int) -> Doubles:
    """Return even and independent numbers in [0, 1), shape (readers, count).

    apart: as many whole numbers of 64 bits for each reader. With the seed they alone decide; in
    another order they are another reader's.
    """
    told = np.array(apart, np.int64).astype(np.uint64)
    state = np.full(len(told), seed & 0xFFFFFFFFFFFFFFFF, np.uint64)
    for column in told.T:
        state = _mixed(state + _STEP) ^ column
    state = _mixed(state + _STEP)
    steps = np.arange(1, count + 1, dtype=np.uint64) * _STEP
    return np.asarray((_mixed(state[:, None] + steps) >> np.uint64(11)) * 2.0**-53, np.float64)


def _mixed(bits: _Bits) -> _Bits:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
