"""Item factors by implicit's alternating least squares (Hu, Koren & Volinsky 2008).

The factors V become a linear operator from likes to papers, so that they need no user
factors and fold in by themselves:  L = s·V(VᵀV + 0.1·I)⁻¹Vᵀ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from recommender.arrays import Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_FACTORS = 200
ALPHA = 10.0
REGULARIZATION = 0.1
ITERATIONS = 15


class FactorsUnavailable(Exception):
    """Collaborative filtering cannot run here; the message says what to install."""


@dataclass(frozen=True)
class Factors:
    """items: V, shape (n_papers, f)."""

    items: Floats

    def spread(self) -> Floats:
        """Return what stands before Vᵀ in L with s = 1, shape (n_papers, f)."""
        gram = self.items.T @ self.items + REGULARIZATION * np.eye(self.items.shape[1])
        return np.asarray(np.linalg.solve(gram, self.items.T).T, np.float32)

    def apply(self, features: Floats) -> Floats:
        """Return L·features with s = 1, shape (n_papers, width)."""
        return np.asarray(self.spread() @ (self.items.T @ features), np.float32)


FitFactors = Callable[["csr_array[Any]", int], Factors]
"""X (users × papers) and a seed → the factors. Raises FactorsUnavailable."""


def ensure_available() -> None:
    """Raise FactorsUnavailable where implicit cannot be loaded."""
    try:
        import implicit.cpu.als  # noqa: F401
    except ImportError as error:
        missing = "libgomp" in str(error)
        advice = "apt-get install libgomp1" if missing else "pip install implicit"
        raise FactorsUnavailable(
            f"What readers have in common cannot be learnt here ({error}); "
            f"picks go by text alone. To change that: {advice}"
        ) from error


def fit(likes: "csr_array[Any]", seed: int, factors: int = MOST_FACTORS) -> Factors:
    """Return the factors of X (users × papers). Raises FactorsUnavailable."""
    ensure_available()
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_limits

    # implicit has threads of its own; BLAS threads below them make it ten times slower.
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=max(1, min(factors, min(likes.shape) // 2)),
            alpha=ALPHA,
            regularization=REGULARIZATION,
            iterations=ITERATIONS,
            random_state=seed,
        )
        model.fit(csr_matrix(likes), show_progress=False)
    return Factors(np.asarray(model.item_factors, np.float32))
