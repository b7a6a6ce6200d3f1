"""Two accounts, one reader: joined by a one-time code, and split again.

Everything that came through an account carries its number, so a join moves rows from one
reader to the other and a split moves them home. What has no account (follows, interests) is
copied at the join, and the copies go at the split. Codes and wrong guesses stand in the
database: two processes without Redis still meet there.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Table, and_, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import broadcasts, users
from storage.database import blocks, one_at_a_time, table_of
from storage.marks import mark
from storage.tables import (
    AccountRow,
    DeliveryRow,
    FeedbackLogRow,
    FeedbackRow,
    FollowRow,
    ImpressionRow,
    InterestRow,
    LinkCodeRow,
    LinkedAccountRow,
    LinkGuessRow,
    LinkRow,
    MuteRow,
    NoteRow,
    TopicRow,
    UserRow,
)
from storage.users import NextDue

ALPHABET = "ACDEFGHJKMNPQRTUVWXY34679"  # nothing that reads like something else
CODE_LENGTH = 6
VALID = timedelta(minutes=10)
WINDOW = timedelta(minutes=10)  # in which guesses are counted
GUESSES = 5  # of one account
GUESSES_OF_ALL = 100  # with so many, 25⁶ codes give a guesser one chance in millions

_accounts = table_of(AccountRow)
_users = table_of(UserRow)
_codes = table_of(LinkCodeRow)
_guesses = table_of(LinkGuessRow)
_links = table_of(LinkRow)
_linked = table_of(LinkedAccountRow)
_standing = table_of(FeedbackRow)
_log = table_of(FeedbackLogRow)
_outbox = table_of(DeliveryRow)
_notes = table_of(NoteRow)
_COPIED = tuple(table_of(row) for row in (TopicRow, FollowRow, MuteRow, InterestRow))
_MOVED = tuple(table_of(row) for row in (FeedbackLogRow, ImpressionRow))
_ENDED = ("sent", "empty", "failed", "unknown")


class Answer(StrEnum):
    """What became of a code."""

    JOINED = "joined"
    WRONG = "wrong"
    OWN = "own"  # it was made by this very reader
    SLOWED = "slowed"  # this account guessed too often
    BUSY = "busy"  # everybody together guessed too often


@dataclass(frozen=True, slots=True)
class Redeemed:
    """user: the reader for whom both accounts speak now; who asked, when nothing was joined."""

    answer: Answer
    user: int


async def new_code(db: AsyncSession, user: int, account: int, now: datetime) -> str:
    """Return a code for this reader, valid for ten minutes; earlier ones are valid no more."""
    await db.execute(delete(_codes).where((_codes.c.user_id == user) | (_codes.c.expires <= now)))
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    await db.execute(
        insert(_codes).values(
            mark=await mark(db, "link", code), user_id=user, account_id=account, expires=now + VALID
        )
    )
    return code


async def redeem(
    db: AsyncSession, user: int, account: int, code: str, now: datetime, next_due: NextDue
) -> Redeemed:
    """Join this account's reader with the one who made a code. A code works once.

    The reader who gave /schedule last keeps their schedule for both.
    """
    await one_at_a_time(db, "link")
    await db.execute(delete(_guesses).where(_guesses.c.at <= now - WINDOW))
    by_account = select(func.count()).where(_guesses.c.account_id == account)
    if (await db.scalar(by_account) or 0) >= GUESSES:
        return Redeemed(Answer.SLOWED, user)
    if (await db.scalar(select(func.count()).select_from(_guesses)) or 0) >= GUESSES_OF_ALL:
        return Redeemed(Answer.BUSY, user)
    sought = and_(_codes.c.mark == await mark(db, "link", code), _codes.c.expires > now)
    maker = await db.scalar(select(_codes.c.user_id).where(sought))
    if maker is None:
        await db.execute(insert(_guesses).values(account_id=account, at=now))
        return Redeemed(Answer.WRONG, user)
    if maker == user:
        return Redeemed(Answer.OWN, user)  # the code waits for the other account
    await db.execute(delete(_codes).where(sought))
    kept, joined = await _in_order(db, maker, user)
    await join(db, kept, joined, now, next_due)
    return Redeemed(Answer.JOINED, kept)


async def _in_order(db: AsyncSession, maker: int, user: int) -> tuple[int, int]:
    rows = await db.execute(
        select(_users.c.id, _users.c.scheduled_at).where(_users.c.id.in_([maker, user]))
    )
    never = datetime.min.replace(tzinfo=UTC)
    last = {row.id: row.scheduled_at or never for row in rows}
    return (user, maker) if last[user] > last[maker] else (maker, user)


async def join(db: AsyncSession, kept: int, joined: int, now: datetime, next_due: NextDue) -> None:
    """Let the accounts of `joined` speak for `kept`; its own row stays, for the split."""
    under_way = await broadcasts.hold(db)
    await _lock(db, (kept, joined))
    rows = await db.scalars(select(_accounts.c.id).where(_accounts.c.user_id == joined))
    moving = list(rows)
    at_home = await db.scalars(select(_linked.c.account_id).where(_linked.c.account_id.in_(moving)))
    away = set(at_home)
    await db.execute(insert(_links).values(kept_id=kept, joined_id=joined, at=now))
    if homes := [{"account_id": a, "home_id": joined} for a in moving if a not in away]:
        await db.execute(insert(_linked), homes)
    await _move(db, moving, joined, kept)
    await _join_opinions(db, kept, joined)
    for table in _COPIED:
        await _copy(db, table, joined, kept)
    await broadcasts.join(db, under_way, kept, joined, now)
    await _owe(db, (kept, joined), now, next_due)


async def split(db: AsyncSession, user: int, now: datetime, next_due: NextDue) -> frozenset[int]:
    """Let every account speak for the reader it made again, and return those readers.

    Empty when nothing was joined. Each keeps what came through its own accounts.
    """
    homes: dict[int, list[int]] = {}
    for row in await db.execute(
        select(_linked)
        .join(_accounts, _accounts.c.id == _linked.c.account_id)
        .where(_accounts.c.user_id == user)
    ):
        homes.setdefault(row.home_id, []).append(row.account_id)
    await _lock(db, (user, *homes))
    for home, accounts in homes.items():
        await _send_home(db, user, home, accounts)
    if homes:
        below = list(homes)
        await db.execute(
            delete(_links).where(
                _links.c.kept_id.in_([user, *below]), _links.c.joined_id.in_(below)
            )
        )
        await _owe(db, (user, *homes), now, next_due)
    return frozenset(homes)


async def _send_home(db: AsyncSession, user: int, home: int, accounts: Sequence[int]) -> None:
    touched = await db.scalars(
        select(_log.c.paper_id)
        .where(_log.c.user_id == user, _log.c.account_id.in_(accounts))
        .distinct()
    )
    papers = list(touched)
    await db.execute(delete(_linked).where(_linked.c.account_id.in_(accounts)))
    await _move(db, accounts, user, home)
    await _replay(db, (user, home), papers)
    for table in _COPIED:
        await _take_copies_back(db, table, home, user)
    await db.execute(
        update(_users)
        .where(_users.c.id == user, _users.c.push_account_id.in_(accounts))
        .values(push_account_id=None)
    )


async def _lock(db: AsyncSession, people: Iterable[int]) -> None:
    """Let no tap of these readers be stored meanwhile; always in the same order."""
    some = list(people)
    # Accounts before readers, as whoever hears them does.
    for table, owner in ((_accounts, _accounts.c.user_id), (_users, _users.c.id)):
        held = select(table.c.id).where(owner.in_(some)).order_by(table.c.id)
        await db.execute(held.with_for_update())


async def _owe(db: AsyncSession, people: Iterable[int], now: datetime, next_due: NextDue) -> None:
    for user in (await users.by_ids(db, list(people))).values():
        await users.owe(db, user, now, next_due)


# ---------------------------------------------------------------- rows that came through an account


async def _move(db: AsyncSession, accounts: Collection[int], old: int, new: int) -> None:
    """Move what came through these accounts; what stands in the way at the new place stays."""
    await db.execute(update(_accounts).where(_accounts.c.id.in_(accounts)).values(user_id=new))
    for table in _MOVED:
        theirs = (table.c.user_id == old) & table.c.account_id.in_(accounts)
        await db.execute(update(table).where(theirs).values(user_id=new))
    # A digest that is on its way is known by its reader: it arrives as it was begun.
    is_ended = _outbox.c.state.in_(_ENDED)
    await _move_where_free(db, _outbox, "day", accounts, (old, new), is_ended)
    await _move_where_free(db, _notes, "paper_id", accounts, (old, new))


async def _move_where_free(
    db: AsyncSession,
    table: Table,
    key: str,
    accounts: Collection[int],
    way: tuple[int, int],
    *conditions: Any,
) -> None:
    old, new = way
    there = table.alias()
    is_taken = exists().where(there.c.user_id == new, there.c[key] == table.c[key])
    theirs = (table.c.user_id == old) & table.c.account_id.in_(accounts)
    await db.execute(update(table).where(theirs, ~is_taken, *conditions).values(user_id=new))


# ---------------------------------------------------------------- opinions


@dataclass(frozen=True, slots=True)
class _Stand:
    """What stands between a reader and a paper, and through what it came last."""

    verdict: str | None = None
    saved_at: datetime | None = None
    account: int = 0
    impression: int | None = None
    at: datetime | None = None

    def values(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "saved_at": self.saved_at,
            "account_id": self.account,
            "impression_id": self.impression,
            "at": self.at,
        }


async def _join_opinions(db: AsyncSession, kept: int, joined: int) -> None:
    """Let one opinion stand of each paper: the later verdict, and the first bookmark."""
    there = {
        row.paper_id: row
        for row in await db.execute(select(_standing).where(_standing.c.user_id == kept))
    }
    theirs = list(await db.execute(select(_standing).where(_standing.c.user_id == joined)))
    both = [row for row in theirs if row.paper_id in there]
    for row in both:
        stand = _joined_stand(there[row.paper_id], row)
        await db.execute(
            update(_standing)
            .where(_standing.c.user_id == kept, _standing.c.paper_id == row.paper_id)
            .values(**stand.values())
        )
        await db.execute(
            delete(_standing).where(
                _standing.c.user_id == joined, _standing.c.paper_id == row.paper_id
            )
        )
    await db.execute(update(_standing).where(_standing.c.user_id == joined).values(user_id=kept))


def _joined_stand(one: Row[Any], other: Row[Any]) -> _Stand:
    before, after = sorted((one, other), key=lambda row: row.at)
    saved = [row.saved_at for row in (one, other) if row.saved_at is not None]
    return _Stand(
        after.verdict or before.verdict,
        min(saved, default=None),
        after.account_id,
        after.impression_id,
        after.at,
    )


async def _replay(db: AsyncSession, people: Sequence[int], papers: Sequence[int]) -> None:
    """Build again from the log what stands between these readers and these papers."""
    for block in blocks(papers):
        of_these = _log.c.user_id.in_(people) & _log.c.paper_id.in_(block)
        rows = list(await db.execute(select(_log).where(of_these).order_by(_log.c.id)))
        await db.execute(
            delete(_standing).where(
                _standing.c.user_id.in_(people), _standing.c.paper_id.in_(block)
            )
        )
        stands = [
            {"user_id": user, "paper_id": paper, **stand.values()}
            for (user, paper), stand in replayed(rows).items()
        ]
        if stands:
            await db.execute(insert(_standing), stands)


def replayed(rows: Sequence[Row[Any]]) -> dict[tuple[int, int], _Stand]:
    """Return what stands for each reader and paper after these rows of the log, oldest first.

    Only what a row changed counts, not what stood beside it, because that may have come
    through another account. What was taken back is as if it had never been said.
    """
    taken_back = {row.undoes for row in rows if row.undoes is not None}
    stands: dict[tuple[int, int], _Stand] = {}
    for row in rows:
        if row.undoes is not None or row.id in taken_back:
            continue
        stand = stands.get((row.user_id, row.paper_id), _Stand())
        if row.verdict_after != row.verdict_before:
            stand = replace(stand, verdict=row.verdict_after)
        if row.saved_after != row.saved_before:
            stand = replace(stand, saved_at=row.saved_after)
        stands[row.user_id, row.paper_id] = replace(
            stand, account=row.account_id, impression=row.impression_id, at=row.at
        )
    return stands


# ---------------------------------------------------------------- what has no account


async def _copy(db: AsyncSession, table: Table, old: int, new: int) -> None:
    """Copy what the new reader has not said; a copy is known by its moment."""
    names = [column.name for column in table.primary_key if column.name != "user_id"]
    have = {
        tuple(row) for row in await db.execute(_keys(table, names).where(table.c.user_id == new))
    }
    rows = await db.execute(select(table).where(table.c.user_id == old))
    copies = [
        {**row._mapping, "user_id": new}
        for row in rows
        if tuple(row._mapping[name] for name in names) not in have
    ]
    if copies:
        await db.execute(insert(table), copies)


async def _take_copies_back(db: AsyncSession, table: Table, home: int, user: int) -> None:
    original = table.alias()
    keys = [column.name for column in table.primary_key if column.name != "user_id"]
    same = [original.c[name] == table.c[name] for name in (*keys, "at")]
    is_copy = exists().where(original.c.user_id == home, *same)
    await db.execute(delete(table).where(table.c.user_id == user, is_copy))


def _keys(table: Table, names: Sequence[str]) -> Any:
    return select(*(table.c[name] for name in names))
