"""What a day without new papers brings: older unseen ones, or only a line."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kept = sa.Boolean()
    op.add_column(
        "users", sa.Column("is_filled", kept, nullable=False, server_default=sa.text("true"))
    )


def downgrade() -> None:
    op.drop_column("users", "is_filled")
