"""Send and edit through the Bot API, and say what a refusal means for the caller."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from telegram import ForceReply, ReplyKeyboardMarkup
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
)
from telegram.ext import ExtBot

from bot.adapters.pacing import Pacer, Urgency
from bot.adapters.telegram_hear import ALLOWED_UPDATES, CHOSEN_CHANNEL, group_as_person
from bot.adapters.telegram_pacing import TelegramPacing, Turn
from bot.adapters.telegram_render import Buttons, Rendered, channel_question, render
from bot.adapters.telegram_request import (
    Flood,
    NotSent,
    Request,
    ServerTrouble,
    Unanswered,
    quieten,
)
from bot.conversation.events import MessageRef, Moved
from bot.conversation.messages import Attachment, Message
from bot.conversation.ports import (
    Answering,
    Begin,
    DeliveryError,
    OutcomeUnknown,
    PlatformAway,
    RecipientGone,
    Refused,
    TryLater,
)

RETRIES = (0.3, 1.5)  # seconds before a request that was not carried out is repeated
LATER = timedelta(minutes=1)
CONNECTIONS = 64  # at most, to the Bot API
AT_ONCE = 100  # updates that one answer of Telegram's may hold
UPLOAD = 60.0  # seconds that a file may take
PUSH = Turn(Urgency.PUSH, patience=10.0)

# What Telegram says, in lower case, of groups and channels where the bot may not write.
_NOT_ALLOWED = (
    "not enough rights",
    "have no rights to send",
    "need administrator rights",
    "chat_write_forbidden",
    "chat_restricted",
)
# The same of chats that are not there for it.
_GONE = (
    "chat not found",
    "peer_id_invalid",
    "user is deactivated",
    "chat was deleted",
)
_NOT_MODIFIED = "message is not modified"
_MESSAGE_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")

_NOT_CARRIED_OUT = (NotSent, ServerTrouble)
_HTML = ParseMode.HTML.value
_NO_PREVIEW = json.dumps({"is_disabled": True})

Markup = str | ForceReply | ReplyKeyboardMarkup | None
"""What stands below a message: inline buttons as the Bot API takes them in JSON."""

T = TypeVar("T")
OnMove = Callable[[str, str], Awaitable[None]]


class TelegramBot(ExtBot[Turn]):
    """PTB's bot, and updates as they came: PTB logs a whole batch when one is malformed."""

    @property
    def found_as(self) -> str:
        """The user name that Telegram gave; empty until it was asked who this bot is."""
        try:
            return self.username
        except RuntimeError:
            return ""

    async def fetch(self, offset: int, seconds: float) -> list[dict[str, Any]]:
        """Return updates from `offset` on, waiting for the first; confirms all before it."""
        data = {
            "offset": offset,
            "timeout": round(seconds),
            "limit": AT_ONCE,
            "allowed_updates": ALLOWED_UPDATES,
        }
        updates: list[dict[str, Any]] = await self._post(
            "getUpdates", data, read_timeout=seconds + 10
        )
        return [u for u in updates if isinstance(u.get("update_id"), int)]

    async def say(self, method: str, said: dict[str, Any], turn: Turn) -> Any:
        """Make a call that says something in a chat; return its result as it came.

        Every tap makes two such calls: keyboards made of PTB's objects and answers turned into
        them took a third of their time. said: what is None is left out.
        """
        return await self._post(
            method, dict(said), api_kwargs=self._merge_api_rl_kwargs(None, turn)
        )


@asynccontextmanager
async def telegram_bot(token: str, api_base: str, pacer: Pacer) -> AsyncIterator[TelegramBot]:
    """Open the connections of a bot; nothing is asked of Telegram yet.

    api_base: an origin.
    """
    quieten()
    calls = Request(CONNECTIONS, read=10)
    polls = Request(2, read=10)
    base = api_base.rstrip("/")
    try:
        yield TelegramBot(
            token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=calls,
            get_updates_request=polls,
            rate_limiter=TelegramPacing(pacer),
        )
    finally:
        await asyncio.gather(calls.shutdown(), polls.shutdown())


async def repeated(
    call: Callable[[], Awaitable[T]], harmless: tuple[type[TelegramError], ...] = _NOT_CARRIED_OUT
) -> T:
    """Return what a call returns, repeating it after errors that make this harmless."""
    for pause in RETRIES:
        try:
            return await call()
        except harmless:
            await asyncio.sleep(pause)
    return await call()


@dataclass(frozen=True, slots=True)
class Manner:
    """How a message is sent besides what it says. thread: a forum topic."""

    turn: Turn
    is_quiet: bool = False
    thread: int | None = None
    reply: ForceReply | None = None


async def deliver(
    bot: TelegramBot, chat: str, message: Message, manner: Manner, moved: OnMove
) -> MessageRef:
    """Send one message. Raises one of the DeliveryErrors; never sends twice blindly.

    moved: told when the chat turns out to have a new id, under which it is then sent.
    """
    send = _request(bot, message, manner)
    try:
        try:
            return await repeated(lambda: send(int(chat)))
        except ChatMigrated as move:
            new = move.new_chat_id
            await moved(chat, str(new))
            return await repeated(lambda: send(new))
    except TelegramError as error:
        raise delivery_error(error) from error


def _request(
    bot: TelegramBot, message: Message, manner: Manner
) -> Callable[[int], Awaitable[MessageRef]]:
    """Return the request that carries what a message says, and its file if it has one."""
    drawn = render(message, bot.found_as)
    if message.attachment is not None:
        return partial(_send_file, bot, drawn, message.attachment, manner)
    markup: Markup = _keyboard(drawn.buttons)
    if manner.reply:
        markup = manner.reply
    elif message.asks_for_channel:
        markup = channel_question(message.asks_for_channel, CHOSEN_CHANNEL)
    return partial(_send_text, bot, drawn.html, markup, manner)


async def _send_text(
    bot: TelegramBot, html: str, markup: Markup, manner: Manner, chat: int
) -> MessageRef:
    sent = await bot.say(
        "sendMessage",
        {
            "chat_id": chat,
            "text": html,
            "parse_mode": _HTML,
            "reply_markup": markup,
            "link_preview_options": _NO_PREVIEW,
            "disable_notification": manner.is_quiet,
            "message_thread_id": manner.thread,
        },
        manner.turn,
    )
    try:
        return MessageRef(str(sent["chat"]["id"]), str(sent["message_id"]))
    except (TypeError, KeyError):  # it was sent; which message it is nobody knows
        raise Unanswered("The answer is no message") from None


async def _send_file(
    bot: TelegramBot, drawn: Rendered, file: Attachment, manner: Manner, chat: int
) -> MessageRef:
    sent = await bot.send_document(
        chat,
        document=file.content,
        filename=file.name,
        caption=drawn.html,
        reply_markup=drawn.keyboard,
        parse_mode=_HTML,
        disable_content_type_detection=True,
        disable_notification=manner.is_quiet,
        message_thread_id=manner.thread,
        rate_limit_args=manner.turn,
        write_timeout=UPLOAD,
        read_timeout=UPLOAD,
    )
    return MessageRef(str(sent.chat.id), str(sent.message_id))


def _keyboard(buttons: Buttons) -> str | None:
    return json.dumps({"inline_keyboard": buttons}) if buttons else None


async def revise(bot: TelegramBot, ref: MessageRef, drawn: Rendered, turn: Turn) -> bool:
    """Edit a message that stands; return False when it stands no more.

    Raises one of the DeliveryErrors. An edit may be repeated whatever became of it.
    """
    asked = {
        "chat_id": int(ref.chat),
        "message_id": int(ref.message),
        "text": drawn.html,
        "parse_mode": _HTML,
        "reply_markup": _keyboard(drawn.buttons),
        "link_preview_options": _NO_PREVIEW,
    }
    try:
        await repeated(
            lambda: bot.say("editMessageText", asked, turn), (*_NOT_CARRIED_OUT, Unanswered)
        )
    except BadRequest as error:
        said = error.message.lower()
        if _NOT_MODIFIED in said:
            return True
        if any(phrase in said for phrase in _MESSAGE_GONE):
            return False
        raise delivery_error(error) from error
    except TelegramError as error:
        raise delivery_error(error) from error
    return True


def delivery_error(error: TelegramError) -> DeliveryError:
    """Return what an error of the Bot API means for whoever wanted to send."""
    name = type(error).__name__
    match error:
        case Forbidden():
            return RecipientGone(name)
        case Flood():
            return TryLater(timedelta(seconds=error.after))
        case NotSent() | ServerTrouble() | InvalidToken():
            return PlatformAway(LATER)
        case BadRequest() if any(phrase in error.message.lower() for phrase in _NOT_ALLOWED):
            return RecipientGone(name, "no_permission")
        case BadRequest() if any(phrase in error.message.lower() for phrase in _GONE):
            return RecipientGone(name)
        case BadRequest():
            return Refused(name)
        case NetworkError():
            return OutcomeUnknown(name)
        case _:
            return Refused(name)


class TelegramMessenger:
    """Sends digests. Telegram knows no nonces, so what may have arrived is never repeated.

    answering: hears of groups that got a new id; without it the new id is only used.
    """

    def __init__(self, bot: TelegramBot, answering: Answering | None = None) -> None:
        self._bot = bot
        self._answering = answering

    async def send(
        self,
        chat: str,
        message: Message,
        *,
        nonce: str,
        is_quiet: bool,
        begin: Begin | None = None,
    ) -> Sequence[MessageRef]:
        """Return the one message that was sent. Raises one of the DeliveryErrors."""
        manner = Manner(replace(PUSH, begin=begin), is_quiet)
        return [await deliver(self._bot, chat, message, manner, self._moved)]

    async def _moved(self, old: str, new: str) -> None:
        if self._answering:
            event = Moved(f"moved:{old}:{new}", group_as_person(old), old, new)
            async for _ in self._answering.answer(event):
                pass
