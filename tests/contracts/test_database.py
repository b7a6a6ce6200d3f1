"""Transactions, migrations and faults, on both databases."""

import asyncio
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import exc, func, insert, literal_column, select, text
from sqlalchemy.dialects import postgresql

from recommender.feedback import Verdict
from storage import catalogue, feedback_log
from storage.database import Database, of_each, table_of
from storage.errors import DatabaseIsNewer, DatabaseRefuses, StorageUnavailable
from storage.migrations import configuration, is_ours
from storage.tables import Base, SourceRow, UserRow
from tests import servers
from tests.contracts.examples import arxiv, reader, stored

sources = table_of(SourceRow)


async def n_sources(database):
    async with database.reading() as db:
        return await db.scalar(select(func.count()).select_from(sources))


async def add(database, name):
    async with database.writing() as db:
        await db.execute(insert(sources).values(name=name))


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_url(request, tmp_path):
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'new' / 'paperlark.db'}"
        return
    server = request.getfixturevalue("postgres")
    name = server.fresh_name()
    yield await server.create(name)
    await server.drop(name)


async def test_migrations_build_exactly_the_tables(any_database):
    def differences(connection):
        options = {"include_object": is_ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, Base.metadata)

    async with any_database.reading() as db:
        connection = await db.connection()
        assert await connection.run_sync(differences) == []


async def test_migrations_and_tables_agree_on_numbers_that_are_given_once(database):
    """What `compare_metadata` does not look at."""
    written = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINC%'"
    async with database.reading() as db:
        built = {name for name, _ in await db.execute(text(written))}
    wanted = {
        table.name
        for table in Base.metadata.tables.values()
        if table.dialect_options["sqlite"]["autoincrement"]
    }
    assert built == wanted == {"users", "accounts"}


async def test_people_and_what_is_theirs_outlive_the_change_of_their_tables(tmp_path, clock):
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/paperlark.db")
    await database.migrate()
    async with database.writing() as db:
        connection = await db.connection()
        await connection.run_sync(lambda c: command.downgrade(configuration(c), "0005"))
    (paper,) = await stored(database, 1, clock())
    user, account = 3, 5
    at = f"'{clock():%Y-%m-%d %H:%M:%S.%f}'"
    async with database.writing() as db:
        for table, columns, values in (
            (
                "users",
                "id, kind, push_at, push_days, picks, is_pushed, is_quiet, surprise, language,"
                " created, last_seen",
                f"{user}, 'person', '08:00:00.000000', 31, 5, 1, 0, 2, 'en', {at}, {at}",
            ),
            (
                "accounts",
                "id, user_id, platform, external_id, last_used",
                f"{account}, {user}, 'telegram', '7', {at}",
            ),
            (
                "feedback",
                "user_id, paper_id, account_id, verdict, at",
                f"{user}, {paper}, {account}, 'like', {at}",
            ),
        ):
            await db.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"))
    await database.migrate()
    async with database.reading() as db:
        assert await db.scalar(text("SELECT count(*) FROM feedback")) == 1
        assert (await db.execute(text("PRAGMA foreign_key_check"))).all() == []
        kept = await db.execute(text("SELECT id, user_id FROM accounts"))
        assert [tuple(row) for row in kept] == [(account, user)]
    with pytest.raises(exc.IntegrityError):
        async with database.writing() as db:
            await db.execute(text("DELETE FROM users"))
    await database.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO models (version, encoder, trained, metrics, folder, is_live)"
        " VALUES ('{}', 'e', '2026-01-01 00:00:00', '{{}}', 'f', true)",
        "INSERT INTO papers (key, title, abstract, authors, categories, links, upvotes, version,"
        " announced, first_seen, changed, is_withdrawn, is_sample) VALUES ('x', '{}', '', '[]',"
        " '[]', '[]', 0, 1, '2026-01-01', '2026-01-01 00:00:00', '2026-01-01 00:00:00', false,"
        " false)",
    ],
    ids=["one live model", "one paper for each key"],
)
async def test_promises_are_held_by_the_database_itself(any_database, statement):
    async def insert_number(number):
        async with any_database.writing() as db:
            await db.execute(text(statement.format(number)))

    await insert_number(1)
    with pytest.raises(exc.IntegrityError):
        await insert_number(2)


async def test_nothing_refers_to_what_is_not_there(any_database, clock):
    with pytest.raises(exc.IntegrityError):
        async with any_database.writing() as db:
            await feedback_log.record(db, 1, 1, "e", 1, None, clock(), verdict=Verdict.LIKE)


async def test_many_processes_may_migrate_at_once(empty_url, clock):
    databases = [Database(empty_url) for _ in range(4)]
    await asyncio.gather(*(database.migrate() for database in databases))
    await stored(databases[0], 2, clock())
    async with databases[3].reading() as db:
        assert len((await catalogue.search(db, "paper")).whole) == 2
        assert await db.scalar(text("SELECT count(*) FROM alembic_version")) == 1
    for database in databases:
        await database.dispose()


async def test_migrations_can_be_taken_back_and_made_again(empty_url, clock):
    database = Database(empty_url)
    await database.migrate()
    async with database.writing() as db:
        connection = await db.connection()
        await connection.run_sync(lambda c: command.downgrade(configuration(c), "base"))
    await database.migrate()
    assert len(await stored(database, 2, clock())) == 2
    await database.dispose()


async def test_a_database_of_a_later_release_is_left_alone(any_database):
    async with any_database.writing() as db:
        await db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseIsNewer, match="9999"):
        await any_database.migrate()
    async with any_database.reading() as db:
        assert await db.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


async def test_what_fails_in_the_middle_leaves_nothing(any_database):
    async def fails():
        async with any_database.writing() as db:
            await db.execute(insert(sources).values(name="x"))
            raise OSError("the caller's own")

    with pytest.raises(OSError, match="the caller's own"):
        await fails()
    assert await n_sources(any_database) == 0


async def test_two_hundred_writers_all_get_their_turn(any_database):
    await asyncio.gather(*(add(any_database, f"s{i}") for i in range(200)))
    assert await n_sources(any_database) == 200


async def test_readers_do_not_wait_for_a_writer(any_database):
    async with any_database.writing() as db, asyncio.timeout(10):
        await db.execute(insert(sources).values(name="x"))
        assert await n_sources(any_database) == 0
    assert await n_sources(any_database) == 1


async def test_a_writer_who_gives_up_waiting_does_not_stop_the_next(any_database):
    async with any_database.writing() as db:
        await db.execute(insert(sources).values(name="x"))
        started = asyncio.Event()

        async def waits():
            started.set()
            await add(any_database, "x2")

        waiting = asyncio.create_task(waits())
        await started.wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await add(any_database, "y")
    assert await n_sources(any_database) == 2


async def test_a_lock_held_for_too_long_is_named_and_nothing_is_stored(any_database_url):
    slow, quick = Database(any_database_url), Database(any_database_url, patience=0.2)
    async with slow.writing() as db:
        await db.execute(insert(sources).values(name="x"))
        with pytest.raises(StorageUnavailable):
            await add(quick, "x")
    await add(quick, "y")
    assert await n_sources(quick) == 2
    await slow.dispose()
    await quick.dispose()


async def test_one_writer_of_this_process_that_takes_too_long_is_named(tmp_path, database):
    quick = Database(f"sqlite+aiosqlite:///{tmp_path / 'paperlark.db'}", patience=0.05)
    async with quick.writing():
        with pytest.raises(StorageUnavailable):
            await add(quick, "x")
    await quick.dispose()


async def test_a_missing_table_is_a_fault_of_ours_and_not_an_outage(any_database):
    with pytest.raises(exc.DBAPIError):
        async with any_database.reading() as db:
            await db.execute(text("SELECT * FROM nowhere"))


async def test_errors_do_not_tell_what_people_wrote(any_database):
    secret = " ".join(["what", "a", "person", "wrote"])  # a traceback quotes this very line
    await add(any_database, secret)
    with pytest.raises(exc.IntegrityError) as refused:
        await add(any_database, secret)
    assert secret not in "".join(traceback.format_exception(refused.value))


async def test_a_database_that_is_not_there_is_unavailable(tmp_path):
    away = Database(f"postgresql+asyncpg://u:secret@127.0.0.1:{servers.free_port()}/x")
    with pytest.raises(StorageUnavailable) as refused:
        await n_sources(away)
    assert "secret" not in str(refused.value)
    with pytest.raises(StorageUnavailable):
        await away.migrate()
    await away.dispose()


async def test_an_unknown_database_is_refused_for_good(postgres):
    wrong = Database(postgres.url("nowhere"))
    with pytest.raises(DatabaseRefuses, match="3D000"):
        await n_sources(wrong)
    await wrong.dispose()


async def test_a_file_that_is_no_database_is_refused_for_good(tmp_path):
    (tmp_path / "x.db").write_bytes(b"not a database at all, but long enough to be read" * 50)
    wrong = Database(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}")
    with pytest.raises(DatabaseRefuses):
        await n_sources(wrong)
    await wrong.dispose()


async def test_a_transaction_on_postgresql_waits_for_nothing_but_its_own(postgres):
    """Only a connection that rested is asked whether it is still there."""
    name = await postgres.borrow()
    now, asked = 0.0, []
    database = Database(postgres.url(name), clock=lambda: now)
    try:
        async with database.reading() as db:
            raw = (await (await db.connection()).get_raw_connection()).driver_connection
            raw.add_query_logger(lambda query: asked.append(query.query.strip(";").split()[:1]))
        for pause in (0, 29, 31, 1):
            now += pause
            asked.clear()
            async with database.reading() as db:
                await db.execute(text("SELECT 1"))
            rested = [["BEGIN"], ["ROLLBACK"]] if pause == 31 else []
            # Of statements only those are told that are not prepared.
            assert [query for query in asked if query] == [*rested, ["BEGIN"], ["COMMIT"]]
    finally:
        await database.dispose()
        await postgres.give_back(name)


async def test_a_connection_that_the_server_closed_costs_nobody_anything(postgres, clock):
    name = await postgres.borrow()
    database, other = Database(postgres.url(name)), Database(postgres.url(name))
    try:
        await asyncio.gather(*(reader(database, f"{i}", clock()) for i in range(8)))
        async with other.writing() as db:
            await db.execute(
                text(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        await asyncio.gather(*(reader(database, f"{i}", clock()) for i in range(8)))
    finally:
        await database.dispose()
        await other.dispose()
        await postgres.give_back(name)


async def test_many_are_looked_up_in_an_index_of_a_table_that_was_never_measured(postgres, clock):
    """PostgreSQL would read all of it for a thousand at once, and again for the next thousand."""
    name = await postgres.borrow()
    database, users = Database(postgres.url(name)), table_of(UserRow)
    try:
        await reader(database, "7", clock())
        others = [column for column in users.c if column is not users.c.id]
        many = select(*others, literal_column("100 + n"))
        many = many.select_from(users, text("generate_series(1, 5000) AS n"))
        async with database.writing() as db:
            await db.execute(insert(users).from_select([*others, users.c.id], many))
            chosen = of_each(db, select(users.c.id), users.c.id, range(101, 1101))
            given = {"dialect": postgresql.dialect(), "compile_kwargs": {"literal_binds": True}}
            plan = "\n".join(await db.scalars(text(f"EXPLAIN {chosen.compile(**given)}")))
            assert "Index" in plan
            assert "Seq Scan" not in plan
            assert list(await db.scalars(chosen)) == list(range(101, 1101))
    finally:
        await database.dispose()
        await postgres.give_back(name)


async def test_moments_without_a_zone_are_refused(any_database, clock):
    with pytest.raises(exc.StatementError, match="needs a zone"):
        async with any_database.writing() as db:
            await catalogue.take_in(db, [arxiv(1)], clock().replace(tzinfo=None))


async def test_when_postgresql_dies_and_comes_back_nothing_needs_a_restart(clock):
    """On the last PostgreSQL found, a wheel's, where the other tests use the first."""
    with ThreadPoolExecutor(1) as thread:
        loop = asyncio.get_running_loop()
        binaries = servers.postgres_binaries()[-1]
        server = await loop.run_in_executor(thread, servers.Postgres, binaries)
        try:
            await server.prepare()
            database = Database(server.url(servers.TEMPLATE))
            paper, *_ = await stored(database, 1, clock())
            found = await reader(database, "7", clock())
            tap = (found.user.id, found.account.id, "e", paper, None, clock())

            async def dies_in_the_middle():
                async with database.writing() as db:
                    await feedback_log.record(db, *tap, verdict=Verdict.LIKE)
                    await loop.run_in_executor(thread, server.stop, "immediate")

            with pytest.raises(StorageUnavailable):
                await dies_in_the_middle()
            with pytest.raises(StorageUnavailable):
                await n_sources(database)
            await loop.run_in_executor(thread, server.start)
            async with database.writing() as db:
                recorded = await feedback_log.record(db, *tap, verdict=Verdict.LIKE)
            assert recorded.changed
            assert not recorded.repeated
            await asyncio.gather(*(reader(database, f"{i}", clock()) for i in range(8)))
            await loop.run_in_executor(thread, server.stop)
            await loop.run_in_executor(thread, server.start)
            await asyncio.gather(*(reader(database, f"{i}", clock()) for i in range(8)))
            await database.dispose()
        finally:
            await loop.run_in_executor(thread, server.close)
