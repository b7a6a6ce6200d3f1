"""Telegram: updates in, by long polling or by webhook; answers out.

The polling is our own, because confirming updates is a promise: Telegram forgets an
update once a later offset is asked for, so that happens only when it is stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from socket import socket
from typing import Any, TypeVar

import structlog
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.adapters.pacing import Pacer
from bot.adapters.telegram_answer import Answers, Patience
from bot.adapters.telegram_hear import ALLOWED_UPDATES
from bot.adapters.telegram_menu import OperatorMenu, publish_menu
from bot.adapters.telegram_request import Flood
from bot.adapters.telegram_send import AT_ONCE, TelegramBot, telegram_bot
from bot.adapters.telegram_webhook import Webhook, bound, listening
from bot.conversation.events import Platform
from bot.conversation.ports import (
    Answering,
    OperatorMenus,
    Presence,
    TemporarilyUnavailable,
)
from bot.conversation.suggestions import Suggesting
from bot.health import Part

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds.

    poll: how long Telegram may wait for news before it answers a poll.
    hold: how long an update that is not stored yet keeps the next poll waiting.
    first_retry, last_retry: the pause after a failed poll doubles from one to the other.
    farewell: how long answers under way may take when the program ends.
    busy: with more jobs under way than this, no further updates are taken.
    ask_name: between two questions what the bot is called; its owner may change that.
    """

    poll: float = 30.0
    hold: float = 1.0
    first_retry: float = 0.5
    last_retry: float = 30.0
    farewell: float = 2.5
    busy: int = 1000
    ask_name: float = 6 * 3600.0
    patience: Patience = field(default_factory=Patience)


class TelegramApp:
    """One bot.

    pacer: shared with whatever else sends as this bot in this process.
    suggesting: answers `@bot words` in other chats; without it nobody does.
    part: told whether Telegram answers. presence: told under which name it is found.
    operators: the accounts whose menu has what is for operators; menus: keeps who has it.
    """

    def __init__(
        self,
        token: str,
        api_base: str,
        answering: Answering,
        *,
        pacer: Pacer,
        suggesting: Suggesting | None = None,
        webhook: Webhook | None = None,
        timing: Timing | None = None,
        part: Part | None = None,
        presence: Presence | None = None,
        operators: Collection[str] = (),
        menus: OperatorMenus | None = None,
    ) -> None:
        self._part = part
        self._presence = presence
        self._operators = operators
        self._menus = menus
        self._token = token
        self._api_base = api_base
        self._answering = answering
        self._pacer = pacer
        self._suggesting = suggesting
        self._webhook = webhook
        self._timing = timing or Timing()

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until `stop` is set; then end within five seconds.

        Returns earlier only when Telegram refuses the token, which is logged in one line.
        Raises OSError when the webhook's address cannot be listened on.
        """
        with bound(self._webhook) as sockets:
            async with (
                telegram_bot(self._token, self._api_base, self._pacer) as bot,
                asyncio.TaskGroup() as tasks,
            ):
                serving = tasks.create_task(self._serve(bot, sockets))
                ending = tasks.create_task(stop.wait())
                await asyncio.wait([serving, ending], return_when=asyncio.FIRST_COMPLETED)
                serving.cancel()
                ending.cancel()

    async def _serve(self, bot: TelegramBot, sockets: Sequence[socket]) -> None:
        try:
            me = await self._persistently("getMe", bot.get_me)
            log.info("telegram.started", bot=me.id, webhook=self._webhook is not None)
            if self._suggesting and me.supports_inline_queries is False:
                log.info(
                    "telegram.inline_off", hint="send /setinline to @BotFather to switch it on"
                )
            async with asyncio.TaskGroup() as tasks:
                menu = OperatorMenu(bot, self._operators, self._menus) if self._menus else None
                beside = [
                    tasks.create_task(self._publish(bot, menu)),
                    tasks.create_task(self._tell_name(bot)),
                ]
                answers = Answers(
                    bot, self._answering, self._timing.patience, self._suggesting, menu
                )
                if self._webhook:
                    await self._receive(bot, answers, self._webhook, sockets)
                else:
                    await self._poll(bot, answers)
                for task in beside:
                    task.cancel()
        except* InvalidToken:
            log.error(
                "telegram.token_refused",
                hint="TELEGRAM_TOKEN is refused by TELEGRAM_API_BASE: copy the whole token "
                "again from @BotFather, or make a new one there with /token",
            )

    async def _publish(self, bot: TelegramBot, menu: OperatorMenu | None) -> None:
        await publish_menu(bot)
        if menu:
            await menu.publish()

    async def _tell_name(self, bot: TelegramBot) -> None:
        """Tell, again and again, under which name the bot is found."""
        while self._presence:
            try:
                await self._presence.found_as(Platform.TELEGRAM, bot.found_as)
            except TemporarilyUnavailable:
                await asyncio.sleep(self._timing.last_retry)
            else:
                await asyncio.sleep(self._timing.ask_name)
                await self._persistently("getMe again", bot.get_me)

    async def _receive(
        self, bot: TelegramBot, answers: Answers, webhook: Webhook, sockets: Sequence[socket]
    ) -> None:
        within = self._timing.patience.store
        async with listening(sockets, webhook.secret, answers.take, within):
            try:
                await self._persistently(
                    "setWebhook",
                    lambda: bot.set_webhook(
                        webhook.url,
                        allowed_updates=ALLOWED_UPDATES,
                        secret_token=webhook.secret,
                    ),
                )
                await asyncio.Event().wait()
            finally:
                await answers.finish(self._timing.farewell)

    async def _poll(self, bot: TelegramBot, answers: Answers) -> None:
        poll = Poll(answers, self._timing)
        try:
            await self._persistently("deleteWebhook", bot.delete_webhook)
            while True:
                await poll.take(await self._persistently("getUpdates", lambda: poll.fetch(bot)))
        finally:
            await answers.finish(self._timing.farewell)
            await poll.confirm(bot)

    async def _persistently(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        """Return what a call returns, however long the network or Telegram are away.

        Raises InvalidToken: at first contact whatever looks like it, later only a clear
        refusal, because a proxy in trouble may find nothing for a while.
        """
        failures = 0
        while True:
            try:
                result = await call()
            except TelegramError as error:
                if isinstance(error, InvalidToken) and (what == "getMe" or _is_clear(error)):
                    raise
                failures += 1
                if self._part:
                    self._part.is_away("Telegram does not answer")
                if failures == 1:
                    log.warning("telegram.away", call=what, error=type(error).__name__)
                await asyncio.sleep(self._pause(failures, error))
            else:
                if self._part:
                    self._part.goes_on()
                if failures:
                    log.info("telegram.back", call=what, failures=failures)
                return result

    def _pause(self, failures: int, error: TelegramError) -> float:
        if isinstance(error, Flood):
            return error.after
        doubled = self._timing.first_retry * 2.0 ** min(failures - 1, 10)
        return min(doubled, self._timing.last_retry)


def _is_clear(error: InvalidToken) -> bool:
    return "unauthorized" in error.message.lower()


class Poll:
    """Which updates are taken but not stored, and so up to where they may be confirmed."""

    def __init__(self, answers: Answers, timing: Timing) -> None:
        self._answers = answers
        self._timing = timing
        self._pending: dict[int, tuple[asyncio.Future[None], float]] = {}
        self._next = 0  # after the newest update taken
        self._confirmed = 0

    @property
    def offset(self) -> int:
        """The oldest update that Telegram must not forget yet."""
        return min(self._pending, default=self._next)

    async def fetch(self, bot: TelegramBot) -> list[dict[str, Any]]:
        """Return the updates from the offset on; those before it are confirmed."""
        await self._answers.room(self._timing.busy)
        offset = self.offset
        try:
            updates = await bot.fetch(offset, self._timing.poll)
        except Conflict as conflict:
            if "webhook" in conflict.message.lower():
                await bot.delete_webhook()
            raise
        self._confirmed = offset
        return updates

    async def take(self, updates: list[dict[str, Any]]) -> None:
        """Begin with what is new, and wait a moment for all of it to be stored."""
        now = asyncio.get_running_loop().time()
        for update in updates:
            number = int(update["update_id"])
            self._pending.setdefault(number, (self._answers.take(update), now))
            self._next = max(self._next, number + 1)
        self._answers.expect(more=len(updates) >= AT_ONCE)
        if self._pending:
            await asyncio.wait([f for f, _ in self._pending.values()], timeout=self._timing.hold)
        self._settle()

    async def confirm(self, bot: TelegramBot) -> None:
        """Confirm at the end what is stored, so that it is not answered again at the next start."""
        self._settle()
        if self.offset == self._confirmed:
            return
        with suppress(TelegramError, TimeoutError):
            async with asyncio.timeout(1.0):
                await bot.fetch(self.offset, 0)

    def _settle(self) -> None:
        now = asyncio.get_running_loop().time()
        for number, (stored, since) in list(self._pending.items()):
            if stored.done() and not stored.cancelled():
                del self._pending[number]
            elif now - since > self._timing.patience.store and not stored.cancelled():
                # A queue of slow events in one chat must not keep others' updates away.
                log.warning("telegram.update_confirmed_early", update=number)
                del self._pending[number]
