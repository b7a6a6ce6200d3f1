import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.feedback import Feedback, Verdict
from recommender.papers import PaperId
from recommender.taste import taste_of, weigh
from tests.recommender import planted

feedback = st.builds(
    Feedback,
    st.integers(1, 260).map(PaperId),
    st.sampled_from([*Verdict, None]),
    st.booleans(),
)
histories = st.lists(feedback, max_size=30, unique_by=lambda f: f.paper)


def said(number, verdict=None, is_saved=False):
    return Feedback(PaperId(number), verdict, is_saved)


@settings(deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_feedback_does_not_matter(model, corpus, history, random):
    shuffled = list(history)
    random.shuffle(shuffled)
    one, other = taste_of(model, corpus, history), taste_of(model, corpus, shuffled)
    assert np.array_equal(one.profile, other.profile)
    assert one.likes == other.likes


@settings(deadline=None)
@given(histories)
def test_a_profile_is_always_finite_and_what_is_pushed_away_never_outweighs(
    hybrid, hybrid_corpus, history
):
    taste = taste_of(hybrid, hybrid_corpus, history)
    assert np.all(np.isfinite(taste.profile))
    away = -taste.weights[taste.weights < 0].sum()
    assert away <= (1.0 if not taste.likes else 0.5) + 1e-5


@given(histories)
def test_taking_a_tap_back_leaves_no_trace(history):
    assert weigh([*history, said(999, Verdict.LIKE)]) != weigh(history)
    assert weigh([*history, said(999)]) == weigh(history)  # what stands after an undo


def test_every_kind_of_liking_counts_and_a_saved_like_counts_most():
    weights = weigh(
        [
            said(1, Verdict.LIKE),
            said(2, Verdict.LIKE, True),
            said(3, is_saved=True),
            said(4, Verdict.KNOWN),
            said(5, Verdict.NOT_NOW),
        ]
    )
    assert 5 not in weights
    assert weights[2] > weights[1] >= weights[3] > weights[4] > 0


def test_a_skip_says_nothing_while_likes_are_few_and_little_later():
    few = [said(n, Verdict.LIKE) for n in range(1, 4)]
    many = [said(n, Verdict.LIKE) for n in range(1, 6)]
    assert 50 not in weigh([*few, said(50, Verdict.SKIP)])
    assert 50 not in weigh([*many[:4], said(50, Verdict.SKIP)])
    assert 0 > weigh([*many, said(50, Verdict.SKIP)])[50] > -0.2


def test_a_paper_that_was_saved_and_is_off_topic_pushes_away():
    assert weigh([said(1, Verdict.LIKE), said(2, Verdict.OFF_TOPIC, is_saved=True)])[2] < 0


@pytest.mark.parametrize("likes", [0, 1, 3, 8])
def test_off_topic_pushes_harder_than_a_skip(model, corpus, topics, likes):
    liked = [said(n, Verdict.LIKE) for n in planted.of_topic(topics, "speech")[:likes]]
    shunned, *others = planted.of_topic(topics, "graphs")
    rows = corpus.rows(others)

    def worth(verdict):
        taste = taste_of(model, corpus, [*liked, said(shunned, verdict)])
        return float((corpus.base[rows] @ taste.profile).mean())

    assert worth(Verdict.OFF_TOPIC) < worth(Verdict.SKIP) <= worth(Verdict.NOT_NOW)


def test_a_strong_early_skip_does_not_ruin_the_profile(model, corpus, topics):
    first, second, *others = planted.of_topic(topics, "protein")
    elsewhere = [n for n in corpus.ids if topics[n] != "protein"]
    for verdict in (Verdict.SKIP, Verdict.OFF_TOPIC):
        taste = taste_of(model, corpus, [said(first, Verdict.LIKE), said(second, verdict)])
        own = corpus.base[corpus.rows(others)] @ taste.profile
        rest = corpus.base[corpus.rows(elsewhere)] @ taste.profile
        assert np.median(own) > np.quantile(rest, 0.95)


def test_a_paper_newer_than_the_model_counts_by_its_text(hybrid, hybrid_corpus):
    rng = np.random.default_rng(8)
    new = planted.paper(5000, "climate", rng)
    grown = hybrid_corpus.extended([new])
    taste = taste_of(hybrid, grown, [said(5000, Verdict.LIKE)])
    assert taste.likes == 1
    assert np.linalg.norm(taste.profile) > 0
    assert grown.rated[grown.rows([5000])[0]] == -1


def test_papers_nobody_here_knows_say_nothing(model, corpus):
    taste = taste_of(model, corpus, [said(10**6, Verdict.LIKE)])
    assert taste.likes == 0
    assert not np.any(taste.profile)
