"""What groups and channels have beside a reader's settings."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "groups",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("home", sa.String(length=64), nullable=True),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("has_votes", sa.Boolean(), nullable=False),
        sa.Column("has_threads", sa.Boolean(), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_groups_user_id_users")),
        sa.ForeignKeyConstraint(
            ["admin_id"], ["accounts.id"], name=op.f("fk_groups_admin_id_accounts")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_groups")),
    )
    op.create_index(op.f("ix_groups_home"), "groups", ["home"])
    op.create_index(op.f("ix_groups_admin_id"), "groups", ["admin_id"])


def downgrade() -> None:
    op.drop_table("groups")
