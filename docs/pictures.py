"""Draw the README's pictures from the running program: `python -m docs.pictures`.

A scripted reader chats with the real bot, once at a pseudo-terminal and once through a Bot
API on loopback; what it showed is set as a page and photographed by a headless browser.

Beside the development environment this needs `pyte` and `pillow`, bash, Chromium and four
fonts (on Debian: chromium fonts-inter fonts-jetbrains-mono fonts-dejavu-core
fonts-noto-color-emoji). The product and its tests need none of them.
"""

import asyncio
import io
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from docs.plays import COLUMNS, Bubble, Cell, Said, chat_in_telegram, chat_in_terminal

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


def main() -> None:
    """Draw both pictures beside this file."""
    lines = chat_in_terminal("paperlark chat", "l", "w")
    phones = asyncio.run(chat_in_telegram())
    for name, page, width in (
        ("terminal.png", terminal_page(lines, "paperlark chat"), 1000),
        ("telegram.png", telegram_page(phones), 900),
    ):
        (HERE / name).write_bytes(photograph(page, width))


if __name__ == "__main__":
    main()
