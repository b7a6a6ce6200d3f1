"""Look for a person in everything that is kept: each table and column, each file, each key."""

from collections.abc import Collection, Sequence
from pathlib import Path

from sqlalchemy import Connection, MetaData, inspect, select, text

from storage.database import Database


async def in_tables(database: Database, words: Sequence[str]) -> list[str]:
    """Return `table.column` wherever one of these words stands, in whatever tables there are."""

    def look(connection: Connection) -> list[str]:
        found, kept = [], MetaData()
        kept.reflect(connection)
        for table in kept.tables.values():
            for row in connection.execute(select(table)):
                found += [
                    f"{table.name}.{name}"
                    for name, value in row._mapping.items()
                    if any(word in str(value) for word in words)
                ]
        return found

    async with database.reading() as db:
        return await (await db.connection()).run_sync(look)


async def referring(
    database: Database, users: Collection[int], accounts: Collection[int]
) -> list[str]:
    """Return `table.column` wherever one of these numbers stands for a user or an account."""
    numbers = {"users": set(users), "accounts": set(accounts)}

    def look(connection: Connection) -> list[str]:
        found, inspector = [], inspect(connection)
        for table in inspector.get_table_names():
            columns = {
                c: k["referred_table"]
                for k in inspector.get_foreign_keys(table)
                for c in k["constrained_columns"]
            }
            columns |= {"id": table} if table in numbers else {}
            columns |= {"push_account_id": "accounts"} if table == "users" else {}
            for column, about in columns.items():
                values = set(connection.scalars(text(f"SELECT {column} FROM {table}")))
                if about in numbers and values & numbers[about]:
                    found.append(f"{table}.{column}")
        return found

    async with database.reading() as db:
        return await (await db.connection()).run_sync(look)


def in_files(folder: Path, words: Sequence[str]) -> list[str]:
    """Return the files below a folder in whose bytes or name one of these words stands."""
    return sorted(
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file()
        and any(word.encode() in file.read_bytes() or word in file.name for word in words)
    )
