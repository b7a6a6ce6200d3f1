"""A small, strict Discord on loopback, REST and gateway, and the people who use it.

Every request is checked against what Discord publishes of it (tests/contracts/platforms), and so
is what this server answers; a breach of that fails the test when the server ends. Beyond that it
is strict where a bot could go wrong: one acknowledgement for each interaction within three
seconds, tokens that die, closed direct messages, sessions that are resumed, and what Discord's
description leaves out. What a bot does wrong is refused and noted in `violations`.
"""

import asyncio
import json
import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from tests.contracts.platforms.discord import (
    operation,
    wrong_answer,
    wrong_request,
    wrong_shape,
)
from tests.contracts.platforms.published import Breaches
from tests.loopback import serving

T = TypeVar("T")

EPHEMERAL, LOADING = 1 << 6, 1 << 7
_PUBLIC_THREAD = 11
_FILE = 11  # the kind of an option
_THREADS = (10, _PUBLIC_THREAD, 12)
_MAKING = ("create_thread", "create_thread_from_message")
_COMMAND = re.compile(r"[-_\w]{1,32}")
PRIVILEGED = (1 << 1) | (1 << 8) | (1 << 15)
_INTRODUCED = re.compile(r"DiscordBot \(\S+ ?\S+\)")  # others may be shut out


class Refusal(Exception):
    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.body = status, {"code": code, "message": message, **more}


@dataclass
class Posted:
    """A message as people see it. only_for: the one who sees it, None for everybody there."""

    number: int
    channel: int
    content: str
    embeds: list[dict[str, Any]]
    components: list[dict[str, Any]]
    flags: int = 0
    only_for: int | None = None
    reply_to: str = ""
    edits: int = 0
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def text(self) -> str:
        parts = [self.content]
        for embed in self.embeds:
            parts += [embed.get("title", ""), embed.get("description", "")]
            parts.append(embed.get("footer", {}).get("text", ""))
        return "\n".join(part for part in parts if part)

    @property
    def buttons(self) -> dict[str, str]:
        """Custom ids by label."""
        rows = (row["components"] for row in self.components)
        return {b["label"]: b.get("custom_id", "") for row in rows for b in row}


@dataclass
class Interaction:
    """kind: 2 a command, 3 a button, 4 an option that is being typed, 5 a form sent back.

    answered: the kind of the acknowledgement. choices: what was proposed, values by label.
    form: what was to be filled in.
    """

    number: int
    kind: int
    person: "DiscordPerson"
    channel: int
    tapped: int = 0
    born: float = field(default_factory=time.monotonic)
    answered: int = 0
    after: float = 0.0
    original: int = 0
    is_expired: bool = False
    choices: dict[str, str] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)

    @property
    def token(self) -> str:
        return f"interaction-token-{self.number}"


@dataclass
class Fault:
    """kind: "error" (status, code, more), "lose" (carried out, the answer is lost), "cut",
    "garbage" (carried out, the answer is no JSON)."""

    route: str
    kind: str = "error"
    status: int = 500
    code: int = 0
    more: dict[str, Any] = field(default_factory=dict)
    times: int = 1


class LocalDiscord:
    """The server. Use as an async context manager; `api_base` is what the bot is given."""

    def __init__(self, token: str = "local-discord-bot-token") -> None:
        self.token = token
        self.me = 1_100_000_000_000_000_001
        self.is_open = True  # whether everybody may add the bot
        self.violations: list[str] = []
        self.breaches = Breaches("Discord")
        self.calls: list[tuple[str, Any]] = []
        self.posted: dict[int, Posted] = {}
        self.commands: list[dict[str, Any]] = []
        self.people: dict[int, DiscordPerson] = {}
        self.interactions: dict[str, Interaction] = {}
        self.identified = 0
        self.resumed = 0
        self.is_down = False  # whether the gateway refuses connections
        self.turned_away = 0
        self._next = 5_000
        self._servers: dict[int, int] = {}  # server by channel
        self._private: set[int] = set()
        self.threads: dict[int, tuple[int, str]] = {}  # the channel around each, and its name
        self.bot_permissions = 0  # in every channel
        self.files: dict[str, bytes] = {}  # that people sent, by their names
        self.may_fetch = asyncio.Event()  # whether these are handed out yet
        self.may_fetch.set()
        self._nonces: dict[tuple[int, str], int] = {}
        self._faults: list[Fault] = []
        self._sockets: list[web.WebSocketResponse] = []
        self._sequence = 0
        self._missed: list[dict[str, Any]] = []
        self._is_resumable = True
        self._changed = asyncio.Condition()
        self._timers: list[asyncio.TimerHandle] = []

    async def __aenter__(self) -> "LocalDiscord":
        app = web.Application()
        app.router.add_get("/gateway/", self._gateway)
        app.router.add_get("/gateway", self._gateway)
        app.router.add_get("/attachments/{name}", self._attachment)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        self._runner, origin = await serving(app, shutdown_timeout=0.1)
        self._host = origin.removeprefix("http://")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.may_fetch.set()
        for timer in self._timers:
            timer.cancel()
        for socket in self._sockets:
            await socket.close()
        await self._runner.cleanup()
        if kind is None:
            self.breaches.check()

    @property
    def api_base(self) -> str:
        return f"http://{self._host}/api/v10"

    @property
    def is_online(self) -> bool:
        return any(not socket.closed for socket in self._sockets)

    def person(self, number: int = 42, locale: str = "en-US") -> "DiscordPerson":
        self.people[number] = DiscordPerson(self, number, locale)
        return self.people[number]

    def server_channel(self) -> int:
        """Return a channel of a new server, where everybody is."""
        channel, server = self.number(), self.number()
        self._servers[channel] = server
        return channel

    def private_channel(self) -> int:
        """Return a channel of some people without the bot, into which one of them brings it."""
        channel = self.number()
        self._private.add(channel)
        return channel

    def server_of(self, channel: int) -> int:
        return self._servers[channel]

    async def take_in(self, channel: int) -> None:
        """Let the bot into a channel's server."""
        await self._dispatch("GUILD_CREATE", self._server(channel))

    async def throw_out(self, channel: int) -> None:
        """Remove the bot from a channel's server."""
        await self._dispatch("GUILD_DELETE", {"id": str(self._servers[channel])})

    async def delete_channel(self, channel: int) -> None:
        gone = self._channel(channel) | {"guild_id": str(self._servers[channel])}
        await self._dispatch("CHANNEL_DELETE", gone)

    def _server(self, channel: int) -> dict[str, Any]:
        return {
            "id": str(self._servers[channel]),
            "name": "Lab",
            "owner_id": "1",
            "channels": [self._channel(channel)],
            "roles": [],
            "members": [],
            "emojis": [],
            "stickers": [],
            "features": [],
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "preferred_locale": "en-US",
            "system_channel_flags": 0,
        }

    @staticmethod
    def _channel(channel: int) -> dict[str, Any]:
        return {
            "id": str(channel),
            "type": 0,
            "name": "papers",
            "position": 0,
            "permission_overwrites": [],
        }

    def fault(self, route: str, **how: Any) -> None:
        """Let the next calls of a route go wrong; see `_route` for the names."""
        self._faults.append(Fault(route, **how))

    def called(self, route: str) -> list[Any]:
        return [body for name, body in self.calls if name == route]

    def seen_by(self, person: int, channel: int) -> list[Posted]:
        found = (p for p in self.posted.values() if p.channel == channel)
        return [p for p in found if p.only_for in (None, person) and not p.flags & LOADING]

    async def until(self, claim: Callable[[], T], seconds: float = 30.0) -> T:
        """Return what `claim` returns, as soon as it is true."""
        async with asyncio.timeout(seconds), self._changed:
            while not (result := claim()):
                await self._changed.wait()
            return result

    async def online(self) -> None:
        await self.until(lambda: self.is_online and self.identified)

    async def drop(self, *, is_resumable: bool = True) -> None:
        """Break the gateway's connection; the session may be over with it."""
        self._is_resumable = is_resumable
        for socket in self._sockets:
            if socket.closed:
                continue
            await socket.close(code=4000)

    def number(self) -> int:
        self._next += 1
        return (int(time.time() * 1000) - 1420070400000 << 22) | (self._next & 0x3FFFFF)

    # ---------------------------------------------------------------- gateway

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        if self.is_down:
            self.turned_away += 1
            await self._notify()
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            said = json.loads(message.data)
            if said["op"] == 1:
                await socket.send_json({"op": 11, "d": None, "s": None, "t": None})
            elif said["op"] == 2:
                await self._identify(socket, said["d"])
            elif said["op"] == 6:
                await self._resume(socket, said["d"])
        await self._notify()
        return socket

    async def _identify(self, socket: web.WebSocketResponse, said: dict[str, Any]) -> None:
        if said["token"] != self.token:
            await socket.close(code=4004)
            return
        if said["intents"] & PRIVILEGED:
            self.violations.append("privileged intents")
            await socket.close(code=4014)
            return
        self.identified += 1
        self._is_resumable = True
        self._sockets = [socket]
        ready = {
            "v": 10,
            "user": self._bot(),
            "guilds": [],
            "session_id": "session",
            "resume_gateway_url": f"ws://{self._host}/gateway",
            "application": {"id": str(self.me), "flags": 0},
        }
        await self._dispatch("READY", ready)
        await self._notify()

    async def _resume(self, socket: web.WebSocketResponse, said: dict[str, Any]) -> None:
        if not self._is_resumable:
            await socket.send_json({"op": 9, "d": False, "s": None, "t": None})
            return
        self.resumed += 1
        self._sockets = [socket]
        for event in [e for e in self._missed if e["s"] > said["seq"]]:
            await socket.send_json(event)
        await self._dispatch("RESUMED", {})
        await self._notify()

    async def _dispatch(self, kind: str, data: dict[str, Any]) -> None:
        self._sequence += 1
        event = {"op": 0, "t": kind, "s": self._sequence, "d": data}
        self._missed.append(event)
        for socket in self._sockets:
            if not socket.closed:
                await socket.send_json(event)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # ------------------------------------------------------------------- REST

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        parts = request.match_info["path"].split("/")
        body, files = await self._body(request)
        try:
            self._check(request, body, files)
            _put_in(body, files)
            route, handler, arguments = self._route(request.method, parts)
            self.calls.append((route, body))
            if route == "commands" and request.query.get("with_localizations") != "true":
                self._wrong("commands without their translations")
            if not _INTRODUCED.match(request.headers.get("User-Agent", "")):
                self._wrong("no User-Agent of the form DiscordBot (url, version)")
            if request.headers.get("Authorization") != f"Bot {self.token}":
                raise Refusal(401, 0, "401: Unauthorized")
            fault = self._fault_for(route)
            if fault and fault.kind == "cut":
                request.transport.abort()
            if fault and fault.kind == "error":
                raise Refusal(fault.status, fault.code, "as asked for", **fault.more)
            answer = handler(*arguments, body) if body is not None else handler(*arguments)
            if fault and fault.kind == "lose":
                request.transport.abort()
            if fault and fault.kind == "garbage":
                body = b'{"id": "half of what user'
                return web.Response(body=body, content_type="application/json")
        except Refusal as refusal:
            headers = {"Via": "1.1 local"}
            if refusal.status == 429:
                headers |= {"Retry-After": str(math.ceil(refusal.body["retry_after"]))}
                headers |= {"X-RateLimit-Global": "true"} if refusal.body["global"] else {}
            return self._json(refusal.body, refusal.status, headers)
        finally:
            await self._notify()
        return self._answer(request, answer)

    def _check(self, request: web.Request, body: Any, files: dict[str, bytes]) -> None:
        """Note and refuse what Discord does not take by its own description."""
        name = _operation(request)
        if not name:
            asked = f"{request.method} /{request.match_info['path']}"
            self.breaches.note(asked, ["there is no such route"])
        elif problems := wrong_request(name, body, request.query, files):
            self.breaches.note(name, problems)
            self._wrong("; ".join(problems))

    def _answer(self, request: web.Request, answer: Any) -> web.Response:
        name = _operation(request)
        status = 204 if answer is None else 201 if name in _MAKING else 200
        self.breaches.note(f"this server's {name}", wrong_answer(name, status, answer))
        return web.Response(status=204) if answer is None else self._json(answer, status)

    async def _attachment(self, request: web.Request) -> web.Response:
        await self.may_fetch.wait()
        content = self.files.get(request.match_info["name"])
        return web.Response(status=404) if content is None else web.Response(body=content)

    @staticmethod
    async def _body(request: web.Request) -> tuple[Any, dict[str, bytes]]:
        """Return what a request says, and the files beside it by the names of their parts."""
        if request.content_type != "multipart/form-data":
            return (await request.json() if request.can_read_body else None), {}
        form = await request.post()
        files = {n: f.file.read() for n, f in form.items() if isinstance(f, web.FileField)}
        said = form["payload_json"]  # bytes, where its part of the form says what it is
        return json.loads(said if isinstance(said, str) else bytes(said)), files

    def _route(self, method: str, parts: list[str]) -> tuple[str, Callable[..., Any], list[Any]]:
        match (method, *parts):
            case ("GET", "users", "@me"):
                return "me", self._bot, []
            case ("GET", "oauth2" | "applications", "applications" | "@me", *_):
                return "application", self._application, []
            case ("GET", "gateway", "bot"):
                return "gateway", self._gateway_bot, []
            case ("POST", "users", "@me", "channels"):
                return "open_dm", self._open_dm, []
            case ("GET", "applications", _, "commands"):
                return "commands", lambda: self.commands, []
            case ("PUT", "applications", _, "commands"):
                return "set_commands", self._set_commands, []
            case ("POST", "channels", channel, "messages"):
                return "send", self._send, [int(channel)]
            case ("PATCH", "channels", channel, "messages", message):
                return "edit", self._edit, [int(channel), int(message)]
            case ("POST", "channels", channel, "threads"):
                return "open_thread", self._open_thread, [int(channel)]
            case ("POST", "channels", channel, "messages", message, "threads"):
                return "open_thread_at", self._open_thread_at, [int(channel), int(message)]
            case ("POST", "channels", _, "typing"):
                return "typing", lambda: None, []
            case ("POST", "interactions", number, token, "callback"):
                return "respond", self._respond, [number, token]
            case ("POST", "webhooks", _, token):
                return "follow_up", self._follow_up, [token]
            case ("PATCH", "webhooks", _, token, "messages", "@original"):
                return "edit_answer", self._edit_answer, [token]
            case ("DELETE", "webhooks", _, token, "messages", "@original"):
                return "delete_answer", self._delete_answer, [token]
        self.violations.append(f"unknown route {method} {'/'.join(parts)}")
        raise Refusal(404, 0, "404: Not Found")

    def _fault_for(self, route: str) -> Fault | None:
        for fault in self._faults:
            if fault.route == route:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    @staticmethod
    def _json(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
        # discord.py wants the bare type, without a character set
        body = json.dumps(data).encode()
        return web.Response(
            body=body, status=status, content_type="application/json", headers=headers
        )

    @staticmethod
    def _user(number: int) -> dict[str, Any]:
        return {
            "id": str(number),
            "username": f"user{number}",
            "global_name": None,
            "discriminator": "0",
            "avatar": None,
            "flags": 0,
            "public_flags": 0,
            "primary_guild": None,
        }

    def _bot(self) -> dict[str, Any]:
        more = {"bot": True, "verified": True, "mfa_enabled": True, "locale": "en-US"}
        return self._user(self.me) | more

    def _application(self) -> dict[str, Any]:
        return {
            "type": None,
            "flags": 0,
            "flags_new": "0",
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "approximate_guild_count": 0,
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "eligible_oauth2_scopes": [],
            "id": str(self.me),
            "name": "Paperlark",
            "icon": None,
            "description": "",
            "bot_public": self.is_open,
            "integration_types_config": {"0": {}, "1": {}},
            "bot_require_code_grant": False,
            "verify_key": "0",
            "owner": self._user(self.me),
            "team": None,
        }

    def _gateway_bot(self) -> dict[str, Any]:
        limit = {"total": 9, "remaining": 9, "reset_after": 1, "max_concurrency": 1}
        url = f"ws://{self._host}/gateway"
        return {"url": url, "shards": 1, "session_start_limit": limit}

    def _open_dm(self, body: dict[str, Any]) -> dict[str, Any]:
        person = self.people.get(int(body["recipient_id"]))
        if person is None:
            raise Refusal(400, 50033, "Invalid Recipient(s)")
        recipients = [self._user(person.number)]
        return {"id": str(person.dm), "type": 1, "flags": 0, "recipients": recipients}

    def _set_commands(self, body: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for command in body:
            if command["type"] == 3:
                if set(command) & {"description", "options"}:
                    self._wrong(f"command {command['name']}")
                continue
            names = [command, *command["options"]]
            said = [one["name"] for one in names]
            said += [word for one in names for word in one["name_localizations"].values()]
            options = [option["name"] for option in command["options"]]
            is_named = all(_COMMAND.fullmatch(one) and one == one.lower() for one in said)
            if not is_named or not command["description"]:
                self._wrong(f"command {command['name']}")
            if len(set(options)) != len(options):
                self._wrong(f"options of {command['name']}")
        extras = {"application_id": str(self.me), "version": "1", "nsfw": False}
        extras |= {"description": "", "options": [], "default_member_permissions": None}
        self.commands = [{"id": str(self.number()), **extras, **command} for command in body]
        return self.commands

    # --------------------------------------------------------------- messages

    def _wrong(self, what: str) -> None:
        self.violations.append(what)
        raise Refusal(400, 50035, f"Invalid Form Body: {what}")

    def check(self, body: dict[str, Any]) -> None:
        """Note and refuse what Discord would not take as a message, by whichever route."""
        said = {key: value for key, value in body.items() if key not in ("flags", "attachments")}
        if problems := wrong_shape("MessageCreateRequest", said):
            self._wrong("; ".join(problems))
        if body.get("allowed_mentions", {}).get("parse") != []:
            self._wrong("somebody could be mentioned")
        if len(body.get("content") or "") > 2000:  # more is for people who pay
            self._wrong("content over 2000")
        if not any(body.get(part) for part in ("content", "embeds", "components")):
            self._wrong("an empty message")
        self._check_embeds(body.get("embeds") or [])
        self._check_rows(body.get("components") or [])

    def _check_embeds(self, embeds: list[dict[str, Any]]) -> None:
        sizes = [
            sum(len(embed.get(part, "")) for part in ("title", "description"))
            + len(embed.get("footer", {}).get("text", ""))
            for embed in embeds
        ]
        if not all(sizes) or sum(sizes) > 6000:
            self._wrong("an empty embed, or embeds over 6000")

    def _check_rows(self, rows: list[dict[str, Any]]) -> None:
        buttons = [button for row in rows for button in row["components"]]
        ids = [b["custom_id"] for b in buttons if "custom_id" in b]
        if len(rows) > 5 or len(set(ids)) != len(ids):
            self._wrong("too many rows of buttons, or a custom id twice")
        if any(("url" in b) == ("custom_id" in b) or not b["label"] for b in buttons):
            self._wrong("a button without a label, or without one thing to do")

    def _post(self, channel: int, body: dict[str, Any], only_for: int | None = None) -> Posted:
        self.check(body)
        posted = Posted(
            self.number(),
            channel,
            body.get("content", ""),
            body.get("embeds", []),
            body.get("components", []),
            body.get("flags", 0),
            only_for if body.get("flags", 0) & EPHEMERAL else None,
            body.get("message_reference", {}).get("message_id", ""),
        )
        posted.files = {f["filename"]: f["content"] for f in body.get("attachments", ())}
        self.posted[posted.number] = posted
        return posted

    def _change(self, posted: Posted, body: dict[str, Any]) -> dict[str, Any]:
        self.check(body)
        posted.content, posted.embeds = body.get("content", ""), body.get("embeds", [])
        posted.components = body.get("components", [])
        if "attachments" in body:
            posted.files = {f["filename"]: f["content"] for f in body["attachments"]}
        posted.flags &= ~LOADING
        posted.edits += 1
        return self._message(posted)

    def _message(self, posted: Posted) -> dict[str, Any]:
        return {
            "id": str(posted.number),
            "channel_id": str(posted.channel),
            "author": self._user(self.me) | {"bot": True},
            "content": posted.content,
            "embeds": [embed | {"type": "rich"} for embed in posted.embeds],
            "components": _numbered(posted.components),
            "flags": posted.flags,
            "type": 0,
            "timestamp": "2026-11-23T08:00:00.000000+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [self._kept(name, content) for name, content in posted.files.items()],
            "pinned": False,
        }

    def _open_thread(self, channel: int, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("type") not in _THREADS:  # what is meant without it has changed before
            self._wrong("a thread of no kind")
        return self._thread(self.number(), channel, body["type"], body["name"])

    def _open_thread_at(self, channel: int, message: int, body: dict[str, Any]) -> dict[str, Any]:
        """Open the one thread that a message can have; it has the message's number."""
        posted = self.posted.get(message)
        if posted is None or posted.channel != channel:
            raise Refusal(404, 10008, "Unknown Message")
        if message in self.threads:
            raise Refusal(400, 160004, "A thread has already been created for this message")
        return self._thread(message, channel, _PUBLIC_THREAD, body["name"])

    def _thread(self, number: int, channel: int, kind: int, name: str) -> dict[str, Any]:
        if channel not in self._servers or channel in self.threads:
            raise Refusal(404, 10003, "Unknown Channel")
        self._servers[number] = self._servers[channel]
        self.threads[number] = (channel, name)
        return {"id": str(number)} | self._as_thread(number) | {"type": kind}

    def _send(self, channel: int, body: dict[str, Any]) -> dict[str, Any]:
        owner = next((p for p in self.people.values() if p.dm == channel), None)
        if owner and not owner.takes_dms:
            raise Refusal(403, 50007, "Cannot send messages to this user")
        if owner is None and channel not in self._servers:
            raise Refusal(404, 10003, "Unknown Channel")
        known = self._nonces.get((channel, body.get("nonce", "")))
        if known and body.get("enforce_nonce"):
            return self._message(self.posted[known])
        posted = self._post(channel, body)
        self._nonces[channel, body.get("nonce", "")] = posted.number
        return self._message(posted)

    def _edit(self, channel: int, message: int, body: dict[str, Any]) -> dict[str, Any]:
        posted = self.posted.get(message)
        if posted is None or posted.channel != channel or posted.only_for is not None:
            raise Refusal(404, 10008, "Unknown Message")
        return self._change(posted, body)

    # ------------------------------------------------------------ interactions

    async def interact(self, interaction: Interaction, data: dict[str, Any]) -> Interaction:
        """Let a person do something that wants an answer within three seconds."""
        self.interactions[interaction.token] = interaction
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(3.0, self._overdue, interaction))
        server = self._servers.get(interaction.channel)
        user = self._user(interaction.person.number)
        is_private = interaction.channel in self._private
        kind, context = (0, 0) if server else (3, 2) if is_private else (1, 1)
        event = {
            "id": str(interaction.number),
            "application_id": str(self.me),
            "type": interaction.kind,
            "token": interaction.token,
            "version": 1,
            "data": data,
            "channel_id": str(interaction.channel),
            "channel": {"id": str(interaction.channel), "type": kind}
            | ({"name": "papers", "position": 0, "permissions": "0"} if server else {})
            | self._as_thread(interaction.channel),
            "locale": interaction.person.locale,
            "entitlements": [],
            "app_permissions": str(self.bot_permissions),
            "context": context,
            "authorizing_integration_owners": {"1": user["id"]} if is_private else {},
            "attachment_size_limit": 1,
        }
        if server:
            may = str(interaction.person.permissions)
            member = {"user": user, "roles": [], "permissions": may, "flags": 0}
            member |= {"joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False}
            event |= {"guild_id": str(server), "member": member}
        else:
            event["user"] = user
        if interaction.tapped:
            event["message"] = self._message(self.posted[interaction.tapped])
        await self._dispatch("INTERACTION_CREATE", event)
        return interaction

    def _as_thread(self, channel: int) -> dict[str, Any]:
        if channel not in self.threads:
            return {}
        parent, name = self.threads[channel]
        about = {"archived": False, "auto_archive_duration": 4320, "locked": False}
        about |= {"archive_timestamp": "2026-01-01T00:00:00+00:00"}
        return {
            "type": 11,
            "name": name,
            "parent_id": str(parent),
            "owner_id": str(self.me),
            "guild_id": str(self._servers[channel]),
            "flags": 0,
            "message_count": 0,
            "member_count": 1,
            "total_message_sent": 0,
            "thread_metadata": about,
        }

    def _overdue(self, interaction: Interaction) -> None:
        if not interaction.answered:
            self.violations.append("no acknowledgement within 3 s")

    def _respond(self, number: str, token: str, body: dict[str, Any]) -> None:
        interaction = self.interactions.get(token)
        if interaction is None or str(interaction.number) != number or interaction.is_expired:
            raise Refusal(404, 10062, "Unknown interaction")
        if interaction.answered:
            self.violations.append("acknowledged twice")
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        kind, data = body["type"], body.get("data", {})
        if kind not in {2: (4, 5, 9), 3: (4, 5, 6, 7, 9), 4: (8,), 5: (4, 5)}[interaction.kind]:
            self._wrong(f"acknowledgement {kind}")
        only_for = interaction.person.number
        if kind == 8:
            interaction.choices = {one["name"]: one["value"] for one in data["choices"]}
        elif kind == 9:
            interaction.form = data
        elif kind == 4:
            interaction.original = self._post(interaction.channel, data, only_for).number
        elif kind == 5:
            flags = data.get("flags", 0)
            only = only_for if flags & EPHEMERAL else None
            posted = Posted(self.number(), interaction.channel, "", [], [], flags | LOADING, only)
            self.posted[posted.number] = posted
            interaction.original = posted.number
        else:
            interaction.original = interaction.tapped
            if kind == 7:
                self._change(self.posted[interaction.tapped], data)
        interaction.answered, interaction.after = kind, time.monotonic() - interaction.born

    def _live(self, token: str) -> Interaction:
        interaction = self.interactions[token]
        if not interaction.answered:
            self.violations.append("more before the acknowledgement")
            raise Refusal(404, 10015, "Unknown Webhook")
        if interaction.is_expired:
            raise Refusal(401, 50027, "Invalid Webhook Token")
        return interaction

    def _follow_up(self, token: str, body: dict[str, Any]) -> dict[str, Any]:
        interaction = self._live(token)
        return self._message(self._post(interaction.channel, body, interaction.person.number))

    def _edit_answer(self, token: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._change(self.posted[self._live(token).original], body)

    def _delete_answer(self, token: str) -> None:
        self.posted.pop(self._live(token).original, None)

    def message_of(self, posted: Posted) -> dict[str, Any]:
        return self._message(posted)

    async def written(
        self,
        person: "DiscordPerson",
        channel: int,
        content: str,
        files: Sequence[str] = (),
        snapshots: Sequence[dict[str, Any]] = (),
    ) -> int:
        """Let everybody in a channel, the bot among them, read what a person wrote.

        snapshots: messages that it forwards.
        """
        number = self.number()
        mentions = [self._user(self.me)] if f"<@{self.me}>" in content else []
        server = self._servers.get(channel)
        readable = content if mentions or not server else ""
        posted = Posted(number, channel, readable, [], [])
        message = self._message(posted) | {
            "author": self._user(person.number),
            "mentions": mentions,
            "attachments": [self.file(name) for name in files],
            "message_snapshots": [{"message": self._whole(one)} for one in snapshots],
        }
        if server:
            message["guild_id"] = str(server)
        await self._dispatch("MESSAGE_CREATE", message)
        return number

    @staticmethod
    def _whole(snapshot: dict[str, Any]) -> dict[str, Any]:
        """Return a forwarded message with what Discord always puts into one."""
        always: dict[str, Any] = {
            "type": 0,
            "content": "",
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "timestamp": "2026-01-01T00:00:00+00:00",
            "edited_timestamp": None,
            "flags": 0,
            "components": [],
        }
        return always | snapshot

    def file(self, name: str) -> dict[str, Any]:
        """Return a file that somebody sent, as Discord tells of it."""
        return self._kept(name, self.files.get(name, b""))

    def _kept(self, name: str, content: bytes) -> dict[str, Any]:
        url = f"http://{self._host}/attachments/{name}"
        said = {"id": str(self.number()), "filename": name, "size": len(content)}
        said |= {"url": url, "proxy_url": url}
        self.breaches.note("this server's file", wrong_shape("MessageAttachmentResponse", said))
        return said


class DiscordPerson:
    """Somebody with an account. `channel` None is the direct message with the bot."""

    def __init__(self, discord: LocalDiscord, number: int, locale: str) -> None:
        self.discord = discord
        self.number = number
        self.locale = locale
        self.dm = discord.number()
        self.takes_dms = True
        self.permissions = 0  # in every channel of every server

    async def slash(self, command: str, channel: int | None = None, **options: Any) -> Interaction:
        """Use a command as the bot registered it; a file is given as its name and content."""
        spec = next(c for c in self.discord.commands if c["name"] == command)
        kinds = {option["name"]: option["type"] for option in spec["options"]}
        attached = {n: self._uploaded(*v) for n, v in options.items() if kinds[n] == _FILE}
        options |= {name: file["id"] for name, file in attached.items()}
        given = [{"name": n, "type": kinds[n], "value": v} for n, v in options.items()]
        data = {"id": spec["id"], "name": command, "type": 1, "options": given}
        if attached:
            data["resolved"] = {"attachments": {file["id"]: file for file in attached.values()}}
        return await self.discord.interact(self._interaction(2, channel), data)

    def _uploaded(self, name: str, content: bytes) -> dict[str, Any]:
        self.discord.files[name] = content
        return self.discord.file(name)

    async def typing(self, name: str, option: str, text: str) -> Interaction:
        """Type into an option that was registered for autocompletion."""
        spec = next(c for c in self.discord.commands if c["name"] == name)
        shape = next(o for o in spec["options"] if o["name"] == option)
        assert shape["autocomplete"]
        value = {"name": option, "type": shape["type"], "value": text, "focused": True}
        data = {"id": spec["id"], "name": name, "type": 1, "options": [value]}
        return await self.discord.interact(self._interaction(4, None), data)

    async def about(
        self, menu: str, content: str, channel: int | None = None, **more: Any
    ) -> Interaction:
        """Choose a command in the menu of somebody's message."""
        spec = next(c for c in self.discord.commands if (c["type"], c["name"]) == (3, menu))
        where = channel or self.dm
        written = Posted(self.discord.number(), where, content, [], [])
        message = self.discord.message_of(written) | more
        target = str(written.number)
        data = {"id": spec["id"], "name": menu, "type": 3, "target_id": target}
        data["resolved"] = {"messages": {target: message}}
        return await self.discord.interact(self._interaction(2, channel), data)

    async def press(self, posted: Posted, label: str) -> Interaction:
        return await self.press_data(posted, posted.buttons[label])

    async def press_data(self, posted: Posted, data: str) -> Interaction:
        """Press a button that says what no button of the bot's need ever have said."""
        interaction = self._interaction(3, posted.channel, posted.number)
        return await self.discord.interact(interaction, {"component_type": 2, "custom_id": data})

    async def fill(self, opened: Interaction, written: str) -> Interaction:
        """Send back the form that was shown."""
        (labelled,) = opened.form["components"]
        field = {"type": 4, "custom_id": labelled["component"]["custom_id"], "value": written}
        data = {
            "custom_id": opened.form["custom_id"],
            "components": [{"type": 18, "component": field}],
        }
        return await self.discord.interact(self._interaction(5, opened.channel), data)

    async def write(self, content: str, channel: int | None = None) -> int:
        return await self.discord.written(self, channel or self.dm, content)

    async def send_file(self, name: str, content: bytes) -> int:
        """Send a file without a word, in the direct message."""
        self.discord.files[name] = content
        return await self.discord.written(self, self.dm, "", [name])

    async def sees(self, words: str, channel: int | None = None) -> Posted:
        """Return the newest message that holds these words, as soon as there is one."""

        def found() -> Posted | None:
            visible = self.discord.seen_by(self.number, channel or self.dm)
            return next((p for p in reversed(visible) if words in p.text), None)

        return await self.discord.until(found)

    async def gets_answer(self, interaction: Interaction) -> Interaction:
        return await self.discord.until(lambda: interaction if interaction.answered else None)

    def _interaction(self, kind: int, channel: int | None, tapped: int = 0) -> Interaction:
        return Interaction(self.discord.number(), kind, self, channel or self.dm, tapped)


def _numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return components with the numbers that Discord gives them."""
    return [
        {**row, "id": 10 * n, "components": [{**one, "id": 10 * n + m} for m, one in inner]}
        for n, row in enumerate(rows, 1)
        for inner in [enumerate(row["components"], 1)]
    ]


def _operation(request: web.Request) -> str:
    return operation(request.method, f"/{request.match_info['path']}")


def _put_in(body: Any, files: dict[str, bytes]) -> None:
    """Put files where their names stand."""
    said = body.get("data", body) if files else {}
    for named in said.get("attachments", ()):
        named["content"] = files[f"files[{named['id']}]"]
