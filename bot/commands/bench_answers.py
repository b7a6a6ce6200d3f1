"""From a tap to the edited card: the whole bot against a Bot API on loopback, and a bare client.

People tap Like on cards that they were shown; the bot polls, stores, answers the tap, edits the
card and sends the next one. Bare clients then make the very same calls, chat by chat, over as
many connections: python-telegram-bot's, sent as the bot sends them, and aiohttp's alone.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions

from bot.adapters.pacing import Limits, Pacer, Window
from bot.adapters.telegram_app import TelegramApp
from bot.adapters.telegram_request import Request
from bot.adapters.telegram_send import CONNECTIONS
from bot.commands.bench_bot_api import TOKEN, Call, bot_api
from bot.commands.bench_readers import NoLookUp, papers_of_a_week
from bot.conversation.events import Person, Platform
from bot.conversation.ports import Reader
from bot.conversation.service import Conversation
from bot.conversation.taps import Act, Tap, encode
from bot.desk import Desk
from bot.shelf import Shelf
from recommender.encoder import LsaEncoder
from storage import catalogue
from storage.database import Database

PAPERS = 500
WARM = 10  # lone taps before those that count
_MANY = 1_000_000
_UNLIMITED = Limits((Window(_MANY, 1.0),), (Window(_MANY, 1.0),), ())


@dataclass(frozen=True, slots=True)
class Sizes:
    """readers: who tap at once. lone: taps of one reader, one after the other."""

    readers: int
    bursts: int
    lone: int


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds from a tap to its edited card, of the bot and of two bare clients.

    lone: of each tap. at_once and the others: of each burst. same: python-telegram-bot's client.
    """

    lone: list[float] = field(default_factory=list)
    same_lone: list[float] = field(default_factory=list)
    at_once: list[list[float]] = field(default_factory=list)
    same: list[list[float]] = field(default_factory=list)
    bare: list[list[float]] = field(default_factory=list)


async def measure(database: Database, folder: Path, sizes: Sizes) -> Waits:
    """Let people tap, alone and all at once. folder: an empty one, for models.

    bursts alternate with those of the bare client.
    """
    waits = Waits()
    with bot_api() as origin:
        async with _people(database, folder, origin, sizes.readers) as people:
            for _ in range(WARM + sizes.lone):
                tapped, calls = await people.tap(1)
                waits.lone.extend(tapped)
                waits.same_lone.extend(await people.same(calls))
            del waits.lone[:WARM], waits.same_lone[:WARM]
            for _ in range(sizes.bursts + 1):
                tapped, calls = await people.tap(sizes.readers)
                waits.at_once.append(tapped)
                waits.same.append(await people.same(calls))
                waits.bare.append(await people.bare(calls))
            del waits.at_once[:1], waits.same[:1], waits.bare[:1]
    return waits


@asynccontextmanager
async def _people(
    database: Database, folder: Path, origin: str, count: int
) -> AsyncIterator["_People"]:
    """Open a bot with readers, which serves until the block ends."""

    def now() -> datetime:
        return datetime.now(UTC)

    async with database.writing() as db:
        await catalogue.take_in(db, papers_of_a_week(PAPERS), now() - timedelta(days=1))
    shelf = Shelf(database, folder, lambda _: LsaEncoder())
    await shelf.refresh()
    desk = Desk(database, shelf, NoLookUp(), now)
    readers = [
        await desk.reader(Person(Platform.TELEGRAM, str(n), str(n), language="en"))
        for n in range(1, count + 1)
    ]
    pacer = Pacer(_UNLIMITED, time.monotonic)
    app = TelegramApp(TOKEN, origin, Conversation(desk, now), pacer=pacer)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks, aiohttp.ClientSession(origin) as platform:
        tasks.create_task(app.run(stop))
        try:
            yield _People(desk, readers, platform, origin)
        finally:
            stop.set()


class _People:
    def __init__(
        self,
        desk: Desk,
        readers: Sequence[Reader],
        platform: aiohttp.ClientSession,
        origin: str,
    ) -> None:
        self._desk = desk
        self._readers = readers
        self._platform = platform
        self._origin = origin
        self._numbers = count(1)

    async def tap(self, readers: int) -> tuple[list[float], dict[str, list[Call]]]:
        """Let so many readers like a new card each; return the waits, and the bot's calls."""
        queries = [
            await self._query(chat, reader)
            for chat, reader in enumerate(self._readers[:readers], start=1)
        ]
        async with self._platform.post("/taps", json=queries) as response:
            began = (await response.json())["at"]
        heard = await self._heard(readers)
        return [at - began for at in heard["edited"].values()], heard["calls"]

    async def _query(self, chat: int, reader: Reader) -> dict[str, Any]:
        offer = await self._desk.next_offer(reader)
        assert offer is not None, "there are more papers than taps"
        number = next(self._numbers)
        return {
            "id": str(number),
            "from": {"id": chat, "is_bot": False, "first_name": "Reader", "language_code": "en"},
            "message": {"message_id": number, "date": 1, "chat": {"id": chat, "type": "private"}},
            "chat_instance": "1",
            "data": encode(Tap(Act.LIKE, offer.paper.id, offer.impression)),
        }

    async def _heard(self, count: int) -> dict[str, Any]:
        async with self._platform.get(f"/heard/{count}") as response:
            heard: dict[str, Any] = await response.json()
            return heard

    async def bare(self, calls: dict[str, list[Call]]) -> list[float]:
        """Make the same calls with aiohttp alone; return the waits."""
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        async with aiohttp.ClientSession(self._origin, connector=connector) as session:

            async def post(call: Call) -> None:
                method, params = call
                async with session.post(f"/bot{TOKEN}/{method}", data=params) as response:
                    assert (await response.json())["ok"]

            return await self._repeated(
                {chat: [partial(post, call) for call in some] for chat, some in calls.items()}
            )

    async def same(self, calls: dict[str, list[Call]]) -> list[float]:
        """Make the same calls with python-telegram-bot's client; return the waits."""
        sends, polls = Request(CONNECTIONS, read=10), Request(1, read=10)
        base = f"{self._origin}/bot"
        async with Bot(TOKEN, base, request=sends, get_updates_request=polls) as bot:
            return await self._repeated(
                {chat: [_asked(bot, *call) for call in some] for chat, some in calls.items()}
            )

    async def _repeated(
        self, calls: dict[str, list[Callable[[], Awaitable[object]]]]
    ) -> list[float]:
        """Make calls, those of a chat one after the other; return the waits for the edits."""

        async def repeat(some: list[Callable[[], Awaitable[object]]]) -> None:
            for call in some:
                await call()

        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for some in calls.values():
                group.create_task(repeat(some))
        heard = await self._heard(len(calls))
        return [at - began for at in heard["edited"].values()]


def _asked(bot: Bot, method: str, params: dict[str, str]) -> Callable[[], Awaitable[object]]:
    """Return a call of the Bot API as python-telegram-bot takes it, ready to be made."""
    if method == "answerCallbackQuery":
        return partial(bot.answer_callback_query, params["callback_query_id"], params.get("text"))
    markup = params.get("reply_markup")
    asked = partial(
        bot.edit_message_text if method == "editMessageText" else bot.send_message,
        chat_id=int(params["chat_id"]),
        text=params["text"],
        parse_mode=params.get("parse_mode"),
        reply_markup=InlineKeyboardMarkup.de_json(json.loads(markup), bot) if markup else None,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    if method == "editMessageText":
        return partial(asked, message_id=int(params["message_id"]))
    return asked
