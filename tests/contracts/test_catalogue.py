"""The catalogue, on both databases."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.papers import Link
from storage import catalogue
from tests.contracts.examples import MONDAY, arxiv, hugging_face


async def take(database, papers, now):
    async with database.writing() as db:
        return await catalogue.take_in(db, papers, now)


async def only(database, number=1):
    key = f"arxiv:2603.{number:05}"
    async with database.reading() as db:
        return (await catalogue.by_keys(db, [key]))[key]


async def test_a_paper_taken_in_twice_is_one_paper_and_the_second_time_changes_nothing(
    any_database, clock
):
    news = [arxiv(1), arxiv(2, links=(Link("code", "https://example.org/2"),), upvotes=3)]
    once = await take(any_database, news, clock())
    again = await take(any_database, news, clock.forward(hours=1))
    assert len(once.new) == 2
    assert not again.new
    assert not again.updated
    assert set(again.unchanged) == set(once.new)
    async with any_database.reading() as db:
        changes = await catalogue.changed_since(db, catalogue.START)
    assert {cursor[0] for _, cursor in changes} == {clock() - timedelta(hours=1)}


async def test_what_was_taken_in_comes_back_as_it_was(any_database, clock):
    new = arxiv(
        1,
        title="On “quotes”, 日本語 and \\alpha 🐦",
        published=datetime(2026, 2, 27, 17, 59, tzinfo=UTC),
        comment="12 pages",
        journal_ref="Nature 1",
        doi="10.1/x",
        links=(Link("code", "https://example.org/1"),),
        upvotes=7,
        version=3,
    )
    taken = await take(any_database, [new], clock())
    paper = await only(any_database)
    assert paper.id == taken.new[0]
    assert (paper.title, paper.authors, paper.categories) == (
        new.title,
        new.authors,
        new.categories,
    )
    assert (paper.published, paper.announced, paper.version) == (new.published, MONDAY, 3)
    assert (paper.comment, paper.journal_ref, paper.doi) == ("12 pages", "Nature 1", "10.1/x")
    assert (paper.links, paper.upvotes) == (new.links, 7)


async def test_characters_that_no_database_keeps_are_left_out(any_database, clock):
    await take(any_database, [arxiv(1, title="Nu\0ll", authors=("A\ud800da",))], clock())
    paper = await only(any_database)
    assert (paper.title, paper.authors) == ("Null", ("Ada",))


async def test_a_newer_version_brings_its_text_but_not_a_new_day(any_database, clock):
    await take(any_database, [arxiv(1)], clock())
    replaced = arxiv(
        1, title="Better", version=2, announced=MONDAY + timedelta(days=9), is_replacement=True
    )
    taken = await take(any_database, [replaced], clock.forward(days=9))
    paper = await only(any_database)
    assert taken.updated == (paper.id,)
    assert (paper.title, paper.version, paper.announced) == ("Better", 2, MONDAY)


async def test_the_same_paper_twice_in_one_batch_is_one_paper(any_database, clock):
    taken = await take(any_database, [arxiv(1), hugging_face(1), arxiv(1, version=2)], clock())
    paper = await only(any_database)
    assert taken.new == (paper.id,)
    assert (paper.version, paper.upvotes, paper.announced) == (2, 12, MONDAY)


async def test_a_real_paper_takes_the_place_of_its_sample(any_database, clock):
    sample = arxiv(1, abstract="Ours.", announced=date(2025, 1, 3), is_sample=True)
    taken = await take(any_database, [sample], clock())
    async with any_database.reading() as db:
        before = await catalogue.summary(db)
    await take(any_database, [arxiv(1, upvotes=None)], clock.forward(days=1))
    await take(any_database, [sample], clock.forward(days=1))
    paper = await only(any_database)
    async with any_database.reading() as db:
        after = await catalogue.summary(db)
    assert paper.id == taken.new[0]
    assert not paper.is_sample
    assert (paper.announced, paper.abstract) == (MONDAY, "We study subject 1.")
    assert (before.papers, before.real, before.newest_day, before.newest_first_seen) == (
        1,
        0,
        None,
        None,
    )
    assert (after.papers, after.real, after.newest_day) == (1, 1, MONDAY)
    assert after.newest_first_seen == clock() - timedelta(days=1)


async def test_a_follower_of_the_catalogue_meets_every_change_once_and_misses_none(
    any_database, clock
):
    await take(any_database, [arxiv(i) for i in range(5)], clock())
    heard, cursor = [], catalogue.START
    while True:
        async with any_database.reading() as db:
            page = await catalogue.changed_since(db, cursor, limit=2)
        if not page:
            break
        heard += [paper.key for paper, _ in page]
        cursor = page[-1][1]
    assert heard == [f"arxiv:2603.{i:05}" for i in range(5)]
    # A process whose clock is an hour slow changes something.
    await take(any_database, [hugging_face(3)], clock() - timedelta(hours=1))
    async with any_database.reading() as db:
        page = await catalogue.changed_since(db, cursor)
    assert [(paper.key, paper.upvotes) for paper, _ in page] == [("arxiv:2603.00003", 12)]


async def test_a_thousand_papers_from_two_sources_are_taken_in_and_read_back(any_database, clock):
    taken = await take(any_database, [arxiv(i) for i in range(1000)], clock())
    again = await take(any_database, [hugging_face(i) for i in range(1000)], clock())
    assert len(taken.new) == 1000
    assert again.new == ()
    async with any_database.reading() as db:
        ids = [paper.id for paper, _ in await catalogue.changed_since(db, catalogue.START, 2000)]
        assert len(await catalogue.papers(db, ids)) == 1000


async def test_papers_come_in_the_order_in_which_they_were_asked_for(any_database, clock):
    news = [arxiv(n, doi=f"10.1/{n}") for n in range(9)]
    ids = dict(zip(range(9), (await take(any_database, news, clock())).new, strict=True))
    asked = [7, 2, 8, 0, 5]
    keys = [news[n].key for n in asked]
    dois = [f"doi:10.1/{n}" for n in asked]
    async with any_database.reading() as db:
        assert list(await catalogue.papers(db, [ids[n] for n in asked])) == [ids[n] for n in asked]
        assert list(await catalogue.by_keys(db, keys)) == keys
        assert list(await catalogue.named(db, [*dois, *keys])) == [*dois, *keys]
    changed = [arxiv(n, upvotes=1) for n in asked]
    taken = await take(any_database, changed, clock())
    assert taken.updated == tuple(ids[n] for n in asked)
    assert (await take(any_database, changed, clock())).unchanged == taken.updated


async def titled(database, clock, *titles, **changes):
    news = [arxiv(i, title=title, **changes) for i, title in enumerate(titles)]
    return (await take(database, news, clock())).new


async def found(database, words, limit=20):
    async with database.reading() as db:
        matches = await catalogue.search(db, words, limit)
    return [*matches.whole, *matches.some]


async def test_search_reads_titles_authors_and_abstracts_and_forgives_accents_and_endings(
    any_database, clock
):
    ids = await titled(any_database, clock, "Neural flows", "Sparse graphs", abstract="x")
    await take(any_database, [arxiv(2, title="T", abstract="On résumé parsing of GPT-4")], clock())
    third = (await only(any_database, 2)).id
    assert await found(any_database, "flow") == [ids[0]]
    assert await found(any_database, "GRAPH") == [ids[1]]
    assert await found(any_database, "resume gpt 4") == [third]
    assert set(await found(any_database, "angstrom zoe")) == {*ids, third}


async def test_papers_that_hold_every_word_come_before_those_that_hold_some(any_database, clock):
    ids = await titled(any_database, clock, "Graphs", "Graphs and flows", "Flows", "Else")
    async with any_database.reading() as db:
        matches = await catalogue.search(db, "graphs flows")
    assert matches.whole == [ids[1]]
    assert set(matches.some) == {ids[0], ids[2]}
    assert await found(any_database, "graphs flows", limit=1) == [ids[1]]


async def test_search_follows_a_paper_whose_text_changes(any_database, clock):
    ids = await titled(any_database, clock, "Graphs")
    await titled(any_database, clock, "Trees", version=2)
    assert await found(any_database, "graphs") == []
    assert await found(any_database, "trees") == list(ids)


@pytest.mark.parametrize(
    "words",
    ["", "   ", '"', "'", "\"unbalanced", "a AND", "NOT x OR", "title:x", "x*", "^x", "NEAR(a b)",
     "(((", "a & | ! b", "<->", "x:*", "\\", "%_", "😀", "\0", "\ud800", "the", ";--", ":A",
     "{1,2}", "日本語", "x" * 10_000, "word " * 3000],
)  # fmt: skip
async def test_no_input_breaks_search(any_database, clock, words):
    await titled(any_database, clock, "Graphs and 日本語")
    assert len(await found(any_database, words)) <= 1
    async with any_database.reading() as db:
        await catalogue.by_title(db, words)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.text(max_size=60))
async def test_no_text_at_all_breaks_search(database, words):
    assert await found(database, words) == []


@pytest.mark.parametrize(
    ("asked", "hit"),
    [
        ("Attention Is All You Need", 0),
        ("attention is all you need!", 0),
        ("Attention — is all you   need", 0),
        ("Attention", 1),
        ("Learning représentations of graphs by message passing", 2),
        ("Learning representations of graph by mesage passing", 2),
        ("Scaling laws, part 2", 4),
        ("Scaling laws, part 7", None),
        ("Something else altogether here", None),
        ("", None),
        ("?!", None),
    ],
)
async def test_a_title_finds_its_paper_in_spite_of_small_faults(any_database, clock, asked, hit):
    ids = await titled(
        any_database,
        clock,
        "Attention Is All You Need",
        "Attention",
        "Learning Representations of Graphs by Message Passing",
        "Scaling laws, part 1",
        "Scaling laws, part 2",
    )
    async with any_database.reading() as db:
        paper = await catalogue.by_title(db, asked)
    assert paper == (None if hit is None else ids[hit])


async def test_words_that_say_nothing_of_a_subject_find_nothing_by_themselves(any_database, clock):
    ids = await titled(any_database, clock, "On the Use of What There Is", "Grasping by Robots")
    assert await found(any_database, "robots that are about the house") == [ids[1]]


@pytest.mark.parametrize(
    ("typed", "hits"),
    [
        ("graph", {0, 1}),
        ("gra", {0, 1}),
        ("Learning gr", {0}),
        ("learning g", {0, 2}),
        ("graph ", {0, 1}),
        ("gr ", set()),
        ("learnin", {0, 2}),
        ("l", set()),
        ("", set()),
        ("  ?!", set()),
        ("NEAR graph", set()),
        ("subject", set()),
    ],
)
async def test_a_title_is_found_while_it_is_typed(any_database, clock, typed, hits):
    ids = await titled(
        any_database, clock, "Learning on Graphs", "Graph kernels", "Learning languages"
    )
    async with any_database.reading() as db:
        found = await catalogue.titled_like(db, typed, 25)
    assert set(found) == {ids[n] for n in hits}


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(typed=st.text(max_size=60))
async def test_nothing_that_is_typed_breaks_the_search_for_titles(database, typed):
    async with database.reading() as db:
        assert await catalogue.titled_like(db, typed, 25) == []


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("lov", ["Ada Lovelace", "Ådne Lovell"]),
        ("Ada lov", ["Ada Lovelace"]),
        ("lovelace ", ["Ada Lovelace"]),
        ("angstr", ["Zoë Ångström"]),
        ("ada ang", []),
        ("l", []),
        ("love zoe", []),
        ("", []),
        (" ?!", []),
        ("graph", []),
    ],
)
async def test_a_name_is_proposed_while_it_is_typed_those_of_most_papers_first(
    any_database, clock, typed, names
):
    news = [arxiv(n, title="On graphs and Ada") for n in range(1, 4)]
    news.append(arxiv(4, authors=("Ådne Lovell",)))
    await take(any_database, news, clock())
    async with any_database.reading() as db:
        assert await catalogue.authors_like(db, typed, 25) == names


async def test_many_titles_are_found_at_once_case_accents_and_punctuation_aside(
    any_database, clock
):
    some = ("Learning on Graphs", "Über Größen: Part 2", "Learning on Large Graphs", "The")
    ids = await titled(any_database, clock, *some)
    asked = ["learning ON graphs!", "Uber Grossen Part 2", "Über Größen, Part 2", "Graphs", "", "?",
             "The", "Learning on graph", "x" * 3_000, '"NEAR(a"']  # fmt: skip
    async with any_database.reading() as db:
        found = await catalogue.titled_exactly(db, asked)
    assert found["learning ON graphs!"] == ids[0]
    assert found["Über Größen, Part 2"] == ids[1]
    assert found.keys() <= {asked[0], asked[2], "The"}


async def test_an_authors_papers_come_newest_first_and_a_name_is_one_persons(any_database, clock):
    news = [
        arxiv(1, authors=("Ada Lovelace", "Alan Turing")),
        arxiv(2, authors=("Alan Lovelace", "Ada Turing")),
        arxiv(3, title="Ada Lovelace", authors=("Emmy Noether",)),
        arxiv(4, announced=MONDAY + timedelta(days=1)),
    ]
    first, *_, last = (await take(any_database, news, clock())).new
    async with any_database.reading() as db:
        assert await catalogue.by_author(db, "lovelace, ada", 10) == [last, first]
        assert await catalogue.by_author(db, "Ada Lovelace", 1) == [last]
        assert await catalogue.by_author(db, "Lovelac", 10) == []
        assert await catalogue.by_author(db, "?!", 10) == []


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(typed=st.text(max_size=60))
async def test_nothing_that_is_typed_breaks_the_search_for_names_and_addresses(database, typed):
    async with database.reading() as db:
        assert await catalogue.authors_like(db, typed, 25) == []
        assert await catalogue.spelled(db, typed) is None


@pytest.mark.parametrize(
    ("address", "is_found"),
    [
        ("Learning on Graphs with Noise Lovelace Angstrom", True),
        ("Learning on Graphs Lovelace", True),
        ("Learning on Graphs Turing", False),
        ("Graphs Lovelace Angstrom", False),
        ("Learning on Graphs without Noise Lovelace", False),
        ("", False),
    ],
)
async def test_an_address_that_spells_title_and_authors_finds_its_paper(
    any_database, clock, address, is_found
):
    (paper,) = await titled(any_database, clock, "Learning on Graphs, with Noise")
    async with any_database.reading() as db:
        assert await catalogue.spelled(db, address) == (paper if is_found else None)


async def test_a_doi_names_the_paper_that_has_it_in_any_case(any_database, clock):
    await take(any_database, [arxiv(1, doi="10.1103/PhysRevD.1"), arxiv(2)], clock())
    keys = ["doi:10.1103/physrevd.1", "arxiv:2603.00002", "doi:10.1/none"]
    async with any_database.reading() as db:
        found = await catalogue.named(db, keys)
    assert {key: paper.key for key, paper in found.items()} == {
        "doi:10.1103/physrevd.1": "arxiv:2603.00001",
        "arxiv:2603.00002": "arxiv:2603.00002",
    }


async def test_of_two_papers_with_one_doi_the_one_met_first_is_meant(any_database, clock):
    for number in (5, 1):
        await take(any_database, [arxiv(number, doi="10.1/twice")], clock())
    # PostgreSQL moves a row that is changed behind the others.
    await take(any_database, [arxiv(5, doi="10.1/twice", upvotes=1)], clock())
    async with any_database.reading() as db:
        found = await catalogue.named(db, ["doi:10.1/twice"])
    assert found["doi:10.1/twice"].key == "arxiv:2603.00005"
