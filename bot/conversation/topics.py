"""/follow and /mute: authors, words and categories that a reader always or never wants.

What is written is understood by what the papers of these days hold: a name that stands over
one of them is an author, words that stand in one are words. The answer says how it was
understood, and a button changes it. A button carries a topic's mark, never its words.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from bot.conversation import topics_words as words
from bot.conversation.categories import category, nearest
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Pressed
from bot.conversation.features import Actions, in_place, privately
from bot.conversation.language import _
from bot.conversation.messages import ROW, Button, Message, Rows, Span, Style, Toast, plain
from bot.conversation.ports import Reader
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.text import clipped, isolated, visible
from bot.conversation.words import OLD_BUTTON
from recommender.wishes import Kind, Topic

PAGE = 15
LONGEST = 100  # characters of a topic
MOST = 100  # topics that a reader follows, and as many that they mute
COMMON = 50  # per cent of the new papers: a word in more of them cannot be muted
_SHOWN = 60
_KINDS = {
    **dict.fromkeys(("author", "authors", "person", "autor", "autorin"), Kind.AUTHOR),
    **dict.fromkeys(("word", "words", "phrase", "topic", "wort", "wörter", "thema"), Kind.WORD),
    **dict.fromkeys(("category", "cat", "kategorie"), Kind.CATEGORY),
}
_LIKE_A_CATEGORY = re.compile(
    r"[a-z]{2,8}(?:-[a-z]{2,4})?\.[a-z]{2}(?:[a-z]{2,})?(?:-[a-z]{2,})*", re.IGNORECASE
)
_LIKE_A_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?:,? [^\W\d_][\w.'’-]*){1,4}")
_QUOTED = re.compile(r"[\"“”„'‘’«»](.+)[\"“”„'‘’«»]")
_ARGUMENT = re.compile(r"([xwap]),([0-9a-f]{10}|[0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class Topics:
    """What one reader follows and mutes, the oldest first."""

    follows: Sequence[Topic] = ()
    mutes: Sequence[Topic] = ()


class Outcome(StrEnum):
    """What became of a wish to follow or mute."""

    STORED = "stored"
    ALREADY = "already"
    TOO_MANY = "too_many"
    TOO_COMMON = "too_common"
    NOT_READ = "not_read"  # a category that nobody reads, and there is no room for more


_STANDS = (Outcome.STORED, Outcome.ALREADY)


@dataclass(frozen=True, slots=True)
class Told:
    """found: papers that can be picked now and are about it. percent: of all of them.

    is_new: a category that was not read until now. read: the categories that are.
    """

    outcome: Outcome
    found: int = 0
    percent: int = 0
    is_new: bool = False
    read: Sequence[str] = field(default=())


class TopicsDesk(Protocol):
    """What this part asks of the desk. Every method may raise TemporarilyUnavailable.

    Topics are the same when they are in different spellings.
    """

    async def topics(self, reader: Reader) -> Topics: ...

    async def counts(self, topics: Sequence[Topic]) -> Mapping[Topic, int]:
        """Return how many of the papers that can be picked now each topic is about."""

    async def follow(self, reader: Reader, topic: Topic) -> Told:
        """Follow, and mute no longer. A category is read from now on, or not followed."""

    async def mute(self, reader: Reader, topic: Topic) -> Told:
        """Mute, and follow no longer."""

    async def unfollow(self, reader: Reader, topic: Topic) -> bool:
        """Return whether it was followed."""

    async def unmute(self, reader: Reader, topic: Topic) -> bool:
        """Return whether it was muted."""


class Misunderstood(Exception):
    """Nothing that could be followed; the message is a sentence for the person."""


class TopicsFeature:
    """A `features.Feature`."""

    def __init__(self, desk: TopicsDesk) -> None:
        self._desk = desk
        self.commands = {
            "follow": self._follow,
            "mute": self._mute,
            "unfollow": self._unfollow,
            "unmute": self._unmute,
        }
        self.buttons = {Act.FOLLOWED: self._tapped, Act.MUTED: self._tapped}

    async def _follow(self, reader: Reader, command: Command) -> Actions:
        yield privately(await self._added(reader, command.text, is_muting=False))

    async def _mute(self, reader: Reader, command: Command) -> Actions:
        yield privately(await self._added(reader, command.text, is_muting=True))

    async def _unfollow(self, reader: Reader, command: Command) -> Actions:
        yield privately(await self._ended(reader, command.text, is_muting=False))

    async def _unmute(self, reader: Reader, command: Command) -> Actions:
        yield privately(await self._ended(reader, command.text, is_muting=True))

    # ------------------------------------------------------------------ commands

    async def _added(self, reader: Reader, written: str, *, is_muting: bool) -> Message:
        asked = visible(written)
        if not asked:
            return listed(await self._desk.topics(reader), is_muting=is_muting)
        try:
            topic = await self._understood(asked)
        except Misunderstood as misunderstood:
            return text(str(misunderstood))
        return await self._told(reader, topic, is_muting=is_muting)

    async def _told(self, reader: Reader, topic: Topic, *, is_muting: bool) -> Message:
        """Store a topic, and return the answer with the ways to change it."""
        told = await self._kept(reader, topic, is_muting=is_muting)
        said = _answer(topic, told, is_muting=is_muting)
        if told.outcome not in _STANDS:
            return text(said)
        return text(said, buttons=_buttons(topic, is_muting=is_muting))

    async def _kept(self, reader: Reader, topic: Topic, *, is_muting: bool) -> Told:
        return await (self._desk.mute if is_muting else self._desk.follow)(reader, topic)

    async def _ended(self, reader: Reader, written: str, *, is_muting: bool) -> Message:
        asked = visible(written)
        topics = await self._desk.topics(reader)
        if not asked:
            return listed(topics, is_muting=is_muting)
        end = self._desk.unmute if is_muting else self._desk.unfollow
        kind, rest = _with_kind(asked)
        for one in (kind,) if kind else Kind:
            topic = Topic(one, category(rest) or rest if one is Kind.CATEGORY else rest)
            if await end(reader, topic):
                return text(words.ended(topic.kind, _name(topic), is_muting=is_muting))
        return text(words.was_not(_name(Topic(Kind.WORD, rest)), is_muting=is_muting))

    async def _understood(self, asked: str) -> Topic:
        """Return what is meant. Raises Misunderstood."""
        kind, rest = _with_kind(asked)
        if len(rest) > LONGEST:
            raise Misunderstood(words.too_long(LONGEST))
        if not re.search(r"\w", rest):
            raise Misunderstood(_(words.NO_WORD))
        is_category = kind is Kind.CATEGORY or (kind is None and _LIKE_A_CATEGORY.fullmatch(rest))
        if kind in (None, Kind.CATEGORY) and (found := category(rest)):
            return Topic(Kind.CATEGORY, found)
        if is_category:
            raise Misunderstood(words.no_category(_quoted(rest), nearest(rest)))
        return Topic(kind, rest) if kind else await self._guessed(rest)

    async def _guessed(self, written: str) -> Topic:
        author, word = Topic(Kind.AUTHOR, written), Topic(Kind.WORD, written)
        counts = await self._desk.counts([author, word])
        if not counts[author] and not counts[word]:
            return author if _looks_like_a_name(written) else word
        # A family name alone (Hinton) hardly ever stands in a text; a word often is one too.
        is_author = counts[author] and (" " in written or not counts[word])
        return author if is_author else word

    # ------------------------------------------------------------------ taps

    async def _tapped(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        is_muting = tap.act is Act.MUTED
        topics = await self._desk.topics(reader)
        if not tap.argument:
            yield in_place(pressed, listed(topics, is_muting=is_muting))
            return
        asked = _ARGUMENT.fullmatch(tap.argument)
        if asked is None:
            yield Toast(_(OLD_BUTTON))
            return
        if asked[1] == "p":
            yield in_place(pressed, listed(topics, is_muting=is_muting, page=int(asked[2])))
            return
        kept = topics.mutes if is_muting else topics.follows
        topic = next((one for one in kept if mark(one) == asked[2]), None)
        if topic is None:
            yield Toast(_(words.STALE))
            yield in_place(pressed, listed(topics, is_muting=is_muting))
            return
        end = self._desk.unmute if is_muting else self._desk.unfollow
        if asked[1] == "x":
            await end(reader, topic)
            said = words.ended(topic.kind, _name(topic), is_muting=is_muting)
            yield Toast(clipped(said, 200))
            yield in_place(pressed, listed(await self._desk.topics(reader), is_muting=is_muting))
            return
        meant = Topic(Kind.WORD if asked[1] == "w" else Kind.AUTHOR, topic.text)
        told = await self._kept(reader, meant, is_muting=is_muting)
        said = _answer(meant, told, is_muting=is_muting)
        if told.outcome not in _STANDS:  # then what stood before stands, and its buttons too
            yield Toast(clipped(said, 200))
            return
        await end(reader, topic)
        yield in_place(pressed, text(said, buttons=_buttons(meant, is_muting=is_muting)))


def mark(topic: Topic) -> str:
    """Return a short name of a topic, by which a button knows it."""
    written = f"{topic.kind}:{topic.text}"
    return hashlib.blake2b(written.encode(), digest_size=5).hexdigest()


def listed(topics: Topics, *, is_muting: bool, page: int = 1) -> Message:
    """Return one page of what is followed or muted, with a button to end each."""
    kept = topics.mutes if is_muting else topics.follows
    forms = words.mute_forms() if is_muting else words.follow_forms()
    over = _switch(topics, is_muting=is_muting)
    if not kept:
        nothing = _(words.NOTHING_MUTED if is_muting else words.NOTHING_FOLLOWED)
        return text(f"{nothing}\n\n{forms}", buttons=(over,) if over else ())
    pages = -(-len(kept) // PAGE)
    page = min(max(page, 1), pages)
    first = (page - 1) * PAGE
    some = list(enumerate(kept[first : first + PAGE], start=first + 1))
    heading = Span(_(words.MUTED if is_muting else words.FOLLOW), Style.BOLD)
    lines = [f"\n{words.line(number, one.kind, _name(one))}" for number, one in some]
    act = Act.MUTED if is_muting else Act.FOLLOWED
    ends = [Button(f"✕ {n}", _data(act, f"x,{mark(one)}")) for n, one in some]
    turns = [(words.BEFORE, page - 1)] * (page > 1) + [(words.NEXT, page + 1)] * (page < pages)
    last = (*(Button(_(label), _data(act, f"p,{to}")) for label, to in turns), *over)
    rows = tuple(tuple(ends[at : at + ROW]) for at in range(0, len(ends), ROW))
    said = plain(heading, *lines, f"\n\n{_(words.REMOVES)} {forms}")
    return Message(text=said, buttons=(*rows, last) if last else rows)


def _switch(topics: Topics, *, is_muting: bool) -> tuple[Button, ...]:
    """Return the button to the other list, where there is something in it."""
    if is_muting:
        there = Button(_(words.TO_FOLLOWED), _data(Act.FOLLOWED)) if topics.follows else None
    else:
        there = Button(_(words.TO_MUTED), _data(Act.MUTED)) if topics.mutes else None
    return (there,) if there else ()


def _buttons(topic: Topic, *, is_muting: bool) -> Rows:
    """Return the ways to change what was just stored."""
    act = Act.MUTED if is_muting else Act.FOLLOWED
    end = Button(_(words.UNMUTE if is_muting else words.UNFOLLOW), _data(act, f"x,{mark(topic)}"))
    show = Button(_(words.SHOW_MUTED if is_muting else words.SHOW_FOLLOWED), _data(act))
    if topic.kind is Kind.CATEGORY:
        return ((end, show),)
    is_author = topic.kind is Kind.AUTHOR
    other = Button(
        _(words.IS_WORD if is_author else words.IS_AUTHOR),
        _data(act, f"{'w' if is_author else 'a'},{mark(topic)}"),
    )
    return ((end, other), (show,))


def _answer(topic: Topic, told: Told, *, is_muting: bool) -> str:
    name = _name(topic)
    match told.outcome:
        case Outcome.TOO_MANY:
            return words.too_many(MOST)
        case Outcome.TOO_COMMON:
            return words.too_common(name, told.percent)
        case Outcome.NOT_READ:
            return words.not_read(name, told.read)
        case Outcome.ALREADY:
            return words.already(topic.kind, name, is_muting=is_muting)
        case Outcome.STORED:
            say = words.now_muted if is_muting else words.now_followed
            more = words.read_from_now(name) if told.is_new else words.found(told.found)
            return f"{say(topic.kind, name)} {more}"


def _with_kind(asked: str) -> tuple[Kind | None, str]:
    """Return the kind that somebody wrote before the topic, None for none, and the topic."""
    head, rest = (*asked.split(" ", 1), "")[:2]
    kind = _KINDS.get(head.casefold())
    if kind is None or not rest:
        kind, rest = None, asked
    if quoted := _QUOTED.fullmatch(rest):
        return kind or Kind.WORD, quoted[1].strip()
    return kind, rest


def _looks_like_a_name(written: str) -> bool:
    """Whether this is written as names are: a few words, each with a capital, or a comma."""
    if not _LIKE_A_NAME.fullmatch(written):
        return False
    return "," in written or all(word[0].isupper() for word in written.split())


def _name(topic: Topic) -> str:
    return _quoted(topic.text)


def _quoted(written: str) -> str:
    return isolated(clipped(written, _SHOWN))


def _data(act: Act, argument: str = "") -> str:
    return encode(Tap(act, argument=argument))
