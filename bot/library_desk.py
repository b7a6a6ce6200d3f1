"""Looking back and taking along, over storage: the desk of /history, /note and /export."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import offers
from bot.conversation.entries import Entry
from bot.conversation.library import PAGE
from bot.conversation.ports import Offer, Opinion, Reader, UnknownPaper
from bot.transactions import reading, writing
from recommender.papers import Paper, PaperId
from storage import catalogue, feedback_log, library, personal
from storage.database import Database
from storage.feedback_log import NewImpression, Place

EXPORT_VERSION = 1


class LibraryDesk:
    """Implements `LibraryDesk` and `ExportDesk` of the conversation."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def history(self, reader: Reader, page: int) -> tuple[Sequence[Offer], int]:
        async with reading(self._database) as db:
            shown, total = await library.history(db, reader.id, page, PAGE)
            papers = await catalogue.papers(db, shown)
            said = offers.opinions((await feedback_log.opinions(db, reader.id, shown)).values())
            notes = await library.notes(db, reader.id, shown)
        return [
            Offer(papers[p], 0, None, said.get(p, Opinion()), note=notes.get(p, ""))
            for p in shown
            if p in papers
        ], total

    async def last_opened(self, reader: Reader) -> Paper | None:
        async with reading(self._database) as db:
            paper = await library.last_opened(db, reader.id)
            return None if paper is None else (await catalogue.papers(db, [paper])).get(paper)

    async def open_for_a_note(self, reader: Reader, paper: PaperId) -> tuple[Paper, str]:
        async with writing(self._database) as db:
            found = (await catalogue.papers(db, [paper])).get(paper)
            if found is None:
                raise UnknownPaper
            shown = NewImpression(reader.id, reader.account, paper, self._clock(), Place.SAVED)
            await feedback_log.impress(db, [shown])
            return found, await self._note(db, reader, paper)

    async def note(self, reader: Reader, paper: PaperId) -> str:
        async with reading(self._database) as db:
            return await self._note(db, reader, paper)

    async def write_note(self, reader: Reader, paper: PaperId, note: str) -> None:
        async with writing(self._database) as db:
            await library.write_note(db, reader.id, reader.account, paper, note, self._clock())

    async def _note(self, db: AsyncSession, reader: Reader, paper: PaperId) -> str:
        return (await library.notes(db, reader.id, [paper])).get(paper, "")

    # ------------------------------------------------------------------ taking along

    async def entries(self, reader: Reader, *, only_saved: bool) -> Sequence[Entry]:
        async with reading(self._database) as db:
            kept = await library.kept(db, reader.id, only_saved=only_saved)
            papers = await catalogue.papers(db, [one.paper for one in kept])
            notes = await library.notes(db, reader.id, list(papers))
        return [
            Entry(papers[k.paper], k.verdict or "", k.saved_at, notes.get(k.paper, ""))
            for k in kept
            if k.paper in papers
        ]

    async def everything(self, reader: Reader) -> Mapping[str, Any]:
        async with reading(self._database) as db:
            rows = await personal.everything(db, reader.id)
            named = {
                PaperId(row["paper_id"])
                for kept in rows.values()
                for row in kept
                if row.get("paper_id") is not None
            }
            papers = await catalogue.papers(db, named)
        return {
            "format": "paperlark-person",
            "version": EXPORT_VERSION,
            "exported": self._clock().isoformat(),
            "papers": {str(p.id): {"key": p.key, "title": p.title} for p in papers.values()},
            **rows,
        }
