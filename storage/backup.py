"""Everything that is kept, in one file that either database can be restored from.

A backup is a zip archive: `backup.json` (format, schema revision, columns of each table), one
file of JSON lines for each table, and the models' arrays. Zip, because it can be written as a
stream, checks every member when it is read, and is not readable at all when cut short.

The rows are those of one moment: a single read transaction. What is in memory is never more
than a block of rows. A restore builds the tables of the backup's own revision, fills them, and
then migrates them, all in one transaction; so a backup of an earlier release stays good.
"""

import asyncio
import json
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import JSON, Column, Date, Double, Table, Time, column, func, insert, select, table
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import NullType, TypeEngine

from storage.database import Database
from storage.errors import BackupIsNewer, NotABackup
from storage.tables import Base, Moment

FORMAT = 1

_HEADER = "backup.json"
_BLOCK = 1000  # rows in memory at once
_CHUNK = 1 << 20
_ARRAY = re.compile(r"models/([A-Za-z0-9_][A-Za-z0-9._-]{0,63})/[A-Za-z0-9_][A-Za-z0-9._-]*\.npy")
_KINDS: dict[str, tuple[TypeEngine[Any], Callable[[Any], Any]]] = {
    "moment": (Moment(), datetime.fromisoformat),
    "date": (Date(), date.fromisoformat),
    "time": (Time(), time.fromisoformat),
    "json": (JSON(none_as_null=True), lambda value: value),
    "float": (Double(), float),
    "plain": (NullType(), lambda value: value),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What went in or came out. models_lacking: versions whose files were not in DATA_DIR."""

    rows: int
    models: int
    models_lacking: tuple[str, ...] = ()


async def back_up(database: Database, data_dir: Path, file: Path) -> Kept:
    """Write a backup; `file` is replaced at the very end, or stays as it was.

    Raises StorageUnavailable, and OSError when the file cannot be written.
    """
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(unfinished, "x", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
            rows, folders = await _write_tables(database, archive)
            lacking = await asyncio.to_thread(_write_models, data_dir, folders, archive)
        await asyncio.to_thread(_flush, unfinished)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return Kept(rows, len(folders) - len(lacking), lacking)


async def _write_tables(database: Database, archive: zipfile.ZipFile) -> tuple[int, dict[str, str]]:
    """Return how many rows there are, and the folder of each model."""
    tables = Base.metadata.sorted_tables
    async with database.reading() as db:
        if not database.is_sqlite:  # elsewhere each statement would see its own moment
            await db.execute(sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        header = {
            "format": FORMAT,
            "revision": await db.scalar(sql("SELECT version_num FROM alembic_version")),
            "tables": {t.name: {c.name: _kind(c) for c in t.columns} for t in tables},
        }
        archive.writestr(_HEADER, json.dumps(header, indent=1))
        rows = 0
        for each in tables:
            with archive.open(_member(each.name), "w", force_zip64=True) as lines:
                rows += await _write_rows(db, each, lines)
        models = await db.execute(sql("SELECT version, folder FROM models ORDER BY version"))
        return rows, {row.version: row.folder for row in models}


async def _write_rows(db: AsyncSession, each: Table, lines: IO[bytes]) -> int:
    n = 0
    chosen = select(each).order_by(*each.primary_key.columns)
    rows = await db.stream(chosen.execution_options(yield_per=_BLOCK))
    async for block in rows.partitions():
        await asyncio.to_thread(lines.write, b"".join(_line(row) for row in block))
        n += len(block)
    return n


def _line(row: Sequence[Any]) -> bytes:
    return json.dumps(list(row), ensure_ascii=False, default=_written).encode() + b"\n"


def _written(value: date | time) -> str:
    """Return a moment, day or hour as text: the only values that JSON has no word for."""
    return value.isoformat()


def _kind(of: Column[Any]) -> str:
    for kind, (its_type, _) in _KINDS.items():
        if kind != "plain" and isinstance(of.type, type(its_type)):
            return kind
    return "float" if of.type.python_type is float else "plain"


def _member(name: str) -> str:
    return f"tables/{name}.jsonl"


def _write_models(
    data_dir: Path, folders: dict[str, str], archive: zipfile.ZipFile
) -> tuple[str, ...]:
    lacking = []
    for version, folder in folders.items():
        arrays = sorted((data_dir / folder).glob("*.npy"))
        if not arrays:
            lacking.append(version)
        for array in arrays:
            archive.write(array, f"models/{version}/{array.name}")
    return tuple(lacking)


def _flush(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())


async def restore(
    database: Database, data_dir: Path, file: Path, *, may_replace: bool = False
) -> Kept:
    """Fill a database and DATA_DIR from a backup: all of it, or nothing.

    may_replace: what is kept there now may go.
    Raises NotABackup, BackupIsNewer, DatabaseIsNotEmpty, DatabaseIsNewer, StorageUnavailable;
    OSError when DATA_DIR cannot be written.
    """
    unfinished = data_dir / f".restoring.{os.getpid()}"
    try:
        with zipfile.ZipFile(file) as archive:
            header = _header(archive)
            await asyncio.to_thread(_unpack_models, archive, unfinished)
            async with database.writing() as db:
                await _make_room(db, header["revision"], may_replace=may_replace)
                rows = 0
                for name, kinds in header["tables"].items():
                    rows += await _read_rows(db, archive, name, kinds)
                await _finish(db, list(header["tables"]))
                models = await asyncio.to_thread(_place_models, unfinished, data_dir)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError) as error:
        raise NotABackup(f"{file.name} is no backup of Paperlark, or is damaged") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Kept(rows, models)


def _header(archive: zipfile.ZipFile) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(archive.read(_HEADER))
    if header["format"] > FORMAT:
        raise BackupIsNewer("a later release wrote this backup: restore it with that release")
    return header


async def _make_room(db: AsyncSession, revision: str, *, may_replace: bool) -> None:
    """Leave the empty tables of a revision, and nothing else."""
    from storage.migrations import rebuild

    connection = await db.connection()
    await connection.run_sync(lambda c: rebuild(c, revision, may_replace=may_replace))


async def _read_rows(
    db: AsyncSession, archive: zipfile.ZipFile, name: str, kinds: dict[str, str]
) -> int:
    into = insert(table(name, *(column(c, _KINDS[kind][0]) for c, kind in kinds.items())))
    n = 0
    with archive.open(_member(name)) as lines:
        while block := await asyncio.to_thread(_rows, lines, kinds):
            await db.execute(into, block)
            n += len(block)
    return n


def _rows(lines: IO[bytes], kinds: dict[str, str]) -> list[dict[str, Any]]:
    """Return the next block of rows; none at the end."""
    return [_row(json.loads(line), kinds) for line in islice(lines, _BLOCK)]


def _row(values: Sequence[Any], kinds: dict[str, str]) -> dict[str, Any]:
    return {
        name: None if value is None else _KINDS[kind][1](value)
        for (name, kind), value in zip(kinds.items(), values, strict=True)
    }


async def _finish(db: AsyncSession, tables: Sequence[str]) -> None:
    """Let the next ids follow the highest, and bring the tables up to this release."""
    from storage.migrations import upgrade

    if db.get_bind().dialect.name == "postgresql":
        for each in Base.metadata.sorted_tables:
            if each.name in tables and "id" in each.columns:
                highest = select(func.max(each.c.id)).scalar_subquery()
                sequence = func.pg_get_serial_sequence(each.name, "id")
                await db.execute(select(func.setval(sequence, highest)))
    connection = await db.connection()
    await connection.run_sync(upgrade)


def _arrays(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """Yield the members that are arrays; only their own names can become a path."""
    return (member for member in archive.infolist() if _ARRAY.fullmatch(member.filename))


def _unpack_models(archive: zipfile.ZipFile, folder: Path) -> None:
    for member in _arrays(archive):
        target = folder / member.filename
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as packed, target.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, _CHUNK)
            unpacked.flush()
            os.fsync(unpacked.fileno())


def _place_models(unfinished: Path, data_dir: Path) -> int:
    """Move every model to its place: the very last step before the rows are committed."""
    folders = sorted((unfinished / "models").glob("*"))
    for folder in folders:
        target = data_dir / "models" / folder.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)
    return len(folders)
