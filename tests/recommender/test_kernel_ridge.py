import numpy as np
import pytest

from recommender import kernel_ridge
from recommender.arrays import unit_rows


@pytest.fixture(scope="module", params=[3, 512, 1100])
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
    assert np.allclose(ridge.predict(right), np.linalg.solve(damped, matrix @ right), atol=1e-4)
    assert np.allclose(ridge.gram(right), right.T @ matrix @ right, rtol=1e-3, atol=1e-2)
    assert np.array_equal(right, before)


def test_a_basis_is_orthonormal_and_spans_what_it_was_made_of(base, matrix):
    ridge = kernel_ridge.fit(base, 4.0, 2.0)
    spanning = np.random.default_rng(2).standard_normal((len(base), 3)).astype(np.float32)
    basis = ridge.basis_of(spanning.copy())
    assert np.allclose(basis.T @ matrix @ basis, np.eye(basis.shape[1]), atol=5e-3)
    within = basis @ (basis.T @ (matrix @ spanning))
    assert np.allclose(within, spanning, atol=1e-2)


def test_a_paper_that_is_there_twice_breaks_nothing():
    twice = unit_rows(np.ones((600, 4), np.float32))
    ridge = kernel_ridge.fit(twice, 4.0, 2.0)
    basis = ridge.basis_of(np.eye(600, dtype=np.float32))
    assert basis.shape[1] == 1
    assert np.all(np.isfinite(ridge.predict(basis)))
