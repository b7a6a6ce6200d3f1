"""Teaching by sending: papers that are named in a message, or listed in a file, count as likes.

What a person has said of a paper before stands; sending only adds. The answer shows what was
recognised, what was not, and a few papers near it that the reader has not seen.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.conversation import cards, reasons, teaching_words, words
from bot.conversation.bibliography import MOST, Cited, cited_in, kind_of
from bot.conversation.commands import TEACH
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Pressed, Said, SentFile
from bot.conversation.features import Actions, FileReader, in_place, privately, readable_in
from bot.conversation.language import _
from bot.conversation.mentions import Mentions, mentions_in
from bot.conversation.messages import (
    Attachment,
    Button,
    Message,
    Revise,
    Rows,
    Send,
    Toast,
    plain,
)
from bot.conversation.ports import (
    Offer,
    Opinion,
    Reader,
    ReaderGone,
    TemporarilyUnavailable,
)
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.tex import readable
from bot.conversation.text import clipped, isolated, visible
from recommender.feedback import Verdict
from recommender.papers import PaperId

NEAR = 3
LISTED = 10  # papers that one message shows
_NAME = 80
_TITLE_WORDS = 4
_TITLE = 60
_NAMES_A_PAPER = re.compile(r"https?:|www\.|arxiv|doi|[0-9]{4}\.[0-9]{4}", re.IGNORECASE)
_DOI = re.compile(r"\b10\.[0-9]{4,9}/")
_BATCH = re.compile(r"[0-9a-f]{10}")
_CLOSED = {
    "OpenReview": teaching_words.OPENREVIEW,
    "Semantic Scholar": teaching_words.SEMANTIC_SCHOLAR,
}


@dataclass(frozen=True, slots=True)
class Named:
    """papers: in the order in which they were named. lacking: ids of papers nobody has.

    is_source_away: arXiv would have been asked, and could not be.
    is_slowed: somebody would have been asked, and was asked too often for this reader.
    titles: of papers that other catalogues know, and nobody whose papers we have.
    """

    papers: tuple[PaperId, ...]
    lacking: tuple[str, ...] = ()
    is_source_away: bool = False
    is_slowed: bool = False
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taught:
    """offers: the first papers as they stand now. new: how many likes were added.

    batch: a short word of `0-9a-f`, by which the likes of this message are taken back.
    """

    offers: tuple[Offer, ...]
    new: int
    batch: str


@dataclass(frozen=True, slots=True)
class Near:
    """is_new: whether these are among the newest papers."""

    offers: Sequence[Offer]
    is_new: bool


@dataclass(frozen=True, slots=True)
class LookedUp:
    """One step of looking the entries of a file up.

    found: by this step alone. waiting: not found so far, and still to be looked for.
    lacking: nobody has them. left: not asked for this time.
    is_asking: whether the next step waits for arXiv.
    untold: they give DOIs alone, and who would know those could not be asked.
    """

    found: tuple[PaperId, ...]
    waiting: tuple[Cited, ...]
    lacking: tuple[Cited, ...] = ()
    left: tuple[Cited, ...] = ()
    is_asking: bool = False
    untold: tuple[Cited, ...] = ()


def has_links(said: Said) -> bool:
    """Return whether a message has a link or an id in it, by which papers are mostly named."""
    return bool(said.links or _NAMES_A_PAPER.search(said.text))


def _beside(file: SentFile, written: str) -> str:
    """Return what was written without a file's name, which stands on a line of its own."""
    return "\n".join(line for line in written.splitlines() if line.strip() != file.name)


class TeachingDesk(Protocol):
    """What this part asks of the desk. Every method may raise TemporarilyUnavailable."""

    async def named(self, reader: Reader, mentions: Mentions) -> Named:
        """Return what a message names, asking arXiv and others for what the catalogue lacks."""

    async def teach(
        self, reader: Reader, event: str, papers: Sequence[PaperId], shown: int
    ) -> Taught:
        """Let a like stand on each paper on which nothing stands; the same event counts once.

        shown: how many of them are about to be shown. Raises ReaderGone.
        """

    async def untaught(self, reader: Reader, event: str, batch: str) -> int:
        """Take back the likes of one message that still stand; return how many."""

    async def near(self, reader: Reader, papers: Sequence[PaperId], most: int) -> Near:
        """Return unseen papers near some, recorded as shown: new ones, or older if none is."""

    def looked_up(self, reader: Reader, cited: Sequence[Cited]) -> AsyncIterator[LookedUp]:
        """Look entries up, the quick ways first, arXiv last and within bounds."""


class Teaching:
    """A `Listener` for every message, and a `Feature`: /teach, and what takes likes back.

    files: the parts that read what comes with /teach.
    """

    def __init__(self, desk: TeachingDesk, files: Sequence[FileReader] = ()) -> None:
        self._desk = desk
        self._files = files
        self.commands: dict[str, Callable[..., Actions]] = {TEACH: self._asked}
        self.buttons = {Act.UNTEACH: self._untaught}

    def hears(self, said: Said) -> bool:
        return True

    def heard(self, reader: Reader, said: Said) -> Actions:
        return self._named(reader, said, words.NOT_UNDERSTOOD)

    async def _named(self, reader: Reader, said: Said, unclear: str) -> Actions:
        """Teach by what a message names. unclear: what is said when it names nothing."""
        mentions = mentions_in(said.text, said.links)
        # Whoever sends a channel's post on may have meant to set that channel up.
        hint = [_(teaching_words.OF_A_CHANNEL)] * bool(said.forwarded_from)
        if not visible(mentions.text):
            yield Send(text(" ".join((_(unclear), *hint))))
            return
        named = await self._desk.named(reader, mentions)
        if not named.papers:
            yield Send(text(" ".join((_refusal(mentions, named, unclear), *hint))))
            return
        try:
            taught = await self._desk.teach(reader, said.event, named.papers, LISTED)
        except ReaderGone:
            yield Send(text(_(teaching_words.STOPPED)))
            return
        if not said.person.is_private:  # others need not know what was said of it before
            hidden = tuple(replace(offer, opinion=Opinion()) for offer in taught.offers)
            taught = replace(taught, offers=hidden)
        yield Send(_recognised(named, taught, is_private=said.person.is_private))
        near = await self._desk.near(reader, named.papers, NEAR)
        if near.offers:
            yield Send(_near(near, taught.offers))

    async def _asked(self, reader: Reader, command: Command) -> Actions:
        """Take what stands behind the command, and what came with it, as if it had been sent."""
        said = Said(command.event, command.person, command.text, files=command.files)
        if found := readable_in(command.files, self._files):
            part, file = found
            async for action in part.read(reader, said, file):
                yield action
            said = replace(said, event=f"{said.event}:text", text=_beside(file, said.text))
        elif not visible(said.text):
            yield privately(text(_(teaching_words.WHAT_TEACHES)))
        if visible(said.text):
            async for action in self._named(reader, said, teaching_words.WHAT_TEACHES):
                yield action

    async def _untaught(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        if not _BATCH.fullmatch(tap.argument):
            yield Toast(_(words.OLD_BUTTON))
            return
        likes = await self._desk.untaught(reader, pressed.event, tap.argument)
        if not likes:
            yield Toast(_(teaching_words.NOTHING_TO_TAKE_BACK))
            return
        yield Toast(_(words.UNDONE_NOW))
        yield in_place(pressed, text(teaching_words.taken_back(likes)))


class BibliographyFiles:
    """A `FileReader` for `.bib`, `.ris` and CSL-JSON."""

    def __init__(self, desk: TeachingDesk) -> None:
        self._desk = desk

    def reads(self, file: SentFile) -> bool:
        return bool(kind_of(file.name))

    async def read(self, reader: Reader, said: Said, file: SentFile) -> Actions:
        if file.content is None:
            yield Send(text(_(words.FILE_NOT_FETCHED)))
            return
        # Two seconds for the most twisted file that is taken.
        cited = await asyncio.to_thread(cited_in, kind_of(file.name), file.content)
        if not cited:
            yield Send(text(_(teaching_words.FILE_EMPTY)))
            return
        read = _Read(len(cited[:MOST]), more=len(cited) - len(cited[:MOST]))
        try:
            async for action in self._taught(reader, said, cited[:MOST], read):
                yield action
        except TemporarilyUnavailable:
            if not read.steps:
                raise
            yield Revise(text(teaching_words.interrupted(len(read.papers))))
        except ReaderGone:
            yield Revise(text(_(teaching_words.STOPPED)))

    async def _taught(
        self, reader: Reader, said: Said, cited: Sequence[Cited], read: "_Read"
    ) -> Actions:
        async for step in self._desk.looked_up(reader, cited):
            taught = await self._desk.teach(reader, said.event, step.found, 0)
            read.note(step, taught)
            if read.steps == 1:
                yield Send(read.progress())
            elif step.waiting:
                yield Revise(read.progress())
        yield Revise(read.summary())
        if missing := read.missing_file():
            yield Send(missing)
        near = await self._desk.near(reader, read.papers, NEAR) if read.papers else None
        if near and near.offers:
            yield Send(_near(near, ()))


@dataclass(slots=True)
class _Read:
    """How far a file is. more: entries beyond those that are looked at."""

    entries: int
    more: int
    steps: int = 0
    new: int = 0
    batch: str = ""
    papers: tuple[PaperId, ...] = ()
    last: LookedUp | None = None

    def note(self, step: LookedUp, taught: Taught) -> None:
        self.steps += 1
        self.new += taught.new
        self.batch = taught.batch
        self.papers = tuple(dict.fromkeys((*self.papers, *step.found)))
        self.last = step

    @property
    def _missing(self) -> tuple[Cited, ...]:
        return (*self.last.lacking, *self.last.left) if self.last else ()

    def progress(self) -> Message:
        assert self.last is not None
        say = teaching_words.asking if self.last.is_asking else teaching_words.reading
        return text(say(self.entries, len(self.papers), len(self.last.waiting)))

    def summary(self) -> Message:
        """Return what became of the file, with the first papers that were not found."""
        lines = [teaching_words.read_file(self.entries, len(self.papers), self.new)]
        if self.more:
            lines.append(teaching_words.cut_at(MOST, self.more))
        if missing := self._missing:
            lines += ["", teaching_words.not_found(len(missing)), *_listed(missing)]
        if self.last and self.last.left:
            lines += ["", teaching_words.left(len(self.last.left))]
        if self.last and self.last.untold:
            untold = self.last.untold
            lines += ["", teaching_words.untold(len(untold)), *_listed(untold)]
        return text("\n".join(lines), buttons=_take_back(self.batch) if self.new else ())

    def missing_file(self) -> Message | None:
        """Return all that was not found as a file, where one message has no room for it."""
        if len(self._missing) <= LISTED:
            return None
        lines = "".join(f"{visible(one.label)}\r\n" for one in self._missing)
        file = Attachment("not-found.txt", f"\ufeff{lines}".encode("utf-8", "replace"))
        return Message(plain(_(teaching_words.NOT_FOUND_FILE)), attachment=file)


def _listed(cited: Sequence[Cited]) -> Iterator[str]:
    yield from (f"· {_label(one)}" for one in cited[:LISTED])
    if len(cited) > LISTED:
        yield teaching_words.and_more(len(cited) - LISTED)


def _label(cited: Cited) -> str:
    return _name(cited.label)


def _name(of: str) -> str:
    return isolated(clipped(visible(of), _NAME))


def _take_back(batch: str) -> Rows:
    data = encode(Tap(Act.UNTEACH, argument=batch))
    return ((Button(_(teaching_words.TAKE_BACK), data),),)


def _recognised(named: Named, taught: Taught, *, is_private: bool) -> Message:
    """Return the card of the one paper, or a list of all of them.

    Where others read along it is the same whatever was said of the papers before.
    """
    take_back = _take_back(taught.batch) if taught.new or not is_private else ()
    unknown = [_name(name) for name in (*named.titles, *named.lacking)]
    lacking = teaching_words.unknown(unknown[:5], len(unknown[5:])) if unknown else ""
    if len(named.papers) == 1:
        (offer,) = taught.offers
        said = _standing(taught, offer) if is_private else _(teaching_words.COUNTS_UNLESS)
        drawn = cards.card_message(offer, is_alone=True)
        if not is_private:  # the card has no mark, and so nothing to undo
            drawn = replace(drawn, buttons=(*drawn.buttons, *take_back))
        return replace(drawn, text=plain("\n\n".join(filter(None, (said, lacking)))))
    count = len(named.papers)
    heading = (
        teaching_words.recognised(count, taught.new)
        if is_private
        else teaching_words.recognised_here(count)
    )
    more = count - len(taught.offers)
    drawn = cards.list_message(heading, taught.offers, buttons=take_back)
    assert drawn.digest is not None
    footing = teaching_words.more_recognised(more) if more else ""
    footing = "\n".join(filter(None, (footing, lacking)))
    return replace(drawn, digest=replace(drawn.digest, footing=footing))


def _standing(taught: Taught, offer: Offer) -> str:
    if taught.new:
        return _(teaching_words.LIKED_NOW)
    is_liked = offer.opinion.verdict is Verdict.LIKE
    return _(teaching_words.LIKED_BEFORE if is_liked else teaching_words.JUDGED_BEFORE)


def _near(near: Near, sent: Sequence[Offer]) -> Message:
    """Return a few papers near what was sent. sent: what the answer has shown of that."""
    if len(sent) != 1:
        heading = teaching_words.NEAR_ALL if near.is_new else teaching_words.OLDER_NEAR_ALL
        message = cards.list_message(_(heading), near.offers)
        return cards.with_reasons(message, {o.paper.id: _near_which(o) for o in near.offers})
    say = teaching_words.near_one if near.is_new else teaching_words.older_near_one
    message = cards.list_message(say(cards.title(sent[0].paper, _TITLE)), near.offers)
    # The heading names the paper; each entry need only say what it shares.
    shared = {o.paper.id: words.shared_words(reasons.shared_words(o)) for o in near.offers}
    return cards.with_reasons(message, shared)


def _near_which(offer: Offer) -> str:
    """Return which of the papers that were sent this one is near to."""
    titles = [isolated(clipped(readable(title), _TITLE)) for title in offer.because.values()]
    return teaching_words.near_which(titles[0], reasons.shared_words(offer)) if titles else ""


def _refusal(mentions: Mentions, named: Named, unclear: str) -> str:
    """Return why no paper was recognised, and what to send instead."""
    if named.titles:
        return teaching_words.not_at_arxiv([_name(title) for title in named.titles])
    if named.is_slowed:
        return _(words.ASKED_TOO_MUCH)
    if named.is_source_away:
        return _(words.SOURCE_AWAY)
    if mentions.closed and not named.lacking:
        return _(_CLOSED[mentions.closed[0]])
    if named.lacking and all(key.startswith("doi:") for key in named.lacking):
        return _(teaching_words.NO_SUCH_DOI)
    said = visible(mentions.text)
    names_one = _NAMES_A_PAPER.search(said) or len(said.split()) >= _TITLE_WORDS
    return _(words.NO_SUCH_PAPER if names_one else unclear)
