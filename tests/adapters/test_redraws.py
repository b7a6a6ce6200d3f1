"""What many people change is drawn at once, then seldom, and never not at all."""

import asyncio
from datetime import timedelta

import pytest

from bot.adapters.redraws import Redraws
from bot.conversation.events import MessageRef
from bot.conversation.messages import Message, plain
from bot.conversation.ports import RecipientGone, TemporarilyUnavailable, TryLater
from tests.conftest import BOUND

HOUR = 3600.0
DIGEST, OLDER, ELSEWHERE = (
    MessageRef("-1", "1"), MessageRef("-1", "2"), MessageRef("-2", "1"),
)  # fmt: skip


class Board:
    """A count that is drawn; notes each edit, and raises what the test put in, once each."""

    def __init__(self):
        self.count = 0
        self.drawn = []
        self.refusals = []
        self._news = asyncio.Event()

    def vote(self, redraws, ref=DIGEST):
        self.count += 1
        redraws.put(ref, self.draw)

    async def draw(self):
        return Message(plain(str(self.count)))

    async def edit(self, ref, message):
        self._news.set()
        if self.refusals:
            raise self.refusals.pop(0)
        self.drawn.append((ref, message.text[0].text))

    async def edits(self, n):
        async with asyncio.timeout(BOUND):
            while len(self.drawn) < n:
                self._news.clear()
                await self._news.wait()
        return self.drawn


@pytest.fixture
def board():
    return Board()


async def test_a_hundred_votes_are_two_edits_and_the_second_has_them_all(board):
    redraws = Redraws(board.edit, HOUR)
    board.vote(redraws)
    await board.edits(1)
    for _ in range(99):
        board.vote(redraws)
    await redraws.finish(BOUND)
    assert board.drawn == [(DIGEST, "1"), (DIGEST, "100")]


async def test_all_messages_of_a_chat_share_its_pace_and_other_chats_do_not_wait(board):
    redraws = Redraws(board.edit, HOUR)
    for ref in (DIGEST, OLDER, ELSEWHERE):
        board.vote(redraws, ref)
    await board.edits(2)
    assert {ref for ref, _ in board.drawn} == {DIGEST, ELSEWHERE}
    await redraws.finish(BOUND)
    assert [ref for ref, _ in board.drawn] == [DIGEST, ELSEWHERE, OLDER]


async def test_a_platform_that_asks_for_patience_gets_the_edit_later(board):
    board.refusals = [TryLater(timedelta())]
    redraws = Redraws(board.edit, 0.0)
    board.vote(redraws)
    assert await board.edits(1) == [(DIGEST, "1")]
    await redraws.finish(BOUND)


async def test_a_platform_that_asks_for_patience_at_the_end_is_not_asked_again_and_again(board):
    redraws = Redraws(board.edit, HOUR)
    board.vote(redraws)
    await board.edits(1)
    board.refusals = [TryLater(timedelta(seconds=30))] * 50
    board.vote(redraws)
    await redraws.finish(BOUND)
    assert len(board.refusals) == 49


@pytest.mark.parametrize("trouble", [RecipientGone(), TemporarilyUnavailable(), ValueError()])
async def test_an_edit_that_fails_costs_itself_and_nothing_else(board, trouble):
    board.refusals = [trouble]
    redraws = Redraws(board.edit, 0.0)
    board.vote(redraws)
    board.vote(redraws, OLDER)
    assert await board.edits(1) == [(OLDER, "2")]
    board.vote(redraws)
    assert await board.edits(2) == [(OLDER, "2"), (DIGEST, "3")]
    await redraws.finish(BOUND)


async def test_what_is_not_there_any_more_is_left_alone(board):
    async def nothing():
        return None

    redraws = Redraws(board.edit, 0.0)
    redraws.put(DIGEST, nothing)
    await redraws.finish(BOUND)
    assert board.drawn == []


async def test_an_edit_that_hangs_does_not_keep_the_program_from_ending():
    async def never(ref, message):
        await asyncio.Event().wait()

    async def draw():
        return Message(plain("x"))

    redraws = Redraws(never, HOUR)
    redraws.put(DIGEST, draw)
    async with asyncio.timeout(BOUND):
        await redraws.finish(0.01)
