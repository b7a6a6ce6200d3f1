import numpy as np
import pytest

from recommender import item_weights, kernel_ridge, lessons
from recommender.arrays import unit_rows
from recommender.interactions import from_pairs
from recommender.lessons import EASE_REGULARIZATION, GAMMA, RIDGE


@pytest.fixture(scope="module")
def likes():
    rng = np.random.default_rng(0)
    return from_pairs(rng.integers(80, size=900), rng.integers(120, size=900))


@pytest.fixture(scope="module")
def base(likes):
    vectors = np.random.default_rng(1).standard_normal((len(likes.papers), 10))
    return unit_rows(vectors.astype(np.float32))


def answers_to(learnt, new):
    """The ridge regression that the module promises, from its definition."""
    rated, metric = learnt.text_map.landmarks, learnt.text_map.metric
    asked = metric.join(new) if metric else new
    ridge = kernel_ridge.fit(rated, GAMMA, RIDGE)
    return ridge.solve(np.exp(GAMMA * (rated @ asked.T - 1)))


def test_with_few_papers_a_like_is_worth_exactly_what_the_definition_says(likes, base):
    learnt = lessons.learn(likes, base, seed=0)
    new = unit_rows(np.random.default_rng(2).standard_normal((7, 10)).astype(np.float32))
    answers = answers_to(learnt, new)
    weights = item_weights.solve(likes.likes, EASE_REGULARIZATION)
    expected = learnt.w * (weights.apply(answers) + 0.5 * answers)
    found = learnt.rows(1.0, 0.0, 0.5) @ learnt.text_map(new)[:, 10:].T
    assert np.allclose(found, expected, atol=5e-3 * np.abs(expected).max())


def test_a_paper_nobody_rated_is_read_as_the_rated_ones_that_its_text_recalls(likes, base):
    learnt = lessons.learn(likes, base, seed=0)
    new = unit_rows(np.random.default_rng(3).standard_normal((4, 10)).astype(np.float32))
    answers = answers_to(learnt, new)
    rows = learnt.rows(1.0, 1.0, 0.3)
    guessed = learnt.text_map(new)[:, 10:] @ learnt.guess(rows)
    assert np.allclose(guessed, answers.T @ rows, atol=1e-2 * np.abs(rows).max())


def test_papers_that_speak_for_everything_count_less(likes, base):
    learnt = lessons.learn(likes, base, seed=0)
    plain = learnt.rows(1.0, 0.3, 0.2) / learnt.w
    reach = np.linalg.norm(plain @ learnt.features.T, axis=1)
    assert np.corrcoef(reach, learnt.w[:, 0])[0, 1] < -0.9


def test_what_als_says_can_be_taken_without_a_copy(likes, base):
    learnt = lessons.learn(likes, base, seed=0)
    expected = learnt.rows(0.0, 2.0, 0.0)
    taken = learnt.taken_factored(2.0)
    assert np.allclose(taken, expected, rtol=1e-5)
    assert np.shares_memory(taken, learnt.factored)
