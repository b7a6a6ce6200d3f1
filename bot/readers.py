"""Users as the conversation knows them, and when the digest that they are owed is due."""

from collections.abc import Sequence
from datetime import date, datetime

from bot.conversation.ports import Reader
from bot.reach import first_pushable
from bot.schedule import Due, Schedule, next_due
from storage.users import Account, Found, User


def schedule_of(user: User) -> Schedule:
    """Return a user's schedule; UTC until the zone is known."""
    return Schedule(
        at=user.push_at,
        zone=user.zone or "UTC",
        days=user.push_days,
        picks=user.picks,
        is_quiet=user.is_quiet,
        is_filled=user.is_filled,
    )


def owed_next(user: User, after: datetime) -> tuple[date, datetime] | None:
    """Return the day and moment of the first digest due after a moment, for storage."""
    due = next_due(schedule_of(user), after)
    return due.day, due.moment


def owed(user: User) -> Due | None:
    """Return the next digest that a user is owed."""
    if user.next_push_day is None or user.next_push_at is None:
        return None
    return Due(user.next_push_day, user.next_push_at)


def paused_until(user: User, now: datetime) -> datetime | None:
    """Return until when a user has paused; None for a pause that is over."""
    until = user.paused_until
    return until if until is not None and until > now else None


def as_reader(found: Found, accounts: Sequence[Account], now: datetime) -> Reader:
    """Return a user who speaks through an account as the conversation knows them.

    accounts: all of theirs, in the order in which digests try them.
    """
    user, account = found.user, found.account
    place = _push_place(account, accounts)
    return Reader(
        id=user.id,
        account=account.id,
        is_new=found.is_new,
        schedule=schedule_of(user),
        is_zone_known=user.zone is not None,
        is_pushed=user.is_pushed,
        paused_until=paused_until(user, now),
        due=owed(user) if place else None,
        push_place=place,
        unreachable=account.unreachable or "",
        back_from=found.back_from,
        surprise=user.surprise,
        language=user.language,
        is_language_chosen=user.is_language_chosen,
    )


def _push_place(account: Account, accounts: Sequence[Account]) -> str:
    """Return where digests go: "here" or a platform; empty when they can go nowhere."""
    goes_to = first_pushable(accounts)
    if goes_to is None:
        return ""
    return "here" if goes_to.id == account.id else goes_to.platform
