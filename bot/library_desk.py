"""Looking back and taking along, over storage: the desk of /history, /note and /export."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot import offers
from bot.conversation.entries import Entry
from bot.conversation.library import PAGE
from bot.conversation.ports import (
    AskedTooMuch,
    Offer,
    Opinion,
    Reader,
    SourceUnavailable,
    UnknownPaper,
)
from bot.conversation.taste_file import TakenIn, TastePaper
from bot.conversation.told_file import SaidOf, ToldFile
from bot.naming import LookUp
from bot.transactions import reading, writing
from recommender.papers import Paper, PaperId
from recommender.wishes import NOTHING_TOLD
from storage import catalogue, feedback_log, library, personal, wishes
from storage.database import Database, blocks
from storage.feedback_log import NewImpression, Place
from storage.sources.references import arxiv_id, keys_in

EXPORT_VERSION = 1
ASKED_AT_ONCE = 100  # papers of a taste file, that one question to arXiv holds
LONGEST = timedelta(seconds=60)  # that arXiv is asked for one file
_AT_ONCE = 100  # opinions in one transaction: others want to write too


class LibraryDesk:
    """Implements `LibraryDesk`, `NotesDesk`, `ExportDesk` and `TasteDesk` of the conversation."""

    def __init__(self, database: Database, look_up: LookUp, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._look_up = look_up
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

    async def linked_paper(self, links: Sequence[str]) -> Paper | None:
        keys = keys_in("\n".join(links))
        async with reading(self._database) as db:
            known = await catalogue.by_keys(db, keys)
        return next((known[key] for key in keys if key in known), None)

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

    async def told(self, reader: Reader) -> ToldFile:
        async with reading(self._database) as db:
            told = (await wishes.told(db, [reader.id])).get(reader.id, NOTHING_TOLD)
            about = {paper for said in told.interests for paper in said.papers}
            papers = await catalogue.papers(db, about)
        interests = []
        for said in told.interests:
            keys = tuple(papers[paper].key for paper in said.papers if paper in papers)
            if keys:
                interests.append(SaidOf(keys, said.standing, said.name))
        return ToldFile(told.follows, told.mutes, tuple(interests))

    async def everything(self, reader: Reader) -> Mapping[str, Any]:
        async with reading(self._database) as db:
            rows = await personal.everything(db, reader.id)
            named = {
                PaperId(row["paper_id"])
                for kept in rows.values()
                for row in kept
                if row.get("paper_id") is not None
            }
            named |= {PaperId(p) for row in rows.get("interests", ()) for p in row["papers"]}
            papers = await catalogue.papers(db, sorted(named))
        return {
            "format": "paperlark-person",
            "version": EXPORT_VERSION,
            "exported": self._clock().isoformat(),
            "papers": {str(p.id): {"key": p.key, "title": p.title} for p in papers.values()},
            **rows,
        }

    # ------------------------------------------------------------------ taking in

    async def take_in(self, reader: Reader, event: str, papers: Sequence[TastePaper]) -> TakenIn:
        stored, lacking = 0, list[TastePaper]()
        for number, block in enumerate(blocks(papers, _AT_ONCE)):
            async with writing(self._database) as db:
                known = await catalogue.by_keys(db, [paper.key for paper in block])
                lacking += [paper for paper in block if paper.key not in known]
                said = [(known[p.key].id, p) for p in block if p.key in known]
                stored += await self._record(db, reader, f"{event}:{number}", said)
        return TakenIn(stored, tuple(lacking))

    async def take_in_asking(
        self, reader: Reader, event: str, papers: Sequence[TastePaper]
    ) -> TakenIn:
        # Those of other sources are only listed: there is nobody to ask for them.
        left = [paper for paper in papers if arxiv_id(paper.key)]
        is_away = False
        end = self._clock() + LONGEST
        try:
            while left and self._clock() <= end:
                block = left[:ASKED_AT_ONCE]
                await self._look_up.by_keys(reader, [paper.key for paper in block])
                left = left[len(block) :]
        except SourceUnavailable as error:  # what came until then is taken in
            is_away = not isinstance(error, AskedTooMuch)
        taken = await self.take_in(reader, event, papers)
        unasked = set(left)
        return TakenIn(
            taken.stored,
            tuple(paper for paper in taken.lacking if paper not in unasked),
            tuple(paper for paper in taken.lacking if paper in unasked),
            is_away,
        )

    async def _record(
        self,
        db: AsyncSession,
        reader: Reader,
        event: str,
        said: Sequence[tuple[PaperId, TastePaper]],
    ) -> int:
        """Let opinions stand beside what stands already; return how many changed something."""
        standing = await feedback_log.opinions(db, reader.id, [paper for paper, _ in said])
        stored = 0
        for number, (paper, one) in enumerate(said):
            is_open = standing[paper].verdict is None
            recorded = await feedback_log.record(
                db,
                reader.id,
                reader.account,
                f"{event}.{number}",
                paper,
                None,
                self._clock(),
                verdict=one.verdict if is_open else None,
                save=True if one.is_saved else None,
            )
            stored += recorded.changed and not recorded.repeated
        return stored
