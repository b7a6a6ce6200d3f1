from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from structlog.testing import capture_logs

from recommender import factors, training
from recommender.arrays import unit_rows
from recommender.candidates import Corpus
from recommender.cold_start import KNOTS
from recommender.factors import FactorsUnavailable
from recommender.feedback import Feedback, Rating, Verdict
from recommender.interactions import interactions
from recommender.model import Model
from recommender.papers import PaperId
from recommender.picks import Request
from recommender.ranking import recommend
from recommender.text_features import LSA_WEIGHT
from recommender.training import train
from tests.recommender import planted


def test_a_young_installation_goes_by_text_alone(school, coder):
    papers, found = school
    for readers, likes in ((0, 0), (3, 4), (40, 3)):
        ratings = planted.readers_of_schools(found, readers, likes)
        model = train(papers, ratings, coder, version="young", seed=0)
        assert model.readers is None
        assert model.metrics["blend"] == 0
        assert model.metrics["likes"] == readers * likes


def test_another_engine_may_learn_the_factors_and_makes_the_same_model(hybrid, school, coder):
    papers, found = school
    ratings = planted.readers_of_schools(found, 300, 12)
    asked = []

    def engine(likes, seed):
        asked.append(likes.shape)
        return factors.fit(likes, seed)

    model = train(papers, ratings, coder, version="hybrid-test", seed=0, fit_factors=engine)
    assert len(asked) == 2  # once without the hidden papers, to choose, and once with all
    assert asked[0][1] < asked[1][1] == len(model.rated)
    for name, array in hybrid.to_arrays().items():
        assert np.allclose(model.to_arrays()[name], array, rtol=1e-3, atol=1e-3), name


def test_an_engine_that_is_not_there_leaves_text_alone(school, coder):
    papers, found = school
    ratings = planted.readers_of_schools(found, 300, 12)

    def engine(likes, seed):
        raise FactorsUnavailable("It is not there.")

    with capture_logs() as said:
        model = train(papers, ratings, coder, version="v", seed=0, fit_factors=engine)
    assert model.readers is None
    assert [line["why"] for line in said] == ["It is not there."]


def test_readers_count_once_hidden_papers_are_surely_ranked_better_with_them(hybrid):
    assert hybrid.readers is not None
    assert hybrid.metrics["hybrid_quality"] > hybrid.metrics["text_quality"]
    assert hybrid.metrics["blend"] > 0


def test_what_readers_teach_counts_by_how_much_a_reader_has_said(hybrid):
    for weights in (hybrid.readers.ease, hybrid.readers.als):
        assert len(weights) == len(KNOTS)
        assert all(np.isfinite(weights))
        assert weights[-1] == pytest.approx(1)
    assert all(weight > 0 for weight in hybrid.readers.ease)


def test_weights_for_the_young_are_chosen_by_few_of_a_readers_likes(school):
    _, found = school
    ratings = planted.readers_of_schools(found, 40, 12)
    likes = interactions(ratings, sorted(found)).likes
    few = training._few(likes, 3, np.random.default_rng(0))
    assert np.all(np.diff(few.indptr) == 3)
    assert few.multiply(likes).nnz == few.nnz


@pytest.mark.parametrize("seed", range(4))
def test_neither_another_blend_nor_other_parts_rank_better_than_what_is_chosen(seed):
    rng = np.random.default_rng(seed)
    text, eased, factored, itself = rng.standard_normal((4, 50, 120)).astype(np.float32)
    trial = training._Trial(text, eased, factored, itself)
    truth = trial.scores((2.0, 0.6, 0.3, 0.0)) + rng.standard_normal(text.shape)
    relevant = truth > np.quantile(truth, 0.9, axis=1, keepdims=True)
    (blend, *others), quality = training._searched(trial, relevant)
    rivals = [(other, *others) for other in training.BLENDS]
    rivals += product((blend,), training.RHOS, training.BETAS, training.POWERS)
    for rival in rivals:
        ranked = training._quality(trial.scores(rival), relevant)
        assert float(ranked.mean()) <= float(quality.mean())


def test_a_paper_nobody_has_rated_reaches_the_readers_of_its_school(hybrid, school, coder):
    papers, found = school
    new, new_found = planted.schools(200, seed=77)
    arrived = [replace(p, id=PaperId(p.id + 1000)) for p in new]
    text_alone = replace(hybrid, readers=None, hubs=None)

    def found_of(model):
        corpus = Corpus(model, coder).extended([*papers, *arrived])
        hits = []
        for school_name in planted.SCHOOLS:
            liked = planted.of_topic(found, school_name)[:10]
            request = Request(1, tuple(planted.like(n) for n in liked), k=10, surprise=0)
            (picks,) = recommend(model, corpus, [request], np.array([p.id for p in arrived]), 0)
            hits += [new_found[PaperId(p.paper - 1000)] == school_name for p in picks]
        return np.mean(hits)

    assert found_of(hybrid) > 0.5
    assert found_of(hybrid) >= found_of(text_alone)


def test_training_twice_gives_the_same_model(school, coder):
    papers, found = school
    ratings = planted.readers_of_schools(found, 60, 6)
    one, other = (train(papers, ratings, coder, version="v", seed=3) for _ in range(2))
    assert one.metrics == pytest.approx(other.metrics, abs=1e-6)
    assert np.allclose(one.guess, other.guess)


def test_progress_goes_from_nothing_to_all(school, coder):
    heard = []
    ratings = planted.readers_of_schools(school[1], 30, 3)
    train(
        school[0],
        ratings,
        coder,
        version="v",
        seed=0,
        progress=lambda what, done: heard.append((what, done)),
    )
    shares = [done for _, done in heard]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert all(what for what, _ in heard)


def test_no_papers_and_no_ratings_train_to_a_model_that_works(coder):
    model = train([], [], coder, version="nothing", seed=0)
    assert recommend(model, Corpus(model, coder), [Request(1, ())], None, 0) == [[]]


class Babel:
    """An encoder whose vectors say nothing of what a text is about."""

    name, dimensions = "babel", 64

    def encode(self, texts):
        seeds = (list(text.encode()) for text in texts)
        drawn = [np.random.default_rng(seed).standard_normal(self.dimensions) for seed in seeds]
        return unit_rows(np.array(drawn, np.float32).reshape(len(texts), self.dimensions))


def test_words_of_the_papers_count_more_beside_an_encoder_that_knows_none_of_them():
    papers, topics = planted.catalogue(240)
    rng = np.random.default_rng(6)
    ratings = [
        Rating(user, planted.like(int(paper)))
        for user in range(90)
        for paper in rng.permutation(planted.of_topic(topics, planted.NAMES[user % 6]))[:10]
    ]
    foreign, usual = Babel(), planted.static()
    model = train(papers, ratings, foreign, version="v", seed=0)
    assert model.text.latent in training.LATENTS
    assert train(papers, ratings, usual, version="v", seed=0).text.latent == LSA_WEIGHT
    # Texts that come later are read as those that were there.
    again, _ = model.text.read([papers[3].text], foreign)
    assert np.allclose(again, model.read([papers[3]], foreign)[0], atol=2e-3)
    back = Model.from_arrays(model.to_arrays())
    assert np.array_equal(back.text.read([papers[3].text], foreign)[0], again)


def test_likes_saves_and_known_papers_are_likes_and_each_reader_counts_once():
    def rating(user, paper, verdict, is_saved=False):
        return Rating(user, Feedback(PaperId(paper), verdict, is_saved))

    found = interactions(
        [
            rating(1, 10, Verdict.LIKE, True),
            rating(1, 11, Verdict.SKIP),
            rating(2, 10, Verdict.KNOWN),
            rating(2, 12, None, True),
            rating(2, 13, Verdict.OFF_TOPIC),
            rating(3, 99, Verdict.LIKE),  # of a paper that is not in the catalogue
        ],
        [10, 11, 12, 13],
    )
    assert list(found.papers) == [10, 12]
    assert list(found.users) == [1, 2]
    assert found.likes.toarray().tolist() == [[1, 0], [1, 1]]
