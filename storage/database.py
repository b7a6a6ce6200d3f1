"""One database, two dialects: transactions, faults and migrations.

SQLite in WAL mode lets any number read beside exactly one writer, so writers of this
process queue here in order of arrival, and those of other processes wait for the file.
PostgreSQL needs no turn: its rows are locked where it matters.

Drivers fail in many ways. What means "the database is away or busy" becomes
StorageUnavailable at the very place where SQLAlchemy meets the driver, so that an OSError of
the caller's own inside the block is never mistaken for one.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    FromClause,
    Integer,
    Select,
    Table,
    Text,
    bindparam,
    column,
    event,
    exc,
    func,
    literal_column,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeEngine

from storage.errors import DatabaseRefuses, StorageError, StorageUnavailable
from storage.tables import Base

T = TypeVar("T")
Key = ColumnElement[Any]

# Names stay readable, so that the full-text index can read them too.
_dump_json = json.JSONEncoder(ensure_ascii=False).encode

_SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES_AWAY = ("08", "40001", "40P01", "53", "55P03", "57014", "57P", "58")
_POSTGRES_REFUSES = ("28", "3D")
_COPIED_FROM = 50  # rows; fewer are sent sooner than a COPY is prepared
# Seconds. While one process turns a new SQLite file to WAL, others are told at once that it
# is busy, however long they would have waited.
_PAUSES = (0.1, 0.3, 1.0, 3.0)
_RESTED = 30.0  # seconds; a connection that was used since is not asked whether it is there
_USED = "paperlark_used"


class Database:
    """Transactions on SQLite (`sqlite+aiosqlite://`) or PostgreSQL (`postgresql+asyncpg://`).

    patience: seconds after which waiting for a lock, a connection or an answer is given up.
    clock: monotonic seconds.
    """

    def __init__(
        self, url: str, *, patience: float = 20.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._patience = patience
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._folder().mkdir(parents=True, exist_ok=True)
            self._readers = _sqlite_engine(url, patience, "BEGIN", readers=4)
            self._writers = _sqlite_engine(url, patience, "BEGIN IMMEDIATE", readers=0)
        else:
            self._writers = _postgres_engine(url, patience, clock)
            self._readers = self._writers.execution_options(postgresql_readonly=True)
        self._reading = async_sessionmaker(self._readers, expire_on_commit=False)
        self._writing = async_sessionmaker(self._writers, expire_on_commit=False)
        self._writer = asyncio.Lock() if self.is_sqlite else None

    def _folder(self) -> Path:
        return Path(make_url(self._url).database or "").absolute().parent

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction that only reads. Raises StorageUnavailable."""
        return _transaction(self._reading)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """One transaction, committed at the end of the block, undone by any exception.

        Raises StorageUnavailable: then nothing was stored, unless the connection broke
        during the commit itself, when nobody can know; every write here may be repeated.
        Never open one inside another: on SQLite the inner one waits for the outer.
        """
        async with self._turn(), _transaction(self._writing) as db:
            yield db

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._writer is None:
            yield
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._writer.acquire()
        except TimeoutError as error:
            raise StorageUnavailable("the one writer of SQLite is busy") from error
        try:
            yield
        finally:
            self._writer.release()

    async def migrate(self) -> None:
        """Bring the tables up to this release; any number of processes may call it at once.

        Raises DatabaseIsNewer, DatabaseRefuses, StorageUnavailable.
        """
        await asyncio.to_thread(_migrate, self._url)

    async def settle(self) -> None:
        """Bring SQLite's journal into its file, so that what was deleted is in neither.

        Where somebody reads meanwhile, what they still need of it goes with the next one.
        Raises StorageUnavailable.
        """
        if not self.is_sqlite:
            return
        async with self._turn(), self._writers.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            await raw.execute("PRAGMA busy_timeout = 1000")
            await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            await raw.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")

    async def dispose(self) -> None:
        """Close every connection."""
        await self._readers.dispose()
        await self._writers.dispose()


@asynccontextmanager
async def _transaction(sessions: async_sessionmaker[AsyncSession]) -> AsyncIterator[AsyncSession]:
    async with sessions() as db, db.begin():
        await _connect(db)
        yield db


async def _connect(db: AsyncSession) -> None:
    """Begin now, so that a database that is away is met here and not in the caller's block."""
    try:
        await db.connection()
    except (OSError, exc.TimeoutError) as error:
        raise StorageUnavailable("the database cannot be reached") from error
    except Exception as error:
        ours = _translated(error)
        if ours is None:
            raise
        raise ours from error


def _translated(error: BaseException | None) -> StorageError | None:
    """Return our name for a driver's exception, None for what is a bug.

    Only codes and class names enter the message: parameters never do.
    """
    while isinstance(error, exc.DBAPIError):
        error = error.orig
    if isinstance(error, OSError | TimeoutError):
        return StorageUnavailable(f"the database is away: {type(error).__name__}")
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _SQLITE_AWAY:
            return StorageUnavailable(f"SQLite: {error.sqlite_errorname}")
        if code == sqlite3.SQLITE_NOTADB:
            return DatabaseRefuses("the file is not a SQLite database")
        if code == sqlite3.SQLITE_READONLY:
            return DatabaseRefuses("the file or its folder cannot be written")
        return None
    return _translated_postgres(error)


def _translated_postgres(error: BaseException | None) -> StorageError | None:
    state = str(getattr(error, "sqlstate", None) or "")
    if state.startswith(_POSTGRES_AWAY):
        return StorageUnavailable(f"PostgreSQL: {state}")
    if state.startswith(_POSTGRES_REFUSES):
        return DatabaseRefuses(f"PostgreSQL: {state} {type(error).__name__}")
    return None


def _on_error(context: ExceptionContext) -> BaseException | None:
    _hide_details(context.original_exception)
    if context.is_disconnect:
        return StorageUnavailable("the connection to the database broke")
    return _translated(context.original_exception)


def _hide_details(error: BaseException | None) -> None:
    """Take off what PostgreSQL quotes from the row: it would be printed with a traceback."""
    while error is not None:
        if getattr(error, "detail", None):
            error.detail = None  # type: ignore[attr-defined]
        error = error.__cause__


def _sqlite_engine(url: str, patience: float, begin: str, readers: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        hide_parameters=True,
        json_serializer=_dump_json,
        pool_size=max(readers, 1),
        max_overflow=0,
        pool_timeout=patience,
        # The driver must not begin transactions by itself: "begin" below says which kind.
        connect_args={"isolation_level": None, "timeout": patience},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # What is deleted is overwritten: who asks to be forgotten is in no free page either.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.execute(f"PRAGMA query_only = {'ON' if readers else 'OFF'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begins(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "handle_error", _on_error, retval=True)
    return engine


def _postgres_engine(url: str, patience: float, clock: Callable[[], float]) -> AsyncEngine:
    milliseconds = str(int(patience * 1000))
    engine = create_async_engine(
        url,
        hide_parameters=True,
        json_serializer=_dump_json,
        pool_size=10,
        max_overflow=5,
        pool_timeout=patience,
        connect_args={
            "timeout": patience,
            # Past the server's own limits: only a network that swallows everything gets here.
            "command_timeout": 2 * patience,
            "server_settings": {
                "application_name": "paperlark",
                "lock_timeout": milliseconds,
                "statement_timeout": milliseconds,
                "idle_in_transaction_session_timeout": str(int(patience * 3000)),
            },
        },
    )
    event.listen(engine.sync_engine, "handle_error", _on_error, retval=True)
    _keep_alive(engine, clock)
    return engine


def _keep_alive(engine: AsyncEngine, clock: Callable[[], float]) -> None:
    """Let the pool replace connections that are of no use any more before anybody has one.

    What the server closed is known without a question. Only behind a network that says nothing
    is a connection that rested worth one: every transaction would pay for it with three waits.
    """

    @event.listens_for(engine.sync_engine, "checkout")
    def look_over(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise exc.DisconnectionError("the server has closed the connection")
        now = clock()
        if now - record.info.get(_USED, now) <= _RESTED:
            return
        try:
            connection.ping()
        except (connection.dbapi.Error, OSError, TimeoutError) as error:
            raise exc.DisconnectionError("the connection does not answer") from error

    @event.listens_for(engine.sync_engine, "checkin")
    def note_use(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info[_USED] = clock()


def _migrate(url: str) -> None:
    """Upgrade in this thread, with connections of its own."""
    # Imported here: half a second that a running bot should not pay for.
    from storage.migrations import upgrade

    asyncio.run(_upgraded(url, upgrade))


async def _upgraded(url: str, upgrade: Any) -> None:
    database = Database(url, patience=120.0)
    try:
        for pause in (*_PAUSES, None):
            try:
                async with database.writing() as db:
                    connection = await db.connection()
                    await connection.run_sync(upgrade)
                return
            except StorageUnavailable:
                if pause is None or not database.is_sqlite:
                    raise
            await asyncio.sleep(pause)
    finally:
        await database.dispose()


async def one_at_a_time(db: AsyncSession, name: str) -> None:
    """Let no other transaction that asks for the same name go on beside this one.

    SQLite has one writer anyhow.
    """
    if db.get_bind().dialect.name == "postgresql":
        await db.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"paperlark:{name}"},
        )


def insert_into(db: AsyncSession, row: type[Base]) -> "postgresql.Insert | sqlite.Insert":
    """Return an INSERT of the session's dialect: `on_conflict_…` works on both."""
    if db.get_bind().dialect.name == "postgresql":
        return postgresql.insert(row)
    return sqlite.insert(row)


def listed(
    db: AsyncSession, columns: Mapping[str, tuple[TypeEngine[Any], Sequence[Any]]]
) -> FromClause:
    """Return a table of values, given column by column with the type of each.

    A parameter for each column, or one for all: however many rows there are, no statement is
    made anew for another number, and the server reads none that is as long as they.
    """
    dialect = db.get_bind().dialect
    if dialect.name == "postgresql":
        arrays = (bindparam(None, list(values), ARRAY(kind)) for kind, values in columns.values())
        unnested = func.unnest(*arrays)
        named = (column(name, kind) for name, (kind, _) in columns.items())
        return unnested.table_valued(*named, name="listed").render_derived()
    taken = (_as_driver_takes(kind, values, dialect) for kind, values in columns.values())
    rows = _dump_json(list(zip(*taken, strict=True)))
    each = func.json_each(rows).table_valued("value")
    values = (func.json_extract(each.c.value, f"$[{n}]") for n in range(len(columns)))
    labelled = (value.label(name) for name, value in zip(columns, values, strict=True))
    return select(*labelled).subquery("listed")


def of_each(
    db: AsyncSession, chosen: Select[Any], key: Key | tuple[Key, ...], values: Sequence[Any]
) -> Select[Any]:
    """Return what a statement selects for each of many values of a key, in its order for each.

    key: a column, or several whose values are tuples; with an index. PostgreSQL looks each up in
    it, one after the other as they are given, whatever it believes of the table. Told of a
    thousand at once it read the whole of tables that had grown since it last took their measure.
    """
    is_postgresql = db.get_bind().dialect.name == "postgresql"
    if not isinstance(key, tuple) and not is_postgresql:
        return chosen.where(key.in_(values))
    columns = key if isinstance(key, tuple) else (key,)
    rows = values if isinstance(key, tuple) else [(value,) for value in values]
    each = listed(
        db,
        {
            f"key{n}": (
                BigInteger() if isinstance(column.type, Integer) else Text(),
                [row[n] for row in rows],
            )
            for n, column in enumerate(columns)
        },
    )
    if not is_postgresql:
        return chosen.where(tuple_(*columns).in_(select(*each.c)))
    is_it = (column == sought for column, sought in zip(columns, each.c, strict=True))
    # The offset keeps the planner from making a join of any other kind of it.
    one = chosen.where(*is_it).offset(literal_column("0")).lateral("found")
    return select(*one.c).select_from(each.join(one, true()))


async def append(db: AsyncSession, row: type[Base], columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert many rows, given column by column; JSON as text. Rows that break a rule break all.

    PostgreSQL copies them, SQLite has one statement for all: a third of the time that values
    take on SQLAlchemy's way, a row and a value at a time.
    """
    connection = await db.connection()
    table = table_of(row)
    values = [
        _as_driver_takes(table.c[name].type, values, connection.dialect)
        for name, values in columns.items()
    ]
    rows = list(zip(*values, strict=True))
    if connection.dialect.name == "postgresql" and len(rows) >= _COPIED_FROM:
        await _copy(connection, table, list(columns), rows)
    elif rows:
        places = [f"${n}" for n in range(1, len(values) + 1)]
        if connection.dialect.name == "sqlite":
            places = ["?"] * len(values)
        said = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join(places)})"
        await connection.exec_driver_sql(said, rows)


def _as_driver_takes(kind: TypeEngine[Any], values: Sequence[Any], dialect: Dialect) -> list[Any]:
    """Return a column as the driver wants it; most of a batch is the same few moments and days."""
    if isinstance(kind, JSON):
        return list(values)
    convert = kind.dialect_impl(dialect).bind_processor(dialect)
    if convert is None:
        return list(values)
    known = {value: convert(value) for value in set(values)}
    return [known[value] for value in values]


async def _copy(
    connection: AsyncConnection, table: Table, columns: list[str], rows: list[tuple[Any, ...]]
) -> None:
    await connection.exec_driver_sql("SELECT 1")  # the adapter begins with a statement
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    try:
        await raw.copy_records_to_table(table.name, records=rows, columns=columns)
    except Exception as error:
        _hide_details(error)
        ours = _translated(error)
        if ours is None:
            raise
        raise ours from error


def table_of(row: type[Base]) -> Table:
    """Return the table itself: its rows are plain tuples, with no identity to go stale."""
    table = row.__table__
    assert isinstance(table, Table)
    return table


def blocks(items: Sequence[T], size: int = 1000) -> Iterator[Sequence[T]]:
    """Cut a long list so that no statement has more parameters than a database allows."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
