"""Kernel ridge regression over all rated papers, exactly: (K + λI)⁻¹ by Cholesky.

K is symmetric, so only its lower half is made, in panels of rows that end at the diagonal:
13,600 papers need 470 MB in place of 740. Each panel is finished with the ones before it,
which leaves nearly all the work to large matrix products in float32.

A serving process must not keep n² numbers. What it keeps is a basis of r functions
k(·, rated)·P, and within their span the regression is solved exactly again (`Basis`).
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recommender.arrays import Floats
from recommender.metrics import Doubles

_Number = TypeVar("_Number", np.float32, np.float64)

_PANEL = 2048
_FLAT = (1e-6, 1e-5, 1e-4)  # of a Gram matrix's size: what is smaller is noise of float32


@dataclass(frozen=True)
class Ridge:
    """panels: of L with LLᵀ = K + λI; the diagonal blocks hold the inverses of L's own."""

    panels: tuple[Floats, ...]
    regularization: float

    def solve(self, right: Floats) -> Floats:
        """Return (K + λI)⁻¹·right, shape (n, w)."""
        found = np.array(right, np.float32, order="C")
        for start, panel in self._placed():
            at = slice(start, start + len(panel))
            if start:
                found[at] -= panel[:, :start] @ found[:start]
            found[at] = panel[:, start:] @ found[at]
        for start, panel in reversed(list(self._placed())):
            at = slice(start, start + len(panel))
            found[at] = panel[:, start:].T @ found[at]
            if start:
                found[:start] -= panel[:, :start].T @ found[at]
        return found

    def _placed(self) -> list[tuple[int, Floats]]:
        return [(panel.shape[1] - len(panel), panel) for panel in self.panels]


@dataclass(frozen=True)
class Basis:
    """The regression within the span of r functions of text, φ(c) = Pᵀ·k(rated, c).

    Of all Mφ(c), M is the one with the least squares and the least penalty, as in the whole
    space: M = Φ(ΦᵀΦ + λPᵀKP)⁻¹ with Φ = KP. P is scaled so that the bracket is I and M is Φ.

    projection: P, shape (n, r). mapped: M, shape (n, r).
    """

    projection: Floats
    mapped: Floats


def fit(base: Floats, gamma: float, regularization: float) -> Ridge:
    """Return the factor of K + λI for k(i, j) = exp(γ(b_i·b_j − 1)).

    base: unit rows, shape (n, d). λ > 0.
    """
    panels = list[Floats]()
    for start in range(0, len(base), _PANEL):
        stop = min(start + _PANEL, len(base))
        panel: Floats = base[start:stop] @ base[:stop].T
        panel -= 1
        panel *= gamma
        np.exp(panel, out=panel)
        for before in panels:
            end, size = before.shape[1], len(before)
            at = slice(end - size, end)
            if end > size:
                panel[:, at] -= panel[:, : end - size] @ before[:, : end - size].T
            panel[:, at] = panel[:, at] @ before[:, at].T
        if start:
            panel[:, start:] -= panel[:, :start] @ panel[:, :start].T
        panel[np.arange(stop - start), np.arange(start, stop)] += np.float32(regularization)
        panel[:, start:] = _inverse_factor(panel[:, start:])
        panels.append(panel)
    return Ridge(tuple(panels), regularization)


def basis(spanning: Floats, smoothed: Floats, regularization: float) -> Basis:
    """Return the basis of the functions k(·, rated)·spanning. Writes over both arrays.

    smoothed: K·spanning, shape (n, w) like `spanning`.
    """
    bracket = spanning.T @ smoothed
    bracket += bracket.T.copy()
    bracket *= np.float32(regularization / 2)
    bracket += smoothed.T @ smoothed
    rotation = _flattened(bracket.astype(np.float64)).T.astype(np.float32)
    for start in range(0, len(spanning), _PANEL):
        at = slice(start, start + _PANEL)
        spanning[at] = spanning[at] @ rotation
        smoothed[at] = smoothed[at] @ rotation
    return Basis(spanning, smoothed)


def _flattened(bracket: Doubles) -> Doubles:
    """Return the inverse factor of a Gram matrix in which noise may have left negative values.

    Functions that say the same twice must not be told apart by noise: the diagonal grows
    until they are not.
    """
    size = float(np.linalg.norm(bracket)) + 1e-12
    for flat in _FLAT:
        bracket[np.diag_indices_from(bracket)] += flat * size
        try:
            return _inverse_factor(bracket)
        except np.linalg.LinAlgError:
            continue
    raise np.linalg.LinAlgError("the functions of text are not numbers")


def _inverse_factor(matrix: NDArray[_Number]) -> NDArray[_Number]:
    """Return L⁻¹ of a symmetric positive matrix LLᵀ, in its own precision."""
    from scipy.linalg import lapack

    is_single = matrix.dtype == np.float32
    cholesky = lapack.spotrf if is_single else lapack.dpotrf
    invert = lapack.strtri if is_single else lapack.dtrtri
    factor, failed = cholesky(matrix, lower=1, clean=1)
    inverse, flat = invert(factor, lower=1, overwrite_c=1)
    if failed or flat:
        raise np.linalg.LinAlgError("the kernel's matrix is not positive")
    return np.asarray(inverse, matrix.dtype)
