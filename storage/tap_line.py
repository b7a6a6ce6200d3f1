"""Taps, many in one transaction; see `group_commit`."""

from storage import feedback_log
from storage.database import Database
from storage.feedback_log import Recorded, Tap
from storage.group_commit import MOST as MOST
from storage.group_commit import GroupCommit


class TapLine:
    """Records taps in order of arrival."""

    def __init__(self, database: Database) -> None:
        self._line = GroupCommit(database.writing, feedback_log.record_all)

    async def record(self, tap: Tap) -> Recorded:
        """Return once the tap is committed; see `feedback_log.record`.

        Raises StorageUnavailable; IntegrityError when its reader or paper is not there, which
        costs this tap alone. Who gives up waiting may have their tap recorded all the same.
        """
        return await self._line.done(tap)
