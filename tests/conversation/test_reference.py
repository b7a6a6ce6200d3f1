"""The reference of the commands is current, and its examples do what they say."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.conversation.commands import COMMANDS, OPERATOR_COMMANDS
from bot.conversation.events import Platform
from bot.conversation.messages import Send
from bot.conversation.reference import EXAMPLES, reference
from tests.conversation.journey import ADA, BOB, Journey
from tests.conversation.scripted_desk import ScriptedDesk, paper, talking
from tests.conversation.test_admin import OLGA
from tests.conversation.test_groups import ON_DISCORD

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "commands.md"
GUS = replace(ADA, platform=Platform.DISCORD, is_private=False, group=ON_DISCORD)
WRITTEN = [(name, words) for name, examples in EXAMPLES.items() for words, _ in examples]


def test_the_page_is_what_the_code_says():
    """If this fails: `paperlark commands > docs/commands.md`."""
    assert PAGE.read_text("utf-8") == reference()


def test_every_command_and_every_option_is_on_the_page():
    entries = {part.split("\n")[0]: part for part in reference().split("### /")}
    for spec in (*COMMANDS, *OPERATOR_COMMANDS):
        assert spec.description in entries[spec.name]
        assert all(f"| `{option.name}` |" in entries[spec.name] for option in spec.options)


def test_each_command_has_its_examples_and_nothing_else_has():
    assert EXAMPLES.keys() == {spec.name for spec in (*COMMANDS, *OPERATOR_COMMANDS)}


@pytest.fixture
async def conversation():
    """One in which Ada was shown a paper, saved it, and has an account to be linked."""
    desk = ScriptedDesk([paper(n, title="On graph flows") for n in range(1, 60)])
    talk = talking(desk)
    ada = Journey(talk, ADA)
    for _ in range(25):
        await ada.command("/pick")
        await ada.tap("🔖 Save")
    await ada.command("/note for later #thesis")
    desk.codes["A7K2PX"] = (await desk.reader(BOB)).id
    return talk


@pytest.mark.parametrize(("name", "words"), WRITTEN)
async def test_an_example_is_understood(conversation, name, words):
    journey = Journey(conversation, {"admin": OLGA, "channel": GUS}.get(name, ADA))
    await journey.command(f"/{name} {words}")
    assert isinstance(journey.actions[0], Send)
    refusals = (
        "I do not know /",
        "do not understand",
        "Nothing was changed",
        "no such page",
        "has “",
    )
    assert not [line for line in journey.transcript if any(r in line for r in refusals)]
