"""What people may ask of arXiv: each of them, and all together."""

import json
from datetime import date

import pytest

from bot.asking import ALL_AT_ONCE, ALL_EACH, AT_ONCE, EACH, AskingPace
from bot.conversation import words
from bot.conversation.references import TASTE_FORMAT, TASTE_VERSION
from bot.conversation.search import Search
from bot.conversation.service import Conversation
from bot.conversation.taste_file import TasteFiles
from bot.conversation.teaching import BibliographyFiles, Teaching
from bot.desk import Desk
from bot.library_desk import LibraryDesk
from bot.look_up import SourceLookUp
from bot.search_desk import SearchDesk
from bot.shelf import Shelf
from bot.teaching_desk import TITLES_AT_ONCE, TeachingDesk
from bot.wishes_desk import WishesDesk
from storage.dialogue_state import LocalState, asks_of, taken_from
from tests.conversation.journey import Journey
from tests.house import NoSource, papers_of, person, stocked

TODAY = date(2026, 3, 2)
ABSENT = papers_of(TODAY, first=500)  # arXiv has them, the catalogue does not


class CountingArxiv:
    """Has some papers, and keeps what it is asked."""

    def __init__(self, papers):
        self.asked = []
        self._papers = papers

    async def look_up(self, keys):
        self.asked.append(tuple(keys))
        return [paper for paper in self._papers if paper.key in keys]

    async def titled(self, title):
        return await self.titled_any([title])

    async def titled_any(self, titles):
        self.asked.append(tuple(titles))
        return [paper for paper in self._papers if paper.title in titles]


@pytest.fixture
def state(seconds):
    return LocalState(seconds)


@pytest.fixture
def arxiv():
    return CountingArxiv(ABSENT)


@pytest.fixture
async def conversation(any_database, encoder, state, arxiv, clock, tmp_path):
    await stocked(any_database, papers_of(TODAY), clock())
    shelf = Shelf(any_database, tmp_path, lambda _: encoder)
    await shelf.refresh()
    look_up = SourceLookUp(any_database, arxiv, shelf, AskingPace(state), clock)
    desk = Desk(any_database, shelf, look_up, clock)
    search = SearchDesk(any_database, shelf, desk, state, clock)
    taught = TeachingDesk(any_database, shelf, look_up, state, clock, NoSource())
    told = WishesDesk(any_database, shelf, desk, clock, always=["cs.RO"], most=5)
    taste = TasteFiles(LibraryDesk(any_database, look_up, clock), told)
    teaching = Teaching(taught)
    return Conversation(
        desk,
        clock,
        [Search(search), teaching],
        [taste, BibliographyFiles(taught)],
        listeners=[teaching],
    )


@pytest.fixture
def ada(conversation):
    return Journey(conversation, person("7"))


async def used_up(journey):
    """Let somebody ask for papers that nobody has until they may ask no more; return how often."""
    for n in range(ALL_AT_ONCE):
        await journey.command(f"/similar 2512.{n:05}")
        if words.ASKED_TOO_MUCH in journey.last:
            return n
        assert words.NO_SUCH_PAPER in journey.last
    raise AssertionError("nothing ended it")


async def test_whoever_asks_by_similar_for_too_much_rests_alone_and_for_a_minute(
    ada, conversation, arxiv, seconds
):
    assert await used_up(ada) == AT_ONCE
    assert len(arxiv.asked) == AT_ONCE
    await ada.command(f"/like_this arxiv.org/abs/{ABSENT[0].key[6:]}")
    assert words.ASKED_TOO_MUCH in ada.last
    await ada.say(ABSENT[0].title)
    assert words.ASKED_TOO_MUCH in ada.last
    assert len(arxiv.asked) == AT_ONCE

    await ada.command("/similar 2603.00003")  # what is here is answered at once
    assert ada.actions[-1].message.digest
    ben = Journey(conversation, person("8"))
    await ben.command(f"/similar {ABSENT[0].key}")
    assert ben.actions[-1].message.digest
    seconds.now += 60
    await ada.command(f"/similar {ABSENT[1].key}")
    assert ada.actions[-1].message.digest


async def test_a_flood_of_people_leaves_half_of_what_arxiv_answers_to_the_days_papers(
    conversation, arxiv, seconds
):
    for minute in range(1, 6):
        for number in range(12):
            reader = Journey(conversation, person(f"{minute}-{number}"))
            for n in range(5):
                await reader.command(f"/similar 25{minute:02}.{number:02}{n:03}")
        assert words.ASKED_TOO_MUCH in reader.last
        seconds.now += 60
    assert len(arxiv.asked) <= ALL_AT_ONCE + 4 * 60 / ALL_EACH
    assert ALL_EACH >= 2 * 3.0  # arXiv answers one question every three seconds


async def test_every_question_for_a_file_counts_and_the_rest_waits_for_the_next_time(
    ada, arxiv, seconds
):
    await used_up(ada)
    seconds.now += 2 * EACH
    titles = [f"An Unheard Of Title Number {n}" for n in range(3 * TITLES_AT_ONCE)]
    file = "\n".join(f"@misc{{k, title={{{title}}}}}" for title in titles).encode()
    await ada.send("mine.bib", file)
    assert len(arxiv.asked) == AT_ONCE + 2
    left = f"I have not asked arXiv for {TITLES_AT_ONCE} of them yet"
    assert any(left in line for line in ada.transcript)


async def test_a_taste_file_says_when_arxiv_was_not_asked_and_goes_on_a_minute_later(
    ada, arxiv, seconds
):
    papers = [{"key": p.key, "title": p.title, "verdict": "like"} for p in ABSENT[2:4]]
    file = json_of(papers)
    await used_up(ada)
    asked = len(arxiv.asked)
    await ada.send("taste.json", file)
    assert ada.transcript[-1] == words.taste_left(2)
    assert len(arxiv.asked) == asked
    seconds.now += 60
    await ada.send("taste.json", file)
    assert ada.transcript[-1] == words.taste_found(2)


def json_of(papers):
    return json.dumps({"format": TASTE_FORMAT, "version": TASTE_VERSION, "papers": papers}).encode()


async def test_what_was_counted_of_somebody_can_be_forgotten(state):
    pace = AskingPace(state)
    for _ in range(AT_ONCE):
        assert await pace.may_ask(7)
    assert not await pace.may_ask(7)
    await state.delete(taken_from(asks_of(7)))
    assert await pace.may_ask(7)
