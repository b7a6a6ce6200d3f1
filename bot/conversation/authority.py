"""Which events need an administrator, and of which group or channel.

An adapter asks before it hands such an event over, each time anew, and puts the platform's
answer into `Person.group`: nobody keeps who was an administrator yesterday.
"""

import re

from bot.conversation.commands import meant
from bot.conversation.events import Command, Event, Pressed
from bot.conversation.group_phrases import chat_named
from bot.conversation.taps import Act, Tap, decode, encode

COMMAND = "channel"
_SETTING = re.compile(r"(-?[0-9]{1,20}),([a-zA-Z0-9 :/_+-]*)", re.ASCII)


def asked_about(event: Event) -> str | None:
    """Return the chat whose administrators alone may do this; None where anybody may.

    A number, or `@name` of a channel; empty when the event names none.
    """
    if isinstance(event, Command) and meant(event.name) == COMMAND:
        if event.person.group is not None:
            return event.person.group.chat
        return chat_named(event.text)[0]
    if isinstance(event, Pressed):
        tap = decode(event.data)
        if tap is not None and tap.act is Act.GROUP:
            return setting_of(tap)[0]
    return None


def setting(chat: str, phrase: str) -> str:
    """Return the data of a button that changes what a chat has set; phrase: see `setting_of`."""
    return encode(Tap(Act.GROUP, argument=f"{chat},{phrase.replace('.', '/')}"))


def setting_of(tap: Tap) -> tuple[str, str]:
    """Return the chat and the phrase of such a button; both empty for one that we never made."""
    found = _SETTING.fullmatch(tap.argument)
    return (found[1], found[2].replace("/", ".")) if found else ("", "")
