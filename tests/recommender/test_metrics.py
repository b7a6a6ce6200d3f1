import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender import metrics


def test_metrics_are_those_of_a_hand_counted_list():
    scores = np.array([[5.0, 4, 3, 2, 1, -np.inf]], np.float32)
    relevant = np.array([[False, True, False, True, False, True]])
    assert metrics.recall(scores, relevant, 4) == pytest.approx([2 / 3])
    # The last one is relevant and no candidate: nobody was offered it.
    assert metrics.recall(scores, relevant, 6) == pytest.approx([2 / 3])
    assert metrics.precision(scores, relevant, 4) == pytest.approx([0.5])
    assert metrics.hit_rate(scores, relevant, 1) == pytest.approx([0])
    gain = 1 / np.log2(3) + 1 / np.log2(5)
    ideal = 1 + 1 / np.log2(3) + 1 / 2
    assert metrics.ndcg(scores, relevant, 5) == pytest.approx([gain / ideal])


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_metrics_are_shares_and_a_perfect_list_has_all(n, k, seed):
    rng = np.random.default_rng(seed)
    relevant = rng.random((3, n)) < 0.4
    scores = rng.random((3, n)).astype(np.float32)
    for metric in (metrics.recall, metrics.precision, metrics.hit_rate, metrics.ndcg):
        values = metric(scores, relevant, k)
        assert np.all((values >= 0) & (values <= 1 + 1e-12))
    perfect = metrics.ndcg(relevant.astype(np.float32), relevant, k)
    assert perfect == pytest.approx(relevant.any(axis=1).astype(float))


def test_the_interval_holds_the_mean_and_narrows_with_more_readers():
    rng = np.random.default_rng(0)
    values = rng.random(4000)
    low, high = metrics.interval(values, rng)
    few_low, few_high = metrics.interval(values[:100], rng)
    assert low < values.mean() < high
    assert high - low < few_high - few_low
    assert metrics.interval(np.zeros(0), rng) == (0.0, 0.0)


def test_an_interval_over_a_great_many_readers_takes_no_more_memory_than_over_few():
    values = np.random.default_rng(0).random(20_000)
    rng = np.random.default_rng(1)
    tracemalloc.start()
    try:
        found = metrics.interval(values, rng, draws=200)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40e6
    rng = np.random.default_rng(1)
    at_once = values[rng.integers(len(values), size=(200, len(values)))].mean(axis=1)
    assert found == tuple(np.quantile(at_once, [0.025, 0.975]))
