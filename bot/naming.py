"""Which papers an order names: by links and ids, by another catalogue's number, by a title.

The catalogue is asked first, then arXiv. What is sent to teach goes another way, which tells of
everything it did not find: `bot.teaching_desk`.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from bot.conversation.mentions import elsewhere_in
from bot.conversation.ports import AskedTooMuch, Reader, SourceUnavailable, UnknownPaper
from bot.transactions import reading
from recommender.papers import PaperId
from storage import catalogue
from storage.database import Database
from storage.sources.elsewhere import Described
from storage.sources.references import keys_in

MOST = 5  # papers that one order may be about


class LookUp(Protocol):
    """Asks the sources for papers a person named; stores what is found."""

    async def by_keys(self, reader: Reader, keys: Collection[str]) -> None:
        """Raises SourceUnavailable of the conversation's ports, AskedTooMuch too."""

    async def by_title(self, reader: Reader, title: str) -> None: ...


class Others(Protocol):
    """Asks other catalogues what their numbers stand for; see `bot.look_up.Elsewhere`."""

    async def described(
        self, reader: Reader, papers: Collection[str]
    ) -> dict[str, Described | None]:
        """Raises SourceUnavailable of the conversation's ports, AskedTooMuch too."""


class Naming:
    """others: who knows what other catalogues' numbers stand for; None where nobody is asked."""

    def __init__(self, database: Database, look_up: LookUp, others: Others | None) -> None:
        self._database = database
        self._look_up = look_up
        self._others = others

    async def named(self, reader: Reader, words: str) -> list[PaperId]:
        """Return the papers a link, id or title names, at most five.

        reader: who asks, and on whose account the sources are. Raises UnknownPaper,
        SourceUnavailable.
        """
        found = await self.linked(reader, words) or await self._by_title(reader, words)
        if not found:
            raise UnknownPaper
        return found

    async def linked(self, reader: Reader, words: str) -> list[PaperId]:
        """Return the papers that links and ids name, at most five; nothing without any.

        Raises UnknownPaper when there are some and none is known, and SourceUnavailable.
        """
        keys = keys_in(words)[:MOST]
        found = await self._by_keys(reader, keys) if keys else []
        numbers = elsewhere_in(words)[:MOST]
        if not found:
            numbers += [key for key in keys if key.startswith("doi:")]
        found += await self._told_elsewhere(reader, numbers)
        if (keys or numbers) and not found:
            raise UnknownPaper
        return list(dict.fromkeys(found))[:MOST]

    async def _told_elsewhere(self, reader: Reader, numbers: Sequence[str]) -> list[PaperId]:
        """Return the papers that other catalogues' numbers stand for."""
        if not numbers or self._others is None:
            return []
        try:
            told = await self._others.described(reader, numbers)
        except AskedTooMuch:
            raise
        except SourceUnavailable:
            return []  # arXiv may be there all the same
        found: list[PaperId] = []
        for one in filter(None, told.values()):
            by_key = await self._by_keys(reader, [one.key]) if one.key else []
            found += by_key or await self._by_title(reader, one.title)
        return found

    async def _by_keys(self, reader: Reader, keys: Sequence[str]) -> list[PaperId]:
        async with reading(self._database) as db:
            known = await catalogue.named(db, keys)
        lacking = [key for key in keys if key not in known]
        if lacking:
            try:
                await self._look_up.by_keys(reader, lacking)
            except SourceUnavailable:
                if not known:
                    raise
            async with reading(self._database) as db:
                known = await catalogue.named(db, keys)
        return [known[key].id for key in keys if key in known]

    async def _by_title(self, reader: Reader, words: str) -> list[PaperId]:
        async with reading(self._database) as db:
            found = await catalogue.by_title(db, words)
        if found is None and looks_like_a_title(words):
            await self._look_up.by_title(reader, words)
            async with reading(self._database) as db:
                found = await catalogue.by_title(db, words)
        return [] if found is None else [found]


def looks_like_a_title(words: str) -> bool:
    """Return whether a text is worth a question to arXiv: four words or more, on one line."""
    return "\n" not in words.strip() and 20 <= len(words) <= 300 and len(words.split()) >= 4
