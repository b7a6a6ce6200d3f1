"""What the Bot API takes and refuses beyond what it publishes of its fields: HTML, addresses."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.contracts.platforms.telegram import wrong_object

_TAG = re.compile(r"<(/?)(\w+)((?:\s[^<>]*)?)>")
_STYLES = {"b", "i", "u", "s", "code", "pre", "a"}
_REFERENCES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_HOST = re.compile(r"([^\s.@:/]+\.)+[^\s.@:/]{2,}|(\d{1,3}\.){3}\d{1,3}")


class ApiError(Exception):
    """What the Bot API answers instead of a result."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


class BotFault(ApiError):
    """A refusal that only a faulty bot can get."""


@dataclass(frozen=True)
class Entity:
    """A styled stretch of text; offset and length in characters."""

    kind: str
    text: str
    url: str | None = None


def parse_html(source: str) -> tuple[str, tuple[Entity, ...]]:
    """Return the text and its entities as Telegram would. Raises BotFault."""
    text, entities, open_tags = "", [], []
    position = 0
    while position < len(source):
        character = source[position]
        if character == "<":
            tag = _TAG.match(source, position)
            if not tag or tag[2] not in _STYLES:
                raise BotFault(400, "Bad Request: can't parse entities: unsupported start tag")
            if tag[1]:
                if not open_tags or open_tags[-1][0] != tag[2]:
                    raise BotFault(400, "Bad Request: can't parse entities: unexpected end tag")
                name, start, url = open_tags.pop()
                entities.append(Entity(name, text[start:], url))
            else:
                address = re.fullmatch(r'\s+href="([^"]*)"', tag[3])
                if (tag[2] == "a") != bool(address) or (tag[3].strip() and tag[2] != "a"):
                    raise BotFault(400, "Bad Request: can't parse entities: bad attribute")
                url = _unescaped(address[1]) if address else None
                open_tags.append((tag[2], len(text), url))
            position = tag.end()
        elif character == "&" and (reference := _reference(source, position)):
            text += _REFERENCES[reference]
            position += len(reference) + 2
        else:
            text += character
            position += 1
    if open_tags:
        raise BotFault(400, "Bad Request: can't parse entities: can't find end tag")
    return text, tuple(entities)


def _reference(source: str, position: int) -> str:
    found = re.compile(r"&(lt|gt|amp|quot);").match(source, position)
    return found[1] if found else ""


def _unescaped(text: str) -> str:
    return re.sub(r"&(lt|gt|amp|quot);", lambda m: _REFERENCES[m[1]], text)


def check_button(button: dict[str, Any]) -> None:
    """Raise BotFault for what Telegram publishes, or is known, not to take as a button."""
    if problems := wrong_object("InlineKeyboardButton", button):
        raise BotFault(400, f"Bad Request: {'; '.join(problems)}")
    if not button["text"].strip():
        raise BotFault(400, "Bad Request: a button needs a text")
    if "url" in button:
        parts = urlsplit(button["url"])
        if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.hostname or ""):
            raise BotFault(400, "Bad Request: BUTTON_URL_INVALID")
