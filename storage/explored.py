"""What chance chose and what became of it: the log that `recommender.off_policy` judges by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recommender.feedback import Verdict
from recommender.papers import PaperId
from storage.database import table_of
from storage.impressions import Place
from storage.tables import FeedbackRow, ImpressionRow

_shown = table_of(ImpressionRow)
_standing = table_of(FeedbackRow)


@dataclass(frozen=True, slots=True)
class Explored:
    """One impression of the exploring slot.

    is_liked: whether the reader's verdict that stands is a like, given through this impression.
    """

    impression: int
    user: int
    paper: PaperId
    shown_at: datetime
    rank: int
    propensity: float
    model: str
    is_liked: bool


async def explored(
    db: AsyncSession, until: datetime, since: datetime | None = None, model: str | None = None
) -> Sequence[Explored]:
    """Return what exploring showed from `since` to `until`, oldest first.

    until: some days ago, so that readers had time to answer: silence counts as no like.
    model: only what this version chose.

    Nothing else that was shown was left to chance, so nothing else can be judged by it.
    """
    is_liked = (_standing.c.verdict == Verdict.LIKE.value) & (
        _standing.c.impression_id == _shown.c.id
    )
    chosen = (
        select(_shown, is_liked.label("is_liked"))
        .outerjoin(
            _standing,
            (_standing.c.user_id == _shown.c.user_id) & (_standing.c.paper_id == _shown.c.paper_id),
        )
        .where(_shown.c.is_exploring, _shown.c.shown_at <= until)
        .where(_shown.c.place.in_((Place.CARD, Place.DIGEST, Place.TODAY)))
        .order_by(_shown.c.id)
    )
    if since is not None:
        chosen = chosen.where(_shown.c.shown_at >= since)
    if model is not None:
        chosen = chosen.where(_shown.c.model == model)
    return [
        Explored(
            impression=row.id,
            user=row.user_id,
            paper=PaperId(row.paper_id),
            shown_at=row.shown_at,
            rank=row.rank,
            propensity=row.propensity,
            model=row.model,
            is_liked=bool(row.is_liked),
        )
        for row in await db.execute(chosen)
    ]
