"""`paperlark backup` and `paperlark restore`: one file, from which either database comes back."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.house import CannotStart, configure_logs, open_database
from bot.settings import Settings
from storage import backup
from storage.backup import Kept
from storage.database import Database
from storage.errors import DatabaseIsNotEmpty, StorageError


def back_up(settings: Settings, file: Path) -> int:
    """Write a backup, tell what is in it, and return the exit status."""

    async def work(database: Database) -> Kept:
        await database.migrate()
        return await backup.back_up(database, settings.data_dir, file)

    return _run(settings, work, f"Wrote {file.name}")


def restore(settings: Settings, file: Path, *, may_replace: bool) -> int:
    """Restore a backup, tell what was in it, and return the exit status."""

    async def work(database: Database) -> Kept:
        return await backup.restore(database, settings.data_dir, file, may_replace=may_replace)

    return _run(settings, work, f"Restored {file.name}")


def _run(settings: Settings, work: Callable[[Database], Awaitable[Kept]], done: str) -> int:
    async def on_the_database() -> Kept:
        database = open_database(settings)
        try:
            return await work(database)
        finally:
            await database.dispose()

    try:
        configure_logs(settings, to_file=False)
        kept = asyncio.run(on_the_database())
    except DatabaseIsNotEmpty as error:
        print(f"{error}; --replace says that it may go.", file=sys.stderr)
        return 1
    except (CannotStart, StorageError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.strerror}: {error.filename}", file=sys.stderr)
        return 1
    print(f"{done}: {kept.rows:,} rows, {kept.models} models.")
    for version in kept.models_lacking:
        print(f"The files of model {version} are not in DATA_DIR and were left out.")
    return 0
