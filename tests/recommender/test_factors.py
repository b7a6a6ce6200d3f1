import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix
from threadpoolctl import threadpool_limits

from recommender import factors
from recommender.factors import ALPHA, REGULARIZATION


@pytest.fixture(scope="module")
def likes():
    """Three circles of readers, each liking mostly its own third of sixty papers."""
    rng = np.random.default_rng(0)
    same = (np.arange(90)[:, None] % 3) == (np.arange(60)[None, :] % 3)
    return csr_array((rng.random((90, 60)) < np.where(same, 0.35, 0.03)).astype(np.float32))


def test_the_operator_agrees_with_implicits_own_fold_in(likes):
    from implicit.cpu.als import AlternatingLeastSquares

    learnt = factors.fit(likes, seed=0, factors=8)
    with threadpool_limits(1, "blas"):
        theirs = AlternatingLeastSquares(
            factors=8, alpha=ALPHA, regularization=REGULARIZATION, num_threads=1
        )
        theirs.item_factors = learnt.items
        operator = learnt.apply(np.eye(60, dtype=np.float32))
        agreement = []
        for reader in range(90):
            row = likes[[reader]]
            folded = theirs.recalculate_user(reader, csr_matrix(row * ALPHA))
            expected = learnt.items @ folded.ravel()
            found = (row @ operator).ravel()
            agreement.append(np.corrcoef(expected, found)[0, 1])
    assert np.mean(agreement) > 0.85
    assert min(agreement) > 0.6


def test_a_reader_of_one_circle_is_led_to_papers_of_that_circle(likes):
    operator = factors.fit(likes, seed=0, factors=8).apply(np.eye(60, dtype=np.float32))
    scores = operator[4] + operator[7]
    scores[[4, 7]] = -np.inf
    assert [int(paper) % 3 for paper in np.argsort(-scores)[:5]] == [1] * 5


def test_the_same_seed_gives_the_same_factors(likes):
    one, other = factors.fit(likes, seed=4), factors.fit(likes, seed=4)
    assert np.allclose(one.items, other.items, atol=1e-4)
