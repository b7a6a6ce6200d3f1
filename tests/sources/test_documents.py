"""What arXiv's and Hugging Face's documents say, and what cut-off and odd ones do not."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.sources.arxiv_calendar import announcement_day, days_before, submitted_for
from storage.sources.arxiv_documents import parse_daily, parse_page, split_authors
from storage.sources.huggingface import parse_rows
from storage.sources.remarks import is_withdrawn, links
from storage.sources.sample import sample_papers
from storage.sources.source import SourceUnavailable
from tests.local_feeds import FeedPaper, api_error, api_page, document
from tests.sources.conftest import TUESDAY

AUTHORS = (r"Ana G\'omez", r"J\"org M\"uller", "Li, Jr.")
PAPERS = [
    FeedPaper(
        "2605.00001",
        TUESDAY,
        title=r"On $\mathcal{O}(n)$ <fast> & exact search",
        abstract="We are quick. Code: https://github.com/a/b.",
        authors=AUTHORS,
        categories=("cs.DS", "cs.LG"),
        kind="cross",
        doi="10.1000/x",
    ),
    FeedPaper("2605.00002", TUESDAY, title="0", comment="9 pages"),
    FeedPaper("math/0309136", TUESDAY, kind="replace", version=4),
    FeedPaper("2604.00009", TUESDAY, kind="replace-cross", version=2),
]
forms = st.sampled_from(["rss", "atom"])
feed_papers = st.lists(st.sampled_from(PAPERS), max_size=12)


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_rss_and_atom_say_the_same(form):
    found = parse_daily(document(form, TUESDAY, PAPERS))
    assert (found.day, found.n_items) == (TUESDAY, 4)
    first = found.papers[0]
    assert first.key == "arxiv:2605.00001"
    assert first.title == r"On $\mathcal{O}(n)$ <fast> & exact search"
    assert first.abstract == "We are quick. Code: https://github.com/a/b."
    assert first.authors == AUTHORS
    assert first.categories == ("cs.DS", "cs.LG")
    assert first.doi == "10.1000/x"
    assert [(link.kind, link.url) for link in first.links] == [("code", "https://github.com/a/b")]
    assert [p.is_replacement for p in found.papers] == [False, False, True, True]
    assert [p.version for p in found.papers] == [1, 1, 4, 2]
    assert found.papers[1].title == "0"
    assert found.papers[2].key == "arxiv:math/0309136"


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_an_empty_day_is_no_fault(form):
    found = parse_daily(document(form, date(2026, 5, 9), []))
    assert (found.day, found.papers) == (date(2026, 5, 9), ())


@given(forms, feed_papers, st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_items_never_matter(form, papers, chance):
    shuffled = [*papers, *papers[:3]]
    chance.shuffle(shuffled)
    found = parse_daily(document(form, TUESDAY, papers)).papers
    again = parse_daily(document(form, TUESDAY, shuffled)).papers
    assert {p.key: p for p in found} == {p.key: p for p in again}
    assert len(found) == len({p.id for p in papers})


@given(forms, st.data())
def test_a_daily_document_that_was_cut_off_gives_nothing(form, data):
    body = document(form, TUESDAY, PAPERS)
    end = data.draw(st.integers(0, len(body.rstrip()) - 1))
    with pytest.raises(SourceUnavailable):
        parse_daily(body[:end])


@given(st.data())
def test_a_page_of_the_query_api_that_was_cut_off_gives_nothing(data):
    body = api_page(PAPERS, 4, 0, 10)
    with pytest.raises(SourceUnavailable):
        parse_page(body[: data.draw(st.integers(0, len(body.rstrip()) - 1))])


@given(st.binary(max_size=300))
def test_what_is_no_document_of_theirs_is_refused(body):
    for parse in (parse_daily, parse_page):
        with pytest.raises(SourceUnavailable):
            parse(body)


def test_what_is_new_and_replaced_on_one_day_is_new_in_its_last_version():
    first = FeedPaper("2605.00001", TUESDAY)
    second = replace(first, kind="replace", version=2, title="Better")
    for papers in ([first, second], [second, first]):
        (paper,) = parse_daily(document("atom", TUESDAY, papers)).papers
        assert (paper.title, paper.version, paper.is_replacement) == ("Better", 2, False)


def test_characters_that_xml_forbids_cost_nothing_but_themselves():
    paper = FeedPaper("2605.00001", TUESDAY, title="A\x0bB\x00C")
    body = document("atom", TUESDAY, [paper]).replace(b"We study", b"We&#x1; &#0;study\xff")
    (found,) = parse_daily(body).papers
    assert found.title == "ABC"
    assert found.abstract == "We study\ufffd something."


@pytest.mark.parametrize("parse", [parse_daily, parse_page])
def test_a_document_that_defines_entities_is_refused(parse):
    body = (
        b'<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
        b"<feed xmlns='http://www.w3.org/2005/Atom'><title>&x;</title></feed>"
    )
    with pytest.raises(SourceUnavailable, match="malformed"):
        parse(body)


def test_items_without_sense_are_left_out_and_the_others_stay():
    body = document("atom", TUESDAY, [PAPERS[1]])
    odd = (
        b"<entry><id>nothing</id></entry><entry/><entry><id>oai:arXiv.org:2605.00077v1</id></entry>"
    )
    (paper,) = parse_daily(body.replace(b"</feed>", odd + b"</feed>")).papers
    assert paper.key == "arxiv:2605.00002"


def test_arxiv_says_no_in_the_title_of_a_feed_and_in_an_entry():
    with pytest.raises(SourceUnavailable, match="unknown_category"):
        parse_daily(document("rss", TUESDAY, [], "Feed error for query: cs.XX"))
    with pytest.raises(SourceUnavailable, match="refused"):
        parse_page(api_error("incorrect id format for abc"))


def test_the_query_api_tells_what_the_feed_does_not():
    paper = replace(PAPERS[0], comment="ICML 2026", published=datetime(2026, 5, 4, 9, tzinfo=UTC))
    page = parse_page(api_page([paper], 214_881, 0, 10))
    (found,) = page.papers
    assert (page.n_entries, page.total) == (1, 214_881)
    assert found.title == PAPERS[0].title
    assert found.categories == ("cs.DS", "cs.LG")  # the primary one first
    assert found.comment == "ICML 2026"
    assert found.published == datetime(2026, 5, 4, 9, tzinfo=UTC)
    assert found.announced == TUESDAY


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Ada Byron, Alan Turing", ("Ada Byron", "Alan Turing")),
        ("Sammy Davis, Jr., Ken Griffey, Sr", ("Sammy Davis, Jr.", "Ken Griffey, Sr")),
        ("Henry Walton, III, Bo Li", ("Henry Walton, III", "Bo Li")),
        (r"A.\,B. One, {\c{S}}, Two", (r"A.\,B. One", r"{\c{S}}", "Two")),
        ("Ann (Lab, Town), Ben", ("Ann (Lab, Town)", "Ben")),
        (" ,, Ann ,", ("Ann",)),
        ("", ()),
    ],
)
def test_authors_are_split_at_the_commas_between_them(line, names):
    assert split_authors(line) == names


@given(st.text())
def test_no_line_of_authors_is_too_strange(line):
    assert all(name == " ".join(name.split()) != "" for name in split_authors(line))


@pytest.mark.parametrize(
    ("comment", "abstract", "expected"),
    [
        ("This paper has been withdrawn by the author", None, True),
        ("Withdrawn: an error in Theorem 2", None, True),
        ("The authors have withdrawn this article", None, True),
        ("This submission has been withdrawn by arXiv administrators", None, True),
        (None, "This paper has been withdrawn by the authors due to a crucial error.", True),
        ("12 pages; we study drugs withdrawn from the market", None, False),
        (None, "We study products that have been withdrawn from shelves.", False),
        (None, "x" * 400 + " This paper has been withdrawn.", False),
        (None, None, False),
    ],
)
def test_a_withdrawal_is_recognised_and_nothing_else(comment, abstract, expected):
    assert is_withdrawn(comment, abstract) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Code at https://github.com/a/b.", [("code", "https://github.com/a/b")]),
        ("see github.com/a/b_c", [("code", "https://github.com/a/b_c")]),
        (r"\url{https://github.com/a/b\_c}", [("code", "https://github.com/a/b_c")]),
        ("Project page: https://x.github.io/y/", [("project", "https://x.github.io/y/")]),
        ("Website (https://lab.example/p)", [("project", "https://lab.example/p")]),
        (
            "Code: https://github.com/a/b, project page: https://lab.example/p",
            [("code", "https://github.com/a/b"), ("project", "https://lab.example/p")],
        ),
        ("The published version: https://aclanthology.org/2026.x-1.18/", []),
        ("Data link in paper; Blog: https://example.com/blog", []),
        ("https://github.com", []),
        ("code: http://[::1", []),
    ],
)
def test_code_and_project_pages_are_found_by_their_addresses(text, expected):
    assert [(link.kind, link.url) for link in links(text)] == expected


@given(st.text(alphabet="htps:/.gitubcom[](){}\\~_ code,page@"))
def test_no_comment_is_too_strange(text):
    assert len(links(text, text)) <= 4


ROW = {"paper": {"id": "2605.00001", "title": "A\u0000 title"}}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
fields = st.sampled_from(
    ["id", "title", "summary", "authors", "publishedAt", "submittedOnDailyAt", "upvotes",
     "githubRepo", "projectPage"]
)  # fmt: skip


def test_of_hugging_faces_row_only_id_and_title_are_needed():
    (paper,) = parse_rows(json.dumps([ROW]).encode(), TUESDAY).papers
    assert (paper.key, paper.title, paper.announced) == ("arxiv:2605.00001", "A title", TUESDAY)
    assert (paper.upvotes, paper.version, paper.abstract) == (None, None, None)


@settings(max_examples=40)
@given(st.dictionaries(fields, values))
def test_any_field_of_hugging_face_may_be_anything(said):
    body = json.dumps(
        [{"paper": {**said, "id": "2605.00001", "title": "T"}}, said, {"paper": said}]
    )
    found = parse_rows(body.encode(), TUESDAY).papers
    assert found[0].key == "arxiv:2605.00001"


@settings(max_examples=40)
@given(values.filter(lambda value: not isinstance(value, list)))
def test_what_is_no_list_is_refused(value):
    with pytest.raises(SourceUnavailable, match="malformed"):
        parse_rows(json.dumps(value).encode(), TUESDAY)


@given(st.data())
def test_a_list_that_was_cut_off_gives_nothing(data):
    body = json.dumps([ROW, ROW]).encode()
    with pytest.raises(SourceUnavailable):
        parse_rows(body[: data.draw(st.integers(0, len(body) - 1))], TUESDAY)


def test_an_old_paper_that_hugging_face_lists_late_does_not_count_as_new():
    row = {"id": "1706.03762", "title": "T", "publishedAt": "2017-06-12T00:00:00.000Z"}
    row |= {"submittedOnDailyAt": "2026-05-05T00:00:00.000Z"}
    (paper,) = parse_rows(json.dumps([{"paper": row}]).encode(), TUESDAY).papers
    assert paper.announced == date(2017, 6, 12)


moments = st.datetimes(datetime(1995, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@given(moments)
def test_a_back_fill_asks_for_exactly_what_a_day_announced(moment):
    first, last = submitted_for(announcement_day(moment))
    assert first <= moment < last


@given(st.dates(date(1995, 1, 1), date(2090, 1, 1)), st.integers(1, 30))
def test_announcement_days_are_counted_back_without_weekends(day, count):
    days = days_before(day, count)
    assert len(days) == count
    assert all(d < day and d.weekday() < 5 for d in days)
    assert days == sorted(days, reverse=True)
    assert day - days[-1] <= timedelta(days=count * 7 / 5 + 4)


def test_the_bundled_sample_is_whole():
    papers = sample_papers()
    assert len(papers) >= 200
    assert len({p.key for p in papers}) == len(papers)
    assert len({p.categories[0] for p in papers}) >= 10
    assert all(p.is_sample and p.abstract and p.authors and p.title for p in papers)
