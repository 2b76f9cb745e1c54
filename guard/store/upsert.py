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
    statement = insert_into(connection, table).values(**row)
    if update:
        statement = statement.on_conflict_do_update(index_elements=list(key), set_={name: row[name] for name in update})
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(key))
    return connection.execute(statement.returning(sqlalchemy.literal(1))).first() is not None


def upsert_all(
    connection: sqlalchemy.Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, key: Sequence[str], update: Sequence[str]
) -> None:
    """The same for many rows of the same columns, in one statement: a poll writes a dozen, for each of many items."""
    if not rows:
        return
    statement = insert_into(connection, table)
    given = {name: statement.excluded[name] for name in update}
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=given), rows)


def upsert_newer(
    connection: sqlalchemy.Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    update: Sequence[str],
    newer_by: str,
) -> None:
    """The same, where a row whose ``newer_by`` time is older than what is there changes nothing: who is late undoes nobody's work."""
    if not rows:
        return
    statement = insert_into(connection, table)
    given = {name: statement.excluded[name] for name in update}
    is_newer = table.c[newer_by] <= statement.excluded[newer_by]
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=given, where=is_newer), rows)


def insert_into(connection: sqlalchemy.Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert of the connection's own kind, with what to do on a conflict still to be said."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
