from dataclasses import replace

import numpy as np
import pytest

from recommender import calibration
from recommender.arrays import find
from recommender.calibration import Balance, Read, Sample
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

    def read(ids):
        base = text.known.base[find(text.known.ids, ids)].astype(np.float32)
        return Read(base, model.readers.read(base, model.rows_of(ids)))

    everything = Sample(np.arange(len(known.papers)), len(known.papers), read(known.papers))
    base = everything.read.base
    return model, known, held, wanted, base, everything, read(wanted.papers)


def louder(read, factor):
    worth = replace(read.mapped.worth, values=factor * read.mapped.worth.values)
    mapped = replace(read.mapped, factors=factor * read.mapped.factors, worth=worth)
    return Read(factor * read.base, mapped)


@pytest.mark.parametrize("wrong", [0.02, 50.0])
def test_a_model_whose_new_papers_are_told_too_softly_or_loudly_is_put_right(asked, wrong):
    model, *rest, new = asked
    plain = replace(model, hubs=None)
    right = calibration.balance(plain, *rest, new)
    off = calibration.balance(plain, *rest, louder(new, np.float32(wrong)))
    assert right.direct == off.direct
    assert (off.new_factor > right.new_factor) == (wrong < 1)


def test_a_sample_of_the_rated_papers_tells_nearly_what_all_of_them_tell(asked):
    model, known, held, wanted, base, everything, new = asked
    drawn = np.random.default_rng(0).permutation(len(known.papers))[: 2 * len(known.papers) // 3]
    rows = np.concatenate([drawn, np.setdiff1d(everything.rows, drawn)])
    read = Read(base[rows], everything.read.mapped.rows(rows))
    found = calibration.balance(
        model, known, held, wanted, base, Sample(rows, len(drawn), read), new
    )
    whole = calibration.balance(*asked)
    factors = calibration.FACTORS
    assert abs(factors.index(found.new_factor) - factors.index(whole.new_factor)) <= 1


def test_where_many_papers_are_new_they_are_told_more_softly(asked):
    model, *rest = asked
    known = model.known
    # The same papers again, as if a hundred times as many had come that nobody has rated.
    ids = np.concatenate([known.ids + times * (known.ids.max() + 1) for times in range(100)])
    base, telling = np.tile(known.base, (100, 1)), np.tile(known.telling, (100, 1))
    many = replace(known, ids=ids, prints=np.tile(known.prints, 100), base=base, telling=telling)
    few, crowd = (calibration.balance(replace(model, known=k), *rest) for k in (known, many))
    assert crowd.direct == few.direct
    assert crowd.new_factor < few.new_factor


def test_a_balance_reaches_the_model_that_serves(asked):
    model, *_ = asked
    balanced = Balance(3.0, 2.0).applied(model)
    assert balanced.new_factor == 2.0
    assert balanced.readers.direct == pytest.approx(3 * model.readers.direct)


def test_without_readers_enough_everything_stays_as_it_is(asked):
    model, known, held, wanted, *papers = asked
    nobody = replace(held, likes=0 * held.likes)
    nobody.likes.eliminate_zeros()
    assert calibration.balance(model, known, nobody, wanted, *papers) == Balance()
