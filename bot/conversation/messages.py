"""What we say, before any platform renders it.

Text is a sequence of spans, escaped by nobody until an adapter renders it: that is why a
title with `<`, `_` or `*` cannot break a message.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.conversation.events import MessageRef
from recommender.papers import PaperId

ROW = 5
"""Buttons in a row, and rows below a message, that every platform can draw."""


class Style(StrEnum):
    PLAIN = "plain"
    BOLD = "bold"
    ITALIC = "italic"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text; newlines are allowed. `url` makes it a link."""

    text: str
    style: Style = Style.PLAIN
    url: str | None = None


RichText = tuple[Span, ...]


def plain(*spans: Span | str) -> RichText:
    """Return spans, taking bare strings as plain text."""
    return tuple(Span(s) if isinstance(s, str) else s for s in spans)


@dataclass(frozen=True, slots=True)
class Button:
    """label: what the person reads. data: at most 64 bytes, see `taps`. url: a link instead."""

    label: str
    data: str = ""
    url: str | None = None
    is_chosen: bool = False  # drawn as pressed where a platform can


Rows = tuple[tuple[Button, ...], ...]
CHOSEN = "✓"
"""What the label of a chosen button begins with, as platforms draw it."""


@dataclass(frozen=True, slots=True)
class Card:
    """One paper, ready to render; every string is readable Unicode, without TeX.

    authors: three, then "and 9 more", as one string.
    details: venue or comment, categories, announcement day: short facts, each a piece.
    summary: the abstract's key sentences, already shortened; never over 1,200 characters.
    links: label and address of code, project page, discussion.
    reason: why this paper, or empty when the person asked for it themselves.
    mark: what the person said of it ("👍 Liked"), empty before.
    note: a line about the card itself ("Sample paper…", "withdrawn"), usually empty.
    """

    paper: PaperId
    title: str
    url: str
    authors: str
    details: tuple[str, ...]
    summary: str
    links: tuple[tuple[str, str], ...]
    reason: str
    mark: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class DigestItem:
    """One paper of a list.

    card: cut to what the list has room for. Draw what is there: title (linked), authors,
        summary (one sentence or empty), reason, mark, note; `details` and `links` are empty.
    buttons: belong to this paper alone; drawn by `Message.rows`.
    """

    number: int
    card: Card
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """Several papers in one message: a day's digest, saved papers, or what a title may mean.

    heading: one line ("Your 5 papers for Monday, 23 November").
    day: of a daily digest; None for other lists.
    items: at most 10; all their text together stays within 3,500 characters.
    footing: a line or two, usually empty.
    """

    heading: str
    day: date | None
    items: tuple[DigestItem, ...]
    footing: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to hand over. name: of `A-Za-z0-9._-`, with its ending."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """What a message asks the reader to write.

    command: what stands before the answer, as a person would write it ("/interests rename 2").
        It must stand in the message's text too: a platform that has no form knows by it what
        was answered.
    label: what the field is called, at most 45 characters.
    """

    command: str
    label: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message: text, or one card, or one digest; text stands above the other two.

    buttons: rows of the message as a whole. Adapters draw `rows`, which holds them too.
    attachment: a file that comes with a new message, never with an edit; then the text is at
        most 1,000 characters, and there is neither card nor digest.
    question: what is to be answered in words; then there is text alone, and no button.
    asks_for_channel: the label of a button with which the person names a channel of theirs,
        where a platform has one; only on a new message without other buttons.
    """

    text: RichText = ()
    card: Card | None = None
    digest: Digest | None = None
    buttons: Rows = ()
    attachment: Attachment | None = None
    question: Question | None = None
    asks_for_channel: str = ""

    @property
    def rows(self) -> Rows:
        """Everything to draw below the message: at most 5 rows of at most 5 (Discord).

        Up to five papers have a row each (`1 👍` `1 👎` `1 🔖` `1 Open`). More than five,
        or a list to choose from, have one button each (`7 Open`), drawn five a row; the
        message's own rows follow. Labels are at most 40 characters.
        """
        if self.digest is None:
            return self.buttons
        items = tuple(item.buttons for item in self.digest.items if item.buttons)
        if all(len(row) == 1 for row in items):
            singles = tuple(row[0] for row in items)
            items = tuple(singles[at : at + ROW] for at in range(0, len(singles), ROW))
        return items + self.buttons


@dataclass(frozen=True, slots=True)
class Send:
    """Say something new. `is_private`: only the asker should see it (ephemeral on Discord)."""

    message: Message
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace a message that stands, usually the tapped one."""

    ref: MessageRef
    message: Message


@dataclass(frozen=True, slots=True)
class Toast:
    """Acknowledge a tap in passing; at most 200 characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Revise:
    """Replace what was said last in answer to this very event, as progress does.

    Where that is gone or cannot be edited, it is said anew.
    """

    message: Message


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for a few words of the asker's own, in the platform's own way; nobody else sees it.

    question: where an answer is a reply to it. otherwise: where there is neither that nor a
        form, or no form can be shown any more; says how to answer.
    data: comes back with a form, as a button's would.
    title, label: of a form, at most 45 characters. hint: at most 100.
    placeholder: what stands in the empty field of a reply, at most 64.
    value: what stands now. most: characters of an answer.
    """

    question: Message
    otherwise: Message
    data: str
    title: str
    label: str
    hint: str
    placeholder: str
    value: str
    most: int


@dataclass(frozen=True, slots=True)
class Redraw:
    """Replace a message that many look at, soon, with what is to stand in it by then.

    An adapter draws what was asked for many times within a few seconds once, so that a busy
    group does not run into a platform's limits.
    draw: returns the message as it is to be now, None to leave it.
    """

    ref: MessageRef
    draw: Callable[[], Awaitable[Message | None]]


Action = Send | Edit | Revise | Ask | Toast | Redraw
