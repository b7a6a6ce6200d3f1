"""What a message shows on Telegram: as we would draw it, and as a tap says that it stands. Pure.

Telegram gives text without the spaces around it, and links as entities beside it. It may write
an address its own way: then a message seems to differ, and is drawn once more than it must.
"""

import re
from html import unescape
from typing import Any

from bot.adapters.looks import Look
from bot.adapters.telegram_hear import Tapped
from bot.adapters.telegram_render import Rendered

_TAG = re.compile(r"<[^>]*>")  # in text `<` and `>` are escaped
_LINK = re.compile(r'<a href="([^"]*)">')
_LINKED = "text_link"


def look(drawn: Rendered) -> Look:
    text = unescape(_TAG.sub("", drawn.html)).strip()
    links = tuple(unescape(address) for address in _LINK.findall(drawn.html))
    return hash((text, links, _buttons(drawn.buttons)))


def told(message: Tapped) -> Look | None:
    """Return what a message showed; None for one without text, that is too old or has a file."""
    if "text" not in message:
        return None
    entities = message.get("entities", ())
    links = tuple(entity["url"] for entity in entities if entity["type"] == _LINKED)
    rows = message.get("reply_markup", {}).get("inline_keyboard", ())
    return hash((message["text"], links, _buttons(rows)))


def _buttons(rows: Any) -> tuple[tuple[tuple[str, str, str], ...], ...]:
    return tuple(
        tuple((b["text"], b.get("callback_data", ""), b.get("url", "")) for b in row)
        for row in rows
    )
