"""Where each source stands, and when anybody may ask it next.

One polite client for all of a service: its next permitted moment is kept in the database,
so that all processes of an installation share it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import insert_into, table_of
from storage.tables import SourceRow

_sources = table_of(SourceRow)


@dataclass(frozen=True, slots=True)
class SourceState:
    """Where a source stands; all None for one never asked."""

    name: str
    watermark: str | None = None
    etag: str | None = None
    last_success: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    next_try: datetime | None = None
    next_allowed: datetime | None = None


async def source_state(db: AsyncSession, name: str) -> SourceState:
    """Return where a source stands."""
    row = (await db.execute(select(_sources).where(_sources.c.name == name))).one_or_none()
    return SourceState(name) if row is None else _state(row)


async def source_states(db: AsyncSession) -> list[SourceState]:
    """Return where every source stands that ever answered or failed, by name."""
    asked = or_(_sources.c.last_success.is_not(None), _sources.c.last_error_at.is_not(None))
    rows = await db.execute(select(_sources).where(asked).order_by(_sources.c.name))
    return [_state(row) for row in rows]


def _state(row: Row[Any]) -> SourceState:
    return SourceState(
        name=row.name,
        watermark=row.watermark,
        etag=row.etag,
        last_success=row.last_success,
        last_error=row.last_error,
        last_error_at=row.last_error_at,
        next_try=row.next_try,
        next_allowed=row.next_allowed,
    )


async def note_success(
    db: AsyncSession,
    name: str,
    now: datetime,
    *,
    watermark: str | None = None,
    etag: str | None = None,
    next_try: datetime | None = None,
) -> bool:
    """Note that a source answered, which clears its error; return whether it was failing.

    watermark, etag: None leaves the one that stands. A watermark never moves back.
    """
    before = await _held(db, name)
    await _set(
        db,
        name,
        watermark=max(watermark or "", before.watermark or "") or None,
        etag=etag or before.etag,
        last_success=now,
        last_error=None,
        next_try=next_try,
    )
    return before.last_error is not None


async def note_failure(
    db: AsyncSession, name: str, error: str, now: datetime, next_try: datetime | None = None
) -> bool:
    """Note a source's failure; return whether it is a new one, to be logged once."""
    before = await _held(db, name)
    await _set(db, name, last_error=error, last_error_at=now, next_try=next_try)
    return before.last_error != error


async def ask_anew(db: AsyncSession, name: str) -> None:
    """Let a source be asked now, and for all that it has: what is wanted of it has changed."""
    await _held(db, name)
    await _set(db, name, etag=None, next_try=None)


async def reserve(db: AsyncSession, service: str, now: datetime, gap: timedelta) -> datetime:
    """Book a service's next permitted moment for one request; return when the caller may go.

    Over all processes no two bookings of a service are closer than `gap`. A booking is
    kept even when it is not used. Commit before the request.
    """
    state = await _held(db, service)
    moment = max(now, state.next_allowed or now)
    await _set(db, service, next_allowed=moment + gap)
    return moment


async def silence(db: AsyncSession, service: str, until: datetime) -> None:
    """Let nobody ask a service before `until`; a longer silence that stands is kept."""
    state = await _held(db, service)
    await _set(db, service, next_allowed=max(until, state.next_allowed or until))


async def _held(db: AsyncSession, name: str) -> SourceState:
    """Return where a source stands, and let nobody else change it in the meantime."""
    new = insert_into(db, SourceRow).values(name=name)
    await db.execute(new.on_conflict_do_nothing(index_elements=["name"]))
    held = select(_sources).where(_sources.c.name == name).with_for_update()
    return _state((await db.execute(held)).one())


async def _set(db: AsyncSession, name: str, **values: Any) -> None:
    await db.execute(update(_sources).where(_sources.c.name == name).values(**values))
