"""`/surprise 0–4`: the reader's dial from the familiar to the surprising."""

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from bot.conversation import words
from bot.conversation.events import Command, Pressed
from bot.conversation.features import Actions, chosen, privately
from bot.conversation.language import _
from bot.conversation.messages import Button, Message, Toast, plain
from bot.conversation.ports import Reader
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.text import visible

_DIAL = re.compile(r"[0-4]")


class KeepsDial(Protocol):
    """Where the dial is kept."""

    async def set_surprise(self, reader: Reader, surprise: int) -> Reader:
        """Set the dial, 0 to 4; commit. Raises TemporarilyUnavailable."""


class Surprise:
    """A `features.Feature`."""

    def __init__(self, dial: KeepsDial) -> None:
        self._dial = dial

    @property
    def commands(self) -> Mapping[str, Callable[[Reader, Command], Actions]]:
        return {"surprise": self._asked}

    @property
    def buttons(self) -> Mapping[Act, Callable[[Reader, Pressed, Tap], Actions]]:
        return {Act.SURPRISE: self._tapped}

    async def _asked(self, reader: Reader, command: Command) -> Actions:
        asked = visible(command.text)
        if asked and not _DIAL.fullmatch(asked):
            yield privately(Message(plain(_(words.SURPRISE_WANTS_A_NUMBER))))
            return
        if asked:
            reader = await self._dial.set_surprise(reader, int(asked))
        yield privately(menu(reader))

    async def _tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        if not _DIAL.fullmatch(tap.argument):
            yield Toast(_(words.OLD_BUTTON))
            return
        changed = await self._dial.set_surprise(reader, int(tap.argument))
        for action in chosen(pressed, _(words.SURPRISE_STORED), menu(reader), menu(changed)):
            yield action


def menu(reader: Reader) -> Message:
    """Return where the dial stands, what that does, and a button for each place of it."""
    row = tuple(
        Button(
            str(place),
            encode(Tap(Act.SURPRISE, argument=str(place))),
            is_chosen=place == reader.surprise,
        )
        for place in range(len(words.SURPRISE))
    )
    told = f"{_(words.SURPRISE[reader.surprise])}\n\n{_(words.SURPRISE_DIAL)}"
    return Message(plain(told), buttons=(row,))
