"""Names for the arrays that pass between the modules of this room."""

import struct
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
    listed = list(papers)
    # Twice as fast as NumPy takes numbers in one by one, and masks are made of thousands.
    return np.frombuffer(bytearray(struct.pack(f"{len(listed)}q", *listed)), np.int64)


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


_SPARE = 16  # places of a table for each id that stands in it, at most


class Places:
    """Where ids stand in an ascending array, looked up in a table where they lie close together."""

    def __init__(self, sorted_ids: Ids) -> None:
        self._ids = sorted_ids
        self._before = int(sorted_ids[0]) - 1 if len(sorted_ids) else 0
        span = int(sorted_ids[-1]) - self._before if len(sorted_ids) else 0
        self._table: NDArray[np.int32] | None = None
        if span <= _SPARE * len(sorted_ids):
            self._table = np.full(span + 2, -1, np.int32)  # the ends are for all that lie beyond
            self._table[sorted_ids - self._before] = np.arange(len(sorted_ids))

    def of(self, wanted: Ids) -> Rows:
        """Return what `find` does."""
        if self._table is None:
            return find(self._ids, wanted)
        return np.take(self._table, wanted - self._before, mode="clip").astype(np.int64)


_AT_ONCE = 1 << 15  # scores that are sorted at a time: 0.25 MB of keys


def largest(scores: Floats, k: int) -> Rows:
    """Return the places of the k largest scores of each row, or of all, best first.

    Equal scores stand in the order of their places. Scores are no NaN.
    """
    readers, n = scores.shape
    k = min(k, n)
    found = np.empty((readers, k), np.int64)
    size = max(1, _AT_ONCE // max(n, 1))
    keys, places = np.empty((min(size, readers), n), np.int64), np.arange(n)
    for start in range(0, readers if k else 0, size):
        some = slice(start, start + size)
        mine = keys[: len(found[some])]
        np.left_shift(_descending(scores[some]), np.int64(32), out=mine)
        mine |= places
        mine.partition(k - 1, axis=1)
        mine[:, :k].sort(axis=1)
        np.bitwise_and(mine[:, :k], _PLACE, out=found[some])
    return found


_PLACE = np.int64(0xFFFFFFFF)


def _descending(scores: Floats) -> NDArray[np.int32]:
    """Return whole numbers that are the smaller the larger a score is.

    The bits of a float count upwards as it does, those of a negative one downwards behind its
    sign. Whole numbers are sorted several times as fast as places by their scores.
    """
    bits = (np.float32(0) - scores).view(np.int32)  # no −0, which would stand before 0
    bits ^= (bits >> 31) & np.int32(0x7FFFFFFF)
    return bits


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

        starts = np.arange(len(self) + 1, dtype=np.int32) * np.int32(self.columns.shape[1])
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
