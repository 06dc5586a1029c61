"""Runs the migrations inside the transaction that `store.control_schema` has opened, on its connection."""

from alembic import context

from mlops_nb.store.control_schema import VERSION_TABLE, ours

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    include_name=ours,
)
with context.begin_transaction():
    context.run_migrations()
