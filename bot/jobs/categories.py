"""Which categories arXiv is asked for: those of the settings, and those that readers follow.

The database is the truth, so whichever process ingests sees what a reader told another one.
A category that is new is asked for at once, and for the last announcement days too; when that
is done is kept as well, so that a process which dies in between costs nobody a paper.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from storage import catalogue, wishes
from storage.sources.arxiv import Arxiv

READ = "arxiv.categories"  # in `sources`: whose past days are there, joined by +


class Categories:
    """most: how many are read at most; those of the settings always are."""

    def __init__(self, arxiv: Arxiv, most: int) -> None:
        self._arxiv = arxiv
        self._always = arxiv.categories
        self._most = most

    async def take_up(self, db: AsyncSession) -> bool:
        """Ask arXiv for what is wanted from now on; return whether there is more than before."""
        before = self._arxiv.categories
        self._arxiv.categories = await self.wanted(db)
        return not set(self._arxiv.categories) <= set(before)

    async def wanted(self, db: AsyncSession) -> tuple[str, ...]:
        return tuple(await wishes.categories_read(db, self._always, self._most))

    async def has_more(self, db: AsyncSession) -> bool:
        """Return whether readers want a category that is not asked for yet."""
        return not set(await self.wanted(db)) <= set(self._arxiv.categories)

    async def without_past(self, db: AsyncSession) -> tuple[str, ...]:
        """Return the categories whose last days are not there yet."""
        known = await self._with_past(db)
        return tuple(name for name in self._arxiv.categories if name not in known)

    async def is_one_given_up(self, db: AsyncSession) -> bool:
        """Return whether days of a category will be missing, should it be followed again."""
        return not await self._with_past(db) <= set(self._arxiv.categories)

    async def note_given_up(self, db: AsyncSession, now: datetime) -> None:
        """Note that only categories that are still asked for have their days."""
        known = await self._with_past(db)
        kept = [name for name in self._arxiv.categories if name in known]
        await catalogue.note_success(db, READ, now, etag="+".join(kept))

    async def note_past(self, db: AsyncSession, now: datetime) -> None:
        """Note that the last days of all categories are there."""
        await catalogue.note_success(db, READ, now, etag="+".join(self._arxiv.categories))

    async def _with_past(self, db: AsyncSession) -> set[str]:
        read = (await catalogue.source_state(db, READ)).etag
        return set(read.split("+")) if read else set(self._always)
