"""Answers what /search, /similar, /trending and those who are still typing ask for.

Text search, vectors and votes over the whole catalogue. What somebody searched for is kept
for a day where dialogue state is kept, under one key for each reader, and nowhere else.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, Self

from bot import offers
from bot.conversation.commands import Period
from bot.conversation.ports import Offer, Reader, UnknownPaper
from bot.conversation.search import PAGE, Found, Trends, Voted
from bot.shelf import Shelf
from bot.transactions import reading, writing
from recommender.candidates import paper_ids
from recommender.finding import between, by_taste, closest, fused
from recommender.interests import remembered
from recommender.papers import Paper, PaperId
from recommender.ranking import nearest
from recommender.topics import muted_among
from recommender.wishes import NOTHING_TOLD
from storage import catalogue, feedback_log, wishes
from storage.database import Database
from storage.dialogue_state import DialogueState, searches_of
from storage.feedback_log import NewImpression, Place
from storage.sources.references import keys_in

FOUND = 50  # papers of a search that can be leafed through
SIMILAR = 50
TRENDING = 50
_AMONG_MUTED = 4  # times as many are looked at where a reader has muted some
KEPT = 8  # searches kept for each reader
LIFETIME = 24 * 3600.0  # seconds
_ALONE = (Place.CARD, Place.LOOKUP, Place.OPENED)  # where a paper is shown as a card
_DEPTH = 200  # papers of each list that are joined
_DAYS = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 30}


@dataclass(frozen=True, slots=True)
class _Sought:
    """What answers a question, each list the most relevant first.

    named: by its id. whole: with every word of it. near: with some words, or of its meaning.
    is_worded: whether any has a word or an id of the question.
    """

    named: Sequence[PaperId]
    whole: Sequence[PaperId]
    near: Sequence[PaperId]
    is_worded: bool = True

    @property
    def relevance(self) -> tuple[PaperId, ...]:
        return (*self.named, *self.whole, *self.near)

    def cut(self, most: int) -> Self:
        """Return the first of these, at most so many."""
        left = most - len(self.named)
        whole, near = self.whole[:left], self.near[: max(left - len(self.whole), 0)]
        return replace(self, whole=whole, near=near)


class Naming(Protocol):
    """Finds what a person names, asking the sources if need be; the desk does."""

    async def named(self, reader: Reader, words: str) -> list[PaperId]: ...

    async def linked(self, reader: Reader, words: str) -> list[PaperId]: ...


class SearchDesk:
    """Implements `conversation.search.SearchDesk` and `conversation.suggestions.SuggestionDesk`.

    clock: the time now, aware.
    """

    def __init__(
        self,
        database: Database,
        shelf: Shelf,
        naming: Naming,
        state: DialogueState,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._naming = naming
        self._state = state
        self._clock = clock

    # ------------------------------------------------------------------ search

    async def search(self, reader: Reader, asked: str, author: str) -> Found:
        sought = await (self._by(author, asked) if author else self._sought(asked, FOUND))
        asked = " ".join(filter(None, (asked, author)))
        async with reading(self._database) as db:
            standing = (await feedback_log.standing(db, [reader.id])).get(reader.id, ())
            told = (await wishes.told(db, [reader.id])).get(reader.id, NOTHING_TOLD)
        holding = await self._shelf.held()
        counted = remembered(standing, told.interests)
        whole, near = sought.whole, sought.near
        model, corpus = holding.model, holding.corpus
        liked = await asyncio.to_thread(by_taste, model, corpus, counted, [*whole, *near])
        taste = [*sought.named, *between(whole, near, liked)]
        name = hashlib.blake2b(asked.encode(), digest_size=5).hexdigest()
        found = Found(name, asked, sought.relevance, tuple(taste), sought.is_worded)
        await self._keep(reader, found)
        return found

    async def searched(self, reader: Reader, name: str) -> Found | None:
        return next((found for found in await self._kept(reader) if found.name == name), None)

    async def relevant(self, asked: str, most: int) -> Sequence[PaperId]:
        return (await self._sought(asked, most)).relevance

    async def _sought(self, asked: str, most: int) -> "_Sought":
        """Return relevant papers, by words and by meaning."""
        holding = await self._shelf.held()
        meant = asyncio.create_task(asyncio.to_thread(closest, holding.corpus, asked, _DEPTH))
        try:
            async with reading(self._database) as db:
                named = await catalogue.named(db, keys_in(asked)[:5])
                written = await catalogue.search(db, asked, _DEPTH)
        finally:
            alike = await meant
        offers = holding.corpus.offers
        worded = [paper for paper in (*written.whole, *written.some) if offers(paper)]
        first = [paper.id for paper in named.values()]
        others = [paper for paper in fused([worded, alike]) if paper not in set(first)]
        is_whole = set(written.whole)
        return _Sought(
            first,
            [paper for paper in others if paper in is_whole],
            [paper for paper in others if paper not in is_whole],
            is_worded=bool(first or worded),
        ).cut(most)

    async def _by(self, author: str, asked: str) -> "_Sought":
        """Return an author's papers: those about something first, then the newest."""
        async with reading(self._database) as db:
            theirs = await catalogue.by_author(db, author, _DEPTH)
        holding = await self._shelf.held()
        offered = [paper for paper in theirs if holding.corpus.offers(paper)]
        about = await self.relevant(asked, _DEPTH) if asked and offered else ()
        first = [paper for paper in about if paper in set(offered)]
        others = [paper for paper in offered if paper not in set(first)]
        return _Sought([], first or others, others if first else []).cut(FOUND)

    async def _keep(self, reader: Reader, found: Found) -> None:
        others = [kept for kept in await self._kept(reader) if kept.name != found.name]
        document = json.dumps([_document(kept) for kept in [found, *others][:KEPT]])
        await self._state.set(searches_of(reader.id), document, LIFETIME)

    async def _kept(self, reader: Reader) -> list[Found]:
        document = await self._state.get(searches_of(reader.id))
        return [_found(kept) for kept in json.loads(document)] if document else []

    # ------------------------------------------------------------------ lists

    async def listed(self, reader: Reader, papers: Sequence[PaperId]) -> Sequence[Offer]:
        async with reading(self._database) as db:
            known = await catalogue.papers(db, papers)
            said = offers.opinions((await feedback_log.opinions(db, reader.id, papers)).values())
        return [
            Offer(known[p], 0, opinion=said[p]) if p in said else Offer(known[p], 0)
            for p in papers
            if p in known
        ]

    async def papers(self, papers: Sequence[PaperId]) -> Sequence[Paper]:
        async with reading(self._database) as db:
            known = await catalogue.papers(db, papers)
        return [known[paper] for paper in papers if paper in known]

    async def paper(self, paper: PaperId) -> Paper:
        found = await self.papers([paper])
        if not found:
            raise UnknownPaper
        return found[0]

    # ------------------------------------------------------------------ similar

    async def named(self, reader: Reader, asked: str) -> Sequence[PaperId]:
        return await self._naming.named(reader, asked)

    async def linked(self, reader: Reader, asked: str) -> Sequence[PaperId]:
        return await self._naming.linked(reader, asked)

    async def last_card(self, reader: Reader) -> PaperId | None:
        async with reading(self._database) as db:
            shown = await feedback_log.last_shown(db, reader.id, places=_ALONE)
        return shown.paper if shown else None

    async def similar(
        self, reader: Reader, paper: PaperId, page: int
    ) -> tuple[Sequence[Offer], bool]:
        holding = await self._shelf.held_with([paper])
        picks = await asyncio.to_thread(
            nearest, holding.model, holding.corpus, paper, None, SIMILAR
        )
        shown = picks[(page - 1) * PAGE : page * PAGE]
        now = self._clock()
        new = [
            NewImpression(reader.id, reader.account, pick.paper, now, Place.SIMILAR, pick)
            for pick in shown
        ]
        async with writing(self._database) as db:
            papers = [pick.paper for pick in shown]
            standing = tuple((await feedback_log.opinions(db, reader.id, papers)).values())
            made = await offers.impressed(db, new, {reader.id: standing}) if new else []
        return made, page * PAGE < len(picks)

    # ------------------------------------------------------------------ votes, and titles

    async def trending(self, reader: Reader, period: Period) -> Trends:
        async with reading(self._database) as db:
            told = (await wishes.told(db, [reader.id])).get(reader.id, NOTHING_TOLD)
            most = TRENDING * _AMONG_MUTED if told.mutes else TRENDING
            found = await catalogue.trending(db, _DAYS[period], most)
            muted = frozenset[PaperId]()
            if told.mutes:
                papers = await catalogue.papers(db, [trend.paper for trend in found])
                muted = muted_among(list(papers.values()), told)
        left = [one for one in found if one.paper not in muted][:TRENDING]
        voted = tuple(Voted(one.paper, one.likes, one.upvotes) for one in left)
        return Trends(voted, has_muted=bool(muted))

    async def most_voted(self, most: int) -> Sequence[PaperId]:
        async with reading(self._database) as db:
            voted = await catalogue.trending(db, _DAYS[Period.WEEK], most)
        newest = paper_ids((await self._shelf.held()).corpus.newest(1))[::-1]
        return list(dict.fromkeys([*(trend.paper for trend in voted), *newest]))[:most]

    async def titled_like(self, typed: str, most: int) -> Sequence[PaperId]:
        async with reading(self._database) as db:
            return await catalogue.titled_like(db, typed, most)

    async def authors_like(self, typed: str, most: int) -> Sequence[str]:
        async with reading(self._database) as db:
            return await catalogue.authors_like(db, typed, most)


def _document(found: Found) -> list[Any]:
    return [found.name, found.asked, found.relevance, found.taste, found.is_worded]


def _found(document: list[Any]) -> Found:
    # What was kept before searches told whether they are worded is read for a day yet.
    name, asked, relevance, taste, is_worded = (*document, True)[:5]
    return Found(name, asked, tuple(map(PaperId, relevance)), tuple(map(PaperId, taste)), is_worded)
