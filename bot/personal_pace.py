"""How much one person may send, counted where dialogue state is kept: by all processes together.

A name of a count is a hash of the account, and lives for a minute at most after the last word.
"""

import hashlib

from bot.conversation.events import Person, Platform
from bot.conversation.manners import Slowed
from storage.dialogue_state import Allowance, DialogueState

AT_ONCE = 60  # events of one person after a rest …
A_SECOND = 2.0  # … and in each second from then on: more than anybody reads
SILENCE = 60.0  # seconds between two lines that say so


class PersonalPace:
    """Implements `conversation.manners.Patience`."""

    def __init__(self, state: DialogueState) -> None:
        self._state = state

    async def tried(self, person: Person) -> Slowed | None:
        if person.platform is Platform.TERMINAL:  # one's own machine, and lines may be piped in
            return None
        account = f"{person.platform}:{person.account}"
        name = hashlib.blake2b(account.encode(), digest_size=12).hexdigest()
        if not await self._state.take(f"person:{name}", A_SECOND, AT_ONCE):
            return None
        told = await self._state.spend([Allowance(f"slowed:{name}", 1, SILENCE)])
        return Slowed(is_news=told is None)
