"""Alembic migrations. The release already running must survive each: add, move, remove later.

`alembic` is imported here and nowhere else in storage; import this package lazily.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

from storage.errors import BackupIsNewer, DatabaseIsNewer, DatabaseIsNotEmpty
from storage.tables import Base


def upgrade(connection: Connection) -> None:
    """Bring the database up to this release, inside the caller's transaction.

    Processes that start together take turns. Raises DatabaseIsNewer.
    """
    if connection.dialect.name == "postgresql":
        # An index over a large table, or another process's migration, takes as long as it takes.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('paperlark:migrate'))"))
    if not is_current(connection):
        command.upgrade(configuration(connection), "head")


def is_current(connection: Connection) -> bool:
    """Return whether nothing is left to migrate. Raises DatabaseIsNewer."""
    scripts = ScriptDirectory.from_config(configuration(connection))
    known = {script.revision for script in scripts.walk_revisions()}
    here = MigrationContext.configure(connection).get_current_heads()
    if not known.issuperset(here):
        raise DatabaseIsNewer(
            f"the database stands at revision {', '.join(here)}, which this release does not "
            f"know: start the newer release that migrated it"
        )
    return here == tuple(scripts.get_heads())


def rebuild(connection: Connection, revision: str, *, may_replace: bool) -> None:
    """Leave the empty tables of a revision, inside the caller's transaction.

    may_replace: what is kept may go. Raises BackupIsNewer for a revision that this release does
    not know, DatabaseIsNewer, DatabaseIsNotEmpty.
    """
    config = configuration(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision not in known:
        raise BackupIsNewer(
            f"the backup stands at revision {revision}, which this release does not know: "
            "restore it with the newer release that wrote it"
        )
    is_current(connection)  # what a later release has built cannot be taken down by this one
    there = set(inspect(connection).get_table_names())
    ours = [each for each in Base.metadata.sorted_tables if each.name in there]
    if not may_replace and any(
        connection.execute(select(text("1")).select_from(each).limit(1)).first() for each in ours
    ):
        raise DatabaseIsNotEmpty("the database is not empty: restoring would replace what it holds")
    if ours:
        command.downgrade(config, "base")
    command.upgrade(config, revision)


def configuration(connection: Connection) -> Config:
    """Return what Alembic needs to work on a connection, without any .ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def is_ours(
    _item: object, name: str | None, _kind: str, _is_reflected: bool, _other: object
) -> bool:
    """The full-text index is the migrations' alone: tables.py knows nothing of it."""
    return not (name or "").startswith("papers_text")
