import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.arrays import unit_rows
from recommender.diversity import diverse

CANDIDATES = 30


@st.composite
def readers(draw):
    """Candidates, and readers who may choose among some of them."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    count, width = draw(st.integers(1, 40)), draw(st.integers(1, 12))
    base = unit_rows(rng.standard_normal((CANDIDATES, 5)).astype(np.float32))
    top = np.stack([rng.permutation(CANDIDATES)[:width] for _ in range(count)])
    scores = -np.sort(-rng.standard_normal((count, width)).astype(np.float32), axis=1)
    scores[rng.random(scores.shape) < draw(st.sampled_from([0.0, 0.3, 1.0]))] = -np.inf
    dials = rng.uniform(0, 0.9, count).astype(np.float32)
    return base, top, scores, dials, rng.integers(0, 8, count).tolist()


def alike(base, is_known):
    return base @ base.T if is_known else None


@given(readers(), st.booleans())
def test_each_reader_gets_what_they_may_have_and_as_many_as_there_are(asked, is_known):
    base, top, scores, _, counts = asked
    for reader, chosen in enumerate(diverse(*asked, alike(base, is_known))):
        may = set(top[reader, np.isfinite(scores[reader])].tolist())
        assert len(set(chosen)) == len(chosen) == min(counts[reader], len(may))
        assert set(chosen) <= may


@given(readers(), st.booleans())
def test_a_reader_among_others_gets_what_they_would_get_alone(asked, is_known):
    base, top, scores, dials, counts = asked
    known = alike(base, is_known)
    together = diverse(*asked, known)
    for n in range(len(top)):
        at = slice(n, n + 1)
        assert diverse(base, top[at], scores[at], dials[at], counts[at], known) == [together[n]]


@given(readers(), st.booleans())
def test_each_place_goes_to_the_best_once_likeness_to_those_before_is_taken_off(asked, is_known):
    base, top, scores, dials, _ = asked
    for reader, chosen in enumerate(diverse(*asked, alike(base, is_known))):
        may = np.isfinite(scores[reader])
        own, worth = top[reader, may], scores[reader, may]
        spread = np.ptp(worth) if len(worth) else 0.0
        good = (worth - worth.min()) / spread if spread > 0 else np.ones(len(worth))
        for n, one in enumerate(chosen):
            before = chosen[:n]
            nearest = np.max(base[own] @ base[before].T, axis=1, initial=0)
            value = (1 - dials[reader]) * good - dials[reader] * nearest
            value[np.isin(own, before)] = -np.inf
            assert value[own.tolist().index(one)] >= value.max() - 1e-5


def test_of_two_papers_that_say_the_same_only_one_leads_the_list():
    base = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    top, scores = np.array([[0, 1, 2]]), np.array([[1.0, 0.9, 0.5]], np.float32)
    assert diverse(base, top, scores, np.array([0.0], np.float32), [2]) == [[0, 1]]
    assert diverse(base, top, scores, np.array([0.5], np.float32), [2]) == [[0, 2]]
