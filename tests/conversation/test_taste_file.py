"""A taste file of another installation is taken in, or it is said why not."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import references, teaching_words, words
from bot.conversation.entries import Entry
from bot.conversation.events import Said, SentFile
from bot.conversation.service import Conversation
from bot.conversation.taste_file import (
    MOST_PAPERS,
    Misread,
    TakenIn,
    TasteFiles,
    TastePaper,
    parsed,
)
from bot.conversation.told_file import SaidOf, ToldFile
from recommender.feedback import Verdict
from recommender.wishes import Kind, Standing, Topic
from tests.conversation.journey import ADA, shown
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper

TOLD = ToldFile(
    (Topic(Kind.AUTHOR, "Zoë Ångström"), Topic(Kind.CATEGORY, "cs.RO")),
    (Topic(Kind.WORD, "graph flow"),),
    (SaidOf(("arxiv:2611.00001", "arxiv:2611.00002"), Standing.BOOSTED, "my graphs"),),
)


class Knowing:
    """Knows some papers, and finds others when it asks, but never asks for those of `unasked`."""

    def __init__(self, known=(), findable=(), unasked=(), is_away=False):
        self.known, self.findable = set(known), set(findable)
        self.unasked, self.is_away = set(unasked), is_away

    async def take_in(self, reader, event, papers):
        lacking = tuple(p for p in papers if p.key not in self.known)
        return TakenIn(len(papers) - len(lacking), lacking)

    async def take_in_asking(self, reader, event, papers):
        self.known |= self.findable
        taken = await self.take_in(reader, event, papers)
        left = tuple(p for p in taken.lacking if p.key in self.unasked)
        lacking = tuple(p for p in taken.lacking if p not in left)
        return TakenIn(taken.stored, lacking, left, self.is_away)


class Telling:
    """Keeps what a file tells; `new` is how much of it is."""

    def __init__(self, new=0):
        self.new, self.told = new, []

    async def take_in_told(self, reader, told):
        self.told.append(told)
        return self.new


async def sent(content, desk=None, name="taste.json", tells=None):
    """Return what is said to a person who sends a file."""
    reading = TasteFiles(desk or Knowing(), tells or Telling())
    conversation = Conversation(ScriptedDesk([paper(1)]), lambda: NOW, files=[reading])
    event = Said("1", ADA, name, files=(SentFile(name, content),))
    return ["\n".join(shown(a.message)) async for a in conversation.answer(event)]


def file_of(*numbers, **changes):
    entries = [Entry(paper(n), "like", NOW) for n in numbers]
    return json.dumps(json.loads(references.taste(entries)) | changes).encode()


async def test_what_is_known_is_taken_in_at_once_and_the_rest_after_asking():
    desk = Knowing(["arxiv:2611.00001"], ["arxiv:2611.00002"])
    first, second = await sent(file_of(1, 2, 3), desk)
    assert first == words.taste_taken_in(3, 1, 2)
    unknown = teaching_words.unknown(["Paper number 3"], 0)
    assert second == f"{words.taste_found(1)}\n\n{unknown}"
    assert await sent(file_of(1), desk) == [words.taste_taken_in(1, 1, 0)]


async def test_papers_that_arxiv_cannot_have_are_not_said_to_be_asked_for():
    foreign = replace(paper(2), key="doi:10.1000/2")
    entries = [Entry(paper(1), "like", NOW), Entry(foreign, "like", NOW)]
    first, second = await sent(references.taste(entries).encode())
    assert first == words.taste_taken_in(2, 0, 1)
    assert second == teaching_words.unknown(["Paper number 1", "Paper number 2"], 0)


@pytest.mark.parametrize(
    ("is_away", "say"), [(False, words.taste_left), (True, words.taste_left_away)]
)
async def test_what_arxiv_was_not_asked_for_is_not_called_unknown(is_away, say):
    keys = [f"arxiv:2611.{n:05d}" for n in range(1, 151)]
    desk = Knowing(findable=keys[:40], unasked=keys[50:], is_away=is_away)
    first, second = await sent(file_of(*range(1, 151)), desk)
    assert first == words.taste_taken_in(150, 0, 150)
    assert first.count("this takes a minute") == 1
    found, unknown, left = second.split("\n\n")
    assert (found, left) == (words.taste_found(40), say(100))
    assert unknown.count("·") == 10
    assert "send the file again" in left


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (None, words.FILE_NOT_FETCHED),
        (b'{"format": "paperlark-taste", "version": 1, "papers": [', words.TASTE_BROKEN),
        (b'["paperlark-taste"]', words.TASTE_BROKEN),
        (file_of(1, version=2), words.TASTE_NEWER),
        (file_of(1, version="one"), words.TASTE_BROKEN),
        (file_of(), words.TASTE_EMPTY),
        (file_of(1, papers=7), words.TASTE_EMPTY),
        (file_of(*range(1, MOST_PAPERS + 2)), words.taste_too_long(MOST_PAPERS)),
    ],
)
async def test_a_file_that_cannot_be_used_says_why_and_what_to_do(content, answer):
    assert await sent(content) == [answer]


async def test_another_kind_of_file_is_still_only_its_name():
    assert await sent(b'{"name": "something else"}') == [words.NOT_UNDERSTOOD]


def test_what_one_installation_writes_another_reads():
    entries = [Entry(paper(1), "like"), Entry(paper(2), "", NOW), Entry(paper(3), "off_topic", NOW)]
    papers = [
        TastePaper("arxiv:2611.00001", "Paper number 1", Verdict.LIKE, False),
        TastePaper("arxiv:2611.00002", "Paper number 2", None, True),
        TastePaper("arxiv:2611.00003", "Paper number 3", Verdict.OFF_TOPIC, True),
    ]
    assert parsed(references.taste(entries).encode()) == (papers, ToldFile())
    assert parsed(references.taste(entries, TOLD).encode()) == (papers, TOLD)
    assert parsed(references.taste((), TOLD).encode()) == ([], TOLD)


async def test_what_the_file_tells_in_words_is_taken_in_after_its_papers():
    tells = Telling(new=4)
    content = references.taste([Entry(paper(1), "like")], TOLD).encode()
    first, second = await sent(content, Knowing(["arxiv:2611.00001"]), tells=tells)
    assert first == words.taste_taken_in(1, 1, 0)
    assert second.startswith("Of what you follow, mute and say of your interests 4 things are new")
    assert tells.told == [TOLD]
    (only,) = await sent(references.taste((), TOLD).encode())
    assert only == "What you follow, mute and say of your interests was here already."


@pytest.mark.parametrize(
    "told",
    [
        {"follows": [{"kind": "planet", "text": "Mars"}]},
        {"follows": [{"kind": "category", "text": "cs.XX"}]},
        {"mutes": [{"kind": "word", "text": "?!"}, "word", None]},
        {"mutes": {"kind": "word", "text": "graph"}},
        {"interests": [{"standing": "muted", "papers": []}]},
        {"interests": [{"standing": "adored", "papers": ["arxiv:1"]}]},
        {"interests": [{"standing": "kept", "name": "", "papers": ["arxiv:1"]}]},
        {"interests": [{"standing": "muted", "papers": [7, "../../etc"]}]},
    ],
)
def test_what_makes_no_sense_in_a_file_is_left_out(told):
    _, found = parsed(file_of(1, **told))
    assert not found


FIELDS = (
    "format version papers key verdict saved title text follows mutes interests kind name standing"
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["like", "arxiv:1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS.split()),
            inner,
        )
    ),
    max_leaves=12,
)


@given(
    values
    | st.lists(values).map(lambda p: {"format": "paperlark-taste", "version": 1, "papers": p})
)
def test_no_file_can_do_more_than_be_refused(document):
    with suppress(Misread):
        papers, told = parsed(json.dumps(document).encode())
        assert papers or told
        assert all(p.verdict or p.is_saved for p in papers)
