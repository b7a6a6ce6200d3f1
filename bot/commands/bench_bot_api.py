"""A Bot API on loopback, in a process of its own, for benches to be measured against.

It takes every message, or as many as Telegram would, and counts; people tap when it is told
so. It checks nothing that a bot could do wrong: tests have a strict one for that.
"""

import asyncio
import math
import multiprocessing
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from aiohttp import web

TOKEN = "1:bench"
BARE = "2:bare"
"""The token of the bare client, which is tapped on by itself."""
ALLOWED = 30  # messages in any second, when limits are kept
BUSY_EVERY = 50  # of so many chats one is told once to be silent for itself
SILENCE = 2  # seconds
_GRACE = 0.5  # seconds within which what was under way may still arrive
_STARTS_WITHIN = 30.0


@dataclass
class Tally:
    """What was counted.

    refused: answered with 429. ignored: came although silence had been asked for.
    chats: that got a message. arrived: monotonic seconds at which messages were taken, until the
    last one to a chat that was never told to be silent: after it nothing is left but to wait
    for the others.
    """

    sent: int = 0
    refused: int = 0
    ignored: int = 0
    chats: int = 0
    arrived: list[float] = field(default_factory=list)


Call = tuple[str, dict[str, str]]
"""A method of the Bot API, and what it was called with."""


@dataclass
class Heard:
    """What came of taps. edited: when each message was, by its number; calls: of each chat."""

    edited: dict[str, float] = field(default_factory=dict)
    calls: dict[str, list[Call]] = field(default_factory=dict)
    followed: int = 0  # messages that were sent after an edit


@contextmanager
def bot_api() -> Iterator[str]:
    """Yield the origin of a Bot API that runs until the block ends."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    server = spawn.Process(target=_serve, args=(there,), daemon=True)
    server.start()
    try:
        if not here.poll(_STARTS_WITHIN):
            raise TimeoutError("the local Bot API did not start")
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        server.terminate()
        server.join()


def _serve(started: Connection) -> None:
    with suppress(KeyboardInterrupt):
        asyncio.run(_serving(started))


async def _serving(started: Connection) -> None:
    api = _BotApi()
    application = web.Application(client_max_size=1 << 24)
    application.router.add_route("*", "/bot{token}/{method}", api.called)
    application.router.add_post("/limits/{on}", api.limits)
    application.router.add_post("/taps/{token}", api.taps)
    application.router.add_get("/tally", api.tally)
    application.router.add_get("/heard/{count}", api.heard)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    started.send(runner.addresses[0][1])
    await asyncio.Event().wait()


@dataclass
class _Inbox:
    """Updates that a bot has not confirmed yet."""

    updates: deque[dict[str, Any]] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def fetched(self, params: Mapping[str, str]) -> list[dict[str, Any]]:
        offset = int(params.get("offset", 0))
        while self.updates and self.updates[0]["update_id"] < offset:
            self.updates.popleft()
        if not self.updates:
            self.news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), float(params.get("timeout", 0)))
        return list(self.updates)[: int(params.get("limit", 100))]


class _BotApi:
    def __init__(self) -> None:
        self._is_limited = False
        self._number = 0
        self._inboxes = {token: _Inbox() for token in (TOKEN, BARE)}
        self._queries: dict[str, str] = {}  # whose each query is
        self._heard = Heard()
        self._was_heard = asyncio.Event()
        self._forget()

    def _forget(self) -> None:
        self._tally = Tally()
        self._late: list[float] = []  # arrivals that may yet prove to be the last
        self._recent: deque[float] = deque()
        self._silent: dict[str, tuple[float, float]] = {}  # until when, and since when
        self._chats = set[str]()

    async def limits(self, request: web.Request) -> web.Response:
        """Keep Telegram's limits, or none; what was counted is forgotten."""
        self._is_limited = request.match_info["on"] == "on"
        self._forget()
        return web.json_response({})

    async def tally(self, _: web.Request) -> web.Response:
        """Tell what was counted, and forget it."""
        self._tally.chats = len(self._chats)
        told = asdict(self._tally)
        self._forget()
        return web.json_response(told)

    async def taps(self, request: web.Request) -> web.Response:
        """Let people tap, all at once: the body holds an update's `callback_query` for each."""
        inbox = self._inboxes[request.match_info["token"]]
        for query in await request.json():
            self._number += 1
            self._queries[query["id"]] = str(query["from"]["id"])
            inbox.updates.append({"update_id": self._number, "callback_query": query})
        inbox.news.set()
        return web.json_response({"at": time.monotonic()})

    async def called(self, request: web.Request) -> web.Response:
        """Answer a call of the Bot API."""
        method = request.match_info["method"]
        said = await request.post()
        params = {name: str(value) for name, value in said.items()}
        if method == "getUpdates":
            return _result(await self._inboxes[request.match_info["token"]].fetched(params))
        if method == "sendMessage":
            return self._sent(params)
        if method == "editMessageText":
            self._hear(params["chat_id"], method, params)
            self._heard.edited[params["message_id"]] = time.monotonic()
            return _result(_message(params, int(params["message_id"])))
        if method == "answerCallbackQuery":
            self._hear(self._queries[params["callback_query_id"]], method, params)
        return _result(_ANSWERS.get(method, True))

    async def heard(self, request: web.Request) -> web.Response:
        """Tell, once so many taps were answered by an edit and a message, what came of them."""
        count = int(request.match_info["count"])
        while min(len(self._heard.edited), self._heard.followed) < count:
            self._was_heard.clear()
            await self._was_heard.wait()
        told, self._heard = asdict(self._heard), Heard()
        return web.json_response(told)

    def _hear(self, chat: str, method: str, params: dict[str, str]) -> None:
        self._heard.calls.setdefault(chat, []).append((method, params))
        self._was_heard.set()

    def _sent(self, params: Mapping[str, str]) -> web.Response:
        now, chat, tally = time.monotonic(), params["chat_id"], self._tally
        if self._is_limited and (wait := self._refusal(chat, now)):
            tally.refused += 1
            return web.json_response(
                {"ok": False, "error_code": 429, "parameters": {"retry_after": wait}}, status=429
            )
        self._hear(chat, "sendMessage", dict(params))
        self._heard.followed += 1
        tally.sent += 1
        self._late.append(now)
        if chat not in self._silent:
            tally.arrived += self._late
            self._late = []
        self._chats.add(chat)
        return _result(_message(params, tally.sent))

    def _refusal(self, chat: str, now: float) -> int:
        """Return for how many seconds a chat, or everybody, must be silent; 0 for no time."""
        for name in ("", chat):
            until, since = self._silent.get(name, (0.0, 0.0))
            if now < until:
                self._tally.ignored += now > since + _GRACE
                return math.ceil(until - now)
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= ALLOWED:
            self._silent[""] = (now + 1, now)
            return 1
        if int(chat) % BUSY_EVERY == 0 and chat not in self._silent:
            self._silent[chat] = (now + SILENCE, now)
            return SILENCE
        self._recent.append(now)
        return 0


_ANSWERS: dict[str, Any] = {
    "getMe": {"id": 1, "is_bot": True, "first_name": "Lark", "username": "bench_bot"},
    "getMyCommands": [],
    "getMyDescription": {"description": ""},
    "getMyShortDescription": {"short_description": ""},
}


def _message(params: Mapping[str, str], number: int) -> dict[str, Any]:
    chat = {"id": int(params["chat_id"]), "type": "private"}
    return {"message_id": number, "date": 0, "chat": chat, "text": params["text"]}


def _result(result: object) -> web.Response:
    return web.json_response({"ok": True, "result": result})
