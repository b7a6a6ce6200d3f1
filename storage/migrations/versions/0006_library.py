"""Notes, bans, and what linking two accounts needs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


# By which /forget finds a person's rows, and the database what refers to a row that goes.
FOUND_BY = (
    ("feedback", "account_id"),
    ("feedback", "impression_id"),
    ("feedback_log", "impression_id"),
    ("impressions", "account_id"),
    ("deliveries", "account_id"),
    ("votes", "account_id"),
    ("links", "joined_id"),
)


def upgrade() -> None:
    for table, column in FOUND_BY:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.add_column("users", sa.Column("scheduled_at", MOMENT, nullable=True))
    _make_notes()
    _make_links()
    _make_marks()


def _make_notes() -> None:
    op.create_table(
        "notes",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        _reference("notes", "user_id", "users"),
        _reference("notes", "paper_id", "papers"),
        _reference("notes", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("user_id", "paper_id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_account_id"), "notes", ["account_id"])


def _make_links() -> None:
    op.create_table(
        "linked_accounts",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("home_id", sa.Integer(), nullable=False),
        _reference("linked_accounts", "account_id", "accounts"),
        _reference("linked_accounts", "home_id", "users"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_linked_accounts")),
    )
    op.create_index(op.f("ix_linked_accounts_home_id"), "linked_accounts", ["home_id"])
    op.create_table(
        "link_codes",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("expires", MOMENT, nullable=False),
        _reference("link_codes", "user_id", "users"),
        _reference("link_codes", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_link_codes")),
    )
    op.create_index(op.f("ix_link_codes_user_id"), "link_codes", ["user_id"])
    op.create_index(op.f("ix_link_codes_account_id"), "link_codes", ["account_id"])
    op.create_index(op.f("ix_link_codes_expires"), "link_codes", ["expires"])
    op.create_table(
        "link_guesses",
        sa.Column("id", LONG, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        _reference("link_guesses", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_guesses")),
    )
    op.create_index(op.f("ix_link_guesses_account_id"), "link_guesses", ["account_id"])
    op.create_index(op.f("ix_link_guesses_at"), "link_guesses", ["at"])


def _make_marks() -> None:
    op.create_table(
        "bans",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_bans")),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def downgrade() -> None:
    for table in ("secrets", "bans", "link_guesses", "link_codes", "linked_accounts", "notes"):
        op.drop_table(table)
    for table, column in FOUND_BY:
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
    op.drop_column("users", "scheduled_at")
