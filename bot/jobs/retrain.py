"""Train at night, in a process of its own, and publish what was learnt, unless it is worse.

Training takes every core for seconds to minutes; as a child process it cannot hold up a tap,
and it can be ended at any moment: a model is published whole or not at all. What became of a
training stands in the database, so that no process, however often it restarts, begins one
again that ended a moment ago: not after a refusal, and not after an operator went back to an
earlier model.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from threadpoolctl import threadpool_limits

from bot import ending
from bot.health import Health, Part
from recommender import gate
from recommender.candidates import Corpus
from recommender.encoder import Encoder, EncoderUnavailable
from recommender.factors import FitFactors
from recommender.feedback import Dated, Rating
from recommender.gate import Judgement, TooLittle
from recommender.model import Model, WrongArrays
from recommender.papers import Paper
from recommender.training import train
from storage import catalogue, encoders, feedback_log, model_store, vectors
from storage.catalogue import CatalogueSummary
from storage.database import Database
from storage.dialogue_state import DialogueState
from storage.errors import LiveModelChanged, ModelFilesMissing, StorageUnavailable

log = structlog.get_logger()

Progress = Callable[[str, float], None]
LoadEncoder = Callable[[str], Encoder]
"""Raises EncoderUnavailable."""

NEW_MODEL = "model"  # the topic on which a new version is announced
ENOUGH_PAPERS = 100  # real papers from which a first training pays
GROWN = 1.5  # the catalogue so many times as large as at the last training: do not wait for night
NIGHTLY = timedelta(hours=20)
OVERDUE = timedelta(hours=44)  # a machine that sleeps at night trains by day
NIGHT = range(2, 6)  # UTC hours: after arXiv's announcement, before Europe's morning digests
LOOK_EVERY = 20.0
HELD = 15.0  # seconds after which another may train when the process that does has died
LONGEST = 2 * 3600.0  # seconds that a training may take
LOOKED_WITHIN = 120.0  # seconds in which the trainer looks again, unless it trains
REFUSED = 3  # the status of a training process whose model was not published

_SEED = 0
_CHANGED = "Another model went live while this one was trained, which was not compared with it."
_READING = timedelta(minutes=1)  # from a training's moment until it has read what was said
_READ, _JUDGED = 0.3, 0.6  # how much of the whole is done when papers are read, and judged by


class TooFewPapers(Exception):
    """There is nothing to learn from yet."""


class Refused(Exception):
    """The live model stays: the new one is significantly worse, or was compared with another.

    The message says so in a sentence, and by how much.
    """


async def retrain(
    database: Database,
    data_dir: Path,
    encoder: Encoder,
    now: datetime,
    progress: Progress | None = None,
    *,
    wanted: str | None = None,
    load_encoder: LoadEncoder | None = None,
    fit_factors: FitFactors | None = None,
    force: bool = False,
) -> model_store.Model:
    """Train on everything that is kept, publish the model and return what was published.

    What the gate said stands in its metrics, as "gate", a sentence.

    wanted: the encoder that is configured, where it is not the one that could be had.
    load_encoder: gives the live model's encoder where that is another one.
    fit_factors: what learns the factors in place of `implicit`.
    force: publish a model even when it is significantly worse than the live one, or another
        went live meanwhile: one that an operator went back to, or another trainer's.

    Raises TooFewPapers, Refused, StorageUnavailable.
    """
    async with database.reading() as db:
        said = await feedback_log.dated_ratings(db)
        live = await model_store.live(db)
    papers = await _all_papers(database)
    if not papers:
        raise TooFewPapers("no papers yet: let `paperlark ingest` run first")
    version = f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{encoder.name}"
    reading = await asyncio.to_thread(_read, papers, encoder, data_dir / encoders.FOLDER, progress)
    training = _Training(papers, said, reading, version, progress or _silent, fit_factors)
    gated = await asyncio.to_thread(training.gated, data_dir, live, load_encoder or _no_other)
    metrics: dict[str, Any] = {"papers": len(papers), "ratings": len(said), **gated.metrics}

    def ended(why: str, *, is_published: bool) -> model_store.Training:
        asked = wanted or encoder.name
        return model_store.Training(
            version, now, asked, encoder.name, is_published, why, dict(metrics)
        )

    async def refused(why: str) -> Refused:
        async with database.writing() as db:
            await model_store.note(db, ended(why, is_published=False))
        log.info("retrain.candidate", model=version, metrics=metrics)
        return Refused(why)

    if gated.is_worse and not force:
        raise await refused(gated.why)
    why = f"Published by force. {gated.why}" if gated.is_worse else gated.why
    model = await asyncio.to_thread(training.final)
    metrics = {**model.metrics, **metrics, "gate": why}
    new = model_store.NewModel(version, encoder.name, metrics)
    beside = None if force else live.version if live else ""
    try:
        published = await model_store.publish(
            database, data_dir, model.to_arrays(), new, now, in_place_of=beside
        )
    except LiveModelChanged as changed:
        raise await refused(_CHANGED) from changed
    async with database.writing() as db:
        await model_store.note(db, ended(why, is_published=True))
    log.info("retrain.published", model=version, metrics=metrics)
    return published


@dataclass(frozen=True)
class _Gated:
    """What the gate said. why: a sentence, or two."""

    why: str
    judgement: Judgement | None = None

    @property
    def is_worse(self) -> bool:
        return self.judgement is not None and self.judgement.is_worse

    @property
    def metrics(self) -> dict[str, float]:
        if self.judgement is None:
            return {}
        return {
            "gate_live": self.judgement.live,
            "gate_candidate": self.judgement.candidate,
            "gate_low": self.judgement.low,
            "gate_high": self.judgement.high,
            "gate_readers": float(self.judgement.judges),
        }


def _read(
    papers: Sequence[Paper], encoder: Encoder, folder: Path, progress: Progress | None
) -> Encoder:
    """Return an encoder that has read these papers. Says how far it is: to `progress`, or, where
    nobody looks, to the log in twenty steps. Blocking."""

    def told(done: int, total: int) -> None:
        if progress is not None:
            progress(f"reading papers, {done:,} of {total:,}", _READ * done / total)
        elif done * 20 // total > max(done - vectors.BLOCK, 0) * 20 // total:
            log.info("retrain.reading", encoder=encoder.name, done=done, total=total)

    reading = encoders.remembering(encoder, folder)
    if encoder.dimensions:
        reading.encode([paper.text for paper in papers], told)
    return reading


class _NothingToCompare(Exception):
    """The live model cannot be judged here; the message says why, without a capital."""


@dataclass(frozen=True)
class _Training:
    """One training of a model, and before it that of a trial for the gate. Blocking."""

    papers: Sequence[Paper]
    said: Sequence[Dated]
    encoder: Encoder
    version: str
    tell: Progress
    fit_factors: FitFactors | None

    def final(self) -> Model:
        return self._trained([dated.rating for dated in self.said], _JUDGED)

    def gated(
        self, data_dir: Path, live: model_store.Model | None, load_encoder: LoadEncoder
    ) -> _Gated:
        """Return how a trial of this training stands beside the live model."""
        try:
            beside, encoder = self._live(data_dir, live, load_encoder)
            has_met = live.trained + _READING if live is not None and len(beside.rated) else None
            exam = gate.exam_of(self.papers, self.said, has_met, _SEED)
        except (_NothingToCompare, TooLittle) as unjudged:
            return _Gated(f"Published without a comparison: {unjudged}.")
        trial = self._trained(exam.known, _READ)
        self.tell("comparing with the live model", _JUDGED)
        with threadpool_limits(1, "blas"):
            standing, coming = (
                gate.quality(model, Corpus(model, coder).extended(exam.papers), exam)
                for model, coder in ((beside, encoder), (trial, self.encoder))
            )
        judgement = gate.judgement(exam, standing, coming, _SEED)
        if judgement.is_worse:
            why = f"The new model is significantly worse than the live one: {judgement}."
        else:
            why = f"The new model is not significantly worse than the live one: {judgement}."
        return _Gated(why, judgement)

    def _live(
        self, data_dir: Path, live: model_store.Model | None, load_encoder: LoadEncoder
    ) -> tuple[Model, Encoder]:
        """Raises _NothingToCompare."""
        if live is None:
            raise _NothingToCompare("it is the first model")
        try:
            model = Model.from_arrays(model_store.load(data_dir, live))
            if model.encoder == self.encoder.name:
                return model, self.encoder
            encoder = load_encoder(model.encoder)
        except (ModelFilesMissing, WrongArrays, EncoderUnavailable) as error:
            raise _NothingToCompare(f"the live model cannot be used here ({error})") from error
        if encoder.name != model.encoder:
            raise _NothingToCompare(f"the live model needs the encoder {model.encoder!r}")
        return model, encoder

    def _trained(self, ratings: Sequence[Rating], begins: float) -> Model:
        """begins: how much of the whole is done by then; the gate's trial is the shorter half."""
        ends = _JUDGED if begins < _JUDGED else 1.0

        def tell(what: str, done: float) -> None:
            self.tell(what, begins + done * (ends - begins))

        return train(
            self.papers,
            ratings,
            self.encoder,
            version=self.version,
            seed=_SEED,
            progress=tell,
            fit_factors=self.fit_factors,
        )


def _no_other(name: str) -> Encoder:
    raise EncoderUnavailable(f"its encoder {name!r} is not at hand")


def _silent(what: str, done: float) -> None:
    """For those who do not want to know."""


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


def is_due(
    live: model_store.Model | None,
    last: model_store.Training | None,
    wanted: str,
    summary: CatalogueSummary,
    now: datetime,
) -> bool:
    """Return whether training now pays: the first real papers, many more of them, another
    encoder, or night.

    last: the last training, whatever became of it. An encoder that could not be had, or whose
    model was refused or taken back, is tried again at night only.
    """
    if summary.real < ENOUGH_PAPERS:
        return False
    if live is None:
        return True
    at, papers, tried = live.trained, live.metrics.get("papers", 0), live.encoder
    if last is not None and last.at >= at:
        at, papers, tried = last.at, last.metrics.get("papers", 0), last.wanted
    if summary.real >= GROWN * papers or wanted not in (live.encoder, tried):
        return True
    age = abs(now - at)  # a clock that was years ahead must not put off training for years
    return age >= OVERDUE or (age >= NIGHTLY and now.astimezone(UTC).hour in NIGHT)


class Trainer:
    """Starts a training process whenever it pays. Any number may run: a lock lets one train.

    wanted: the encoder that is configured. command: what to start.
    is_heard: whether what it logs goes where our own log goes; else it must keep its own.
    part: told at every look that this goes on, and before a training how long it may take.
    """

    def __init__(
        self,
        database: Database,
        state: DialogueState,
        clock: Callable[[], datetime],
        wanted: str,
        command: Sequence[str] = (sys.executable, "-m", "bot", "retrain", "--with-parent"),
        *,
        is_heard: bool = True,
        part: Part | None = None,
    ) -> None:
        self._database = database
        self._part = part or Health().part("trainer")
        self._state = state
        self._clock = clock
        self._wanted = wanted
        self._command = command if is_heard else (*command, "--quiet")
        self._pause_until: datetime | None = None  # after a failed training

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                if await self._is_due():
                    await self._train(stop)
                self._part.goes_on()
            except StorageUnavailable:
                self._part.is_away("waits for the database")
            await ending.rest(stop, LOOK_EVERY)

    async def _is_due(self) -> bool:
        now = self._clock()
        if self._pause_until is not None and now < self._pause_until:
            return False
        async with self._database.reading() as db:
            live, last = await model_store.live(db), await model_store.last_training(db)
            return is_due(live, last, self._wanted, await catalogue.summary(db), now)

    async def _train(self, stop: asyncio.Event) -> None:
        async with self._state.lock("retrain", HELD) as is_mine:
            # Another process may have trained since this one looked.
            if not is_mine or not await self._is_due():
                return
            self._part.goes_on(within=LONGEST + LOOKED_WITHIN)
            status = await run_child(self._command, stop)
        if status == 0:
            await self._state.announce(NEW_MODEL, "published")
        elif status == REFUSED:
            log.warning("retrain.refused", why=await self._why())
        elif not stop.is_set():
            self._pause_until = self._clock() + timedelta(hours=1)
            log.error("retrain.failed", status=status, again="in an hour")

    async def _why(self) -> str:
        async with self._database.reading() as db:
            last = await model_store.last_training(db)
        return last.why if last is not None else ""


async def run_child(command: Sequence[str], stop: asyncio.Event, longest: float = LONGEST) -> int:
    """Run a process to its end and return its status; what it logs goes where our log goes.

    It is ended when we are told to stop, and after `longest` seconds. Its standard input is
    never written to; its end tells the child that we have died.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
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
