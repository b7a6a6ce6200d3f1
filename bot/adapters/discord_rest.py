"""Discord's REST API as far as we use it, and what its refusals mean.

discord.py keeps the rate limits; bodies are our own, so that what is rendered is what is
sent. A request to an interaction's address carries that interaction's token: addresses are
never logged, ours or the library's.
"""

import asyncio
import hashlib
import io
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import aiohttp
import discord
import structlog
from discord.http import HTTPClient, Route

from bot.adapters import discord_looks
from bot.adapters.discord_render import FILE, Payload, render
from bot.adapters.discord_silence import telling
from bot.adapters.looks import Looks
from bot.adapters.pacing import Pacer, Urgency
from bot.conversation.events import MessageRef
from bot.conversation.messages import Attachment, Message
from bot.conversation.ports import (
    Begin,
    DeliveryError,
    OutcomeUnknown,
    PlatformAway,
    RecipientGone,
    Refused,
    TryLater,
)

log = structlog.get_logger()

EPHEMERAL, SILENT = 1 << 6, 1 << 12
TOKEN_REFUSED = (
    "DISCORD_TOKEN is refused by DISCORD_API_BASE: copy the bot token again from the "
    "Developer Portal (your application → Bot → Reset Token)"
)
LONGEST_WAIT = 30.0  # seconds that the library waits for a rate limit by itself
PATIENCE = 110.0  # seconds; Discord knows a nonce again for about two minutes
PAUSES = (0.5, 2.0, 8.0, 20.0)  # seconds before the same message is handed over again
MAX_NONCE = 25

_ALREADY_ACKNOWLEDGED = 40060
# Refused with 403 for what the bot did or is, not for who the recipient is: DMs opened too
# fast, an application under suspicion.
_OUR_FAULT = {40003, 20026}
# Why nothing can be said in a channel.
_SHUT_OUT = {50001: "no_access", 50013: "no_permission", 10003: "gone"}
_PUBLIC_THREAD = 11
_ARCHIVE = 4320  # minutes without a word after which a thread is put away
_THREAD_NAME = 100
_CONNECTION = (aiohttp.ClientError, OSError)
_NEVER_SENT = (aiohttp.ClientConnectorError,)

Trouble = discord.DiscordException | aiohttp.ClientError | OSError
TROUBLES = (discord.DiscordException, aiohttp.ClientError, OSError)  # TimeoutError is an OSError


class Quiet(logging.Filter):
    """Drops the library's lines that repeat themselves, show an address, or are about voice."""

    _DROPPED = ("Attempting a reconnect", "We are being rate limited", "PyNaCl", "davey")

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith(self._DROPPED)


def silence_library() -> None:
    """Make discord.py say nothing that we say ourselves. Doing it twice changes nothing."""
    for name in ("discord.client", "discord.http"):
        logger = logging.getLogger(name)
        if not any(isinstance(known, Quiet) for known in logger.filters):
            logger.addFilter(Quiet())


class Rest:
    """The requests; each raises what discord.py and aiohttp raise, within its time.

    pacer: whose turn it is to send something into a channel.
    """

    def __init__(self, http: HTTPClient, pacer: Pacer) -> None:
        self._http = http
        self._pacer = pacer

    async def send(
        self,
        channel: str,
        body: Payload,
        urgency: Urgency = Urgency.ANSWER,
        begin: Begin | None = None,
    ) -> MessageRef:
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
        async with self._pacer.turn(channel, urgency=urgency):
            if begin is not None:
                await begin()
            sent = await self._call(route, body)
        return MessageRef(str(sent["channel_id"]), str(sent["id"]))

    async def edit(self, ref: MessageRef, body: Payload) -> None:
        path = "/channels/{channel_id}/messages/{message_id}"
        route = Route("PATCH", path, channel_id=ref.chat, message_id=ref.message)
        await self._call(route, body)

    async def type_in(self, channel: str) -> None:
        await self._call(Route("POST", "/channels/{channel_id}/typing", channel_id=channel))

    async def open_dm(self, user: str) -> str:
        channel = await self._call(
            Route("POST", "/users/@me/channels"), {"recipient_id": user}, seconds=10.0
        )
        return str(channel["id"])

    async def open_thread(self, channel: str, name: str) -> str:
        route = Route("POST", "/channels/{channel_id}/threads", channel_id=channel)
        body = {"name": name, "type": _PUBLIC_THREAD, "auto_archive_duration": _ARCHIVE}
        thread = await self._call(route, body, seconds=20.0)
        if not isinstance(thread, dict) or "id" not in thread:
            raise aiohttp.ClientPayloadError("a thread without a number")
        return str(thread["id"])

    async def respond(self, interaction: str, token: str, body: Payload, seconds: float) -> None:
        """Give the one answer that an interaction waits for.

        When the connection breaks the answer is given again: Discord takes only one of them,
        and says so.
        """
        path = "/interactions/{webhook_id}/{webhook_token}/callback"
        route = Route("POST", path, webhook_id=interaction, webhook_token=token)
        try:
            async with asyncio.timeout(seconds):
                try:
                    await self._call(route, body)
                except _CONNECTION:
                    await self._call(route, body)
        except discord.HTTPException as refusal:
            if refusal.code != _ALREADY_ACKNOWLEDGED:
                raise

    async def follow_up(self, application: str, token: str, body: Payload) -> None:
        path = "/webhooks/{webhook_id}/{webhook_token}"
        await self._call(Route("POST", path, webhook_id=application, webhook_token=token), body)

    async def edit_answer(self, application: str, token: str, body: Payload) -> None:
        await self._call(self._answer("PATCH", application, token), body)

    async def delete_answer(self, application: str, token: str) -> None:
        await self._call(self._answer("DELETE", application, token))

    async def commands(self, application: int) -> list[Payload]:
        path = "/applications/{application_id}/commands?with_localizations=true"
        found: list[Payload] = await self._call(Route("GET", path, application_id=application))
        return found

    async def set_commands(self, application: int, commands: list[Payload]) -> None:
        path = "/applications/{application_id}/commands"
        await self._call(Route("PUT", path, application_id=application), commands)

    @staticmethod
    def _answer(method: str, application: str, token: str) -> Route:
        path = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
        return Route(method, path, webhook_id=application, webhook_token=token)

    async def _call(
        self, route: Route, body: Payload | list[Payload] | None = None, seconds: float = 60.0
    ) -> Any:
        try:
            async with asyncio.timeout(seconds):
                if body is None:
                    return await self._http.request(route)
                if isinstance(body, dict) and (attachment := _attachment(body)):
                    return await self._http.request(route, **_multipart(body, attachment))
                return await self._http.request(route, json=body)
        except json.JSONDecodeError as error:  # carried out, as far as anybody can tell
            raise aiohttp.ClientPayloadError("an answer that is no JSON") from error


def _attachment(body: Payload) -> Attachment | None:
    """Return the file in a message, or in the message that an acknowledgement carries."""
    found: Attachment | None = body.get("data", body).get(FILE)
    return found


def _multipart(body: Payload, attachment: Attachment) -> dict[str, Any]:
    """Return the arguments of a request that carries a file beside what it says."""
    named = {FILE: [{"id": 0, "filename": attachment.name}]}
    said = body | ({"data": body["data"] | named} if "data" in body else named)
    file = discord.File(io.BytesIO(attachment.content), attachment.name)
    form = [
        {"name": "payload_json", "value": json.dumps(said)},
        {
            "name": "files[0]",
            "value": file.fp,
            "filename": attachment.name,
            "content_type": "application/octet-stream",
        },
    ]
    return {"form": form, "files": [file]}


def meaning(trouble: Trouble) -> DeliveryError:
    """Return what a failed request says about the message it carried."""
    match trouble:
        case discord.RateLimited(retry_after=seconds):
            return TryLater(timedelta(seconds=seconds))
        case discord.LoginFailure() | discord.HTTPException(status=401):
            return PlatformAway(timedelta(minutes=15))
        case discord.HTTPException(status=429):  # not in Discord's words: who is before it
            return PlatformAway(timedelta(minutes=10))
        case discord.HTTPException(status=status) if status >= 500:
            return OutcomeUnknown(f"Discord answered {status}")
        case discord.HTTPException(status=403) if _is_page(trouble) or trouble.code in _OUR_FAULT:
            return TryLater(timedelta(minutes=10))
        case discord.HTTPException(status=403 | 404, code=code):
            return RecipientGone(f"Discord's code {code}", _SHUT_OUT.get(code, ""))
        case discord.HTTPException(status=status, code=code):
            return Refused(f"Discord answered {status}, code {code}")
        case aiohttp.ClientConnectorError():
            return PlatformAway(timedelta(minutes=1))
        case _:
            return OutcomeUnknown(type(trouble).__name__)


def _is_page(refusal: discord.HTTPException) -> bool:
    """Whether something before Discord refused, with a page for people."""
    return refusal.response.headers.get("content-type", "") != "application/json"


def thread_name(title: str) -> str:
    """Return a name that Discord takes for a thread: in one line, and not too long."""
    return " ".join(title.split())[:_THREAD_NAME].strip() or "…"


def short_nonce(nonce: str) -> str:
    """Return a nonce that Discord takes; the same one for the same one."""
    if 0 < len(nonce) <= MAX_NONCE and nonce.isascii():
        return nonce
    return hashlib.blake2b(nonce.encode(), digest_size=12).hexdigest()


async def deliver(
    rest: Rest,
    channel: str,
    body: Payload,
    nonce: str,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    urgency: Urgency = Urgency.ANSWER,
    begin: Begin | None = None,
) -> MessageRef:
    """Send a message once, however often it takes. Raises one of the DeliveryErrors.

    The nonce makes Discord give back what it already has, so a lost answer may be asked for
    again, but only while Discord remembers.
    """
    body = body | {"nonce": short_nonce(nonce), "enforce_nonce": True}
    was_handed_over = False
    try:
        async with asyncio.timeout(PATIENCE):
            for wait in (*PAUSES, None):
                try:
                    return await rest.send(channel, body, urgency, begin)
                except TROUBLES as trouble:
                    problem = meaning(trouble)
                    was_handed_over |= isinstance(problem, OutcomeUnknown)
                    is_passing = isinstance(problem, OutcomeUnknown) or isinstance(
                        trouble, _NEVER_SENT
                    )
                    if wait is None or not is_passing:
                        raise _honest(problem, was_handed_over) from trouble
                await pause(wait)
    except TimeoutError as slow:
        raise OutcomeUnknown("no answer from Discord in time") from slow
    raise AssertionError("the last try either returns or raises")


def _honest(problem: DeliveryError, was_handed_over: bool) -> DeliveryError:
    if was_handed_over and isinstance(problem, TryLater):
        return OutcomeUnknown("an earlier try may have arrived")
    return problem


async def edit(rest: Rest, looks: Looks, ref: MessageRef, message: Message) -> None:
    """Replace a message in a channel, unless it shows this already."""
    body = render(message)
    look = discord_looks.look(body)

    async def made() -> bool:
        await rest.edit(ref, body)
        return True

    if not looks.stands(ref, look):
        await looks.draw(ref, look, made)


async def redraw(rest: Rest, looks: Looks, ref: MessageRef, message: Message) -> None:
    """Edit a message, as above. Raises one of the DeliveryErrors."""
    try:
        await edit(rest, looks, ref, message)
    except TROUBLES as trouble:
        raise meaning(trouble) from trouble


class DiscordMessenger:
    """Sends digests by REST alone: no gateway is needed. Logs in at the first message.

    A chat is a channel's id, or `user:ID` for a person whose DM channel is not known yet.
    """

    def __init__(
        self,
        token: str,
        api_base: str,
        pacer: Pacer,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._token = token
        self._api_base = api_base.rstrip("/")
        self._pacer = pacer
        self._pause = pause
        self._http: HTTPClient | None = None
        self._login = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._http:
            await self._http.close()
            self._http = None

    async def send(
        self,
        chat: str,
        message: Message,
        *,
        nonce: str,
        is_quiet: bool,
        begin: Begin | None = None,
    ) -> tuple[MessageRef, ...]:
        """Return what was sent; Discord takes every message whole."""
        rest = await self._rest()
        body = render(message) | ({"flags": SILENT} if is_quiet else {})
        channel = await self._channel(rest, chat)
        return (await deliver(rest, channel, body, nonce, self._pause, Urgency.PUSH, begin),)

    async def discuss(self, chat: str, title: str, message: Message, *, nonce: str) -> MessageRef:
        """Open a public thread in a server's channel and say a message in it."""
        rest = await self._rest()
        try:
            thread = await rest.open_thread(chat, thread_name(title))
        except TROUBLES as trouble:
            raise meaning(trouble) from trouble
        return await deliver(rest, thread, render(message), nonce, self._pause, Urgency.PUSH)

    async def _channel(self, rest: Rest, chat: str) -> str:
        kind, _, user = chat.rpartition(":")
        if not kind:
            return chat
        try:
            return await rest.open_dm(user)
        except TROUBLES as trouble:
            problem = meaning(trouble)
            if isinstance(problem, Refused):
                raise RecipientGone("no such person") from trouble
            if isinstance(problem, OutcomeUnknown):  # of the opening; nothing was sent
                raise TryLater(timedelta(minutes=1)) from trouble
            raise problem from trouble

    async def _rest(self) -> Rest:
        async with self._login:
            if self._http is None:
                self._http = await self._logged_in()
            return Rest(self._http, self._pacer)

    async def _logged_in(self) -> HTTPClient:
        silence_library()
        Route.BASE = self._api_base
        http = HTTPClient(
            asyncio.get_running_loop(),
            http_trace=telling(self._pacer),
            max_ratelimit_timeout=LONGEST_WAIT,
        )
        try:
            async with asyncio.timeout(30.0):
                await http.static_login(self._token)
        except TROUBLES as trouble:
            await http.close()
            if isinstance(trouble, discord.LoginFailure):
                log.error("discord.token_refused", hint=TOKEN_REFUSED)
            problem = meaning(trouble)
            is_later = isinstance(problem, TryLater)
            raise (problem if is_later else PlatformAway(timedelta(minutes=1))) from trouble
        return http
