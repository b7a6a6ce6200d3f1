"""How Alembic runs here: on a connection that is handed over, inside its transaction."""

from alembic import context

from storage.migrations import is_ours
from storage.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_object=is_ours,
    compare_type=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
