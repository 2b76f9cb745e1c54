"""``INSERT … ON CONFLICT`` on both databases: observation is written so that two watchers at once do no harm."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    connection: sqlalchemy.Connection, table: Table, row: Mapping[str, Any], *, key: Sequence[str], update: Sequence[str] = ()
) -> bool:
    """Insert ``row``, or set its ``update`` columns where ``key`` is taken. True when it was inserted or changed."""
    statement = insert_into(connection.dialect.name, table).values(**row)
    if update:
        statement = statement.on_conflict_do_update(index_elements=list(key), set_={name: row[name] for name in update})
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(key))
    return connection.execute(statement.returning(sqlalchemy.literal(1))).first() is not None


def upsert_all(
    connection: sqlalchemy.Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, key: Sequence[str], update: Sequence[str]
) -> None:
    """The same for many rows of the same columns, in one statement: a poll writes a dozen, for each of many items."""
    if rows:
        connection.execute(_upserting(connection.dialect.name, table, tuple(key), tuple(update), None), rows)


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
    if rows:
        connection.execute(_upserting(connection.dialect.name, table, tuple(key), tuple(update), newer_by), rows)


@functools.cache
def _upserting(
    dialect: str, table: Table, key: tuple[str, ...], update: tuple[str, ...], newer_by: str | None
) -> postgresql.Insert | sqlite.Insert:
    """The statement for many rows. Building one takes longer than running it, so each is built once."""
    statement = insert_into(dialect, table)
    given = {name: statement.excluded[name] for name in update}
    is_newer = None if newer_by is None else table.c[newer_by] <= statement.excluded[newer_by]
    return statement.on_conflict_do_update(index_elements=list(key), set_=given, where=is_newer)


def insert_into(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert of the database's own kind, with what to do on a conflict still to be said. ``dialect``: its name."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
