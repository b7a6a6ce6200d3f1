import numpy as np
import pytest

from recommender import item_weights, lessons
from recommender.arrays import unit_rows
from recommender.cold_start import Readers
from recommender.interactions import from_pairs
from recommender.lessons import EASE_REGULARIZATION


@pytest.fixture(scope="module")
def likes():
    rng = np.random.default_rng(0)
    return from_pairs(rng.integers(80, size=900), rng.integers(120, size=900))


@pytest.fixture(scope="module")
def base(likes):
    vectors = np.random.default_rng(1).standard_normal((len(likes.papers), 10))
    return unit_rows(vectors.astype(np.float32))


@pytest.fixture(scope="module")
def learnt(likes, base):
    return lessons.learn(likes, base, seed=0)


@pytest.fixture(scope="module")
def readers(learnt):
    ones = (1.0,) * 5
    return Readers(
        ridge=learnt.ridge,
        near=learnt.near,
        loudness=learnt.w,
        itself=0.5,
        items=learnt.items,
        values=learnt.w[:, None] * learnt.spread,
        ease=ones,
        als=ones,
        direct=1.0,
    )


def by_ease(learnt):
    weights = item_weights.solve(learnt.likes.likes, EASE_REGULARIZATION)
    return weights.rows(np.arange(len(learnt.w)))


@pytest.fixture(scope="module")
def new():
    return unit_rows(np.random.default_rng(2).standard_normal((7, 10)).astype(np.float32))


def test_a_like_is_worth_exactly_what_the_definition_says(learnt, readers, new):
    mapped = readers.read(new, np.full(7, -1))
    recalled = learnt.ridge(new).matrix().toarray()
    weights = by_ease(learnt) + 0.5 * np.eye(len(learnt.w))
    expected = learnt.w[:, None] * (weights @ recalled.T)
    assert np.allclose(mapped.worth.matrix().toarray().T, expected, atol=1e-4)
    by_als = learnt.w[:, None] * (learnt.spread @ learnt.items.T @ recalled.T)
    assert np.allclose(readers.values @ mapped.factors.T, by_als, atol=1e-4)


def test_new_and_rated_papers_are_read_side_by_side(readers, learnt, base, new):
    rated = np.array([-1, 5, -1, 80])
    asked = np.stack([new[0], base[5], new[1], base[80]])
    together = readers.read(asked, rated).worth.matrix().toarray()
    apart = readers.read(new[:2], np.array([-1, -1])).worth.matrix().toarray()
    assert np.allclose(together[[0, 2]], apart, atol=1e-6)
    again = readers.mapped(learnt.ridge.without_themselves(np.array([5, 80])))
    assert np.allclose(together[[1, 3]], again.worth.matrix().toarray(), atol=1e-6)


def test_papers_that_speak_for_everything_count_less(learnt):
    rho, beta = lessons.TYPICAL
    whole = by_ease(learnt) + rho * learnt.spread @ learnt.items.T + beta * np.eye(len(learnt.w))
    plain = whole @ learnt.recalled.matrix().toarray().T
    reach = np.linalg.norm(plain, axis=1)
    assert np.corrcoef(reach, learnt.w)[0, 1] < -0.9
    assert learnt.size == pytest.approx((learnt.w[:, None] * plain).std(), rel=1e-3)
