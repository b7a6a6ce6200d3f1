import numpy as np
import pytest

from recommender import text_metric
from recommender.arrays import unit_rows


@pytest.fixture(scope="module")
def circles():
    """Texts that differ mostly in what no reader minds, and factors that go by the rest."""
    rng = np.random.default_rng(0)
    circle = rng.integers(3, size=600)
    words = np.hstack([0.5 * np.eye(3)[circle], 0.4 * rng.standard_normal((600, 6))])
    factors = np.eye(3)[circle] + 0.1 * rng.standard_normal((600, 3))
    return circle, unit_rows(words.astype(np.float32)), factors.astype(np.float32)


def same_circle_first(vectors, circle):
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    return np.mean(circle[np.argmax(likeness, axis=1)] == circle)


def test_papers_of_one_circle_come_closer_also_those_nobody_rated(circles):
    circle, base, factors = circles
    metric, joined = text_metric.fit(base[:400], factors[:400], seed=0)
    assert same_circle_first(joined, circle[:400]) > same_circle_first(base[:400], circle[:400])
    new = metric.join(base[400:])
    assert same_circle_first(new, circle[400:]) > same_circle_first(base[400:], circle[400:])
    assert np.linalg.norm(new, axis=1) == pytest.approx(np.ones(200), abs=1e-4)


def test_where_text_cannot_tell_the_factors_it_stays_as_it_is(circles):
    _, base, _ = circles
    noise = np.random.default_rng(1).standard_normal((600, 3)).astype(np.float32)
    metric, joined = text_metric.fit(base, noise, seed=0)
    assert metric is None
    assert np.array_equal(joined, base)
