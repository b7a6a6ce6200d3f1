"""Numbers of people that are given once: on SQLite too, as PostgreSQL always did."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("users", "accounts")


def upgrade() -> None:
    for table in TABLES:
        _build_again(table, autoincrement=True)


def downgrade() -> None:
    for table in TABLES:
        _build_again(table, autoincrement=False)


def _build_again(table: str, *, autoincrement: bool) -> None:
    """Build a table as it stands anew; SQLite cannot change this of one that is there.

    What refers to its rows waits for them until the end of the transaction.
    """
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        return
    op.execute("PRAGMA defer_foreign_keys = ON")
    built = sa.Table(table, sa.MetaData(), autoload_with=bind)
    built.dialect_options["sqlite"]["autoincrement"] = autoincrement
    op.execute(f"CREATE TEMPORARY TABLE rows_of_{table} AS SELECT * FROM {table}")
    op.execute(f"DROP TABLE {table}")
    built.create(bind)
    op.execute(f"INSERT INTO {table} SELECT * FROM rows_of_{table}")
    op.execute(f"DROP TABLE rows_of_{table}")
