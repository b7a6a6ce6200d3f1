"""What readers teach: everybody's likes → what a like is worth to papers nobody has rated.

    A(c) = (K + λI)⁻¹·k(rated, c)          ridge regression from text, over all rated papers
    G(c) = w·(B + ρL + βI)·A(c)            what a like of each rated paper is worth to paper c

B are EASE's item weights, L is ALS as an operator, I the paper itself. w counts a paper less
that speaks for everything. G has n² numbers; kept are n × r, its best view through a basis
of r functions of text, drawn at random from what the readers' own tastes need (a randomised
range finder after Halko, Martinsson & Tropp 2011):

    G(c) ≈ Q·φ(c),   φ(c) = Pᵀ·k(rated, c),   Q = w·(B + ρL + βI)·M

with Mφ(c) the best solution of the same regression within these functions (`kernel_ridge`).
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from recommender import factors, item_weights, kernel_ridge, text_metric
from recommender.arrays import Floats, Rows
from recommender.cold_start import TextMap
from recommender.factors import Factors, FitFactors
from recommender.interactions import Interactions
from recommender.item_weights import ItemWeights, Neighbours

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_EASE = 15_000  # papers: n³ ends here
MOST_CELLS = 260_000_000  # of the matrices of an exact solution: 1.04 GB
RANK = 2_500  # functions of text that are kept
LANDMARKS = 1_500  # where memory does not allow the exact solution
GAMMA, RIDGE = 4.0, 2.0  # γ and λ of the exact solution
FEW_GAMMA, FEW_RIDGE = 2.0, 1.0  # with landmarks: a softer kernel needs fewer
EASE_REGULARIZATION = 100.0
NEIGHBOURS = 200

_ALIKE = 0.7  # how much of the basis serves single likes, and not whole readers
_EVENNESS = 0.4  # the power of a like's reach that divides its weight
TYPICAL = (0.3, 0.2)  # ρ and β, where something must be assumed of them
_SAMPLE = 2_000  # rated papers on which reach and scale are measured
_READERS = 500  # by whom the scale of ALS is found
_DRAWN_AT_ONCE = 500  # more would only take more memory
_ROWS = 1_024  # worked on at the same time
_ALL = slice(None)


@dataclass(frozen=True)
class Lessons:
    """What these likes teach, before it is decided how much each part counts.

    sample: some of the rated papers. features: φ of these, shape (s, r).
    mapped: M, shape (n, r).
    eased, factored: B·M and L·M. w: shape (n, 1).
    neighbours: of each rated paper the rated papers with the largest weights in B.
    """

    likes: Interactions
    text_map: TextMap
    sample: Rows
    features: Floats
    mapped: Floats
    eased: Floats
    factored: Floats
    w: Floats
    neighbours: Neighbours

    def rows(self, ease: float, rho: float, beta: float, at: slice = _ALL) -> Floats:
        """Return Q[at], shape (n, r), for these weights of EASE, ALS and the paper itself."""
        found = np.empty_like(self.eased[at])
        parts = (ease, self.eased[at]), (rho, self.factored[at]), (beta, self.mapped[at])
        # By blocks: a whole matrix beside these would be the most that a training ever holds.
        for start in range(0, len(found), _ROWS):
            some = slice(start, start + _ROWS)
            found[some] = sum(np.float32(share) * part[some] for share, part in parts)
        found *= self.w[at]
        return found

    def taken_factored(self, rho: float) -> Floats:
        """Return `rows(0, ρ, 0)` in the memory of `factored`, which says nothing afterwards."""
        found = self.factored
        found *= np.float32(rho) * self.w
        return found

    def guess(self, rows: Floats) -> Floats:
        """Return the matrix from φ to q for papers that nobody rated, shape (r, r)."""
        return np.asarray(self.mapped.T @ rows, np.float32)


def learn(
    likes: Interactions, base: Floats, seed: int, fit_factors: FitFactors = factors.fit
) -> Lessons:
    """Return what readers teach. base: vectors of the rated papers, shape (n, d).

    Raises FactorsUnavailable.
    """
    operators = _Operators.of(likes, seed, fit_factors)
    neighbours = operators.neighbours()
    if _fits(likes):
        metric, joined = text_metric.fit(base, operators.factors.items, seed)
        text_map, mapped = _exact(joined, operators, seed)
        text_map = replace(text_map, metric=metric)
    else:
        text_map = landmark_map(base, seed)
        mapped = _by_landmarks(text_map(base)[:, base.shape[1] :])
    eased, factored = operators.eased(mapped), operators.factored(mapped)
    some = np.random.default_rng([seed, 6]).permutation(len(base))[:_SAMPLE]
    features = text_map(base[some])[:, base.shape[1] :]
    lessons = Lessons(
        likes,
        text_map,
        some,
        features,
        mapped,
        eased,
        factored,
        np.ones((len(base), 1), np.float32),
        neighbours,
    )
    reach = _reach(lessons)
    return replace(lessons, w=(reach / reach.mean())[:, None] ** np.float32(-_EVENNESS))


@dataclass(frozen=True)
class _Operators:
    """B and L. heavy: the papers on which EASE is solved, ascending; the others have ALS."""

    likes: "csr_array[np.float32]"
    weights: ItemWeights
    heavy: Rows
    factors: Factors
    scale: np.float32

    @classmethod
    def of(cls, likes: Interactions, seed: int, fit_factors: FitFactors) -> "_Operators":
        heavy = _most_liked(likes)
        weights = item_weights.solve(likes.likes[:, heavy], EASE_REGULARIZATION)
        raw = cls(likes.likes, weights, heavy, fit_factors(likes.likes, seed), np.float32(1))
        some = np.random.default_rng([seed, 7]).permutation(likes.likes.shape[0])[:_READERS]
        readers = np.ascontiguousarray(likes.likes[some].T.toarray(), np.float32)
        by_ease, by_als = (float(np.linalg.norm(f(readers))) for f in (raw.eased, raw.factored))
        return replace(raw, scale=np.float32(by_ease / max(by_als, 1e-9)))

    def eased(self, right: Floats) -> Floats:
        if len(self.heavy) == len(right):
            return self.weights.apply(right)
        found = np.zeros_like(right)
        found[self.heavy] = self.weights.apply(right[self.heavy])
        return found

    def factored(self, right: Floats) -> Floats:
        return self.scale * self.factors.apply(right)

    def transposed(self, right: Floats) -> Floats:
        """Return (B + ρL + βI)ᵀ·right for typical ρ and β; EASE must be there for all papers."""
        rho, beta = map(np.float32, TYPICAL)
        found = self.weights.apply_transposed(right)
        found += rho * self.factored(right)
        found += beta * right
        return found

    def neighbours(self) -> Neighbours:
        found = item_weights.strongest(self.weights, NEIGHBOURS)
        return found.among(self.heavy, int(self.likes.shape[1]))


def _fits(likes: Interactions) -> bool:
    """Whether the kernel matrix and EASE's fit into memory at the same time."""
    readers, papers = likes.likes.shape
    side = min(readers, papers)
    return side <= MOST_EASE and papers**2 + side**2 <= MOST_CELLS


def _most_liked(likes: Interactions) -> Rows:
    if min(likes.likes.shape) <= MOST_EASE:
        return np.arange(len(likes.papers))
    counts = np.bincount(likes.likes.indices, minlength=len(likes.papers))
    return np.sort(np.argsort(-counts, kind="stable")[:MOST_EASE])


def _exact(base: Floats, operators: _Operators, seed: int) -> tuple[TextMap, Floats]:
    def wanted(at: slice) -> Floats:
        if len(base) <= RANK:
            return np.eye(len(base), at.stop - at.start, -at.start, np.float32)
        rng = np.random.default_rng([seed, 1, at.start])
        return operators.transposed(_drawn(operators.likes, at.stop - at.start, rng))

    width = min(RANK, len(base))
    starts = range(0, width, _DRAWN_AT_ONCE)
    blocks = [slice(start, min(start + _DRAWN_AT_ONCE, width)) for start in starts]
    ridge = kernel_ridge.fit(base, GAMMA, RIDGE)
    spanning = np.empty((len(base), width), np.float32, order="F")
    for at in blocks:
        spanning[:, at] = ridge.solve(wanted(at))
    # What is wanted is worked out twice: to hold it beside the factor would need more memory.
    del ridge
    smoothed = np.empty_like(spanning)
    for at in blocks:
        # K(K + λI)⁻¹ = I − λ(K + λI)⁻¹
        np.subtract(wanted(at), np.float32(RIDGE) * spanning[:, at], out=smoothed[:, at])
    basis = kernel_ridge.basis(spanning, smoothed, RIDGE)
    return TextMap(base, basis.projection, GAMMA), basis.mapped


def _drawn(likes: "csr_array[np.float32]", count: int, rng: np.random.Generator) -> Floats:
    """Return random mixtures of readers, each counting alike, and of single papers."""
    n_readers, n_papers = likes.shape
    noise = rng.standard_normal((n_readers, count), np.float32)
    noise /= np.sqrt(np.maximum(np.diff(likes.indptr), 1)).astype(np.float32)[:, None]
    found = np.asarray(likes.T @ noise, np.float32)
    length = np.linalg.norm(found) / np.sqrt(found.size)
    found += np.float32(_ALIKE * length) * rng.standard_normal((n_papers, count), np.float32)
    return found


def landmark_map(base: Floats, seed: int) -> TextMap:
    """Return Nyström features on landmarks drawn from the rated papers."""
    rng = np.random.default_rng([seed, 1])
    chosen = np.sort(rng.permutation(len(base))[:LANDMARKS])
    landmarks = np.ascontiguousarray(base[chosen])
    raw = TextMap(landmarks, np.zeros((len(landmarks), 0), np.float32), FEW_GAMMA)
    values, directions = np.linalg.eigh(raw.kernel(landmarks).astype(np.float64))
    kept = values > 1e-4 * values[-1]
    projection = directions[:, kept] / np.sqrt(values[kept])
    return replace(raw, projection=projection.astype(np.float32))


def _by_landmarks(features: Floats) -> Floats:
    """Return M = Φ(ΦᵀΦ + λI)⁻¹, shape (n, r)."""
    gram = features.T @ features
    gram[np.diag_indices_from(gram)] += np.float32(FEW_RIDGE)
    return np.asarray(np.linalg.solve(gram, features.T).T, np.float32)


def _reach(lessons: Lessons) -> Floats:
    """Return how large the scores are that a like of each paper gives others, shape (n,)."""
    gram = lessons.features.T @ lessons.features / np.float32(max(len(lessons.features), 1))
    squares = np.empty(len(lessons.mapped), np.float32)
    for start in range(0, len(squares), _ROWS):
        rows = lessons.rows(1.0, *TYPICAL, slice(start, start + _ROWS))
        squares[start : start + _ROWS] = np.einsum("ij,ij->i", rows @ gram, rows)
    return np.asarray(np.sqrt(np.maximum(squares, 0)) + 1e-9, np.float32)
