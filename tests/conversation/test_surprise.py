"""The surprise dial, as a person meets it."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from bot.adapters import terminal_render
from bot.conversation import words
from bot.conversation.commands import COMMANDS, joined
from bot.conversation.messages import Edit, Send, Toast
from bot.conversation.service import Conversation
from bot.conversation.surprise import Surprise
from bot.conversation.taps import Act, Tap, encode
from tests.conversation.journey import ADA, Journey
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper


@pytest.fixture
def desk():
    return ScriptedDesk([paper(1)])


@pytest.fixture
def conversation(desk):
    return Conversation(desk, lambda: NOW, [Surprise(desk)])


@pytest.fixture
def ada(conversation):
    return Journey(conversation)


async def test_without_a_number_the_dial_is_shown_with_a_button_for_each_place(ada):
    await ada.command("/surprise")
    assert "Surprise is at 2: mostly your taste" in ada.last
    assert "how much the papers of one digest differ from each other" in ada.last
    assert ada.transcript[-1] == "[0] [1] [*2] [3] [4]"


@pytest.mark.parametrize("place", range(5))
async def test_a_number_sets_the_dial_and_the_answer_says_what_it_does(ada, desk, place):
    await ada.command(f"/surprise {place}")
    assert desk.readers["1"].surprise == place
    assert f"Surprise is at {place}: " in ada.last
    assert f"[*{place}]" in ada.transcript[-1]


async def test_a_tap_sets_the_dial_and_draws_it_anew(ada, desk):
    await ada.command("/surprise")
    toast, edit = await ada.tap("4")
    assert toast == Toast("Stored. The next papers I choose follow it.")
    assert isinstance(edit, Edit)
    assert ada.transcript[-1] == "~ [0] [1] [2] [3] [*4]"
    assert desk.readers["1"].surprise == 4


@pytest.mark.parametrize("text", ["5", "-1", "much", "2.5", "3 4", "٣", "9" * 5_000])
async def test_anything_else_changes_nothing_and_is_told_what_is_expected(ada, desk, text):
    await ada.command("/surprise 1")
    await ada.command(f"/surprise {text}")
    assert ada.transcript[-1] == words.SURPRISE_WANTS_A_NUMBER
    assert desk.readers["1"].surprise == 1


@pytest.mark.parametrize("argument", ["", "5", "-1", "33"])
async def test_a_forged_button_changes_nothing(ada, desk, argument):
    await ada.command("/surprise 1")
    answer = await ada.press(encode(Tap(Act.SURPRISE, argument=argument)), ada.newest())
    assert answer == [Toast(words.OLD_BUTTON)]
    assert desk.readers["1"].surprise == 1


async def test_without_a_database_nothing_is_claimed_to_be_stored(ada, desk):
    await ada.command("/surprise")
    desk.is_away = True
    assert await ada.tap("0") == [Toast(words.NOTHING_STORED)]
    await ada.command("/surprise 0")
    assert ada.transcript[-1] == words.NOTHING_STORED


async def test_where_others_read_along_the_dial_is_shown_to_the_asker_alone(conversation):
    reader = Journey(conversation, replace(ADA, is_private=False))
    (answer,) = await reader.command("/surprise 3")
    assert answer.is_private
    _, again = await reader.tap("1")
    assert isinstance(again, Send)
    assert again.is_private


async def test_in_the_terminal_the_dials_numbers_are_the_keys(ada):
    await ada.command("/surprise")
    message = ada.messages[ada.newest()]
    keys = terminal_render.keys(message)
    assert {key: button.label for key, button in keys.items()} == {str(n): str(n) for n in range(5)}
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(terminal_render.drawn(message, is_plain=True))
    assert "[4]" in console.file.getvalue().replace("\u00a0", " ")


def test_the_slash_command_takes_a_whole_number_from_0_to_4():
    (spec,) = [spec for spec in COMMANDS if spec.name == "surprise"]
    (option,) = spec.options
    assert (option.kind, option.minimum, option.maximum) == ("whole", 0, 4)
    assert joined("surprise", {option.name: 0}) == "0"
