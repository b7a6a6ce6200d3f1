"""Lists that do not say the same thing five times, for many readers at the same time.

Maximal marginal relevance (Carbonell & Goldstein 1998): each place goes to the candidate whose
worth, less its likeness to the nearest one that was chosen before, is largest.
"""

from collections.abc import Callable, Sequence

import numpy as np

from recommender.arrays import Floats, Rows

_AT_ONCE = 16  # readers whose candidates' texts are held at the same time: 2.5 MB


_Likeness = Callable[[Rows], Floats]  # of all candidates of each reader to one of them


def diverse(
    base: Floats,
    top: Rows,
    scores: Floats,
    dials: Floats,
    counts: Sequence[int],
    alike: Floats | None = None,
) -> list[list[int]]:
    """Return for each reader as many candidates as wanted, in the order of choice.

    base: unit rows of all candidates. top: those to choose from, shape (readers, n). scores:
    theirs, −inf for those that may not be chosen any more. dials: in [0, 1), how much likeness
    counts. counts: how many are wanted; fewer come when no more may be chosen. alike: the
    likeness of any two candidates, where it is known already.
    """
    if alike is not None:
        return _chosen(_looked_up(alike, top), top, scores, dials, counts)
    chosen: list[list[int]] = []
    for start in range(0, len(top), _AT_ONCE):
        at = slice(start, start + _AT_ONCE)
        chosen += _chosen(_compared(base[top[at]]), top[at], scores[at], dials[at], counts[at])
    return chosen


def _looked_up(alike: Floats, top: Rows) -> _Likeness:
    readers = np.arange(len(top))
    return lambda best: alike[top[readers, best][:, None], top]


def _compared(base: Floats) -> _Likeness:
    readers = np.arange(len(base))
    return lambda best: np.matmul(base, base[readers, best][:, :, None])[:, :, 0]


def _chosen(
    likeness: _Likeness, top: Rows, scores: Floats, dials: Floats, counts: Sequence[int]
) -> list[list[int]]:
    readers = np.arange(len(top))
    worth = (1 - dials[:, None]) * _between_0_and_1(scores)
    closest = np.zeros_like(worth)
    chosen: list[list[int]] = [[] for _ in readers]
    places = min(max(counts), top.shape[1])
    for number in range(places):
        marginal = worth - dials[:, None] * closest
        best = np.argmax(marginal, axis=1)
        is_one = np.isfinite(marginal[readers, best])
        for reader, (at, is_there) in enumerate(zip(top[readers, best], is_one, strict=True)):
            if is_there and number < counts[reader]:
                chosen[reader].append(int(at))
        if number + 1 == places:  # the last one's likeness keeps nobody out
            break
        worth[readers, best] = -np.inf
        np.maximum(closest, likeness(best), out=closest)
    return chosen


def _between_0_and_1(scores: Floats) -> Floats:
    """Return each row from 0 for the least finite score to 1 for the largest; −inf stays."""
    may = np.isfinite(scores)
    largest = np.where(may, scores, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
    least = np.where(may, scores, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    spread = largest - least
    spread[~(spread > 0)] = 0  # a row without a finite score as well
    good = np.ones_like(scores)
    np.divide(scores - least, spread, out=good, where=may & (spread > 0))
    good[~may] = -np.inf
    return good
