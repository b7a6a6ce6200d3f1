"""Alembic migrations. The release already running must survive each: add, move, remove later.

`alembic` is imported here and nowhere else in storage; import this package lazily.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.errors import DatabaseIsNewer


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
