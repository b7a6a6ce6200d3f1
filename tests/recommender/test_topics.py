"""Whose papers, and about what: names and words as people and sources write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.names import parsed
from recommender.papers import Paper, PaperId
from recommender.topics import Topics, is_same, wishes, worded
from recommender.wishes import NOTHING, Kind, Told, Topic

ONE_PERSON = [
    ("Geoffrey Hinton", "Hinton, Geoffrey"),
    ("Geoffrey Hinton", "Geoffrey E. Hinton"),
    ("geoffrey hinton", "G. E. Hinton"),
    ("Hinton", "Geoffrey Hinton"),
    ("Hinton, G. E., Jr.", "Geoffrey Hinton"),
    ("Bernhard Schölkopf", "Bernhard Schoelkopf"),
    ("Bernhard Schölkopf", "B. Scholkopf"),
    ("Laurens van der Maaten", "L.J.P. van der Maaten"),
    ("van der Maaten, Laurens", "Laurens Maaten"),
    ("Gabriel García Márquez", "Garcia Marquez, Gabriel"),
    ("Søren Kierkegård", "Soren Kierkegaard"),
    ("Xiao-Ming Wang", "Xiaoming Wang"),
    ("Jean-Baptiste Lamarck", "J.-B. Lamarck"),
    ("JB Smith", "John B. Smith"),
    ("Łukasz Kaiser", "Lukasz Kaiser"),
    ("Sammy Davis Jr.", "S. Davis"),
    ("王小明", "王小明"),
]
OTHERS = [
    ("Geoffrey Hinton", "George Hinton"),
    ("Geoffrey E. Hinton", "Geoffrey F. Hinton"),
    ("Geoffrey Hinton", "Geoffrey Hintons"),
    ("Li Xu", "Li Xue"),
    ("Yi Li", "Ying Li"),
    ("Wei LI", "W. L. Zhang"),
    ("Di Wang", "Le Wang"),
    ("", "Geoffrey Hinton"),
    (", ,", ","),
]


@pytest.mark.parametrize(("one", "other"), ONE_PERSON)
def test_a_name_is_known_in_each_of_its_spellings(one, other):
    assert parsed(one).may_be(parsed(other))
    assert parsed(other).may_be(parsed(one))


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_people_are_not_taken_for_an_author(one, other):
    assert not parsed(one).may_be(parsed(other))
    assert not parsed(other).may_be(parsed(one))


words = st.text(st.characters(categories=("Lu", "Ll")), min_size=1, max_size=8)


@given(st.lists(words, min_size=2, max_size=4))
def test_turning_a_name_round_a_comma_changes_nothing(parts):
    straight = " ".join(parts)
    turned = f"{parts[-1]}, {' '.join(parts[:-1])}"
    assert parsed(straight).may_be(parsed(turned))


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_written_names_are_compared_both_ways_alike(one, other):
    assert parsed(one).may_be(parsed(other)) == parsed(other).may_be(parsed(one))


def paper(number, **changes):
    plain = {
        "title": f"Paper {number}",
        "abstract": "",
        "authors": (),
        "categories": (),
        "announced": date(2026, 3, number),
    }
    return Paper(PaperId(number), f"arxiv:2603.{number:05}", **plain | changes)


@pytest.fixture
def index():
    return Topics(
        [
            paper(1, authors=("Zoë Ångström", "Ada Lovelace"), categories=("cs.LG", "stat.ML")),
            paper(2, authors=("Lovelace, A.",), title="Self-supervised graph neural networks"),
            paper(3, abstract="A neural graph. Large models of language.", categories=("cs.RO",)),
            paper(4, abstract="We train a Large Language Model.", categories=("cs.LG",)),
        ]
    )


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        (Kind.AUTHOR, "ada lovelace", [2, 1]),
        (Kind.AUTHOR, "Angstrom", [1]),
        (Kind.AUTHOR, "Augusta Lovelace", [2]),
        (Kind.CATEGORY, "CS.lg", [4, 1]),
        (Kind.CATEGORY, "cs", []),
        (Kind.WORD, "graph neural network", [2]),
        (Kind.WORD, "Self supervised", [2]),
        (Kind.WORD, "large language models", [4]),
        (Kind.WORD, "model", [4, 3]),
        (Kind.WORD, "mode", []),
        (Kind.WORD, "?!", []),
    ],
)
def test_a_topic_finds_its_papers_the_newest_first(index, kind, text, found):
    assert index.papers(Topic(kind, text)) == found


ADA, ROBOTS = Topic(Kind.AUTHOR, "Ada Lovelace"), Topic(Kind.CATEGORY, "cs.RO")


def test_a_muted_word_or_category_hides_no_paper_of_a_followed_author(index):
    mutes = (Topic(Kind.WORD, "graph"), Topic(Kind.CATEGORY, "cs.LG"))
    found = wishes(index, Told(follows=(ADA, ROBOTS), mutes=mutes))
    assert found.muted == {3, 4}
    assert found.promised == {2: ADA, 1: ADA}
    assert found.wanted == {}  # of what is muted nothing comes for a word or a category


def test_a_muted_author_hides_the_papers_of_a_followed_one_too(index):
    found = wishes(index, Told(follows=(ADA,), mutes=(Topic(Kind.AUTHOR, "Zoë Ångström"),)))
    assert found.muted == {1}
    assert found.promised == {2: ADA}


def test_who_told_nothing_wishes_nothing(index):
    assert wishes(index, Told()) is NOTHING


def test_two_spellings_of_one_topic_are_one():
    assert is_same(Topic(Kind.AUTHOR, "Hinton, Geoffrey"), Topic(Kind.AUTHOR, "geoffrey hinton"))
    assert not is_same(Topic(Kind.AUTHOR, "G. Hinton"), Topic(Kind.AUTHOR, "Geoffrey Hinton"))
    assert is_same(Topic(Kind.WORD, "Self-Supervised"), Topic(Kind.WORD, "self supervised"))
    assert not is_same(Topic(Kind.WORD, "hinton"), Topic(Kind.AUTHOR, "hinton"))


@given(st.text(max_size=60))
def test_the_words_of_a_text_are_the_same_however_often_they_are_taken(text):
    assert worded(worded(text)) == worded(text)
