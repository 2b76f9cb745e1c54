"""``INSERT … ON CONFLICT`` on both databases: observation is written so that two watchers at once do no harm."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    connection: sqlalchemy.Connection, table: Table, row: Mapping[str, Any], *, key: Sequence[str], update: Sequence[str] = ()
) -> bool:
    """Insert ``row``, or set its ``update`` columns where ``key`` is taken. True when it was inserted or changed."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**row)
    if update:
        statement = statement.on_conflict_do_update(index_elements=list(key), set_={name: row[name] for name in update})
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(key))
    return connection.execute(statement.returning(sqlalchemy.literal(1))).first() is not None
