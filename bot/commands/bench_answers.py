"""From a tap to the edited card: the whole bot against a Bot API on loopback, and a bare client.

People tap Like on cards that they were shown; the bot polls, stores, answers the tap, edits the
card and sends the next one. Bare clients are then tapped on in the same way, and make the very same
calls, chat by chat: they know beforehand what they will say.

- python-telegram-bot's client over the bot's own transport: it polls, and has its keyboards made of
  the library's buttons.
- The same client as the library comes, over httpx.
- aiohttp alone, which does not even poll.

All over as many connections as the bot, but httpx over a few: it walks through all it has for each
request.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.request import BaseRequest, HTTPXRequest

from bot.adapters.pacing import Limits, Pacer, Window
from bot.adapters.telegram_app import TelegramApp
from bot.adapters.telegram_request import Request
from bot.adapters.telegram_send import CONNECTIONS
from bot.commands.bench_bot_api import BARE, TOKEN, Call, bot_api
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
HTTPX_CONNECTIONS = 8
_MANY = 1_000_000
_UNLIMITED = Limits((Window(_MANY, 1.0),), (Window(_MANY, 1.0),), ())


Query = dict[str, Any]
"""A tap as Telegram tells it: the `callback_query` of an update."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """readers: who tap at once. lone: taps of one reader, one after the other."""

    readers: int
    bursts: int
    lone: int


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds from a tap to its edited card, of the bot and of bare clients.

    lone: of each tap. at_once and the others: of each burst. same: python-telegram-bot's client
    over the bot's transport; usual: over its own.
    """

    lone: list[float] = field(default_factory=list)
    same_lone: list[float] = field(default_factory=list)
    at_once: list[list[float]] = field(default_factory=list)
    same: list[list[float]] = field(default_factory=list)
    usual: list[list[float]] = field(default_factory=list)
    bare: list[list[float]] = field(default_factory=list)


async def measure(database: Database, folder: Path, sizes: Sizes) -> Waits:
    """Let people tap, alone and all at once. folder: an empty one, for models.

    bursts alternate with those of the bare client.
    """
    waits = Waits()
    with bot_api() as origin:
        async with _people(database, folder, origin, sizes.readers) as people:
            for _ in range(WARM + sizes.lone):
                tapped, queries, calls = await people.tap(1)
                waits.lone.extend(tapped)
                waits.same_lone.extend(await people.same(queries, calls))
            del waits.lone[:WARM], waits.same_lone[:WARM]
            for _ in range(sizes.bursts + 1):
                tapped, queries, calls = await people.tap(sizes.readers)
                waits.at_once.append(tapped)
                waits.same.append(await people.same(queries, calls))
                waits.usual.append(await people.usual(queries, calls))
                waits.bare.append(await people.bare(calls))
            del waits.at_once[:1], waits.same[:1], waits.usual[:1], waits.bare[:1]
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
        self._base = f"{origin}/bot"
        self._offset = 0  # of the bare clients
        self._numbers = count(1)

    async def tap(self, readers: int) -> tuple[list[float], list[Query], dict[str, list[Call]]]:
        """Let so many readers like a new card each; return the waits, taps, and the bot's calls."""
        queries = [
            await self._query(chat, reader)
            for chat, reader in enumerate(self._readers[:readers], start=1)
        ]
        began = await self._begun(TOKEN, queries)
        heard = await self._heard(readers)
        return [at - began for at in heard["edited"].values()], queries, heard["calls"]

    async def _begun(self, token: str, queries: Sequence[Query]) -> float:
        """Let people tap on a bot's cards; return when they did."""
        async with self._platform.post(f"/taps/{token}", json=queries) as response:
            began: float = (await response.json())["at"]
            return began

    async def _query(self, chat: int, reader: Reader) -> Query:
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

            async def repeat(some: Sequence[Call]) -> None:
                for call in some:
                    await post(call)

            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                for some in calls.values():
                    group.create_task(repeat(some))
        heard = await self._heard(len(calls))
        return [at - began for at in heard["edited"].values()]

    async def same(self, queries: Sequence[Query], calls: dict[str, list[Call]]) -> list[float]:
        """Answer the same taps with python-telegram-bot's client over the bot's transport."""
        sends, polls = Request(CONNECTIONS, read=10), Request(1, read=10)
        return await self._answered(sends, polls, queries, calls)

    async def usual(self, queries: Sequence[Query], calls: dict[str, list[Call]]) -> list[float]:
        """Answer the same taps with python-telegram-bot's client as it comes."""
        sends, polls = (HTTPXRequest(n, pool_timeout=60.0) for n in (HTTPX_CONNECTIONS, 1))
        return await self._answered(sends, polls, queries, calls)

    async def _answered(
        self,
        sends: BaseRequest,
        polls: BaseRequest,
        queries: Sequence[Query],
        calls: dict[str, list[Call]],
    ) -> list[float]:
        """Let people tap on a bare client's cards; return the waits for the edits."""
        known = {chat: [_Said.of(*call) for call in some] for chat, some in calls.items()}
        left = len(queries)
        async with (
            Bot(BARE, self._base, request=sends, get_updates_request=polls) as bot,
            asyncio.TaskGroup() as group,
        ):
            began = await self._begun(BARE, queries)
            while left:
                for update in await bot.get_updates(self._offset, timeout=10):
                    assert update.callback_query is not None
                    chat = str(update.callback_query.from_user.id)
                    group.create_task(_say_all(bot, known[chat]))
                    self._offset, left = update.update_id + 1, left - 1
            heard = await self._heard(len(queries))
        return [at - began for at in heard["edited"].values()]


@dataclass(frozen=True, slots=True)
class _Said:
    """A call of the bot's, read, so that a bare client need not."""

    method: str
    params: dict[str, str]
    rows: list[list[dict[str, str]]]

    @classmethod
    def of(cls, method: str, params: dict[str, str]) -> "_Said":
        markup = json.loads(params.get("reply_markup", "{}"))
        return cls(method, params, markup.get("inline_keyboard", []))


async def _say_all(bot: Bot, calls: Sequence[_Said]) -> None:
    """Make the calls of one chat, one after the other, as python-telegram-bot takes them."""
    for call in calls:
        said = call.params
        if call.method == "answerCallbackQuery":
            await bot.answer_callback_query(said["callback_query_id"], said.get("text"))
            continue
        buttons = [
            [InlineKeyboardButton(b["text"], b.get("url"), b.get("callback_data")) for b in row]
            for row in call.rows
        ]
        markup = InlineKeyboardMarkup(buttons) if buttons else None
        chat, text, mode = int(said["chat_id"]), said["text"], said.get("parse_mode")
        silent = LinkPreviewOptions(is_disabled=True)
        if call.method == "editMessageText":
            await bot.edit_message_text(
                text,
                chat,
                int(said["message_id"]),
                parse_mode=mode,
                reply_markup=markup,
                link_preview_options=silent,
            )
        else:
            await bot.send_message(
                chat, text, parse_mode=mode, reply_markup=markup, link_preview_options=silent
            )
