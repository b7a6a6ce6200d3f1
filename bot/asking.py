"""How much people may ask of arXiv, counted by all processes together with dialogue state.

arXiv answers one question every three seconds for the whole installation, and what people ask
goes first. So all of them together get half of its answers in the long run and each of them a
part of that; the other half is left for the day's papers.
"""

from storage.dialogue_state import DialogueState, asks_of

AT_ONCE = 20  # questions of one reader after a rest: a file of five hundred entries has eleven …
EACH = 15.0  # … and one more in so many seconds from then on
ALL_AT_ONCE = 40  # of all readers together …
ALL_EACH = 6.0  # … and one more in so many seconds: half of what arXiv answers
_OF_ALL = "asks"


class AskingPace:
    """Implements `bot.look_up.Budget`."""

    def __init__(self, state: DialogueState) -> None:
        self._state = state

    async def may_ask(self, user: int) -> bool:
        # Whoever has nothing left takes nothing from the others.
        if await self._state.take(asks_of(user), 1 / EACH, AT_ONCE):
            return False
        return not await self._state.take(_OF_ALL, 1 / ALL_EACH, ALL_AT_ONCE)
