"""Run by Alembic: applies the versions over the connection that `upgrade` hands in."""

from alembic import context
from sqlmodel import SQLModel

from crmsync.store import tables as tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
