import numpy as np
import pytest

from recommender import kernel_ridge
from recommender.arrays import unit_rows


@pytest.fixture(scope="module", params=[3, 512, 2100])
def base(request):
    rng = np.random.default_rng(request.param)
    return unit_rows(rng.standard_normal((request.param, 12)).astype(np.float32))


@pytest.fixture(scope="module")
def matrix(base):
    return np.exp(4.0 * (base.astype(np.float64) @ base.T - 1))


def test_the_blocked_solution_is_the_one_of_the_definition(base, matrix):
    right = np.random.default_rng(1).standard_normal((len(base), 5)).astype(np.float32)
    ridge = kernel_ridge.fit(base, 4.0, 2.0)
    damped = matrix + 2 * np.eye(len(base))
    before = right.copy()
    assert np.allclose(ridge.solve(right), np.linalg.solve(damped, right), atol=1e-4)
    assert np.array_equal(right, before)


def test_a_basis_of_some_functions_solves_the_regression_within_their_span(base, matrix):
    spanning = np.random.default_rng(2).standard_normal((len(base), 3)).astype(np.float32)
    found = kernel_ridge.basis(spanning.copy(), (matrix @ spanning).astype(np.float32), 2.0)
    targets = np.random.default_rng(3).standard_normal((4, len(base)))
    smoothed = matrix @ spanning
    bracket = smoothed.T @ smoothed + 2.0 * (spanning.T @ smoothed)
    expected = targets @ smoothed @ np.linalg.solve(bracket, smoothed.T)
    answers = targets @ found.mapped @ (found.projection.T @ matrix)
    assert np.allclose(answers, expected, atol=2e-3 * np.abs(expected).max())


def test_a_basis_of_all_functions_is_the_whole_regression():
    base = unit_rows(np.random.default_rng(4).standard_normal((90, 12)).astype(np.float32))
    matrix = np.exp(4.0 * (base.astype(np.float64) @ base.T - 1))
    ridge = kernel_ridge.fit(base, 4.0, 2.0)
    spanning = ridge.solve(np.eye(90, dtype=np.float32))
    found = kernel_ridge.basis(spanning.copy(), (matrix @ spanning).astype(np.float32), 2.0)
    whole = np.linalg.solve(matrix + 2 * np.eye(90), matrix)
    assert np.allclose(found.mapped @ (found.projection.T @ matrix), whole, atol=1e-3)


def test_a_paper_that_is_there_twice_breaks_nothing():
    twice = unit_rows(np.ones((600, 4), np.float32))
    ridge = kernel_ridge.fit(twice, 4.0, 2.0)
    spanning = ridge.solve(np.eye(600, dtype=np.float32))
    found = kernel_ridge.basis(spanning.copy(), np.ones((600, 600), np.float32) @ spanning, 2.0)
    answers = found.mapped @ (found.projection.T @ np.ones(600))
    assert np.allclose(answers, 1 / 602, rtol=2e-2)
