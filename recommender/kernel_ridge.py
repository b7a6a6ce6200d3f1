"""Kernel ridge regression over all rated papers, exactly: (K + λI)⁻¹ by Cholesky.

K is n × n and float32; its factor is written over it, so 13,600 papers need 740 MB and no
more. The blocked, left-looking order leaves nearly all the work to matrix products, which
are several times faster in float32 than LAPACK's own factorisation.

A serving process must not keep n² numbers. What it keeps is a basis P, n × r: functions
k(·, rated)·P, orthonormal in the kernel's own space, chosen to hold what readers' tastes
need (`basis_of`).
"""

from dataclasses import dataclass

import numpy as np

from recommender.arrays import Floats

_BLOCK = 512
_FLAT = 1e-5  # of the largest eigenvalue: directions below are noise of float32


@dataclass(frozen=True)
class Ridge:
    """lower: L with LLᵀ = K + λI; above its diagonal blocks nothing is meant.

    inverses: of the diagonal blocks of L.
    """

    lower: Floats
    inverses: tuple[Floats, ...]
    regularization: float

    def solve(self, right: Floats) -> Floats:
        """Return (K + λI)⁻¹·right, shape (n, w)."""
        found = np.array(right, np.float32, order="C")
        starts = range(0, len(found), _BLOCK)
        for inverse, start in zip(self.inverses, starts, strict=True):
            at = slice(start, start + _BLOCK)
            if start:
                found[at] -= self.lower[at, :start] @ found[:start]
            found[at] = inverse @ found[at]
        for inverse, start in reversed(list(zip(self.inverses, starts, strict=True))):
            at, after = slice(start, start + _BLOCK), slice(start + _BLOCK, None)
            found[at] -= self.lower[after, at].T @ found[after]
            found[at] = inverse.T @ found[at]
        return found

    def predict(self, right: Floats) -> Floats:
        """Return (K + λI)⁻¹·K·right, shape (n, w): what papers' texts say of each other."""
        found = self.solve(right)
        found *= -self.regularization
        found += right
        return found

    def gram(self, weights: Floats) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """Return weightsᵀ·K·weights in double precision."""
        width = weights.shape[1]
        found = -self.regularization * (weights.T @ weights).astype(np.float64)
        for start in range(0, len(weights), _BLOCK):
            at, after = slice(start, start + _BLOCK), slice(start + _BLOCK, None)
            part = np.tril(self.lower[at, at]).T @ weights[at]
            part += self.lower[after, at].T @ weights[after]
            found += part.T @ part
        return found.reshape(width, width)

    def basis_of(self, spanning: Floats) -> Floats:
        """Return P, n × r, with PᵀKP = I, that spans the same functions as `spanning`.

        Writes over `spanning`: at this moment memory is what there is least of.
        """
        values, directions = np.linalg.eigh(self.gram(spanning))
        kept = values > _FLAT * values[-1]
        rotation = (directions[:, kept] / np.sqrt(values[kept])).astype(np.float32)
        for start in range(0, len(spanning), _BLOCK):
            at = slice(start, start + _BLOCK)
            spanning[at, : rotation.shape[1]] = spanning[at] @ rotation
        return np.ascontiguousarray(spanning[:, : rotation.shape[1]])


def fit(base: Floats, gamma: float, regularization: float) -> Ridge:
    """Return the factor of K + λI for k(i, j) = exp(γ(b_i·b_j − 1)).

    base: unit rows, shape (n, d). λ > 0.
    """
    matrix = _kernel(base, gamma)
    matrix[np.diag_indices_from(matrix)] += np.float32(regularization)
    return Ridge(matrix, _factorise(matrix), regularization)


def _kernel(base: Floats, gamma: float) -> Floats:
    """Return the lower triangle of K by blocks of rows; above it stand zeros."""
    found = np.zeros((len(base), len(base)), np.float32)
    for start in range(0, len(base), _BLOCK):
        stop = min(start + _BLOCK, len(base))
        likeness = base[start:stop] @ base[:stop].T
        likeness -= 1
        likeness *= gamma
        np.exp(likeness, out=found[start:stop, :stop])
    return found


def _factorise(matrix: Floats) -> tuple[Floats, ...]:
    """Write L over the lower triangle; return the inverses of its diagonal blocks."""
    inverses = []
    for start in range(0, len(matrix), _BLOCK):
        at, after = slice(start, start + _BLOCK), slice(start + _BLOCK, None)
        if start:
            matrix[start:, at] -= matrix[start:, :start] @ matrix[at, :start].T
        diagonal = np.linalg.cholesky(matrix[at, at].astype(np.float64))
        inverse = np.linalg.inv(diagonal).astype(np.float32)
        matrix[at, at] = diagonal
        matrix[after, at] = matrix[after, at] @ inverse.T
        inverses.append(inverse)
    return tuple(inverses)
