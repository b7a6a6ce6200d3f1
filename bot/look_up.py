"""Ask arXiv for the papers that somebody named, and take in what it has."""

from collections.abc import Awaitable, Collection, Sequence

from bot.clock import Clock
from bot.conversation import ports
from bot.shelf import Shelf
from storage import catalogue
from storage.catalogue import NewPaper
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.sources.arxiv import Arxiv
from storage.sources.source import SourceUnavailable


class SourceLookUp:
    """Asks arXiv for what a person named, and stores what it finds."""

    def __init__(self, database: Database, arxiv: Arxiv, shelf: Shelf, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._arxiv = arxiv
        self._shelf = shelf

    async def by_keys(self, keys: Collection[str]) -> None:
        """Raises the conversation's SourceUnavailable and TemporarilyUnavailable."""
        await self._take_in(self._arxiv.look_up(keys))

    async def by_title(self, title: str) -> None:
        """Raises the conversation's SourceUnavailable and TemporarilyUnavailable."""
        await self._take_in(self._arxiv.titled(title))

    async def by_titles(self, titles: Sequence[str]) -> None:
        """Raises the conversation's SourceUnavailable and TemporarilyUnavailable."""
        await self._take_in(self._arxiv.titled_any(titles))

    async def _take_in(self, asked: Awaitable[Sequence[NewPaper]]) -> None:
        try:
            found = await asked
            async with self._database.writing() as db:
                await catalogue.take_in(db, found, self._clock())
            await self._shelf.refresh()
        except SourceUnavailable as error:
            raise ports.SourceUnavailable from error
        except StorageUnavailable as error:
            raise ports.TemporarilyUnavailable from error
