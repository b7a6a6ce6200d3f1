"""Choose papers for readers: all that is known of them in, picks out."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot.shelf import Holding, Shelf
from bot.transactions import reading
from recommender.candidates import paper_ids
from recommender.papers import PaperId
from recommender.picks import Pick, Request
from recommender.topics import Topics, wishes
from recommender.wishes import NOTHING_TOLD
from recommender.wishing import is_full_of_authors, recommend_as_told, waiting
from storage import catalogue, feedback_log, groups, users
from storage import wishes as told_in_words
from storage.database import Database
from storage.users import User

NEWEST_DAYS = 7  # announcement days whose papers are candidates
# Looked at for categories: more than those, because of days whose papers were all withdrawn.
_LOOKED_AT = 2 * NEWEST_DAYS


class Choosing:
    """seed: of all ranking, so that a run can be repeated."""

    def __init__(self, database: Database, shelf: Shelf, seed: int) -> None:
        self._database = database
        self._shelf = shelf
        self._seed = seed
        self._topics: tuple[Holding | None, Topics] = (None, Topics(()))
        self._making = asyncio.Lock()

    async def requests(
        self, db: AsyncSession, ids: Collection[int], people: Mapping[int, User] | None = None
    ) -> list[Request]:
        """Return what the recommender needs to know of each reader, in the given order.

        Each asks for as many papers as the reader wants in a digest. people: the readers, where
        they are known already.
        """
        standing = await feedback_log.standing(db, ids)
        seen = await feedback_log.seen(db, ids)
        told = await told_in_words.told(db, ids)
        people = await users.by_ids(db, ids) if people is None else people
        barred = await self._barred(db, [user for user in ids if people[user].kind == groups.KIND])
        return [
            Request(
                user=user,
                feedback=standing.get(user, ()),
                seen=seen.get(user, frozenset()),
                k=people[user].picks,
                surprise=people[user].surprise,
                told=told.get(user, NOTHING_TOLD),
                barred=barred.get(user, frozenset()),
            )
            for user in ids
        ]

    async def _barred(
        self, db: AsyncSession, ids: Collection[int]
    ) -> dict[int, frozenset[PaperId]]:
        """Return the papers outside the categories that these groups read."""
        settings = await groups.settings_of(db, ids)
        wanted = {user: frozenset(one.categories) for user, one in settings.items()}
        choosy = {user: categories for user, categories in wanted.items() if categories}
        if not choosy:
            return {}
        newest = await catalogue.categories_of_newest(db, _LOOKED_AT)
        return {
            user: frozenset(paper for paper, has in newest.items() if categories.isdisjoint(has))
            for user, categories in choosy.items()
        }

    async def picks(self, requests: list[Request]) -> list[list[Pick]]:
        """Return each reader's picks, in the order of the requests.

        Ranks in a thread: the matrix work lets go of the interpreter, the loop goes on.
        Raises TemporarilyUnavailable while there is no model.
        """
        if not requests:
            return []
        holding = await self._shelf.held()
        newest = holding.corpus.newest(NEWEST_DAYS)
        heard = await self._heard(requests, holding)
        return await asyncio.to_thread(
            recommend_as_told, holding.model, holding.corpus, heard, newest, self._seed
        )

    async def waiting(self, shown: Mapping[int, Sequence[Pick]]) -> dict[int, int]:
        """Return how many new papers of followed authors lists had no room for, 0 left out.

        shown: what each reader's list holds, which is recorded already. Raises
        TemporarilyUnavailable while there is no model.
        """
        full = [user for user, picks in shown.items() if is_full_of_authors(picks)]
        if not full:
            return {}
        async with reading(self._database) as db:
            requests = await self.requests(db, full)
        holding = await self._shelf.held()
        newest = holding.corpus.newest(NEWEST_DAYS)
        heard = await self._heard(requests, holding)
        left = {one.user: waiting(holding.corpus, one, newest) for one in heard}
        return {user: count for user, count in left.items() if count}

    async def topics(self) -> Topics:
        """Return the index of the papers that may be picked. Raises TemporarilyUnavailable."""
        return await self._topics_of(await self._shelf.held())

    async def _heard(self, requests: Sequence[Request], holding: Holding) -> Sequence[Request]:
        """Return the requests with what their readers' words mean for today's papers."""
        if all(request.told is NOTHING_TOLD for request in requests):
            return requests
        is_needed = any(request.told.is_about_papers for request in requests)
        topics = await self._topics_of(holding) if is_needed else None
        # Looking for the papers of 500 followers of a large category takes a tenth of a second.
        return await asyncio.to_thread(_with_wishes, requests, topics)

    async def _topics_of(self, holding: Holding) -> Topics:
        """Return the index of a holding's candidates, made when it is first asked for."""
        async with self._making:
            if self._topics[0] is not holding:
                newest = paper_ids(holding.corpus.newest(NEWEST_DAYS))
                async with reading(self._database) as db:
                    papers = await catalogue.papers(db, newest)
                made = await asyncio.to_thread(Topics, list(papers.values()))
                self._topics = (holding, made)
            return self._topics[1]


def _with_wishes(requests: Sequence[Request], topics: Topics | None) -> Sequence[Request]:
    return [
        replace(request, wishes=wishes(topics, request.told))
        if request.told is not NOTHING_TOLD
        else request
        for request in requests
    ]
