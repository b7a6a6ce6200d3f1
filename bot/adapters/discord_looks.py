"""What a message shows on Discord: as we would draw it, and as a tap says that it stands. Pure.

Discord may give words back a little otherwise than it took them: then a message seems to differ,
and is drawn once more than it must.
"""

from collections.abc import Iterable

import discord

from bot.adapters.discord_render import Payload
from bot.adapters.looks import Look

_Embed = tuple[str, str, str, str]
_Button = tuple[str, str, str, int]


def look(drawn: Payload) -> Look:
    embeds = (
        (
            embed.get("title", ""),
            embed.get("description", ""),
            embed.get("url", ""),
            embed.get("footer", {}).get("text", ""),
        )
        for embed in drawn["embeds"]
    )
    rows = (
        tuple((b["label"], b.get("custom_id", ""), b.get("url", ""), b["style"]) for b in row)
        for row in (shape["components"] for shape in drawn["components"])
    )
    return _look(drawn["content"], embeds, rows)


def told(message: discord.Message | None) -> Look | None:
    """Return what a message showed when one of its buttons was tapped, None without one."""
    if message is None:
        return None
    embeds = (
        (e.title or "", e.description or "", e.url or "", e.footer.text or "")
        for e in message.embeds
    )
    rows = (
        tuple(
            (b.label or "", b.custom_id or "", b.url or "", b.style.value)
            for b in row.children
            if isinstance(b, discord.Button)
        )
        for row in message.components
        if isinstance(row, discord.ActionRow)
    )
    return _look(message.content, embeds, rows)


def _look(content: str, embeds: Iterable[_Embed], rows: Iterable[tuple[_Button, ...]]) -> Look:
    shown = tuple(tuple(part.strip() for part in embed) for embed in embeds)
    return hash((content.strip(), shown, tuple(rows)))
