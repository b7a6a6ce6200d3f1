"""The live model and the papers it can rank, as this process holds them.

The database is the truth. The shelf follows it: papers that came or changed since it last
looked are encoded and added, and a newly published model replaces the old one between two
picks, without a restart. What is on the shelf never changes in place, so a thread that ranks
with it needs no lock.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bot import ending
from bot.conversation.ports import TemporarilyUnavailable
from recommender.candidates import Corpus
from recommender.encoder import Encoder, EncoderUnavailable
from recommender.model import Model, WrongArrays
from recommender.papers import Paper, PaperId
from storage import catalogue, model_store
from storage.catalogue import Cursor
from storage.database import Database
from storage.errors import ModelFilesMissing, StorageUnavailable

log = structlog.get_logger()

_START: Cursor = (datetime(1, 1, 1, tzinfo=UTC), PaperId(0))
_PAGE = 2000
# Seconds that a reader's first question may wait for the model to load: less than platforms
# give an event until it is stored, so that the reader is told what is the matter.
_PATIENCE = 20.0
_RETRAIN = "picks go by text alone until `paperlark retrain` has run"


class _Unusable(Exception):
    """The live model's files are here, and no use in this process."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A model and the corpus that goes with it; used together or not at all."""

    model: Model
    corpus: Corpus


class Shelf:
    """What can be ranked now. `refresh` opens it, and then whenever it may pay."""

    def __init__(
        self, database: Database, data_dir: Path, load_encoder: Callable[[str | None], Encoder]
    ) -> None:
        """load_encoder: the encoder of that name, or one that is there at once for None.

        It raises EncoderUnavailable for a name that cannot be had.
        """
        self._database = database
        self._data_dir = data_dir
        self._load_encoder = load_encoder
        self._holding: Holding | None = None
        self._opened = asyncio.Event()
        self._encoder: Encoder | None = None
        self._at_hand: tuple[Holding | None, dict[PaperId, Paper]] = (None, {})
        self._cursor = _START
        self._busy = asyncio.Lock()
        self._missing = ""  # a version whose files are not here
        self._unusable = ""  # a version that cannot be used here

    @property
    def version(self) -> str:
        """Return the version of the model held, empty before the first refresh."""
        return self._holding.model.version if self._holding else ""

    @property
    def holding(self) -> Holding | None:
        """Return what is held; another object as soon as any paper changed."""
        return self._holding

    async def held(self) -> Holding:
        """Return the model and corpus of this moment, to be used for one answer.

        Waits for the first refresh, which some other task is at. Raises TemporarilyUnavailable.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._opened.wait()
        except TimeoutError as error:
            raise TemporarilyUnavailable from error
        assert self._holding is not None
        return self._holding

    async def held_with(self, papers: Sequence[PaperId]) -> Holding:
        """Return what is held, after a look into the database if one of the papers is not.

        Another process may have stored it a moment ago. Raises TemporarilyUnavailable.
        """
        holding = await self.held()
        if holding.corpus.rows(papers).min(initial=0) < 0:
            try:
                await self.refresh()
            except StorageUnavailable as error:
                raise TemporarilyUnavailable from error
        return await self.held()

    def papers_at_hand(self) -> dict[PaperId, Paper]:
        """Return papers that were read before, while none in the catalogue has changed.

        Whoever reads others puts them in.
        """
        if self._holding is not self._at_hand[0]:
            self._at_hand = (self._holding, {})
        return self._at_hand[1]

    async def refresh(self) -> bool:
        """Catch up with the database; return whether anything was new.

        The first time: load the live model, or make one of text alone, and all papers.
        Raises StorageUnavailable; what was held before is still there then.
        """
        async with self._busy:
            async with self._database.reading() as db:
                live = await model_store.live(db)
            published = await self._published(live)
            papers, cursor = await self._changed(_START if published else self._cursor)
            if published is None and self._holding is not None and not papers:
                return False
            self._holding = await asyncio.to_thread(self._make, published, papers)
            self._cursor = cursor
            self._opened.set()
            if published is not None:
                log.info("model.live", model=published[0].version, papers=len(papers))
            return True

    async def _published(self, live: model_store.Model | None) -> tuple[Model, Encoder] | None:
        """Return the live model, if it can be had and is not the one held already.

        Files that are missing may yet come, so they are looked for each time; a model that
        cannot be used here never can. Both are said once.
        """
        if live is None or live.version in (self.version, self._unusable):
            return None
        try:
            return await asyncio.to_thread(self._load, live)
        except ModelFilesMissing as error:
            if live.version != self._missing:
                log.warning("model.files_missing", model=live.version, what=str(error))
            self._missing = live.version
        except _Unusable as error:
            log.warning("model.unusable", model=live.version, why=str(error), hint=_RETRAIN)
            self._unusable = live.version
        return None

    def _load(self, live: model_store.Model) -> tuple[Model, Encoder]:
        """Raises ModelFilesMissing and _Unusable. Blocking."""
        try:
            model = Model.from_arrays(model_store.load(self._data_dir, live))
            encoder = self._encoder_of(model.encoder)
        except (WrongArrays, EncoderUnavailable) as error:
            raise _Unusable(str(error)) from error
        if encoder.name != model.encoder:
            raise _Unusable(f"it needs the encoder {model.encoder!r}")
        return model, encoder

    async def _changed(self, cursor: Cursor) -> tuple[list[Paper], Cursor]:
        papers: list[Paper] = []
        while True:
            async with self._database.reading() as db:
                page = await catalogue.changed_since(db, cursor, _PAGE)
            papers += [paper for paper, _ in page]
            cursor = page[-1][1] if page else cursor
            if len(page) < _PAGE:
                return papers, cursor

    def _make(self, published: tuple[Model, Encoder] | None, papers: list[Paper]) -> Holding:
        """Return what is held next. Blocking: encoding a month of papers takes seconds."""
        if self._holding is not None:
            model, corpus = self._holding.model, self._holding.corpus
            if published is not None:
                model, corpus = published[0], Corpus(*published)
            corpus = corpus.extended(papers)
            # Reading a new paper takes milliseconds: until the newest are read, readers are
            # answered by what was held before.
            corpus.slate(corpus.newest())
            return Holding(model, corpus)
        if published is None:
            encoder = self._encoder_of(None)
            model = Model.text_only(papers, encoder, version=f"text-{encoder.name}")
            published = model, encoder
        return Holding(published[0], Corpus(*published).extended(papers))

    def _encoder_of(self, name: str | None) -> Encoder:
        if self._encoder is None or (name is not None and self._encoder.name != name):
            self._encoder = self._load_encoder(name)
        return self._encoder


async def keep_fresh(shelf: Shelf, stop: asyncio.Event, every: float) -> None:
    """Refresh the shelf at once and every so many seconds until told to stop.

    A refresh that is under way then is given up.
    """
    while not stop.is_set():
        try:
            await ending.unless(stop, shelf.refresh())
        except StorageUnavailable:
            # The database's own troubles are logged where it is asked for people.
            log.debug("shelf.not_refreshed")
        await ending.rest(stop, every)
