"""Everything that is kept about one person, wherever it stands: to hand it out, and to forget it.

Rows are found through the tables' own references to users and accounts, so that a table
which comes later is in both by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, delete, false, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import table_of
from storage.figures import rows_went
from storage.tables import AccountRow, Base, ImpressionRow, LinkedAccountRow, LinkRow, UserRow

_users = table_of(UserRow)
_accounts = table_of(AccountRow)
_impressions = table_of(ImpressionRow)
_links = table_of(LinkRow)
_linked = table_of(LinkedAccountRow)

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Who:
    """A person: the readers that were joined into them, and the accounts they speak through."""

    users: frozenset[int]
    accounts: frozenset[int]
    platforms: frozenset[str]


async def who_is(db: AsyncSession, user: int) -> Who:
    """Return a reader with everybody who was ever joined into them."""
    known, new = set[int](), {user}
    while new:
        known |= new
        joined = await db.scalars(select(_links.c.joined_id).where(_links.c.kept_id.in_(new)))
        homes = await db.scalars(
            select(_linked.c.home_id)
            .join(_accounts, _accounts.c.id == _linked.c.account_id)
            .where(_accounts.c.user_id.in_(known))
        )
        new = {*joined, *homes} - known
    rows = await db.execute(
        select(_accounts.c.id, _accounts.c.platform).where(_accounts.c.user_id.in_(known))
    )
    accounts = {row.id: row.platform for row in rows}
    return Who(frozenset(known), frozenset(accounts), frozenset(accounts.values()))


async def everything(db: AsyncSession, user: int) -> Rows:
    """Return all rows about a person by table, as JSON takes them; tables without any are left out.

    The rows of a table come in the order of its primary key: without one a database gives them
    as its newest statistics suggest. Rows of a group stand among them where it was this person
    who acted there.
    """
    who, found = await who_is(db, user), Rows()
    for table in Base.metadata.sorted_tables:
        rows = await db.execute(
            select(table).where(_about(table, who)).order_by(*table.primary_key.columns)
        )
        if kept := [_document(dict(row._mapping)) for row in rows]:
            found[table.name] = kept
    return found


async def forget(db: AsyncSession, user: int) -> Who:
    """Delete every row about a person, and return who they were.

    What belongs to a group and only names them goes on without a name; a row that could not
    stand without it goes too.
    """
    who = await who_is(db, user)
    gone = select(_impressions.c.id).where(_must_go(_impressions, who))
    for table in reversed(Base.metadata.sorted_tables):
        for column in _referring(table, _impressions):
            if column.nullable:
                await db.execute(update(table).where(column.in_(gone)).values({column.name: None}))
        await db.execute(delete(table).where(_must_go(table, who)))
        for column in _referring(table, _accounts):
            if column.nullable:
                mine = column.in_(who.accounts)
                await db.execute(update(table).where(mine).values({column.name: None}))
    await rows_went(db)
    return who


def _about(table: Table, who: Who) -> ColumnElement[bool]:
    """Return whether a row tells of the person in any way."""
    named = [column.in_(who.accounts) for column in _referring(table, _accounts)]
    return or_(_owned(table, who), *named)


def _must_go(table: Table, who: Who) -> ColumnElement[bool]:
    """Return whether a row cannot stay when the person goes."""
    named = [
        column.in_(who.accounts) for column in _referring(table, _accounts) if not column.nullable
    ]
    return or_(_owned(table, who), *named)


def _owned(table: Table, who: Who) -> ColumnElement[bool]:
    if table is _users:
        return _users.c.id.in_(who.users)
    owners = [column.in_(who.users) for column in _referring(table, _users)]
    return or_(false(), *owners) if owners else and_(false())


def _referring(table: Table, other: Table) -> Iterator[Column[Any]]:
    """Yield the columns of a table that refer to another table."""
    for column in table.columns:
        if any(key.column.table is other for key in column.foreign_keys):
            yield column


def _document(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date | datetime | time) else value
        for name, value in row.items()
    }
