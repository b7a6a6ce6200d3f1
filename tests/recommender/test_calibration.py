from dataclasses import replace

import numpy as np
import pytest

from recommender import calibration
from recommender.arrays import find
from recommender.calibration import Balance
from recommender.interactions import from_pairs
from recommender.training import Choice, with_readers
from tests.recommender import planted


@pytest.fixture(scope="module")
def likes():
    rng = np.random.default_rng(3)
    return from_pairs(rng.integers(60, size=900), rng.integers(90, size=900))


def test_what_is_held_is_one_like_of_a_reader_and_nobodys_last(likes):
    known, held = calibration.hold_one(likes, seed=0)
    assert (known.likes + held.likes != likes.likes).nnz == 0
    per_reader = np.diff(held.likes.indptr)
    assert per_reader.max() == 1
    assert per_reader.sum() > 0.9 * len(per_reader)
    assert np.all(np.bincount(known.likes.indices, minlength=len(likes.papers)) > 0)


def test_readers_with_few_likes_keep_them_all():
    few = from_pairs(np.repeat(np.arange(9), 3), np.tile(np.arange(3), 9))
    known, held = calibration.hold_one(few, seed=0)
    assert len(held) == 0
    assert len(known) == len(few)


@pytest.fixture(scope="module")
def asked(school, coder, corpus):
    """A model of readers of schools, and what was held of their likes."""
    from recommender.model import Model

    papers, found = school
    ratings = planted.readers_of_schools(found, 120, 24)
    pairs = np.array([(r.user, r.feedback.paper) for r in ratings])
    is_new = pairs[:, 1] % 5 == 0
    known, held = calibration.hold_one(from_pairs(*pairs[~is_new].T), seed=0)
    new = pairs[is_new]
    wanted = replace(
        from_pairs(np.append(new[:, 0], known.users), np.append(new[:, 1], known.users * 0 + 5)),
        users=known.users,
    )
    text = Model.text_only(papers, coder, "balance-test")
    model = with_readers(text, known, Choice(8.0, 0.3, 0.1, 0.4, {}), seed=0)

    def features(ids):
        base = text.known.base[find(text.known.ids, ids)].astype(np.float32)
        return model.text_map(base)

    return model, known, held, wanted, features(known.papers), features(wanted.papers)


@pytest.mark.parametrize("wrong", [0.02, 50.0])
def test_a_model_whose_new_papers_are_told_too_softly_or_loudly_is_put_right(asked, wrong):
    model, *rest = asked
    new = rest[-1]
    right = calibration.balance(model, *rest)
    off = calibration.balance(model, *rest[:-1], np.float32(wrong) * new)
    assert right.direct == off.direct
    assert (off.new_factor > right.new_factor) == (wrong < 1)


def test_a_balance_reaches_the_model_that_serves(asked):
    model, *_ = asked
    balanced = Balance(3.0, 2.0).applied(model)
    assert balanced.new_factor == 2.0
    assert np.allclose(balanced.neighbours.values, 3 * model.neighbours.values)


def test_without_readers_enough_everything_stays_as_it_is(asked):
    model, known, held, wanted, *features = asked
    nobody = replace(held, likes=0 * held.likes)
    nobody.likes.eliminate_zeros()
    assert calibration.balance(model, known, nobody, wanted, *features) == Balance()
