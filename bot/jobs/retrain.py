"""Train at night, in a process of its own, and publish what was learnt.

Training takes every core for seconds to minutes; as a child process it cannot hold up a tap,
and it can be ended at any moment: a model is published whole or not at all.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from bot import ending
from recommender.encoder import Encoder
from recommender.papers import Paper
from recommender.training import train
from storage import catalogue, feedback_log, model_store
from storage.catalogue import CatalogueSummary
from storage.database import Database
from storage.dialogue_state import DialogueState
from storage.errors import StorageUnavailable

log = structlog.get_logger()

NEW_MODEL = "model"  # the topic on which a new version is announced
ENOUGH_PAPERS = 100  # real papers from which a first training pays
GROWN = 1.5  # the catalogue so many times as large as at the last training: do not wait for night
NIGHTLY = timedelta(hours=20)
NIGHT = range(2, 6)  # UTC hours: after arXiv's announcement, before Europe's morning digests
LOOK_EVERY = 60.0
LONGEST = 2 * 3600.0  # seconds that a training may take


class TooFewPapers(Exception):
    """There is nothing to learn from yet."""


async def retrain(
    database: Database,
    data_dir: Path,
    encoder: Encoder,
    now: datetime,
    progress: Callable[[str, float], None] | None = None,
) -> model_store.Model:
    """Train on everything that is kept, publish the model and return what was published.

    Raises TooFewPapers, StorageUnavailable.
    """
    papers = await _all_papers(database)
    if not papers:
        raise TooFewPapers("no papers yet: let `paperlark ingest` run first")
    async with database.reading() as db:
        ratings = await feedback_log.ratings(db)
    version = f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{encoder.name}"
    model = await asyncio.to_thread(
        train, papers, ratings, encoder, version=version, seed=0, progress=progress
    )
    metrics = {**model.metrics, "papers": len(papers), "ratings": len(ratings)}
    return await model_store.publish(
        database,
        data_dir,
        model.to_arrays(),
        model_store.NewModel(version, encoder.name, metrics),
        now,
    )


async def _all_papers(database: Database) -> list[Paper]:
    """Return all real papers, or the sample while there are none; withdrawn ones left out."""
    found: list[Paper] = []
    cursor = catalogue.START
    while True:
        async with database.reading() as db:
            page = await catalogue.changed_since(db, cursor, 2000)
        if not page:
            break
        found += [paper for paper, _ in page if not paper.is_withdrawn]
        cursor = page[-1][1]
    real = [paper for paper in found if not paper.is_sample]
    return real or found


def is_due(live: model_store.Model | None, summary: CatalogueSummary, now: datetime) -> bool:
    """Return whether training now pays: the first real papers, many more of them, or night."""
    if summary.real < ENOUGH_PAPERS:
        return False
    if live is None or summary.real >= GROWN * live.metrics.get("papers", 0):
        return True
    return now - live.trained >= NIGHTLY and now.astimezone(UTC).hour in NIGHT


class Trainer:
    """Starts a training process whenever it pays. Any number may run: a lock lets one train.

    command: what to start.
    is_heard: whether what it logs goes where our own log goes; else it must keep its own.
    """

    def __init__(
        self,
        database: Database,
        state: DialogueState,
        clock: Callable[[], datetime],
        command: Sequence[str] = (sys.executable, "-m", "bot", "retrain"),
        *,
        is_heard: bool = True,
    ) -> None:
        self._database = database
        self._state = state
        self._clock = clock
        self._command = command if is_heard else (*command, "--quiet")
        self._pause_until: datetime | None = None  # after a failed training

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(StorageUnavailable):
                if await self._is_due():
                    await self._train(stop)
            await ending.rest(stop, LOOK_EVERY)

    async def _is_due(self) -> bool:
        now = self._clock()
        if self._pause_until is not None and now < self._pause_until:
            return False
        async with self._database.reading() as db:
            live = await model_store.live(db)
            return is_due(live, await catalogue.summary(db), now)

    async def _train(self, stop: asyncio.Event) -> None:
        async with self._state.lock("retrain", LONGEST) as is_mine:
            if not is_mine:
                return
            status = await run_child(self._command, stop)
        if status == 0:
            await self._state.announce(NEW_MODEL, "published")
        elif not stop.is_set():
            self._pause_until = self._clock() + timedelta(hours=1)
            log.error("retrain.failed", status=status, again="in an hour")


async def run_child(command: Sequence[str], stop: asyncio.Event, longest: float = LONGEST) -> int:
    """Run a process to its end and return its status; what it logs goes where our log goes.

    It is ended when we are told to stop, and after `longest` seconds.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    ended = asyncio.create_task(process.wait())
    told = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({ended, told}, timeout=longest, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        if process.returncode is None:
            process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(ended), 2)
        if process.returncode is None:
            process.kill()
    return await ended
