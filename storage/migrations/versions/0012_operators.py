"""What operators look at and do: figures by the day, and broadcasts."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_index(op.f("ix_deliveries_day_state"), "deliveries", ["day", "state"])
    op.create_index(
        op.f("ix_accounts_platform_unreachable"), "accounts", ["platform", "unreachable"]
    )
    _make_figures()
    _make_broadcasts()


def _make_figures() -> None:
    op.create_table(
        "daily_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "platform", "what", name=op.f("pk_daily_counts")),
    )
    op.create_table(
        "like_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("is_exploring", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("liked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "model", "is_exploring", name=op.f("pk_like_counts")),
    )
    op.create_table(
        "tallies",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("upto", LONG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tallies")),
    )


def _make_broadcasts() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("pace", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("upto", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("next_claim", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    op.create_index(op.f("ix_broadcasts_state"), "broadcasts", ["state"])
    op.create_table(
        "broadcast_sends",
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("next_try", MOMENT, nullable=True),
        _reference("broadcast_id", "broadcasts"),
        _reference("user_id", "users"),
        sa.PrimaryKeyConstraint("broadcast_id", "user_id", name=op.f("pk_broadcast_sends")),
    )
    op.create_index(op.f("ix_broadcast_sends_user_id"), "broadcast_sends", ["user_id"])
    op.create_index(
        op.f("ix_broadcast_sends_broadcast_id_state_next_try"),
        "broadcast_sends",
        ["broadcast_id", "state", "next_try"],
    )


def _reference(column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_broadcast_sends_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def downgrade() -> None:
    for table in ("broadcast_sends", "broadcasts", "tallies", "like_counts", "daily_counts"):
        op.drop_table(table)
    op.drop_index(op.f("ix_accounts_platform_unreachable"), "accounts")
    op.drop_index(op.f("ix_deliveries_day_state"), "deliveries")
