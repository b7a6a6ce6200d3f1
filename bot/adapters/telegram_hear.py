"""Understand Telegram's updates: which of them are events of ours, and whom they come from.

In groups commands and taps work for whoever gives them; free text only when it mentions
the bot or replies to it. Bots, edits, channel posts and automatic forwards are not heard.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from telegram import (
    Bot,
    Chat,
    ChatMemberUpdated,
    Document,
    Message,
    MessageEntity,
    MessageOriginChannel,
    Update,
    User,
)

from bot.conversation import authority
from bot.conversation.commands import COMMANDS, meant, takes_files
from bot.conversation.events import (
    Command,
    Event,
    Joined,
    Left,
    MessageRef,
    Moved,
    Person,
    Place,
    Platform,
    Pressed,
    Quoted,
    Said,
    is_read,
)
from bot.conversation.messages import CHOSEN

ALLOWED_UPDATES = [
    Update.MESSAGE,
    Update.CALLBACK_QUERY,
    Update.MY_CHAT_MEMBER,
    Update.INLINE_QUERY,
]

CHOSEN_CHANNEL = 1
"""By which the answer to our button for choosing a channel is known."""

_OUTSIDE = ("left", "kicked")
_COMMAND = re.compile(r"/(\w{1,64})(?:@(\w+))?(?:\s+(.*))?", re.DOTALL)
_NAMES = frozenset(command.name for command in COMMANDS)


Tapped = dict[str, Any]
"""A message whose button was pressed, as Telegram sent it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event, and what Telegram needs for answering it.

    lane: events of one lane are answered in order.
    thread: the forum topic in which the answer belongs.
    query: the callback query that must be answered, for a tap.
    document: a file that has to be fetched before the event is answered.
    tapped: for a tap, the message as it stood then.
    """

    update: int
    event: Event
    chat: str
    lane: str
    thread: int | None = None
    query: str | None = None
    document: Document | None = None
    tapped: Tapped | None = None


def hear(update: Update, bot: Bot) -> Heard | None:
    """Return what an update that is no tap means, None for what is not for us."""
    if update.my_chat_member:
        return _membership(update.update_id, update.my_chat_member)
    if update.message:
        return _message(update.update_id, update.message, bot)
    return None


def group_as_person(chat: str) -> Person:
    """Return a group that acts as itself, not through one of its members."""
    return Person(Platform.TELEGRAM, chat, chat, is_private=False, group=Place(chat, chat))


def _person(user: User, chat: Chat) -> Person:
    place = None if chat.type == Chat.PRIVATE else _place(chat)
    return _speaker(str(user.id), str(chat.id), user.language_code, place)


def _speaker(account: str, chat: str, language: str | None, group: Place | None) -> Person:
    return Person(Platform.TELEGRAM, account, chat, group is None, language, group)


def _place(chat: Chat, *, is_nameless: bool = False) -> Place:
    number = str(chat.id)
    is_channel = chat.type == Chat.CHANNEL
    return Place(number, number, is_channel=is_channel, is_nameless=is_nameless)


def pressed(number: int, query: dict[str, Any]) -> Heard | None:
    """Return what a tap means, None for one that is not for us.

    query: as Telegram sent it; when many tap at once, PTB's twenty objects for each cost too much.
    Raises KeyError, TypeError and AttributeError when it is none.
    """
    message, user = query.get("message"), query["from"]
    if message is None or user["is_bot"]:
        return None
    chat, kind = str(message["chat"]["id"]), message["chat"]["type"]
    group = None if kind == Chat.PRIVATE else Place(chat, chat, is_channel=kind == Chat.CHANNEL)
    person = _speaker(str(user["id"]), chat, user.get("language_code"), group)
    event = Pressed(str(number), person, query.get("data") or "", ref_of(message), _shown(message))
    thread = message.get("message_thread_id") if message.get("is_topic_message") else None
    # In a group many tap at once, and nobody's vote waits for another's acknowledgement.
    lane = chat if person.is_private else f"{chat}:{person.account}"
    return Heard(number, event, chat, lane, thread, str(query["id"]), tapped=message)


def ref_of(message: Tapped) -> MessageRef:
    return MessageRef(str(message["chat"]["id"]), str(message["message_id"]))


def _shown(message: Tapped) -> tuple[tuple[str, bool], ...]:
    """Return the data of a message's buttons, and which of them are drawn as chosen."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", ())
    return tuple(
        (button.get("callback_data", ""), button["text"].startswith(CHOSEN))
        for row in rows
        for button in row
    )


def _membership(number: int, change: ChatMemberUpdated) -> Heard | None:
    was_there, is_there = (
        member.status not in _OUTSIDE for member in (change.old_chat_member, change.new_chat_member)
    )
    chat = str(change.chat.id)
    is_private = change.chat.type == Chat.PRIVATE
    # Whoever removes the bot from a group has not left their own private chat.
    # It is greeted in the language of who let the bot in.
    language = change.from_user.language_code
    group = replace(group_as_person(chat), group=_place(change.chat), language=language)
    person = _person(change.from_user, change.chat) if is_private else group
    if not is_there:
        return Heard(number, Left(str(number), person), chat, chat)
    if was_there or is_private:
        return None
    return Heard(number, Joined(str(number), person, str(change.from_user.id)), chat, chat)


def _message(number: int, message: Message, bot: Bot) -> Heard | None:
    chat = str(message.chat.id)
    if message.migrate_to_chat_id:
        new = str(message.migrate_to_chat_id)
        moved = Moved(str(number), group_as_person(chat), chat, new)
        return Heard(number, moved, new, chat)
    user = message.from_user
    if message.is_automatic_forward or user is None:
        return None
    if message.sender_chat:
        return _nameless(number, message, bot)
    if user.is_bot:
        return None
    person = _person(user, message.chat)
    event = _words(str(number), person, message, bot)
    if event is None:
        return None
    document = message.document
    if document and takes_files(event) and is_read(document.file_name or ""):
        # Fetching and reading it takes seconds, in which no tap should wait.
        return Heard(number, event, chat, f"{chat}:file", _thread(message), document=document)
    return Heard(number, event, chat, chat, _thread(message))


def _nameless(number: int, message: Message, bot: Bot) -> Heard | None:
    """Return a command for administrators that somebody gave in the name of a group.

    Nothing else is heard from whom nobody can know.
    """
    chat = str(message.chat.id)
    group = replace(group_as_person(chat), group=_place(message.chat, is_nameless=True))
    event = _words(str(number), group, message, bot)
    if not isinstance(event, Command) or meant(event.name) != authority.COMMAND:
        return None
    return Heard(number, event, chat, chat, _thread(message))


def _words(event: str, person: Person, message: Message, bot: Bot) -> Event | None:
    if message.chat_shared and message.chat_shared.request_id == CHOSEN_CHANNEL:
        return Command(event, person, authority.COMMAND, str(message.chat_shared.chat_id))
    text = _text(message)
    if text is None:
        return None
    command = _COMMAND.fullmatch(text)
    if command and message.forward_origin is None:  # what somebody else wrote is no order
        name, addressee = meant(command[1].lower()), command[2]
        rest = (command[3] or "").strip()
        is_ours = addressee is None or addressee.lower() == bot.username.lower()
        is_meant = addressee or person.is_private or name in _NAMES
        return Command(event, person, name, rest) if is_ours and is_meant else None
    if not person.is_private:
        mention = re.compile(rf"@{re.escape(bot.username)}\b", re.IGNORECASE)
        if not mention.search(text) and not _answers(message, bot):
            return None
        text = mention.sub("", text).strip()
    return Said(
        event,
        person,
        text,
        _hidden_links(message),
        answers=_quoted(message, bot),
        forwarded_from=_channel_of(message) if person.is_private else "",
    )


def _text(message: Message) -> str | None:
    """Return what was written, or a file's name; None for Telegram's own service messages."""
    written = message.text or message.caption
    if message.document and message.document.file_name:
        return "\n".join(filter(None, (written, message.document.file_name)))
    return written or ("" if message.effective_attachment else None)


def _answers(message: Message, bot: Bot) -> bool:
    answered = message.reply_to_message
    return bool(answered and answered.from_user and answered.from_user.id == bot.id)


def _quoted(message: Message, bot: Bot) -> Quoted | None:
    """Return the message of ours that this one replies to."""
    answered = message.reply_to_message
    if answered is None or not _answers(message, bot):
        return None
    return Quoted(answered.text or answered.caption or "", _hidden_links(answered))


def _channel_of(message: Message) -> str:
    """Return the channel whose post this is, empty for what was written elsewhere."""
    origin = message.forward_origin
    return str(origin.chat.id) if isinstance(origin, MessageOriginChannel) else ""


def _hidden_links(message: Message) -> tuple[str, ...]:
    """Return the addresses behind words, of the preview, and on the buttons of a forwarded post."""
    entities = (*message.entities, *message.caption_entities)
    behind = [e.url for e in entities if e.type == MessageEntity.TEXT_LINK and e.url]
    preview = message.link_preview_options
    previewed = [preview.url] if preview and isinstance(preview.url, str) else []
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    on_buttons = [button.url for row in rows for button in row if button.url]
    return tuple(dict.fromkeys(behind + previewed + on_buttons))


def _thread(message: Message) -> int | None:
    return message.message_thread_id if message.is_topic_message else None
