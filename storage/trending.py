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
    # Counted paper by paper, by the index: joined, a million likes take a quarter of a second.
    likes = (
        select(func.count())
        .where(_standing.c.paper_id == _papers.c.id, _standing.c.verdict == Verdict.LIKE)
        .scalar_subquery()
    )
    voted = select(_papers.c.id, _papers.c.upvotes, likes.label("likes")).where(is_meant).subquery()
    votes = LIKE_IN_UPVOTES * voted.c.likes + voted.c.upvotes
    rows = await db.execute(
        select(voted).where(votes > 0).order_by(votes.desc(), voted.c.id.desc()).limit(limit)
    )
    return [Trend(PaperId(row.id), row.likes, row.upvotes) for row in rows]
