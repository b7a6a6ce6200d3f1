"""Ask arXiv for the papers that somebody named, and take in what it has.

Other catalogues are asked only what a number of theirs stands for.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from bot.clock import Clock
from bot.conversation import ports
from bot.conversation.ports import Reader
from bot.shelf import Shelf
from storage import catalogue
from storage.catalogue import NewPaper
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.sources.arxiv import Arxiv
from storage.sources.elsewhere import Described, OtherCatalogue
from storage.sources.polite import REST
from storage.sources.source import SourceUnavailable

log = structlog.get_logger()


class Budget(Protocol):
    """What people may ask of arXiv and of others."""

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


@dataclass(slots=True)
class _Asked:
    """A catalogue, and until when it is left alone after it was away."""

    catalogue: OtherCatalogue
    until: datetime | None = None


class Elsewhere:
    """Asks other catalogues what papers their numbers stand for.

    One that is away, or asks us to wait, is left alone for a while; this is logged once, and once
    when it is back.
    """

    def __init__(
        self, catalogues: Sequence[OtherCatalogue], budget: Budget, clock: Callable[[], datetime]
    ) -> None:
        self._asked = [_Asked(catalogue) for catalogue in catalogues]
        self._budget = budget
        self._clock = clock

    async def described(
        self, reader: Reader, papers: Collection[str]
    ) -> dict[str, Described | None]:
        """Return what they tell of these: None for what is unknown to who was asked for it.

        What nobody was asked for is left out. Raises the conversation's SourceUnavailable when one
        that would know some could not be asked and none is known, AskedTooMuch among it.
        """
        found: dict[str, Described | None] = {}
        is_away = False
        for one in self._asked:
            mine = [paper for paper in papers if one.catalogue.knows(paper)][: one.catalogue.most]
            if not mine:
                continue
            if not await self._budget.may_ask(reader.id):
                if any(found.values()):
                    return found
                raise ports.AskedTooMuch
            try:
                found |= dict.fromkeys(mine) | await self._ask(one, mine)
            except SourceUnavailable:
                is_away = True
        if is_away and not any(found.values()):
            raise ports.SourceUnavailable
        return found

    async def _ask(self, one: _Asked, papers: Sequence[str]) -> dict[str, Described]:
        now = self._clock()
        if one.until is not None and now < one.until:
            raise SourceUnavailable("resting", one.until - now)
        try:
            found = await one.catalogue.described(papers)
        except SourceUnavailable as trouble:
            if one.until is None:
                log.warning("elsewhere.away", source=one.catalogue.name, why=trouble.why)
            one.until = self._clock() + (trouble.retry_after or REST)
            raise
        if one.until is not None:
            log.info("elsewhere.back", source=one.catalogue.name)
            one.until = None
        return found
