"""Name commands in sentences as Discord's own list of them does, which is translated.

Elsewhere commands keep one name, so sentences are written with that one.
"""

import re
from dataclasses import replace

from bot.conversation.commands import COMMANDS, name_in
from bot.conversation.language import ENGLISH, spoken
from bot.conversation.messages import Message, Span, Style

_COMMAND = re.compile(r"(?<![\w/])/([a-z_]+)(?![\w/])")
_NAMES = frozenset(spec.name for spec in COMMANDS)


def localised(message: Message) -> Message:
    """Return a message that names commands in the language spoken now.

    What is to be copied as it is, and what links somewhere, stays.
    """
    if spoken() == ENGLISH:
        return message
    digest = message.digest and replace(message.digest, footing=_renamed(message.digest.footing))
    return replace(message, text=tuple(map(_span, message.text)), digest=digest)


def _span(span: Span) -> Span:
    is_copied = span.url or span.style is Style.CODE
    return span if is_copied else replace(span, text=_renamed(span.text))


def _renamed(text: str) -> str:
    return _COMMAND.sub(
        lambda found: f"/{name_in(spoken(), found[1])}" if found[1] in _NAMES else found[0], text
    )
