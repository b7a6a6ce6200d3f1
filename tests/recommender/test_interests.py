import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recommender.arrays import unit_rows
from recommender.evaluation import TableEncoder, parse_papers
from recommender.feedback import Feedback, Verdict
from recommender.interests import arranged, interests_of, turns
from recommender.picks import PartKind, Request
from recommender.ranking import recommend, score
from recommender.taste import taste_of
from tests.recommender import planted

PAIRS = [("graphs", "protein"), ("speech", "climate"), ("privacy", "robots")]


def mixed(topics, large, small, of_large=14, of_small=6):
    first = planted.of_topic(topics, large)[:of_large]
    second = planted.of_topic(topics, small)[:of_small]
    return tuple(planted.like(n) for n in (*first, *second))


def single_profile(model, corpus, liked, k):
    """The k best unseen papers by one averaged profile."""
    slate = corpus.slate(None)
    (scores,) = score(model, corpus, slate, [taste_of(model, corpus, liked)])
    scores[np.isin(slate.ids, [f.paper for f in liked])] = -np.inf
    return slate.ids[np.argsort(-scores)[:k]].tolist()


@pytest.mark.parametrize(("large", "small"), PAIRS)
def test_both_fields_are_served_where_a_single_profile_serves_one(
    model, corpus, topics, large, small
):
    liked = mixed(topics, large, small)
    request = Request(1, liked, k=10, explores=False)
    (picks,) = recommend(model, corpus, [request], None, seed=0)
    served = sum(topics[pick.paper] == small for pick in picks) / 10
    averaged = sum(topics[n] == small for n in single_profile(model, corpus, liked, 10)) / 10
    assert {topics[pick.paper] for pick in picks} == {large, small}
    assert abs(served - 0.3) <= 0.15, f"interests {served:.0%}, single profile {averaged:.0%}"
    assert abs(averaged - 0.3) > 0.15, f"interests {served:.0%}, single profile {averaged:.0%}"


@pytest.fixture(scope="module")
def uneven():
    """Papers of a field whose papers are alike, of one whose papers hardly are, and of others.

    They are too near to each other, and too broad, to be told apart as interests.
    """
    rng = np.random.default_rng(0)
    lines = [json.dumps({"id": n, "title": f"w{n}w"}) for n in range(400)]
    papers = parse_papers(lines, "papers.jsonl")
    fields = np.arange(400) % 4
    alike = np.sqrt([0.16, 0.04, 0.6, 0.6], dtype=np.float32)[fields, None]
    axes = np.linalg.qr(rng.standard_normal((256, 3)))[0].T.astype(np.float32)
    centres = np.stack([axes[0], axes[1], axes[2], -axes[2]])[fields]
    own = unit_rows(rng.standard_normal((400, 256)).astype(np.float32))
    vectors = alike * centres + np.sqrt(1 - alike**2) * own
    model, corpus = planted.fresh(papers, TableEncoder(papers, vectors))
    return model, corpus, fields


def likes_of_fields(fields, wanted, each, rng):
    return tuple(
        planted.like(int(paper))
        for field in wanted
        for paper in rng.permutation(np.flatnonzero(fields == field))[:each]
    )


def test_likes_that_are_alike_do_not_crowd_out_others_of_one_interest(uneven):
    model, corpus, fields = uneven
    rng = np.random.default_rng(1)
    served, averaged, told = [], [], []
    for _ in range(30):
        liked = likes_of_fields(fields, (0, 1), 10, rng)
        told.append(len(interests_of(model, corpus, liked)))
        (picks,) = recommend(model, corpus, [Request(1, liked, k=10, explores=False)], None, seed=0)
        served.append(np.mean([fields[pick.paper] == 1 for pick in picks]))
        averaged.append(np.mean(fields[single_profile(model, corpus, liked, 10)] == 1))
        if told[-1] == 1:
            assert not any(part.kind is PartKind.INTEREST for p in picks for part in p.parts)
    assert np.mean(np.array(told) == 1) >= 0.7
    assert abs(np.mean(served) - 0.5) <= 0.15
    assert np.mean(averaged) < 0.15


@pytest.mark.parametrize("field", [0, 1])
def test_a_field_alone_is_hardly_ever_divided(uneven, field):
    _, corpus, fields = uneven
    rng = np.random.default_rng(2)
    drawn = [likes_of_fields(fields, (field,), 20, rng) for _ in range(50)]
    rows = [np.sort(corpus.rows(f.paper for f in liked)) for liked in drawn]
    divided = [arranged(corpus, at, fairly=True).labels.any() for at in rows]
    assert np.mean(divided) <= 0.1


@pytest.mark.parametrize(("large", "small"), PAIRS)
def test_interests_are_named_by_the_words_of_their_fields(model, corpus, topics, large, small):
    found = interests_of(model, corpus, mixed(topics, large, small))
    assert [interest.share for interest in found] == pytest.approx([0.7, 0.3])
    for interest, topic in zip(found, (large, small), strict=True):
        assert {topics[paper] for paper in interest.papers} == {topic}
        assert interest.words
        assert set(interest.words) <= set(planted.TOPICS[topic].replace("-", " ").split())


@pytest.mark.parametrize("topic", planted.NAMES)
def test_likes_of_one_field_are_one_interest(model, corpus, topics, topic):
    liked = tuple(planted.like(n) for n in planted.of_topic(topics, topic))
    for count in (1, 3, 6, 10, 20, 40):
        assert [i.share for i in interests_of(model, corpus, liked[:count])] == [1.0]


def test_without_a_like_there_is_no_interest(model, corpus):
    skipped = Feedback(planted.like(1).paper, Verdict.SKIP)
    assert interests_of(model, corpus, ()) == interests_of(model, corpus, (skipped,)) == []


def test_the_order_of_likes_does_not_matter(model, corpus, topics):
    liked = mixed(topics, "graphs", "protein")
    there, back = interests_of(model, corpus, liked), interests_of(model, corpus, liked[::-1])
    assert [i.papers for i in there] == [i.papers for i in back]
    assert [i.words for i in there] == [i.words for i in back]


def test_many_likes_are_told_apart_as_few_are(model, corpus, papers, topics):
    chosen = [p for p in papers if topics[p.id] in ("graphs", "protein")]
    more = [
        replace(p, id=planted.like(10_000 + 1000 * n + p.id).paper, key=f"arxiv:{n}-{p.id}")
        for n in range(6)
        for p in chosen
    ]
    liked = tuple(planted.like(p.id) for p in more)
    found = interests_of(model, corpus.extended(more), liked)
    assert [i.share for i in found] == pytest.approx([0.5, 0.5])
    assert sum(len(i.papers) for i in found) == len(liked) == 480


def test_the_parts_of_a_pick_for_an_interest_sum_to_its_score_and_name_its_likes(
    model, corpus, topics
):
    away = Feedback(planted.of_topic(topics, "climate")[0], Verdict.OFF_TOPIC)
    liked = (*mixed(topics, "graphs", "protein"), away)
    (picks,) = recommend(model, corpus, [Request(1, liked, k=10)], None, seed=0)
    for pick in picks:
        values = [part.value for part in pick.parts]
        assert abs(sum(values) - pick.score) <= 1e-6 * max(map(abs, values))
        if not pick.is_exploring:
            named = {topics[p.paper] for p in pick.parts if p.paper and p.value > 0}
            assert named == {topics[pick.paper]}


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(0, 12), min_size=6, max_size=6),
    away=st.frozensets(st.integers(1, 240), max_size=6),
    k=st.integers(1, 10),
    surprise=st.integers(0, 4),
)
@example(counts=[9, 0, 6, 0, 4, 0], away=frozenset([3, 5]), k=10, surprise=2)
def test_whatever_the_interests_the_parts_of_a_pick_sum_to_its_score_and_the_shares_to_a_whole(
    model, corpus, topics, counts, away, k, surprise
):
    chosen = [
        paper
        for topic, count in zip(planted.NAMES, counts, strict=True)
        for paper in planted.of_topic(topics, topic)[:count]
    ]
    skipped = [Feedback(paper, Verdict.SKIP) for paper in away if paper not in chosen]
    liked = tuple(planted.like(paper) for paper in chosen)
    (picks,) = recommend(
        model, corpus, [Request(1, (*liked, *skipped), k=k, surprise=surprise)], None, seed=0
    )
    several = len(interests_of(model, corpus, liked)) > 1
    for pick in picks:
        values = [part.value for part in pick.parts]
        assert abs(sum(values) - pick.score) <= 1e-6 * max(1e-9, *map(abs, values))
        named = [part for part in pick.parts if part.kind is PartKind.INTEREST]
        assert len(named) == (several and not pick.is_exploring)
        assert all(part.value == 0 for part in named)


def test_single_cards_take_turns_as_a_list_does(model, corpus, topics):
    labels = np.array([0] * 14 + [1] * 6)
    cards = [turns(labels, 1, told)[0] for told in range(10)]
    assert cards == turns(labels, 10, 0)
    assert sum(cards) == 3


@pytest.mark.parametrize("surprise", [1, 2, 3, 4])
def test_exploring_beside_interests_is_as_often_as_it_says_at_every_dial(
    model, corpus, topics, surprise
):
    liked = mixed(topics, "graphs", "protein")
    batch = [Request(u, liked, surprise=surprise) for u in range(800)]
    last = [picks[-1] for picks in recommend(model, corpus, batch, None, seed=0)]
    assert all(pick.is_exploring for pick in last)
    said = {pick.paper: pick.propensity for pick in last}
    assert all(pick.propensity == said[pick.paper] for pick in last)
    for paper, chance in said.items():
        share = sum(pick.paper == paper for pick in last) / len(last)
        assert abs(share - chance) < 5 * np.sqrt(chance / len(last)) + 0.002
    assert sum(said.values()) <= 1 + 1e-9


@pytest.mark.parametrize("topic", planted.NAMES)
def test_turning_the_dial_up_makes_the_familiar_picks_differ_more(model, corpus, topics, topic):
    liked = tuple(planted.like(n) for n in planted.of_topic(topics, topic)[:3])

    def alike(surprise):
        request = Request(1, liked, k=8, surprise=surprise, explores=False)
        (picks,) = recommend(model, corpus, [request], None, seed=0)
        base = corpus.base[corpus.rows([pick.paper for pick in picks])]
        return float((base @ base.T)[np.triu_indices(len(base), 1)].mean())

    # Steps beside each other may choose the same papers.
    assert alike(4) < alike(0)
    assert alike(2) <= alike(0) + 1e-6
