import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recommender.arrays import Places, find, ids_of, largest

ids = st.integers(-(2**40), 2**40)


@given(
    st.integers(1, 6),
    st.integers(0, 70),
    st.sampled_from([0, 1, 5, 50]),
    st.integers(0, 9),
    st.integers(0, 10**6),
)
def test_the_best_of_a_list_stand_in_order_and_equals_by_their_places(readers, n, k, taken, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-2, 3, (readers, n)).astype(np.float32)
    if seed % 2:
        scores *= rng.standard_normal(scores.shape, np.float32) * np.float32(10.0 ** (seed % 30))
    scores[rng.random(scores.shape) < taken / 10] = -np.inf
    top = largest(scores, k)
    assert top.shape == (readers, min(k, n))
    for row, places in zip(scores.tolist(), top.tolist(), strict=True):
        assert places == sorted(range(n), key=lambda at: -row[at])[:k]


def test_the_best_are_found_in_every_block_of_readers():
    scores = np.random.default_rng(0).standard_normal((700, 300), np.float32)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :50]
    assert np.array_equal(largest(scores, 50), expected)


def test_no_score_is_so_small_or_large_that_it_loses_its_place():
    tiny, most = np.finfo(np.float32).smallest_subnormal, np.finfo(np.float32).max
    row = np.array([[-np.inf, -most, -tiny, 0.0, tiny, most, np.inf]], np.float32)
    assert largest(row, 7).tolist() == [[6, 5, 4, 3, 2, 1, 0]]
    assert largest(np.array([[-0.0, 0.0]], np.float32), 2).tolist() == [[0, 1]]


@given(st.lists(ids, unique=True), st.lists(ids))
@example([2**40], [2**40, -(2**40)])
@example([7, 8, 10], [6, 7, 8, 9, 10, 11, -(2**40), 2**40])
@example([], [3])
def test_an_id_stands_where_halving_finds_it(known, wanted):
    known = np.sort(np.array(known, np.int64))
    wanted = np.array([*wanted, *known.tolist()], np.int64)
    assert Places(known).of(wanted).tolist() == find(known, wanted).tolist()


@pytest.mark.parametrize("gap", [1, 10, 1_000_000])
def test_ids_are_found_however_far_apart_they_lie(gap):
    known = np.arange(1, 400) * gap + 2**33
    wanted = np.concatenate([known, known + 1, known - 1])
    assert Places(known).of(wanted).tolist() == find(known, wanted).tolist()


def test_ids_stay_in_the_order_given_and_may_be_changed_later():
    found = ids_of(paper for paper in (5, -1, 2**40, 5))
    found[0] += 1
    assert found.dtype == np.int64
    assert found.tolist() == [6, -1, 2**40, 5]
    assert ids_of([]).tolist() == []
