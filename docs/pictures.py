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
from functools import partial
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from docs import discord_plays, telegram_plays
from docs.discord_plays import Form, Heading, Item, OnMessage, Shown, Typing
from docs.plays import COLUMNS, Cell, Said, chat_in_terminal
from docs.telegram_plays import Bubble, Proposed, Screen

HERE = Path(__file__).parent
_WIDTH = 1000  # page pixels, the margins among them
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
_CLIENT = {  # what Discord itself says around the bot's words
    "en": ("<b>Ada</b> used <b>{by}</b>", "Only you can see this", "Dismiss message"),
    "de": (
        "<b>Ada</b> hat <b>{by}</b> verwendet",
        "Nur du kannst das sehen",
        "Nachricht verwerfen",
    ),
}
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


def telegram_page(phones: Iterable[Screen]) -> str:
    """Return a page with phones side by side; their messages are drawn as they were sent."""
    return _page("telegram.css", "".join(map(_phone, phones)))


def _phone(screen: Screen) -> str:
    chat = "".join(map(_on_screen, screen.shown))
    bar = (
        f'<div class="bar"><span class="back">‹</span><span class="face">{screen.title[0]}</span>'
        f"<div><b>{escape(screen.title)}</b><small>{escape(screen.under)}</small></div></div>"
    )
    is_typed = ' typed"' if screen.field.startswith("@") else '"'
    field = f'<div class="field{is_typed}>{escape(screen.field)}</div>'
    return f'<div class="phone">{bar}<div class="chat">{chat}</div>{field}</div>'


def _on_screen(shown: Bubble | Said | Proposed) -> str:
    match shown:
        case Said(text=text):
            return f'<div class="said">{escape(text)}</div>'
        case Proposed(results=results):
            lines = "".join(
                f'<div class="result"><i>{escape(title[0])}</i><div><b>{escape(title)}</b>'
                f"<small>{escape(about)}</small></div></div>"
                for title, about in results
            )
            return f'<div class="results">{lines}</div>'
        case Bubble():
            return _bubble(shown)


def _bubble(bubble: Bubble) -> str:
    rows = "".join(
        '<div class="row">' + "".join(f"<span>{escape(label)}</span>" for label in row) + "</div>"
        for row in bubble.labels
    )
    toast = f'<div class="toast">{escape(bubble.toast)}</div>' if bubble.toast else ""
    file = f'<div class="file"><i>📄</i><b>{escape(bubble.file)}</b></div>' if bubble.file else ""
    words = f'<div class="bubble">{file}{bubble.html}</div>'
    return f'<div class="from-bot">{words}{rows}</div>{toast}'


# ---------------------------------------------------------------------- Discord


def discord_page(columns: Iterable[Sequence[Item]]) -> str:
    """Return a page with messages as Discord shows them, in columns side by side."""
    body = "".join(
        f'<div class="column">{"".join(map(_in_discord, items))}</div>' for items in columns
    )
    return _page("discord.css", body)


def _in_discord(item: Item) -> str:
    match item:
        case Shown():
            return _message(item)
        case Said(text=text):
            return _by_a_person(text)
        case Heading(text=text):
            return f'<div class="heading">{escape(text)}</div>'
        case Form():
            return _form(item)
        case Typing():
            return _typing(item)
        case OnMessage():
            return _by_a_person(item.text, _menu(item.offered))


def _by_a_person(text: str, below: str = "") -> str:
    return (
        '<div class="message"><span class="face ada">A</span><div class="body">'
        f'<div class="name">Ada</div><p>{_linked(text)}</p>{below}</div></div>'
    )


def _linked(text: str) -> str:
    return re.sub(r"https?://\S+", r"<u>\g<0></u>", escape(text))


def _menu(offered: Sequence[str]) -> str:
    """Return the menu of a message, with apps and what they offer."""
    apps = "".join(f'<span><i class="face">P</i>{escape(one)}</span>' for one in offered)
    usual = "<span>Reply</span><span>Create thread</span><span>Copy text</span>"
    return (
        f'<div class="menus"><div class="menu">{usual}<span class="on">Apps <em>›</em></span></div>'
        f'<div class="menu">{apps}</div></div>'
    )


def _typing(typing: Typing) -> str:
    lines = "".join(f"<span>{escape(one)}</span>" for one in typing.proposed)
    return (
        f'<div class="typing"><div class="proposed"><b>{escape(typing.option.upper())}</b>{lines}'
        f'</div><div class="line"><i class="face">P</i>/{escape(typing.command)} '
        f"<code>{escape(typing.option)} <b>{escape(typing.typed)}</b></code></div></div>"
    )


def _form(form: Form) -> str:
    (labelled,) = form.described["components"]
    field = labelled["component"]
    written = escape(form.written or field.get("value", ""))
    return (
        f'<div class="form"><h1><i class="face">P</i>{escape(form.described["title"])}</h1>'
        f"<b>{escape(labelled['label'])}</b><small>{escape(labelled['description'])}</small>"
        f'<div class="text">{written}<em>{field["max_length"] - len(written)}</em></div>'
        '<div class="row"><span class="button">Cancel</span>'
        '<span class="button s1">Submit</span></div></div>'
    )


def _message(shown: Shown) -> str:
    posted = shown.posted
    embeds = "".join(map(_embed, posted.embeds))
    content = f"<p>{marked_up(posted.content)}</p>" if posted.content else ""
    files = "".join(f'<div class="file">📄 <u>{escape(name)}</u></div>' for name in posted.files)
    rows = "".join(
        f'<div class="row">{"".join(map(_component, row["components"]))}</div>'
        for row in posted.components
    )
    used, seen, dismiss = _CLIENT[shown.language]
    by = used.format(by=escape(shown.by if " " in shown.by else f"/{shown.by}"))
    above = f'<div class="by">{by}</div>' if shown.by else ""
    only = f'<div class="only">👁 {seen} · <u>{dismiss}</u></div>'
    return (
        f'{above}<div class="message"><span class="face">P</span><div class="body">'
        '<div class="name">Paperlark <i>APP</i></div>'
        f"{content}{embeds}{files}{rows}{only if shown.is_for_one else ''}</div></div>"
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
    r"|\[(?P<label>[^\]]+)\]\(<[^>]*>\)"
    r"|`(?P<code>[^`]+)`",
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
            case "code", words:
                html += f"<code>{escape(words)}</code>"
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


def _on_telegram(sheet: str) -> str:
    return telegram_page(asyncio.run(getattr(telegram_plays, sheet)()))


def _on_discord(sheet: str) -> str:
    return discord_page(asyncio.run(getattr(discord_plays, sheet)()))


_SHEETS = ("cards", "finding", "lists", "taste", "settings", "together", "more", "german")
PLAYS: dict[str, Callable[[], str]] = {
    "terminal": lambda: terminal_page(
        chat_in_terminal("paperlark chat", "l", "w"), "paperlark chat"
    ),
    **{f"telegram-{one}": partial(_on_telegram, one) for one in _SHEETS},
    **{f"discord-{one}": partial(_on_discord, one) for one in _SHEETS},
}


def main() -> None:
    """Draw the pictures that are named, or all, beside this file."""
    for name in sys.argv[1:] or PLAYS:
        picture = photograph(PLAYS[name](), _WIDTH)
        (HERE / f"{name}.png").write_bytes(picture)


if __name__ == "__main__":
    main()
