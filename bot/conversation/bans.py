"""Who gets no answer at all, whichever way they ask: in words, by a tap, or while they type."""

from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from bot.conversation.events import Person
from bot.conversation.ports import TemporarilyUnavailable


class Bans(Protocol):
    async def is_banned(self, person: Person) -> bool:
        """Return whether this person is to get no answer. Raises TemporarilyUnavailable."""


async def is_shut_out(bans: Bans, person: Person) -> bool:
    """Whether nobody answers; while the database is away nothing can be had anyhow.

    In a group that is shut out nobody is answered.
    """
    with suppress(TemporarilyUnavailable):
        if await bans.is_banned(person):
            return True
        if person.group is not None:
            return await bans.is_banned(replace(person, account=person.group.account))
    return False
