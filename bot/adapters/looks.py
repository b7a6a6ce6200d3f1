"""What messages show, so that no edit goes out that would change nothing.

A choice that is made already, or a page that is asked for once more, leads to a message that
stands there. What this process drew last it remembers; what stood there before it began, the
platforms send along with every tap. The memory goes before: a tap that was made while an edit
was on its way tells of what stood there before.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from bot.conversation.events import MessageRef

REMEMBERED = 20_000  # messages; of older ones a tap tells

Look = int
"""Stands for what a message shows: words, links and buttons. Equal where those are."""


class Looks:
    """What stands in messages that were drawn anew. most: how many are remembered."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._drawn: OrderedDict[MessageRef, Look] = OrderedDict()

    def stands(self, ref: MessageRef, look: Look, told: Look | None = None) -> bool:
        """Return whether a message shows this already.

        told: what a tap on it says that it shows, where there was one.
        """
        return self._drawn.get(ref, told) == look

    async def draw(self, ref: MessageRef, look: Look, edit: Callable[[], Awaitable[bool]]) -> bool:
        """Make an edit and return what it does: whether the message was there to be changed.

        Where it was not, or the edit fails, nobody knows any more what stands there.
        """
        self._drawn[ref] = look
        self._drawn.move_to_end(ref)
        while len(self._drawn) > self._most:
            self._drawn.popitem(last=False)
        is_there = False
        try:
            is_there = await edit()
        finally:
            if not is_there:
                self._drawn.pop(ref, None)
        return is_there
