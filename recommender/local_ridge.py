"""Which rated papers a text recalls, and how strongly: kernel ridge regression close by.

    A(c) = (K + λI)⁻¹·k(N, c)  over N, the rated papers nearest to c;  0 for all others

with k(i, j) = exp(γ(b̃_i·b̃_j − 1)). Whatever is known of the rated papers, A(c) foretells it of
c. Far papers add next to nothing once the near ones have spoken (local learning, Bottou &
Vapnik 1992; nearest-neighbour Gaussian processes, Datta et al. 2016), so there is no matrix of
all pairs, and a paper costs the same however many are rated.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from recommender.arrays import Entries, Floats, Rows
from recommender.text_metric import TextMetric

NEAREST = 384
GAMMA, RIDGE = 4.0, 2.0
_BLOCK = 256  # papers whose likeness to all rated ones is held at the same time


@dataclass(frozen=True)
class LocalRidge:
    """rated: b̃ of the rated papers, shape (n, d + f); f is 0 without a metric."""

    rated: Floats
    metric: TextMetric | None = None

    def __call__(self, base: Floats, threads: int = 1) -> Entries:
        """Return A of papers as rows of n entries. base: shape (m, d)."""
        return self._recalled(self.metric.join(base) if self.metric else base, None, threads)

    def without_themselves(self, rows: Rows, threads: int = 1) -> Entries:
        """Return what rated papers would recall if they were new."""
        return self._recalled(self.rated[rows], rows, threads)

    def _recalled(self, joined: Floats, themselves: Rows | None, threads: int) -> Entries:
        import scipy.linalg  # noqa: F401  the limit below reaches only what is loaded by then
        from threadpoolctl import threadpool_limits

        width = min(NEAREST, len(self.rated))
        papers = np.empty((len(joined), width), np.int32)
        amounts = np.empty((len(joined), width), np.float32)

        def work(start: int) -> None:
            at = slice(start, start + _BLOCK)
            likeness = joined[at] @ self.rated.T
            if themselves is not None:
                likeness[np.arange(len(likeness)), themselves[at]] = -np.inf
            for row, like in enumerate(likeness, start):
                papers[row], amounts[row] = self._solved(like, width)

        starts = range(0, len(joined) if width else 0, _BLOCK)
        # Small matrices: BLAS threads would wait for each other longer than they compute.
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, starts))
        return Entries(papers, amounts, len(self.rated))

    def _solved(self, likeness: Floats, width: int) -> tuple[Rows, Floats]:
        """Return the nearest papers, ascending, and A of those that count.

        likeness: to every rated paper, shape (n,), −inf to one that must not count.
        """
        from scipy.linalg import lapack

        near = np.sort(np.argpartition(-likeness, width - 1)[:width])
        amounts = np.zeros(width, np.float32)
        counts = np.isfinite(likeness[near])
        some = self.rated[near[counts]]
        bracket = _kernel(some @ some.T)
        bracket[np.diag_indices_from(bracket)] += np.float32(RIDGE)
        if len(some):
            _, found, failed = lapack.sposv(bracket, _kernel(likeness[near[counts]]), overwrite_a=1)
            if failed:
                raise np.linalg.LinAlgError("the kernel's matrix is not positive")
            amounts[counts] = found
        return near, amounts


def _kernel(likeness: Floats) -> Floats:
    """Return exp(γ(x − 1)) in the same memory."""
    likeness -= 1
    likeness *= np.float32(GAMMA)
    return np.exp(likeness, out=likeness)
