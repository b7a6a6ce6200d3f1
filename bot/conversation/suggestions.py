"""What is proposed while somebody is still typing: papers for any chat, values for an option.

Nobody's taste takes part and nothing about anybody is stored; whoever is shut out gets nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.conversation import cards
from bot.conversation.bans import Bans, is_shut_out
from bot.conversation.deep_links import start_of
from bot.conversation.events import Person, Suggests
from bot.conversation.messages import Card
from bot.conversation.ports import Offer, TemporarilyUnavailable
from bot.conversation.text import isolated, visible
from recommender.papers import Paper, PaperId

INLINE_PAGE = 20
INLINE_MOST = 100  # papers on all pages; Telegram takes 50 on one
CHOICES = 25  # Discord shows no more
_LIVES = timedelta(minutes=5)
_LONGEST = 200
_LABEL = 100  # Discord's limit


@dataclass(frozen=True, slots=True)
class InlineResult:
    """A paper to send into any chat. start: what opens it in the bot, behind `?start=`."""

    card: Card
    start: str


@dataclass(frozen=True, slots=True)
class InlinePage:
    """next_offset: what asks for the next page, empty on the last one.

    lives: how long the platform may give the same answer to the same person.
    """

    results: tuple[InlineResult, ...] = ()
    next_offset: str = ""
    lives: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Choice:
    """label: at most 100 characters, what people read. value: at most 100, what is sent."""

    label: str
    value: str


class SuggestionDesk(Protocol):
    """Every method may raise TemporarilyUnavailable."""

    async def relevant(self, asked: str, most: int) -> Sequence[PaperId]:
        """Return what a search finds, by relevance alone."""

    async def most_voted(self, most: int) -> Sequence[PaperId]:
        """Return what trends, newer papers filling up what has no votes."""

    async def titled_like(self, typed: str, most: int) -> Sequence[PaperId]:
        """Return papers for a title that is still being typed."""

    async def authors_like(self, typed: str, most: int) -> Sequence[str]:
        """Return names for one that is still being typed, those of most papers first."""

    async def papers(self, papers: Sequence[PaperId]) -> Sequence[Paper]:
        """Return these papers in the same order, without those that are gone."""


class Suggesting(Protocol):
    """What an adapter asks while somebody types. Never raises for anything a person did."""

    async def inline(self, person: Person, asked: str, offset: str) -> InlinePage: ...

    async def choices(self, person: Person, suggests: Suggests, typed: str) -> Sequence[Choice]: ...


class Suggestions:
    """Implements `Suggesting`."""

    def __init__(self, desk: SuggestionDesk, bans: Bans) -> None:
        self._desk = desk
        self._bans = bans

    async def inline(self, person: Person, asked: str, offset: str) -> InlinePage:
        """Return a page of papers; the first for an offset that cannot be one of ours."""
        if await is_shut_out(self._bans, person):
            return InlinePage()
        start = int(offset) if offset.isascii() and offset.isdecimal() and len(offset) < 4 else 0
        question = visible(asked[:_LONGEST])
        try:
            found = (
                await self._desk.relevant(question, INLINE_MOST)
                if question
                else await self._desk.most_voted(INLINE_MOST)
            )
            end = start + INLINE_PAGE
            papers = await self._desk.papers(found[start:end])
        except TemporarilyUnavailable:
            return InlinePage()
        results = tuple(InlineResult(cards.card(Offer(p, 0)), start_of(p.id)) for p in papers)
        return InlinePage(results, str(end) if end < len(found) else "", _LIVES)

    async def choices(self, person: Person, suggests: Suggests, typed: str) -> Sequence[Choice]:
        """Return at most 25 choices; what is trending while nothing is typed."""
        if await is_shut_out(self._bans, person):
            return ()
        match suggests:
            case Suggests.PAPER:
                return await self._papers(typed[:_LONGEST])
            case Suggests.AUTHOR:
                return await self._authors(typed[:_LONGEST])

    async def _authors(self, typed: str) -> Sequence[Choice]:
        """Return names; those behind what is trending while nothing is typed."""
        try:
            if visible(typed):
                names = await self._desk.authors_like(typed, CHOICES)
            else:
                voted = await self._desk.papers(await self._desk.most_voted(CHOICES))
                names = [name for paper in voted for name in paper.authors[:1]]
        except TemporarilyUnavailable:
            return ()
        shown = {visible(name): None for name in names if 0 < len(visible(name)) <= _LABEL}
        return [Choice(isolated(name), name) for name in shown if len(isolated(name)) <= _LABEL]

    async def _papers(self, typed: str) -> Sequence[Choice]:
        try:
            found = (
                await self._desk.titled_like(typed, CHOICES)
                if visible(typed)
                else await self._desk.most_voted(CHOICES)
            )
            papers = await self._desk.papers(found)
        except TemporarilyUnavailable:
            return ()
        return [Choice(cards.title(p, _LABEL - 2), p.key) for p in papers if len(p.key) <= _LABEL]
