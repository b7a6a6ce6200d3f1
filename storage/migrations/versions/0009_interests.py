"""What readers say of their interests, and which categories are followed at all."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "interests",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("papers", sa.JSON(), nullable=False),
        sa.Column("standing", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_interests_user_id_users")),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_interests_paper_id_papers")
        ),
        sa.PrimaryKeyConstraint("user_id", "paper_id", name=op.f("pk_interests")),
    )
    op.create_index(op.f("ix_follows_kind_text"), "follows", ["kind", "text"])


def downgrade() -> None:
    op.drop_index(op.f("ix_follows_kind_text"), "follows")
    op.drop_table("interests")
