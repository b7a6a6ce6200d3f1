"""Who comes, counted at the time: a row for each platform and day, whoever it is."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_into, table_of
from storage.tables import DailyCountRow

_days = table_of(DailyCountRow)


class Came(StrEnum):
    """What a day counts: accounts that are new, and accounts that were there."""

    NEW = "new"
    ACTIVE = "active"


async def count_visit(
    db: AsyncSession, platform: str, now: datetime, came: Came, n: int = 1
) -> None:
    """Count an account, or so many, for the UTC day that it is."""
    row = {"day": now.astimezone(UTC).date(), "platform": platform, "what": came, "n": n}
    new = insert_into(db, DailyCountRow).values(**row)
    keys = ["day", "platform", "what"]
    await db.execute(new.on_conflict_do_update(index_elements=keys, set_={"n": _days.c.n + n}))
