"""How much of the outbox waits, counted for operators."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import table_of
from storage.deliveries import State
from storage.tables import DeliveryRow, UserRow

_users = table_of(UserRow)
_outbox = table_of(DeliveryRow)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Digests that have not ended.

    due: their moment has come and nobody has claimed them. claimed: a process has them.
    put_off: they are tried again later. sending: on their way.
    """

    due: int
    claimed: int
    put_off: int
    sending: int


async def waiting(db: AsyncSession, now: datetime) -> Waiting:
    """Return how many digests wait; by indexes, so it may be asked every few seconds."""
    due = await db.scalar(
        select(func.count()).select_from(_users).where(_users.c.next_push_at <= now)
    )
    kind = case(
        (_outbox.c.state == State.SENDING, "sending"),
        (_outbox.c.next_try.is_not(None), "put_off"),
        else_="claimed",
    ).label("kind")
    rows = await db.execute(
        select(kind, func.count().label("n"))
        .where(_outbox.c.state.in_([State.CLAIMED, State.SENDING]))
        .group_by(kind)
    )
    counted = {row.kind: row.n for row in rows}
    return Waiting(
        due or 0,
        counted.get("claimed", 0),
        counted.get("put_off", 0),
        counted.get("sending", 0),
    )
