"""Draw the README's pictures from the running program: `python -m docs.pictures`.

A scripted reader chats with the real bot, at a pseudo-terminal and through a Bot API and a
Discord on loopback; what it showed is set as a page and photographed by a headless browser.

Beside the development environment this needs `pyte` and `pillow`, bash, Chromium and four
fonts (on Debian: chromium fonts-inter fonts-jetbrains-mono fonts-dejavu-core
fonts-noto-color-emoji). The product and its tests need none of them.
"""

import asyncio
import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from docs.plays import (
    COLUMNS,
    Bubble,
    Cell,
    Said,
    chat_in_discord,
    chat_in_telegram,
    chat_in_terminal,
    finding_in_telegram,
    inviting_in_telegram,
    taste_in_telegram,
    together_in_telegram,
)
from tests.local_discord import Posted

HERE = Path(__file__).parent
SCALE = 2  # pixels of the picture for each of the page
_TALLEST = 2400  # page pixels; what is left over is cut off
_BROWSER = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--default-background-color=00000000",
    f"--force-device-scale-factor={SCALE}",
)
_COLOURS = {
    "red": "#ff8a80",
    "green": "#9ece8f",
    "brown": "#e0b870",  # what terminals call yellow
    "cyan": "#7cc7e8",
}


# ---------------------------------------------------------------------- the terminal


def terminal_page(lines: Sequence[Sequence[Cell]], title: str) -> str:
    """Return a page with a terminal window that shows these lines."""
    screen = "\n".join(screen_line(line) for line in lines)
    return _page(
        "terminal.css",
        f'<div class="window" style="width: calc({COLUMNS}ch + 44px)">'
        f'<div class="bar"><i></i><i></i><i></i><span>{escape(title)}</span></div>'
        f"<pre>{screen}</pre></div>",
    )


def screen_line(line: Sequence[Cell]) -> str:
    """Return a line of cells as HTML; a character of two columns keeps exactly two."""
    ends = max((n for n, cell in enumerate(line, start=1) if cell.text.strip()), default=0)
    followers = [*line[1:], None]
    looks = [
        (cell, _cell_style(cell), follower is not None and not follower.text)
        for cell, follower in zip(line[:ends], followers, strict=False)
        if cell.text  # nothing stands in the second half of a wide character
    ]
    return "".join(
        _run([cell.text for cell, _, _ in run], style, is_wide=is_wide)
        for (style, is_wide), run in groupby(looks, key=lambda look: look[1:])
    )


def _run(texts: Sequence[str], style: str, *, is_wide: bool) -> str:
    if is_wide:
        return "".join(f'<span class="wide"{style}>{escape(text)}</span>' for text in texts)
    text = escape("".join(texts))
    return f"<span{style}>{text}</span>" if style else text


def _cell_style(cell: Cell) -> str:
    rules = []
    if cell.colour != "default":
        rules.append(f"color:{_COLOURS.get(cell.colour, '#' + cell.colour)}")
    rules += ["font-weight:700"] * cell.is_bold + ["font-style:italic"] * cell.is_italic
    rules += ["color:#848b9b"] * cell.is_dim
    return f' style="{";".join(rules)}"' if rules else ""


# ---------------------------------------------------------------------- Telegram


def telegram_page(phones: Iterable[Sequence[Bubble | Said]]) -> str:
    """Return a page with phones side by side; their messages are drawn as they were sent."""
    return _page("telegram.css", "".join(_phone(messages) for messages in phones))


def _phone(messages: Sequence[Bubble | Said]) -> str:
    chat = "".join(_said(m) if isinstance(m, Said) else _bubble(m) for m in messages)
    bar = (
        '<div class="bar"><span class="back">‹</span><span class="face">P</span>'
        "<div><b>Paperlark</b><small>bot</small></div></div>"
    )
    field = '<div class="field">Message</div>'
    return f'<div class="phone">{bar}<div class="chat">{chat}</div>{field}</div>'


def _said(said: Said) -> str:
    return f'<div class="said">{escape(said.text)}</div>'


def _bubble(bubble: Bubble) -> str:
    rows = "".join(
        '<div class="row">' + "".join(f"<span>{escape(label)}</span>" for label in row) + "</div>"
        for row in bubble.labels
    )
    toast = f'<div class="toast">{escape(bubble.toast)}</div>' if bubble.toast else ""
    return f'<div class="from-bot"><div class="bubble">{bubble.html}</div>{rows}</div>{toast}'


# ---------------------------------------------------------------------- Discord


def discord_page(columns: Iterable[Sequence[Posted]]) -> str:
    """Return a page with messages as Discord shows them, in columns side by side."""
    body = "".join(
        f'<div class="column">{"".join(map(_message, messages))}</div>' for messages in columns
    )
    return _page("discord.css", body)


def _message(posted: Posted) -> str:
    embeds = "".join(map(_embed, posted.embeds))
    content = f"<p>{marked_up(posted.content)}</p>" if posted.content else ""
    rows = "".join(
        f'<div class="row">{"".join(map(_component, row["components"]))}</div>'
        for row in posted.components
    )
    return (
        '<div class="message"><span class="face">P</span><div class="body">'
        '<div class="name">Paperlark <i>APP</i></div>'
        f"{content}{embeds}{rows}</div></div>"
    )


def _embed(embed: dict[str, Any]) -> str:
    title = f'<div class="title">{marked_up(embed["title"])}</div>' if "title" in embed else ""
    words = marked_up(embed.get("description", ""))
    footer = embed.get("footer", {}).get("text", "")
    foot = f'<div class="footer">{escape(footer)}</div>' if footer else ""
    colour = f"#{embed.get('color', 0x5B7DB1):06x}"
    return f'<div class="embed" style="border-color:{colour}">{title}<p>{words}</p>{foot}</div>'


def _component(button: dict[str, Any]) -> str:
    return f'<span class="button s{button["style"]}">{escape(button["label"])}</span>'


_MARK = re.compile(
    r"\\(?P<literal>[^\w\s])|\*\*(?P<bold>(?:\\.|[^\\])+?)\*\*"
    r"|\*(?P<italic>(?:\\.|[^\\])+?)\*"
    r"|\[(?P<label>[^\]]+)\]\(<[^>]*>\)",
    re.DOTALL,
)


def marked_up(text: str) -> str:
    """Return Discord's markdown, as far as the bot writes it, as HTML."""
    done, html = 0, ""
    for mark in _MARK.finditer(text):
        html += escape(text[done : mark.start()])
        done = mark.end()
        match mark.lastgroup, mark[mark.lastgroup or 0]:
            case "bold", words:
                html += f"<b>{marked_up(words)}</b>"
            case "italic", words:
                html += f"<em>{marked_up(words)}</em>"
            case "label", words:
                html += f"<u>{marked_up(words)}</u>"
            case _, character:
                html += escape(character)
    return html + escape(text[done:])


# ---------------------------------------------------------------------- the photograph


def _page(styles: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<style>{(HERE / styles).read_text('utf-8')}</style><body>{body}</body></html>"
    )


def photograph(page: str, width: int) -> bytes:
    """Return a page as PNG, cut to what it shows, in at most 256 colours."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        source, shot = Path(folder, "page.html"), Path(folder, "shot.png")
        source.write_text(page, "utf-8")
        subprocess.run(
            [
                *_BROWSER,
                f"--user-data-dir={folder}/profile",
                f"--window-size={width},{_TALLEST}",
                f"--screenshot={shot}",
                source.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        with Image.open(shot) as taken:
            seen = taken.convert("RGBA")
    cut = seen.crop(seen.getchannel("A").getbbox())
    picture = io.BytesIO()
    cut.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
        picture, "PNG", optimize=True
    )
    return picture.getvalue()


PLAYS: dict[str, Callable[[], str]] = {
    "terminal": lambda: terminal_page(
        chat_in_terminal("paperlark chat", "l", "w"), "paperlark chat"
    ),
    "telegram": lambda: telegram_page(asyncio.run(chat_in_telegram())),
    "telegram-search": lambda: telegram_page(asyncio.run(finding_in_telegram())),
    "telegram-taste": lambda: telegram_page(asyncio.run(taste_in_telegram())),
    "telegram-together": lambda: telegram_page(asyncio.run(together_in_telegram())),
    "telegram-invite": lambda: telegram_page(asyncio.run(inviting_in_telegram())),
    "discord": lambda: discord_page(_columns(asyncio.run(chat_in_discord()))),
}
_WIDTH = {"terminal": 1000}


def _columns(messages: Sequence[Posted]) -> list[Sequence[Posted]]:
    return [messages[:2], messages[2:]]


def main() -> None:
    """Draw the pictures that are named, or all, beside this file."""
    for name in sys.argv[1:] or PLAYS:
        picture = photograph(PLAYS[name](), _WIDTH.get(name, 900))
        (HERE / f"{name}.png").write_bytes(picture)


if __name__ == "__main__":
    main()
