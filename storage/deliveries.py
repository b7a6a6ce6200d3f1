"""The outbox: one digest for each reader and local day, sent at most once.

claimed → sending → sent | failed | unknown, or claimed → empty. `claimed` with a `next_try`
waits to be tried again. The row stands before anything is sent, so a crash costs at most
one digest and never sends two.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Date,
    Row,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import blocks, insert_into, listed, of_each, table_of
from storage.impressions import Impression, Place, impression_of
from storage.tables import AccountRow, DeliveryRow, ImpressionRow, Moment, UserRow
from storage.users import LOOK_BACK, NextDue, Owed, User, by_ids, is_wanted, owed_after, user_of

_users = table_of(UserRow)
_outbox = table_of(DeliveryRow)
_accounts = table_of(AccountRow)
_shown = table_of(ImpressionRow)


class State(StrEnum):
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    EMPTY = "empty"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SentMessage:
    """Enough to edit a message later."""

    chat: str
    message: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A digest that this process, and no other, may send now.

    nonce: the same for every attempt; at most 25 characters.
    attempts: how often sending was begun before.
    """

    user: User
    day: date
    due: datetime
    nonce: str
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Begun:
    """What `begin_sending` is told; one at a time or, through `begin_all`, many."""

    user: int
    day: date
    now: datetime
    account: int
    model: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """What `finish` is told; one at a time or, through `finish_all`, many."""

    user: int
    day: date
    state: State
    now: datetime
    reason: str | None = None
    messages: tuple[SentMessage, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a delivery. why: a word of `reason`, or until when."""

    at: datetime
    what: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """So many deliveries of a day ended, or stand, like this. platform: None before a send."""

    platform: str | None
    state: State
    reason: str | None
    n: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one day's digest."""

    user: int
    day: date
    due: datetime
    state: State
    reason: str | None
    account: int | None
    claimed_at: datetime
    sent_at: datetime | None
    next_try: datetime | None
    attempts: int
    nonce: str
    messages: tuple[SentMessage, ...]
    steps: tuple[Step, ...]
    model: str | None


@dataclass(frozen=True, slots=True)
class Recovered:
    """retried: never begun, so they are due again. unknown: (user, day) begun, end unknown."""

    retried: int
    unknown: tuple[tuple[int, date], ...]


async def claim_due(
    db: AsyncSession, now: datetime, limit: int, next_due: NextDue
) -> list[Claimed]:
    """Claim up to `limit` digests that are due; commit before sending any.

    After an outage one digest is claimed for the last day that was missed, not one for
    each. A paused reader is owed the first digest after the pause. Nothing is returned
    only when nothing is due, or other processes hold all that is.
    """
    claimed: list[Claimed] = []
    while len(claimed) < limit:
        due = await _due_users(db, now, limit - len(claimed))
        if not due:
            break
        owed = [(user, owed_now(user, now, next_due)) for user in due]
        claimed += await _claim(db, [(user, one) for user, one in owed if one], now)
        await _move_on(db, [(user, owed_after(user, now, next_due)) for user in due])
    return claimed


async def _due_users(db: AsyncSession, now: datetime, limit: int) -> list[User]:
    rows = await db.execute(
        select(_users)
        .where(_users.c.next_push_at <= now)
        # By nothing else: a morning's readers are due in the same second, and to put them in
        # order would be to read all of them for every batch.
        .order_by(_users.c.next_push_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [user_of(row) for row in rows.all()]


def owed_now(user: User, now: datetime, next_due: NextDue) -> Owed | None:
    """Return the last digest that is due by `now`; None for a reader who must not get any."""
    if not is_wanted(user, now) or user.next_push_at is None or user.next_push_day is None:
        return None
    owed: Owed = (user.next_push_day, user.next_push_at)
    later = next_due(user, max(user.next_push_at, now - LOOK_BACK))
    while later is not None and later[1] <= now:
        owed, later = later, next_due(user, later[1])
    return owed


async def _claim(
    db: AsyncSession, owed: Sequence[tuple[User, Owed]], now: datetime
) -> list[Claimed]:
    """Insert the outbox rows; a row that is there already belongs to somebody else."""
    if not owed:
        return []
    nonces = {user.id: f"{user.id}-{day:%Y%m%d}" for user, (day, _) in owed}
    given = listed(
        db,
        {
            "user_id": (BigInteger(), list(nonces)),
            "day": (Date(), [day for _, (day, _) in owed]),
            "due": (Moment(), [moment for _, (_, moment) in owed]),
            "nonce": (Text(), list(nonces.values())),
        },
    )
    same = {
        "state": literal(State.CLAIMED.value),
        "claimed_at": literal(now, Moment),
        "attempts": literal(0),
        "messages": literal([], JSON),
        "steps": literal([_document(Step(now, "claimed"))], JSON),
    }
    # The condition holds for all; without one SQLite takes ON CONFLICT for a part of the SELECT.
    rows: Select[Any] = select(*given.c, *same.values()).where(given.c.user_id.is_not(None))
    new = insert_into(db, DeliveryRow).from_select([*given.c.keys(), *same], rows)
    once = new.on_conflict_do_nothing(index_elements=["user_id", "day"])
    won = set(await db.scalars(once.returning(_outbox.c.user_id)))
    return [
        Claimed(user, day, moment, nonces[user.id])
        for user, (day, moment) in owed
        if user.id in won
    ]


async def _move_on(db: AsyncSession, owed: Sequence[tuple[User, Owed | None]]) -> None:
    later = listed(
        db,
        {
            "of": (BigInteger(), [user.id for user, _ in owed]),
            "moment": (Moment(), [one and one[1] for _, one in owed]),
            "day": (Date(), [one and one[0] for _, one in owed]),
        },
    )
    await (await db.connection()).execute(
        update(_users)
        .where(_users.c.id == later.c.of)
        .values(next_push_at=later.c.moment, next_push_day=later.c.day)
    )


async def next_moment(db: AsyncSession) -> datetime | None:
    """Return when the next digest or retry is due; may be past; None when none ever is."""
    push = await db.scalar(select(func.min(_users.c.next_push_at)))
    retry = await db.scalar(
        select(func.min(_outbox.c.next_try)).where(_outbox.c.state == State.CLAIMED)
    )
    return min((moment for moment in (push, retry) if moment is not None), default=None)


async def begin_sending(
    db: AsyncSession,
    user: int,
    day: date,
    now: datetime,
    *,
    account: int,
    model: str | None,
) -> bool:
    """Note that sending begins now; commit before sending.

    False when the digest is not claimed any more, or the reader paused since it was: then
    it must not be sent.
    """
    return (await begin_all(db, [Begun(user, day, now, account, model)]))[0]


async def begin_all(db: AsyncSession, sends: Sequence[Begun]) -> list[bool]:
    """Note that many sends begin; a handful of statements for all. See `begin_sending`."""
    # In the order of ids, so that two who wait for each other's readers never do so for ever.
    chosen = select(_users).where(_users.c.id.in_({send.user for send in sends}))
    readers = {
        row.id: user_of(row)
        for row in await db.execute(chosen.order_by(_users.c.id).with_for_update())
    }
    keys = tuple_(_outbox.c.user_id, _outbox.c.day)
    standing = select(_outbox.c.user_id, _outbox.c.day).where(
        keys.in_([(send.user, send.day) for send in sends]), _outbox.c.state == State.CLAIMED
    )
    ordered = standing.order_by(_outbox.c.user_id, _outbox.c.day).with_for_update()
    claimed = {(user, day) for user, day in await db.execute(ordered)}
    begun: list[bool] = []
    for send in sends:
        is_ours = (send.user, send.day) in claimed and send.user in readers
        claimed.discard((send.user, send.day))  # of two who would begin it only one may
        if is_ours and not is_wanted(readers[send.user], send.now):
            step = Step(send.now, "failed", "paused")
            failed: dict[str, Any] = {"state": State.FAILED, "reason": "paused"}
            await _set(db, send.user, send.day, [State.CLAIMED], step, **failed)
            is_ours = False
        begun.append(is_ours)
    await _set_all(
        db,
        [State.CLAIMED],
        {
            "state": State.SENDING,
            "account_id": bindparam("account"),
            "model": bindparam("version"),
            "attempts": _outbox.c.attempts + 1,
            "claimed_at": bindparam("moment"),
            "reason": None,
        },
        [
            {
                **_key(send.user, send.day, Step(send.now, "begun")),
                "account": send.account,
                "version": send.model,
                "moment": send.now,
            }
            for send, is_ours in zip(sends, begun, strict=True)
            if is_ours
        ],
    )
    return begun


async def finish(
    db: AsyncSession,
    user: int,
    day: date,
    state: State,
    now: datetime,
    *,
    reason: str | None = None,
    messages: Sequence[SentMessage] = (),
) -> None:
    """Note how it ended: sent, empty, failed or unknown.

    What was given up as unknown may still turn out to be sent; what is sent stays so.
    """
    await finish_all(db, [Ended(user, day, state, now, reason, tuple(messages))])


async def finish_all(db: AsyncSession, ended: Sequence[Ended]) -> list[None]:
    """Note how many digests ended, in one statement. See `finish`."""
    await _set_all(
        db,
        [State.CLAIMED, State.SENDING, State.UNKNOWN],
        {
            "state": bindparam("ends_as"),
            "reason": bindparam("why"),
            "sent_at": bindparam("moment"),
            "messages": bindparam("sent"),
        },
        [
            {
                **_key(one.user, one.day, Step(one.now, one.state.value, one.reason or "")),
                "ends_as": one.state,
                "why": one.reason,
                "moment": one.now if one.state is State.SENT else None,
                "sent": [{"chat": sent.chat, "message": sent.message} for sent in one.messages],
            }
            for one in ended
        ],
    )
    return [None] * len(ended)


def _key(user: int, day: date, step: Step) -> dict[str, Any]:
    return {"of": user, "for_day": day, "step": json.dumps(_document(step))}


async def _set_all(
    db: AsyncSession,
    states: Sequence[State],
    values: Mapping[str, Any],
    deliveries: Sequence[Mapping[str, Any]],
) -> None:
    """Change deliveries that are in one of these states, in the order of their readers.

    values: by column, with parameters that each of the deliveries gives; see `_key`.
    """
    if not deliveries:
        return
    changed = (
        update(_outbox)
        .where(
            _outbox.c.user_id == bindparam("of"),
            _outbox.c.day == bindparam("for_day"),
            or_(*(_outbox.c.state == state for state in states)),
        )
        .values({"next_try": None, "steps": _with(db, bindparam("step", type_=Text)), **values})
    )
    ordered = sorted(deliveries, key=lambda one: (one["of"], one["for_day"]))
    # On the connection: one executemany, where a session would look for entities to refresh.
    await (await db.connection()).execute(changed, ordered)


async def retry_at(
    db: AsyncSession,
    user: int,
    day: date,
    at: datetime,
    now: datetime,
    *,
    is_begun: bool,
    reason: str | None = None,
) -> None:
    """Let a digest that surely did not arrive be tried again from `at` on.

    is_begun: whether the caller had begun to send it. Who had not, and was slow, may find that
        another process has taken it over: that one's send is not to be repeated.
    """
    await _set(
        db,
        user,
        day,
        [State.SENDING, State.UNKNOWN] if is_begun else [State.CLAIMED],
        Step(now, f"put off until {at.astimezone(UTC):%H:%M:%S}", reason or ""),
        state=State.CLAIMED,
        next_try=at,
        reason=reason,
    )


async def _set(
    db: AsyncSession, user: int, day: date, states: Sequence[State], step: Step, **values: Any
) -> bool:
    """Change a delivery that is in one of these states; return whether it was."""
    changed = await db.scalar(
        update(_outbox)
        .where(_outbox.c.user_id == user, _outbox.c.day == day, _outbox.c.state.in_(states))
        .values({"next_try": None, "steps": _with_step(db, step), **values})
        .returning(_outbox.c.user_id)
    )
    return changed is not None


async def due_retries(db: AsyncSession, now: datetime, limit: int) -> list[Claimed]:
    """Claim digests whose moment to be tried again has come; commit before sending any."""
    rows = (
        await db.execute(
            select(_outbox)
            .where(_outbox.c.state == State.CLAIMED, _outbox.c.next_try <= now)
            .order_by(_outbox.c.next_try, _outbox.c.user_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    ).all()
    await _write(db, rows, Step(now, "claimed again"), claimed_at=now, next_try=None)
    people = await by_ids(db, {row.user_id for row in rows})
    return [Claimed(people[row.user_id], row.day, row.due, row.nonce, row.attempts) for row in rows]


async def recover(db: AsyncSession, now: datetime, older_than: timedelta) -> Recovered:
    """Take over what a dead process left behind for longer than `older_than`.

    Never begun: due again at once. Begun: unknown, and never sent again by itself.
    """
    rows = (
        await db.execute(
            select(_outbox)
            .where(
                or_(_outbox.c.state == State.SENDING, _outbox.c.state == State.CLAIMED),
                _outbox.c.next_try.is_(None),
                _outbox.c.claimed_at < now - older_than,
            )
            .order_by(_outbox.c.user_id, _outbox.c.day)
            .with_for_update(skip_locked=True)
        )
    ).all()
    never_begun = [row for row in rows if row.state == State.CLAIMED]
    begun = [row for row in rows if row.state == State.SENDING]
    await _write(db, never_begun, Step(now, "left by a process that died"), next_try=now)
    unknown = Step(now, "unknown", "interrupted")
    await _write(db, begun, unknown, state=State.UNKNOWN, reason="interrupted")
    return Recovered(len(never_begun), tuple((row.user_id, row.day) for row in begun))


async def give_back(db: AsyncSession, claimed: Sequence[Claimed], now: datetime) -> None:
    """Let digests that were claimed and not begun be claimed again, by anybody."""
    for some in blocks(claimed):
        chosen = tuple_(_outbox.c.user_id, _outbox.c.day).in_([(c.user.id, c.day) for c in some])
        await db.execute(
            update(_outbox)
            .where(chosen, _outbox.c.state == State.CLAIMED, _outbox.c.next_try.is_(None))
            .values(next_try=now, steps=_with_step(db, Step(now, "given back")))
        )


async def _write(db: AsyncSession, rows: Sequence[Row[Any]], step: Step, **values: Any) -> None:
    for some in blocks(rows):
        chosen = tuple_(_outbox.c.user_id, _outbox.c.day).in_([(r.user_id, r.day) for r in some])
        await db.execute(update(_outbox).where(chosen).values(**values, steps=_with_step(db, step)))


def _document(step: Step) -> dict[str, str]:
    return {"at": step.at.astimezone(UTC).isoformat(), "what": step.what, "why": step.why}


def _with_step(db: AsyncSession, step: Step) -> ColumnElement[Any]:
    """Return the steps of a delivery and one more, for an UPDATE that reads none of them."""
    return _with(db, literal(json.dumps(_document(step)), Text))


def _with(db: AsyncSession, more: ColumnElement[Any]) -> ColumnElement[Any]:
    if db.get_bind().dialect.name == "postgresql":
        joined = cast(_outbox.c.steps, JSONB).op("||")(cast(more, JSONB))
        return cast(joined, JSON)
    return func.json_insert(_outbox.c.steps, "$[#]", func.json(more))


async def counts(db: AsyncSession, day: date) -> list[Count]:
    """Return how the deliveries of a day stand, by platform, state and reason."""
    rows = await db.execute(
        select(_accounts.c.platform, _outbox.c.state, _outbox.c.reason, func.count())
        .outerjoin_from(_outbox, _accounts, _accounts.c.id == _outbox.c.account_id)
        .where(_outbox.c.day == day)
        .group_by(_accounts.c.platform, _outbox.c.state, _outbox.c.reason)
    )
    found = [Count(platform, State(state), reason, n) for platform, state, reason, n in rows]
    return sorted(found, key=lambda one: (one.platform or "", one.state, one.reason or ""))


async def of_day(db: AsyncSession, user: int, day: date) -> Delivery | None:
    """Return a reader's delivery for a local day."""
    chosen = select(_outbox).where(_outbox.c.user_id == user, _outbox.c.day == day)
    row = (await db.execute(chosen)).one_or_none()
    return None if row is None else _delivery(row)


async def last(db: AsyncSession, user: int) -> Delivery | None:
    """Return a reader's latest delivery."""
    chosen = select(_outbox).where(_outbox.c.user_id == user)
    row = (await db.execute(chosen.order_by(_outbox.c.day.desc()).limit(1))).one_or_none()
    return None if row is None else _delivery(row)


async def last_begun(db: AsyncSession, users: Collection[int]) -> dict[int, datetime]:
    """Return when the last digest of each of these readers that may have arrived was begun."""
    found: dict[int, datetime] = {}
    arrived = (State.SENT, State.EMPTY, State.UNKNOWN)
    for block in blocks(list(users)):
        chosen = (
            select(_outbox.c.user_id, func.max(_outbox.c.claimed_at).label("begun"))
            .where(_outbox.c.state.in_(arrived))
            .group_by(_outbox.c.user_id)
        )
        rows = await db.execute(of_each(db, chosen, _outbox.c.user_id, block))
        found |= {row.user_id: row.begun for row in rows}
    return found


async def papers_of(
    db: AsyncSession, user: int, day: date, place: Place = Place.DIGEST
) -> list[Impression]:
    """Return the impressions of a day's digest by rank; of one impressed twice, the last.

    place: `DIGEST` for what was pushed, `TODAY` for what was asked for before.
    """
    rows = await db.execute(
        select(_shown)
        .where(_shown.c.user_id == user, _shown.c.day == day, _shown.c.place == place)
        .order_by(_shown.c.id)
    )
    newest = {row.paper_id: impression_of(row) for row in rows}
    return sorted(newest.values(), key=lambda shown: shown.pick.rank if shown.pick else 0)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        user=row.user_id,
        day=row.day,
        due=row.due,
        state=State(row.state),
        reason=row.reason,
        account=row.account_id,
        claimed_at=row.claimed_at,
        sent_at=row.sent_at,
        next_try=row.next_try,
        attempts=row.attempts,
        nonce=row.nonce,
        messages=tuple(SentMessage(**sent) for sent in row.messages),
        steps=tuple(
            Step(datetime.fromisoformat(one["at"]), one["what"], one["why"]) for one in row.steps
        ),
        model=row.model,
    )
