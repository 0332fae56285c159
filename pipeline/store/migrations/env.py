"""What Alembic runs: the changes, on the connection and inside the transaction that it is handed.

Nothing is configured here from files, and there is no way to run it beside `pipeline.store.versions`: so a
store is never changed without the lock, the checks and the transaction that are held there.
"""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from pipeline.store.column_types import Fen, Moment
from pipeline.store.tables import METADATA


def written(kind: str, thing: object, _context: AutogenContext) -> str | Literal[False]:
    """How a column's type is written in a new change: as the database knows it.

    What a change did must stay what it was, whatever becomes of our own types.
    """
    if kind == "type" and isinstance(thing, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, Fen):
        return "sa.BigInteger()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_item=written,
    # SQLite changes a table by copying it.
    render_as_batch=True,
    # On SQLite too all changes are one transaction, which is begun and ended by whoever handed it in.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
