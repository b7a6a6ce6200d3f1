"""A text vector that knows taste: where in the space of ALS's factors a text belongs.

Two papers can be alike in words and be read by different people. So the factors of the rated
papers, as unit vectors, are regressed on text (kernel ridge, Nyström), and what the
regression says of a paper, z, joins its base vector:

    b̃ = unit([b, z])

For the rated papers z comes from regressions that have not seen them (five folds): their own
factors would promise more than text can tell of a new paper.
"""

from dataclasses import dataclass

import numpy as np

from recommender.arrays import Floats, unit_rows

GAMMA, RIDGE = 4.0, 2.0
LANDMARKS = 2_000
LEAST_AGREEMENT = 0.1  # mean cosine of what text foretells with the factors
_FOLDS = 5


@dataclass(frozen=True)
class TextMetric:
    """landmarks: shape (m, d). coefficients: shape (m, f)."""

    landmarks: Floats
    coefficients: Floats

    def join(self, base: Floats) -> Floats:
        """Return b̃ of base vectors, unit rows, shape (n, d + f)."""
        return join(base, kernel(base, self.landmarks, GAMMA) @ self.coefficients)


def join(base: Floats, predicted: Floats) -> Floats:
    """Return unit([b, unit(z)])."""
    return unit_rows(np.hstack([base, unit_rows(predicted)]))


def kernel(base: Floats, landmarks: Floats, gamma: float) -> Floats:
    """Return exp(γ(b·z − 1)) for unit rows, shape (n, m)."""
    likeness: Floats = base @ landmarks.T
    likeness -= 1
    likeness *= gamma
    return np.exp(likeness, out=likeness)


def fit(base: Floats, items: Floats, seed: int) -> tuple[TextMetric | None, Floats]:
    """Return the metric, and b̃ of the rated papers by regressions that have not seen them.

    Where these regressions say next to nothing of the factors, None and the base vectors.

    base: unit rows of the rated papers, (n, d). items: their factors, (n, f).
    """
    rng = np.random.default_rng([seed, 8])
    landmarks = np.ascontiguousarray(base[np.sort(rng.permutation(len(base))[:LANDMARKS])])
    likeness = kernel(base, landmarks, GAMMA)
    goal = unit_rows(items)
    penalty = RIDGE * kernel(landmarks, landmarks, GAMMA)
    penalty[np.diag_indices_from(penalty)] += 1e-3 * RIDGE
    gram, target = likeness.T @ likeness, likeness.T @ goal

    predicted = np.empty_like(goal)
    fold = rng.integers(_FOLDS, size=len(base))
    for number in range(_FOLDS):
        left = fold == number
        out = likeness[left]
        coefficients = np.linalg.solve(gram - out.T @ out + penalty, target - out.T @ goal[left])
        predicted[left] = out @ coefficients
    if float(np.sum(unit_rows(predicted) * goal, axis=1).mean()) < LEAST_AGREEMENT:
        return None, base
    metric = TextMetric(landmarks, np.linalg.solve(gram + penalty, target))
    return metric, join(base, predicted)
