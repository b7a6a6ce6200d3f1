"""A part of the conversation with commands and buttons of its own, and how it answers.

The service keeps for itself what every part needs: who speaks, what an event may be refused
for, who may read along. A part gets the reader and the event, and yields what to do.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from typing import Protocol

from bot.conversation import words
from bot.conversation.events import Command, Filled, Person, Pressed, Said, SentFile
from bot.conversation.language import _
from bot.conversation.messages import CHOSEN, Action, Edit, Message, Send, Toast
from bot.conversation.ports import Reader
from bot.conversation.taps import Act, Tap

Actions = AsyncGenerator[Action, None]


class Feature(Protocol):
    """Handlers may raise what `ports.DeskError` stands for; the service has the sentences.

    What an event changes is stored before the first action is yielded.
    """

    @property
    def commands(self) -> Mapping[str, Callable[[Reader, Command], Actions]]:
        """By name; each has its `CommandSpec` in `commands.COMMANDS`."""

    @property
    def buttons(self) -> Mapping[Act, Callable[[Reader, Pressed, Tap], Actions]]:
        """By what they do; nothing in a tap is to be trusted."""


class ClosedFeature(Feature, Protocol):
    """A part that answers only some. To others its commands and buttons do not exist."""

    def is_for(self, person: Person) -> bool:
        """Asked anew with every command and every tap."""


class FileReader(Protocol):
    """A part that understands a kind of file."""

    def reads(self, file: SentFile) -> bool:
        """Return whether a file is of this kind, or seems to be and could not be fetched."""

    def read(self, reader: Reader, said: Said, file: SentFile) -> Actions:
        """Handlers may raise what those of a `Feature` may."""


def readable_in(
    files: Sequence[SentFile], readers: Sequence[FileReader]
) -> tuple[FileReader, SentFile] | None:
    """Return the first file that some part understands, and that part."""
    pairs = ((part, file) for file in files for part in readers if part.reads(file))
    return next(pairs, None)


class FormReader(Protocol):
    """A part that asks by forms."""

    @property
    def forms(self) -> Mapping[Act, Callable[[Reader, Filled, Tap], Actions]]:
        """By what they are for; nothing in a tap is to be trusted."""


class Listener(Protocol):
    """A part that understands some of what people write."""

    def hears(self, said: Said) -> bool:
        """Return whether this part answers. Pure; the first part that does is the only one."""

    def heard(self, reader: Reader, said: Said) -> Actions:
        """Handlers may raise what those of a `Feature` may."""


def in_place(pressed: Pressed, message: Message) -> Action:
    """Draw a menu anew where it stands; where others read along, show it to the asker alone."""
    if pressed.message is not None and pressed.person.is_private:
        return Edit(pressed.message, message)
    return Send(message, is_private=True)


def chosen(pressed: Pressed, said: str, before: Message, after: Message) -> Iterator[Action]:
    """Acknowledge a choice from a menu, and draw that anew, unless all of it stands there.

    before, after: the menu without the tap, and with it; where they are the same, nothing was
        changed. A tap may be on an old menu, which is then brought up to date.
    """
    is_so = before == after
    yield Toast(_(words.ALREADY_SO) if is_so else said)
    if not (is_so and shows(pressed, after)):
        yield in_place(pressed, after)


def shows(pressed: Pressed, menu: Message) -> bool:
    """Whether the message that was tapped had the buttons of a menu, chosen as they are there."""
    buttons = (button for row in menu.rows for button in row)
    shown = tuple((b.data, b.is_chosen or b.label.startswith(CHOSEN)) for b in buttons)
    return bool(shown) and pressed.shown == shown


def privately(message: Message) -> Send:
    """Say what concerns the asker alone: their taste, their schedule."""
    return Send(message, is_private=True)
