"""Readers and their accounts; how they are met is in `storage.meeting`.

`next_push_at` and `next_push_day` are written together with every change that moves them.
How a schedule becomes a moment is not known here: callers hand over `next_due`.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, exists, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import blocks, of_each, table_of
from storage.tables import AccountRow, DeliveryRow, UserRow

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""`paused_until` of a pause without an end."""

# Every schedule is due at least once a week: nothing older can be the last day that was missed.
LOOK_BACK = timedelta(days=15)

_MOST_SURPRISE = 4


@dataclass(frozen=True, slots=True)
class User:
    """A reader: a person, or a group that reads as one.

    zone: None until known; UTC holds till then.
    push_at: local. push_days: 0 is Monday … 6 is Sunday, never empty.
    is_filled: whether a day without new papers brings older unseen ones, or only a line.
    paused_until: None when not paused, `FOREVER` for a pause without an end.
    language: as the platform calls it ("de-AT"), or as it was chosen.
    next_push_at, next_push_day: the digest that is owed next, both None when none is.
    """

    id: int
    kind: str
    zone: str | None
    push_at: time
    push_days: frozenset[int]
    picks: int
    is_pushed: bool
    is_quiet: bool
    is_filled: bool
    paused_until: datetime | None
    surprise: int
    language: str
    is_language_chosen: bool
    push_account: int | None
    next_push_at: datetime | None
    next_push_day: date | None
    created: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """One account on one platform ("telegram", "discord", "terminal").

    chat: where a digest can be sent; None while no place is known.
    unreachable: why nothing can be sent there ("blocked", "dms_closed", …); None if it can.
    """

    id: int
    user: int
    platform: str
    external_id: str
    chat: str | None
    unreachable: str | None
    last_used: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """is_new: this is the account's first word to us.

    back_from: why nothing could be sent to the account until this word; empty if it could.
    """

    user: User
    account: Account
    is_new: bool
    back_from: str = ""


PERSON = "person"
"""`kind` of everybody who is no group."""

Owed = tuple[date, datetime]
"""A digest: the local day for which it is due, and from which moment on."""

NextDue = Callable[[User, datetime], Owed | None]
"""Return the first digest due strictly after a moment by the user's schedule alone.

Pauses and switched-off pushing are looked after here; None means never.
"""

_users = table_of(UserRow)
_accounts = table_of(AccountRow)


async def found_by(
    db: AsyncSession, accounts: Collection[tuple[str, str]], *, is_held: bool = False
) -> dict[tuple[str, str], Found]:
    """Return the readers behind these accounts; unknown ones are left out.

    is_held: nobody else may change them and their accounts until the end of the transaction.
    """
    keys = tuple_(_accounts.c.platform, _accounts.c.external_id)
    chosen = select(_accounts).where(keys.in_(accounts))
    if is_held:
        # In the order of ids, so that two who wait for each other's never do so for ever.
        chosen = chosen.order_by(_accounts.c.id).with_for_update(key_share=True)
    rows = (await db.execute(chosen)).all()
    people = await by_ids(db, {row.user_id for row in rows}, is_held=is_held)
    return {
        (row.platform, row.external_id): Found(people[row.user_id], _account(row), is_new=False)
        for row in rows
    }


async def find(db: AsyncSession, platform: str, external_id: str) -> Found | None:
    """Return the reader behind an account without touching anything."""
    return (await found_by(db, [(platform, external_id)])).get((platform, external_id))


async def by_id(db: AsyncSession, user: int) -> User | None:
    """Return one user."""
    return (await by_ids(db, [user])).get(user)


async def by_ids(
    db: AsyncSession, users: Collection[int], *, is_held: bool = False
) -> dict[int, User]:
    """Return the users of these ids; unknown ids are left out.

    is_held: nobody else may change them until the end of the transaction.
    """
    found = {}
    for block in blocks(sorted(users)):
        chosen = select(_users)
        if is_held:
            chosen = chosen.order_by(_users.c.id).with_for_update(key_share=True)
        for row in await db.execute(of_each(db, chosen, _users.c.id, block)):
            found[row.id] = user_of(row)
    return found


async def _known(db: AsyncSession, user: int | None) -> User:
    return user_of((await db.execute(select(_users).where(_users.c.id == user))).one())


async def account(db: AsyncSession, account: int) -> Account | None:
    """Return one account."""
    found = await db.execute(select(_accounts).where(_accounts.c.id == account))
    row = found.one_or_none()
    return None if row is None else _account(row)


async def accounts_of(db: AsyncSession, users: Collection[int]) -> dict[int, tuple[Account, ...]]:
    """Return each user's accounts, in the order in which digests should try them.

    Those that can be reached come first, and among them the push account, then the one
    used last. Users without accounts are there, with none.
    """
    found: dict[int, list[tuple[int | None, Account]]] = {user: [] for user in users}
    for block in blocks(list(users)):
        chosen = select(_accounts, _users.c.push_account_id).join(
            _users, _users.c.id == _accounts.c.user_id
        )
        rows = await db.execute(of_each(db, chosen, _accounts.c.user_id, block))
        for row in rows.all():
            found[row.user_id].append((row.push_account_id, _account(row)))
    return {user: _ordered(mine) for user, mine in found.items()}


def _ordered(accounts: list[tuple[int | None, Account]]) -> tuple[Account, ...]:
    def order(entry: tuple[int | None, Account]) -> tuple[bool, bool, float, int]:
        push, account = entry
        is_out = account.chat is None or account.unreachable is not None
        return is_out, account.id != push, -account.last_used.timestamp(), account.id

    return tuple(account for _, account in sorted(accounts, key=order))


async def with_operator_menu(db: AsyncSession, platform: str) -> frozenset[str]:
    """Return the accounts of a platform whose menu has what is for operators alone."""
    chosen = select(_accounts.c.external_id).where(
        _accounts.c.platform == platform, _accounts.c.has_operator_menu
    )
    return frozenset(await db.scalars(chosen))


async def note_operator_menu(
    db: AsyncSession, platform: str, external_id: str, *, has_it: bool
) -> bool:
    """Keep whether an account has that menu; False when there is no such account."""
    noted = await db.scalar(
        update(_accounts)
        .where(_accounts.c.platform == platform, _accounts.c.external_id == external_id)
        .values(has_operator_menu=has_it)
        .returning(_accounts.c.id)
    )
    return noted is not None


async def reschedule(
    db: AsyncSession,
    user: int,
    now: datetime,
    next_due: NextDue,
    *,
    zone: str | None,
    push_at: time,
    push_days: frozenset[int],
    picks: int,
    is_quiet: bool = False,
    is_filled: bool = True,
    account: int | None = None,
) -> User:
    """Set the schedule, switch the push on, and send digests to `account` (None: as before).

    A pause ends. The digest owed next is the first after `now` of a day that has none yet; a
    day that was owed and whose hour the change carries into the past is owed at once.
    """
    changes: dict[str, Any] = {
        "zone": zone,
        "push_at": push_at,
        "push_days": sum(1 << day for day in push_days),
        "picks": picks,
        "is_quiet": is_quiet,
        "is_filled": is_filled,
        "is_pushed": True,
        "paused_until": None,
    }
    if account is not None:
        changes |= {"push_account_id": account, "scheduled_at": now}
    return await _changed(db, user, now, next_due, **changes)


async def set_pushed(
    db: AsyncSession, user: int, is_pushed: bool, now: datetime, next_due: NextDue
) -> User:
    """Switch the daily push on or off."""
    return await _changed(db, user, now, next_due, is_pushed=is_pushed)


async def pause(
    db: AsyncSession, user: int, until: datetime, now: datetime, next_due: NextDue
) -> User:
    """Owe nothing before `until` (`FOREVER`: until /resume)."""
    return await _changed(db, user, now, next_due, paused_until=until)


async def resume(db: AsyncSession, user: int, now: datetime, next_due: NextDue) -> User:
    """End a pause and switch the push on."""
    return await _changed(db, user, now, next_due, paused_until=None, is_pushed=True)


async def set_language(db: AsyncSession, user: int, language: str, *, is_chosen: bool) -> User:
    """Let a language hold: for good, or until the platform says otherwise."""
    await db.execute(
        update(_users)
        .where(_users.c.id == user)
        .values(language=language, is_language_chosen=is_chosen)
    )
    return await _known(db, user)


async def set_surprise(db: AsyncSession, user: int, surprise: int) -> User:
    """Set the dial between the familiar and the surprising. Raises ValueError beyond 0 to 4."""
    if not 0 <= surprise <= _MOST_SURPRISE:
        raise ValueError(f"the dial goes from 0 to {_MOST_SURPRISE}, not to {surprise}")
    await db.execute(update(_users).where(_users.c.id == user).values(surprise=surprise))
    return await _known(db, user)


async def _changed(
    db: AsyncSession, user: int, now: datetime, next_due: NextDue, **changes: Any
) -> User:
    before = await _known(db, user)
    await db.execute(update(_users).where(_users.c.id == user).values(**changes))
    changed = await _known(db, user)
    return await owe(db, changed, now, next_due, still_owed(before, changed, now, next_due))


async def set_push_account(db: AsyncSession, user: int, account: int) -> None:
    """Send this user's digests to this account from now on."""
    await db.execute(update(_users).where(_users.c.id == user).values(push_account_id=account))


async def mark_unreachable(db: AsyncSession, account: int, why: str) -> None:
    """Send nothing to this account any more, until it speaks again.

    When no account of its user can be reached, nothing is owed to the user.
    """
    user = await db.scalar(
        update(_accounts)
        .where(_accounts.c.id == account)
        .values(unreachable=why)
        .returning(_accounts.c.user_id)
    )
    if user is not None and not await _is_reachable(db, user):
        await _write_owed(db, user, None)


async def mark_reachable(db: AsyncSession, account: int) -> None:
    """Try this account again; what its user is owed is the caller's to write."""
    await db.execute(update(_accounts).where(_accounts.c.id == account).values(unreachable=None))


async def move_chat(db: AsyncSession, platform: str, old: str, new: str) -> None:
    """Follow a chat to its new id; an account that is the chat itself moves with it.

    Where the new id has an account already, that one stays and the old one keeps its id.
    """
    there = select(_accounts.c.id).where(
        _accounts.c.platform == platform, _accounts.c.external_id == new
    )
    if await db.scalar(there) is None:
        await db.execute(
            update(_accounts)
            .where(_accounts.c.platform == platform, _accounts.c.external_id == old)
            .values(external_id=new)
        )
    await db.execute(
        update(_accounts)
        .where(_accounts.c.platform == platform, _accounts.c.chat == old)
        .values(chat=new)
    )


async def owe(
    db: AsyncSession,
    user: User,
    now: datetime,
    next_due: NextDue,
    late: Owed | None = None,
) -> User:
    """Write down which digest a user is owed next, and return the user as they now stand.

    late: a digest that is owed before all others. A day that has a delivery already is never
        owed again, however the schedule moves.
    """
    owed = owed_after(user, now, next_due) if await _is_reachable(db, user.id) else None
    if owed is not None:
        since = (late or owed)[0] - timedelta(days=2)
        had = await db.scalars(
            select(DeliveryRow.day).where(DeliveryRow.user_id == user.id, DeliveryRow.day >= since)
        )
        owed = first_without(frozenset(had), user, late, owed, next_due)
    await _write_owed(db, user.id, owed)
    day, moment = owed or (None, None)
    return replace(user, next_push_at=moment, next_push_day=day)


def first_without(
    had: Collection[date], user: User, late: Owed | None, owed: Owed | None, next_due: NextDue
) -> Owed | None:
    """Return the first digest of a day that had none: the late one, or `owed` and what follows."""
    if late is not None and late[0] not in had:
        return late
    while owed is not None and owed[0] in had:
        owed = next_due(user, owed[1])
    return owed


def still_owed(before: User, changed: User, now: datetime, next_due: NextDue) -> Owed | None:
    """Return the day that was owed and whose hour has passed by the changed schedule.

    Who moves the hour from eight to seven at half past seven loses no day: it is owed now.
    Of several days the last, as after an outage.
    """
    if before.next_push_day is None or not is_wanted(changed, now):
        return None
    last: date | None = None
    due = next_due(changed, now - LOOK_BACK)
    while due is not None and due[1] <= now:
        last = due[0] if due[0] >= before.next_push_day else last
        due = next_due(changed, due[1])
    return None if last is None else (last, now)


def is_wanted(user: User, now: datetime) -> bool:
    """Return whether a digest may be sent to this reader now."""
    return user.is_pushed and (user.paused_until is None or user.paused_until <= now)


def owed_after(user: User, now: datetime, next_due: NextDue) -> Owed | None:
    """Return the digest owed after `now`: none while pushing is off, none before a pause ends."""
    if not user.is_pushed:
        return None
    if user.paused_until is None or user.paused_until <= now:
        return next_due(user, now)
    if user.paused_until >= FOREVER:
        return None
    return next_due(user, user.paused_until - timedelta(microseconds=1))


async def _write_owed(db: AsyncSession, user: int, owed: Owed | None) -> None:
    day, moment = owed or (None, None)
    await db.execute(
        update(_users).where(_users.c.id == user).values(next_push_at=moment, next_push_day=day)
    )


async def _is_reachable(db: AsyncSession, user: int) -> bool:
    can = exists().where(
        _accounts.c.user_id == user,
        _accounts.c.chat.is_not(None),
        _accounts.c.unreachable.is_(None),
    )
    return bool(await db.scalar(select(can)))


def user_of(row: Row[Any]) -> User:
    """Return the user of a row of `users`."""
    return User(
        id=row.id,
        kind=row.kind,
        zone=row.zone,
        push_at=row.push_at,
        push_days=_days(row.push_days),
        picks=row.picks,
        is_pushed=row.is_pushed,
        is_quiet=row.is_quiet,
        is_filled=row.is_filled,
        paused_until=row.paused_until,
        surprise=row.surprise,
        language=row.language,
        is_language_chosen=row.is_language_chosen,
        push_account=row.push_account_id,
        next_push_at=row.next_push_at,
        next_push_day=row.next_push_day,
        created=row.created,
        last_seen=row.last_seen,
    )


@lru_cache(maxsize=128)  # every set of weekdays
def _days(bits: int) -> frozenset[int]:
    return frozenset(day for day in range(7) if bits >> day & 1)


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        user=row.user_id,
        platform=row.platform,
        external_id=row.external_id,
        chat=row.chat,
        unreachable=row.unreachable,
        last_used=row.last_used,
    )
