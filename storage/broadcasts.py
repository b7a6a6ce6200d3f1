"""What operators say to all readers, each at most once.

draft → sending → done | cancelled. Readers are walked through by their numbers, a few at a
time; each gets a row before anything is sent: claimed → sending → sent | failed | unknown.
`claimed` with a `next_try` waits to be tried again. Whatever dies in between costs one reader
one message, and never sends two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import table_of
from storage.tables import BroadcastRow, BroadcastSendRow, UserRow
from storage.users import User, by_ids, is_wanted, user_of

DRAFT_LASTS = timedelta(hours=1)

_broadcasts = table_of(BroadcastRow)
_sends = table_of(BroadcastSendRow)
_users = table_of(UserRow)


class Stage(StrEnum):
    """Of a broadcast."""

    DRAFT = "draft"
    SENDING = "sending"
    DONE = "done"
    CANCELLED = "cancelled"


class SendState(StrEnum):
    """Of a broadcast to one reader."""

    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Broadcast:
    """text: empty once it has ended. pace: messages a second. total: readers at its beginning."""

    id: int
    text: str
    stage: Stage
    pace: int
    total: int
    made_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    sends: dict[SendState, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """A broadcast that this process, and no other, may send to this reader now.

    attempts: how often it was put off before.
    """

    broadcast: int
    text: str
    user: User
    attempts: int = 0


def _reachable(now: datetime) -> ColumnElement[bool]:
    """Whom digests reach: to a reader who is out of reach or switched them off none is owed."""
    return and_(
        _users.c.kind == "person",
        _users.c.next_push_at.is_not(None),
        or_(_users.c.paused_until.is_(None), _users.c.paused_until <= now),
    )


async def audience(db: AsyncSession, now: datetime) -> int:
    """Return how many readers a broadcast would go to."""
    chosen = select(func.count()).select_from(_users).where(_reachable(now))
    return await db.scalar(chosen) or 0


async def draft(db: AsyncSession, text: str, pace: int, now: datetime) -> Broadcast:
    """Keep what is to be said until it is begun; drafts of before can be begun no more."""
    await db.execute(
        update(_broadcasts)
        .where(_broadcasts.c.state == Stage.DRAFT)
        .values(state=Stage.CANCELLED, ended_at=now, text="")
    )
    made = await db.scalar(
        insert(_broadcasts)
        .values(
            text=text,
            state=Stage.DRAFT,
            pace=pace,
            total=await audience(db, now),
            upto=0,
            made_at=now,
        )
        .returning(_broadcasts.c.id)
    )
    found = await by_id(db, made or 0)
    assert found is not None
    return found


async def by_id(db: AsyncSession, broadcast: int) -> Broadcast | None:
    """Return a broadcast with how far it is."""
    row = (await db.execute(select(_broadcasts).where(_broadcasts.c.id == broadcast))).one_or_none()
    if row is None:
        return None
    counts = await db.execute(
        select(_sends.c.state, func.count())
        .where(_sends.c.broadcast_id == broadcast)
        .group_by(_sends.c.state)
    )
    return _broadcast(row, {SendState(state): n for state, n in counts})


async def newest(db: AsyncSession) -> Broadcast | None:
    """Return the broadcast made last."""
    last = await db.scalar(select(func.max(_broadcasts.c.id)))
    return None if last is None else await by_id(db, last)


async def set_pace(db: AsyncSession, broadcast: int, pace: int) -> None:
    """Send a broadcast that has not ended faster or slower."""
    await db.execute(
        update(_broadcasts)
        .where(_broadcasts.c.id == broadcast, _broadcasts.c.ended_at.is_(None))
        .values(pace=pace)
    )


async def begin(db: AsyncSession, broadcast: int, now: datetime) -> bool:
    """Begin to send a draft; False when it is begun, or too old for anybody to mean it."""
    begun = await db.scalar(
        update(_broadcasts)
        .where(
            _broadcasts.c.id == broadcast,
            _broadcasts.c.state == Stage.DRAFT,
            _broadcasts.c.made_at > now - DRAFT_LASTS,
        )
        .values(state=Stage.SENDING, begun_at=now, next_claim=now, total=await audience(db, now))
        .returning(_broadcasts.c.id)
    )
    return begun is not None


async def cancel(db: AsyncSession, broadcast: int, now: datetime) -> bool:
    """Send no more of it; what is on its way arrives. False when it had ended."""
    stopped = await db.scalar(
        update(_broadcasts)
        .where(_broadcasts.c.id == broadcast, _broadcasts.c.ended_at.is_(None))
        .values(state=Stage.CANCELLED, ended_at=now, text="", next_claim=None)
        .returning(_broadcasts.c.id)
    )
    if stopped is None:
        return False
    await db.execute(
        delete(_sends).where(
            _sends.c.broadcast_id == broadcast, _sends.c.state == SendState.CLAIMED
        )
    )
    return True


async def claim(db: AsyncSession, now: datetime, every: timedelta) -> list[Turn]:
    """Claim as many messages as its pace allows in so much time; commit before sending any.

    Those that wait to be tried again come first. A broadcast that has nobody left is done.
    Any number of processes may ask: together they keep the pace.
    """
    row = (
        await db.execute(
            select(_broadcasts)
            .where(_broadcasts.c.state == Stage.SENDING, _broadcasts.c.next_claim <= now)
            .order_by(_broadcasts.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
    ).one_or_none()
    if row is None:
        return []
    room = max(1, round(row.pace * every.total_seconds()))
    again = await _claim_again(db, row, now, room)
    fresh = await _claim_new(db, row, now, room - len(again))
    if not again and not fresh and not await _is_under_way(db, row.id):
        await _change(db, row.id, state=Stage.DONE, ended_at=now, text="", next_claim=None)
    else:
        upto = fresh[-1].user.id if fresh else row.upto
        await _change(db, row.id, next_claim=now + every, upto=upto)
    return again + fresh


async def _claim_new(db: AsyncSession, row: Row[Any], now: datetime, room: int) -> list[Turn]:
    # Whoever was joined with a reader that had it already has a row before their turn comes.
    has_one = exists().where(_sends.c.broadcast_id == row.id, _sends.c.user_id == _users.c.id)
    chosen = select(_users).where(_users.c.id > row.upto, _reachable(now), ~has_one)
    found = await db.execute(chosen.order_by(_users.c.id).limit(room))
    people = [user_of(user) for user in found]
    if people:
        common = {"broadcast_id": row.id, "state": SendState.CLAIMED, "attempts": 0, "at": now}
        await db.execute(insert(_sends), [{**common, "user_id": user.id} for user in people])
    return [Turn(row.id, row.text, user) for user in people]


async def _claim_again(db: AsyncSession, row: Row[Any], now: datetime, room: int) -> list[Turn]:
    waiting = (
        await db.execute(
            select(_sends.c.user_id, _sends.c.attempts)
            .where(
                _sends.c.broadcast_id == row.id,
                _sends.c.state == SendState.CLAIMED,
                _sends.c.next_try <= now,
            )
            .order_by(_sends.c.next_try, _sends.c.user_id)
            .limit(room)
        )
    ).all()
    people = await by_ids(db, [user for user, _ in waiting])
    await db.execute(
        update(_sends)
        .where(_sends.c.broadcast_id == row.id, _sends.c.user_id.in_(people))
        .values(at=now, next_try=None)
    )
    return [Turn(row.id, row.text, people[user], attempts) for user, attempts in waiting]


async def _is_under_way(db: AsyncSession, broadcast: int) -> bool:
    open_states = [SendState.CLAIMED, SendState.SENDING]
    chosen = select(_sends.c.user_id).where(
        _sends.c.broadcast_id == broadcast, _sends.c.state.in_(open_states)
    )
    return await db.scalar(chosen.limit(1)) is not None


async def begin_sending(db: AsyncSession, broadcast: int, user: int, now: datetime) -> bool:
    """Note that sending begins now; commit before sending.

    False when it must not be sent any more: it was cancelled, or the reader paused.
    """
    held = select(_broadcasts.c.state).where(_broadcasts.c.id == broadcast)
    stage = await db.scalar(held.with_for_update(read=True))
    reader = (await by_ids(db, [user])).get(user)
    if stage != Stage.SENDING or reader is None:
        return False
    if not is_wanted(reader, now):
        await _end(db, broadcast, user, [SendState.CLAIMED], SendState.FAILED, "paused", now)
        return False
    return await _end(db, broadcast, user, [SendState.CLAIMED], SendState.SENDING, None, now)


async def finish(
    db: AsyncSession, broadcast: int, user: int, state: SendState, now: datetime, why: str | None
) -> None:
    """Note how it ended. What was given up as unknown may still turn out to be sent."""
    open_states = [SendState.CLAIMED, SendState.SENDING, SendState.UNKNOWN]
    await _end(db, broadcast, user, open_states, state, why, now)


async def retry_at(
    db: AsyncSession, broadcast: int, user: int, at: datetime, why: str, *, is_begun: bool
) -> None:
    """Let a message that surely did not arrive be tried again from `at` on.

    is_begun: whether the caller had begun to send it; else another process may be doing so.
    """
    stands = SendState.SENDING if is_begun else SendState.CLAIMED
    values = {"next_try": at, "attempts": _sends.c.attempts + 1}
    await _end(db, broadcast, user, [stands], SendState.CLAIMED, why, at, **values)


async def recover(db: AsyncSession, now: datetime, older_than: timedelta) -> int:
    """Take over what a dead process left behind; return how many ended nobody knows how.

    Never begun: tried again at once. Begun: unknown, and never sent again.
    """
    live = select(_broadcasts.c.id).where(_broadcasts.c.state == Stage.SENDING)
    left = and_(
        _sends.c.broadcast_id.in_(live),
        _sends.c.next_try.is_(None),
        _sends.c.at < now - older_than,
    )
    await db.execute(
        update(_sends).where(left, _sends.c.state == SendState.CLAIMED).values(next_try=now)
    )
    lost = await db.scalars(
        update(_sends)
        .where(left, _sends.c.state == SendState.SENDING)
        .values(state=SendState.UNKNOWN, reason="interrupted")
        .returning(_sends.c.user_id)
    )
    return len(lost.all())


async def hold(db: AsyncSession) -> list[int]:
    """Let nothing more of the broadcasts under way be claimed or begun meanwhile; return them.

    To be called before any reader is locked: a claim locks in this order too.
    """
    under_way = select(_broadcasts.c.id).where(_broadcasts.c.state == Stage.SENDING)
    return list(await db.scalars(under_way.order_by(_broadcasts.c.id).with_for_update()))


async def join(
    db: AsyncSession, held: Sequence[int], kept: int, joined: int, now: datetime
) -> None:
    """Let what a reader has of these broadcasts be that of another, into whom they are joined.

    So nobody gets one twice because their accounts became one while it was on its way. One that
    is being sent to the reader joined ends as unknown: nobody waits for its outcome here.
    """
    for broadcast in held:
        rows = await db.execute(
            select(_sends.c.user_id, _sends.c.state).where(
                _sends.c.broadcast_id == broadcast, _sends.c.user_id.in_([kept, joined])
            )
        )
        have = {row.user_id: SendState(row.state) for row in rows}
        theirs = have.get(joined)
        if theirs is None or theirs is SendState.FAILED:
            continue
        gives_way = joined if _weight(have.get(kept)) >= _weight(theirs) else kept
        of_it = _sends.c.broadcast_id == broadcast
        if gives_way == kept or theirs is SendState.CLAIMED:
            await db.execute(delete(_sends).where(of_it, _sends.c.user_id == gives_way))
        if gives_way == kept:
            moved = {"user_id": kept} | ({"next_try": now} if theirs is SendState.CLAIMED else {})
            await db.execute(update(_sends).where(of_it, _sends.c.user_id == joined).values(moved))


def _weight(state: SendState | None) -> int:
    """Return how much a message says about whether the reader has it, or will have it."""
    match state:
        case SendState.SENDING | SendState.SENT | SendState.UNKNOWN:
            return 2
        case SendState.CLAIMED:
            return 1
        case _:
            return 0


async def _end(
    db: AsyncSession,
    broadcast: int,
    user: int,
    states: Sequence[SendState],
    state: SendState,
    why: str | None,
    at: datetime,
    **values: Any,
) -> bool:
    """Change a message that is in one of these states; return whether it was."""
    changed = await db.scalar(
        update(_sends)
        .where(
            _sends.c.broadcast_id == broadcast,
            _sends.c.user_id == user,
            _sends.c.state.in_(states),
        )
        .values({"state": state, "reason": why, "at": at, "next_try": None, **values})
        .returning(_sends.c.user_id)
    )
    return changed is not None


async def _change(db: AsyncSession, broadcast: int, **values: Any) -> None:
    await db.execute(update(_broadcasts).where(_broadcasts.c.id == broadcast).values(**values))


def _broadcast(row: Row[Any], sends: dict[SendState, int]) -> Broadcast:
    return Broadcast(
        id=row.id,
        text=row.text,
        stage=Stage(row.state),
        pace=row.pace,
        total=row.total,
        made_at=row.made_at,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        sends=sends,
    )
