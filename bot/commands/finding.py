"""What an examination finds: one line for the operator."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Its value is the sign the line begins with."""

    FINE = "✓"
    WRONG = "✗"
    NOTE = "–"  # nothing to mend: switched off, not there yet, or being left alone


@dataclass(frozen=True, slots=True)
class Finding:
    """what: the thing examined, in a word or two. todo: what mends it, empty when nothing need."""

    what: str
    state: State
    says: str
    todo: str = ""

    @property
    def line(self) -> str:
        """The finding as it is printed."""
        behind = f" → {self.todo}" if self.todo else ""
        return f"{self.state} {self.what:<16} {self.says}{behind}"


def fine(what: str, says: str) -> Finding:
    """Return that all is well."""
    return Finding(what, State.FINE, says)


def wrong(what: str, says: str, todo: str) -> Finding:
    """Return what has to be mended, and how."""
    return Finding(what, State.WRONG, says, todo)


def note(what: str, says: str, todo: str = "") -> Finding:
    """Return what is worth knowing and not wrong."""
    return Finding(what, State.NOTE, says, todo)
