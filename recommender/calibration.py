"""New and rated papers in one list: what is known of them is not of one size.

Of a rated paper readers say directly what it is worth, of a new one only its text does, and
the two scores do not compare. So one like of some readers is kept from training, and two
numbers are chosen by where it and new papers that they liked end up:

    rated:  profile·φ(j) + direct·(what readers of the same papers say of j)
    new:    factor·profile·φ(c)

The first is chosen among rated papers alone, the second in lists of both, where finding the
new and finding the rated count alike.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.arrays import Floats, Mask, Rows
from recommender.interactions import Interactions
from recommender.metrics import recall
from recommender.model import Model

if TYPE_CHECKING:
    from scipy.sparse import csr_array

DIRECTS = (0.3, 1.0, 3.0, 10.0)  # times what the model has
FACTORS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0, 30.0)
JUDGES = 500
MIN_JUDGES = 20
_MIN_LIKES = 5
_BLOCK = 1_024


@dataclass(frozen=True)
class Balance:
    """direct: what the weights of `neighbours` are multiplied by. new_factor: of a Model."""

    direct: float = 1.0
    new_factor: float = 1.0

    def applied(self, model: Model) -> Model:
        near = model.neighbours.scaled(self.direct) if model.neighbours else None
        return replace(model, neighbours=near, new_factor=self.new_factor)


def hold_one(likes: Interactions, seed: int) -> tuple[Interactions, Interactions]:
    """Return the likes without one like of each of some readers, and these likes alone.

    Both have the rows and columns of `likes`, and no paper loses its last like.
    """
    from scipy.sparse import csr_array

    rng = np.random.default_rng([seed, 9])
    matrix = likes.likes
    able = np.flatnonzero(np.diff(matrix.indptr) >= _MIN_LIKES)
    left = np.bincount(matrix.indices, minlength=len(likes.papers))
    is_held = np.zeros(matrix.nnz, np.bool_)
    for reader in rng.permutation(able)[:JUDGES]:
        at = int(rng.integers(matrix.indptr[reader], matrix.indptr[reader + 1]))
        if left[matrix.indices[at]] > 1:
            left[matrix.indices[at]] -= 1
            is_held[at] = True
    readers = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))

    def part(chosen: Mask) -> Interactions:
        ones = np.ones(np.count_nonzero(chosen), np.float32)
        cells = (readers[chosen], matrix.indices[chosen])
        return replace(likes, likes=csr_array((ones, cells), shape=matrix.shape))

    return part(~is_held), part(is_held)


def balance(
    model: Model,
    known: Interactions,
    held: Interactions,
    wanted: Interactions,
    rated: Floats,
    new: Floats,
) -> Balance:
    """Return how this model is balanced best; as it is where too few readers can tell.

    known: what it was trained on. held: likes of rated papers, wanted: of new ones, by the
    same readers in the same rows. rated, new: features φ of these papers, (n, r), (m, r).
    """
    both = (np.diff(held.likes.indptr) > 0) & (np.diff(wanted.likes.indptr) > 0)
    judges = np.flatnonzero(both)
    if len(judges) < MIN_JUDGES or model.neighbours is None:
        return Balance()
    likes = known.likes[judges]
    counts = np.diff(likes.indptr)
    profiles = _profiles(model, likes, rated)
    of_rated = _scores(model, profiles, counts, rated)
    of_rated[likes.toarray() > 0] = -np.inf
    said = (likes @ model.neighbours.matrix()).toarray() / np.maximum(counts, 1)[:, None]
    direct = said.astype(np.float32)
    is_held = held.likes[judges].toarray() > 0
    is_wanted = wanted.likes[judges].toarray() > 0

    def among_rated(share: float) -> float:
        return _quality(of_rated + np.float32(share) * direct, is_held)

    share = max(DIRECTS, key=among_rated)
    of_rated += np.float32(share) * direct
    of_new = _scores(model, profiles, counts, new)
    old = np.hstack([is_held, np.zeros_like(is_wanted)])
    fresh = np.hstack([np.zeros_like(is_held), is_wanted])

    def in_one_list(factor: float) -> float:
        scores = np.hstack([of_rated, np.float32(factor) * of_new])
        return _quality(scores, old) + _quality(scores, fresh)

    return Balance(share, max(FACTORS, key=in_one_list))


def _quality(scores: Floats, relevant: Mask) -> float:
    return float((recall(scores, relevant, 20) + recall(scores, relevant, 100)).mean())


def _profiles(model: Model, likes: "csr_array[Any]", rated: Floats) -> Floats:
    """Return profiles as `taste` makes them, shape (judges, r)."""
    counts = np.diff(likes.indptr)
    found = np.zeros((len(counts), rated.shape[1]), np.float32)
    for strand in model.strands:
        shares = np.array([strand.weight(int(count)) for count in counts], np.float32)
        if strand.rows is None:
            worth = np.asarray(likes @ rated[:, strand.columns], np.float32) @ strand.guess
        else:
            worth = np.asarray(likes @ strand.rows, np.float32)
        found[:, strand.columns] += shares[:, None] * worth
    return found / np.maximum(counts, 1).astype(np.float32)[:, None]


def _scores(model: Model, profiles: Floats, counts: Rows, features: Floats) -> Floats:
    """Return the profiles' part of the scores of papers, shape (judges, papers)."""
    found = np.empty((len(profiles), len(features)), np.float32)
    for start in range(0, len(features), _BLOCK):
        some = features[start : start + _BLOCK]
        part = profiles @ some.T
        if model.hubs is not None:
            powers = np.array([model.hubs.power(int(count)) for count in counts], np.float32)
            part *= np.exp(-powers[:, None] * np.log(model.hubs.spread(some)))
        found[:, start : start + _BLOCK] = part
    return found
