"""Search, likeness and votes on real storage, with a real model that ranks."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.conversation import words
from bot.conversation.messages import Edit, Toast
from bot.conversation.ports import AskedTooMuch, SourceUnavailable, UnknownPaper
from bot.conversation.search import Search
from bot.conversation.service import Conversation
from bot.conversation.suggestions import Suggestions
from bot.desk import Desk
from bot.search_desk import KEPT, LIFETIME, SearchDesk
from bot.shelf import Shelf
from recommender.feedback import Verdict
from recommender.wishes import Kind, Topic
from storage import feedback_log, wishes
from storage.catalogue import NewPaper
from storage.dialogue_state import LocalState, searches_of
from storage.feedback_log import WITH_REASON, Place
from storage.sources.elsewhere import Described
from tests.conversation.journey import Journey
from tests.house import NoSource, papers_of, person, stocked

TODAY = date(2026, 3, 2)
LAST_YEAR = NewPaper(
    key="arxiv:2503.00001",
    title="A Tactile Gripper of Last Year",
    abstract="We grip with tactile arms, and plan the motion of the gripper.",
    announced=TODAY - timedelta(days=350),
    authors=("Zoë Ångström",),
    categories=("cs.RO",),
    version=1,
)


@pytest.fixture
async def shelf(any_database, encoder, clock, tmp_path):
    news = [*papers_of(TODAY), *papers_of(TODAY - timedelta(days=3), first=100), LAST_YEAR]
    await stocked(any_database, news, clock())
    shelf = Shelf(any_database, tmp_path, lambda _: encoder)
    await shelf.refresh()
    return shelf


@pytest.fixture
def state(seconds):
    return LocalState(seconds)


@pytest.fixture
def desk(any_database, shelf, clock):
    return Desk(any_database, shelf, NoSource(), clock)


@pytest.fixture
def search(any_database, shelf, desk, state, clock):
    return SearchDesk(any_database, shelf, desk, state, clock)


@pytest.fixture
def ada(desk, search, clock):
    return Journey(Conversation(desk, clock, [Search(search)]), person("7"))


def listed(journey):
    """Return the list that was sent or drawn last."""
    return journey.actions[-1].message.digest


async def fields(search, digest):
    papers = await search.papers([item.card.paper for item in digest.items])
    return [paper.categories[0] for paper in papers]


# ---------------------------------------------------------------- search


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("galaxy spectra", "astro-ph.GA"),
        ("robots that plan how they move their arms", "cs.RO"),
        ("how does the brain of a mouse work?", "q-bio.NC"),
    ],
)
async def test_words_and_descriptions_find_papers_of_their_field(ada, search, asked, field):
    await ada.command(f"/search {asked}")
    assert (await fields(search, listed(ada))).count(field) >= 4


async def test_a_search_reaches_the_whole_catalogue_and_authors(ada):
    await ada.command("/search angstrom")
    assert listed(ada).items[0].card.title == LAST_YEAR.title


async def test_words_that_no_paper_has_are_said_to_be_a_guess_by_meaning_on_every_page(ada):
    await ada.command("/search xyzzyplugh")
    assert listed(ada).heading.startswith("No paper says “xyzzyplugh”; nearest in meaning, 1–5 of")
    await ada.tap(words.FORTH)
    assert listed(ada).heading.startswith("No paper says “xyzzyplugh”; nearest in meaning, 6–10")
    await ada.command("/search xyzzyplugh galaxy")
    assert "nearest in meaning" not in listed(ada).heading


class ScriptedOthers:
    """Other catalogues that know what they are told, or cannot be asked."""

    def __init__(self, **known):
        self.known = known
        self.trouble = None

    async def described(self, reader, papers):
        if self.trouble:
            raise self.trouble
        return {paper: self.known.get(paper.partition(":")[0]) for paper in papers}


@pytest.mark.parametrize(
    ("link", "kind", "told"),
    [
        ("https://openreview.net/forum?id=YicbFdNTTy", "openreview", Described(LAST_YEAR.title)),
        (f"semanticscholar.org/paper/{'0a' * 20}", "s2", Described("Other", LAST_YEAR.key)),
        ("https://doi.org/10.5555/3295222", "doi", Described(LAST_YEAR.title)),
    ],
)
async def test_papers_like_one_that_another_catalogues_link_names(
    any_database, shelf, clock, link, kind, told
):
    others = ScriptedOthers(**{kind: told})
    desk = Desk(any_database, shelf, NoSource(), clock, others=others)
    reader = await desk.reader(person("7"))
    (paper,) = await desk.named(reader, link)
    assert (await desk.offer(reader, paper)).paper.title == LAST_YEAR.title
    for trouble, said in ((SourceUnavailable(), UnknownPaper), (AskedTooMuch(), AskedTooMuch)):
        others.trouble = trouble
        with pytest.raises(said):
            await desk.linked(reader, link)
    others.trouble, others.known = None, {}
    with pytest.raises(UnknownPaper):
        await desk.linked(reader, link)


async def test_an_id_among_the_words_comes_first(ada):
    await ada.command("/search tell me of 2503.00001 and the galaxy")
    assert listed(ada).items[0].card.title == LAST_YEAR.title


async def test_papers_that_are_named_by_their_ids_come_in_the_order_of_the_ids(search):
    named = [papers_of(TODAY)[n].key for n in (4, 1, 3)]
    found = await search.relevant(" ".join(named), 3)
    assert [paper.key for paper in await search.papers(found)] == named


async def like_robots(desk, search, reader):
    for n, paper in enumerate((await search.relevant("robot grasping manipulation", 50))[:3]):
        await desk.store(reader, f"like-{n}", paper, None, verdict=Verdict.LIKE)


async def test_of_relevant_papers_those_of_the_readers_taste_come_first(ada, desk, search):
    reader = await desk.reader(person("7"))
    await like_robots(desk, search, reader)
    question = "study of galaxy telescope and gripper tactile"
    found = await search.search(reader, question, "")
    places = [
        [n for n, paper in enumerate(await search.papers(order)) if paper.categories == ("cs.RO",)]
        for order in (found.taste, found.relevance)
    ]
    assert sum(places[0]) < sum(places[1])
    assert set(found.taste) == set(found.relevance)
    await ada.command(f"/search {question}")
    by_taste = listed(ada)
    await ada.tap(words.BY_RELEVANCE)
    assert listed(ada) != by_taste
    assert isinstance(ada.actions[-1], Edit)


async def test_no_favourite_rises_above_a_paper_with_every_word_of_the_question(desk, search):
    reader = await desk.reader(person("7"))
    await like_robots(desk, search, reader)
    found = await search.search(reader, "galaxy spectra gripper arm", "")
    assert found.taste != found.relevance
    found = await search.search(reader, "galaxy spectra", "")
    assert found.taste != found.relevance
    for order in (found.relevance, found.taste):
        papers = await search.papers(order)
        whole = ["galaxy" in p.text.casefold() and "spectra" in p.text.casefold() for p in papers]
        assert whole == sorted(whole, reverse=True)
        assert 1 <= sum(whole) < len(whole)


async def test_a_paper_named_by_its_id_stands_first_whatever_the_taste(desk, search):
    reader = await desk.reader(person("7"))
    await like_robots(desk, search, reader)
    galaxy = (await search.papers(await search.relevant("galaxy spectra", 1)))[0]
    found = await search.search(reader, f"{galaxy.key.partition(':')[2]} robot grasping", "")
    assert found.relevance[0] == found.taste[0] == galaxy.id


async def test_a_search_is_kept_a_day_and_then_forgotten(ada, desk, state, seconds):
    await ada.command("/search galaxy")
    row = next(row for row in ada.messages[ada.newest()].rows if row[0].label == words.FORTH)
    seconds.now = LIFETIME - 1
    await ada.press(row[0].data, ada.newest())
    assert listed(ada).items[0].number == 6
    reader = await desk.reader(person("7"))
    for n in range(KEPT + 2):
        await ada.command(f"/search galaxy {n}")
    assert (await state.get(searches_of(reader.id))).count('"galaxy') == KEPT
    seconds.now += LIFETIME
    assert await ada.press(row[0].data, None) == [Toast(words.SEARCH_IS_OVER)]
    assert await state.get(searches_of(reader.id)) is None


async def test_a_search_that_an_older_release_kept_can_still_be_leafed_through(ada, desk, state):
    await ada.command("/search galaxy")
    key = searches_of((await desk.reader(person("7"))).id)
    (kept,) = json.loads(await state.get(key))
    await state.set(key, json.dumps([kept[:4]]), LIFETIME)
    await ada.tap(words.FORTH)
    assert listed(ada).heading.startswith("“galaxy”: 6–10 of")


# ---------------------------------------------------------------- similar


async def test_more_like_this_records_what_it_shows_and_a_like_of_it_counts(
    ada, desk, any_database, search
):
    await ada.command("/pick")
    await ada.tap("More like this")
    first = listed(ada).items[0]
    (opened,) = await ada.tap("1 Open")
    assert opened.message.card.reason.startswith("Like “")
    async with any_database.reading() as db:
        reader = await desk.reader(person("7"))
        shown = await feedback_log.last_shown(db, reader.id, first.card.paper, WITH_REASON)
        seen = await feedback_log.seen(db, [reader.id])
    assert shown.place is Place.SIMILAR
    assert shown.pick.rank == 1
    assert first.card.paper not in seen[reader.id]
    await ada.tap("👍 Like")
    assert (await desk.status(reader)).likes == 1
    (why,) = await ada.tap("Why?")
    assert words.SIMILAR_LONG in why.message.text[-1].text


async def test_papers_like_one_that_another_process_has_just_stored_are_found(
    ada, any_database, clock
):
    new = replace(LAST_YEAR, key="arxiv:2503.00002", title="Another Gripper of Last Year")
    await stocked(any_database, [new], clock())
    await ada.command("/similar 2503.00002")
    assert listed(ada).items[0].card.title == LAST_YEAR.title


async def test_similar_looks_through_the_whole_catalogue(ada, search):
    await ada.command("/similar https://arxiv.org/abs/2503.00001")
    assert set(await fields(search, listed(ada))) == {"cs.RO"}
    gripper = next(p for p in papers_of(TODAY) if "Gripper Arm" in p.title)
    await ada.command(f"/similar {gripper.title}")
    pages = [listed(ada)]
    while any(b.label == words.FORTH for row in ada.messages[ada.newest()].rows for b in row):
        await ada.tap(words.FORTH)
        pages.append(listed(ada))
    found = [item.card.title for page in pages for item in page.items]
    assert LAST_YEAR.title in found
    assert len(found) == len(set(found)) == 50


async def test_without_a_name_the_last_card_is_meant_and_no_list(ada):
    await ada.command("/similar")
    assert words.SIMILAR_WANTS_A_PAPER in ada.last
    await ada.command("/pick")
    title = ada.actions[-1].message.card.title
    await ada.command("/trending month")
    await ada.command("/similar")
    assert listed(ada).heading == words.similar_heading(title)
    await ada.command("/similar")
    assert listed(ada).heading == words.similar_heading(title)


async def test_an_id_that_nobody_knows_in_a_message_is_said_and_a_title_is_never_looked_up(ada):
    await ada.command("/like_this see 2503.00001")
    assert listed(ada).heading == words.similar_heading(LAST_YEAR.title)
    await ada.command("/like_this see 2401.99999")
    assert words.NO_SUCH_PAPER in ada.last
    await ada.command(f"/like_this {LAST_YEAR.title}")
    assert words.NO_LINK_HERE in ada.last


# ---------------------------------------------------------------- trending


async def test_likes_here_make_a_paper_trend(ada, desk, search):
    await ada.command("/trending day")
    assert words.nothing_trends("day") in ada.last
    liked = (await search.relevant("galaxy redshift", 1))[0]
    for name in ("7", "8"):
        reader = await desk.reader(person(name))
        await desk.store(reader, f"like-{name}", liked, None, verdict=Verdict.LIKE)
    await ada.command("/trending month")
    assert [item.card.paper for item in listed(ada).items] == [liked]
    assert listed(ada).items[0].card.reason == "2 likes here"


MUTES = [
    Topic(Kind.AUTHOR, "Ada Lovelace"),
    Topic(Kind.WORD, "galaxy"),
    Topic(Kind.CATEGORY, "astro-ph.GA"),
]


@pytest.mark.parametrize("topic", MUTES, ids=lambda topic: topic.kind.value)
async def test_what_a_reader_muted_trends_for_everybody_else(
    any_database, desk, search, ada, clock, topic
):
    galaxies = (await search.relevant("galaxy redshift", 1))[0]
    gripper = (await search.relevant("Tactile Gripper of Last Year", 1))[0]
    for paper in (galaxies, gripper):
        reader = await desk.reader(person("8"))
        await desk.store(reader, f"like-{paper}", paper, None, verdict=Verdict.LIKE)
    mine = await desk.reader(person("7"))
    async with any_database.writing() as db:
        await wishes.mute(db, mine.id, topic, clock())
    await ada.command("/trending month")
    assert words.ALL_MUTED in ada.last
    ben = Journey(Conversation(desk, clock, [Search(search)]), person("9"))
    await ben.command("/trending month")
    assert [item.card.paper for item in listed(ben).items] == [galaxies]


# ---------------------------------------------------------------- while somebody types


async def test_an_inline_query_finds_the_same_as_a_search_by_relevance(search, desk):
    page = await Suggestions(search, desk).inline(person(), "galaxy spectra", "")
    relevant = list(await search.relevant("galaxy spectra", 100))
    assert [r.card.paper for r in page.results] == relevant[: len(page.results)]


async def test_without_votes_the_newest_papers_are_proposed(search):
    proposed = await search.papers(await search.most_voted(25))
    assert len(proposed) == 25
    assert {paper.announced for paper in proposed} == {TODAY}


async def test_of_one_authors_papers_those_about_the_words_come_first(ada, search):
    await ada.command("/search gripper author: angstrom")
    (only,) = ada.messages[ada.newest()].digest.items
    assert only.card.title == LAST_YEAR.title
    await ada.command("/search galaxy author: Ada Lovelace")
    found = ada.messages[ada.newest()].digest.items
    assert "galaxy" in found[0].card.title.casefold()
    await ada.command("/search galaxy author: Nobody At All")
    assert "I have no paper about" in ada.last
    assert await search.authors_like("ångs", 5) == ["Zoë Ångström"]
