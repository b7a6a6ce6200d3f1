"""What readers here and on Hugging Face vote for, among the papers of the newest days."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from recommender.feedback import Verdict
from recommender.papers import PaperId
from storage.database import table_of
from storage.tables import FeedbackRow, PaperRow

# Hugging Face's voters are thousands, an installation's readers a few or some dozens.
LIKE_IN_UPVOTES = 10

_papers = table_of(PaperRow)
_standing = table_of(FeedbackRow)


@dataclass(frozen=True, slots=True)
class Trend:
    """A paper and what was voted for it; likes: those that stand on this installation."""

    paper: PaperId
    likes: int
    upvotes: int


async def trending(db: AsyncSession, days: int, limit: int) -> list[Trend]:
    """Return the papers announced in the last so many days that have votes, most votes first.

    Days are counted back from the newest announcement in the catalogue, which is the first of
    them. The sample counts only while nothing else is there.
    """
    is_newest = select(func.max(_papers.c.announced))
    newest = await db.scalar(is_newest.where(_papers.c.is_sample.is_(False)))
    is_sample = newest is None
    newest = newest or await db.scalar(is_newest)
    if newest is None:
        return []
    is_meant = (
        (_papers.c.announced > newest - timedelta(days=days))
        & _papers.c.is_sample.is_(is_sample)
        & _papers.c.is_withdrawn.is_(False)
    )
    liked = (
        select(_standing.c.paper_id, func.count().label("likes"))
        .join(_papers, _papers.c.id == _standing.c.paper_id)
        .where(is_meant, _standing.c.verdict == Verdict.LIKE)
        .group_by(_standing.c.paper_id)
        .subquery()
    )
    likes = func.coalesce(liked.c.likes, 0)
    votes = LIKE_IN_UPVOTES * likes + _papers.c.upvotes
    rows = await db.execute(
        select(_papers.c.id, likes.label("likes"), _papers.c.upvotes)
        .outerjoin(liked, liked.c.paper_id == _papers.c.id)
        .where(is_meant, votes > 0)
        .order_by(votes.desc(), _papers.c.id.desc())
        .limit(limit)
    )
    return [Trend(PaperId(row.id), row.likes, row.upvotes) for row in rows]
