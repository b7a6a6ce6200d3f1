import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array

from recommender.item_weights import Neighbours, solve, strongest

taps = arrays(
    np.float32,
    st.tuples(st.integers(2, 12), st.integers(2, 12)),
    elements=st.sampled_from([0.0, 1.0]),
)


def by_definition(likes, regularization):
    gram = likes.T @ likes + regularization * np.eye(likes.shape[1])
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


@settings(deadline=None)
@given(taps, st.sampled_from([0.5, 5.0, 100.0]))
def test_both_sides_give_the_weights_of_the_definition(likes, regularization):
    expected = by_definition(likes.astype(np.float64), regularization)
    every = np.arange(likes.shape[1])
    for by_user in (True, False):
        weights = solve(csr_array(likes), regularization, by_user)
        assert np.allclose(weights.rows(every), expected, atol=2e-4)


@pytest.mark.parametrize("by_user", [True, False])
def test_the_matrix_to_invert_is_in_memory_once(by_user):
    rng = np.random.default_rng(0)
    likes = csr_array((rng.random((1500, 1520)) < 0.002).astype(np.float32))
    solve(likes[:10], 10.0)  # what is loaded for the first time is no part of it
    tracemalloc.start()
    try:
        weights = solve(likes, 10.0, by_user)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert weights.inverse.flags.c_contiguous
    assert peak < 1.9 * weights.inverse.nbytes  # once, and blocks of it


def test_only_the_strongest_neighbours_are_kept():
    rng = np.random.default_rng(0)
    likes = csr_array((rng.random((40, 20)) < 0.3).astype(np.float32))
    weights = solve(likes, 10.0)
    full = weights.rows(np.arange(20))
    kept = strongest(weights, 5)
    papers, values = kept.of(3)
    best = np.argsort(-np.abs(full[3]))[:5]
    assert set(papers) == set(best)
    assert np.allclose(values, full[3][papers])


def test_neighbours_keep_their_papers_when_more_papers_stand_around_them():
    inner = Neighbours(np.array([0, 1, 2]), np.array([1, 0], np.int32), np.ones(2, np.float32))
    wider = inner.among(np.array([2, 5]), 7)
    assert [list(wider.of(row)[0]) for row in (0, 2, 5)] == [[], [5], [2]]
