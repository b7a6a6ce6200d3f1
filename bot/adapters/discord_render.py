"""Draw messages as Discord's content, embeds and buttons. Pure; knows nothing of discord.py.

Text is cleaned, isolated and escaped here and nowhere else. Discord's limits hold for what
is sent, backslashes included; we count UTF-16 units, of which there are never fewer than
characters. A backslash before any character that is neither letter, digit nor space shows
that character (Discord's own rule), in content, embed titles and descriptions; footers show
text as it is.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.adapters.discord_names import localised
from bot.conversation.group_cards import FOR
from bot.conversation.messages import (
    CHOSEN,
    ROW,
    Ask,
    Button,
    Card,
    Digest,
    Message,
    RichText,
    Rows,
    Span,
    Style,
)
from bot.conversation.taps import Act, decode
from bot.conversation.text import isolated, one_line

MAX_CONTENT = 2_000
MAX_TITLE = 256
MAX_DESCRIPTION = 4_096
MAX_FOOTER = 2_048
MAX_EMBEDS = 10
MAX_TOTAL = 6_000  # over all embeds of a message
MAX_LABEL = 80
MAX_CUSTOM_ID = 100
MAX_LINK = 512
NOTHING = "…"  # Discord refuses an empty message

Payload = dict[str, Any]

_COLOUR = 0x5B7DB1  # the stripe beside a card
_PRIMARY, _SECONDARY, _SUCCESS, _LINK = 1, 2, 3, 5
_BREAK = "\u200b"  # keeps two styles apart; has no width
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff"
    "\u2028-\u202e\u2066\u2067\u200b\u2060\ufeff\ufffe\uffff]"
)
_ADDRESS = re.compile(r"https?://[^\s<>]+(?!\S)")
_SPECIAL = re.compile(
    r"[\\_*~`|<>\[\]]"  # inline marks, mentions, masked links
    r"|:(?=[\w+~-]+:)|:(?=//)"  # :emoji:, and addresses inside styled text
    r"|@(?=everyone|here)"
)
_BEGINNING = re.compile(rf"(?m)^([ \t{_ISOLATE}]*)([#-])")  # headings, small print, lists
_NUMBERED = re.compile(rf"(?m)^([ \t{_ISOLATE}]*\d+)(\.)(?=\s|$)")
_SENTENCE_END = re.compile(r"[.!?。！？]['\")\]]?(?=\s)|\n")
_MARKS = {Style.PLAIN: "", Style.BOLD: "**", Style.ITALIC: "*", Style.CODE: ""}


@dataclass(frozen=True, slots=True)
class _Room:
    """How long the drawn parts of an embed may be; together within a description."""

    title: int
    line: int
    summary: int
    reason: int
    footer: int


_CARD = _Room(title=MAX_TITLE, line=450, summary=1_900, reason=700, footer=600)
# For lists, tried in this order; ten embeds of the last always fit.
_ITEMS = (
    _Room(title=MAX_TITLE, line=300, summary=700, reason=500, footer=300),
    _Room(title=MAX_TITLE, line=160, summary=300, reason=300, footer=200),
    _Room(title=200, line=100, summary=0, reason=200, footer=100),
    _Room(title=160, line=70, summary=0, reason=140, footer=70),
)
_FOOTING = 600
FILE = "attachments"
MAX_FORM_LABEL, MAX_HINT = 45, 100
_TEXT_FIELD, _LABELLED = 4, 18  # kinds of components


def render(message: Message) -> Payload:
    """Return what Discord takes for a new message and for an edit alike, within its limits.

    A file stands whole under `FILE`; `Rest` sends it as Discord wants it.
    """
    content, embeds = _drawn(localised(message))
    if not content and not embeds:
        content = NOTHING
    body: Payload = {
        "content": content,
        "embeds": embeds,
        "components": _components(message.rows),
        "allowed_mentions": {"parse": []},
    }
    if message.attachment is not None:
        body[FILE] = message.attachment
    return body


def form(ask: Ask) -> Payload:
    """Return a form with one field, as Discord takes it, within its limits."""
    field: Payload = {
        "type": _TEXT_FIELD,
        "custom_id": "words",
        "style": 2,  # of several lines
        "max_length": ask.most,
        "required": False,
    }
    if value := _fitting(ask.value, ask.most, _safe):
        field["value"] = value
    label = {
        "type": _LABELLED,
        "label": _fitting(_one_line(ask.label), MAX_FORM_LABEL, str) or NOTHING,
        "description": _fitting(_one_line(ask.hint), MAX_HINT, str),
        "component": field,
    }
    title = _fitting(_one_line(ask.title), MAX_FORM_LABEL, str) or NOTHING
    return {"custom_id": ask.data, "title": title, "components": [label]}


def units(text: str) -> int:
    """Return the length of text in UTF-16 units."""
    return len(text) + sum(c > "\uffff" for c in text)


def shown(text: str) -> str:
    """Return text as markdown that Discord shows as these very words."""
    return "".join(_keeping_addresses(_safe(text)))


def _drawn(message: Message) -> tuple[str, list[Payload]]:
    if message.digest:
        heading = (Span("\n"),) * bool(message.text) + (Span(message.digest.heading, Style.BOLD),)
        return _rich((*message.text, *heading), MAX_CONTENT), _list(message.digest)
    if message.card:
        return _rich(message.text, MAX_CONTENT), [_embed(message.card, "", _CARD)]
    whole = _rich(message.text, MAX_DESCRIPTION)
    if units(whole) <= MAX_CONTENT:
        return whole, []
    return "", [{"description": whole, "color": _COLOUR}]


def _list(digest: Digest) -> list[Payload]:
    footing = _plain_footer((digest.footing,), _FOOTING)
    for room in _ITEMS:
        embeds = [_embed(i.card, f"{i.number}\\. ", room) for i in digest.items[:MAX_EMBEDS]]
        if sum(map(_size, embeds)) + units(footing) + 1 <= MAX_TOTAL:
            break
    if footing and embeds:
        last = embeds[-1].get("footer", {}).get("text", "")
        embeds[-1]["footer"] = {"text": "\n".join(filter(None, (last, footing)))}
    elif footing:
        embeds = [{"description": shown(footing), "color": _COLOUR}]
    return embeds


def _size(embed: Payload) -> int:
    footer = embed.get("footer", {}).get("text", "")
    return units(embed["title"]) + units(embed.get("description", "")) + units(footer)


def _embed(card: Card, prefix: str, room: _Room) -> Payload:
    details = " · ".join(filter(None, map(_one_line, card.details)))
    lines = [
        _styled(_fitting(_one_line(card.authors), room.line - 2, shown), Style.ITALIC),
        _fitting(details, room.line, shown),
        _paragraph(_fitting(_safe(card.summary), room.summary - 1, shown)),
        _paragraph(_fitting(_one_line(card.reason), room.reason - 1, shown)),
        _paragraph(_links(card.links, room.line)),
    ]
    title = _fitting(_one_line(card.title), room.title - units(prefix), shown) or NOTHING
    embed: Payload = {"title": prefix + title, "color": _COLOUR}
    if description := "\n".join(filter(None, lines)).strip("\n"):
        embed["description"] = description
    if address := _address(card.url):
        embed["url"] = address
    if footer := _plain_footer((card.mark, card.note), room.footer):
        embed["footer"] = {"text": footer}
    return embed


def _paragraph(text: str) -> str:
    return f"\n{text}" if text else ""


def _plain_footer(pieces: tuple[str, ...], limit: int) -> str:
    """Return small print; Discord shows it without reading markdown in it."""
    return _fitting("\n".join(filter(None, map(_one_line, pieces))), limit, _safe)


def _links(links: tuple[tuple[str, str], ...], limit: int) -> str:
    """Return as many whole links as there is room for."""
    line = ""
    for label, address in links:
        longer = " · ".join(filter(None, (line, _span(Span(label, url=address)))))
        if units(longer) <= limit:
            line = longer
    return line


def _rich(text: RichText, limit: int) -> str:
    """Return spans as markdown of at most `limit` units, cut where sentences or words end."""
    drawn, styled_before = "", False
    for span in _merged(text):
        piece = _span(span)
        is_styled = span.style is not Style.PLAIN
        glue = _BREAK if styled_before and is_styled and piece[:1] in ("*", "`") else ""
        if units(drawn) + units(glue) + units(piece) > limit:
            room = limit - units(drawn) - 1
            return (drawn + _fitting(span.text, room, shown)).rstrip() or NOTHING
        drawn += glue + piece
        styled_before = is_styled and piece[-1:] in ("*", "`")
    return drawn.strip()


def _merged(text: RichText) -> Iterator[Span]:
    """Yield spans without empty ones, neighbours of one style as one."""
    last: Span | None = None
    for span in text:
        if last and not last.url and not span.url and last.style is span.style:
            last = Span(last.text + span.text, span.style)
        elif span.text:
            if last:
                yield last
            last = span
    if last:
        yield last


def _span(span: Span) -> str:
    address = _address(span.url or "")
    if not address:
        return _plain_or_styled(span)
    label = _one_line(span.text)
    if not label or label == span.url:
        return f"<{address}>"
    if "://" in label:  # Discord takes a masked link that looks like another one for a trick
        return f"{_escaped(label)} (<{address}>)"
    return f"[{_styled(_escaped(label), span.style)}](<{address}>)"


def _plain_or_styled(span: Span) -> str:
    if span.style is Style.PLAIN:
        return shown(span.text)
    clean = _safe(span.text)
    core = clean.strip()
    if not core:
        return clean
    before, _, after = clean.partition(core)
    if span.style is Style.CODE and "`" not in core and "\n" not in core:
        return f"{before}`{core}`{after}"
    # A style does not reach over an empty line, so each line gets its own.
    lines = (_styled(_escaped(line.strip()), span.style) for line in core.split("\n"))
    return before + "\n".join(lines) + after


def _styled(markdown: str, style: Style) -> str:
    mark = _MARKS[style]
    return f"{mark}{markdown}{mark}" if markdown else ""


def _keeping_addresses(text: str) -> Iterator[str]:
    """Yield escaped text, and addresses as they are, because Discord links them as they are."""
    end = 0
    for found in _ADDRESS.finditer(text):
        yield _escaped(text[end : found.start()])
        yield found.group()
        end = found.end()
    yield _escaped(text[end:])


def _escaped(text: str) -> str:
    marked = _SPECIAL.sub(r"\\\g<0>", text)
    marked = _BEGINNING.sub(r"\1\\\2", marked)
    return _NUMBERED.sub(r"\1\\\2", marked)


def _safe(text: str) -> str:
    """Return text without what hides or turns round, lines that run right to left isolated."""
    return "\n".join(_one_direction(line) for line in _UNWANTED.sub("", text).split("\n"))


def _one_direction(line: str) -> str:
    depth = 0
    for character in line:
        depth += (character == _ISOLATE) - (character == _END_ISOLATE)
        if depth < 0:
            break
    if depth:  # cut in the middle, or somebody else's
        line = line.replace(_ISOLATE, "").replace(_END_ISOLATE, "")
    if line.startswith(_ISOLATE) and line.find(_END_ISOLATE) == len(line) - 1:
        return line
    return isolated(line)


def _one_line(text: str) -> str:
    return one_line(_safe(text.replace("\n", " ")))


def _fitting(text: str, limit: int, draw: Callable[[str], str]) -> str:
    """Return text drawn within `limit` units, whole sentences if half the room is filled so."""
    drawn = draw(text)
    if units(drawn) <= limit:
        return drawn
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _fits(text[:middle], limit, draw) else (low, middle - 1)
    for cut in _cuts(text[:low]):
        if _fits(cut, limit, draw):
            return draw(f"{cut}…")
    return ""


def _fits(text: str, limit: int, draw: Callable[[str], str]) -> bool:
    return units(draw(f"{text}…")) <= limit


def _cuts(text: str) -> Iterator[str]:
    """Yield ever shorter beginnings of text, the best one first."""
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    if ends and ends[-1] > len(text) // 2:
        yield text[: ends[-1]].rstrip()
    words = text.rsplit(None, 1)[0] if " " in text.strip() else text
    yield (words if len(text) - len(words) < 40 else text).rstrip(" ,;:–—-\u200d")
    for length in range(len(text), 0, -1):
        yield text[:length]


def _address(url: str) -> str:
    """Return an address that Discord takes, empty when there is none."""
    if not re.match(r"https?://[^\s/]", url):
        return ""
    safe = re.sub(r"[\s<>()\"\\^`{|}\x00-\x1f\x7f]", _percent, _UNWANTED.sub("", url))
    return safe if len(safe) <= MAX_LINK else ""


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found.group().encode())


def _components(rows: Rows) -> list[Payload]:
    taken: set[str] = set()
    drawn = ([shape for button in row if (shape := _button(button, taken))][:ROW] for row in rows)
    return [{"type": 1, "components": row} for row in drawn if row][:ROW]


def _button(button: Button, taken: set[str]) -> Payload | None:
    """Return a button, None for one that Discord would refuse: without a use, or a second time."""
    label = _one_line(button.label) or NOTHING
    label = f"{CHOSEN} {label}" if button.is_chosen and not label.startswith(CHOSEN) else label
    shape: Payload = {"type": 2, "label": _fitting(label, MAX_LABEL, str)}
    if button.url:
        address = _address(button.url)
        return shape | {"style": _LINK, "url": address} if address else None
    if not button.data or len(button.data) > MAX_CUSTOM_ID or button.data in taken:
        return None
    taken.add(button.data)
    return shape | {"style": _style(button), "custom_id": button.data}


def _style(button: Button) -> int:
    if button.is_chosen:
        return _PRIMARY
    tap = decode(button.data)
    is_for = tap and (tap.act is Act.LIKE or (tap.act is Act.VOTE and tap.argument == FOR))
    return _SUCCESS if is_for else _SECONDARY
