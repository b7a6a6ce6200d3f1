"""Figures for operators that stay quick however many readers there are.

What is counted at the time costs a row for each platform and day: who came, for the first
time ever or the first time that day. Picks and likes are far more; they are tallied from the
two tables that only grow, each row once, in the order of ids, a block at a time. Nothing here
says who: /forget leaves the figures as they are.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import Table, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from recommender.feedback import Verdict
from storage.database import insert_into, table_of
from storage.deliveries import State
from storage.impressions import CHOSEN
from storage.tables import (
    AccountRow,
    DailyCountRow,
    DeliveryRow,
    FeedbackLogRow,
    ImpressionRow,
    LikeCountRow,
    TallyRow,
    UserRow,
)
from storage.users import PERSON
from storage.visits import Came

BLOCK = 20_000  # rows that one tally reads; others want the writer too
# Ids are drawn before a transaction commits, so a lower one may appear after a higher: rows
# are counted once everything as old has long been committed or given up.
SETTLED = timedelta(minutes=1)

_accounts = table_of(AccountRow)
_days = table_of(DailyCountRow)
_likes = table_of(LikeCountRow)
_tallies = table_of(TallyRow)
_shown = table_of(ImpressionRow)
_log = table_of(FeedbackLogRow)
_outbox = table_of(DeliveryRow)
_users = table_of(UserRow)

_Key = tuple[date, str, bool]


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of a platform, and how many of them nothing can be sent to.

    groups: groups and channels, which are in neither of the two.
    """

    platform: str
    n: int
    unreachable: int
    groups: int = 0


@dataclass(frozen=True, slots=True)
class Visits:
    """Who came on a UTC day by one platform."""

    day: date
    platform: str
    new: int
    active: int


@dataclass(frozen=True, slots=True)
class LikeRate:
    """Of picks by one model, whether they explored, how many were shown and are liked."""

    model: str
    is_exploring: bool
    shown: int
    liked: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """So many digests of a day ended like this. platform: None where none was begun."""

    day: date
    platform: str | None
    state: State
    reason: str | None
    n: int


# ---------------------------------------------------------------- who came


async def accounts(db: AsyncSession) -> list[Accounts]:
    """Return all accounts by platform."""
    of_people = case((_users.c.kind == PERSON, _accounts.c.id))
    gone = case((_users.c.kind == PERSON, _accounts.c.unreachable))
    rows = await db.execute(
        select(_accounts.c.platform, func.count(of_people), func.count(gone), func.count())
        .join(_users, _users.c.id == _accounts.c.user_id)
        .group_by(_accounts.c.platform)
        .order_by(_accounts.c.platform)
    )
    return [Accounts(platform, n, gone, every - n) for platform, n, gone, every in rows]


async def visits(db: AsyncSession, since: date) -> list[Visits]:
    """Return who came since a day, the newest day first."""
    found: dict[tuple[date, str], Counter[str]] = {}
    for row in await db.execute(select(_days).where(_days.c.day >= since)):
        found.setdefault((row.day, row.platform), Counter())[row.what] = row.n
    newest_first = sorted(found.items(), key=lambda one: (-one[0][0].toordinal(), one[0][1]))
    return [
        Visits(day, platform, counted[Came.NEW], counted[Came.ACTIVE])
        for (day, platform), counted in newest_first
    ]


# ---------------------------------------------------------------- what is liked


async def tally(db: AsyncSession, now: datetime) -> bool:
    """Count a block of picks and a block of likes; return whether there may be more.

    Exactly once: how far it came is committed with what it counted, and nobody else counts
    meanwhile. What is younger than `SETTLED` waits for the next time.
    """
    shown, more_shown = await _count_shown(db, now - SETTLED)
    liked, more_liked = await _count_liked(db, now - SETTLED)
    for key in shown.keys() | liked.keys():
        await _add(db, key, shown[key], liked[key])
    return more_shown or more_liked


async def _count_shown(db: AsyncSession, before: datetime) -> tuple[Counter[_Key], bool]:
    columns = (_shown.c.id, _shown.c.shown_at, _shown.c.model, _shown.c.is_exploring)
    after = await _upto(db, _shown)
    rows = (
        await db.execute(
            select(*columns, _shown.c.place)
            .where(_shown.c.id > after)
            .order_by(_shown.c.id)
            .limit(BLOCK)
        )
    ).all()
    settled = list(takewhile(lambda row: row.shown_at < before, rows))
    if settled:
        await _move(db, _shown, settled[-1].id)
    return Counter(_key(row) for row in settled if row.place in CHOSEN), len(settled) == BLOCK


async def _count_liked(db: AsyncSession, before: datetime) -> tuple[Counter[_Key], bool]:
    """Likes count for the day on which the paper was shown; one taken back counts no more."""
    after = await _upto(db, _log)
    rows = (
        await db.execute(
            select(
                _log.c.id,
                _log.c.at,
                _log.c.verdict_before,
                _log.c.verdict_after,
                _shown.c.shown_at,
                _shown.c.model,
                _shown.c.is_exploring,
                _shown.c.place,
            )
            .outerjoin_from(_log, _shown, _shown.c.id == _log.c.impression_id)
            .where(_log.c.id > after)
            .order_by(_log.c.id)
            .limit(BLOCK)
        )
    ).all()
    settled = list(takewhile(lambda row: row.at < before, rows))
    counted = Counter[_Key]()
    for row in settled:
        change = (row.verdict_after == Verdict.LIKE) - (row.verdict_before == Verdict.LIKE)
        if change and row.place in CHOSEN:
            counted[_key(row)] += change
    if settled:
        await _move(db, _log, settled[-1].id)
    return counted, len(settled) == BLOCK


def _key(row: Any) -> _Key:
    return row.shown_at.astimezone(UTC).date(), row.model, row.is_exploring


async def _upto(db: AsyncSession, table: Table) -> int:
    """Return up to which row a table is counted, and let nobody else count it meanwhile."""
    new = insert_into(db, TallyRow).values(name=table.name, upto=0)
    await db.execute(new.on_conflict_do_nothing(index_elements=["name"]))
    held = select(_tallies.c.upto).where(_tallies.c.name == table.name).with_for_update()
    upto: int = (await db.execute(held)).scalar_one()
    return upto


async def rows_went(db: AsyncSession) -> None:
    """Look again from the last row that is left: SQLite gives the ids of deleted last rows again.

    To be called in the transaction that deletes rows of the tables that are tallied.
    """
    for table in (_shown, _log):
        last = select(func.coalesce(func.max(table.c.id), 0)).scalar_subquery()
        await db.execute(
            update(_tallies)
            .where(_tallies.c.name == table.name, _tallies.c.upto > last)
            .values(upto=last)
        )


async def _move(db: AsyncSession, table: Table, upto: int) -> None:
    await db.execute(update(_tallies).where(_tallies.c.name == table.name).values(upto=upto))


async def _add(db: AsyncSession, key: _Key, shown: int, liked: int) -> None:
    day, model, is_exploring = key
    row = {"day": day, "model": model, "is_exploring": is_exploring}
    new = insert_into(db, LikeCountRow).values(**row, shown=shown, liked=liked)
    await db.execute(
        new.on_conflict_do_update(
            index_elements=list(row),
            set_={"shown": _likes.c.shown + shown, "liked": _likes.c.liked + liked},
        )
    )


async def like_rates(db: AsyncSession, since: date) -> list[LikeRate]:
    """Return how picks shown since a day fared, those of the model shown most first."""
    rows = (
        await db.execute(
            select(
                _likes.c.model,
                _likes.c.is_exploring,
                func.sum(_likes.c.shown),
                func.sum(_likes.c.liked),
            )
            .where(_likes.c.day >= since)
            .group_by(_likes.c.model, _likes.c.is_exploring)
        )
    ).all()
    by_model: Mapping[str, int] = Counter()
    for model, _, shown, _liked in rows:
        by_model[model] += int(shown)  # type: ignore[index]
    found = [LikeRate(model, exploring, int(n), int(liked)) for model, exploring, n, liked in rows]
    return sorted(found, key=lambda one: (-by_model[one.model], one.model, one.is_exploring))


# ---------------------------------------------------------------- how digests ended


async def digests(db: AsyncSession, day: date) -> dict[State, int]:
    """Return how the digests of a local day stand."""
    rows = await db.execute(
        select(_outbox.c.state, func.count()).where(_outbox.c.day == day).group_by(_outbox.c.state)
    )
    return {State(state): n for state, n in rows}


async def troubles(db: AsyncSession, since: date) -> list[Trouble]:
    """Return what kept digests from arriving since a local day, the newest day first.

    Of a day by platform, what happened most first.
    """
    rows = await db.execute(
        select(_outbox.c.day, _accounts.c.platform, _outbox.c.state, _outbox.c.reason, func.count())
        .outerjoin_from(_outbox, _accounts, _accounts.c.id == _outbox.c.account_id)
        .where(_outbox.c.day >= since, _outbox.c.state.in_([State.FAILED, State.UNKNOWN]))
        .group_by(_outbox.c.day, _accounts.c.platform, _outbox.c.state, _outbox.c.reason)
    )
    found = [Trouble(day, where, State(state), why, n) for day, where, state, why, n in rows]

    def order(one: Trouble) -> tuple[int, str, int, str, str]:
        return -one.day.toordinal(), one.platform or "", -one.n, one.state, one.reason or ""

    return sorted(found, key=order)
