"""Papers by their DOI, whose case means nothing: somebody sends one and waits."""

from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE papers SET doi = lower(doi) WHERE doi <> lower(doi)")
    op.create_index(op.f("ix_papers_doi"), "papers", ["doi"])


def downgrade() -> None:
    op.drop_index(op.f("ix_papers_doi"), "papers")
