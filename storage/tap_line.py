"""Taps that wait for the writer share one transaction: a group commit.

A database can commit only so often; how much goes into one commit hardly matters. So whoever
comes while a commit is under way waits for the next one, together with all who came meanwhile.
A lone tap waits for nobody. Nobody is answered before the commit that holds their tap.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError

from storage import feedback_log
from storage.database import Database
from storage.feedback_log import Recorded, Tap

MOST = 200  # taps in one transaction: others wait for the writer too

_Waiting = tuple[Tap, asyncio.Future[Recorded]]


class TapLine:
    """Records taps in order of arrival, many in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._line = deque[_Waiting]()
        self._serving: asyncio.Task[None] | None = None

    async def record(self, tap: Tap) -> Recorded:
        """Return once the tap is committed; see `feedback_log.record`.

        Raises StorageUnavailable; IntegrityError when its reader or paper is not there, which
        costs this tap alone. Who gives up waiting may have their tap recorded all the same.
        """
        answer: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        self._line.append((tap, answer))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await answer

    async def _serve(self) -> None:
        try:
            while self._line:
                n = min(len(self._line), MOST)
                await self._together([self._line.popleft() for _ in range(n)])
        finally:
            self._serving = None
            for _, answer in self._line:  # only when the program ends
                answer.cancel()
            self._line.clear()

    async def _together(self, waiting: Sequence[_Waiting]) -> None:
        try:
            async with self._database.writing() as db:
                recorded = await feedback_log.record_all(db, [tap for tap, _ in waiting])
        except IntegrityError as error:
            if len(waiting) == 1:
                _refuse(waiting, error)
                return
            for one in waiting:
                await self._together([one])
        except BaseException as error:
            # An outage, a bug or the end of the program: nobody may be left waiting for ever.
            _refuse(waiting, error)
            if not isinstance(error, Exception):
                raise
        else:
            for (_, answer), outcome in zip(waiting, recorded, strict=True):
                if not answer.done():
                    answer.set_result(outcome)


def _refuse(waiting: Sequence[_Waiting], error: BaseException) -> None:
    for _, answer in waiting:
        if answer.done():
            continue
        if isinstance(error, asyncio.CancelledError):
            answer.cancel()
        else:
            answer.set_exception(error)
