import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender import dice

whole = st.integers(-(2**63), 2**63 - 1)


@given(whole, st.lists(st.tuples(whole, whole), min_size=1, max_size=5), st.integers(1, 6))
def test_what_is_thrown_for_a_reader_depends_on_no_other(seed, apart, count):
    together = dice.thrown(seed, apart, count)
    assert together.shape == (len(apart), count)
    assert np.all((together >= 0) & (together < 1))
    for one, thrown in zip(apart, together, strict=True):
        assert np.array_equal(dice.thrown(seed, [one], count)[0], thrown)


def test_chance_is_even_and_independent_for_readers_who_differ_by_one():
    apart = [(user, seen) for user in range(300) for seen in range(100)]
    thrown = dice.thrown(0, apart, 4)
    for column in thrown.T:
        counts = np.histogram(column, bins=50, range=(0, 1))[0]
        assert np.square(counts - 600).sum() / 600 < 100  # χ² with 49 degrees of freedom
    assert np.abs(np.corrcoef(thrown.T) - np.eye(4)).max() < 0.025
    by_user = thrown[:, 0].reshape(300, 100)
    assert abs(np.corrcoef(by_user[:-1].ravel(), by_user[1:].ravel())[0, 1]) < 0.025
    assert abs(np.corrcoef(by_user[:, :-1].ravel(), by_user[:, 1:].ravel())[0, 1]) < 0.025


def test_another_seed_and_another_order_throw_otherwise():
    thrown = dice.thrown(1, [(2, 3), (3, 2), (2, 3)], 3)
    assert np.array_equal(thrown[0], thrown[2])
    assert not np.any(thrown[0] == thrown[1])
    assert not np.any(dice.thrown(2, [(2, 3)], 3) == thrown[0])
