"""Every tap counts at once and exactly, in whatever order the taps came."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.feedback import Verdict
from recommender.papers import PaperId
from recommender.ranking import score
from recommender.taste import Taste, taste_of, weigh
from tests.recommender.taps import TAPS, Opinions, random_histories

PAPERS = 400
# A million taps: RANDOM_TAPS=1000000 python -m pytest tests/recommender/test_instant_learning.py,
# 45 seconds. A million readers of seven taps each: RANDOM_TAPS=21000000, a quarter of an hour.
MANY = int(os.environ.get("RANDOM_TAPS", "100000"))

papers = st.integers(1, PAPERS + 5).map(PaperId)
says = st.sampled_from(tuple(what for what in TAPS if what != "undo"))
taps = st.lists(st.tuples(papers, st.sampled_from(TAPS)), max_size=40)


def heard(*taps):
    opinions = Opinions()
    for paper, what in taps:
        opinions.tap(paper, what)
    return opinions


def is_same(one: Taste, other: Taste) -> bool:
    return one.likes == other.likes and np.array_equal(one.profile, other.profile)


@settings(deadline=None)
@given(st.lists(st.tuples(papers, says), max_size=30, unique_by=lambda tap: tap[0]), st.randoms())
def test_the_order_of_taps_does_not_matter(hybrid, hybrid_corpus, told, random):
    shuffled = list(told)
    random.shuffle(shuffled)
    one, other = (taste_of(hybrid, hybrid_corpus, heard(*t).standing) for t in (told, shuffled))
    assert is_same(one, other)


@settings(deadline=None)
@given(taps, st.lists(st.tuples(papers, says), min_size=1, max_size=5))
def test_taking_everything_back_again_leaves_the_very_same_taste(
    hybrid, hybrid_corpus, before, more
):
    opinions = heard(*before)
    stood = taste_of(hybrid, hybrid_corpus, opinions.standing)
    for paper, what in more:
        opinions.tap(paper, what)
    for _ in more:
        opinions.tap(PaperId(1), "undo")
    assert is_same(stood, taste_of(hybrid, hybrid_corpus, opinions.standing))


@settings(deadline=None)
@given(taps, papers, st.sampled_from(tuple(Verdict)))
def test_the_last_word_on_a_paper_is_the_only_one_that_counts(
    hybrid, hybrid_corpus, before, paper, verdict
):
    once = heard(*before, (paper, Verdict.LIKE))
    changed = heard(*before, (paper, Verdict.OFF_TOPIC), (paper, verdict))
    once.tap(paper, verdict)
    one, other = (taste_of(hybrid, hybrid_corpus, said.standing) for said in (once, changed))
    assert is_same(one, other)


@settings(deadline=None)
@given(taps)
def test_a_tap_twice_counts_once(hybrid, hybrid_corpus, told):
    twice = [tap for tap in told if tap[1] != "undo" for _ in range(2)]
    once = [tap for tap in told if tap[1] != "undo"]
    one, other = (taste_of(hybrid, hybrid_corpus, heard(*t).standing) for t in (once, twice))
    assert is_same(one, other)


@settings(deadline=None)
@given(taps)
def test_a_profile_is_the_weighted_sum_of_what_each_paper_is_worth(hybrid, hybrid_corpus, told):
    taste = taste_of(hybrid, hybrid_corpus, heard(*told).standing)
    exact = taste.weights.astype(np.float64) @ taste.values.astype(np.float64)
    assert taste.profile == pytest.approx(exact, abs=1e-5)


@settings(deadline=None)
@given(taps, papers)
def test_what_teaches_nothing_changes_nothing(hybrid, hybrid_corpus, told, paper):
    opinions = heard(*[tap for tap in told if tap[0] != paper and tap[1] != "undo"])
    before = taste_of(hybrid, hybrid_corpus, opinions.standing)
    opinions.tap(paper, Verdict.NOT_NOW)
    assert is_same(before, taste_of(hybrid, hybrid_corpus, opinions.standing))


@pytest.mark.parametrize("a_reader", [7, 50, 1_000])
def test_a_hundred_thousand_random_taps_never_give_what_is_no_number(
    hybrid, hybrid_corpus, a_reader
):
    """A third of them by readers who tapped seven times, a third by diligent ones."""
    rng = np.random.default_rng(a_reader)
    slate = hybrid_corpus.slate(None)
    readers = -(-MANY // (3 * a_reader))
    block = list[Taste]()
    for n, history in enumerate(random_histories(readers, a_reader, PAPERS, rng), start=1):
        block.append(taste_of(hybrid, hybrid_corpus, history))
        if len(block) == 256 or n == readers:
            assert np.all(np.isfinite(score(hybrid, hybrid_corpus, slate, block)))
            for taste in block:
                assert np.all(np.isfinite(taste.profile))
                assert np.abs(taste.weights).sum() <= 2 + 1e-5
            block.clear()


@given(
    st.lists(
        st.tuples(st.integers(1, 60).map(PaperId), st.sampled_from((*Verdict, "save"))),
        min_size=20,
        max_size=60,
        unique_by=lambda tap: tap[0],
    ),
    st.randoms(),
)
@settings(max_examples=300)
def test_weights_are_the_same_to_the_last_digit_in_whatever_order(told, random):
    shuffled = list(told)
    random.shuffle(shuffled)
    assert weigh(heard(*told).standing) == weigh(heard(*shuffled).standing)
