"""Draw messages in a terminal: a framed card, a numbered digest, buttons as keys to type.

`l` likes and `s` skips the card above; in a digest `2l` likes the second paper and `2` opens
it; in a menu the buttons are counted. A pipe gets the same words without frame and colour.
"""

from collections.abc import Iterator, Mapping
from string import ascii_lowercase

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.style import Style as RichStyle
from rich.table import Table
from rich.text import Text

from bot.conversation import words
from bot.conversation.language import _
from bot.conversation.messages import (
    Button,
    Card,
    Digest,
    DigestItem,
    Message,
    RichText,
    Rows,
    Style,
)
from bot.conversation.taps import Act, decode

WIDEST = 88
Keys = Mapping[str, Button]

_LETTERS = {
    Act.LIKE: "l",
    Act.SKIP: "s",
    Act.SAVE: "b",
    Act.WHY: "w",
    Act.MORE: "m",
    Act.UNDO: "u",
    Act.OFF_TOPIC: "o",
    Act.KNOWN: "k",
    Act.NOT_NOW: "n",
    Act.NEXT: "x",
    Act.PAUSE: "p",
    Act.RESUME: "r",
}
# "1r" as in a digest; a change and what takes it back share a letter.
_OF_INTERESTS = {
    "rename": "r",
    **dict.fromkeys(("boost", "unboost"), "b"),
    **dict.fromkeys(("mute", "unmute"), "m"),
    **dict.fromkeys(("forget", "remember"), "f"),
}
_STYLES = {
    Style.PLAIN: "",
    Style.BOLD: "bold",
    Style.ITALIC: "italic",
    Style.CODE: "cyan",
}


def keys(message: Message) -> dict[str, Button]:
    """Return what to type for each button, in the order of the buttons."""
    found: dict[str, Button] = {}
    for item in message.digest.items if message.digest else ():
        for button in item.buttons:
            found.setdefault(f"{item.number}{_letter(button)}", button)
    for button in (button for row in message.buttons for button in row if not button.url):
        letter = _letter(button)
        if not letter or letter in found:
            letter = next(str(n) for n in range(1, 100) if str(n) not in found)
        found[letter] = button
    return found


def drawn(message: Message, *, is_plain: bool) -> RenderableType:
    """Return a whole message."""
    parts: list[RenderableType] = []
    if message.text:
        parts.append(rich_text(message.text))
    if message.card:
        parts.append(_card(message.card, is_plain=is_plain))
    if message.digest:
        parts.append(_digest(message.digest, keys(message)))
    if message.buttons:
        parts.append(_rows(message.buttons, keys(message)))
    ends_open = message.digest is not None and not message.buttons
    return Group(*parts) if ends_open else Group(*parts, Text())


def drawn_change(before: Message | None, after: Message) -> RenderableType:
    """Return what an edit changed, in a line or two: nobody can reach up the screen.

    A card that was marked shows its mark and what can be said now; a digest the papers
    that changed. Anything else is drawn anew.
    """
    if after.card and before and before.card:
        return Group(_marked(after.card), _rows(after.buttons[1:], keys(after)), Text())
    if after.digest and before and before.digest and after.digest.day == before.digest.day:
        old = {item.number: item.card.mark for item in before.digest.items}
        changed = [item for item in after.digest.items if item.card.mark != old.get(item.number)]
        lines = [_marked(item.card, f"{item.number}. ") for item in changed]
        lines += [_buttons(_of_item(item, keys(after))) for item in changed]
        return Group(*lines, Text())
    return drawn(after, is_plain=True)


def rich_text(spans: RichText) -> Text:
    text = Text()
    for span in spans:
        text.append(span.text, _style(_STYLES[span.style], span.url))
    return text


def _card(card: Card, *, is_plain: bool) -> RenderableType:
    title = Text(card.title, _style("bold", card.url))
    body: list[Text] = [title, Text(card.authors)] if card.authors else [title]
    body.append(Text(" · ".join(card.details), "dim"))
    if card.note:
        body.append(Text(card.note, "yellow"))
    body += [Text(), Text(card.summary), Text()]
    places = ((_(words.PAPER_LINK), card.url), *card.links)
    body += [
        Text.assemble((f"{label}: ", "dim"), (url, _style("cyan", url))) for label, url in places
    ]
    if card.reason:
        body += [Text(), Text(card.reason, "italic green")]
    if card.mark:
        body.append(Text(card.mark, "bold"))
    if is_plain:
        return Group(*body)
    return Panel(Group(*body), box=box.ROUNDED, border_style="dim", padding=(0, 1))


def _digest(digest: Digest, offered: Keys) -> RenderableType:
    papers = Table.grid(padding=(0, 1))
    papers.add_column(justify="right", style="bold")
    papers.add_column()
    for item in digest.items:
        lines = (*_item(item.card), _buttons(_of_item(item, offered)), Text())
        papers.add_row(f"{item.number}.", Group(*lines))
    parts: list[RenderableType] = [Text(digest.heading, "bold"), Text(), papers]
    if digest.footing:
        parts += [Text(digest.footing, "dim"), Text()]
    return Group(*parts)


def _item(card: Card) -> Iterator[Text]:
    yield Text(card.title, _style("bold", card.url))
    if card.authors:
        yield Text(card.authors, "dim")
    if card.summary:
        yield Text(card.summary)
    if card.reason:
        yield Text(card.reason, "italic green")
    if card.note:
        yield Text(card.note, "yellow")
    if card.mark:
        yield Text(card.mark, "bold")


def _of_item(item: DigestItem, offered: Keys) -> dict[str, Button]:
    return {key: button for key, button in offered.items() if button in item.buttons}


def _marked(card: Card, number: str = "") -> Text:
    line = Text.assemble(number, (card.mark or "○", "bold"), "  ", card.title, overflow="ellipsis")
    line.no_wrap = True
    return line


def _rows(rows: Rows, offered: Keys) -> RenderableType:
    """Draw the rows as they are meant; addresses stand for themselves."""
    by_button = {id(button): key for key, button in offered.items()}
    lines = []
    for row in rows:
        lines.append(_buttons({by_button[id(b)]: b for b in row if id(b) in by_button}))
        lines += [Text(f"{b.label}: {b.url}") for b in row if b.url]
    return Group(*lines)


def _buttons(offered: Keys) -> Text:
    """Return keys and labels in a line that breaks between buttons only."""
    line = Text()
    for key, button in offered.items():
        number = key.rstrip(ascii_lowercase)
        label = button.label.removeprefix(f"{number} ").replace(" ", "\u00a0")
        mark = "✓\u00a0" if button.is_chosen and "✓" not in label else ""
        line.append(f"[{key}]", "bold cyan")
        line.append(f"\u00a0{mark}{label}", "bold" if button.is_chosen else "")
        line.append("   ")
    line.rstrip()
    return line


def _letter(button: Button) -> str:
    """Return the letter of a button by what it does; empty for choices of a menu."""
    tap = decode(button.data)
    if tap is None:
        return ""
    if button.label.startswith("‹ "):  # to the page before, of whatever it is
        return "<"
    if button.label.endswith(" ›"):
        return ">"
    if tap.act is Act.SCHEDULE and not tap.argument:
        return "c"
    if tap.act is Act.SURPRISE:
        return tap.argument  # the dial's own numbers
    if tap.act is Act.INTEREST and tap.paper is not None:
        number = button.label.partition(" ")[0]
        return f"{number}{_OF_INTERESTS.get(tap.argument, '')}"
    return _LETTERS.get(tap.act, "")


def _style(base: str, url: str | None) -> RichStyle:
    return RichStyle.parse(base or "none") + RichStyle(link=url)
