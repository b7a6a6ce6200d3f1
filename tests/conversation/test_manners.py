"""Who floods is slowed, alone and politely; what is let lie is not stored."""

from dataclasses import replace

import pytest

from bot.conversation import manners
from bot.conversation.events import Left, Platform
from bot.conversation.messages import Send, Toast
from bot.conversation.service import Conversation
from bot.personal_pace import A_SECOND, AT_ONCE, SILENCE, PersonalPace
from storage.dialogue_state import LocalState, open_state
from tests.conversation.journey import ADA, BOB, Journey
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper
from tests.house import person


@pytest.fixture
def state(seconds):
    return LocalState(seconds)


@pytest.fixture
def desk():
    return ScriptedDesk([paper(n) for n in range(1, 200)])


@pytest.fixture
def conversation(desk, state):
    return Conversation(desk, lambda: NOW, patience=PersonalPace(state))


@pytest.fixture
def ada(conversation):
    return Journey(conversation)


async def test_who_sends_too_much_is_told_once_and_nobody_else_is_slowed(ada, conversation):
    answers = [len(await ada.command("/help")) for _ in range(AT_ONCE + 30)]
    assert answers == [1] * (AT_ONCE + 1) + [0] * 29
    assert ada.transcript[-30] == manners.SLOW_DOWN
    bob = Journey(conversation, BOB)
    assert len(await bob.command("/help")) == 1


async def test_who_slows_down_is_answered_again(ada, seconds):
    for _ in range(AT_ONCE + 5):
        await ada.command("/help")
    seconds.now += 1.0
    answers = [len(await ada.command("/help")) for _ in range(5)]
    assert answers == [1] * round(A_SECOND) + [0] * (5 - round(A_SECOND))
    seconds.now += AT_ONCE / A_SECOND
    assert all([len(await ada.command("/help")) for _ in range(AT_ONCE)])
    seconds.now += max(SILENCE - 31, 0)
    for _ in range(AT_ONCE * 2):
        await ada.command("/help")
    assert ada.transcript.count(manners.SLOW_DOWN) == 2


async def test_a_tap_that_is_let_lie_says_so_each_time_and_stores_nothing(ada, desk):
    await ada.command("/pick")
    first = ada.newest()
    for _ in range(AT_ONCE - 1):
        await ada.command("/help")
    for _ in range(3):
        assert await ada.tap("👍 Like", first) == [Toast(manners.SLOW_DOWN)]
    assert desk.opinions == {}
    assert len(manners.SLOW_DOWN) <= 200


async def test_where_others_read_along_the_line_is_for_the_flooder_alone(conversation, desk):
    group = Journey(conversation, replace(BOB, is_private=False))
    for _ in range(AT_ONCE):
        await group.say("x")
    (line,) = await group.say("x")
    assert isinstance(line, Send)
    assert line.is_private


async def test_who_is_shut_out_gets_not_even_that_line(ada, desk):
    desk.banned.add(ADA.account)
    for _ in range(AT_ONCE + 5):
        assert await ada.command("/help") == []


async def test_that_somebody_left_is_always_heard(conversation, ada, desk):
    for _ in range(AT_ONCE + 5):
        await ada.command("/help")
    assert [a async for a in conversation.answer(Left("e", ADA))] == []
    assert desk.gone == [ADA.account]


async def test_lines_piped_into_the_terminal_are_never_too_many(state):
    pace = PersonalPace(state)
    local = person("local", Platform.TERMINAL)
    assert [await pace.tried(local) for _ in range(AT_ONCE * 3)] == [None] * AT_ONCE * 3


async def test_a_crowd_leaves_nothing_in_memory(state, seconds):
    pace = PersonalPace(state)
    for number in range(20_000):
        await pace.tried(person(str(number)))
        seconds.now += 0.01
    assert state.size < 10_000


async def test_processes_count_together_where_they_share_a_server(redis_server):
    one, other = (open_state(redis_server.url) for _ in range(2))
    paces = [PersonalPace(state) for state in (one, other)]
    who = person("a flooder of this test")
    told = [await paces[n % 2].tried(who) for n in range(AT_ONCE + 40)]
    slowed = [answer for answer in told if answer]
    keys = [key async for key in one.redis.scan_iter("*")]
    await one.close()
    await other.close()
    assert 20 <= len(slowed) <= 40  # some seconds may have passed
    assert sum(answer.is_news for answer in slowed) == 1
    assert not any("flooder" in key for key in keys)
