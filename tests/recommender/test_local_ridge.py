import numpy as np
import pytest

from recommender.arrays import unit_rows
from recommender.local_ridge import GAMMA, NEAREST, RIDGE, LocalRidge


def vectors(n, seed):
    rng = np.random.default_rng(seed)
    return unit_rows(rng.standard_normal((n, 12)).astype(np.float32))


def by_definition(rated, asked):
    matrix = np.exp(GAMMA * (rated.astype(np.float64) @ rated.T - 1)) + RIDGE * np.eye(len(rated))
    return np.linalg.solve(matrix, np.exp(GAMMA * (rated.astype(np.float64) @ asked.T - 1))).T


@pytest.mark.parametrize("n", [1, 3, NEAREST])
def test_among_few_papers_it_is_the_regression_over_all_of_them(n):
    rated, new = vectors(n, 0), vectors(5, 1)
    found = LocalRidge(rated)(new).matrix().toarray()
    assert np.allclose(found, by_definition(rated, new), atol=1e-5)


def test_among_many_it_is_the_regression_over_the_nearest():
    rated, new = vectors(NEAREST + 300, 0), vectors(5, 1)
    found = LocalRidge(rated)(new)
    for row, like in enumerate(new @ rated.T):
        near = np.sort(np.argsort(-like)[:NEAREST])
        assert np.array_equal(found.columns[row], near)
        expected = by_definition(rated[near], new[[row]])[0]
        assert np.allclose(found.values[row], expected, atol=1e-5)


@pytest.mark.parametrize("n", [1, 40, NEAREST + 100])
def test_a_rated_paper_is_read_as_if_it_were_new(n):
    rated = vectors(n, 2)
    found = LocalRidge(rated).without_themselves(np.array([n // 2])).matrix().toarray()[0]
    others = np.arange(n) != n // 2
    expected = LocalRidge(rated[others])(rated[[n // 2]]) if n > 1 else None
    assert found[n // 2] == 0
    if expected is not None:
        assert np.allclose(found[others], expected.matrix().toarray()[0], atol=1e-6)


def test_any_number_of_threads_finds_the_same():
    ridge, new = LocalRidge(vectors(900, 3)), vectors(600, 4)
    alone, together = ridge(new), ridge(new, threads=3)
    assert np.array_equal(alone.columns, together.columns)
    assert np.allclose(alone.values, together.values, atol=1e-6)


def test_a_paper_that_is_there_twice_breaks_nothing():
    twice = unit_rows(np.ones((200, 4), np.float32))
    found = LocalRidge(twice)(twice[:1])
    assert np.allclose(found.values, 1 / 202, rtol=1e-3)


def test_no_paper_at_all_recalls_nothing():
    ridge = LocalRidge(vectors(4, 5))
    assert len(ridge(np.zeros((0, 12), np.float32))) == 0
    assert ridge.without_themselves(np.zeros(0, np.int64)).columns.shape == (0, 4)
