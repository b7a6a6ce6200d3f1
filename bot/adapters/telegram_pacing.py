"""The pacer behind python-telegram-bot's rate limiter."""

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from math import inf
from typing import Any

from telegram.ext import BaseRateLimiter

from bot.adapters.pacing import Held, Pacer, Urgency
from bot.adapters.telegram_limits import LIMITS as LIMITS
from bot.adapters.telegram_request import Flood

MARGIN = 0.1  # seconds on top of what Telegram asks for
ATTEMPTS = 3
ALL_FLOODED = 5  # so many chats refused within a second: it is not about them

_Result = bool | dict[str, Any] | list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Turn:
    """How one request waits. patience: the longest silence, in seconds, it will sit out.

    begin: awaited when the turn has come, before every attempt.
    """

    urgency: Urgency = Urgency.ANSWER
    patience: float = inf
    begin: Callable[[], Awaitable[None]] | None = None


class TelegramPacing(BaseRateLimiter[Turn]):
    """Lets what is sent to a chat wait for its turn; taps are answered and settings read at once.

    Other than PTB's AIORateLimiter it lets nobody wait for somebody else's `retry_after`.
    """

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._refused: deque[tuple[float, str]] = deque(maxlen=ALL_FLOODED)

    async def initialize(self) -> None:
        """Nothing to prepare: the pacer outlives its bots."""

    async def shutdown(self) -> None:
        """Nothing to release."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, _Result]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Turn | None,
    ) -> _Result:
        """Raises Flood when Telegram asks for more patience than the turn has."""
        if "chat_id" not in data or endpoint.startswith("get"):
            try:
                return await callback(*args, **kwargs)
            except Flood as flood:
                await self._pacer.obey(flood.after + MARGIN)
                raise
        return await self._in_turn(
            lambda: callback(*args, **kwargs), str(data["chat_id"]), rate_limit_args or Turn()
        )

    async def _in_turn(
        self,
        call: Callable[[], Coroutine[Any, Any, _Result]],
        chat: str,
        turn: Turn,
    ) -> _Result:
        is_group = chat.startswith(("-", "@"))
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._pacer.turn(
                    chat,
                    is_group=is_group,
                    urgency=turn.urgency,
                    patience=turn.patience,
                    again=attempt > 1,
                ):
                    if turn.begin is not None:
                        await turn.begin()
                    return await call()
            except Held as held:
                raise Flood(held.after) from held
            except Flood as flood:
                await self._obey(flood.after + MARGIN, chat, is_group)
                if attempt == ATTEMPTS or flood.after > turn.patience:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _obey(self, seconds: float, chat: str, is_group: bool) -> None:
        now = self._pacer.clock()
        self._refused.append((now, chat))
        recent = {refused for at, refused in self._refused if at > now - 1}
        await self._pacer.obey(seconds, chat, is_group=is_group)
        if len(recent) == ALL_FLOODED:
            await self._pacer.obey(seconds)
