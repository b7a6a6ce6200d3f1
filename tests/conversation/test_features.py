"""A part with commands and buttons of its own finds its place in the conversation."""

from dataclasses import replace

import pytest

from bot.conversation import words
from bot.conversation.features import in_place, privately
from bot.conversation.messages import Button, Edit, Message, Send, plain
from bot.conversation.ports import SourceUnavailable, UnknownPaper
from bot.conversation.service import Conversation
from bot.conversation.taps import Act, Tap, encode
from tests.conversation.journey import ADA, Journey
from tests.conversation.scripted_desk import NOW, ScriptedDesk, paper


class Counting:
    """Counts how often a reader tapped; its command begins."""

    def __init__(self):
        self.taps = {}
        self.commands = {"count": self._count}
        self.buttons = {Act.NEXT: self._tapped}

    async def _count(self, reader, command):
        match command.text:
            case "unknown":
                raise UnknownPaper
            case "away":
                raise SourceUnavailable
        yield privately(self._drawn(reader))

    async def _tapped(self, reader, pressed, tap):
        self.taps[reader.id] = self.taps.get(reader.id, 0) + 1
        yield in_place(pressed, self._drawn(reader))

    def _drawn(self, reader):
        count = Button("One more", encode(Tap(Act.NEXT)))
        return Message(plain(f"{self.taps.get(reader.id, 0)} taps"), buttons=((count,),))


class Lists:
    """Reads files whose papers nobody has, or nobody can be asked for."""

    def reads(self, file):
        return file.name.endswith(".list")

    async def read(self, reader, said, file):
        if file.name == "unknown.list":
            raise UnknownPaper
        raise SourceUnavailable
        yield  # an asynchronous generator, as every part of the conversation is


@pytest.fixture
def conversation():
    return Conversation(ScriptedDesk([paper(1)]), lambda: NOW, [Counting()], [Lists()])


async def test_a_feature_answers_its_command_and_its_button_for_each_reader(conversation):
    ada = Journey(conversation)
    bob = Journey(conversation, replace(ADA, account="2", chat="2"))
    for reader in (ada, bob):
        await reader.command("/count")
    assert isinstance((await ada.tap("One more"))[0], Edit)
    await ada.tap("One more")
    assert ada.transcript[-2:] == ["~ 2 taps", "~ [One more]"]
    await bob.tap("One more")
    assert "~ 1 taps" in bob.transcript


async def test_where_others_read_along_a_menu_is_drawn_for_the_asker_alone(conversation):
    group = Journey(conversation, replace(ADA, chat="9", is_private=False))
    await group.command("/count")
    (shown,) = await group.tap("One more")
    assert isinstance(shown, Send)
    assert shown.is_private


@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [("unknown", words.NO_SUCH_PAPER), ("away", words.SOURCE_AWAY)],
)
async def test_what_a_feature_cannot_have_is_said_in_the_usual_words(
    conversation, lacking, sentence
):
    ada = Journey(conversation)
    await ada.command(f"/count {lacking}")
    assert ada.transcript[-1] == sentence
    await ada.send(f"{lacking}.list", b"")
    assert ada.transcript[-2:] == [f"> {lacking}.list", sentence]
