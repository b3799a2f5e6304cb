"""Alembic's entry point: runs the migrations on the connection that ``bot.storage.migrate`` passes."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from bot.storage.tables import Big, Json, UtcDateTime, metadata


def _name_our_types(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types by name when a migration is generated."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "UtcDateTime()"
    for name, ours in (("Json", Json), ("Big", Big)):
        if item is ours:
            return name
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=_name_our_types,
)
with context.begin_transaction():
    context.run_migrations()
