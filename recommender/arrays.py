"""Names for the arrays that pass between the modules of this room."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

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
