"""Under which names the bot is found on its platforms, as its processes last saw it.

The process of a platform learns the name from there and confirms it every few hours; those of
other platforms read it here. What nobody has confirmed for a day may lead nowhere any more.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_into
from storage.tables import PresenceRow

LASTS = timedelta(days=1)


async def found_as(db: AsyncSession, platform: str, name: str, now: datetime) -> None:
    """Let a name hold on a platform from now on; an empty one means that there is none."""
    if not name:
        await db.execute(delete(PresenceRow).where(PresenceRow.platform == platform))
        return
    stands = {"name": name, "confirmed": now}
    await db.execute(
        insert_into(db, PresenceRow)
        .values(platform=platform, **stands)
        .on_conflict_do_update(index_elements=["platform"], set_=stands)
    )


async def name_on(db: AsyncSession, platform: str, now: datetime) -> str:
    """Return the name on a platform; empty when none was confirmed within a day."""
    chosen = select(PresenceRow.name).where(
        PresenceRow.platform == platform, PresenceRow.confirmed > now - LASTS
    )
    return await db.scalar(chosen) or ""
