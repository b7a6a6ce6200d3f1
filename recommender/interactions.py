"""Ratings → the sparse matrix of who likes what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.arrays import Ids, find
from recommender.feedback import Rating
from recommender.taste import liking

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Interactions:
    """likes: users × papers, 1 where liked, saved or known. papers: ids of the columns,
    ascending, each with at least one like. users: numbers of the rows, ascending."""

    likes: "csr_array[Any]"
    papers: Ids
    users: Ids

    def __len__(self) -> int:
        """Return how many likes there are."""
        return int(self.likes.nnz)


def interactions(ratings: Iterable[Rating], papers: Sequence[int]) -> Interactions:
    """Return the likes among ratings of these papers; of other papers nothing is known."""
    known = np.unique(np.fromiter(papers, np.int64))
    liked = {(r.user, int(r.feedback.paper)) for r in ratings if liking(r.feedback) > 0}
    pairs = np.array(sorted(liked), np.int64).reshape(-1, 2)
    pairs = pairs[find(known, pairs[:, 1]) >= 0]
    return from_pairs(pairs[:, 0], pairs[:, 1])


def from_pairs(users: Ids, papers: Ids) -> Interactions:
    """Return the matrix of likes given as pairs; a pair given twice counts once."""
    from scipy.sparse import csr_array

    user_ids, rows = np.unique(users, return_inverse=True)
    paper_ids, columns = np.unique(papers, return_inverse=True)
    shape = (len(user_ids), len(paper_ids))
    ones = np.ones(len(rows), np.float32)
    likes = csr_array((ones, (rows, columns)), shape=shape)
    likes.sum_duplicates()
    likes.data[:] = 1
    return Interactions(likes, paper_ids, user_ids)
