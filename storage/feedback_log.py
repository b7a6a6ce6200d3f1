"""What was answered, and the opinion that stands; what was shown is in `impressions`.

The log is append-only; `feedback` holds what stands now and can be
rebuilt from the log. A repeated event changes nothing and gets the same answer.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, case, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from recommender.feedback import Dated, Feedback, Rating, Verdict
from recommender.papers import PaperId
from storage.database import blocks, insert_into, of_each, table_of
from storage.impressions import (
    WITH_REASON,
    Columns,
    Impression,
    Meanwhile,
    NewImpression,
    Place,
    columns_of,
    doubtful,
    impress,
    impression,
    impressions,
    last_shown,
    meanwhile,
    seen,
)
from storage.tables import FeedbackLogRow, FeedbackRow, ImpressionRow, Moment, UserRow

# Callers find both sides of a tap here.
__all__ = [
    "WITH_REASON",
    "Columns",
    "Counts",
    "Impression",
    "Meanwhile",
    "NewImpression",
    "Place",
    "Recorded",
    "Tap",
    "Undone",
    "columns_of",
    "counts",
    "dated_ratings",
    "doubtful",
    "impress",
    "impression",
    "impressions",
    "last_shown",
    "let_stand",
    "meanwhile",
    "opinion",
    "opinions",
    "opinions_of",
    "ratings",
    "record",
    "record_all",
    "saved",
    "seen",
    "standing",
    "undo",
    "undo_all",
]

_shown = table_of(ImpressionRow)
_standing = table_of(FeedbackRow)
_log = table_of(FeedbackLogRow)
_users = table_of(UserRow)
_ABOUT = (_standing.c.user_id, _standing.c.paper_id)


_VERDICTS: dict[str | None, Verdict | None] = {None: None, **{v.value: v for v in Verdict}}


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
    """skips: every kind of skip (skip, off topic, known, not now).

    taught: papers that say what more is wanted of: liked, known, or saved and not off topic.
    """

    likes: int
    skips: int
    saved: int
    taught: int


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


@dataclass(frozen=True, slots=True)
class Tap:
    """What `record` is told; one at a time or, through `record_all`, many."""

    user: int
    account: int
    event: str
    paper: PaperId
    impression: int | None
    at: datetime
    verdict: Verdict | None = None
    save: bool | None = None


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
    tap = Tap(user, account, event, paper, impression, now, verdict, save)
    return (await record_all(db, [tap]))[0]


async def record_all(db: AsyncSession, taps: Sequence[Tap]) -> list[Recorded]:
    """Record many taps as if one came after the other; a handful of statements for all.

    Every reader and paper must exist: else IntegrityError, and nothing of it is to be kept.
    """
    await _take_turns(db, {tap.user for tap in taps})
    known = await _of_events(db, taps)
    stands = await _standing_of(db, taps)
    own = await _own_impressions(db, taps)
    recorded, changes = list[Recorded](), list[_Change]()
    for tap in taps:
        if repeated := known.get((tap.account, tap.event)):
            recorded.append(repeated)
            continue
        before = stands.get((tap.user, tap.paper), _Stand())
        after = _Stand(tap.verdict or before.verdict, _bookmark(before.saved_at, tap.save, tap.at))
        is_changed = after != before
        recorded.append(Recorded(is_changed, before.of(tap.paper), after.of(tap.paper), False))
        if is_changed:
            stands[tap.user, tap.paper] = after
            known[tap.account, tap.event] = replace(recorded[-1], repeated=True)
            shown = tap.impression if (tap.impression, tap.user, tap.paper) in own else None
            changes.append(
                _Change(tap.user, tap.account, tap.event, tap.paper, shown, before, after, tap.at)
            )
    await _write_all(db, changes)
    return recorded


async def let_stand(
    db: AsyncSession,
    user: int,
    account: int,
    event: str,
    paper: PaperId,
    impression: int | None,
    now: datetime,
    verdict: Verdict | None,
) -> None:
    """Let this verdict stand, or none at all; a bookmark stays. Once for each (account, event).

    impression: must be this reader's and this paper's.
    """
    await _take_turns(db, [user])
    if await _of_event(db, account, event) is not None:
        return
    before = await _stand(db, user, paper)
    after = replace(before, verdict=verdict)
    if after != before:
        await _write_all(db, [_Change(user, account, event, paper, impression, before, after, now)])


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
    await _take_turns(db, [user])
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
    change = _Change(user, account, event, about, shown, before, restored, now, row.id)
    await _write_all(db, [change])
    return Undone(about, before.of(about), restored.of(about), repeated=False)


async def undo_all(
    db: AsyncSession, user: int, account: int, event: str, now: datetime, begun_with: str
) -> int:
    """Take back every verdict of a reader's whose event begins so; return how many there were.

    What was said of a paper since then stands, a bookmark too.
    """
    await _take_turns(db, [user])
    taken_back = select(_log.c.undoes).where(_log.c.user_id == user, _log.c.undoes.is_not(None))
    rows = await db.execute(
        select(_log)
        .where(
            _log.c.user_id == user,
            _log.c.event.startswith(begun_with, autoescape=True),
            _log.c.undoes.is_(None),
            _log.c.id.not_in(taken_back),
        )
        .order_by(_log.c.id)
    )
    changes = list[_Change]()
    for number, row in enumerate(rows.all()):
        about, (restored, said) = PaperId(row.paper_id), _stands(row)
        stands = await _stand(db, user, about)
        if stands.verdict is not said.verdict:
            continue
        after, shown = replace(stands, verdict=restored.verdict), row.impression_id
        changes.append(
            _Change(user, account, f"{event}.{number}", about, shown, stands, after, now, row.id)
        )
    await _write_all(db, changes)
    return len(changes)


def _last_change(user: int, paper: PaperId | None) -> Select[Any]:
    taken_back = select(_log.c.undoes).where(_log.c.user_id == user, _log.c.undoes.is_not(None))
    chosen = select(_log).where(
        _log.c.user_id == user, _log.c.undoes.is_(None), _log.c.id.not_in(taken_back)
    )
    if paper is not None:
        chosen = chosen.where(_log.c.paper_id == paper)
    return chosen.order_by(_log.c.id.desc()).limit(1)


async def _take_turns(db: AsyncSession, users: Collection[int]) -> None:
    """One change of a reader's opinions at a time: each knows exactly what stood before it.

    In the order of ids, so that two who wait for each other's readers never do so for ever.
    """
    if db.get_bind().dialect.name == "sqlite":
        return  # whoever writes is alone
    held = select(_users.c.id).order_by(_users.c.id).with_for_update(key_share=True)
    await db.execute(of_each(db, held, _users.c.id, sorted(users)))


async def _of_event(db: AsyncSession, account: int, event: str) -> Row[Any] | None:
    known = await db.execute(
        select(_log).where(_log.c.account_id == account, _log.c.event == event)
    )
    return known.one_or_none()


async def _of_events(db: AsyncSession, taps: Sequence[Tap]) -> dict[tuple[int, str], Recorded]:
    """Return what the events among these that are known have done, by account and event."""
    key, events = (_log.c.account_id, _log.c.event), {(tap.account, tap.event) for tap in taps}
    found = {}
    for row in await db.execute(of_each(db, select(_log), key, sorted(events))):
        before, after = _stands(row)
        about = PaperId(row.paper_id)
        found[row.account_id, row.event] = Recorded(
            before != after, before.of(about), after.of(about), repeated=True
        )
    return found


def _stands(row: Row[Any]) -> tuple[_Stand, _Stand]:
    """Return what stood before and after a row of the log."""
    return (
        _Stand(_verdict(row.verdict_before), row.saved_before),
        _Stand(_verdict(row.verdict_after), row.saved_after),
    )


def _verdict(word: str | None) -> Verdict | None:
    return _VERDICTS[word]


async def _stand(db: AsyncSession, user: int, paper: PaperId) -> _Stand:
    row = (
        await db.execute(
            select(_standing).where(_standing.c.user_id == user, _standing.c.paper_id == paper)
        )
    ).one_or_none()
    return _Stand() if row is None else _Stand(_verdict(row.verdict), row.saved_at)


async def _standing_of(db: AsyncSession, taps: Sequence[Tap]) -> dict[tuple[int, PaperId], _Stand]:
    about = sorted({(tap.user, tap.paper) for tap in taps})
    return {
        (row.user_id, PaperId(row.paper_id)): _Stand(_verdict(row.verdict), row.saved_at)
        for row in await db.execute(of_each(db, select(_standing), _ABOUT, about))
    }


async def _own_impressions(
    db: AsyncSession, taps: Sequence[Tap]
) -> set[tuple[int | None, int, int]]:
    """Return (impression, user, paper) of those impressions that are there."""
    named = {tap.impression for tap in taps if tap.impression is not None}
    if not named:
        return set()
    chosen = select(_shown.c.id, _shown.c.user_id, _shown.c.paper_id)
    rows = await db.execute(of_each(db, chosen, _shown.c.id, sorted(named)))
    return {(impression, user, paper) for impression, user, paper in rows}


async def _write_all(db: AsyncSession, changes: Sequence[_Change]) -> None:
    """Append to the log in order; of each reader and paper only the last opinion stands."""
    if not changes:
        return
    await db.execute(
        insert(_log),
        [
            {
                "user_id": change.user,
                "account_id": change.account,
                "paper_id": change.paper,
                "impression_id": change.impression,
                "event": change.event,
                "verdict_before": change.before.verdict,
                "verdict_after": change.after.verdict,
                "saved_before": change.before.saved_at,
                "saved_after": change.after.saved_at,
                "undoes": change.undoes,
                "at": change.at,
            }
            for change in changes
        ],
    )
    last = {(change.user, change.paper): change for change in changes}
    upsert = insert_into(db, FeedbackRow)
    columns = ("account_id", "impression_id", "verdict", "saved_at", "at")
    await db.execute(
        upsert.on_conflict_do_update(
            index_elements=["user_id", "paper_id"],
            set_={name: upsert.excluded[name] for name in columns},
        ),
        [
            {
                "user_id": change.user,
                "paper_id": change.paper,
                "account_id": change.account,
                "impression_id": change.impression,
                "verdict": change.after.verdict,
                "saved_at": change.after.saved_at,
                "at": change.at,
            }
            for change in last.values()
        ],
    )


def _feedback(row: Any) -> Feedback:
    return Feedback(PaperId(row.paper_id), _verdict(row.verdict), row.saved_at is not None)


_teaches = or_(  # as `recommender.taste.liking` has it
    _standing.c.verdict.in_([Verdict.LIKE, Verdict.KNOWN]),
    _standing.c.saved_at.is_not(None)
    & (_standing.c.verdict.is_(None) | (_standing.c.verdict != Verdict.OFF_TOPIC)),
)
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


async def opinions_of(
    db: AsyncSession, asked: Collection[tuple[int, PaperId]]
) -> dict[tuple[int, PaperId], Feedback]:
    """Return what stands of each (reader, paper); where nothing does, a Feedback of None."""
    found = {(user, paper): Feedback(paper, None) for user, paper in asked}
    for block in blocks(sorted(found)):
        rows = await db.execute(of_each(db, select(_standing), _ABOUT, block))
        found |= {(row.user_id, PaperId(row.paper_id)): _feedback(row) for row in rows}
    return found


async def standing(db: AsyncSession, users: Collection[int]) -> dict[int, tuple[Feedback, ...]]:
    """Return everything that stands for each of these readers, oldest first; () for none."""
    found: dict[int, list[Feedback]] = {user: [] for user in users}
    for block in blocks(list(users)):
        chosen = (
            select(
                _standing.c.user_id,
                _standing.c.paper_id,
                _standing.c.verdict,
                _standing.c.saved_at.is_not(None).label("is_saved"),
            )
            .where(_says_something)
            .order_by(_standing.c.at, _standing.c.paper_id)
        )
        rows = await db.execute(of_each(db, chosen, _standing.c.user_id, block))
        for (
            user,
            paper,
            verdict,
            is_saved,
        ) in rows.all():  # fetched one by one they take twice as long
            found[user].append(Feedback(PaperId(paper), _VERDICTS[verdict], bool(is_saved)))
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
                func.count(case((_teaches, 1))),
            ).where(_standing.c.user_id == user)
        )
    ).one()
    likes, verdicts, bookmarks, taught = row
    return Counts(likes, verdicts - likes, bookmarks, taught)


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
