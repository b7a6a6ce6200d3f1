"""A small, strict Bot API on loopback, and the people who use it.

Every call is checked against what Telegram publishes of it (tests/contracts/platforms), and so
is all that this server says itself; a breach of that fails the test when the server ends. Beyond
that it is strict where a bot could go wrong: updates stay until a later offset confirms them,
HTML must parse, every tap wants exactly one answer. Whatever a bot does wrong is refused and
noted in `violations`.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from tests.contracts.platforms.published import Breaches, published, utf16
from tests.contracts.platforms.telegram import (
    ATTACHED,
    Upload,
    decoded,
    wrong_call,
    wrong_object,
    wrong_result,
)
from tests.loopback import serving
from tests.telegram_rules import ApiError, BotFault, Entity, check_button, parse_html

T = TypeVar("T")

UNDER_WAY = 0.5  # seconds in which a refusal may cross what is on its way already

RIGHTS = (
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_post_messages",
)
GIFTS = dict.fromkeys(
    (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    ),
    False,
)


@dataclass
class Posted:
    """A message of the bot as it stands."""

    id: int
    chat: int
    text: str
    entities: tuple[Entity, ...]
    buttons: list[list[dict[str, str]]]
    at: float
    edits: int = 0
    is_quiet: bool = False
    thread: int | None = None
    file: tuple[str, bytes] | None = None  # its name and content

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.buttons for button in row]


@dataclass
class Fault:
    """What happens to the next calls of a method instead of, or after, carrying them out.

    kind: "error" (refused), "lost" (carried out, the answer is lost), "cut" (not carried
    out, no answer), "garbage" (carried out, the answer is no JSON), "hang" (until released).
    """

    method: str
    kind: str = "error"
    status: int = 500
    description: str = "Internal Server Error"
    parameters: dict[str, int] = field(default_factory=dict)
    times: int = 1
    chat: int | None = None
    released: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Query:
    """A tap: how often it was answered, with what, and after how many seconds."""

    id: str
    data: str
    at: float
    answers: list[str] = field(default_factory=list)
    after: float = 0.0


@dataclass
class Asked:
    """An inline query: what answered it, and after how many seconds."""

    id: str
    at: float
    results: list[dict[str, Any]] | None = None
    next_offset: str = ""
    cache_time: int = 300
    is_personal: bool = False
    after: float = 0.0

    @property
    def titles(self) -> list[str]:
        return [result["title"] for result in self.results or ()]


class LocalTelegram:
    """`async with LocalTelegram() as telegram:` serves until the block ends."""

    def __init__(self, token: str = "7001:local-bot-token-0123456789abcdef") -> None:
        self.token = token
        self.me = {"id": 7001, "is_bot": True, "first_name": "Lark", "username": "lark_bot"}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.violations: list[str] = []
        self.answerable = 10.0  # seconds for which a tap or an inline query may be answered
        self.breaches = Breaches("Telegram")
        self._silences: dict[int, tuple[float, float]] = {}  # by chat: from when until when
        self.deliveries: list[Posted] = []  # in the order in which they arrived
        self.queries: dict[str, Query] = {}
        self.asked: dict[str, Asked] = {}
        self.updates: deque[dict[str, Any]] = deque()
        self.menus: dict[tuple[str, str], list[dict[str, str]]] = {}  # by scope and language
        self.abouts: dict[tuple[str, str], str] = {}  # by kind and language
        self.webhook: dict[str, str] = {"url": "", "secret": ""}
        self.blocked: set[int] = set()
        self.files: dict[str, bytes] = {}  # that people sent, by their ids
        self.admins: dict[int, set[int]] = {}  # people and the bot, by chat
        self.names: dict[str, int] = {}  # of channels that have one
        self.moved: dict[int, int] = {}
        self.is_revoked = False
        self._faults: list[Fault] = []
        self._chats: dict[int, dict[str, Any]] = {}
        self._number = 100
        self._changed = asyncio.Event()
        self._polls = 0
        self._poster: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "LocalTelegram":
        application = web.Application()
        application.router.add_route("*", "/bot{token}/{method}", self._handle)
        application.router.add_get("/file/bot{token}/{file}", self._file)
        self._runner, self.origin = await serving(
            application, access_log=None, shutdown_timeout=0.2
        )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for fault in self._faults:
            fault.released.set()
        if self._poster:
            self._poster.cancel()
            await asyncio.gather(self._poster, return_exceptions=True)
        await self._runner.cleanup()
        if kind is None:
            self.breaches.check()

    # ------------------------------------------------------------ what tests do and see

    def person(self, number: int = 42, language: str = "en") -> "TelegramPerson":
        chat = {"id": number, "type": "private", "first_name": f"Person {number}"}
        self._chats[number] = chat
        return TelegramPerson(self, number, language)

    def group(self, number: int = -1001, kind: str = "supergroup", name: str = "") -> int:
        """Make a group or channel. name: `@name` by which anybody can name it."""
        self._chats[number] = {"id": number, "type": kind, "title": "Reading group"}
        if name:
            self.names[name] = number
        return number

    def migrate(self, old: int, new: int) -> None:
        """Give a group a new id, as when it becomes a supergroup."""
        self.moved[old] = self.group(new)

    def fault(self, method: str, **how: Any) -> Fault:
        """Let something go wrong; see Fault."""
        fault = Fault(method, **how)
        self._faults.append(fault)
        return fault

    def called(self, method: str) -> list[dict[str, Any]]:
        return [params for name, params in self.calls if name == method]

    def messages(self, chat: int) -> list[Posted]:
        return [posted for posted in self.deliveries if posted.chat == chat]

    async def until(self, claim: Callable[[], T], seconds: float = 30.0) -> T:
        """Return what a claim returns as soon as that is true."""
        async with asyncio.timeout(seconds):
            while not (result := claim()):
                self._changed.clear()
                await self._changed.wait()
        return result

    def happen(self, kind: str, what: dict[str, Any]) -> int:
        """Make an update; return its id."""
        number = self.garble({kind: what})
        self.breaches.note("an update of this server", wrong_object("Update", self.updates[-1]))
        return number

    def garble(self, what: dict[str, Any]) -> int:
        """Make an update that Telegram never would; return its id."""
        self._number += 1
        self.updates.append({"update_id": self._number, **what})
        self._changed.set()
        return self._number

    def next_number(self) -> int:
        self._number += 1
        return self._number

    def chat(self, number: int) -> dict[str, Any]:
        return self._chats[number]

    def press(self, query: Query) -> None:
        self.queries[query.id] = query

    # ------------------------------------------------------------ the server

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token or self.is_revoked:
            return self._refusal(ApiError(401, "Unauthorized"))
        said, files = await self._said(request, method)
        params = said | {name: files[part] for name, part in _parts(said, files)}
        self.calls.append((method, params))
        self._note_haste(method, params)
        fault = self._fault_for(method, params)
        try:
            self._check(method, said, files)
            if fault and fault.kind in ("error", "cut", "hang"):
                result = await self._go_wrong(request, fault)
            else:
                result = await self._carry_out(method, params)
                if method != "getUpdates":  # those were looked at, or garbled on purpose
                    self.breaches.note(f"this server's {method}", wrong_result(method, result))
        except ApiError as error:
            if isinstance(error, BotFault):
                self.violations.append(f"{method}: {error.description}")
            return self._refusal(error)
        finally:
            self._changed.set()
        if fault and fault.kind == "garbage":
            return web.Response(text='{"ok": true, "result": {"text": "half of what Per')
        is_lost = (fault and fault.kind == "lost") or result is None
        if is_lost and request.transport is not None:  # None when the bot has hung up by itself
            request.transport.close()
        return web.json_response({"ok": True, "result": result})

    async def _file(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["file"])
        if request.match_info["token"] != self.token or content is None:
            return self._refusal(ApiError(404, "Not Found"))
        self.calls.append(("file", {"file": request.match_info["file"]}))
        return web.Response(body=content)

    @staticmethod
    async def _said(request: web.Request, method: str) -> tuple[dict[str, Any], dict[str, Upload]]:
        """Return the parameters that are no files, and the files by the names of their parts."""
        if request.content_type == "application/json":
            return dict(await request.json()), {}
        raw = {**request.query, **dict(await request.post())}
        files = {
            name: Upload(value.filename, value.file.read())
            for name, value in raw.items()
            if isinstance(value, web.FileField)
        }
        return {n: decoded(method, n, str(v)) for n, v in raw.items() if n not in files}, files

    def _check(self, method: str, said: dict[str, Any], files: dict[str, Upload]) -> None:
        """Note and refuse what Telegram does not take by its own description."""
        if problems := wrong_call(method, said, files, lambda text: parse_html(text)[0]):
            self.breaches.note(method, problems)
            status = 400 if method in published("telegram")["methods"] else 404
            raise BotFault(status, f"Bad Request: {'; '.join(problems)}")

    def _fault_for(self, method: str, params: dict[str, Any]) -> Fault | None:
        for fault in self._faults:
            if (
                fault.times
                and fault.method == method
                and fault.chat in (None, params.get("chat_id"))
            ):
                fault.times -= 1
                return fault
        return None

    def _note_haste(self, method: str, params: dict[str, Any]) -> None:
        """Note what is sent to a chat that was promised silence, unless it was under way."""
        begin, end = self._silences.get(params.get("chat_id", 0), (0.0, 0.0))
        if begin + UNDER_WAY < time.monotonic() < end:
            left = end - time.monotonic()
            self.violations.append(f"{method}: {left:.1f} s before retry_after was over")

    async def _go_wrong(self, request: web.Request, fault: Fault) -> None:
        if fault.status == 429 and fault.chat is not None:
            now = time.monotonic()
            self._silences[fault.chat] = (now, now + fault.parameters["retry_after"])
        if fault.kind == "error":
            raise ApiError(fault.status, fault.description, **fault.parameters)
        if fault.kind == "hang":
            await fault.released.wait()

    @staticmethod
    def _refusal(error: ApiError) -> web.Response:
        body: dict[str, Any] = {
            "ok": False,
            "error_code": error.status,
            "description": error.description,
        }
        if error.parameters:
            body["parameters"] = error.parameters
        return web.json_response(body, status=error.status)

    async def _carry_out(self, method: str, params: dict[str, Any]) -> Any:
        name = re.sub(r"[A-Z]", lambda m: "_" + m[0].lower(), method)
        result = getattr(self, f"_do_{name}")(params)
        return await result if asyncio.iscoroutine(result) else result

    def _do_get_me(self, _: dict[str, Any]) -> dict[str, Any]:
        return self.me

    async def _do_get_updates(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook["url"]:
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        self._polls += 1
        mine = self._polls
        while self.updates and self.updates[0]["update_id"] < params.get("offset", 0):
            self.updates.popleft()
            self._changed.set()
        kinds = set(params.get("allowed_updates", ())) | {"update_id"}
        try:
            async with asyncio.timeout(params.get("timeout", 0)):
                while not self.updates and self._polls == mine:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return []
        if self._polls != mine:
            raise ApiError(409, "Conflict: terminated by other getUpdates request")
        return [u for u in self.updates if set(u) <= kinds][: params.get("limit", 100)]

    def _do_set_webhook(self, params: dict[str, Any]) -> bool:
        self.webhook = {"url": params["url"], "secret": params.get("secret_token", "")}
        if self._poster is None and params["url"]:
            self._poster = asyncio.create_task(self._post_updates())
        return True

    def _do_delete_webhook(self, _: dict[str, Any]) -> bool:
        self.webhook = {"url": "", "secret": ""}
        if self._poster:
            self._poster.cancel()
            self._poster = None
        return True

    async def _post_updates(self) -> None:
        """Send the oldest update until it is taken, then the next."""
        async with aiohttp.ClientSession() as session:
            while True:
                await self.until(lambda: self.updates, 3600)
                headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret"]}
                try:
                    async with session.post(
                        self.webhook["url"], json=self.updates[0], headers=headers
                    ) as response:
                        if response.ok:
                            self.updates.popleft()
                            self._changed.set()
                except aiohttp.ClientError:
                    self._changed.set()

    def _do_get_webhook_info(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "url": self.webhook["url"],
            "has_custom_certificate": False,
            "pending_update_count": len(self.updates),
        }

    @property
    def commands(self) -> list[dict[str, str]]:
        return self.menus.get(("default", ""), [])

    @property
    def about(self) -> dict[str, str]:
        kinds = ("description", "short_description")
        return {kind: self.abouts.get((kind, ""), "") for kind in kinds}

    def _do_get_my_commands(self, params: dict[str, Any]) -> list[dict[str, str]]:
        return self.menus.get(_menu_of(params), [])

    def _do_set_my_commands(self, params: dict[str, Any]) -> bool:
        if (chat := params.get("scope", {}).get("chat_id")) is not None:
            self._seen(int(chat))
        self.menus[_menu_of(params)] = params["commands"]
        return True

    def _do_delete_my_commands(self, params: dict[str, Any]) -> bool:
        self.menus.pop(_menu_of(params), None)
        return True

    def _do_get_my_description(self, params: dict[str, Any]) -> dict[str, str]:
        return self._described("description", params)

    def _do_set_my_description(self, params: dict[str, Any]) -> bool:
        return self._describe("description", params)

    def _do_get_my_short_description(self, params: dict[str, Any]) -> dict[str, str]:
        return self._described("short_description", params)

    def _described(self, what: str, params: dict[str, Any]) -> dict[str, str]:
        default = self.abouts.get((what, ""), "")
        return {what: self.abouts.get((what, params.get("language_code", "")), default)}

    def _do_set_my_short_description(self, params: dict[str, Any]) -> bool:
        return self._describe("short_description", params)

    def _describe(self, what: str, params: dict[str, Any]) -> bool:
        self.abouts[what, params.get("language_code", "")] = str(params.get(what, ""))
        return True

    def _do_send_message(self, params: dict[str, Any]) -> dict[str, Any]:
        chat = self._reachable(params["chat_id"])
        text, entities = self._formatted(params)
        posted = Posted(
            self.next_number(),
            chat,
            text,
            entities,
            self._keyboard(params),
            time.monotonic(),
            is_quiet=bool(params.get("disable_notification")),
            thread=params.get("message_thread_id"),
        )
        self.deliveries.append(posted)
        return self._message(posted)

    def _do_get_chat(self, params: dict[str, Any]) -> dict[str, Any]:
        chat = self._chats[self._seen(params["chat_id"])]
        return chat | {"accent_color_id": 0, "max_reaction_count": 1, "accepted_gift_types": GIFTS}

    def _do_get_chat_member(self, params: dict[str, Any]) -> dict[str, Any]:
        chat, number = self._seen(params["chat_id"]), params["user_id"]
        user = self.me if number == self.me["id"] else {"id": number, "is_bot": False}
        user = {"first_name": f"Person {number}", **user}
        if number not in self.admins.get(chat, ()):
            return {"status": "member", "user": user}
        rights = dict.fromkeys(RIGHTS, True)
        return {"status": "administrator", "user": user, "can_be_edited": False, **rights}

    def _seen(self, chat: int | str) -> int:
        number = self.names.get(chat, 0) if isinstance(chat, str) else chat
        if number not in self._chats:
            raise ApiError(400, "Bad Request: chat not found")
        return number

    def _do_get_file(self, params: dict[str, Any]) -> dict[str, Any]:
        number = str(params["file_id"])
        if number not in self.files:
            raise ApiError(400, "Bad Request: invalid file_id")
        size = len(self.files[number])
        return {"file_id": number, "file_unique_id": "u", "file_size": size, "file_path": number}

    def _do_send_document(self, params: dict[str, Any]) -> dict[str, Any]:
        message = self._do_send_message(params | {"text": params["caption"]})
        file = params["document"]
        if not file.content:
            raise BotFault(400, "Bad Request: file must be non-empty")
        self.deliveries[-1].file = (file.name, file.content)
        document = {"file_id": "f1", "file_unique_id": "u1", "file_name": file.name}
        return message | {"document": document}

    def _do_edit_message_text(self, params: dict[str, Any]) -> dict[str, Any]:
        chat = self._reachable(params["chat_id"])
        found = [p for p in self.messages(chat) if p.id == params["message_id"]]
        if not found:
            raise ApiError(400, "Bad Request: message to edit not found")
        (posted,) = found
        text, entities = self._formatted(params)
        buttons = self._keyboard(params)
        if (text, entities, buttons) == (posted.text, posted.entities, posted.buttons):
            raise ApiError(400, "Bad Request: message is not modified: nothing has changed")
        posted.text, posted.entities, posted.buttons = text, entities, buttons
        posted.edits += 1
        return self._message(posted)

    def _do_answer_callback_query(self, params: dict[str, Any]) -> bool:
        query = self.queries.get(str(params["callback_query_id"]))
        text = str(params.get("text", ""))
        if query is None or time.monotonic() - query.at > self.answerable:
            raise BotFault(400, "Bad Request: query is too old or query ID is invalid")
        if query.answers:
            self.violations.append("answerCallbackQuery: a tap was answered twice")
        query.after = time.monotonic() - query.at
        query.answers.append(text)
        return True

    def _do_answer_inline_query(self, params: dict[str, Any]) -> bool:
        asked = self.asked.get(str(params["inline_query_id"]))
        if asked is None or time.monotonic() - asked.at > self.answerable:
            raise ApiError(400, "Bad Request: query is too old or query ID is invalid")
        if asked.results is not None:
            raise BotFault(400, "Bad Request: an inline query was answered twice")
        results = params["results"]
        if len({result["id"] for result in results}) != len(results):
            raise BotFault(400, "Bad Request: RESULT_ID_DUPLICATE")
        next_offset = str(params.get("next_offset", ""))
        for result in results:
            self._check_article(result)
        asked.cache_time = int(params.get("cache_time", 300))
        asked.is_personal = bool(params.get("is_personal"))
        asked.results, asked.next_offset = results, next_offset
        asked.after = time.monotonic() - asked.at
        return True

    def _check_article(self, result: dict[str, Any]) -> None:
        if result["type"] != "article" or not result["title"].strip():
            raise BotFault(400, "Bad Request: this server knows whole articles only")
        content = result["input_message_content"]
        self._formatted({**content, "text": content["message_text"]})
        self._keyboard(result)

    def _reachable(self, chat: int) -> int:
        if chat in self.moved:
            new = self.moved[chat]
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=new,
            )
        if chat not in self._chats:
            raise ApiError(400, "Bad Request: chat not found")
        if chat in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return chat

    def _formatted(self, params: dict[str, Any]) -> tuple[str, tuple[Entity, ...]]:
        if params.get("parse_mode") != "HTML":
            raise BotFault(400, "Bad Request: this server knows HTML only")
        text, entities = parse_html(params["text"])
        if not text.strip():
            raise BotFault(400, "Bad Request: message text is empty")
        if utf16(text) > 4096:
            raise BotFault(400, "Bad Request: message is too long")
        return text.strip(), entities

    @staticmethod
    def _keyboard(params: dict[str, Any]) -> list[list[dict[str, str]]]:
        rows: list[list[dict[str, str]]] = params.get("reply_markup", {}).get("inline_keyboard", [])
        for row in rows:
            if not 1 <= len(row) <= 8:
                raise BotFault(400, "Bad Request: a row of no or too many buttons")
            for button in row:
                check_button(button)
        if sum(map(len, rows)) > 100:
            raise BotFault(400, "Bad Request: REPLY_MARKUP_TOO_LONG")
        return rows

    def _message(self, posted: Posted) -> dict[str, Any]:
        markup = {"reply_markup": {"inline_keyboard": posted.buttons}} if posted.buttons else {}
        return {
            "message_id": posted.id,
            "date": 1_780_000_000,
            "chat": self._chats[posted.chat],
            "from": self.me,
            "text": posted.text,
            "entities": _entities(posted),
            **markup,
        }

    def message_of(self, posted: Posted) -> dict[str, Any]:
        return self._message(posted)


class TelegramPerson:
    """Somebody with a phone. `chat` of a method is their private chat unless given."""

    def __init__(self, telegram: LocalTelegram, number: int, language: str) -> None:
        self.telegram = telegram
        self.id = number
        self.user = {
            "id": number,
            "is_bot": False,
            "first_name": f"Person {number}",
            "language_code": language,
        }

    def say(self, text: str, chat: int | None = None, **more: Any) -> int:
        """Send a text; return the update's id."""
        message = {
            "message_id": self.telegram.next_number(),
            "date": 1_780_000_000,
            "chat": self.telegram.chat(chat or self.id),
            "from": self.user,
            "text": text,
            **more,
        }
        return self.telegram.happen("message", message)

    def send_file(self, name: str, content: bytes, size: int | None = None, **more: Any) -> int:
        """Send a document; return the update's id. size: what Telegram says of it."""
        number = f"f{self.telegram.next_number()}"
        self.telegram.files[number] = content
        document = {
            "file_id": number,
            "file_unique_id": number,
            "file_name": name,
            "file_size": len(content) if size is None else size,
        }
        return self.say("", document=document, **more)

    def press(self, label: str, posted: Posted) -> Query:
        """Press the button with a label that contains `label`."""
        buttons = [b for row in posted.buttons for b in row if label in b["text"]]
        if not buttons:
            raise LookupError(f"no button {label!r} among {posted.labels}")
        return self.press_data(buttons[0]["callback_data"], posted)

    def press_data(self, data: str, posted: Posted) -> Query:
        query = Query(f"q{self.telegram.next_number()}", data, time.monotonic())
        self.telegram.press(query)
        self.telegram.happen(
            "callback_query",
            {
                "id": query.id,
                "from": self.user,
                "chat_instance": "1",
                "data": data,
                "message": self.telegram.message_of(posted),
            },
        )
        return query

    def ask_inline(self, text: str, offset: str = "") -> Asked:
        """Type `@bot text` in some chat, or scroll on to where an earlier answer pointed."""
        asked = Asked(f"i{self.telegram.next_number()}", time.monotonic())
        self.telegram.asked[asked.id] = asked
        self.telegram.happen(
            "inline_query",
            {"id": asked.id, "from": self.user, "query": text, "offset": offset},
        )
        return asked

    async def sees_results(self, asked: Asked) -> Asked:
        """Wait for the answer to an inline query."""
        await self.telegram.until(lambda: asked.results is not None)
        return asked

    def block(self) -> int:
        """Block the bot; return the update's id."""
        self.telegram.blocked.add(self.id)
        return self._membership("member", "kicked")

    def unblock(self) -> int:
        self.telegram.blocked.discard(self.id)
        return self._membership("kicked", "member")

    def _membership(self, old: str, new: str, chat: int | None = None) -> int:
        def member(status: str) -> dict[str, Any]:
            until = {"until_date": 0} if status == "kicked" else {}
            return {"user": self.telegram.me, "status": status, **until}

        change = {
            "chat": self.telegram.chat(chat or self.id),
            "from": self.user,
            "date": 1_780_000_000,
            "old_chat_member": member(old),
            "new_chat_member": member(new),
        }
        return self.telegram.happen("my_chat_member", change)

    def add_bot(self, chat: int) -> int:
        """Take the bot into a group."""
        return self._membership("left", "member", chat)

    def remove_bot(self, chat: int) -> int:
        """Remove the bot from a group."""
        return self._membership("member", "left", chat)

    async def hears(self, words: str = "", after: int = 0, chat: int | None = None) -> Posted:
        """Wait for a message of the bot with an id above `after` that contains words."""

        def found() -> Posted | None:
            ours = self.telegram.messages(chat or self.id)
            return next((p for p in ours if p.id > after and words in p.text), None)

        posted = await self.telegram.until(found)
        assert posted is not None
        return posted

    async def sees_answer(self, query: Query) -> str:
        """Wait for the answer to a tap; return its text."""
        await self.telegram.until(lambda: query.answers)
        return query.answers[0]


def _entities(posted: Posted) -> list[dict[str, Any]]:
    """Return what is marked in a message, where its words stand for the first time."""
    kinds = {"a": "text_link", "b": "bold", "i": "italic", "code": "code"}
    return [
        {
            "type": kinds[entity.kind],
            "offset": utf16(posted.text[: posted.text.find(entity.text)]),
            "length": utf16(entity.text),
            **({"url": entity.url} if entity.url else {}),
        }
        for entity in posted.entities
    ]


def _menu_of(params: dict[str, Any]) -> tuple[str, str]:
    """Return the scope and the language that a menu is for; of one chat "chat 7"."""
    scope = params.get("scope", {"type": "default"})
    of_chat = f" {scope['chat_id']}" if "chat_id" in scope else ""
    return f"{scope['type']}{of_chat}", params.get("language_code", "")


def _parts(said: dict[str, Any], files: dict[str, Upload]) -> Iterator[tuple[str, str]]:
    """Yield parameters that are files, with the names of the parts in which these came."""
    attached = {f"{ATTACHED}{part}": part for part in files}
    yield from ((n, attached[v]) for n, v in said.items() if isinstance(v, str) and v in attached)
    yield from ((part, part) for part in files)
