"""Whether a reader chose their language, or it follows what their platform says."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.Boolean()
    op.add_column(
        "users",
        sa.Column("is_language_chosen", kind, nullable=False, server_default=sa.text("false")),
    )


def downgrade() -> None:
    op.drop_column("users", "is_language_chosen")
