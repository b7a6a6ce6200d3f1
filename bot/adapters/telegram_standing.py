"""Who administers a group or channel, and whether the bot may post there: asked each time anew."""

from dataclasses import replace

import structlog
from telegram import Chat, ChatMember, ChatMemberAdministrator, ChatMemberOwner
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.adapters.telegram_send import TelegramBot, repeated
from bot.conversation.authority import asked_about
from bot.conversation.events import Event, Place

log = structlog.get_logger()


async def with_standing(bot: TelegramBot, event: Event) -> Event:
    """Return an event that only administrators may cause with how its person stands there.

    Other events stay as they are. A chat that cannot be seen is none.
    """
    chat = asked_about(event)
    person = event.person
    if not chat or (person.group is not None and person.group.is_nameless):
        return event
    try:
        place = await _asked(bot, person.group or await _seen(bot, chat), int(person.account))
    except (BadRequest, Forbidden):  # no such chat, or none that shows itself to us
        place = person.group
    except TelegramError as error:
        log.warning("telegram.standing_unknown", error=type(error).__name__)
        place = person.group or Place(chat, chat)
    return replace(event, person=replace(person, group=place))


async def _seen(bot: TelegramBot, chat: str) -> Place | None:
    """Return a chat that was named from elsewhere; None for a person's."""
    number: str | int = chat if chat.startswith("@") else int(chat)
    found = await repeated(lambda: bot.get_chat(number))
    if found.type == Chat.PRIVATE:
        return None
    name = str(found.id)
    is_channel = found.type == Chat.CHANNEL
    return Place(name, name, is_channel=is_channel, title=found.title or "")


async def _asked(bot: TelegramBot, place: Place | None, asker: int) -> Place | None:
    """Return a place with what Telegram says of the asker and of the bot there."""
    if place is None:
        return None
    chat = int(place.chat)
    theirs = await repeated(lambda: bot.get_chat_member(chat, asker))
    ours = await repeated(lambda: bot.get_chat_member(chat, bot.id))
    return replace(
        place,
        is_admin=isinstance(theirs, ChatMemberOwner | ChatMemberAdministrator),
        may_post=_may_post(ours, is_channel=place.is_channel),
    )


def _may_post(ours: ChatMember, *, is_channel: bool) -> bool:
    if is_channel:
        return isinstance(ours, ChatMemberAdministrator) and ours.can_post_messages is not False
    if ours.status == ChatMember.RESTRICTED:
        return bool(getattr(ours, "can_send_messages", False))
    return ours.status not in (ChatMember.LEFT, ChatMember.BANNED)
