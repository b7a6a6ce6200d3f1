"""What was answered, and the opinion that stands; what was shown is in `impressions`.

The log is append-only; `feedback` holds what stands now and can be
rebuilt from the log. A repeated event changes nothing and gets the same answer.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, case, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from recommender.feedback import Dated, Feedback, Rating, Verdict
from recommender.papers import PaperId
from storage.database import blocks, insert_into, table_of
from storage.impressions import (
    Impression,
    NewImpression,
    Place,
    doubtful,
    impress,
    impression,
    last_shown,
    seen,
    seen_meanwhile,
)
from storage.tables import FeedbackLogRow, FeedbackRow, ImpressionRow, Moment, UserRow

# Callers find both sides of a tap here.
__all__ = [
    "Counts",
    "Impression",
    "NewImpression",
    "Place",
    "Recorded",
    "Undone",
    "counts",
    "dated_ratings",
    "doubtful",
    "impress",
    "impression",
    "last_shown",
    "opinion",
    "opinions",
    "ratings",
    "record",
    "saved",
    "seen",
    "seen_meanwhile",
    "standing",
    "undo",
]

_shown = table_of(ImpressionRow)
_standing = table_of(FeedbackRow)
_log = table_of(FeedbackLogRow)


@dataclass(frozen=True, slots=True)
class Recorded:
    """changed: False when the very same was already so. repeated: the event was known."""

    changed: bool
    before: Feedback
    after: Feedback
    repeated: bool


@dataclass(frozen=True, slots=True)
class Undone:
    """What stood before the undo, and what stands after it. repeated: the event was known."""

    paper: PaperId
    before: Feedback
    after: Feedback
    repeated: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """skips: every kind of skip (skip, off topic, known, not now)."""

    likes: int
    skips: int
    saved: int


@dataclass(frozen=True, slots=True)
class _Stand:
    """What stands, with the moment of the bookmark that an undo must bring back."""

    verdict: Verdict | None = None
    saved_at: datetime | None = None

    def of(self, paper: PaperId) -> Feedback:
        return Feedback(paper, self.verdict, self.saved_at is not None)


@dataclass(frozen=True, slots=True)
class _Change:
    """One row of the log about to be written."""

    user: int
    account: int
    event: str
    paper: PaperId
    impression: int | None
    before: _Stand
    after: _Stand
    at: datetime
    undoes: int | None = None


async def record(
    db: AsyncSession,
    user: int,
    account: int,
    event: str,
    paper: PaperId,
    impression: int | None,
    now: datetime,
    *,
    verdict: Verdict | None = None,
    save: bool | None = None,
) -> Recorded:
    """Let a verdict and/or a bookmark stand; None leaves that one as it is.

    Happens once for each (account, event). An impression that is not this reader's and
    this paper's is left out. The paper must exist.
    """
    await _take_turn(db, user)
    known = await _of_event(db, account, event)
    if known is not None:
        before, after = _stands(known)
        about = PaperId(known.paper_id)
        return Recorded(before != after, before.of(about), after.of(about), repeated=True)
    before = await _stand(db, user, paper)
    after = _Stand(verdict or before.verdict, _bookmark(before.saved_at, save, now))
    if after != before:
        shown = await _own_impression(db, impression, user, paper)
        await _write(db, _Change(user, account, event, paper, shown, before, after, now))
    return Recorded(after != before, before.of(paper), after.of(paper), repeated=False)


def _bookmark(saved_at: datetime | None, save: bool | None, now: datetime) -> datetime | None:
    if save is None:
        return saved_at
    return (saved_at or now) if save else None


async def undo(
    db: AsyncSession,
    user: int,
    account: int,
    event: str,
    now: datetime,
    paper: PaperId | None = None,
) -> Undone | None:
    """Take back the last change that stands, of one paper or of any; again walks further back.

    None when there is nothing to take back.
    """
    await _take_turn(db, user)
    known = await _of_event(db, account, event)
    if known is not None:
        before, after = _stands(known)
        about = PaperId(known.paper_id)
        return Undone(about, before.of(about), after.of(about), repeated=True)
    row = (await db.execute(_last_change(user, paper))).one_or_none()
    if row is None:
        return None
    about = PaperId(row.paper_id)
    restored, before = _stands(row)
    shown = row.impression_id
    await _write(db, _Change(user, account, event, about, shown, before, restored, now, row.id))
    return Undone(about, before.of(about), restored.of(about), repeated=False)


def _last_change(user: int, paper: PaperId | None) -> Select[Any]:
    taken_back = select(_log.c.undoes).where(_log.c.user_id == user, _log.c.undoes.is_not(None))
    chosen = select(_log).where(
        _log.c.user_id == user, _log.c.undoes.is_(None), _log.c.id.not_in(taken_back)
    )
    if paper is not None:
        chosen = chosen.where(_log.c.paper_id == paper)
    return chosen.order_by(_log.c.id.desc()).limit(1)


async def _take_turn(db: AsyncSession, user: int) -> None:
    """One change of a reader's opinions at a time: each knows exactly what stood before it."""
    await db.execute(select(UserRow.id).where(UserRow.id == user).with_for_update())


async def _of_event(db: AsyncSession, account: int, event: str) -> Row[Any] | None:
    known = await db.execute(
        select(_log).where(_log.c.account_id == account, _log.c.event == event)
    )
    return known.one_or_none()


def _stands(row: Row[Any]) -> tuple[_Stand, _Stand]:
    """Return what stood before and after a row of the log."""
    return (
        _Stand(_verdict(row.verdict_before), row.saved_before),
        _Stand(_verdict(row.verdict_after), row.saved_after),
    )


def _verdict(word: str | None) -> Verdict | None:
    return None if word is None else Verdict(word)


async def _stand(db: AsyncSession, user: int, paper: PaperId) -> _Stand:
    row = (
        await db.execute(
            select(_standing).where(_standing.c.user_id == user, _standing.c.paper_id == paper)
        )
    ).one_or_none()
    return _Stand() if row is None else _Stand(_verdict(row.verdict), row.saved_at)


async def _own_impression(
    db: AsyncSession, impression: int | None, user: int, paper: PaperId
) -> int | None:
    if impression is None:
        return None
    own = select(_shown.c.id).where(
        _shown.c.id == impression, _shown.c.user_id == user, _shown.c.paper_id == paper
    )
    return await db.scalar(own)


async def _write(db: AsyncSession, change: _Change) -> None:
    await db.execute(
        insert(_log).values(
            user_id=change.user,
            account_id=change.account,
            paper_id=change.paper,
            impression_id=change.impression,
            event=change.event,
            verdict_before=change.before.verdict,
            verdict_after=change.after.verdict,
            saved_before=change.before.saved_at,
            saved_after=change.after.saved_at,
            undoes=change.undoes,
            at=change.at,
        )
    )
    stands = {
        "account_id": change.account,
        "impression_id": change.impression,
        "verdict": change.after.verdict,
        "saved_at": change.after.saved_at,
        "at": change.at,
    }
    await db.execute(
        insert_into(db, FeedbackRow)
        .values(user_id=change.user, paper_id=change.paper, **stands)
        .on_conflict_do_update(index_elements=["user_id", "paper_id"], set_=stands)
    )


def _feedback(row: Any) -> Feedback:
    return Feedback(PaperId(row.paper_id), _verdict(row.verdict), row.saved_at is not None)


_says_something = or_(_standing.c.verdict.is_not(None), _standing.c.saved_at.is_not(None))


async def opinion(db: AsyncSession, user: int, paper: PaperId) -> Feedback:
    """Return what stands between a reader and a paper."""
    return (await _stand(db, user, paper)).of(paper)


async def opinions(
    db: AsyncSession, user: int, papers: Collection[PaperId]
) -> dict[PaperId, Feedback]:
    """Return what stands for each of these papers; where nothing does, a Feedback of None."""
    found = {paper: Feedback(paper, None) for paper in papers}
    for block in blocks(list(papers)):
        for row in await db.execute(
            select(_standing).where(_standing.c.user_id == user, _standing.c.paper_id.in_(block))
        ):
            found[PaperId(row.paper_id)] = _feedback(row)
    return found


async def standing(db: AsyncSession, users: Collection[int]) -> dict[int, tuple[Feedback, ...]]:
    """Return everything that stands for each of these readers, oldest first; () for none."""
    found: dict[int, list[Feedback]] = {user: [] for user in users}
    for block in blocks(list(users)):
        rows = await db.execute(
            select(
                _standing.c.user_id,
                _standing.c.paper_id,
                _standing.c.verdict,
                _standing.c.saved_at,
            )
            .where(_standing.c.user_id.in_(block), _says_something)
            .order_by(_standing.c.at, _standing.c.paper_id)
        )
        for row in rows:
            found[row.user_id].append(_feedback(row))
    return {user: tuple(mine) for user, mine in found.items()}


async def saved(
    db: AsyncSession, user: int, page: int, size: int = 10
) -> tuple[list[Feedback], int]:
    """Return a page (1 is the first) of bookmarks, newest first, and how many there are."""
    mine = (_standing.c.user_id == user) & _standing.c.saved_at.is_not(None)
    total = await db.scalar(select(func.count()).select_from(_standing).where(mine))
    rows = await db.execute(
        select(_standing)
        .where(mine)
        .order_by(_standing.c.saved_at.desc(), _standing.c.paper_id.desc())
        .offset(max(page - 1, 0) * size)
        .limit(size)
    )
    return [_feedback(row) for row in rows], total or 0


async def counts(db: AsyncSession, user: int) -> Counts:
    """Return how much stands for a reader."""
    row = (
        await db.execute(
            select(
                func.count(case((_standing.c.verdict == Verdict.LIKE, 1))),
                func.count(_standing.c.verdict),
                func.count(_standing.c.saved_at),
            ).where(_standing.c.user_id == user)
        )
    ).one()
    likes, verdicts, bookmarks = row
    return Counts(likes, verdicts - likes, bookmarks)


async def ratings(db: AsyncSession) -> Sequence[Rating]:
    """Return everything that stands for everybody, read in blocks; for training."""
    rows = await db.stream(
        select(_standing.c.user_id, _standing.c.paper_id, _standing.c.verdict, _standing.c.saved_at)
        .where(_says_something)
        .order_by(_standing.c.user_id, _standing.c.paper_id)
        .execution_options(yield_per=10_000)
    )
    return [Rating(row.user_id, _feedback(row)) async for row in rows]


async def dated_ratings(db: AsyncSession) -> Sequence[Dated]:
    """Return everything that stands for everybody, and since when something has stood.

    By the log, not by the moment of the opinion: a like that became a bookmark as well is as
    old as the like. Read in blocks; for training.
    """
    first = (
        select(_log.c.user_id, _log.c.paper_id, func.min(_log.c.at).label("first"))
        .group_by(_log.c.user_id, _log.c.paper_id)
        .subquery()
    )
    rows = await db.stream(
        select(
            _standing.c.user_id,
            _standing.c.paper_id,
            _standing.c.verdict,
            _standing.c.saved_at,
            func.coalesce(first.c.first, _standing.c.at, type_=Moment()).label("first"),
        )
        .outerjoin(
            first,
            (first.c.user_id == _standing.c.user_id) & (first.c.paper_id == _standing.c.paper_id),
        )
        .where(_says_something)
        .order_by(_standing.c.user_id, _standing.c.paper_id)
        .execution_options(yield_per=10_000)
    )
    return [Dated(Rating(row.user_id, _feedback(row)), row.first) async for row in rows]
