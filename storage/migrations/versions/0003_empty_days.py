"""What a day without new papers brings, and the steps of a delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kept = sa.Boolean()
    op.add_column(
        "users", sa.Column("is_filled", kept, nullable=False, server_default=sa.text("true"))
    )
    steps = sa.JSON()
    op.add_column(
        "deliveries", sa.Column("steps", steps, nullable=False, server_default=sa.text("'[]'"))
    )


def downgrade() -> None:
    op.drop_column("deliveries", "steps")
    op.drop_column("users", "is_filled")
