"""Papers of which only arXiv's feed has told us: the query API knows the authors' comment."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import table_of
from storage.tables import PaperRow

_PAPERS = table_of(PaperRow)


async def half_known(db: AsyncSession, since: date, limit: int = 5000) -> list[str]:
    """Return keys of arXiv papers announced since that day and not looked up yet, newest first.

    The feed does not say when a paper was submitted, the query API always does.
    """
    query = (
        select(_PAPERS.c.key)
        .where(
            _PAPERS.c.announced >= since,
            _PAPERS.c.published.is_(None),
            _PAPERS.c.is_sample.is_(False),
            _PAPERS.c.key.like("arxiv:%"),
        )
        .order_by(_PAPERS.c.announced.desc(), _PAPERS.c.id)
        .limit(limit)
    )
    return list(await db.scalars(query))
