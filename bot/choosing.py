"""Choose papers for readers: all that is known of them in, picks out."""

import asyncio
from collections.abc import Collection, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation.ports import TemporarilyUnavailable
from bot.shelf import Shelf
from recommender.picks import Pick, Request
from recommender.ranking import recommend
from storage import feedback_log, users
from storage.users import User

NEWEST_DAYS = 7  # announcement days whose papers are candidates


class Choosing:
    """seed: of all ranking, so that a run can be repeated."""

    def __init__(self, shelf: Shelf, seed: int) -> None:
        self._shelf = shelf
        self._seed = seed

    async def requests(
        self, db: AsyncSession, ids: Collection[int], people: Mapping[int, User] | None = None
    ) -> list[Request]:
        """Return what the recommender needs to know of each reader, in the given order.

        people: the readers, where they are known already.
        """
        standing = await feedback_log.standing(db, ids)
        seen = await feedback_log.seen(db, ids)
        people = await users.by_ids(db, ids) if people is None else people
        return [
            Request(
                user=user,
                feedback=standing.get(user, ()),
                seen=seen.get(user, frozenset()),
                surprise=people[user].surprise,
            )
            for user in ids
        ]

    async def picks(self, requests: list[Request]) -> list[list[Pick]]:
        """Return each reader's picks, in the order of the requests.

        Ranks in a thread: the matrix work lets go of the interpreter, the loop goes on.
        Raises TemporarilyUnavailable while there is no model.
        """
        if not requests:
            return []
        try:
            holding = await self._shelf.held()
        except TimeoutError as error:
            raise TemporarilyUnavailable from error
        newest = holding.corpus.newest(NEWEST_DAYS)
        return await asyncio.to_thread(
            recommend, holding.model, holding.corpus, requests, newest, self._seed
        )
