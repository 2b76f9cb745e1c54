"""A list as CSV: a row each, for a spreadsheet. Nothing in it is a formula, whoever wrote it."""

import csv
import io
from collections.abc import Sequence
from typing import Any, cast

from guard.dashboard.documents.parts import Document
from guard.dashboard.operations import File

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(name: str, kind: type[Document], rows: Sequence[Document]) -> File:
    """A list as a file; what holds more than one value is written into one cell."""
    columns = list(kind.model_fields)
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(columns)
    for row in rows:
        values = row.model_dump(mode="json")
        writer.writerow([_cell(values[column]) for column in columns])
    return File(written.getvalue().encode("utf-8-sig"), "text/csv", f"{name}.csv")


def _cell(value: Any) -> str:
    """A value as a cell; what a spreadsheet would reckon with gets a mark that makes it text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return _text("; ".join(_cell(one) for one in cast("list[Any]", value)))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_cell(one)}" for name, one in cast("dict[str, Any]", value).items() if one not in (None, "", []))
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
