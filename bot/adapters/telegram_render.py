"""Draw messages as Telegram's HTML and inline keyboards. Pure.

Text is cleaned, isolated and escaped here and nowhere else. Telegram counts its 4,096
after the markup is parsed; we count UTF-16 units, of which there are never fewer than
characters. What is too long loses summaries first, then sentences, then whole papers.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlsplit

from telegram import (
    ChatAdministratorRights,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    KeyboardButtonRequestChat,
    ReplyKeyboardMarkup,
)

from bot.conversation import words
from bot.conversation.deep_links import into_telegram, start_of, to_share
from bot.conversation.messages import (
    CHOSEN,
    Button,
    Card,
    Digest,
    Message,
    RichText,
    Rows,
    Span,
    Style,
)
from bot.conversation.text import one_line

MAX_UNITS = 4096
MAX_IN_ROW = 8
MAX_LABEL = 64
MAX_TOAST = 200
SHARE = "📤"  # Telegram's own picker of chats opens
MAX_SHARED = 200  # characters of a title that goes along
NOTHING = "…"  # Telegram refuses an empty message

_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
# Hebrew, Arabic, Syriac, Thaana, N'Ko … and their presentation forms; the plane 1 scripts.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# Control characters, separators, what forces a direction, and what is no character at all.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ufeff\ufffe\uffff]")
_DIRECTIONS = re.compile("[\u2066-\u2069]")
_INNERMOST = re.compile("[\u2066-\u2068][^\u2066-\u2069]*\u2069")
# Text that `_clean` would leave as it is, as nearly all is: nothing unwanted, and isolates that
# end in their line and hold no other ones.
_TOUCHED = "\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff"
_CLEAN = re.compile(f"(?:[^{_TOUCHED}]++|[\u2066-\u2068][^\n{_TOUCHED}]*+\u2069)*+")
_TAGS = {Style.BOLD: "b", Style.ITALIC: "i", Style.CODE: "code"}
_SENTENCE_END = re.compile(r"[.!?。！？]['\")\]]?\s|\n")


Buttons = list[list[dict[str, str]]]
"""Rows of what can be pressed, as the Bot API takes them in JSON."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What sendMessage takes. buttons: none when there is nothing to press."""

    html: str
    buttons: Buttons

    @property
    def keyboard(self) -> InlineKeyboardMarkup | None:
        """Return the buttons as python-telegram-bot takes them."""
        return _markup(self.buttons)


def render(message: Message, bot: str = "") -> Rendered:
    """Return a message as Telegram draws it; never longer than Telegram allows.

    bot: the user name under which it is found, empty while that is not known.
    """
    for smaller in _smaller(message):
        for drawing in _drawings(smaller):
            spans = tuple(Span(_clean(s.text), s.style, s.url) for s in drawing)
            if sum(units(_isolated(span.text)) for span in spans) <= MAX_UNITS:
                return _rendered(spans, smaller, bot)
    return _rendered(_cut(spans), smaller, bot)


def _rendered(spans: RichText, message: Message, bot: str) -> Rendered:
    is_visible = any(span.text.strip() for span in spans)
    html = "".join(_html(span) for span in spans) if is_visible else NOTHING
    return Rendered(html, _drawn(_with_share(message, bot)))


def _with_share(message: Message, bot: str) -> Rows:
    """Return the rows of a message; of a card with a button that sends it to somebody else.

    What they get opens the paper in the bot, and names the page where it can be read without.
    """
    card, rows = message.card, message.rows
    if card is None or not rows or not _is_link(card.url):
        return rows
    title = _shortened(_one_line(card.title), MAX_SHARED)
    link, said = card.url, title
    if bot:
        link, said = into_telegram(bot, start_of(card.paper)), f"{title}\n{card.url}"
    return (*rows[:-1], (*rows[-1], Button(SHARE, url=to_share(link, said))))


def toast(text: str) -> str:
    """Return text for a callback answer, at most 200 UTF-16 units."""
    return _shortened(_clean(text).strip(), MAX_TOAST)


def keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    """Return the buttons that Telegram would take, at most eight in a row."""
    return _markup(_drawn(rows))


def _drawn(rows: Rows) -> Buttons:
    drawn = [[_button(b) for b in row if not b.url or _is_link(b.url)] for row in rows]
    return [row[i : i + MAX_IN_ROW] for row in drawn for i in range(0, len(row), MAX_IN_ROW)]


def _markup(buttons: Buttons) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(
                    b["text"], url=b.get("url"), callback_data=b.get("callback_data")
                )
                for b in row
            ]
            for row in buttons
        ]
    )


def channel_question(label: str, request: int) -> ReplyKeyboardMarkup:
    """Return the button with which somebody names a channel of theirs.

    Telegram lists those where they may post, and takes the bot in with the same right.
    """
    rights = ChatAdministratorRights(
        is_anonymous=False,
        can_manage_chat=True,
        can_delete_messages=False,
        can_manage_video_chats=False,
        can_restrict_members=False,
        can_promote_members=False,
        can_change_info=False,
        can_invite_users=False,
        can_post_stories=False,
        can_edit_stories=False,
        can_delete_stories=False,
        can_post_messages=True,
    )
    wanted = KeyboardButtonRequestChat(
        request, True, user_administrator_rights=rights, bot_administrator_rights=rights
    )
    button = KeyboardButton(label, request_chat=wanted)
    return ReplyKeyboardMarkup([[button]], resize_keyboard=True, one_time_keyboard=True)


def units(text: str) -> int:
    """Return the length of text as Telegram's clients count it, in UTF-16 units."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _smaller(message: Message) -> Iterator[Message]:
    """Yield the message, then, of a digest, ones with fewer and fewer papers."""
    yield message
    digest = message.digest
    if digest is None:
        return
    for kept in range(len(digest.items) - 1, 0, -1):
        rest = words.more_papers(len(digest.items) - kept)
        shorter = replace(digest, items=digest.items[:kept], footing=rest)
        yield replace(message, digest=shorter)


def _drawings(message: Message) -> Iterator[RichText]:
    """Yield what could be drawn, from the fullest to the barest."""
    if not message.digest and not message.card:
        yield message.text
        return
    above = (*message.text, Span("\n\n")) if message.text else ()
    for room in _ROOMS:
        if message.digest:
            yield (*above, *_digest(message.digest, room))
        elif message.card:
            yield (*above, *_card(message.card, room))


@dataclass(frozen=True, slots=True)
class _Room:
    """How long the parts of a card may be, in UTF-16 units; `teaser` is a digest's summary."""

    title: int
    line: int
    summary: int
    teaser: int


_ROOMS = (
    _Room(title=4096, line=1000, summary=4096, teaser=1200),
    _Room(title=4096, line=1000, summary=4096, teaser=280),
    _Room(title=4096, line=1000, summary=4096, teaser=0),
    _Room(title=1000, line=300, summary=1200, teaser=0),
    _Room(title=250, line=120, summary=600, teaser=0),
    _Room(title=120, line=60, summary=300, teaser=0),
)


def _card(card: Card, room: _Room) -> RichText:
    lines: list[RichText] = [
        _title(card, room),
        _line(card.authors, room),
        _line(" · ".join(card.details), room, Style.ITALIC),
        _line(card.note, room, Style.ITALIC),
        _gap(_line(_shortened(_clean(card.summary), room.summary), None)),
        _gap(_line(card.reason, room, Style.ITALIC)),
        _gap(_links(card, room)),
        _gap(_line(card.mark, room, Style.BOLD)),
    ]
    return _joined(lines)


def _digest(digest: Digest, room: _Room) -> RichText:
    lines: list[RichText] = [_line(digest.heading, room, Style.BOLD)]
    for item in digest.items:
        card = item.card
        lines += [
            _gap((Span(f"{item.number}. "), *_title(card, room))),
            _line(" · ".join(p for p in (card.authors, *card.details[:1]) if p), room),
            _line(_shortened(_clean(card.summary), room.teaser), None),
            _line(card.reason, room, Style.ITALIC),
            _line(" · ".join(p for p in (card.mark, card.note) if p), room, Style.BOLD),
        ]
    lines.append(_gap(_line(digest.footing, room)))
    return _joined(lines)


def _title(card: Card, room: _Room) -> RichText:
    title = _shortened(_one_line(card.title), room.title)
    return (Span(title or NOTHING, Style.BOLD, card.url),)


def _links(card: Card, room: _Room) -> RichText:
    spans: list[Span] = []
    for label, url in card.links:
        if spans:
            spans.append(Span(" · "))
        spans.append(Span(_shortened(_one_line(label), room.line), url=url))
    return tuple(spans)


def _line(text: str, room: _Room | None, style: Style = Style.PLAIN) -> RichText:
    shown = _shortened(_one_line(text), room.line) if room else text
    return (Span(shown, style),) if shown.strip() else ()


def _gap(line: RichText) -> RichText:
    """Return a line with an empty one before it, nothing for nothing."""
    return (Span("\n"), *line) if line else ()


def _joined(lines: Iterable[RichText]) -> RichText:
    spans: list[Span] = []
    for line in lines:
        if line:
            spans += [Span("\n")] if spans else []
            spans += line
    return tuple(spans)


def _one_line(text: str) -> str:
    return one_line(_clean(text))


def _clean(text: str) -> str:
    """Return text without what Telegram drops or what could turn around its surroundings."""
    if _CLEAN.fullmatch(text):
        return text
    whole = text.encode("utf-8", "replace").decode()
    wanted = _UNWANTED.sub("", whole.replace("\r\n", "\n").replace("\t", " "))
    return "\n".join(
        line if not _DIRECTIONS.search(_not_isolated(line)) else _DIRECTIONS.sub("", line)
        for line in wanted.split("\n")
    )


def _not_isolated(line: str) -> str:
    """Return what stands outside every isolate that is opened and closed in a line."""
    while (outside := _INNERMOST.sub("", line)) != line:
        line = outside
    return line


def _shortened(text: str, limit: int) -> str:
    """Return text of at most so many UTF-16 units, cut at a sentence, else a word, else hard."""
    if units(text) <= limit:
        return text
    if limit < 2:
        return ""
    head = _head(text, limit - 2)
    ends = [match.end() for match in _SENTENCE_END.finditer(head)]
    if ends and ends[-1] * 2 > len(head):
        return head[: ends[-1]].rstrip() + " …"
    space = head.rfind(" ")
    return (head[:space] if space * 2 > len(head) else head).rstrip() + " …"


def _head(text: str, limit: int) -> str:
    """Return the longest beginning of at most so many UTF-16 units."""
    encoded = text.encode("utf-16-le", "surrogatepass")[: 2 * limit]
    return encoded.decode("utf-16-le", "ignore")  # half a character at the end is left out


def _cut(spans: RichText) -> RichText:
    """Return as many spans as fit, the last one shortened."""
    left, kept = MAX_UNITS, []
    for span in spans:
        size = units(_isolated(span.text))
        if size > left:
            kept.append(Span(_shortened(span.text, max(left - 2, 0)), span.style, span.url))
            break
        left -= size
        kept.append(span)
    return tuple(kept)


def _isolated(text: str) -> str:
    """Return text whose direction ends where it ends.

    Each line by itself: a paragraph end closes an isolate. Outer white space stays outside.
    """
    if not _RIGHT_TO_LEFT.search(text):
        return text
    return "\n".join(_isolated_line(line) for line in text.split("\n"))


def _isolated_line(line: str) -> str:
    if not _RIGHT_TO_LEFT.search(_not_isolated(line)):
        return line
    core = line.strip()
    before, after = line[: len(line) - len(line.lstrip())], line[len(line.rstrip()) :]
    return f"{before}{_ISOLATE}{core}{_END_ISOLATE}{after}"


def _html(span: Span) -> str:
    text = _escaped(_isolated(span.text))
    if not text:
        return ""
    tag = _TAGS.get(span.style)
    if span.url and _is_link(span.url):
        # Telegram lets code hold no link, so a link wins.
        tag = None if span.style is Style.CODE else tag
        text = f'<a href="{_escaped(span.url)}">{text}</a>'
    return f"<{tag}>{text}</{tag}>" if tag else text


def _escaped(text: str) -> str:
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


@lru_cache(maxsize=20_000)
def _is_link(url: str) -> bool:
    """Return whether Telegram would take it: http or https, a host with a dot, no white space."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    is_clean = url == _clean(url) and not re.search(r"\s", url)
    has_host = bool(re.fullmatch(r"([^\s.@:/]+\.)+[^\s.@:/]{2,}|(\d{1,3}\.){3}\d{1,3}", host))
    return parts.scheme in ("http", "https") and has_host and is_clean


def _button(button: Button) -> dict[str, str]:
    label = _shortened(_one_line(button.label), MAX_LABEL - 2) or NOTHING
    label = f"{CHOSEN} {label}" if button.is_chosen and not label.startswith(CHOSEN) else label
    if button.url:
        return {"text": label, "url": button.url}
    return {"text": label, "callback_data": button.data}
