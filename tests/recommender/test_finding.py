from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.finding import between, by_taste, closest, fused
from recommender.papers import PaperId
from tests.recommender import planted

ids = st.lists(st.integers(1, 30).map(PaperId), unique=True, max_size=20)


def test_a_description_finds_papers_of_its_topic_without_their_words_in_order(
    corpus, papers, topics
):
    wanted = planted.of_topic(topics, "climate")[0]
    words = next(p for p in papers if p.id == wanted).abstract.split()
    found = closest(corpus, " ".join(sorted(words)), 10)
    assert [topics[paper] for paper in found] == ["climate"] * 10


def test_words_that_nobody_knows_find_nothing(model, coder, papers):
    _, corpus = planted.fresh(papers, coder)
    assert closest(corpus, "", 10) == []


def test_a_paper_that_is_not_offered_any_more_is_not_found(corpus, papers):
    best = closest(corpus, papers[0].text, 3)
    without = corpus.without(best[:1])
    assert best[0] not in closest(without, papers[0].text, len(papers))
    assert not without.offers(best[0])
    assert without.offers(PaperId(10**6))


@given(st.lists(ids, max_size=4))
def test_joined_lists_hold_every_paper_once_and_agreement_comes_first(rankings):
    joined = fused(rankings)
    assert sorted(joined) == sorted({paper for ranking in rankings for paper in ranking})
    unanimous = [p for p in joined if rankings and all(r[:1] == [p] for r in rankings)]
    assert unanimous == joined[: len(unanimous)]


@given(ids)
def test_a_list_joined_with_itself_stays_as_it_is(ranking):
    assert fused([ranking]) == fused([ranking, ranking]) == ranking


@given(ids, st.data())
def test_what_answers_all_of_a_question_comes_first_whatever_the_taste(papers, data):
    n = data.draw(st.integers(0, len(papers)))
    liked = data.draw(st.permutations(papers))
    mixed = between(papers[:n], papers[n:], liked)
    assert set(mixed[:n]) == set(papers[:n])
    assert sorted(mixed) == sorted(papers)


def test_among_papers_that_answer_as_well_taste_counts_as_much_as_relevance():
    whole, near = [PaperId(n) for n in range(1, 11)], [PaperId(n) for n in range(11, 31)]
    mixed = between(whole, near, [whole[2], near[19], *whole[3:], *whole[:2], *near[:19]])
    assert mixed[0] == whole[2]
    assert mixed[10] == near[0]  # one answer in twenty is liked, the others answer better
    assert between(whole, near, [*whole, *near]) == [*whole, *near]


def test_what_readers_like_comes_first_for_them(model, corpus, topics):
    mixed = [
        paper
        for pair in zip(
            planted.of_topic(topics, "climate")[3:9],
            planted.of_topic(topics, "robots")[3:9],
            strict=True,
        )
        for paper in pair
    ]
    liked = tuple(planted.like(n) for n in planted.of_topic(topics, "robots")[:3])
    ranked = by_taste(model, corpus, liked, [*mixed, PaperId(10**6)])
    assert {topics[paper] for paper in ranked[:6]} == {"robots"}
    assert ranked[-1] == 10**6
    assert by_taste(model, corpus, (), mixed) == mixed


def test_asking_once_throws_no_prepared_candidates_away(model, coder, papers):
    _, corpus = planted.fresh(papers, coder)
    newest = corpus.newest()
    kept = corpus.slate(newest)
    for start in range(10):
        corpus.slate(np.arange(start, start + 20), is_kept=False)
    assert corpus.slate(newest) is kept
    assert len(corpus.extended([replace(papers[0], upvotes=3)]).slate(newest)) == len(kept)
