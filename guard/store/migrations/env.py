"""Alembic's entry: runs migrations on the connection that `guard.store.database` hands over."""

from alembic import context

from guard.store.schema_watch import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most columns in place
)
with context.begin_transaction():
    context.run_migrations()
