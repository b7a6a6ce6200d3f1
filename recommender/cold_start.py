"""From text to worth: what a paper that nobody has rated is worth to whom.

Of every paper its base vector b is known, and each model has the *text* part: liking paper i
is worth b_i·guess·b(c) to paper c. Once readers have taught us something (`Readers`), a text
recalls rated papers, A(c) (`local_ridge`), and liking the rated paper i is worth as well

    ease:  e(c)_i        e(c) = W·A(c),  W = w·(B + βI)
    als:   q_i·z(c)      z(c) = Vᵀ·A(c),  q = w·ρ·V(VᵀV + 0.1·I)⁻¹

B are EASE's item weights, V the factors of ALS. What nobody had rated at training counts, when
it is liked, as the rated papers it recalls. Everything is linear, so a score is a sum over
liked papers.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recommender.arrays import Entries, Floats, Rows, stacked, strongest
from recommender.item_weights import Neighbours
from recommender.local_ridge import LocalRidge

if TYPE_CHECKING:
    from scipy.sparse import csr_array

KNOTS = (1, 3, 5, 10, 20)  # likes; between them a part's weight is interpolated in log(likes)
KEPT = 1_000  # rated papers whose likes say something of a paper; the others' say next to nothing
_NOTHING = 1e-12
_WHITENING = 0.4
_FLOOR = 3e-4  # of the covariance's eigenvalues: below lies noise
_MIXTURES = 1_000  # of reference readers
_BLOCK = 256  # papers of which everything is held at the same time


def at_likes(weights: tuple[float, ...], likes: int) -> float:
    """Return how much counts for a reader with so many likes what counts so at each of KNOTS.

    Between two knots by ratios: halfway from 1 to 16 lies 4.
    """
    logs = np.log(np.maximum(weights, _NOTHING))
    return float(np.exp(np.interp(np.log(max(likes, 1)), np.log(KNOTS), logs)))


@dataclass(frozen=True)
class Mapped:
    """What readers teach of m papers. recalled: A. factors: z, shape (m, f). worth: e."""

    recalled: Entries
    factors: Floats
    worth: Entries

    def __len__(self) -> int:
        return len(self.factors)

    def rows(self, at: Rows) -> "Mapped":
        return Mapped(self.recalled.rows(at), self.factors[at], self.worth.rows(at))


def joined(parts: Sequence[Mapped]) -> Mapped:
    """Return what is known of several papers in one; there must be one at least."""

    def one(entries: list[Entries]) -> Entries:
        columns = np.concatenate([part.columns for part in entries])
        return Entries(columns, np.concatenate([part.values for part in entries]), entries[0].n)

    return Mapped(
        one([part.recalled for part in parts]),
        np.concatenate([part.factors for part in parts]),
        one([part.worth for part in parts]),
    )


@dataclass(frozen=True)
class Readers:
    """What readers teach, about n rated papers.

    near: B, of each rated paper its strongest weights. loudness: w, shape (n,). itself: β.
    items: V, shape (n, f). values: q of the rated papers by ALS, shape (n, f).
    ease, als: at each of KNOTS, how much these parts count.
    direct: how much B itself adds to the score of a rated paper.
    """

    ridge: LocalRidge
    near: Neighbours
    loudness: Floats
    itself: float
    items: Floats
    values: Floats
    ease: tuple[float, ...]
    als: tuple[float, ...]
    direct: float

    def read(self, base: Floats, rated: Rows, threads: int = 1) -> Mapped:
        """Return what readers teach of papers. base: shape (m, d).

        rated: where they stand among the rated ones, -1 for the unrated. A rated paper is read
        as if it were new: its own likes speak through B.
        """
        new, old = np.flatnonzero(rated < 0), np.flatnonzero(rated >= 0)
        recalled = self.ridge(base[new], threads)
        if len(old):
            again = self.ridge.without_themselves(rated[old], threads)
            order = np.argsort(np.concatenate([new, old]), kind="stable")
            recalled = stacked(recalled, again).rows(order)
        return self.mapped(recalled)

    def mapped(self, recalled: Entries) -> Mapped:
        """Return what readers teach of papers that recall these."""
        factors = np.asarray(recalled.matrix() @ self.items, np.float32)
        return Mapped(
            recalled, factors, strongest(carried(recalled, self._worth), KEPT, recalled.n)
        )

    @cached_property
    def _worth(self) -> "csr_array[Any]":
        return worth(self.near, self.loudness, self.itself)


def worth(near: Neighbours, loudness: Floats, itself: float) -> "csr_array[Any]":
    """Return Wᵀ, shape (n, n)."""
    from scipy.sparse import diags_array

    each = diags_array(loudness)
    found: csr_array[Any] = (each @ near.matrix() + np.float32(itself) * each).T.tocsr()
    return found.astype(np.float32)


def carried(recalled: Entries, onto: "csr_array[Any]") -> Iterator[Floats]:
    """Yield A·onto by blocks of papers, shape (·, n)."""
    for start in range(0, len(recalled), _BLOCK):
        some = recalled.rows(np.arange(start, min(start + _BLOCK, len(recalled))))
        yield np.asarray((some.matrix() @ onto).toarray(), np.float32)


@dataclass(frozen=True)
class Hubs:
    """Papers to which every reader's score reacts strongly fill every list; this tells them.

    profiles, likes: mixtures of reference readers, by what they liked and by the dense part of
    their profiles, shapes (s, n) and (s, r), centred and scaled so that a rated paper's spread
    is 1 on average. powers: at each of KNOTS; a score is divided by spread**power. It is one
    number for each paper, so a score stays a sum over liked papers.
    """

    profiles: Floats
    likes: NDArray[np.float16]
    powers: tuple[float, ...]

    def spread(self, features: Floats, worth: "csr_array[Any]") -> Floats:
        """Return the spread of reference readers' scores of papers, shape (m,).

        features: shape (m, r). worth: e, shape (n, m).
        """
        found = np.empty(len(features), np.float32)
        likes = self.likes.T.astype(np.float32)
        by_paper = worth.T.tocsr()
        for start in range(0, len(found), _BLOCK):
            at = slice(start, start + _BLOCK)
            scores: Floats = features[at] @ self.profiles.T
            scores += by_paper[at] @ likes
            found[at] = np.sqrt(np.square(scores).sum(axis=1)) + 1e-3
        return found

    def power(self, likes: int) -> float:
        """Return by how much the spread counts for a reader with so many likes."""
        return float(np.interp(np.log(max(likes, 1)), np.log(KNOTS), self.powers))


def hubs_of(
    readers: Iterable[tuple["csr_array[Any]", Floats]],
    features: Floats,
    worth: "csr_array[Any]",
    powers: tuple[float, ...],
    rng: np.random.Generator,
) -> Hubs:
    """Return the hubs as reference readers see them.

    readers: blocks of likes (·, n) and of the dense part of profiles (·, r), a row for each
    reader. features, worth: of a sample of papers, shapes (m, r) and (n, m). powers: at each of
    KNOTS.

    Kept are random mixtures of all readers, which see the same spread but for a few per cent
    (Johnson & Lindenstrauss 1984): however many readers speak, the model stays as large, and
    it holds nothing of any one person, as long as nobody can draw from `rng` again.
    """
    width, n = features.shape[1], worth.shape[0]
    mixed = np.zeros((_MIXTURES, width + n), np.float32)
    amounts, total, count = np.zeros(_MIXTURES), np.zeros(width + n), 0
    for likes, profiles in readers:
        scores = profiles @ features.T + (likes @ worth).toarray()
        lengths = np.sqrt(np.square(scores).mean(axis=1))
        each = (1 / np.maximum(lengths, 1e-9)).astype(np.float32)
        mixing = rng.standard_normal((_MIXTURES, len(each)), np.float32)
        weighed = mixing * each
        mixed[:, :width] += weighed @ profiles
        mixed[:, width:] += weighed @ likes
        amounts += mixing.sum(axis=1)
        total[:width] += each @ profiles
        total[width:] += each @ likes
        count += len(each)
    mixed -= np.outer(amounts.astype(np.float32), (total / max(count, 1)).astype(np.float32))
    raw = Hubs(mixed[:, :width], mixed[:, width:].astype(np.float16), powers)
    scale = np.float32(1 / max(float(raw.spread(features, worth).mean()), 1e-9))
    return Hubs(mixed[:, :width] * scale, (mixed[:, width:] * scale).astype(np.float16), powers)


def text_guess(base: Floats) -> Floats:
    """Return what makes a profile of likes by text alone, shape (d, d); q of a paper is b·guess.

    Where all papers differ much, a difference says little: directions are weighed by the
    covariance G of all papers, (G + εI)^(−0.4). The exponent lies between the plain centroid
    (0), best for one like, and ridge regression against all papers (1), best for long
    libraries.
    """
    dimensions = base.shape[1]
    covariance = base.T @ base / max(len(base), 1)
    values, directions = np.linalg.eigh(covariance.astype(np.float64))
    scale = (np.maximum(values, 0) + _FLOOR) ** -_WHITENING
    guess = (directions * scale) @ directions.T
    # A paper is worth 1 to itself on average, whatever the catalogue.
    itself = float(np.sum(guess * covariance)) if len(base) else 0.0
    guess /= itself if itself > 1e-9 else 1.0
    return np.asarray(guess, np.float32).reshape(dimensions, dimensions)
