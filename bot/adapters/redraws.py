"""Messages that many people change, drawn anew no more often than a platform bears.

A busy group's votes come faster than its message may be edited. The first is drawn at once;
those that follow within some seconds are drawn together, with whatever stands by then. So the
last vote is always drawn, and no other message of the chat waits behind edits.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.conversation.events import MessageRef
from bot.conversation.messages import Message
from bot.conversation.ports import DeliveryError, TemporarilyUnavailable, TryLater

log = structlog.get_logger()

Draw = Callable[[], Awaitable[Message | None]]
Edit = Callable[[MessageRef, Message], Awaitable[object]]


class Redraws:
    """edit: replaces a message, or raises one of the DeliveryErrors.

    every: seconds between two edits in one chat.
    """

    def __init__(self, edit: Edit, every: float) -> None:
        self._edit = edit
        self._every = every
        self._wanted: dict[str, dict[MessageRef, Draw]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._is_ending = asyncio.Event()

    def put(self, ref: MessageRef, draw: Draw) -> None:
        """Let a message be drawn anew soon; what is asked for again meanwhile is drawn once."""
        self._wanted.setdefault(ref.chat, {})[ref] = draw
        if ref.chat not in self._tasks:
            self._tasks[ref.chat] = asyncio.create_task(self._work(ref.chat))

    async def finish(self, seconds: float) -> None:
        """Draw at once what still waits, for so long, then break off."""
        self._is_ending.set()
        left = list(self._tasks.values())
        if left:
            await asyncio.wait(left, timeout=seconds)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _work(self, chat: str) -> None:
        wanted = self._wanted[chat]
        try:
            while wanted:
                ref = next(iter(wanted))
                after = await self._once(ref, wanted.pop(ref))
                await self._rest(after)
        finally:
            del self._tasks[chat], self._wanted[chat]

    async def _once(self, ref: MessageRef, draw: Draw) -> float:
        """Draw one message; return after how many seconds the next may be."""
        try:
            message = await draw()
            if message is not None:
                await self._edit(ref, message)
        except TryLater as later:
            if not self._is_ending.is_set():  # the program ends sooner than that
                self._wanted[ref.chat].setdefault(ref, draw)
            return max(self._every, later.after.total_seconds())
        except (DeliveryError, TemporarilyUnavailable) as error:  # the next vote draws it again
            log.info("redraw.failed", error=type(error).__name__)
        except Exception:  # as for every event: a bug in one message must not end the others
            log.exception("redraw.broken")
        return self._every

    async def _rest(self, seconds: float) -> None:
        if self._is_ending.is_set():
            return
        try:
            await asyncio.wait_for(self._is_ending.wait(), seconds)
        except TimeoutError:
            return
