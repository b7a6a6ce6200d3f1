"""Other catalogues are asked within a reader's budget, and left alone while they are away."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.conversation.ports import AskedTooMuch, Reader, SourceUnavailable
from bot.look_up import Elsewhere
from storage.sources import source
from storage.sources.elsewhere import Described

TOLD = {"doi:10.1/x": Described("A Title")}
AWAY = source.SourceUnavailable("rate_limited", timedelta(minutes=10))


class ScriptedCatalogue:
    def __init__(self, name, kind):
        self.name = name
        self.most = 2
        self.trouble = None
        self.asked = 0
        self._kind = kind

    def knows(self, paper):
        return paper.startswith(self._kind)

    async def described(self, papers):
        self.asked += 1
        if self.trouble:
            raise self.trouble
        return {paper: TOLD[paper] for paper in papers if paper in TOLD}


class Purse:
    def __init__(self):
        self.left = 100

    async def may_ask(self, user):
        self.left -= 1
        return self.left >= 0


@pytest.fixture
def scholar():
    return ScriptedCatalogue("semanticscholar", "doi:")


@pytest.fixture
def review():
    return ScriptedCatalogue("openreview", "openreview:")


@pytest.fixture
def purse():
    return Purse()


@pytest.fixture
def elsewhere(scholar, review, purse, clock):
    return Elsewhere([scholar, review], purse, clock)


@pytest.fixture
def ask(elsewhere):
    return lambda *papers: elsewhere.described(Reader(7, 7), papers)


async def test_only_who_may_know_is_asked_and_each_question_counts(ask, scholar, review, purse):
    assert await ask("doi:10.1/x", "doi:10.1/y") == TOLD | {"doi:10.1/y": None}
    assert await ask("arxiv:1706.03762") == {}
    assert (scholar.asked, review.asked, purse.left) == (1, 0, 99)


async def test_what_one_question_does_not_hold_is_not_called_unknown(ask):
    assert await ask("doi:10.1/y", "doi:10.1/z", "doi:10.1/x") == {
        "doi:10.1/y": None,
        "doi:10.1/z": None,
    }


async def test_a_budget_that_ends_between_two_questions_keeps_the_answer_to_the_first(ask, purse):
    purse.left = 1
    assert await ask("doi:10.1/x", "openreview:abcdef") == TOLD


async def test_a_reader_who_asked_for_too_much_asks_nobody(ask, scholar, purse):
    purse.left = 0
    with pytest.raises(AskedTooMuch):
        await ask("doi:10.1/x")
    assert scholar.asked == 0


async def test_who_is_away_is_left_alone_for_as_long_as_it_asks_and_logged_once(
    ask, scholar, clock
):
    scholar.trouble = AWAY
    with capture_logs() as logged:
        for _ in range(3):
            with pytest.raises(SourceUnavailable):
                await ask("doi:10.1/x")
        assert scholar.asked == 1
        clock.forward(minutes=11)
        with pytest.raises(SourceUnavailable):
            await ask("doi:10.1/x")
        scholar.trouble = None
        clock.forward(minutes=11)
        assert await ask("doi:10.1/x") == TOLD
    assert [(one["event"], one["source"]) for one in logged] == [
        ("elsewhere.away", "semanticscholar"),
        ("elsewhere.back", "semanticscholar"),
    ]
    assert logged[0]["why"] == "rate_limited"


async def test_one_that_is_away_hides_nothing_of_what_the_other_knows(ask, review):
    review.trouble = AWAY
    assert await ask("openreview:abcdef", "doi:10.1/x") == TOLD
