"""Finding papers by asking: /search, /similar and /trending, each a list with pages.

A page's button carries a search's short name, never its words: they stay with the desk for a
while, and when they are gone the button says so.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from bot.conversation import cards, reasons, words
from bot.conversation.commands import Period
from bot.conversation.dialogue import text
from bot.conversation.events import Command, Pressed
from bot.conversation.features import Actions, in_place, privately
from bot.conversation.language import _
from bot.conversation.messages import Button, Message, Send, Toast
from bot.conversation.ports import Offer, Reader
from bot.conversation.taps import Act, Tap, encode
from bot.conversation.text import clipped, isolated, visible
from recommender.papers import Paper, PaperId

T = TypeVar("T")

PAGE = 5  # papers on a page: so many leave room for a sentence of each
_LONGEST = 500  # characters of a question
_LONGEST_MESSAGE = 2_000  # characters in which a paper may be named
_QUOTED = 60
_TASTE, _RELEVANCE = "t", "r"
_FOUND = re.compile(rf"([a-z0-9]{{1,16}}),([{_TASTE}{_RELEVANCE}]),([1-9][0-9]?)")
_TREND = re.compile(rf"({'|'.join(Period)}),([1-9][0-9]?)")
_PAGE = re.compile(r"[1-9][0-9]?")
_AUTHOR = re.compile(r"(?:^|\s)(?:author|autor(?:in)?):(.*)$", re.IGNORECASE)
_PERIODS_MEANT = {
    **dict.fromkeys(("today", "tag", "heute"), Period.DAY),
    "woche": Period.WEEK,
    "monat": Period.MONTH,
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found; two orders of the same papers.

    name: a short word by which the desk knows it for a while.
    asked: the words, as they were written.
    taste: relevant papers, those first that this reader would like.
    is_worded: whether a paper has any of the words, so that not all is a guess by meaning.
    """

    name: str
    asked: str
    relevance: tuple[PaperId, ...]
    taste: tuple[PaperId, ...]
    is_worded: bool = True


@dataclass(frozen=True, slots=True)
class Voted:
    """A paper with the likes of this installation and the upvotes elsewhere."""

    paper: PaperId
    likes: int
    upvotes: int


@dataclass(frozen=True, slots=True)
class Trends:
    """voted: those with most votes first. has_muted: whether others are muted by the reader."""

    voted: tuple[Voted, ...]
    has_muted: bool = False


class SearchDesk(Protocol):
    """Every method may raise TemporarilyUnavailable."""

    async def search(self, reader: Reader, asked: str, author: str) -> Found:
        """Search, and keep what was found for a while. Nothing asked is ever logged.

        author: whose papers alone are wanted, those about what was asked first; empty for all.
        """

    async def searched(self, reader: Reader, name: str) -> Found | None:
        """Return what a search of this reader's found; None when it is too long ago."""

    async def listed(self, reader: Reader, papers: Sequence[PaperId]) -> Sequence[Offer]:
        """Return papers for a list, with the opinions that stand; those that are gone left out."""

    async def named(self, reader: Reader, asked: str) -> Sequence[PaperId]:
        """Return what a link, id or title names. Raises UnknownPaper, SourceUnavailable."""

    async def linked(self, reader: Reader, asked: str) -> Sequence[PaperId]:
        """Return what the links and ids in a text name, nothing when there are none.

        Raises UnknownPaper, SourceUnavailable.
        """

    async def last_card(self, reader: Reader) -> PaperId | None:
        """Return the paper whose card this reader was shown last."""

    async def paper(self, paper: PaperId) -> Paper:
        """Raises UnknownPaper."""

    async def similar(
        self, reader: Reader, paper: PaperId, page: int
    ) -> tuple[Sequence[Offer], bool]:
        """Return a page of the papers nearest to one, recorded as shown, and if more follow."""

    async def trending(self, reader: Reader, period: Period) -> Trends:
        """Return the papers with most votes that this reader has not muted, at most fifty."""


class Search:
    """A feature of the conversation."""

    def __init__(self, desk: SearchDesk) -> None:
        self._desk = desk

    @property
    def commands(self) -> Mapping[str, Callable[[Reader, Command], Actions]]:
        return {
            "search": self._search,
            "similar": self._similar,
            "trending": self._trending,
            "like_this": self._like_this,
        }

    @property
    def buttons(self) -> Mapping[Act, Callable[[Reader, Pressed, Tap], Actions]]:
        return {Act.FOUND: self._turn_found, Act.MORE: self._more, Act.TREND: self._turn_trend}

    # ------------------------------------------------------------------ search

    async def _search(self, reader: Reader, command: Command) -> Actions:
        asked = visible(command.text[:_LONGEST])
        if not asked:
            yield privately(text(_(words.SEARCH_WANTS_WORDS)))
            return
        by = _AUTHOR.search(asked)
        author = visible(by[1]) if by else ""
        wanted = visible(asked[: by.start()]) if by else asked
        if by and not author:
            yield privately(text(_(words.SEARCH_WANTS_WORDS)))
            return
        found = await self._desk.search(reader, wanted, author)
        yield privately(await self._found_page(reader, found, _TASTE, 1))

    async def _turn_found(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        turn = _FOUND.fullmatch(tap.argument)
        found = await self._desk.searched(reader, turn[1]) if turn else None
        if turn is None or found is None:
            yield Toast(_(words.SEARCH_IS_OVER))
            return
        if (int(turn[3]) - 1) * PAGE >= len(found.relevance):
            yield Toast(_(words.NO_SUCH_PAGE))
            return
        yield in_place(pressed, await self._found_page(reader, found, turn[2], int(turn[3])))

    async def _found_page(self, reader: Reader, found: Found, order: str, page: int) -> Message:
        by_taste = order == _TASTE
        ranked = found.taste if by_taste else found.relevance
        first, some = _page(ranked, page)
        offers = await self._desk.listed(reader, some)
        asked = isolated(clipped(found.asked, _QUOTED))
        if not offers:
            return text(words.nothing_matches(asked))

        def at(order: str, page: int) -> str:
            return encode(Tap(Act.FOUND, argument=f"{found.name},{order},{page}"))

        # Where taste has nothing to say, there is nothing to choose.
        has_taste = found.taste != found.relevance
        heading = words.search_heading(
            asked,
            first,
            first + len(offers) - 1,
            len(ranked),
            by_taste=by_taste and has_taste,
            is_worded=found.is_worded,
        )
        orders = (
            Button(_(words.BY_TASTE), at(_TASTE, 1), is_chosen=by_taste),
            Button(_(words.BY_RELEVANCE), at(_RELEVANCE, 1), is_chosen=not by_taste),
        )
        turns = _turns(page, len(ranked), lambda to: at(order, to))
        rows = (turns, orders if has_taste else ())
        return cards.list_message(
            heading, offers, first=first, buttons=tuple(row for row in rows if row)
        )

    # ------------------------------------------------------------------ similar

    async def _similar(self, reader: Reader, command: Command) -> Actions:
        asked = visible(command.text[:_LONGEST_MESSAGE])
        paper = (
            (await self._desk.named(reader, asked))[0]
            if asked
            else await self._desk.last_card(reader)
        )
        if paper is None:
            yield privately(text(_(words.SIMILAR_WANTS_A_PAPER)))
            return
        yield privately(await self._similar_page(reader, paper, 1))

    async def _like_this(self, reader: Reader, command: Command) -> Actions:
        """Answer about a message that somebody wrote to others: only links and ids in it count."""
        found = await self._desk.linked(reader, command.text[:_LONGEST_MESSAGE])
        if not found:
            yield privately(text(_(words.NO_LINK_HERE)))
            return
        yield privately(await self._similar_page(reader, found[0], 1))

    async def _more(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        paper, page = PaperId(tap.paper or 0), _PAGE.fullmatch(tap.argument)
        if page is None:
            if tap.argument:
                yield Toast(_(words.NO_SUCH_PAGE))
                return
            yield privately(await self._similar_page(reader, paper, 1))
            return
        yield in_place(pressed, await self._similar_page(reader, paper, int(page[0])))

    async def _similar_page(self, reader: Reader, paper: PaperId, page: int) -> Message:
        near = await self._desk.paper(paper)
        offers, has_more = await self._desk.similar(reader, paper, page)
        if not offers:
            return text(_(words.NOTHING_SIMILAR))
        first = (page - 1) * PAGE + 1
        turns = _turns(
            page,
            first + PAGE if has_more else first,
            lambda to: encode(Tap(Act.MORE, paper, argument=str(to))),
        )
        heading = words.similar_heading(cards.title(near, _QUOTED))
        message = cards.list_message(
            heading, offers, first=first, buttons=(turns,) if turns else ()
        )
        # The heading names the paper; each entry need only say what it shares.
        shared = {o.paper.id: words.shared_words(reasons.shared_words(o)) for o in offers}
        return cards.with_reasons(message, shared)

    # ------------------------------------------------------------------ trending

    async def _trending(self, reader: Reader, command: Command) -> Actions:
        asked = visible(command.text).lower() or Period.WEEK
        period = _PERIODS_MEANT.get(asked, asked)
        if period not in tuple(Period):
            yield privately(text(_(words.TRENDING_WANTS_A_PERIOD)))
            return
        yield Send(await self._trending_page(reader, Period(period), 1))

    async def _turn_trend(self, reader: Reader, pressed: Pressed, tap: Tap) -> Actions:
        turn = _TREND.fullmatch(tap.argument)
        if turn is None:
            yield Toast(_(words.NO_SUCH_PAGE))
            return
        page = await self._trending_page(reader, Period(turn[1]), int(turn[2]))
        yield in_place(pressed, page)

    async def _trending_page(self, reader: Reader, period: Period, page: int) -> Message:
        trends = await self._desk.trending(reader, period)
        voted = trends.voted
        first, some = _page(voted, page)
        offers = await self._desk.listed(reader, [one.paper for one in some])

        def at(period: Period, page: int) -> str:
            return encode(Tap(Act.TREND, argument=f"{period},{page}"))

        periods = tuple(
            Button(_(words.PERIODS[other]), at(other, 1), is_chosen=other is period)
            for other in Period
        )
        if not offers:
            is_muted = trends.has_muted and not voted
            nothing = _(words.ALL_MUTED) if is_muted else words.nothing_trends(period)
            return text(nothing, buttons=(periods,))
        turns = _turns(page, len(voted), lambda to: at(period, to))
        message = cards.list_message(
            words.trending_heading(period),
            offers,
            first=first,
            buttons=tuple(row for row in (turns, periods) if row),
        )
        votes = {one.paper: words.votes(one.likes, one.upvotes) for one in some}
        return cards.with_reasons(message, votes)


def _page(ranked: Sequence[T], page: int) -> tuple[int, Sequence[T]]:
    """Return the number of a page's first entry, and its entries."""
    return (page - 1) * PAGE + 1, ranked[(page - 1) * PAGE : page * PAGE]


def _turns(page: int, total: int, to: Callable[[int], str]) -> tuple[Button, ...]:
    """Return the buttons to the pages beside this one; to: what a page's button carries."""
    back = [Button(_(words.BACK), to(page - 1))] if page > 1 else []
    forth = [Button(_(words.FORTH), to(page + 1))] if page * PAGE < total else []
    return (*back, *forth)
