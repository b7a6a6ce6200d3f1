"""What became of a digest, step by step, for operators: ids and times, no texts and no names."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.reach import first_pushable
from bot.readers import schedule_of
from bot.schedule import due_at
from bot.settings import Settings
from storage import deliveries, users
from storage.database import Database
from storage.deliveries import Delivery
from storage.errors import DatabaseRefuses, StorageUnavailable
from storage.impressions import Impression
from storage.users import FOREVER, Account, User


class _Unknown(Exception):
    """There is no such reader; the message says what is expected."""


def trace(settings: Settings, reader: str, day: date) -> int:
    """Print each step of a reader's digest of a day; return the exit status.

    reader: our number of a user, or an account as `telegram:123`.
    """
    return _print(settings, lambda db: explained(db, reader, day))


def count(settings: Settings, day: date) -> int:
    """Print how the deliveries of a day stand; return the exit status."""
    return _print(settings, lambda db: _count(db, day))


def _print(settings: Settings, ask: Callable[[AsyncSession], Awaitable[list[str]]]) -> int:
    async def asked() -> list[str]:
        database = Database(settings.database)
        try:
            async with database.reading() as db:
                return await ask(db)
        finally:
            await database.dispose()

    try:
        lines = asyncio.run(asked())
    except _Unknown as unknown:
        print(unknown, file=sys.stderr)
        return 1
    except (StorageUnavailable, DatabaseRefuses) as error:
        print(f"DATABASE_URL: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


async def _count(db: AsyncSession, day: date) -> list[str]:
    found = await deliveries.counts(db, day)
    if not found:
        return [f"No digest of {day} was claimed."]
    lines = [
        f"{one.n:>7}  {one.state:<8} {one.platform or '-':<9} {one.reason or ''}".rstrip()
        for one in found
    ]
    return [*lines, f"{sum(one.n for one in found):>7}  in all"]


async def explained(db: AsyncSession, reader: str, day: date) -> list[str]:
    """Return what `paperlark trace` says of a reader's digest of a day, line by line."""
    user = await _user(db, reader)
    accounts = (await users.accounts_of(db, [user.id]))[user.id]
    delivery = await deliveries.of_day(db, user.id, day)
    opening = [f"user {user.id}, digest of {day}", _schedule(user)]
    opening += [_account(account) for account in accounts]
    if delivery is None:
        return [*opening, *_why_none(user, accounts, day)]
    shown = await deliveries.papers_of(db, user.id, day)
    return [*opening, *_steps(delivery, shown)]


async def _user(db: AsyncSession, reader: str) -> User:
    platform, is_account, account = reader.partition(":")
    if is_account:
        found = await users.find(db, platform, account)
        user = found.user if found else None
    else:
        user = await users.by_id(db, int(reader)) if reader.isdigit() else None
    if user is None:
        raise _Unknown(
            f"No user {reader}: expected a number of ours, telegram:ID, discord:ID, "
            "or of a server's channel discord:channel:ID."
        )
    return user


def _schedule(user: User) -> str:
    schedule = schedule_of(user)
    days = ",".join(str(day + 1) for day in sorted(schedule.days))
    owed = f"{user.next_push_day}, due {_at(user.next_push_at)}" if user.next_push_at else "nothing"
    return (
        f"  schedule: {schedule.at:%H:%M} {schedule.zone}, days {days} (1 is Monday), "
        f"{schedule.picks} papers; owed next: {owed}"
    )


def _account(account: Account) -> str:
    state = account.unreachable or ("can be reached" if account.chat else "no chat")
    return f"  account {account.id} on {account.platform}: {state}"


def _steps(delivery: Delivery, shown: Sequence[Impression]) -> list[str]:
    """Return what happened, in order; what was chosen stands before it was sent first."""
    found = [(delivery.due, "due")]
    for step in delivery.steps:
        why = f": {step.why}" if step.why else ""
        found.append((step.at, f"{step.what}{why}"))
    if shown:
        ids = f"impressions {min(i.id for i in shown)} to {max(i.id for i in shown)}"
        model = next((i.pick.model for i in shown if i.pick), "")
        chosen = f"chosen: {len(shown)} papers by model {model}, {ids}"
        begun = (n for n, (_, what) in enumerate(found) if what == "begun")
        found.insert(next(begun, len(found)), (min(i.shown_at for i in shown), chosen))
    lines = [f"  {_at(moment)}  {what}" for moment, what in found]
    lines += [f"  message {sent.message}" for sent in delivery.messages]
    if delivery.next_try is not None:
        lines.append(f"  waits until {_at(delivery.next_try)}")
    return [*lines, f"  stands: {delivery.state}, {delivery.attempts} attempts"]


def _why_none(user: User, accounts: Sequence[Account], day: date) -> list[str]:
    """Return why a day has no delivery, as far as it can be told now."""
    due = due_at(day, user.push_at, ZoneInfo(user.zone or "UTC"))
    why = []
    if due < user.created:
        why.append(f"the reader came later, {_at(user.created)}")
    if day.weekday() not in user.push_days:
        why.append("no day of the schedule as it is now")
    if not user.is_pushed:
        why.append("pushing is off")
    if user.paused_until is not None:
        is_open = user.paused_until >= FOREVER
        why.append("paused" if is_open else f"paused until {_at(user.paused_until)}")
    if first_pushable(accounts) is None:
        why.append("no account can be reached")
    if user.next_push_day == day:
        why.append("it is owed, and was not claimed yet")
    elif not why:
        why.append("another day's digest came in its place, or its hour had passed when it was set")
    return [f"  {_at(due)}  due, as the schedule is now", *(f"  none: {one}" for one in why)]


def _at(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z" if moment else "-"
