"""The two steps that frame a send, of many digests in one transaction; see `group_commit`.

Dozens of sends are under way together, and each waits twice for the writer: before it may
begin, and when it has ended.
"""

from datetime import date, datetime

from storage import deliveries
from storage.database import Database
from storage.deliveries import Begun, Ended
from storage.group_commit import GroupCommit


class Outbox:
    """Notes that sends begin, and how they ended."""

    def __init__(self, database: Database) -> None:
        self._begun = GroupCommit(database.writing, deliveries.begin_all)
        self._ended = GroupCommit(database.writing, deliveries.finish_all)

    async def begin(
        self, user: int, day: date, now: datetime, *, account: int, model: str | None
    ) -> bool:
        """Return, once it is committed, whether this digest may be sent now.

        See `deliveries.begin_sending`. Raises StorageUnavailable.
        """
        return await self._begun.done(Begun(user, day, now, account, model))

    async def finish(self, ended: Ended) -> None:
        """Return once it is committed how a digest ended. Raises StorageUnavailable."""
        await self._ended.done(ended)
