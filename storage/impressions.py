"""What was shown to whom, where, at which rank and why: append-only, and also what is "seen"."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, case, cast, func, select
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.ext.asyncio import AsyncSession

from recommender.papers import PaperId
from recommender.picks import PartKind, Pick, ScorePart
from storage.database import append, blocks, of_each, table_of
from storage.tables import DeliveryRow, ImpressionRow, UserRow

_shown = table_of(ImpressionRow)
_users = table_of(UserRow)

# A card or a digest that was sent has two points, which make certain; one that ended unknown has
# one.
_POINTS = func.sum(
    case((DeliveryRow.state == "failed", 0), (DeliveryRow.state == "unknown", 1), else_=2)
)
_CERTAIN = 2

_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Columns = dict[str, Sequence[object]]


class Place(StrEnum):
    """Where a paper was shown. Only what we chose ourselves counts as seen."""

    CARD = "card"
    DIGEST = "digest"  # pushed at the reader's hour
    TODAY = "today"  # the digest of a day, asked for before it was pushed
    LOOKUP = "lookup"
    SIMILAR = "similar"
    SAVED = "saved"
    OPENED = "opened"  # alone, from a list in which it had been shown


CHOSEN = (Place.CARD, Place.DIGEST, Place.TODAY)
WITH_REASON = (*CHOSEN, Place.LOOKUP, Place.SIMILAR)
"""Where it is known why a paper is shown; elsewhere it is shown again."""


class NewImpression(NamedTuple):
    """A paper about to be shown. A tuple, as `ScorePart` is.

    day: of the delivery it belongs to. pick: None if asked for.
    """

    user: int
    account: int | None
    paper: PaperId
    shown_at: datetime
    place: Place
    pick: Pick | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Impression:
    """A paper as it was shown."""

    id: int
    user: int
    account: int | None
    paper: PaperId
    shown_at: datetime
    place: Place
    pick: Pick | None
    day: date | None


async def impress(
    db: AsyncSession, impressions: Sequence[NewImpression], columns: Columns | None = None
) -> list[int]:
    """Append impressions and return their ids, in the same order.

    columns: what `columns_of` makes of them, where it was made before the transaction began.
    """
    if not impressions:
        return []
    ids = await _free_ids(db, len(impressions))
    await append(db, ImpressionRow, {"id": ids, **(columns or columns_of(impressions))})
    return ids


def columns_of(impressions: Sequence[NewImpression]) -> Columns:
    """Return what is written of impressions, column by column, but for their ids."""
    picks = [new.pick for new in impressions]
    return {
        "user_id": [new.user for new in impressions],
        "account_id": [new.account for new in impressions],
        "paper_id": [new.paper for new in impressions],
        "shown_at": [new.shown_at for new in impressions],
        "place": [new.place.value for new in impressions],
        "day": [new.day for new in impressions],
        "rank": [pick.rank if pick else 0 for pick in picks],
        "score": [pick.score if pick else 0.0 for pick in picks],
        "parts": [_parts_text(pick.parts if pick else ()) for pick in picks],
        "propensity": [pick.propensity if pick else 1.0 for pick in picks],
        "is_exploring": [pick.is_exploring if pick else False for pick in picks],
        "model": [pick.model if pick else "" for pick in picks],
    }


async def _free_ids(db: AsyncSession, n: int) -> list[int]:
    """Return ids that nobody else will use."""
    if db.get_bind().dialect.name == "postgresql":
        # Found once and not for each number.
        sequence = select(cast(func.pg_get_serial_sequence("impressions", "id"), REGCLASS))
        numbers = func.generate_series(1, n).table_valued("number")
        drawn = select(func.nextval(sequence.scalar_subquery())).select_from(numbers)
        return list(await db.scalars(drawn))
    # This transaction has the one writer.
    first = (await db.scalar(select(func.max(_shown.c.id))) or 0) + 1
    return list(range(first, first + n))


def _parts_text(parts: Sequence[ScorePart]) -> str:
    """Return JSON. Put together by hand: a morning's digests have millions of parts."""
    said = [
        '{"kind":"'
        + kind
        + (
            f'","value":{value!r}{_words_text(words) if words else ""}}}'
            if paper is None
            else f'","value":{value!r},"paper":{paper}{_words_text(words) if words else ""}}}'
        )
        for kind, value, paper, words in parts
    ]
    return f"[{','.join(said)}]"


@lru_cache(maxsize=10_000)  # the same few words are named again and again
def _words_text(words: tuple[str, ...]) -> str:
    return f',"words":{_written(words)}'


async def impression(db: AsyncSession, impression: int, user: int) -> Impression | None:
    """Return an impression; None when there is none, or it is another reader's."""
    chosen = select(_shown).where(_shown.c.id == impression, _shown.c.user_id == user)
    row = (await db.execute(chosen)).one_or_none()
    return None if row is None else impression_of(row)


async def impressions(db: AsyncSession, ids: Collection[int]) -> dict[int, Impression]:
    """Return the impressions of these ids; unknown ids are left out."""
    found = {}
    for block in blocks(list(ids)):
        for row in await db.execute(select(_shown).where(_shown.c.id.in_(block))):
            found[row.id] = impression_of(row)
    return found


async def last_shown(
    db: AsyncSession, user: int, paper: PaperId | None = None, places: Collection[Place] = ()
) -> Impression | None:
    """Return what was shown to a reader last, of one paper or of any, in some places or any."""
    chosen = select(_shown).where(_shown.c.user_id == user)
    if paper is not None:
        chosen = chosen.where(_shown.c.paper_id == paper)
    if places:
        chosen = chosen.where(_shown.c.place.in_(places))
    row = (await db.execute(chosen.order_by(_shown.c.id.desc()).limit(1))).one_or_none()
    return None if row is None else impression_of(row)


def impression_of(row: Row[Any]) -> Impression:
    """Return the impression of a row of `impressions`."""
    pick = None
    if row.rank:
        pick = Pick(
            paper=PaperId(row.paper_id),
            rank=row.rank,
            score=row.score,
            parts=tuple(_part(document) for document in row.parts),
            is_exploring=row.is_exploring,
            propensity=row.propensity,
            model=row.model,
        )
    return Impression(
        id=row.id,
        user=row.user_id,
        account=row.account_id,
        paper=PaperId(row.paper_id),
        shown_at=row.shown_at,
        place=Place(row.place),
        pick=pick,
        day=row.day,
    )


def _part(document: dict[str, Any]) -> ScorePart:
    return ScorePart(
        kind=PartKind(document["kind"]),
        value=document["value"],
        paper=document.get("paper"),
        words=tuple(document.get("words", ())),
    )


async def seen(
    db: AsyncSession, users: Collection[int], since: datetime | None = None
) -> dict[int, frozenset[PaperId]]:
    """Return what each of these readers has seen as a card or in a digest.

    A digest that failed was not seen; one whose sending ended unknown counts from the
    second time on, so that its papers may return once (see `doubtful`).
    since: only what was shown from this moment on.
    """
    certain = _with_points().having(_POINTS >= _CERTAIN)
    if since is not None:
        certain = certain.where(_shown.c.shown_at >= since)
    found: dict[int, set[PaperId]] = {user: set() for user in users}
    for block in blocks(list(users)):
        for row in await db.execute(of_each(db, certain, _shown.c.user_id, block)):
            found[row.user_id].add(row.paper_id)
    return {user: frozenset(papers) for user, papers in found.items()}


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What became of picks while they were made.

    late: the readers who have by now seen one of the papers picked for them, or are gone.
    doubtful: (reader, paper) picked that may have been seen, see `doubtful`.
    """

    late: frozenset[int]
    doubtful: frozenset[tuple[int, PaperId]]


async def meanwhile(db: AsyncSession, picked: Mapping[int, Collection[PaperId]]) -> Meanwhile:
    """Return what became of the papers picked for each of these readers.

    Ask in the transaction that then shows them: until it ends nobody else who asks can show
    these readers anything, so no paper is shown twice.
    """
    late, in_doubt = set[int](), set[tuple[int, PaperId]]()
    for block in blocks(sorted(picked)):
        held = select(_users.c.id).order_by(_users.c.id).with_for_update(key_share=True)
        there = set(await db.scalars(of_each(db, held, _users.c.id, block)))
        late |= set(block) - there
        for row in await db.execute(_points_of(db, [(u, p) for u in block for p in picked[u]])):
            if row.points >= _CERTAIN:
                late.add(row.user_id)
            elif row.points:
                in_doubt.add((row.user_id, row.paper_id))
    return Meanwhile(frozenset(late), frozenset(in_doubt))


async def doubtful(
    db: AsyncSession, shown: Collection[tuple[int, PaperId]]
) -> frozenset[tuple[int, PaperId]]:
    """Return which (reader, paper) may have been seen: once, in a digest that ended unknown."""
    found = set[tuple[int, PaperId]]()
    for block in blocks(sorted(shown)):
        for row in await db.execute(_points_of(db, block)):
            if 0 < row.points < _CERTAIN:
                found.add((row.user_id, row.paper_id))
    return frozenset(found)


def _points_of(db: AsyncSession, shown: Sequence[tuple[int, PaperId]]) -> Select[Any]:
    """Return the points of every (reader, paper) of these that was shown."""
    key = (_shown.c.user_id, _shown.c.paper_id)
    return of_each(db, _with_points(_POINTS.label("points")), key, shown)


def _with_points(*more: ColumnElement[Any]) -> Select[Any]:
    """Return a row for each reader and paper that we chose for them; more: columns beside."""
    return (
        select(_shown.c.user_id, _shown.c.paper_id, *more)
        .outerjoin(
            DeliveryRow,
            (DeliveryRow.user_id == _shown.c.user_id)
            & (DeliveryRow.day == _shown.c.day)
            & (_shown.c.place == Place.DIGEST),
        )
        .where(_shown.c.place.in_(CHOSEN))
        .group_by(_shown.c.user_id, _shown.c.paper_id)
    )
