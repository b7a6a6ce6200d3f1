"""Likes found by paper: what trends is counted paper by paper, not reader by reader."""

from alembic import op

revision = "0005"
down_revision = "0006"
branch_labels = None
depends_on = None

NAME = "ix_feedback_paper_id_verdict"


def upgrade() -> None:
    op.create_index(NAME, "feedback", ["paper_id", "verdict"])


def downgrade() -> None:
    op.drop_index(NAME, "feedback")
