"""Groups and channels that read as one: a user of the kind "group", and what only they have.

Their schedule, digests and taste are kept as a reader's are; nothing here is about a member.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import meeting, users
from storage.database import blocks, insert_into, table_of
from storage.tables import AccountRow, GroupRow
from storage.users import Account, NextDue, User

KIND = "group"
"""`kind` of their users."""

_groups = table_of(GroupRow)
_accounts = table_of(AccountRow)


@dataclass(frozen=True, slots=True)
class Settings:
    """home: the server it belongs to, where platforms have such.

    categories: the only ones it reads; all of them when empty.
    admin: the account of the administrator who changed something last; None once forgotten.
    """

    user: int
    home: str | None
    categories: tuple[str, ...]
    has_votes: bool
    has_threads: bool
    admin: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """A group as it stands."""

    user: User
    account: Account
    settings: Settings


async def find(db: AsyncSession, platform: str, external_id: str) -> Group | None:
    """Return the group behind an account; None when there is none, or it is a person's."""
    found = await users.find(db, platform, external_id)
    if found is None:
        return None
    settings = (await settings_of(db, [found.user.id])).get(found.user.id)
    return None if settings is None else Group(found.user, found.account, settings)


async def find_or_create(
    db: AsyncSession,
    platform: str,
    external_id: str,
    chat: str,
    home: str | None,
    language: str | None,
    now: datetime,
    next_due: NextDue,
) -> Group:
    """Return the group behind an account, made with the default schedule if there is none.

    Two processes at once make one. The account must not be a person's.
    """
    known = await find(db, platform, external_id)
    if known is not None:
        return known
    found = await meeting.find_or_create(
        db, platform, external_id, chat, language, now, next_due, kind=KIND
    )
    await db.execute(
        insert_into(db, GroupRow)
        .values(user_id=found.user.id, home=home, categories=[], has_votes=True, has_threads=False)
        .on_conflict_do_nothing(index_elements=["user_id"])
    )
    made = await find(db, platform, external_id)
    assert made is not None, "a group that stands was not found"
    return made


async def settings_of(db: AsyncSession, ids: Collection[int]) -> dict[int, Settings]:
    """Return what the groups among these users have set; persons are left out."""
    found = {}
    for block in blocks(list(ids)):
        for row in await db.execute(select(_groups).where(_groups.c.user_id.in_(block))):
            found[row.user_id] = Settings(
                user=row.user_id,
                home=row.home,
                categories=tuple(row.categories),
                has_votes=row.has_votes,
                has_threads=row.has_threads,
                admin=row.admin_id,
            )
    return found


async def change(
    db: AsyncSession,
    user: int,
    *,
    categories: Collection[str] | None = None,
    has_votes: bool | None = None,
    has_threads: bool | None = None,
    admin: int | None = None,
) -> None:
    """Set what is given; None leaves what stands."""
    changes: dict[str, Any] = {
        "categories": None if categories is None else list(categories),
        "has_votes": has_votes,
        "has_threads": has_threads,
        "admin_id": admin,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    if given:
        await db.execute(update(_groups).where(_groups.c.user_id == user).values(**given))


async def accounts_at(db: AsyncSession, platform: str, home: str) -> list[Account]:
    """Return the accounts of all groups of a server."""
    ids = await db.scalars(
        select(_accounts.c.id)
        .join(_groups, _groups.c.user_id == _accounts.c.user_id)
        .where(_accounts.c.platform == platform, _groups.c.home == home)
        .order_by(_accounts.c.id)
    )
    found = [await users.account(db, one) for one in ids]
    return [account for account in found if account is not None]
