"""A note is written in each platform's own way, and is never anybody else's."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import notes_words, words
from bot.conversation.events import Platform
from bot.conversation.messages import Ask, Send
from bot.conversation.notes import LONGEST_NOTE
from bot.conversation.taps import Act, Tap, encode
from recommender.papers import PaperId
from tests.conversation.journey import ADA, BOB, Journey
from tests.conversation.scripted_desk import ScriptedDesk, paper, talking

NOTE_ON_ONE = encode(Tap(Act.WRITE, PaperId(1)))


@pytest.fixture
def desk():
    return ScriptedDesk([paper(n) for n in range(1, 4)])


@pytest.fixture
def ada(desk):
    return Journey(talking(desk))


async def asked(journey):
    """Save a paper and tap its 📝; return what was asked."""
    await journey.command("/pick")
    await journey.tap("🔖 Save")
    (ask,) = await journey.tap(words.NOTE)
    return ask


async def test_a_reply_to_the_question_is_the_note(ada, desk):
    ask = await asked(ada)
    assert isinstance(ask, Ask)
    assert ada.transcript[-1].startswith(f"{notes_words.NOTE_SIGN} Reply to this message")
    await ada.reply("read the proof  again", ada.newest())
    assert ada.transcript[-1] == "Noted on Paper number 1"
    assert desk.notes == {(1, 1): "read the proof again"}
    (again,) = await ada.command("/note")
    assert again.value == "read the proof again"
    await ada.reply("-", ada.newest())
    assert desk.notes == {(1, 1): ""}


async def test_a_reply_is_known_by_the_question_however_much_has_happened_since(ada, desk):
    await asked(ada)
    question = ada.newest()
    await ada.command("/pick")
    await ada.tap("👍 Like")
    later = Journey(talking(desk))  # another process, that has sent nothing
    later.messages = dict(ada.messages)
    await later.reply("of the first one", question)
    assert desk.notes == {(1, 1): "of the first one"}


async def test_a_reply_to_anything_else_is_no_note(ada, desk):
    (card,) = await ada.command("/pick")
    await ada.reply("2611.00002", ada.newest())
    assert "Paper number 2 | 👍 Liked" in ada.last
    assert desk.notes == {}
    assert card


async def test_where_others_read_along_a_reply_is_refused_and_stores_nothing(ada, desk):
    await asked(ada)
    for person in (replace(BOB, is_private=False), replace(ADA, is_private=False)):
        stranger = Journey(talking(desk), person)
        stranger.messages = dict(ada.messages)
        await stranger.reply("mine now", ada.newest())
        assert stranger.transcript[-1] == notes_words.NOTE_NEEDS_PRIVACY
    assert desk.notes == {}


async def test_what_somebody_else_replies_is_their_own_note(ada, desk):
    await asked(ada)
    bob = Journey(talking(desk), BOB)
    bob.messages = dict(ada.messages)
    await bob.reply("bob's", ada.newest())
    await bob.fill(NOTE_ON_ONE, "bob's again")
    assert desk.notes == {(2, 1): "bob's again"}


async def test_a_form_that_comes_back_is_the_note_and_an_empty_one_takes_it_away(ada, desk):
    ask = await asked(ada)
    assert ask.data == NOTE_ON_ONE
    assert (ask.label, ask.value, ask.most) == ("Paper number 1", "", LONGEST_NOTE)
    (send,) = await ada.fill(ask.data, "for #group")
    assert send.is_private
    assert desk.notes == {(1, 1): "for #group"}
    await ada.fill(ask.data, "  ")
    assert ada.transcript[-1] == "There is no note any more on Paper number 1"


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        ("v:1", words.OLD_BUTTON),
        ("", words.OLD_BUTTON),
        (encode(Tap(Act.WRITE)), words.OLD_BUTTON),
        (encode(Tap(Act.LIKE, 1)), words.OLD_BUTTON),
        (encode(Tap(Act.WRITE, 99)), words.NO_SUCH_PAPER),
    ],
)
async def test_a_forged_form_stores_nothing(ada, desk, data, answer):
    await ada.fill(data, "mine")
    assert ada.transcript[-1] == answer
    assert desk.notes == {}
    assert not any(o.verdict for o in desk.opinions.values())


async def test_a_note_that_is_too_long_or_empty_says_what_to_do(ada, desk):
    await asked(ada)
    question = ada.newest()
    await ada.reply("x" * (LONGEST_NOTE + 1), question)
    assert ada.transcript[-1] == words.note_too_long(LONGEST_NOTE)
    await ada.reply(" \u200b ", question)
    assert ada.transcript[-1] == notes_words.NOTE_IS_EMPTY
    assert desk.notes == {}


async def test_a_question_about_a_paper_that_is_gone_says_what_to_do(ada, desk):
    await asked(ada)
    desk.papers = desk.papers[1:]
    await ada.reply("gone", ada.newest())
    assert ada.transcript[-1] == notes_words.NOTE_OF_WHAT


@given(st.text(max_size=1_200), st.text(max_size=80))
async def test_whatever_is_written_gets_one_answer_and_is_nobody_elses(written, data):
    desk = ScriptedDesk([paper(1), paper(2)])
    ada = Journey(talking(desk), replace(ADA, platform=Platform.DISCORD))
    await asked(ada)
    question = ada.newest()
    for answers in (
        await ada.reply(written, question),
        await ada.fill(NOTE_ON_ONE, written),
        await ada.fill(data, written),
    ):
        assert len(answers) == 1
        assert isinstance(answers[0], Send)
    assert {user for user, _ in desk.notes} <= {1}
    assert all(len(note) <= LONGEST_NOTE for note in desk.notes.values())
