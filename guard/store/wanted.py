"""Many rows by their keys, asked for in one statement that walks an index.

``(a, b, c) IN (…)`` would do as well, but makes SQLite read the whole table, and is compiled anew for each number of keys. A join with keys
that are one parameter, as JSON, is neither, and knows no limit of parameters.
"""

import dataclasses
import json
from collections.abc import Sequence

import sqlalchemy
from sqlalchemy import JSON, Column, String, and_, func, literal


@dataclasses.dataclass(frozen=True)
class Wanted:
    """Keys, as a table to join with."""

    table: sqlalchemy.FromClause
    columns: tuple[sqlalchemy.ColumnElement[str], ...]

    def are(self, *columns: Column[str]) -> sqlalchemy.ColumnElement[bool]:
        """Whether a row is of one of the keys, column by column in their order."""
        return and_(*(column == key for column, key in zip(columns, self.columns, strict=True)))


def wanted(dialect: str, keys: Sequence[tuple[str, ...]], width: int) -> Wanted:
    """Keys of ``width`` texts each. ``dialect``: the database's name."""
    rows = [list(key) for key in keys]
    if dialect == "postgresql":
        table = func.json_array_elements(literal(rows, JSON)).table_valued(sqlalchemy.column("value", JSON), name="wanted").render_derived()
        return Wanted(table, tuple(table.c.value.op("->>", return_type=String())(place) for place in range(width)))
    table = func.json_each(json.dumps(rows)).table_valued("value", name="wanted")
    return Wanted(table, tuple(func.json_extract(table.c.value, f"$[{place}]", type_=String()) for place in range(width)))
