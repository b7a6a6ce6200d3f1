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
from typing import Any
from urllib.parse import urlsplit

import httpx
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import HTTPXRequest

_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_MAYBE_DONE = ("restart", "sent message")  # errors 500 that speak of something already sent
_DEFAULT_FLOOD = 5.0


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


class Request(HTTPXRequest):
    """HTTPXRequest whose errors are ours and hold neither address nor answer."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        try:
            code, payload = await super().do_request(*args, **kwargs)
        except (TimedOut, NetworkError) as error:
            raise _renamed(error.__cause__) from None
        except httpx.InvalidURL:
            raise NotSent("The address cannot be used") from None
        if 200 <= code < 300 and _is_file(*args, **kwargs):
            return code, payload
        answer = _parsed(payload)
        if 200 <= code < 300 and "result" not in answer:
            raise Unanswered("The answer could not be read")
        if code == 429:
            raise Flood(_pause(answer))
        if code >= 500:
            raise _failed(code, answer)
        return code, payload if answer else b"{}"


def _is_file(url: str, *_: Any, **__: Any) -> bool:
    """Whether this asks for a file's content, which is no answer of the Bot API."""
    return urlsplit(url).path.startswith("/file/bot")


def _renamed(cause: BaseException | None) -> NetworkError:
    name = type(cause).__name__
    return NotSent(name) if isinstance(cause, _NEVER_LEFT) else Unanswered(name)


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
    for name in ("httpx", "httpcore", "telegram"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))
