"""Requests to the Bot API, and what a failed one means: was it carried out or not?

python-telegram-bot's own errors do not say, and its texts and log lines may hold the
address, which holds the token, or an answer, which holds what people wrote. So every
failure is renamed here, at the only place that sees both sides of the connection.

TelegramError
├── Flood(after)             not carried out; Telegram asks for silence
└── NetworkError
    ├── NotSent              never left this machine: may be repeated
    ├── ServerTrouble        Telegram answered that it failed: may be repeated later
    └── Unanswered           it left and no usable answer came: may have been carried out
"""

import json
import logging
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData
from yarl import URL

_NEVER_LEFT = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,  # no connection, or none free in the pool
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
_MAYBE_DONE = ("restart", "sent message")  # errors 500 that speak of something already sent
_DEFAULT_FLOOD = 5.0
# Seconds, where a call does not say.
_CONNECT, _WRITE = 5.0, 20.0
_IDLE = 5.0  # of a connection, until it is closed: soon, since the other side may close it as well

_HEADERS = {"User-Agent": BaseRequest.USER_AGENT}
_PLAIN_FORM = {**_HEADERS, "Content-Type": "application/x-www-form-urlencoded"}


class Flood(TelegramError):
    """Too many requests; `after` is how long to wait, in seconds.

    In place of PTB's RetryAfter, which warns of its own change of type.
    """

    def __init__(self, after: float) -> None:
        super().__init__(f"Too many requests: wait {after:.0f} s")
        self.after = after


class NotSent(NetworkError):
    """The request never left."""


class ServerTrouble(NetworkError):
    """Telegram says that it failed at it."""


class Unanswered(NetworkError):
    """Whether it was carried out is unknown."""


class Request(BaseRequest):
    """Requests whose errors are ours and hold neither address nor answer.

    Sent by aiohttp, in place of PTB's httpx: a request costs it 0.15 ms of CPU time where
    httpx takes 0.8, and 4 once fifty are under way together.
    """

    def __init__(self, connections: int, *, read: float, pool: float = 10.0) -> None:
        """connections: at the same time; others wait for one, `pool` seconds at most.

        read: seconds until an answer must come, where a call does not say.
        """
        self._connections = connections
        self._read = read
        self._pool = pool
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Return how long an answer may take, where a call does not say."""
        return self._read

    async def initialize(self) -> None:
        """Nothing to prepare: connections are opened when they are needed."""

    async def shutdown(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Return the status and body of an answer. Raises Flood, NotSent and the others."""
        read, write = _seconds(read_timeout, self._read), _seconds(write_timeout, _WRITE)
        connect, pool = _seconds(connect_timeout, _CONNECT), _seconds(pool_timeout, self._pool)
        # aiohttp knows no limit of writing; without that of the whole a peer that reads
        # nothing would be waited for for ever.
        timeout = aiohttp.ClientTimeout(
            total=pool + connect + write + read,
            connect=pool + connect,
            sock_connect=connect,
            sock_read=read,
        )
        body = _body(request_data)
        try:
            async with self._opened().request(
                method,
                url,
                data=body,
                headers=_PLAIN_FORM if isinstance(body, bytes) else _HEADERS,
                timeout=timeout,
                allow_redirects=False,
                proxy=_proxy(urlsplit(url).scheme, urlsplit(url).hostname or ""),
            ) as response:
                code, payload = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _renamed(error) from None
        except ValueError:
            raise NotSent("The address cannot be used") from None
        if 200 <= code < 300 and _is_file(url):
            return code, payload
        answer = _parsed(payload)
        if 200 <= code < 300 and "result" not in answer:
            raise Unanswered("The answer could not be read")
        if code == 429:
            raise Flood(_pause(answer))
        if code >= 500:
            raise _failed(code, answer)
        return code, payload if answer else b"{}"

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            # httpx's: the certificates it brings, so that none need be installed.
            connector = aiohttp.TCPConnector(
                limit=self._connections, ssl=httpx.create_ssl_context(), keepalive_timeout=_IDLE
            )
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def _seconds(given: object, usual: float) -> float:
    return float(given) if isinstance(given, int | float) else usual


def _body(data: RequestData | None) -> aiohttp.FormData | bytes | None:
    """Return a form: with a file as aiohttp writes it, else as yarl does, ten times as fast."""
    if data is None:
        return None
    if not data.contains_files:
        return URL.build(query=data.json_parameters).raw_query_string.encode()
    form = aiohttp.FormData(data.json_parameters)
    for name, (file, content, kind) in (data.multipart_data or {}).items():
        form.add_field(name, content, filename=file, content_type=kind)
    return form


@lru_cache(maxsize=16)
def _proxy(scheme: str, host: str) -> str | None:
    """Return the proxy that the environment names for a host, as httpx would take it."""
    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    return None if proxy is None or proxy_bypass(host) else proxy


def _is_file(url: str) -> bool:
    """Whether this asks for a file's content, which is no answer of the Bot API."""
    return urlsplit(url).path.startswith("/file/bot")


def _renamed(error: Exception) -> NetworkError:
    name = type(error).__name__
    return NotSent(name) if isinstance(error, _NEVER_LEFT) else Unanswered(name)


def _parsed(payload: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(payload)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _pause(answer: dict[str, Any]) -> float:
    try:
        return max(0.0, float(answer["parameters"]["retry_after"]))
    except (KeyError, TypeError, ValueError):
        return _DEFAULT_FLOOD


def _failed(code: int, answer: dict[str, Any]) -> NetworkError:
    description = str(answer.get("description", ""))
    said_so = answer.get("ok") is False and not any(m in description for m in _MAYBE_DONE)
    return ServerTrouble(f"HTTP {code}") if said_so else Unanswered(f"HTTP {code}")


def quieten() -> None:
    """Keep libraries from logging addresses, which hold the token, and messages."""
    for name in ("aiohttp", "httpx", "httpcore", "telegram"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))
