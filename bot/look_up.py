"""Ask arXiv for the papers that somebody named, and take in what it has."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol

from bot.clock import Clock
from bot.conversation import ports
from bot.conversation.ports import Reader
from bot.shelf import Shelf
from storage import catalogue
from storage.catalogue import NewPaper
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.sources.arxiv import Arxiv
from storage.sources.source import SourceUnavailable


class Budget(Protocol):
    """What people may ask of arXiv."""

    async def may_ask(self, user: int) -> bool:
        """Count one question of a reader's; False when it is not to be asked. Never raises."""


class SourceLookUp:
    """Asks arXiv for what a person named, and stores what it finds.

    Every question is one of a reader's. Methods raise the conversation's SourceUnavailable,
    AskedTooMuch among it, and TemporarilyUnavailable.
    """

    def __init__(
        self, database: Database, arxiv: Arxiv, shelf: Shelf, budget: Budget, clock: Clock
    ) -> None:
        self._database = database
        self._clock = clock
        self._arxiv = arxiv
        self._shelf = shelf
        self._budget = budget

    async def by_keys(self, reader: Reader, keys: Collection[str]) -> None:
        if any(key.startswith("arxiv:") for key in keys):  # it is asked for no others
            await self._take_in(reader, lambda: self._arxiv.look_up(keys))

    async def by_title(self, reader: Reader, title: str) -> None:
        await self._take_in(reader, lambda: self._arxiv.titled(title))

    async def by_titles(self, reader: Reader, titles: Sequence[str]) -> None:
        await self._take_in(reader, lambda: self._arxiv.titled_any(titles))

    async def _take_in(
        self, reader: Reader, ask: Callable[[], Awaitable[Sequence[NewPaper]]]
    ) -> None:
        if not await self._budget.may_ask(reader.id):
            raise ports.AskedTooMuch
        try:
            found = await ask()
            async with self._database.writing() as db:
                await catalogue.take_in(db, found, self._clock())
            await self._shelf.refresh()
        except SourceUnavailable as error:
            raise ports.SourceUnavailable from error
        except StorageUnavailable as error:
            raise ports.TemporarilyUnavailable from error
