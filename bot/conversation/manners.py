"""Patience with one person who sends a lot: they are slowed, and nobody else is.

What is let lie is neither stored nor answered, and one polite line says so; a tap shows it
each time, because a tap that nothing answers looks broken.
"""

from dataclasses import dataclass
from typing import Protocol

from bot.conversation.events import Command, Event, Filled, Person, Pressed, Said
from bot.conversation.features import privately
from bot.conversation.language import N_, _
from bot.conversation.messages import Action, Message, Toast, plain

SLOW_DOWN = N_(
    "That was a lot at once, so I let the last of it lie and stored nothing of it. Please send it "
    "again in a moment, a little slower."
)


@dataclass(frozen=True, slots=True)
class Slowed:
    """is_news: whether the person has not been told so for a while."""

    is_news: bool


class Patience(Protocol):
    """Counts what each person sends."""

    async def tried(self, person: Person) -> Slowed | None:
        """Count one event of a person's; None while they keep within bounds. Never raises."""


class EndlessPatience:
    """Slows nobody; for a conversation that is alone with one person."""

    async def tried(self, person: Person) -> Slowed | None:
        return None


def is_counted(event: Event) -> bool:
    """Return whether an event is something that a person did to be answered."""
    return isinstance(event, Command | Said | Pressed | Filled)


def slow_down(event: Event, slowed: Slowed) -> Action | None:
    """Return what is said to somebody who is slowed; mostly nothing."""
    if isinstance(event, Pressed):
        return Toast(_(SLOW_DOWN))
    return privately(Message(plain(_(SLOW_DOWN)))) if slowed.is_news else None
