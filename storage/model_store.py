"""Trained models: arrays as plain .npy files under DATA_DIR/models, one row for each version.

Files are written to a temporary folder, flushed to disk, renamed into place, and only then
does the row become the live one: a reader never meets half a model. Files are mapped, not
read, so many processes share one copy in memory. The last three models stay, so that an
operator can go back; what became of each training is kept as well.
"""

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database, one_at_a_time, table_of
from storage.errors import LiveModelChanged, ModelFilesMissing, NoEarlierModel
from storage.tables import ModelRow, TrainingRow

Arrays = Mapping[str, NDArray[Any]]
KEPT = 3

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_ABANDONED = timedelta(days=1)

_models = table_of(ModelRow)
_trainings = table_of(TrainingRow)


@dataclass(frozen=True, slots=True)
class NewModel:
    """version: unique, of `A-Za-z0-9._-`. metrics: what JSON can hold."""

    version: str
    encoder: str
    metrics: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Model:
    """A published model. folder: relative to DATA_DIR."""

    version: str
    encoder: str
    trained: datetime
    metrics: dict[str, Any]
    folder: str
    is_live: bool


@dataclass(frozen=True, slots=True)
class Training:
    """A training that came to its end.

    at: when it began.
    wanted, encoder: the encoder that was configured, and the one that could be had.
    why: what the gate said of it, a sentence. metrics: what JSON can hold.
    """

    version: str
    at: datetime
    wanted: str
    encoder: str
    is_published: bool
    why: str
    metrics: dict[str, Any] = field(default_factory=dict)


async def publish(
    database: Database,
    data_dir: Path,
    arrays: Arrays,
    meta: NewModel,
    now: datetime,
    *,
    in_place_of: str | None = None,
) -> Model:
    """Store a model and make it the live one; the last three are kept.

    in_place_of: the version that must still be live, empty for none; None for whichever is.

    Raises ValueError for a version or an array name that cannot be a file's, and for a
    version that is there already; OSError when the files cannot be written; LiveModelChanged.
    """
    folder = f"models/{meta.version}"
    for name in (meta.version, *arrays):
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a name for a file: {name!r}")
    async with database.reading() as db:
        if await _get(db, meta.version) is not None:
            raise ValueError(f"the model {meta.version} has been published before")
    await asyncio.to_thread(_write, data_dir / folder, arrays)
    async with database.writing() as db:
        await one_at_a_time(db, "models")
        current = await live(db)
        if in_place_of is not None and in_place_of != (current.version if current else ""):
            await asyncio.to_thread(shutil.rmtree, data_dir / folder, ignore_errors=True)
            raise LiveModelChanged("another model went live meanwhile: train again")
        await db.execute(update(_models).where(_models.c.is_live).values(is_live=False))
        await db.execute(
            insert(_models).values(
                version=meta.version,
                encoder=meta.encoder,
                trained=now,
                metrics=meta.metrics,
                folder=folder,
                is_live=True,
            )
        )
        forgotten = await _forget_old(db)
        kept = set(await db.scalars(select(_models.c.version)))
    await asyncio.to_thread(_clear, data_dir / "models", kept, forgotten, now)
    return Model(meta.version, meta.encoder, now, meta.metrics, folder, is_live=True)


async def roll_back(
    database: Database, data_dir: Path, read: Callable[[Arrays], object] | None = None
) -> tuple[Model, Model]:
    """Make the model live again that was so before; return it, and the one it replaces.

    read: raises ValueError for arrays that this release cannot use; None to take any.

    The replaced one is never gone back to, and is the first to be forgotten. Going back again
    goes further back. Raises NoEarlierModel, and ModelFilesMissing when the earlier one's
    files are not here or no use; nothing has changed then.
    """
    async with database.writing() as db:
        await one_at_a_time(db, "models")
        current = await live(db)
        row = (await db.execute(_earlier())).one_or_none()
        if current is None or row is None:
            raise NoEarlierModel("there is no earlier model to go back to")
        earlier = _model(row)
        await asyncio.to_thread(_check, data_dir, earlier, read)
        taken = {"is_live": False, "is_rolled_back": True}
        await db.execute(update(_models).where(_models.c.is_live).values(**taken))
        back = update(_models).where(_models.c.version == earlier.version)
        await db.execute(back.values(is_live=True))
    return replace(earlier, is_live=True), replace(current, is_live=False)


def _check(data_dir: Path, model: Model, read: Callable[[Arrays], object] | None) -> None:
    """Raises ModelFilesMissing. Blocking."""
    arrays = load(data_dir, model)
    try:
        if read is not None:
            read(arrays)
    except ValueError as error:
        raise ModelFilesMissing(
            f"model {model.version} cannot be gone back to ({error}): the live one stays; "
            "`paperlark retrain` trains a new one"
        ) from error


def _earlier() -> Select[Any]:
    candidates = select(_models).where(~_models.c.is_live, ~_models.c.is_rolled_back)
    return candidates.order_by(_models.c.trained.desc(), _models.c.version.desc()).limit(1)


async def note(db: AsyncSession, training: Training) -> None:
    """Keep what became of a training."""
    await db.execute(insert(_trainings).values(**asdict(training)))


async def last_training(db: AsyncSession) -> Training | None:
    """Return the last training that came to its end; None before the first."""
    newest = select(_trainings).order_by(_trainings.c.at.desc(), _trainings.c.version.desc())
    row = (await db.execute(newest.limit(1))).one_or_none()
    return None if row is None else Training(**row._mapping)


async def live(db: AsyncSession) -> Model | None:
    """Return the live model; None before the first training."""
    row = (await db.execute(select(_models).where(_models.c.is_live))).one_or_none()
    return None if row is None else _model(row)


def load(data_dir: Path, model: Model) -> dict[str, NDArray[Any]]:
    """Return the arrays of a model, mapped read-only. Raises ModelFilesMissing.

    Blocking; call it in a thread. A mapped array stays usable when its model is forgotten.
    """
    folder = data_dir / model.folder
    try:
        files = sorted(folder.glob("*.npy"))
        if not files:
            raise FileNotFoundError(folder)
        return {f.stem: np.load(f, mmap_mode="r", allow_pickle=False) for f in files}
    except (OSError, ValueError, EOFError) as error:  # numpy's words for a file cut short
        raise ModelFilesMissing(
            f"the files of model {model.version} are not in DATA_DIR ({model.folder}), or damaged: "
            "share DATA_DIR between all processes, or run `paperlark retrain`"
        ) from error


async def _get(db: AsyncSession, version: str) -> Model | None:
    row = (await db.execute(select(_models).where(_models.c.version == version))).one_or_none()
    return None if row is None else _model(row)


async def _forget_old(db: AsyncSession) -> set[str]:
    """Delete the rows of all but the last models; return the versions that are gone."""
    order = (
        _models.c.is_live.desc(),
        _models.c.is_rolled_back,
        _models.c.trained.desc(),
        _models.c.version,
    )
    kept = select(_models.c.version).order_by(*order).limit(KEPT)
    gone = delete(_models).where(_models.c.version.not_in(kept)).returning(_models.c.version)
    return set(await db.scalars(gone))


def _model(row: Row[Any]) -> Model:
    return Model(row.version, row.encoder, row.trained, row.metrics, row.folder, row.is_live)


def _write(folder: Path, arrays: Arrays) -> None:
    """Write every array, flush it to disk, and only then give the folder its name."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for name, array in arrays.items():
        with (unfinished / f"{name}.npy").open("wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
    _flush(unfinished)
    # Without a row, a folder of this name is what a trainer left that died in between.
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    _flush(folder.parent)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _clear(models: Path, kept: Collection[str], forgotten: Collection[str], now: datetime) -> None:
    """Remove what was forgotten, and what trainers left that died long ago.

    A young folder without a row may belong to a trainer that is about to add it.
    """
    oldest = (now - _ABANDONED).timestamp()
    for folder in models.iterdir():
        with suppress(FileNotFoundError):  # somebody else removed it meanwhile
            is_abandoned = folder.name not in kept and folder.stat().st_mtime < oldest
            if folder.name in forgotten or is_abandoned:
                shutil.rmtree(folder, ignore_errors=True)
