"""What readers told us in words changes what they get, and nothing for those who told nothing."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.feedback import Feedback, Verdict
from recommender.interests import interests_of
from recommender.papers import PaperId
from recommender.picks import PartKind, Request
from recommender.ranking import recommend, score
from recommender.taste import taste_of
from recommender.wishes import Kind, Said, Standing, Topic, Wishes
from recommender.wishing import MOST_PLACES, is_full_of_authors, recommend_as_told, waiting
from tests.recommender import planted

ADA = Topic(Kind.AUTHOR, "Ada Lovelace")
ROBOTS = Topic(Kind.WORD, "robots")


def likes(topics, **counts):
    """Feedback: so many likes of each topic."""
    chosen = [n for topic, count in counts.items() for n in planted.of_topic(topics, topic)[:count]]
    return tuple(planted.like(n) for n in chosen)


def told(model, corpus, request, candidates=None):
    (picks,) = recommend_as_told(model, corpus, [request], candidates, seed=0)
    return picks


def served(picks, topics):
    """Return how many picks there are of each topic."""
    found = [topics[pick.paper] for pick in picks]
    return {topic: found.count(topic) for topic in set(found)}


def said_of(model, corpus, feedback, topics, topic, standing=Standing.KEPT, name=""):
    """Return a saying about the interest that is made of a topic's likes."""
    for interest in interests_of(model, corpus, feedback):
        if {topics[paper] for paper in interest.papers} == {topic}:
            return Said(interest.papers, standing, name)
    raise AssertionError(f"no interest in {topic}")


# ---------------------------------------------------------------- topics


@pytest.mark.parametrize("count", [1, 3, 5, 8])
def test_every_new_paper_of_a_followed_author_is_in_the_list_whatever_taste_says(
    model, corpus, topics, count
):
    papers = planted.of_topic(topics, "climate")[:count]
    wishes = Wishes(promised=dict.fromkeys(papers, ADA))
    request = Request(1, likes(topics, graphs=5), k=5, wishes=wishes)
    picks = told(model, corpus, request)
    assert [pick.paper for pick in picks[:count]] == papers
    assert len(picks) == max(5, count)
    assert [pick.rank for pick in picks] == list(range(1, len(picks) + 1))
    assert {topics[p.paper] for p in picks[count:] if not p.is_exploring} <= {"graphs"}


def test_the_reason_of_a_promised_place_is_the_follow_and_adds_up(model, corpus, topics):
    (paper,) = planted.of_topic(topics, "climate")[:1]
    request = Request(1, likes(topics, graphs=5), wishes=Wishes(promised={paper: ADA}))
    first, *rest = told(model, corpus, request)
    (part,) = first.parts
    assert (part.kind, part.words, part.value) == (
        PartKind.FOLLOWED, ("author", "Ada Lovelace"), first.score,
    )  # fmt: skip
    assert all(part.kind is not PartKind.FOLLOWED for pick in rest for part in pick.parts)


def test_what_is_barred_gets_no_place_by_a_follow(model, corpus, topics):
    papers = planted.of_topic(topics, "climate")
    wishes = Wishes(
        promised=dict.fromkeys(papers[:3], ADA), wanted=dict.fromkeys(papers[3:6], ROBOTS)
    )
    request = Request(1, likes(topics, graphs=5), wishes=wishes, barred=frozenset(papers))
    assert {*papers}.isdisjoint(pick.paper for pick in told(model, corpus, request))


def test_a_list_grows_for_followed_authors_to_what_one_message_holds(model, corpus, topics):
    papers = planted.of_topic(topics, "climate")[:15]
    wishes = Wishes(promised=dict.fromkeys(papers, ADA))
    picks = told(model, corpus, Request(1, (), k=3, wishes=wishes))
    assert [pick.paper for pick in picks] == papers[:MOST_PLACES]
    assert is_full_of_authors(picks)
    # What did not fit comes next, because what was shown is seen.
    again = Request(1, (), frozenset(papers[:MOST_PLACES]), k=3, wishes=wishes)
    assert waiting(corpus, again, None) == len(papers) - MOST_PLACES
    picks = told(model, corpus, again)
    assert {*papers[MOST_PLACES:]} == {pick.paper for pick in picks}
    assert not is_full_of_authors(picks)


def test_a_single_card_is_a_followed_authors_paper_as_long_as_one_is_unseen(model, corpus, topics):
    first, second = planted.of_topic(topics, "climate")[:2]
    wishes = Wishes(promised={first: ADA, second: ADA})
    request = Request(1, likes(topics, graphs=3), k=1, explores=False, wishes=wishes)
    assert [pick.paper for pick in told(model, corpus, request)] == [first]
    seen = replace(request, seen=frozenset([first, second]))
    assert [topics[pick.paper] for pick in told(model, corpus, seen)] == ["graphs"]


@pytest.mark.parametrize("count", [1, 40])
def test_followed_words_and_categories_get_one_place_and_it_goes_to_the_one_liked_most(
    model, corpus, topics, count
):
    robots = planted.of_topic(topics, "robots")[:count]
    request = Request(1, likes(topics, graphs=5), explores=False)
    wished = replace(request, wishes=Wishes(wanted=dict.fromkeys(robots, ROBOTS)))
    picks = told(model, corpus, wished)
    kept = [p for p in picks if p.parts[0].kind is PartKind.FOLLOWED]
    assert len(picks) == 5
    assert len(kept) == 1
    slate = corpus.slate(None)
    (scores,) = score(model, corpus, slate, [taste_of(model, corpus, request.feedback)])
    worth = dict(zip(slate.ids.tolist(), scores.tolist(), strict=True))
    assert kept[0].paper == max(robots, key=lambda paper: worth[paper])


def test_a_single_card_is_not_spent_on_a_followed_word(model, corpus, topics):
    wishes = Wishes(wanted=dict.fromkeys(planted.of_topic(topics, "robots"), ROBOTS))
    request = Request(1, likes(topics, graphs=5), k=1, explores=False, wishes=wishes)
    assert [topics[pick.paper] for pick in told(model, corpus, request)] == ["graphs"]


def test_what_is_muted_is_never_picked_not_even_to_explore(model, corpus, topics):
    graphs = frozenset(planted.of_topic(topics, "graphs"))
    for user in range(30):
        request = Request(user, likes(topics, graphs=5), wishes=Wishes(muted=graphs), surprise=4)
        assert graphs.isdisjoint(pick.paper for pick in told(model, corpus, request))


# ---------------------------------------------------------------- interests


def test_a_muted_interest_has_no_places_and_the_others_have_them_all(model, corpus, topics):
    feedback = likes(topics, graphs=14, protein=6)
    muted = said_of(model, corpus, feedback, topics, "graphs", Standing.MUTED)
    request = Request(1, feedback, k=10, explores=False)
    assert served(told(model, corpus, request), topics) == {"graphs": 7, "protein": 3}
    quiet = replace(request, wishes=Wishes(interests=(muted,)))
    assert served(told(model, corpus, quiet), topics) == {"protein": 10}


def test_a_muted_interest_does_not_come_back_by_exploring_or_because_it_was_the_only_one(
    model, corpus, topics
):
    feedback = likes(topics, graphs=6)
    wishes = Wishes(interests=(Said(tuple(f.paper for f in feedback), Standing.MUTED),))
    batch = [Request(u, feedback, k=5, surprise=4, wishes=wishes) for u in range(40)]
    lists = recommend_as_told(model, corpus, batch, None, seed=0)
    shown = [topics[pick.paper] for picks in lists for pick in picks]
    assert len(shown) == 200
    assert shown.count("graphs") / len(shown) < 0.1


def test_a_followed_authors_paper_comes_although_it_is_near_a_muted_interest(model, corpus, topics):
    feedback = likes(topics, graphs=6)
    said = Said(tuple(f.paper for f in feedback), Standing.MUTED)
    known = {f.paper for f in feedback}
    papers = [one for one in planted.of_topic(topics, "graphs") if one not in known]
    wishes = Wishes(promised={papers[0]: ADA}, interests=(said,))
    picks = told(model, corpus, Request(1, feedback, k=5, explores=False, wishes=wishes))
    assert picks[0].paper == papers[0]
    assert {*papers[1:]}.isdisjoint(pick.paper for pick in picks)


def test_a_boosted_interest_has_more_places(model, corpus, topics):
    feedback = likes(topics, graphs=14, protein=6)
    boosted = said_of(model, corpus, feedback, topics, "protein", Standing.BOOSTED)
    request = Request(1, feedback, k=10, explores=False, wishes=Wishes(interests=(boosted,)))
    # 6 likes count as 12 beside 14.
    assert served(told(model, corpus, request), topics) == {"graphs": 5, "protein": 5}


def test_a_forgotten_interest_is_as_if_it_had_never_been_liked_but_its_papers_do_not_return(
    model, corpus, topics
):
    feedback = likes(topics, graphs=14, protein=6)
    gone = said_of(model, corpus, feedback, topics, "graphs", Standing.FORGOTTEN)
    request = Request(1, feedback, k=10, explores=False, wishes=Wishes(interests=(gone,)))
    (without,) = recommend(
        model,
        corpus,
        [replace(request, feedback=likes(topics, protein=6), seen=frozenset(gone.papers))],
        None,
        seed=0,
    )
    picks = told(model, corpus, request)
    assert [(p.paper, p.score) for p in picks] == [(p.paper, p.score) for p in without]
    assert interests_of(model, corpus, feedback, (gone,))[0].share == 1.0


def test_what_was_said_of_an_interest_holds_when_later_likes_move_the_clusters(
    model, corpus, topics
):
    early = likes(topics, graphs=5, protein=5)
    muted = said_of(model, corpus, early, topics, "graphs", Standing.MUTED, "networks")
    later = likes(topics, graphs=9, protein=20, speech=12)
    found = interests_of(model, corpus, later, (muted,))
    (mine,) = [interest for interest in found if interest.said]
    assert mine.name == ("networks",)
    assert {topics[paper] for paper in mine.papers} == {"graphs"}
    assert len(mine.papers) == 9  # the likes that came later are with it
    picks = told(
        model, corpus, Request(1, later, k=10, explores=False, wishes=Wishes(interests=(muted,)))
    )
    assert set(served(picks, topics)) == {"protein", "speech"}


def test_a_name_moves_no_interest_to_another_place_among_equals(model, corpus, topics):
    feedback = likes(topics, graphs=6, protein=6)
    before = interests_of(model, corpus, feedback)
    for interest in before:
        after = interests_of(model, corpus, feedback, (Said(interest.papers, name="mine"),))
        assert [one.papers for one in after] == [one.papers for one in before]


def test_a_muted_interest_that_the_clusters_swallow_takes_none_of_the_others_along(
    model, corpus, topics
):
    feedback = likes(topics, graphs=12)
    # Nothing tells these three from the other nine: they were said something of all the same.
    muted = Said(tuple(f.paper for f in feedback[:3]), Standing.MUTED)
    found = interests_of(model, corpus, feedback, (muted,))
    assert [(len(i.papers), i.said) for i in found] == [(9, None), (3, muted)]


def test_a_pick_names_its_interest_when_there_are_several_and_only_then(model, corpus, topics):
    feedback = likes(topics, graphs=14, protein=6)
    renamed = said_of(model, corpus, feedback, topics, "protein", name="my molecules")
    request = Request(1, feedback, k=10, explores=False)
    names = {}
    for pick in told(model, corpus, replace(request, wishes=Wishes(interests=(renamed,)))):
        (part,) = [part for part in pick.parts if part.kind is PartKind.INTEREST]
        assert part.value == 0
        names[topics[pick.paper]] = part.words
    assert names["protein"] == ("my molecules",)
    assert set(names["graphs"]) <= set(planted.TOPICS["graphs"].replace("-", " ").split())
    (alone,) = recommend(model, corpus, [replace(request, feedback=feedback[:14])], None, seed=0)
    assert all(part.kind is not PartKind.INTEREST for pick in alone for part in pick.parts)


# ---------------------------------------------------------------- properties

numbers = st.integers(1, 260).map(PaperId)
feedback = st.builds(Feedback, numbers, st.sampled_from([*Verdict, None]), st.booleans())
papers = st.lists(numbers, max_size=12, unique=True)
sayings = st.builds(
    Said,
    st.lists(numbers, min_size=1, max_size=12, unique=True).map(tuple),
    st.sampled_from(Standing),
    st.sampled_from(["", "a name"]),
)
wishes = st.builds(
    Wishes,
    muted=papers.map(frozenset),
    promised=papers.map(lambda some: dict.fromkeys(some, ADA)),
    wanted=papers.map(lambda some: dict.fromkeys(some, ROBOTS)),
    interests=st.lists(sayings, max_size=4).map(tuple),
)
requests = st.builds(
    Request,
    user=st.integers(0, 10**6),
    feedback=st.lists(feedback, max_size=25, unique_by=lambda f: f.paper).map(tuple),
    seen=st.frozensets(numbers, max_size=30),
    k=st.integers(1, 10),
    surprise=st.integers(0, 4),
    explores=st.booleans(),
    wishes=wishes,
)


@settings(deadline=None)
@given(st.lists(requests, min_size=1, max_size=4))
def test_whatever_was_told_parts_add_up_and_nothing_hidden_is_shown(model, corpus, batch):
    lists = recommend_as_told(model, corpus, batch, None, seed=1)
    for request, picks in zip(batch, lists, strict=True):
        shown = [pick.paper for pick in picks]
        assert len(shown) == len(set(shown)) <= max(request.k, MOST_PLACES)
        judged = {f.paper for f in request.feedback}
        assert {*request.seen, *judged, *request.wishes.muted}.isdisjoint(shown)
        assert [pick.rank for pick in picks] == list(range(1, len(picks) + 1))
        for pick in picks:
            values = [part.value for part in pick.parts]
            assert abs(sum(values) - pick.score) <= 1e-6 * max(1e-9, *map(abs, values), 0)
        assert [p.is_exploring for p in picks[:-1]] == [False] * len(picks[:-1])
        (alone,) = recommend_as_told(model, corpus, [request], None, seed=1)
        assert [pick.paper for pick in alone] == shown


@settings(deadline=None, max_examples=25)
@given(requests)
def test_who_told_nothing_gets_the_very_same_picks(model, corpus, request):
    plain = replace(request, wishes=Request(1, ()).wishes)
    assert recommend_as_told(model, corpus, [plain], None, seed=1) == recommend(
        model, corpus, [plain], None, seed=1
    )
