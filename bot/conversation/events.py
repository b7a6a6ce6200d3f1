"""What people do, on no platform in particular. Adapters make these; nobody else does."""

from dataclasses import dataclass, field
from enum import StrEnum


class Platform(StrEnum):
    TELEGRAM = "telegram"
    DISCORD = "discord"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Place:
    """A group or channel that can read as one, and how whoever speaks stands there.

    account: by which it is known: the chat on Telegram, `channel:ID` on Discord.
    chat: the platform's id of where its digests go. Of a thread it is the channel around it.
    home: the server it is in, where a platform has such.
    is_admin: whether the person administers it, as the platform says for this very event;
        None where it was not asked, or gave no answer.
    may_post: whether the bot may write there; None where it was not asked.
    is_channel: whether only administrators write there, and without a name.
    is_nameless: the person writes in the group's own name, so that nobody knows who it is.
    title: what it is called, where it was named from elsewhere; shown, and never kept.
    """

    account: str
    chat: str
    home: str | None = None
    is_admin: bool | None = None
    may_post: bool | None = None
    is_channel: bool = False
    is_nameless: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who speaks, and where an answer goes.

    account: the platform's id of the person.
    chat: the platform's id of the place; on Discord None while no direct-message channel
        could be opened and the person is outside a server.
    is_private: whether nobody else reads along.
    language: what the platform says of the person's language ("de", "pt-BR"), if anything.
    group: the group or channel that this is about: where it happens, or the one that the
        person names from elsewhere.
    """

    platform: Platform
    account: str
    chat: str | None
    is_private: bool = True
    language: str | None = None
    group: Place | None = None


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message that was sent: enough to edit it later."""

    chat: str
    message: str


LARGEST_FILE = 4_000_000
"""Bytes of a file that somebody sends; a larger one is not fetched.

A `.bib` of 500 entries with abstracts, keywords and addresses is 2 MB, with long notes 3 MB;
whatever is in one, 4 MB are read in two seconds.
"""

_READ = (".json", ".bib", ".bibtex", ".ris")


def is_read(name: str) -> bool:
    """Return whether a file of this name is fetched at all: others are only their names."""
    return name.lower().endswith(_READ)


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that somebody sent. content: None when it is too large, or could not be fetched."""

    name: str
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Command:
    """`/name words`, or a slash command with typed options.

    event: the platform's own id of this event; the same id is never acted on twice.
    name: without the slash, lower case.
    text: everything behind the name, as typed; of typed options what `commands.joined` makes;
        and names of files that came with it.
    files: as of `Said`, where a command `takes_files`.
    """

    event: str
    person: Person
    name: str
    text: str = ""
    files: tuple[SentFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Quoted:
    """A message of ours that somebody replies to, with the links behind its words."""

    text: str
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """Free text, with the links that markup hid behind words, and files as `is_read` asks.

    answers: the message of ours that it replies to, where a platform tells.
    forwarded_from: in private, the channel whose post it is, by its number, where a platform tells.
    """

    event: str
    person: Person
    text: str
    links: tuple[str, ...] = ()
    files: tuple[SentFile, ...] = ()
    answers: Quoted | None = None
    forwarded_from: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that came back with what was written; data as of a button, and as little trusted."""

    event: str
    person: Person
    data: str
    text: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button, by the data it was made with. Data may be old, forged or foreign.

    shown: each button below the message as it stood then: its data, and whether it was drawn
        as chosen; empty where a platform does not tell.
    """

    event: str
    person: Person
    data: str
    message: MessageRef | None = None
    shown: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """The person blocked the bot, or removed it from the chat: stop sending there.

    Of a group, or of a server with all its channels, when `person` stands for one; a server
    is a group without an account of its own.
    """

    event: str
    person: Person


@dataclass(frozen=True, slots=True)
class Joined:
    """The bot was taken into a group or a server, for the first time or again.

    person: the group. by: the account that took it in, where a platform tells.
    """

    event: str
    person: Person
    by: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A chat got a new id, as a Telegram group does when it becomes a supergroup."""

    event: str
    person: Person
    old_chat: str
    new_chat: str


Event = Command | Said | Pressed | Filled | Left | Joined | Moved


class Suggests(StrEnum):
    """What can be proposed for an option while somebody types."""

    PAPER = "paper"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class CommandOption:
    """One typed option of a slash command.

    kind: "text", "whole" (an integer), "choice", or "file" where a platform can send one so.
    form: how the value reads in the command's text.
    suggests: what to propose while it is typed, where a platform can; None for nothing.
    """

    name: str
    description: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    form: str = "{}"
    suggests: Suggests | None = None


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command as every platform lists it: menus, slash commands and /help are made of these."""

    name: str
    description: str  # at most 100 characters (Discord), one line
    options: tuple[CommandOption, ...] = field(default=())
    is_for_admins: bool = False  # of a group or server; offered nowhere else where that can be said
