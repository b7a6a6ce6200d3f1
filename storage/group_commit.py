"""Work that waits shares one transaction: a group commit, or reading for many at once.

A database can commit only so often; how much goes into one commit hardly matters. So whoever
comes while a commit is under way waits for the next one, together with all who came meanwhile.
Who comes alone waits for nobody. Nobody is answered before the commit that holds their work.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from storage.errors import StorageError

MOST = 200  # pieces of work in one transaction: others wait for the writer too

Work = TypeVar("Work")
Answer = TypeVar("Answer")


class Together(Generic[Work, Answer]):
    """Does work in order of arrival, what waits together at once.

    do: many pieces of work as if one came after the other, all of them or none; one answer
        for each. most: pieces at once.
    """

    def __init__(
        self, do: Callable[[Sequence[Work]], Awaitable[Sequence[Answer]]], most: int = MOST
    ) -> None:
        self._do = do
        self._most = most
        self._line = deque[tuple[Work, asyncio.Future[Answer]]]()
        self._serving: asyncio.Task[None] | None = None

    async def done(self, work: Work) -> Answer:
        """Return once the work is done, and what it wrote committed.

        Raises StorageUnavailable; whatever else its own work alone raises, which costs nobody
        else theirs. Who gives up waiting may have their work done all the same.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._line.append((work, answer))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await answer

    async def _serve(self) -> None:
        try:
            while self._line:
                n = min(len(self._line), self._most)
                await self._together([self._line.popleft() for _ in range(n)])
        finally:
            self._serving = None
            for _, answer in self._line:  # only when the program ends
                answer.cancel()
            self._line.clear()

    async def _together(self, waiting: Sequence[tuple[Work, asyncio.Future[Answer]]]) -> None:
        answers = [answer for _, answer in waiting]
        try:
            found = await self._do([work for work, _ in waiting])
        except StorageError as error:
            _refuse(answers, error)
        except Exception as error:
            if len(waiting) == 1:
                _refuse(answers, error)
                return
            for one in waiting:
                await self._together([one])
        except BaseException as error:
            # The end of the program: nobody may be left waiting for ever.
            _refuse(answers, error)
            raise
        else:
            for answer, outcome in zip(answers, found, strict=True):
                if not answer.done():
                    answer.set_result(outcome)


class GroupCommit(Together[Work, Answer]):
    """Does in one transaction what waits together.

    transaction: opens one, `writing` or `reading` of a database.
    do: as for `Together`.
    """

    def __init__(
        self,
        transaction: Callable[[], AbstractAsyncContextManager[AsyncSession]],
        do: Callable[[AsyncSession, Sequence[Work]], Awaitable[Sequence[Answer]]],
    ) -> None:
        async def in_one(work: Sequence[Work]) -> Sequence[Answer]:
            async with transaction() as db:
                return await do(db, work)

        super().__init__(in_one)


def _refuse(answers: Sequence[asyncio.Future[Answer]], error: BaseException) -> None:
    for answer in answers:
        if answer.done():
            continue
        if isinstance(error, asyncio.CancelledError):
            answer.cancel()
        else:
            answer.set_exception(error)
