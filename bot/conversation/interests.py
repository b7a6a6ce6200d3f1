"""/interests: what a reader's likes have in common, and what to do with each.

Interests are found anew after every like, so a button carries a paper that stands for its
interest, and never a number: what is done is done to the interest that this paper is in now.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.conversation import interests_words as words
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Filled, Pressed, Said
from bot.conversation.features import Actions, chosen, in_place, privately
from bot.conversation.language import _
from bot.conversation.messages import Ask, Button, Message, Rows, Span, Style, Toast, plain
from bot.conversation.ports import Reader
from bot.conversation.reasons import once, spelled
from bot.conversation.taps import Act, Tap, base36, encode, from_base36
from bot.conversation.tex import readable
from bot.conversation.text import clipped, isolated, visible
from bot.conversation.words import ALREADY_SO, OLD_BUTTON
from recommender.papers import Paper, PaperId
from recommender.wishes import Standing

PAGE = 4  # interests with buttons of their own; a fifth row leads on
LONGEST_NAME = 60  # characters
_EXAMPLES, _TITLE = 2, 70
_SHOWN = 60
_LABEL = 45  # of a form, Discord's limit
_NO_NAME = frozenset(["-", "–", "—"])
_MARKED = re.compile(r"/interests rename #([0-9a-z]{1,6})(?![0-9a-z])")
_PAGE = re.compile(r"p([1-9][0-9]?)")
_ASKED = re.compile(r"([^\W\d_]{3,11}) (?:#([0-9a-z]{1,6})|([0-9]{1,3}))(?: (.+))?", re.IGNORECASE)


class Change(StrEnum):
    """What can be done with an interest; the words of commands and of buttons."""

    RENAME = "rename"
    MUTE = "mute"
    UNMUTE = "unmute"
    BOOST = "boost"
    UNBOOST = "unboost"
    FORGET = "forget"
    REMEMBER = "remember"


_IN_GERMAN = {
    "umbenennen": Change.RENAME,
    "stumm": Change.MUTE,
    "laut": Change.UNMUTE,
    "stärken": Change.BOOST,
    "normal": Change.UNBOOST,
    "vergessen": Change.FORGET,
    "zurückholen": Change.REMEMBER,
}
_BECOMES = {
    Change.MUTE: Standing.MUTED,
    Change.UNMUTE: Standing.KEPT,
    Change.BOOST: Standing.BOOSTED,
    Change.UNBOOST: Standing.KEPT,
    Change.FORGET: Standing.FORGOTTEN,
    Change.REMEMBER: Standing.KEPT,
}
# From which standing a change leads away; the others may come from anywhere.
_FROM = {
    Change.UNMUTE: Standing.MUTED,
    Change.UNBOOST: Standing.BOOSTED,
    Change.REMEMBER: Standing.FORGOTTEN,
}


@dataclass(frozen=True, slots=True)
class Interest:
    """papers: those it is made of, liked, saved or known, the most typical first.

    words: its telling words, best first; name: the reader's own, or empty. share: of all likes,
    0 of a forgotten one. examples: its most typical papers.
    """

    papers: Sequence[PaperId]
    words: tuple[str, ...]
    name: str
    share: float
    standing: Standing
    examples: Sequence[Paper]

    @property
    def stands_for(self) -> PaperId:
        """Return the paper by which buttons know it."""
        return self.papers[0]


class InterestsDesk(Protocol):
    """What this part asks of the desk. Every method may raise TemporarilyUnavailable."""

    async def interests(self, reader: Reader) -> Sequence[Interest]:
        """Return a reader's interests, the largest first, forgotten ones last."""

    async def change_interest(
        self,
        reader: Reader,
        paper: PaperId,
        *,
        standing: Standing | None = None,
        name: str | None = None,
    ) -> bool:
        """Let something stand about the interest that a paper is in; None leaves the other.

        Return False when the paper is in none.
        """


class InterestsFeature:
    """A `Feature`, a `FormReader`, and a `Listener` for replies to the question for a name."""

    def __init__(self, desk: InterestsDesk) -> None:
        self._desk = desk
        self.commands = {"interests": self._asked}
        self.buttons = {Act.INTEREST: self._tapped}
        self.forms = {Act.INTEREST: self._form_filled}

    # ------------------------------------------------------------------ commands

    async def _asked(self, reader: Reader, command: Command) -> Actions:
        asked = visible(command.text)
        found = await self._desk.interests(reader)
        if not asked:
            yield privately(listed(found))
            return
        parsed = _ASKED.fullmatch(asked)
        change = _change(parsed[1]) if parsed else None
        if parsed is None or change is None:
            yield privately(text(_(words.FORMS)))
            return
        meant = _meant(found, parsed[2], parsed[3])
        if meant is None:
            yield privately(text(words.no_such(len(found))))
        elif change is Change.RENAME and not parsed[4]:
            yield asking(meant)
        elif change is Change.RENAME:
            yield privately(await self._renamed(reader, meant, parsed[4]))
        else:
            said = await self._changed(reader, meant, change)
            yield privately(listed(await self._desk.interests(reader), said=said))

    async def _renamed(self, reader: Reader, interest: Interest, name: str) -> Message:
        if len(name) > LONGEST_NAME:
            return text(words.name_too_long(LONGEST_NAME))
        name = "" if name in _NO_NAME else name
        if not await self._desk.change_interest(reader, interest.stands_for, name=name):
            return text(_(words.GONE))
        said = words.renamed(isolated(name)) if name else words.renamed_back()
        return listed(await self._desk.interests(reader), said=said)

    async def _changed(self, reader: Reader, interest: Interest, change: Change) -> str:
        """Store a change, and return what is to be said of it."""
        standing = _BECOMES[change]
        is_elsewhere = _FROM.get(change, interest.standing) is not interest.standing
        if interest.standing is standing or is_elsewhere:
            return _(ALREADY_SO)
        if not await self._desk.change_interest(reader, interest.stands_for, standing=standing):
            return _(words.GONE)
        if change is Change.REMEMBER:
            return _(words.BROUGHT_BACK)
        return _(words.CHANGED[standing])

    # ------------------------------------------------------------------ taps

    async def _tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        found = await self._desk.interests(reader)
        if tap.paper is None:
            page = _PAGE.fullmatch(tap.argument)
            if page is None:
                yield Toast(_(OLD_BUTTON))
            else:
                yield in_place(pressed, listed(found, page=int(page[1])))
            return
        change = _change(tap.argument)
        meant = next((one for one in found if tap.paper in one.papers), None)
        if change is None:
            yield Toast(_(OLD_BUTTON))
        elif meant is None:
            yield Toast(_(words.GONE))
            yield in_place(pressed, listed(found))
        elif change is Change.RENAME:
            yield asking(meant)
        else:
            said = await self._changed(reader, meant, change)
            page_of = found.index(meant) // PAGE + 1
            before, after = found, await self._desk.interests(reader)
            menus = (listed(interests, page=page_of) for interests in (before, after))
            for action in chosen(pressed, said, *menus):
                yield action

    # ------------------------------------------------------------------ answers to the question

    async def _form_filled(self, reader: Reader, filled: Filled, tap: Tap) -> Actions:
        found = await self._desk.interests(reader)
        meant = next((one for one in found if tap.paper in one.papers), None)
        if meant is None:
            yield privately(text(_(words.GONE)))
            return
        yield privately(await self._renamed(reader, meant, visible(filled.text)))

    def hears(self, said: Said) -> bool:
        question = said.answers
        return question is not None and question.text.startswith(words.NAME_SIGN)

    async def heard(self, reader: Reader, said: Said) -> Actions:
        name, question = visible(said.text), said.answers
        if not name:
            yield privately(text(_(words.NAME_IS_EMPTY)))
            return
        marked = _MARKED.search(question.text) if question else None
        found = await self._desk.interests(reader)
        meant = _meant(found, marked[1], None) if marked else None
        if meant is None:
            yield privately(text(_(words.GONE)))
            return
        yield privately(await self._renamed(reader, meant, name))


def listed(found: Sequence[Interest], *, said: str = "", page: int = 1) -> Message:
    """Return a page of interests with their weights, examples and buttons.

    said: what stands above them: how a change went.
    """
    above: list[Span | str] = [f"{said}\n\n"] if said else []
    if not found:
        return Message(plain(*above, _(words.NONE_YET)))
    counted = [one for one in found if one.standing is not Standing.FORGOTTEN]
    pages = -(-len(found) // PAGE)
    page = min(max(page, 1), pages)
    first = (page - 1) * PAGE
    some = list(enumerate(found[first : first + PAGE], start=first + 1))
    lines = [line for number, one in some for line in _lines(number, one)]
    closing = [_(words.ONE_ALONE)] if len(counted) == len(found) == 1 else []
    closing.append(_(words.CLOSING))
    opening = Span(_(words.OPENING), Style.BOLD)
    turns = [(words.BEFORE, page - 1)] * (page > 1) + [(words.NEXT, page + 1)] * (page < pages)
    last = tuple(
        Button(_(label), encode(Tap(Act.INTEREST, argument=f"p{to}"))) for label, to in turns
    )
    rows: Rows = tuple(_buttons(number, one) for number, one in some)
    below = "\n\n" + "\n\n".join(closing)
    return Message(plain(*above, opening, *lines, below), buttons=(*rows, last) if last else rows)


def asking(interest: Interest) -> Ask:
    """Return the question for a name; the command in it names the interest by its paper."""
    command = f"/interests {Change.RENAME} #{base36(interest.stands_for)}"
    name = _name(interest)
    return Ask(
        question=text(f"{words.NAME_SIGN} {words.ask_in_reply(name, command)}"),
        otherwise=text(words.ask_by_command(name, command)),
        data=encode(Tap(Act.INTEREST, interest.stands_for, argument=Change.RENAME)),
        title=_(words.NAME_TITLE),
        label=clipped(name, _LABEL),
        hint=_(words.NAME_HINT),
        placeholder=_(words.NAME_TITLE),
        value=interest.name,
        most=LONGEST_NAME,
    )


def _lines(number: int, interest: Interest) -> list[Span | str]:
    standing = words.STANDINGS[interest.standing]
    is_forgotten = interest.standing is Standing.FORGOTTEN
    size = (
        words.forgotten(len(interest.papers))
        if is_forgotten
        else words.size(round(100 * interest.share), len(interest.papers))
    )
    titles = [
        isolated(clipped(readable(paper.title), _TITLE)) for paper in interest.examples[:_EXAMPLES]
    ]
    told = " · ".join(filter(None, (size, _(standing) if standing else "")))
    lines: list[Span | str] = [
        "\n\n",
        Span(words.heading(number, _name(interest)), Style.BOLD),
        f"\n{told}",
    ]
    return lines + ([f"\n{words.examples(titles)}"] if titles else [])


def _buttons(number: int, interest: Interest) -> tuple[Button, ...]:
    standing = interest.standing
    if standing is Standing.FORGOTTEN:
        return (_button(number, interest, words.BRING_BACK, Change.REMEMBER),)
    is_boosted, is_muted = standing is Standing.BOOSTED, standing is Standing.MUTED
    boost = (words.UNBOOST, Change.UNBOOST) if is_boosted else (words.BOOST, Change.BOOST)
    mute = (words.UNMUTE, Change.UNMUTE) if is_muted else (words.MUTE, Change.MUTE)
    return (
        _button(number, interest, words.RENAME, Change.RENAME),
        _button(number, interest, *boost, is_chosen=is_boosted),
        _button(number, interest, *mute),  # says what it does, not what stands
        _button(number, interest, words.FORGET, Change.FORGET),
    )


def _button(
    number: int, interest: Interest, label: str, change: Change, *, is_chosen: bool = False
) -> Button:
    data = encode(Tap(Act.INTEREST, interest.stands_for, argument=change.value))
    return Button(words.button(number, label), data, is_chosen=is_chosen)


def _name(interest: Interest) -> str:
    """Return the reader's own name, else the telling words as the papers spell them."""
    if interest.name:
        return isolated(clipped(interest.name, _SHOWN))
    told = ", ".join(_spelled(word, interest.examples) for word in once(interest.words))
    return isolated(clipped(told, _SHOWN)) or _(words.UNNAMED)


def _spelled(word: str, papers: Sequence[Paper]) -> str:
    using = (p for p in papers if word in f"{p.title} {p.abstract}".casefold())
    paper = next(using, None)
    return word if paper is None else spelled(word, paper)


def _meant(found: Sequence[Interest], mark: str | None, number: str | None) -> Interest | None:
    """Return the interest of a number in the list, or of a paper that stands for it."""
    if mark is not None:
        try:
            paper = from_base36(mark.lower())
        except ValueError:
            return None
        return next((one for one in found if paper in one.papers), None)
    at = int(number or 0)
    return found[at - 1] if 1 <= at <= len(found) else None


def _change(written: str) -> Change | None:
    word = written.lower()
    try:
        return _IN_GERMAN[word] if word in _IN_GERMAN else Change(word)
    except ValueError:
        return None
