"""Names for the arrays that pass between the modules of this room."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]  # PaperIds
Rows = NDArray[np.int64]  # rows of a matrix; -1 where there is none
Mask = NDArray[np.bool_]


def ids_of(papers: Iterable[int]) -> Ids:
    """Return PaperIds as an array, in the order given."""
    return np.fromiter(papers, np.int64)


def unit_rows(vectors: Floats) -> Floats:
    """Return the rows divided by their length; rows of zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def find(sorted_ids: Ids, wanted: Ids) -> Rows:
    """Return where each wanted id stands in an ascending array, -1 for those not in it."""
    if not len(sorted_ids):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return np.where(sorted_ids[at] == wanted, at, -1).astype(np.int64)


@dataclass(frozen=True)
class Entries:
    """A sparse matrix with equally many entries in each row. n: its columns.

    columns: ascending, shape (m, w), w ≤ n. values: shape (m, w).
    """

    columns: NDArray[np.int32]
    values: Floats
    n: int

    def __len__(self) -> int:
        return len(self.columns)

    def rows(self, at: Rows) -> Self:
        """Return some of the rows."""
        return type(self)(self.columns[at], self.values[at], self.n)

    def matrix(self) -> "csr_array[Any]":
        from scipy.sparse import csr_array

        starts = np.arange(len(self) + 1) * self.columns.shape[1]
        shape = (len(self), self.n)
        return csr_array((self.values.ravel(), self.columns.ravel(), starts), shape=shape)


def stacked(one: Entries, other: Entries) -> Entries:
    """Return the rows of both, which have as many columns and entries."""
    columns = np.concatenate([one.columns, other.columns])
    return Entries(columns, np.concatenate([one.values, other.values]), one.n)


def strongest(blocks: Iterable[Floats], kept: int, n: int) -> Entries:
    """Return the entries of each row that are largest by size; blocks: rows, shape (·, n)."""
    width = min(kept, n)
    columns = [np.zeros((0, width), np.int32)]
    values = [np.zeros((0, width), np.float32)]
    for block in blocks:
        top = np.zeros((len(block), 0), np.int64)
        if width:
            top = np.sort(np.argpartition(-np.abs(block), width - 1, axis=1)[:, :width], axis=1)
        columns.append(top.astype(np.int32))
        values.append(np.take_along_axis(block, top, axis=1).astype(np.float32))
    return Entries(np.concatenate(columns), np.concatenate(values), n)
