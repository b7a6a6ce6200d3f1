"""From text to worth: what a paper that nobody has rated is worth to whom.

A paper's features are its base vector and, once readers have taught us something, functions
of its likeness to landmark papers. These are all rated papers, as far as memory allows, else
some of them (Nyström features, Williams & Seeger 2001):

    φ(c) = [ b(c),  k(c, Z)·P ],    k(c, z) = exp(γ(b̃(c)·b̃(z) − 1))

with b̃ the base vector, joined by what readers taught about texts (`text_metric`).

A *strand* is one way to read a like of paper i: a vector q_i, so that liking i is worth
q_i·φ(c) to paper c. The strand "text" knows texts alone, and every model has it; others
carry what readers taught. Everything is linear, so a score is a sum over liked papers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from recommender.arrays import Floats, Rows
from recommender.text_metric import TextMetric, kernel

KNOTS = (1, 3, 5, 10, 20)  # likes; between them a strand's weight is interpolated in log(likes)
_WHITENING = 0.4
_FLOOR = 3e-4  # of the covariance's eigenvalues: below lies noise
_MIXTURES = 1_000  # of reference readers
_BLOCK = 1024  # papers whose likeness to the landmarks is held at the same time


@dataclass(frozen=True)
class TextMap:
    """base vectors (n, d) → features (n, d + r). Without landmarks r is 0 and φ is b.

    landmarks: b̃, shape (m, d + f); f is 0 without a metric. projection: shape (m, r).
    gamma: the kernel's sharpness.
    """

    landmarks: Floats
    projection: Floats
    gamma: float
    metric: TextMetric | None = None

    @property
    def dimensions(self) -> int:
        learnt = self.metric.coefficients.shape[1] if self.metric else 0
        return int(self.landmarks.shape[1] - learnt + self.projection.shape[1])

    def __call__(self, base: Floats) -> Floats:
        if not self.projection.shape[1]:
            return base
        found = np.empty((len(base), self.dimensions), np.float32)
        found[:, : base.shape[1]] = base
        for start in range(0, len(base), _BLOCK):
            at = slice(start, start + _BLOCK)
            np.matmul(self.kernel(base[at]), self.projection, out=found[at, base.shape[1] :])
        return found

    def kernel(self, base: Floats) -> Floats:
        """Return likeness to each landmark, in (0, 1], shape (n, m)."""
        joined = self.metric.join(base) if self.metric else base
        return kernel(joined, self.landmarks, self.gamma)


def no_landmarks(dimensions: int) -> TextMap:
    """Return the map of a model that knows texts alone: φ(c) = b(c)."""
    return TextMap(np.zeros((0, dimensions), np.float32), np.zeros((0, 0), np.float32), 1.0)


@dataclass(frozen=True)
class Strand:
    """One way to read a like. w: how many of the features it looks at.

    start: its first feature; it looks at `start … start + w`.
    weights: at each of KNOTS, how much it counts for a reader with so many likes.
    guess: shape (w, w). q of a paper that no reader rated before training is φ·guess.
    rows: shape (n_rated, w), q of the rated papers; None when `guess` says all there is.
    """

    name: str
    start: int
    weights: tuple[float, ...]
    guess: Floats
    rows: Floats | None = None

    @property
    def columns(self) -> slice:
        return slice(self.start, self.start + len(self.guess))

    def weight(self, likes: int) -> float:
        """Return how much this strand counts for a reader with so many likes."""
        return float(np.interp(np.log(max(likes, 1)), np.log(KNOTS), self.weights))

    def read(self, features: Floats, rated: Rows) -> Floats:
        """Return q, shape (n, w), of papers with these features; rated: -1 for the unrated."""
        if self.rows is None:
            return np.asarray(features[:, self.columns] @ self.guess, np.float32)
        found = self.rows[rated]
        new = rated < 0
        if np.any(new):
            found[new] = features[new, self.columns] @ self.guess
        return found


@dataclass(frozen=True)
class Hubs:
    """Papers to which every reader's score reacts strongly fill every list; this tells them.

    readers: shape (s, r), mixtures of reference readers' profiles, centred and scaled so that
    a rated paper's spread is 1 on average. powers: at each of KNOTS; a score is divided by
    spread**power. It is one number for each paper, so a score stays a sum over liked papers.
    """

    readers: Floats
    powers: tuple[float, ...]

    def spread(self, features: Floats) -> Floats:
        """Return the spread of reference readers' scores of papers with these features, (n,)."""
        scores = features @ self.readers.T
        return np.asarray(np.sqrt(np.square(scores).sum(axis=1)) + 1e-3, np.float32)

    def power(self, likes: int) -> float:
        """Return by how much the spread counts for a reader with so many likes."""
        return float(np.interp(np.log(max(likes, 1)), np.log(KNOTS), self.powers))


def hubs_of(
    profiles: Iterable[Floats],
    features: Floats,
    powers: tuple[float, ...],
    rng: np.random.Generator,
) -> Hubs:
    """Return the hubs as reference readers see them.

    profiles: blocks of shape (·, r), one row for each reader; features: of the rated papers,
    shape (n, r). powers: at each of KNOTS.

    Kept are random mixtures of all readers, which see the same spread but for a few per cent
    (Johnson & Lindenstrauss 1984): however many readers speak, the model stays as large, and
    it holds nothing of any one person.
    """
    gram = _gram(features)
    width = features.shape[1]
    mixed = np.zeros((_MIXTURES, width), np.float32)
    amounts, total, count = np.zeros(_MIXTURES), np.zeros(width), 0
    for block in profiles:
        lengths = np.sqrt(np.maximum(np.sum((block @ gram) * block, axis=1), 0))
        unit = block / np.maximum(lengths, 1e-9)[:, None]
        mixing = rng.standard_normal((_MIXTURES, len(unit)), np.float32)
        mixed += mixing @ unit
        amounts += mixing.sum(axis=1)
        total += unit.sum(axis=0)
        count += len(unit)
    mixed -= np.outer(amounts, total / max(count, 1)).astype(np.float32)
    raw = Hubs(mixed, powers)
    scale = float(raw.spread(features).mean())
    return replace(raw, readers=np.asarray(mixed / max(scale, 1e-9), np.float32))


def _gram(features: Floats) -> Floats:
    return np.asarray(features.T @ features / max(len(features), 1), np.float32)


def text_strand(base: Floats) -> Strand:
    """Return the strand that needs no reader but the one it serves.

    Where all papers differ much, a difference says little: directions are weighed by the
    covariance G of all papers, q_i = (G + εI)^(−0.4)·b_i. The exponent lies between the
    plain centroid (0), best for one like, and ridge regression against all papers (1),
    best for long libraries.
    """
    dimensions = base.shape[1]
    covariance = base.T @ base / max(len(base), 1)
    values, directions = np.linalg.eigh(covariance.astype(np.float64))
    scale = (np.maximum(values, 0) + _FLOOR) ** -_WHITENING
    guess = (directions * scale) @ directions.T
    # A paper is worth 1 to itself on average, whatever the catalogue.
    itself = float(np.sum(guess * covariance)) if len(base) else 0.0
    guess /= itself if itself > 1e-9 else 1.0
    weights = (1.0,) * len(KNOTS)
    return Strand("text", 0, weights, guess.astype(np.float32).reshape(dimensions, dimensions))
