"""Accounts that get no answer any more.

What is kept is a keyed hash of the account and when: it says nothing about the person, so it
may outlive /forget, and a banned person cannot come back by being forgotten.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import users
from storage.database import insert_into
from storage.marks import known_marks, mark
from storage.tables import BanRow

BANNED = "banned"
"""Why nothing is sent to a banned account."""


async def ban(db: AsyncSession, platform: str, external_id: str, now: datetime) -> None:
    """Answer this account no more, and send it nothing. Twice changes nothing."""
    row = {"mark": await mark(db, "ban", platform, external_id), "at": now}
    await db.execute(
        insert_into(db, BanRow).values(**row).on_conflict_do_nothing(index_elements=["mark"])
    )
    found = await users.find(db, platform, external_id)
    if found is not None:
        await users.mark_unreachable(db, found.account.id, BANNED)


async def unban(db: AsyncSession, platform: str, external_id: str) -> None:
    """Answer this account again; its digests begin again with its next word to us."""
    await db.execute(
        delete(BanRow).where(BanRow.mark == await mark(db, "ban", platform, external_id))
    )


async def is_banned(db: AsyncSession, platform: str, external_id: str) -> bool:
    """Return whether this account is to get no answer."""
    return (await are_banned(db, [(platform, external_id)]))[0]


async def are_banned(db: AsyncSession, accounts: Sequence[tuple[str, str]]) -> list[bool]:
    """Return of each (platform, external id) whether it is to get no answer."""
    sought = await known_marks(db, [("ban", *account) for account in accounts])
    if not sought:
        return [False] * len(accounts)
    found = set(await db.scalars(select(BanRow.mark).where(BanRow.mark.in_(set(sought)))))
    return [mark in found for mark in sought]
