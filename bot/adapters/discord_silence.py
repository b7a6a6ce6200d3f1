"""Obey Discord's 429 beyond the one connection that heard it.

discord.py sits a `retry_after` out by itself, for its own requests alone. Here the pacer hears
of it too, and through it every process that sends as this bot: one channel's silence keeps
messages from that channel, a global one keeps all of them back.
"""

import re

import aiohttp

from bot.adapters.pacing import Pacer

_MESSAGES = re.compile(r"/channels/(\d+)/messages$")
_GLOBAL = "global"


def telling(pacer: Pacer) -> aiohttp.TraceConfig:
    """Return what hears every answer on a connection, for `http_trace` of discord.py."""
    trace = aiohttp.TraceConfig()

    async def hear(_session: object, _context: object, end: aiohttp.TraceRequestEndParams) -> None:
        headers = end.response.headers
        if end.response.status != 429 or (seconds := _seconds(headers.get("Retry-After"))) is None:
            return
        channel = _MESSAGES.search(end.url.path)
        if "X-RateLimit-Global" in headers or headers.get("X-RateLimit-Scope") == _GLOBAL:
            await pacer.obey(seconds)
        elif channel and end.method == "POST":
            await pacer.obey(seconds, channel[1])

    trace.on_request_end.append(hear)
    return trace


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        return None
