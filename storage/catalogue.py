"""The catalogue: one paper for each key, whatever version or source it came from.

`merging` decides what stands, `full_text` finds by words, `trending` by votes, `source_states`
knows the sources; callers find all of it here.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, case, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from recommender.papers import Link, Paper, PaperId
from storage.database import blocks, one_at_a_time, table_of
from storage.full_text import (
    authors_like,
    by_author,
    by_title,
    search,
    spelled,
    titled_exactly,
    titled_like,
)
from storage.merging import NewPaper, first, merged, storable
from storage.source_states import (
    SourceState,
    ask_anew,
    note_failure,
    note_success,
    reserve,
    silence,
    source_state,
    source_states,
)
from storage.tables import PaperRow
from storage.trending import Trend, trending

__all__ = [
    "START",
    "CatalogueSummary",
    "Cursor",
    "NewPaper",
    "SourceState",
    "TakenIn",
    "Trend",
    "ask_anew",
    "authors_like",
    "by_author",
    "by_keys",
    "by_title",
    "changed_since",
    "named",
    "newest_first_seen",
    "note_failure",
    "note_success",
    "papers",
    "reserve",
    "search",
    "silence",
    "source_state",
    "source_states",
    "spelled",
    "summary",
    "take_in",
    "titled_exactly",
    "titled_like",
    "trending",
]

Cursor = tuple[datetime, PaperId]
"""How far a follower of the catalogue has read."""

START: Cursor = (datetime(1970, 1, 1, tzinfo=UTC), PaperId(0))
"""Before anything."""

_DOI = "doi:"
_papers = table_of(PaperRow)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of what a source handed over."""

    new: tuple[PaperId, ...] = ()
    updated: tuple[PaperId, ...] = ()
    unchanged: tuple[PaperId, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogueSummary:
    """papers: all, samples included. real: without samples. Days and moments of real papers."""

    papers: int
    real: int
    newest_day: date | None
    newest_first_seen: datetime | None


async def take_in(db: AsyncSession, papers: Sequence[NewPaper], now: datetime) -> TakenIn:
    """Store what a source handed over; handing it over again changes nothing.

    The same paper may be there more than once; the order within a key counts. What `merged`
    says stands. `first_seen` is when the paper, not its sample, was met first.
    """
    await one_at_a_time(db, "catalogue")
    news = [storable(paper) for paper in papers]
    had = await by_keys(db, [paper.key for paper in news])
    stand = dict(had)
    for new in news:
        have = stand.get(new.key)
        stand[new.key] = first(new) if have is None else merged(have, new)
    moment = await _after_all_changes(db, now)
    added = await _add([p for p in stand.values() if p.key not in had], now, moment, db)
    updated = [p for p in stand.values() if p.key in had and p != had[p.key]]
    await _update(db, updated, had, now, moment)
    same = [p.id for p in stand.values() if p.key in had and p == had[p.key]]
    return TakenIn(tuple(added), tuple(p.id for p in updated), tuple(same))


async def _after_all_changes(db: AsyncSession, now: datetime) -> datetime:
    """Return a moment after every stored change, whatever the clocks of processes say.

    Together with one taking-in at a time this lets a follower miss nothing.
    """
    last = await db.scalar(select(func.max(PaperRow.changed)))
    return now if last is None else max(now, last + timedelta(microseconds=1))


async def _add(
    papers: Sequence[Paper], now: datetime, moment: datetime, db: AsyncSession
) -> list[PaperId]:
    if not papers:
        return []
    rows = [{**_values(paper), "first_seen": now, "changed": moment} for paper in papers]
    ids = await db.execute(insert(_papers).returning(_papers.c.id, _papers.c.key), rows)
    by_key = {row.key: PaperId(row.id) for row in ids}
    return [by_key[paper.key] for paper in papers]


async def _update(
    db: AsyncSession,
    papers: Sequence[Paper],
    had: dict[str, Paper],
    now: datetime,
    moment: datetime,
) -> None:
    if not papers:
        return
    rows = [{**_values(paper), "of": paper.id, "changed": moment} for paper in papers]
    # On the connection: one executemany, where a session would look for entities to refresh.
    await (await db.connection()).execute(
        update(_papers).where(_papers.c.id == bindparam("of")), rows
    )
    met = [p.id for p in papers if had[p.key].is_sample and not p.is_sample]
    for block in blocks(met):
        await db.execute(update(_papers).where(_papers.c.id.in_(block)).values(first_seen=now))


def _values(paper: Paper) -> dict[str, Any]:
    values = asdict(paper)
    del values["id"]
    return values | {
        "authors": list(paper.authors),
        "categories": list(paper.categories),
        "links": [asdict(link) for link in paper.links],
    }


def _paper(row: Row[Any]) -> Paper:
    return Paper(
        id=PaperId(row.id),
        key=row.key,
        title=row.title,
        abstract=row.abstract,
        authors=tuple(row.authors),
        categories=tuple(row.categories),
        announced=row.announced,
        published=row.published,
        version=row.version,
        comment=row.comment,
        journal_ref=row.journal_ref,
        doi=row.doi,
        links=tuple(Link(**link) for link in row.links),
        upvotes=row.upvotes,
        is_withdrawn=row.is_withdrawn,
        is_sample=row.is_sample,
    )


async def papers(db: AsyncSession, ids: Collection[PaperId]) -> dict[PaperId, Paper]:
    """Return the papers of these ids, in the order asked for; unknown ids are left out."""
    found = {}
    for block in blocks(list(ids)):
        for row in await db.execute(select(_papers).where(_papers.c.id.in_(block))):
            found[PaperId(row.id)] = _paper(row)
    return {paper: found[paper] for paper in ids if paper in found}


async def by_keys(db: AsyncSession, keys: Collection[str]) -> dict[str, Paper]:
    """Return the papers of these keys (`arxiv:2301.12652`), in the order asked for.

    Unknown keys are left out.
    """
    found = {}
    for block in blocks(list(keys)):
        for row in await db.execute(select(_papers).where(_papers.c.key.in_(block))):
            found[str(row.key)] = _paper(row)
    return {key: found[key] for key in keys if key in found}


async def named(db: AsyncSession, keys: Collection[str]) -> dict[str, Paper]:
    """Return the papers that people mean by these keys: by their own, or by the DOI they have.

    In the order asked for; unknown keys are left out. Of two with one DOI the first met is meant.
    """
    found = await by_keys(db, keys)
    dois = [key[len(_DOI) :] for key in keys if key.startswith(_DOI) and key not in found]
    for block in blocks(dois):
        chosen = select(_papers).where(_papers.c.doi.in_(block)).order_by(_papers.c.id)
        for row in await db.execute(chosen):
            found.setdefault(f"{_DOI}{row.doi}", _paper(row))
    return {key: found[key] for key in keys if key in found}


async def changed_since(
    db: AsyncSession, after: Cursor, limit: int = 1000
) -> list[tuple[Paper, Cursor]]:
    """Return papers new or changed behind the cursor, oldest change first; none is ever missed.

    A paper that changes between two calls comes again.
    """
    moment, paper = after
    rows = await db.execute(
        select(_papers)
        .where(
            _papers.c.changed >= moment,
            tuple_(_papers.c.changed, _papers.c.id) > tuple_(moment, int(paper)),
        )
        .order_by(_papers.c.changed, _papers.c.id)
        .limit(limit)
    )
    return [(_paper(row), (row.changed, PaperId(row.id))) for row in rows]


async def categories_of_newest(db: AsyncSession, days: int) -> dict[PaperId, tuple[str, ...]]:
    """Return the categories of the papers of the newest so many announcement days.

    Those of the sample are there as well.
    """
    announced = select(_papers.c.announced).where(_papers.c.is_sample.is_(False)).distinct()
    newest = announced.order_by(_papers.c.announced.desc()).limit(days)
    rows = await db.execute(
        select(_papers.c.id, _papers.c.categories).where(
            _papers.c.announced.in_(newest) | _papers.c.is_sample
        )
    )
    return {PaperId(row.id): tuple(row.categories) for row in rows}


async def newest_first_seen(db: AsyncSession) -> datetime | None:
    """Return when a real paper was met last; None while there is none."""
    met = select(func.max(_papers.c.first_seen)).where(_papers.c.is_sample.is_(False))
    newest: datetime | None = await db.scalar(met)
    return newest


async def summary(db: AsyncSession) -> CatalogueSummary:
    """Return what /status tells of the catalogue."""

    def of_real(column: Any) -> Any:
        return case((_papers.c.is_sample.is_(False), column))

    row = (
        await db.execute(
            select(
                func.count(),
                func.count(of_real(_papers.c.id)),
                func.max(of_real(_papers.c.announced)),
                func.max(of_real(_papers.c.first_seen)),
            ).select_from(_papers)
        )
    ).one()
    return CatalogueSummary(*row)
