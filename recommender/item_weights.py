"""Item-item weights in closed form: EASE (Steck 2019), solved on the cheaper side.

    B_ij = −P_ij/P_jj,  B_jj = 0,  P = (XᵀX + λI)⁻¹

X is users × papers. With more papers than users the same weights come from a matrix of
users, and none of papers × papers is ever made (Woodbury):

    K = (XXᵀ + λI)⁻¹,   P_jj = (1 − x_jᵀKx_j)/λ,   B_ij = x_iᵀKx_j/(λP_jj)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from recommender.arrays import Floats, Rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_BLOCK = 512


@dataclass(frozen=True)
class ItemWeights:
    """EASE's weights without the n × n matrix, in whichever form was cheaper.

    likes: X. inverse: K (users × users), or P (papers × papers) when `by_user` is False.
    diagonal: P_jj.
    """

    likes: "csr_array[Any]"
    inverse: Floats
    diagonal: Floats
    regularization: float
    by_user: bool

    def rows(self, at: Rows) -> Floats:
        """Return B[at], shape (len(at), n_papers)."""
        if self.by_user:
            left = np.asarray(self.likes[:, at].T @ self.inverse, np.float32)
            found = np.asarray((self.likes.T @ left.T).T, np.float32)
            found /= self.regularization * self.diagonal
        else:
            found = -self.inverse[at] / self.diagonal
        found[np.arange(len(at)), at] = 0
        return found


def solve(
    likes: "csr_array[Any]", regularization: float, by_user: bool | None = None
) -> ItemWeights:
    """Return EASE's weights for X (users × papers). λ > 0.

    by_user: which side to solve on; the smaller one by default. The result is the same.
    """
    n_users, n_papers = likes.shape
    if by_user is None:
        by_user = n_users < n_papers
    products = likes @ likes.T if by_user else likes.T @ likes
    # In LAPACK's own order: otherwise it would work on a copy, and 15,000 papers take 0.9 GB.
    gram = products.toarray(order="F").astype(np.float32, order="K", copy=False)
    del products
    gram[np.diag_indices_from(gram)] += regularization
    inverse = _inverse(gram)
    if by_user:
        diagonal = (1 - _inside(likes, inverse)) / np.float32(regularization)
    else:
        diagonal = inverse.diagonal().copy()
    return ItemWeights(likes, inverse, diagonal, regularization, by_user)


def _inside(likes: "csr_array[Any]", inverse: Floats) -> Floats:
    """Return x_jᵀKx_j, shape (n_papers,), by blocks: all KX would be larger than K."""
    by_paper = likes.T.tocsr()
    found = np.empty(by_paper.shape[0], np.float32)
    for start in range(0, len(found), _BLOCK):
        some = by_paper[start : start + _BLOCK]
        carried = np.asarray(some @ inverse, np.float32)
        found[start : start + _BLOCK] = np.asarray(some.multiply(carried).sum(axis=1)).ravel()
    return found


def _inverse(matrix: Floats) -> Floats:
    """Return the inverse of a symmetric positive matrix in Fortran's order, in its own memory."""
    from scipy.linalg import cholesky
    from scipy.linalg.lapack import spotri

    factor = cholesky(matrix, lower=False, overwrite_a=True, check_finite=False)
    upper, failed = spotri(factor, lower=0, overwrite_c=1)
    if failed:
        raise np.linalg.LinAlgError("the gram matrix is not positive")
    # LAPACK leaves the other triangle undefined; it is mirrored block by block, to save memory.
    for start in range(0, len(upper), _BLOCK):
        at = slice(start, start + _BLOCK)
        upper[at, at] = np.triu(upper[at, at]) + np.triu(upper[at, at], 1).T
        upper[start + _BLOCK :, at] = upper[at, start + _BLOCK :].T
    mirrored: Floats = upper.T  # the same numbers, in the order in which rows lie together
    return mirrored


@dataclass(frozen=True)
class Neighbours:
    """For each rated paper, the rated papers that its readers like most, as compressed rows."""

    starts: NDArray[np.int64]
    papers: NDArray[np.int32]
    values: Floats

    def of(self, row: int) -> tuple[NDArray[np.int32], Floats]:
        """Return the rows and weights of one rated paper's neighbours."""
        at = slice(self.starts[row], self.starts[row + 1])
        return self.papers[at], self.values[at]

    def among(self, at: Rows, n: int) -> Self:
        """Return the same for n papers, of which these are the ones at the ascending `at`."""
        counts = np.zeros(n, np.int64)
        counts[at] = np.diff(self.starts)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return type(self)(starts, at[self.papers].astype(np.int32), self.values)

    def matrix(self) -> "csr_array[Any]":
        """Return the weights as a sparse matrix, a row for each paper."""
        from scipy.sparse import csr_array

        n = len(self.starts) - 1
        return csr_array((self.values, self.papers, self.starts), shape=(n, n))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "neighbour_starts": self.starts,
            "neighbour_papers": self.papers,
            "neighbour_values": self.values,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        names = ("neighbour_starts", "neighbour_papers", "neighbour_values")
        return cls(*(arrays[name] for name in names))


def strongest(weights: ItemWeights, kept: int) -> Neighbours:
    """Return each paper's `kept` largest weights by size."""
    n = len(weights.diagonal)
    papers, values, counts = [], [], []
    for start in range(0, n, _BLOCK):
        block = weights.rows(np.arange(start, min(start + _BLOCK, n)))
        width = min(kept, n)
        top = np.sort(np.argpartition(-np.abs(block), width - 1, axis=1)[:, :width], axis=1)
        found = np.take_along_axis(block, top, axis=1)
        is_there = found != 0
        papers.append(top[is_there].astype(np.int32))
        values.append(found[is_there].astype(np.float32))
        counts.append(is_there.sum(axis=1))
    starts = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64)
    return Neighbours(starts, np.concatenate(papers), np.concatenate(values))
