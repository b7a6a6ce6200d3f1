"""What a button carries: 64 bytes that may come back old, forged or foreign.

The form is `name:argument:argument`, arguments in base 36 or plain words. A paper's
buttons carry the paper and the impression through which it was shown, so that a like is
counted for the model and the rank that earned it. Nothing in the data is trusted: the
impression must be the same reader's, or it is left out.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_BYTES = 64
MAX_NUMBER = 2**31 - 1  # what a database's integer holds
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ARGUMENT = re.compile(r"[A-Za-z0-9 :,/_+-]*")


class Act(StrEnum):
    """What a button does. Values are short and never reused: old cards keep working."""

    LIKE = "l"
    SKIP = "s"
    OFF_TOPIC = "o"
    KNOWN = "k"
    NOT_NOW = "n"
    SAVE = "b"
    UNDO = "u"
    WHY = "w"
    OPEN = "c"  # show this paper's card (from a digest or a list)
    NEXT = "x"  # the next card
    SCHEDULE = "t"  # argument: a /schedule phrase, or nothing for the menu
    PAUSE = "p"
    RESUME = "r"
    LIST = "y"  # arguments: which list, which page
    SURPRISE = "su"  # argument: where the dial is to stand, 0 to 4
    HISTORY = "d"  # argument: which page
    EXPORT = "e"  # argument: which format, or nothing for the menu
    NOTE = "j"  # about a paper: what to write, and how
    FORGET = "q"  # argument: an answer to the question, or nothing to ask it
    LINK = "z"  # argument: "undo"
    MORE = "m"  # more papers like this one; argument: the page, nothing for the first
    FOUND = "f"  # arguments: which search, in which order, which page
    ADMIN = "A"  # argument: what an operator wants, and which; nobody else is answered
    LANGUAGE = "h"  # argument: a language's code, or "auto"
    TREND = "g"  # arguments: which period, which page
    FOLLOWED = "F"  # arguments: what to do with which topic, or nothing for the list
    MUTED = "M"  # the same
    INTEREST = "I"  # about the interest that a paper is in: what to do with it
    WRITE = "v"  # about a paper: a form with the note on it
    UNTEACH = "i"  # argument: which message taught what is to be taken back
    VOTE = "V"  # in a group, about a paper; argument: "l" for it, "s" against it
    GROUP = "G"  # arguments: which chat, and what `group_phrases` says is to change


@dataclass(frozen=True, slots=True)
class Tap:
    """A button's meaning.

    paper, impression: None where the button is not about a paper.
    argument: a word or phrase of `A-Za-z0-9 :,/_+-`; empty for most.
        In a digest the day it is for ("20261123"), so that the digest can be drawn anew.
    inside: whether a tap sends nothing more: the button stands in a digest, or on a card
        that the reader asked for. Cards of /start and /pick are followed by the next.
    """

    act: Act
    paper: int | None = None
    impression: int | None = None
    argument: str = ""
    inside: bool = False


def encode(tap: Tap) -> str:
    """Return the button data of a tap, at most 64 bytes.

    Raises ValueError when the argument is too long to fit: a fault of ours, not a person's.
    """
    numbers = ":".join(base36(n) for n in (tap.paper, tap.impression))
    data = f"{tap.act.value}{'+' if tap.inside else ''}:{numbers}:{tap.argument}"
    if len(data.encode()) > MAX_BYTES:
        raise ValueError(f"button data over {MAX_BYTES} bytes: {data!r}")
    return data


def decode(data: str) -> Tap | None:
    """Return the tap that button data stands for, None for anything we did not make."""
    parts = data.split(":", 3)
    if len(parts) != 4 or len(data) > MAX_BYTES or not _ARGUMENT.fullmatch(parts[3]):
        return None
    head, paper, impression, argument = parts
    try:
        act = Act(head.removesuffix("+"))
        numbers = [from_base36(n) for n in (paper, impression)]
    except ValueError:
        return None
    return Tap(act, numbers[0], numbers[1], argument, head.endswith("+"))


def base36(number: int | None) -> str:
    """Return a number's digits, nothing for None."""
    if number is None:
        return ""
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def from_base36(text: str) -> int | None:
    """Return the number of some digits, None for nothing. Raises ValueError for anything else."""
    if not text:
        return None
    if any(c not in _DIGITS for c in text) or len(text) > 6:
        raise ValueError(text)
    number = int(text, 36)
    if number > MAX_NUMBER:
        raise ValueError(text)
    return number
