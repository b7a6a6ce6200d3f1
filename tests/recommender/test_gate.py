"""The gate: what is compared with what, and when a model may not be published."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender import gate
from recommender.candidates import Corpus
from recommender.feedback import Dated, Feedback, Rating, Verdict
from recommender.gate import MIN_JUDGES, MOST_HIDDEN, Judgement, TooLittle, exam_of
from recommender.model import Model
from recommender.papers import PaperId
from recommender.training import train
from tests.recommender import planted
from tests.recommender.planted import like

START = datetime(2026, 6, 1, tzinfo=UTC)
READERS, LIKES = 300, 15


def dated(ratings, seed=0):
    """Return ratings given one a minute, in an order that chance decides."""
    order = np.random.default_rng(seed).permutation(len(ratings))
    return [
        Dated(rating, START + timedelta(minutes=int(minute)))
        for rating, minute in zip(ratings, order, strict=True)
    ]


@pytest.fixture(scope="module")
def said(school):
    return dated(planted.readers_of_schools(school[1], READERS, LIKES))


@pytest.fixture(scope="module")
def exam(school, said):
    return exam_of(school[0], said, None, seed=0)


@pytest.fixture(scope="module")
def trial(school, exam, coder):
    return train(school[0], exam.known, coder, version="trial", seed=0)


@pytest.fixture(scope="module")
def text(school, coder):
    return Model.text_only(school[0], coder, "text")


def quality(model, exam, coder):
    return gate.quality(model, Corpus(model, coder).extended(exam.papers), exam)


def judged(live, candidate, exam, coder):
    return gate.judgement(exam, quality(live, exam, coder), quality(candidate, exam, coder), seed=0)


def ruined(model):
    """Return a model whose idea of what a like is worth is noise."""
    rng = np.random.default_rng(1)
    guess = rng.standard_normal(model.guess.shape, np.float32)
    return replace(model, guess=guess, readers=None, hubs=None)


def test_what_readers_liked_since_is_neither_in_their_profiles_nor_in_what_a_trial_learns(
    exam, said
):
    since = {(d.rating.user, d.rating.feedback.paper) for d in said if d.first >= exam.since}
    assert not since & {(r.user, r.feedback.paper) for r in exam.known}
    assert len(exam.known) + len(since) == len(said)
    assert len(since) == pytest.approx(MOST_HIDDEN * len(said), abs=1)
    for judge in exam.judges:
        assert not set(judge.wanted.tolist()) & {f.paper for f in judge.before}
        assert set(judge.wanted.tolist()) <= set(exam.candidates.tolist())


@given(st.integers(1, READERS * LIKES - 1))
def test_a_model_is_never_judged_by_what_it_has_learnt_from(school, said, minute):
    trained = START + timedelta(minutes=minute)
    try:
        exam = exam_of(school[0], said, trained, seed=0)
    except TooLittle:
        return
    assert exam.since > trained
    wanted = {(int(p)) for judge in exam.judges for p in judge.wanted}
    assert wanted <= {d.rating.feedback.paper for d in said if d.first > trained}


def test_a_model_that_learnt_from_readers_may_replace_one_of_texts_and_not_the_reverse(
    text, trial, exam, coder
):
    assert len(trial.rated)
    forward, back = judged(text, trial, exam, coder), judged(trial, text, exam, coder)
    assert forward.low > 0
    assert not forward.is_worse
    assert back.is_worse
    assert back.gain == pytest.approx(-forward.gain)
    assert back.judges == len(exam.judges) > 100


def test_a_ruined_model_is_worse_and_the_sentence_has_the_figures(trial, exam, coder):
    judgement = judged(trial, ruined(trial), exam, coder)
    assert judgement.is_worse
    sentence = str(judgement)
    for figure in (judgement.live, judgement.candidate):
        assert f"{figure:.3f}" in sentence
    for figure in (judgement.gain, judgement.low, judgement.high):
        assert f"{figure:+.3f}" in sentence
    assert f"{judgement.judges} readers" in sentence


def test_scores_that_are_no_numbers_are_the_worst_there_are(trial, exam, coder):
    broken = replace(trial, guess=trial.guess * np.nan)
    assert not np.any(quality(broken, exam, coder))
    assert judged(trial, broken, exam, coder).is_worse


def test_the_same_model_is_never_worse_than_itself(trial, exam, coder):
    judgement = judged(trial, trial, exam, coder)
    assert (judgement.gain, judgement.low, judgement.high) == (0, 0, 0)
    assert not judgement.is_worse


@given(st.floats(0.05, 1), st.floats(0, 1), st.floats(0, 0.2))
def test_only_a_loss_that_is_sure_and_more_than_a_twentieth_is_worse(live, share, half):
    candidate = live * share
    loss = candidate - live
    judgement = Judgement(live, candidate, loss - half, loss + half, 50, 300, START)
    assert judgement.is_worse == (loss + half < 0 and loss < -0.05 * live)


def test_few_readers_are_not_enough_to_judge_by(school, said):
    few = [d for d in said if d.rating.user < MIN_JUDGES - 1]
    with pytest.raises(TooLittle, match=rf"only \d+ readers .* {MIN_JUDGES} are needed"):
        exam_of(school[0], few, None, seed=0)


@pytest.mark.parametrize("count", [0, 1])
def test_without_likes_there_is_nothing_to_judge_by(school, said, count):
    skips = [Dated(Rating(7, Feedback(PaperId(1), Verdict.SKIP)), START)] * 30
    with pytest.raises(TooLittle, match="hardly anybody"):
        exam_of(school[0], [*skips, *said[:count]], None, seed=0)


def test_likes_that_all_came_at_the_same_moment_hide_nobodys_past(school):
    at_once = [Dated(Rating(u, like(p)), START) for u in range(40) for p in range(1, 9)]
    with pytest.raises(TooLittle, match="nobody has liked anything new"):
        exam_of(school[0], at_once, None, seed=0)


def test_papers_that_are_gone_are_neither_wanted_nor_offered(school, said):
    there = [paper for paper in school[0] if paper.id % 3]
    exam = exam_of(there, said, None, seed=0)
    ids = {paper.id for paper in there}
    assert set(exam.candidates.tolist()) <= ids
    assert {int(p) for judge in exam.judges for p in judge.wanted} <= ids
