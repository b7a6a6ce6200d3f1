"""How versions and sources of one paper become one paper."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.papers import Link
from storage.merging import first, merged
from tests.contracts.examples import MONDAY, arxiv, hugging_face


def test_an_older_version_or_a_source_without_versions_only_fills_gaps():
    have = merged(first(arxiv(1, version=3, comment=None)), arxiv(1, version=2, comment="short"))
    assert (have.version, have.comment) == (3, "short")
    have = merged(have, arxiv(1, version=2, title="Old", abstract="Old"))
    have = merged(have, hugging_face(1, title="Other", abstract="Other", authors=("Nobody",)))
    assert (have.title, have.abstract) == ("Paper number 1", "We study subject 1.")
    assert (have.authors, have.upvotes) == (("Ada Lovelace", "Zoë Ångström"), 12)


def test_nothing_known_is_erased_by_a_source_that_does_not_know_it():
    full = first(arxiv(1, doi="10.1/x", comment="c", links=(Link("code", "u"),), upvotes=5))
    bare = arxiv(1, version=2, abstract=None, authors=(), categories=(), upvotes=None)
    assert merged(full, bare) == first(
        arxiv(1, version=2, doi="10.1/x", comment="c", links=(Link("code", "u"),), upvotes=5)
    )


def test_a_withdrawn_paper_stays_withdrawn_until_a_newer_version_takes_it_back():
    gone = merged(first(arxiv(1)), arxiv(1, version=2, is_withdrawn=True))
    assert gone.is_withdrawn
    assert merged(gone, arxiv(1, version=2)).is_withdrawn
    assert merged(gone, hugging_face(1)).is_withdrawn
    assert not merged(gone, arxiv(1, version=3)).is_withdrawn


@pytest.mark.parametrize(
    ("key", "published", "day"),
    [
        ("arxiv:2301.12652", datetime(2023, 1, 30, tzinfo=UTC), date(2023, 1, 30)),
        ("arxiv:2301.12652", None, date(2023, 1, 1)),
        ("arxiv:hep-th/9901001", None, date(1999, 1, 1)),
        ("hf:something", None, MONDAY),
    ],
)
def test_a_replacement_of_a_paper_we_never_had_does_not_pass_for_new(key, published, day):
    new = arxiv(1, key=key, published=published, version=4, is_replacement=True)
    assert first(new).announced == day


versions = st.builds(
    arxiv,
    st.just(1),
    title=st.sampled_from(["A", "B", ""]),
    abstract=st.sampled_from([None, "a", "b"]),
    version=st.sampled_from([None, 1, 2, 3]),
    upvotes=st.sampled_from([None, 0, 4]),
    links=st.sampled_from([(), (Link("code", "u"),), (Link("project", "v"),)]),
    is_withdrawn=st.booleans(),
    is_sample=st.booleans(),
    is_replacement=st.booleans(),
)


@given(st.lists(versions, min_size=1), versions)
def test_merging_the_same_twice_is_merging_it_once(before, new):
    have = first(before[0])
    for other in before[1:]:
        have = merged(have, other)
    once = merged(have, new)
    assert merged(once, new) == once
    assert once.upvotes >= (0 if have.is_sample else have.upvotes)
    if not have.is_sample:
        assert once.announced == have.announced
        assert once.version >= have.version
        assert set(have.links) <= set(once.links)
