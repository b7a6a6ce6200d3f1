"""What a reader looks back on: what was shown and said, what they saved, and their notes."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from recommender.feedback import Verdict
from recommender.papers import PaperId
from storage.database import blocks, insert_into, table_of
from storage.impressions import Place
from storage.tables import FeedbackLogRow, FeedbackRow, ImpressionRow, NoteRow

LONGEST_NOTE = 1000  # characters

_TAG = re.compile(r"(?<!\w)#[\w-]{1,30}")
_shown = table_of(ImpressionRow)
_standing = table_of(FeedbackRow)
_log = table_of(FeedbackLogRow)
_notes = table_of(NoteRow)
_OPENED = (Place.CARD, Place.LOOKUP, Place.SAVED, Place.OPENED)  # one paper alone


@dataclass(frozen=True, slots=True)
class Kept:
    """A paper on which an opinion stands. saved_at: None where it is not saved."""

    paper: PaperId
    verdict: Verdict | None
    saved_at: datetime | None
    at: datetime


async def history(
    db: AsyncSession, user: int, page: int, size: int = 10
) -> tuple[list[PaperId], int]:
    """Return a page (1 is the first) of papers shown or spoken of, newest first, and how many."""
    seen = union_all(
        select(_shown.c.paper_id, _shown.c.shown_at.label("at")).where(_shown.c.user_id == user),
        select(_log.c.paper_id, _log.c.at).where(_log.c.user_id == user),
    ).subquery()
    papers = (
        select(seen.c.paper_id, func.max(seen.c.at).label("last"))
        .group_by(seen.c.paper_id)
        .subquery()
    )
    total = await db.scalar(select(func.count()).select_from(papers))
    rows = await db.scalars(
        select(papers.c.paper_id)
        .order_by(papers.c.last.desc(), papers.c.paper_id.desc())
        .offset(max(page - 1, 0) * size)
        .limit(size)
    )
    return [PaperId(paper) for paper in rows], total or 0


async def last_opened(db: AsyncSession, user: int) -> PaperId | None:
    """Return the paper that a reader saw alone, or spoke of, last."""
    shown = await db.execute(
        select(_shown.c.paper_id, _shown.c.shown_at)
        .where(_shown.c.user_id == user, _shown.c.place.in_([place.value for place in _OPENED]))
        .order_by(_shown.c.id.desc())
        .limit(1)
    )
    said = await db.execute(
        select(_log.c.paper_id, _log.c.at)
        .where(_log.c.user_id == user)
        .order_by(_log.c.id.desc())
        .limit(1)
    )
    # A tap on the card that came last is of the same moment or later.
    found = sorted([*shown, *said], key=lambda row: row[1])
    return PaperId(found[-1].paper_id) if found else None


async def kept(db: AsyncSession, user: int, *, only_saved: bool) -> list[Kept]:
    """Return every paper on which an opinion of a reader's stands, newest first."""
    chosen = select(_standing).where(_standing.c.user_id == user)
    if only_saved:
        chosen = chosen.where(_standing.c.saved_at.is_not(None))
    newest = func.coalesce(_standing.c.saved_at, _standing.c.at)
    rows = await db.execute(chosen.order_by(newest.desc(), _standing.c.paper_id.desc()))
    return [
        Kept(PaperId(r.paper_id), Verdict(r.verdict) if r.verdict else None, r.saved_at, r.at)
        for r in rows
        if r.verdict or r.saved_at
    ]


async def write_note(
    db: AsyncSession, user: int, account: int, paper: PaperId, text: str, now: datetime
) -> None:
    """Let a note stand on a paper, in place of the one before; empty takes it away.

    text: at most LONGEST_NOTE characters.
    """
    if not text:
        await db.execute(delete(_notes).where(_notes.c.user_id == user, _notes.c.paper_id == paper))
        return
    stands = {"account_id": account, "text": text, "at": now}
    await db.execute(
        insert_into(db, NoteRow)
        .values(user_id=user, paper_id=paper, **stands)
        .on_conflict_do_update(index_elements=["user_id", "paper_id"], set_=stands)
    )


def tags_in(note: str) -> list[str]:
    """Return the tags of a note, such as `#reading-group`, without case, each once."""
    return list(dict.fromkeys(tag.casefold() for tag in _TAG.findall(note)))


async def tags(db: AsyncSession, user: int) -> list[str]:
    """Return the tags in the notes on a reader's saved papers, those of most papers first."""
    rows = await db.scalars(
        select(_notes.c.text)
        .join(
            _standing,
            (_standing.c.user_id == _notes.c.user_id) & (_standing.c.paper_id == _notes.c.paper_id),
        )
        .where(_notes.c.user_id == user, _standing.c.saved_at.is_not(None))
        .order_by(_notes.c.at.desc(), _notes.c.paper_id.desc())
    )
    counted = Counter(tag for note in rows for tag in tags_in(note))
    return [tag for tag, _ in counted.most_common()]


async def notes(db: AsyncSession, user: int, papers: Collection[PaperId]) -> dict[PaperId, str]:
    """Return a reader's notes on these papers; those without one are left out."""
    found = dict[PaperId, str]()
    for block in blocks(list(papers)):
        rows = await db.execute(
            select(_notes.c.paper_id, _notes.c.text).where(
                _notes.c.user_id == user, _notes.c.paper_id.in_(block)
            )
        )
        found |= {PaperId(row.paper_id): row.text for row in rows}
    return found
