import tracemalloc
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.encoder import LsaEncoder
from recommender.feedback import Feedback, Verdict
from recommender.papers import PaperId
from recommender.picks import PartKind, Request
from recommender.ranking import TOP, best, leading, nearest, recommend, score
from recommender.taste import taste_of
from tests.recommender import planted

numbers = st.integers(1, 420).map(PaperId)
feedback = st.builds(Feedback, numbers, st.sampled_from([*Verdict, None]), st.booleans())
requests = st.builds(
    Request,
    user=st.integers(0, 10**6),
    feedback=st.lists(feedback, max_size=15, unique_by=lambda f: f.paper).map(tuple),
    seen=st.frozensets(numbers, max_size=40),
    k=st.integers(1, 10),
    surprise=st.integers(0, 4),
    explores=st.booleans(),
)


def liking(topics, topic, count, **more):
    liked = tuple(planted.like(n) for n in planted.of_topic(topics, topic)[:count])
    return Request(1, liked, **more)


@settings(deadline=None)
@given(st.data(), requests)
def test_the_parts_of_every_pick_sum_to_its_score(
    hybrid, hybrid_corpus, model, corpus, data, request
):
    kinds = [(model, corpus), (hybrid, hybrid_corpus)]
    chosen, shelf = data.draw(st.sampled_from(kinds))
    (picks,) = recommend(chosen, shelf, [request], None, seed=1)
    assert picks
    for pick in picks:
        assert np.isfinite(pick.score)
        values = [part.value for part in pick.parts]
        largest = max(map(abs, values), default=1.0)
        assert abs(sum(values) - pick.score) <= 1e-6 * max(largest, 1e-9)
        assert 0 < pick.propensity <= 1
        assert pick.is_exploring or pick.propensity == 1
        assert all(p.value <= 0 for p in pick.parts if p.kind is PartKind.SKIPPED)
        assert all(0 <= len(part.words) <= 3 for part in pick.parts)


@settings(deadline=None)
@given(requests)
def test_seen_and_rated_papers_are_never_offered_and_none_twice(hybrid, hybrid_corpus, request):
    (picks,) = recommend(hybrid, hybrid_corpus, [request], None, seed=1)
    papers = [pick.paper for pick in picks]
    assert len(set(papers)) == len(papers) <= request.k
    assert not request.seen.intersection(papers)
    assert not {f.paper for f in request.feedback}.intersection(papers)
    assert [pick.rank for pick in picks] == list(range(1, len(picks) + 1))
    assert sum(pick.is_exploring for pick in picks) <= bool(request.explores and request.surprise)


@settings(deadline=None, max_examples=25)
@given(st.lists(requests, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_a_batch_gives_what_each_reader_would_get_alone(hybrid, hybrid_corpus, batch, random):
    together = recommend(hybrid, hybrid_corpus, batch, None, seed=2)
    order = list(range(len(batch)))
    random.shuffle(order)
    shuffled = recommend(hybrid, hybrid_corpus, [batch[n] for n in order], None, seed=2)
    for place, n in enumerate(order):
        (alone,) = recommend(hybrid, hybrid_corpus, [batch[n]], None, seed=2)
        papers = [pick.paper for pick in alone]
        assert [pick.paper for pick in together[n]] == papers
        assert [pick.paper for pick in shuffled[place]] == papers
        scores = [pick.score for pick in alone]
        assert [pick.score for pick in together[n]] == pytest.approx(scores, abs=1e-4)


def test_the_score_a_pick_shows_is_the_one_it_was_ranked_by(hybrid, hybrid_corpus, school):
    liked = planted.of_topic(school[1], "bayes")[:3]
    request = Request(1, tuple(planted.like(n) for n in liked), k=10, surprise=0)
    (picks,) = recommend(hybrid, hybrid_corpus, [request], None, seed=0)
    (wider,) = recommend(hybrid, hybrid_corpus, [replace(request, k=1)], None, seed=0)
    assert picks[0].paper == wider[0].paper
    assert picks[0].score == max(pick.score for pick in picks)


@pytest.mark.parametrize("topic", planted.NAMES)
def test_after_three_likes_of_a_topic_four_of_five_picks_are_of_it(model, corpus, topics, topic):
    request = liking(topics, topic, 3)
    (picks,) = recommend(model, corpus, [request], corpus.newest(7), seed=0)
    assert [topics[pick.paper] for pick in picks].count(topic) >= 4


@pytest.mark.parametrize("topic", planted.NAMES)
def test_the_very_next_card_knows_the_first_like(model, corpus, topics, topic):
    request = liking(topics, topic, 1, k=1, explores=False)
    (picks,) = recommend(model, corpus, [request], None, seed=0)
    assert topics[picks[0].paper] == topic


def test_the_exploring_slot_often_leaves_the_readers_topic_and_the_dial_sets_how_often(
    model, corpus, topics
):
    def outside(surprise):
        liked = tuple(planted.like(n) for n in planted.of_topic(topics, "robots")[:3])
        batch = [Request(u, liked, surprise=surprise) for u in range(200)]
        lists = recommend(model, corpus, batch, None, seed=0)
        last = [picks[-1] for picks in lists]
        assert all(pick.is_exploring for pick in last)
        return sum(topics[pick.paper] != "robots" for pick in last) / len(last)

    assert outside(1) < outside(2) < outside(4)
    assert outside(2) > 0.25


def test_chances_are_as_often_as_they_say(model, corpus, topics):
    liked = tuple(planted.like(n) for n in planted.of_topic(topics, "robots")[:3])
    batch = [Request(u, liked, k=1) for u in range(3000)]
    picks = [picks[0] for picks in recommend(model, corpus, batch, None, seed=0)]
    said = {pick.paper: pick.propensity for pick in picks}
    for paper, chance in said.items():
        share = sum(pick.paper == paper for pick in picks) / len(picks)
        assert abs(share - chance) < 5 * np.sqrt(chance / len(picks)) + 0.002
    assert sum(said.values()) <= 1 + 1e-9


def test_chance_does_not_repeat_itself_from_one_card_to_the_next(model, corpus, topics):
    request = liking(topics, "speech", 2, k=1)
    later = [replace(request, seen=frozenset(range(1000, 1000 + n))) for n in range(20)]
    papers = {p[0].paper for p in recommend(model, corpus, later, None, seed=0)}
    assert len(papers) > 3
    assert recommend(model, corpus, later, None, seed=0) == recommend(
        model, corpus, later, None, seed=0
    )


def test_without_a_like_the_list_is_led_by_upvotes_and_shows_the_breadth(
    model, corpus, papers, topics
):
    loved = [
        replace(p, upvotes=200 + n)
        for n, p in enumerate(papers)
        if topics[p.id] in ("speech", "graphs", "climate")
    ][:60]
    (picks,) = recommend(model, corpus.extended(loved), [Request(1, ())], None, seed=0)
    familiar = [pick for pick in picks if not pick.is_exploring]
    assert {p.id for p in loved}.issuperset(pick.paper for pick in familiar)
    assert len({topics[pick.paper] for pick in familiar}) == 3
    assert all(part.kind is PartKind.POPULAR for pick in familiar for part in pick.parts)


def test_not_my_topic_is_heard_before_the_first_like(model, corpus, topics):
    away = [Feedback(n, Verdict.OFF_TOPIC) for n in planted.of_topic(topics, "privacy")[:2]]
    (picks,) = recommend(model, corpus, [Request(1, tuple(away), k=8)], None, seed=0)
    assert sum(topics[p.paper] == "privacy" for p in picks) <= 1


def test_a_liked_reason_names_words_that_both_papers_use(model, corpus, topics, papers):
    (picks,) = recommend(model, corpus, [liking(topics, "protein", 1)], None, seed=0)
    text = {paper.id: paper.text for paper in papers}
    part = picks[0].parts[0]
    assert part.kind is PartKind.LIKED
    assert part.words
    for word in part.words:
        assert word in text[part.paper]
        assert word in text[picks[0].paper]


def test_readers_of_the_same_papers_are_a_reason(hybrid, hybrid_corpus, school):
    liked = planted.of_topic(school[1], "logic")[:8]
    request = Request(1, tuple(planted.like(n) for n in liked), k=10)
    (picks,) = recommend(hybrid, hybrid_corpus, [request], None, seed=0)
    assert any(part.kind is PartKind.READERS for pick in picks for part in pick.parts)


def test_what_readers_say_of_a_rated_paper_is_as_loud_as_what_its_text_says(
    hybrid, hybrid_corpus, school
):
    readers = hybrid.readers
    quiet = replace(
        hybrid, guess=0 * hybrid.guess, hubs=None, readers=replace(readers, als=(0.0,) * 5)
    )
    louder = replace(
        quiet, readers=replace(quiet.readers, ease=tuple(4 * ease for ease in readers.ease))
    )
    slate = hybrid_corpus.slate(None)
    assert np.any(slate.rated >= 0)
    liked = [planted.like(n) for n in planted.of_topic(school[1], "logic")[:2]]

    def said(model):
        taste = taste_of(model, hybrid_corpus, liked)
        (scores,) = score(model, hybrid_corpus, slate, [taste])
        return scores - taste.popular * slate.popular

    assert np.allclose(said(louder), 4 * said(quiet), rtol=1e-4, atol=1e-4 * said(louder).max())


@settings(deadline=None)
@given(st.lists(requests, min_size=1, max_size=6), st.frozensets(numbers, max_size=30))
def test_nothing_known_stands_among_the_leaders_and_the_rest_stand_by_score(
    hybrid, hybrid_corpus, some, barred
):
    some = [replace(one, barred=barred) for one in some]
    tastes = [taste_of(hybrid, hybrid_corpus, one.feedback) for one in some]
    slate = hybrid_corpus.slate(None)
    plain = score(hybrid, hybrid_corpus, slate, tastes)
    scores, top = leading(hybrid, hybrid_corpus, slate, tastes, some)
    for request, before, row, places in zip(some, plain, scores, top, strict=True):
        known = request.seen | request.barred | {f.paper for f in request.feedback}
        is_out = np.isin(slate.ids, list(known))
        assert np.all(row[is_out] == -np.inf)
        assert np.array_equal(row[~is_out], before[~is_out])
        assert places.tolist() == np.argsort(-row, kind="stable")[:TOP].tolist()


def test_when_everything_was_seen_the_list_is_empty_and_not_an_error(model, corpus):
    everything = frozenset(PaperId(int(i)) for i in corpus.ids)
    assert recommend(model, corpus, [Request(1, (), seen=everything)], None, 0) == [[]]
    all_but_one = everything - {PaperId(7)}
    assert [
        p.paper for p in recommend(model, corpus, [Request(1, (), seen=all_but_one)], None, 0)[0]
    ] == [7]
    assert recommend(model, corpus, [Request(1, ())], np.array([], np.int64), 0) == [[]]
    assert recommend(model, corpus, [], None, 0) == []


def test_a_reader_who_has_seen_everything_costs_the_others_of_a_batch_nothing(
    hybrid, hybrid_corpus
):
    ids = [PaperId(int(i)) for i in hybrid_corpus.ids]
    liked = tuple(Feedback(paper, Verdict.LIKE) for paper in ids[:12])
    through = Request(1, liked, seen=frozenset(ids))
    others = [Request(2, liked), Request(3, ())]
    alone = recommend(hybrid, hybrid_corpus, others, None, 0)
    assert recommend(hybrid, hybrid_corpus, [through, *others], None, 0) == [[], *alone]
    assert recommend(hybrid, hybrid_corpus, [*others, through], None, 0) == [*alone, []]


@given(st.integers(0, 400), st.integers(0, 50), st.integers(0, 9), st.integers(0, 10**6))
def test_of_equal_scores_those_that_stand_first_are_the_best(n, k, taken, seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-2, 3, n).astype(np.float32)
    scores[rng.random(n) < taken / 10] = -np.inf
    ordered = sorted(np.flatnonzero(np.isfinite(scores)).tolist(), key=lambda at: -scores[at])
    assert best(scores, k).tolist() == ordered[:k]


def test_nearest_papers_are_of_the_same_topic_and_never_the_paper_itself(model, corpus, topics):
    paper = planted.of_topic(topics, "climate")[0]
    picks = nearest(model, corpus, paper, None, 5)
    assert [topics[pick.paper] for pick in picks] == ["climate"] * 5
    assert paper not in [pick.paper for pick in picks]
    assert [pick.score for pick in picks] == sorted((p.score for p in picks), reverse=True)
    assert nearest(model, corpus, PaperId(10**6), None, 5) == []


def test_nothing_is_near_to_a_paper_of_which_no_word_is_known(papers):
    strange = replace(papers[0], id=PaperId(10**6), title="論文", abstract="検索")
    model, corpus = planted.fresh([*papers, strange], LsaEncoder())
    assert nearest(model, corpus, strange.id, None, 5) == []


def test_one_reader_with_thousands_of_likes_makes_no_table_so_wide_for_everybody(papers):
    model, corpus = planted.fresh(papers, LsaEncoder())
    long_ago = papers[0].announced - timedelta(days=90)
    library = [
        replace(papers[0], id=PaperId(n), key=f"arxiv:{n}", announced=long_ago)
        for n in range(1000, 4000)
    ]
    corpus = corpus.extended(library)
    many = Request(0, tuple(planted.like(paper.id) for paper in library))
    few = [Request(user, (planted.like(1000 + user),)) for user in range(1, 200)]
    candidates = corpus.newest()
    expected = recommend(model, corpus, [many], candidates, 0) + recommend(
        model, corpus, few, candidates, 0
    )
    tracemalloc.start()
    try:
        lists = recommend(model, corpus, [many, *few], candidates, 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50e6
    assert [[pick.paper for pick in picks] for picks in lists] == [
        [pick.paper for pick in picks] for picks in expected
    ]


def test_identical_texts_break_no_ranking(model, coder, papers):
    twins = [replace(papers[0], id=PaperId(n), key=f"arxiv:{n}") for n in range(1000, 1100)]
    _, corpus = planted.fresh(papers, coder)
    request = Request(1, (planted.like(1000),), k=5)
    (picks,) = recommend(model, corpus.extended(twins), [request], None, seed=0)
    assert len(picks) == 5
