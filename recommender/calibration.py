"""New and rated papers in one list: what is known of them is not of one size.

Of a rated paper readers say directly what it is worth, of a new one only its text does, and
the two scores do not compare. So one like of some readers is kept from training, and two
numbers are chosen by where it and new papers that they liked end up:

    rated:  what its text says + direct·(what readers of the same papers say of j)
    new:    factor·(what its text says)

The first is chosen among rated papers alone, the second in lists of both, where finding the
new and finding the rated count alike. In these lists stands the whole catalogue, of which only
some papers are read: of those that stand before a paper, each stands for several of its kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.arrays import Floats, Mask, Rows
from recommender.cold_start import Mapped, at_likes
from recommender.interactions import Interactions
from recommender.model import Model

if TYPE_CHECKING:
    from scipy.sparse import csr_array

DIRECTS = (0.3, 1.0, 3.0, 10.0)  # times what the model has
FACTORS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0, 30.0)
JUDGES = 500
MIN_JUDGES = 20
_MIN_LIKES = 5
_PLACES = (20, 100)  # in which a paper counts as found


@dataclass(frozen=True)
class Balance:
    """direct: what that of `Readers` is multiplied by. new_factor: of a Model."""

    direct: float = 1.0
    new_factor: float = 1.0

    def applied(self, model: Model) -> Model:
        readers = model.readers
        if readers is not None:
            readers = replace(readers, direct=self.direct * readers.direct)
        return replace(model, readers=readers, new_factor=self.new_factor)


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


@dataclass(frozen=True)
class Read:
    """Papers as a model reads them. base: shape (m, d)."""

    base: Floats
    mapped: Mapped


@dataclass(frozen=True)
class Sample:
    """Some of the rated papers. rows: which. The first `drawn` were drawn from all by chance."""

    rows: Rows
    drawn: int
    read: Read


def balance(
    model: Model,
    known: Interactions,
    held: Interactions,
    wanted: Interactions,
    base: Floats,
    sample: Sample,
    new: Read,
) -> Balance:
    """Return how this model is balanced best; as it is where too few readers can tell.

    known: what it was trained on. held: likes of rated papers, which must be in the sample,
    wanted: of new ones, by the same readers in the same rows. base: of the rated papers,
    shape (n, d). new: the papers of `wanted`; they stand for all that `known` does not have.
    """
    both = (np.diff(held.likes.indptr) > 0) & (np.diff(wanted.likes.indptr) > 0)
    judges = np.flatnonzero(both)
    if len(judges) < MIN_JUDGES or model.readers is None:
        return Balance()
    likes = known.likes[judges]
    of_new = _scores(model, likes, base, new)
    of_rated = _scores(model, likes, base, sample.read)
    of_rated[likes[:, sample.rows].toarray() > 0] = -np.inf
    counts = np.maximum(np.diff(likes.indptr), 1)[:, None]
    _, spoken = profiles_of(model, likes, base)
    said = (spoken @ model.readers.near.matrix()[:, sample.rows]).toarray() / counts
    direct = (model.readers.direct * said).astype(np.float32)
    is_held = held.likes[judges][:, sample.rows].toarray() > 0
    is_wanted = wanted.likes[judges].toarray() > 0
    each = len(known.papers) / max(sample.drawn, 1)

    def among_rated(share: float) -> float:
        rated = of_rated + np.float32(share) * direct
        return _quality(rated, is_held, [(np.sort(rated[:, : sample.drawn]), each)])

    share = max(DIRECTS, key=among_rated)
    of_rated += np.float32(share) * direct
    rated, fresh = np.sort(of_rated[:, : sample.drawn]), np.sort(of_new)
    each_new = max((len(model.known.ids) - len(known.papers)) / len(wanted.papers), 1.0)

    def in_one_list(factor: float) -> float:
        lists = [(rated, each), (np.float32(factor) * fresh, each_new)]
        louder = np.float32(factor) * of_new
        return _quality(of_rated, is_held, lists) + _quality(louder, is_wanted, lists)

    return Balance(share, max(FACTORS, key=in_one_list))


def _quality(scores: Floats, wanted: Mask, lists: Sequence[tuple[Floats, float]]) -> float:
    """Return how much of what is wanted stands in front, the mean over readers.

    lists: the scores of all that compete, ascending for each reader, and for how many papers
    each of them stands.
    """
    found = 0.0
    for row, mine in enumerate(wanted):
        own = scores[row, mine]
        before = np.zeros(len(own))
        for others, each in lists:
            before += each * (others.shape[1] - np.searchsorted(others[row], own, side="right"))
        found += sum(float(np.mean(before < k)) for k in _PLACES)
    return found / max(len(wanted), 1)


def _scores(model: Model, likes: "csr_array[Any]", base: Floats, papers: Read) -> Floats:
    """Return the profiles' part of the scores of papers, shape (readers, m)."""
    counts = np.diff(likes.indptr)
    features = np.hstack([papers.base, papers.mapped.factors])
    worth = papers.mapped.worth.matrix().T.tocsr()
    profiles, said = profiles_of(model, likes, base)
    found: Floats = profiles @ features.T
    found += (said @ worth).toarray()
    found /= np.maximum(counts, 1).astype(np.float32)[:, None]
    if model.hubs is not None:
        powers = np.array([model.hubs.power(int(count)) for count in counts], np.float32)
        found *= np.exp(-powers[:, None] * np.log(model.hubs.spread(features, worth)))
    return found


def profiles_of(
    model: Model, likes: "csr_array[Any]", base: Floats
) -> tuple[Floats, "csr_array[Any]"]:
    """Return what `taste` makes of readers' likes, as yet undivided by how many there are.

    The dense part, shape (readers, r), and what EASE goes by, shape (readers, n).
    base: of the rated papers, shape (n, d).
    """
    text = np.asarray(likes @ base, np.float32) @ model.guess
    if model.readers is None:
        return text, 0 * likes
    counts = np.diff(likes.indptr)
    ease, als = (
        np.array([at_likes(values, int(count)) for count in counts], np.float32)
        for values in (model.readers.ease, model.readers.als)
    )
    by_als = als[:, None] * np.asarray(likes @ model.readers.values, np.float32)
    said = likes.copy()
    said.data = np.repeat(ease, counts)
    return np.hstack([text, by_als]), said
