"""A scripted conversation, and Telegram's adapter running against the local Bot API."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from bot.adapters.pacing import Limits, Pacer, Window
from bot.adapters.telegram_answer import Patience
from bot.adapters.telegram_app import TelegramApp, Timing
from bot.adapters.telegram_webhook import Webhook
from bot.conversation.events import Event, Left, Moved, Pressed
from bot.conversation.messages import Action, Button, Edit, Message, Send, Toast, plain
from bot.conversation.ports import OperatorMenus, Presence
from bot.conversation.suggestions import Suggesting
from tests.conftest import BOUND
from tests.local_telegram import LocalTelegram

UNPACED = Limits((Window(1000, 1.0),), (Window(1000, 1.0),), ())
QUICK = Timing(
    poll=5, hold=0.3, first_retry=0.02, last_retry=0.05, farewell=0.5, patience=Patience(tap=0.3)
)

Script = Callable[[Event], AsyncIterator[Action]]


class Scripted:
    """An Answering that notes what it hears and plays a script."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or usual
        self.heard: list[Event] = []
        self._news = asyncio.Event()

    async def answer(self, event: Event) -> AsyncIterator[Action]:
        self.heard.append(event)
        self._news.set()
        async for action in self.script(event):
            yield action

    async def hears(self, kind: type[Event], n: int = 1) -> list[Event]:
        """Wait until so many events of a kind were heard; return them."""
        async with asyncio.timeout(BOUND):
            while len(found := [e for e in self.heard if isinstance(e, kind)]) < n:
                self._news.clear()
                await self._news.wait()
        return found


def card(words: str) -> Message:
    return Message(text=plain(words), buttons=((Button("Like", "l:1"), Button("Skip", "s:1")),))


async def usual(event: Event) -> AsyncIterator[Action]:
    """Say a card; mark it when it is tapped, then say the next one."""
    match event:
        case Pressed(message=ref):
            yield Toast("Noted.")
            if ref:
                yield Edit(ref, Message(text=plain("marked")))
            yield Send(card("the next one"))
        case Left() | Moved():
            return
        case _:
            yield Send(card("a card"))


def unpaced() -> Pacer:
    return Pacer(UNPACED, time.monotonic)


@asynccontextmanager
async def running(
    telegram: LocalTelegram,
    answering: Scripted,
    *,
    timing: Timing = QUICK,
    webhook: Webhook | None = None,
    pacer: Pacer | None = None,
    suggesting: Suggesting | None = None,
    presence: Presence | None = None,
    operators: Collection[str] = (),
    menus: OperatorMenus | None = None,
) -> AsyncIterator[asyncio.Task[None]]:
    """Run the adapter; end it, and whatever went wrong in it, with the block."""
    app = TelegramApp(
        telegram.token,
        telegram.origin + "/",
        answering,
        pacer=pacer or unpaced(),
        suggesting=suggesting,
        webhook=webhook,
        timing=timing,
        presence=presence,
        operators=operators,
        menus=menus,
    )
    stop = asyncio.Event()
    task = asyncio.create_task(app.run(stop))
    try:
        yield task
    finally:
        stop.set()
        async with asyncio.timeout(BOUND):
            await task
