"""Which events need an administrator, and of which group or channel.

An adapter asks before it hands such an event over, each time anew, and puts the platform's
answer into `Person.group`: nobody keeps who was an administrator yesterday.
"""

import re

from bot.conversation.commands import meant
from bot.conversation.events import Command, Event, Platform, Pressed, Said
from bot.conversation.group_phrases import chat_named
from bot.conversation.taps import Act, Tap, decode, encode

COMMAND = "channel"
_SETTING = re.compile(r"(-?[0-9]{1,20}),([a-zA-Z0-9 :/_+-]*)", re.ASCII)


def asked_about(event: Event) -> str | None:
    """Return the chat whose administrators alone may do this; None where anybody may.

    A number, or `@name` of a channel; empty when the event names none. Of a post that somebody
    forwards in private, the channel it is from: only its administrators may mean to set that up.
    """
    if isinstance(event, Command) and meant(event.name) == COMMAND:
        if event.person.group is not None:
            return event.person.group.chat
        return chat_named(event.text)[0]
    if isinstance(event, Pressed):
        tap = decode(event.data)
        if tap is not None and tap.act is Act.GROUP:
            return setting_of(tap)[0]
    if isinstance(event, Said) and event.person.is_private:
        return event.forwarded_from or channel_alone(event)
    return None


def channel_alone(said: Said) -> str | None:
    """Return the `@name` of a channel that is all that somebody says; None for anything else."""
    if said.person.platform is not Platform.TELEGRAM:
        return None
    chat, rest = chat_named(said.text)
    return chat if chat.startswith("@") and not rest else None


def setting(chat: str, phrase: str) -> str:
    """Return the data of a button that changes what a chat has set; phrase: see `setting_of`."""
    return encode(Tap(Act.GROUP, argument=f"{chat},{phrase.replace('.', '/')}"))


def setting_of(tap: Tap) -> tuple[str, str]:
    """Return the chat and the phrase of such a button; both empty for one that we never made."""
    found = _SETTING.fullmatch(tap.argument)
    return (found[1], found[2].replace("/", ".")) if found else ("", "")
