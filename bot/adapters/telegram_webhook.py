"""Receive updates over HTTP, and confirm each only once it is stored.

PTB's own webhook server answers before anybody has looked at the update; what is then
lost in a crash, Telegram never sends again. So this is a server of two dozen lines.
"""

import asyncio
import hmac
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

MAX_BODY = 4 * 1024 * 1024
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"

Take = Callable[[dict[str, Any]], asyncio.Future[None]]


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram sends to, what proves that it is Telegram, and where we listen."""

    url: str
    secret: str
    listen: tuple[str, int]


class _Handler(RequestHandler):
    """Any path will do: a proxy may rewrite it. The secret is what counts."""

    def initialize(self, take: Take, secret: str, seconds: float) -> None:
        self._take, self._secret, self._seconds = take, secret, seconds

    async def post(self, *_: str) -> None:
        if not hmac.compare_digest(
            self.request.headers.get(SECRET_HEADER, "").encode(), self._secret.encode()
        ):
            self.set_status(403)
            return
        try:
            update = json.loads(self.request.body)
        except ValueError:
            update = None
        if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
            self.set_status(400)
            return
        stored = self._take(update)
        await asyncio.wait([stored], timeout=self._seconds)
        # Anything but 2xx, and Telegram sends the update again.
        self.set_status(200 if stored.done() and not stored.cancelled() else 503)


@contextmanager
def bound(webhook: Webhook | None) -> Iterator[Sequence[socket.socket]]:
    """Take the address at once, so that a wrong one stops the start. Raises OSError."""
    sockets = [_listening(*webhook.listen)] if webhook else []
    try:
        yield sockets
    finally:
        for one in sockets:
            one.close()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.create_server((host.strip("[]"), port), family=family, backlog=128)
    taken.setblocking(False)
    return taken


@asynccontextmanager
async def listening(
    sockets: Sequence[socket.socket], secret: str, take: Take, seconds: float
) -> AsyncIterator[None]:
    """Serve until the block ends. seconds: how long an update may take to be stored."""
    rule = (r"(.*)", _Handler, {"take": take, "secret": secret, "seconds": seconds})
    application = Application([rule], log_function=lambda _: None)
    server = HTTPServer(application, max_body_size=MAX_BODY, idle_connection_timeout=600)
    server.add_sockets(sockets)
    try:
        yield
    finally:
        server.stop()
        await server.close_all_connections()
