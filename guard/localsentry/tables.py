"""Answers of `…/events/` and `…/events-timeseries/`: rows of errors, spans and metrics, grouped and counted."""

import operator
from collections.abc import Iterable, Sequence
from typing import Any

from guard.localsentry import aggregates, search
from guard.localsentry.aggregates import KNOWN_FIELDS, Aggregate, is_aggregate
from guard.localsentry.questions import DAY, Query, QueryRefused, asked_range, refuse_too_many, steps
from guard.localsentry.records import Field, Record
from guard.localsentry.state import LocalSentry

SETTLE_SECONDS = 90
"""Steps that ended less than so long ago are called incomplete, as by the service."""
_MOST_TOP_EVENTS = 10
Key = tuple[Field, ...]


def events(sentry: LocalSentry, query: Query) -> tuple[dict[str, Any], bool]:
    """A table: plain fields group what is counted; without anything to count each row is told. Also whether there are more rows.

    Nothing found gives no rows at all, which is not the same as a row of zeros.

    Raises:
        QueryRefused: something in the question is not known here.
    """
    refuse_too_many(query.fields)
    if not query.fields:
        raise QueryRefused("No columns selected")
    plain = [field for field in query.fields if not is_aggregate(field)]
    counted = [aggregates.parse(field, query.dataset) for field in query.fields if is_aggregate(field)]
    names = [search.checked_key(field, KNOWN_FIELDS[query.dataset]) for field in plain]
    start, end = asked_range(sentry.now(), query)
    found = list(_of_metrics(matching(sentry, query, start.timestamp(), end.timestamp()), counted))
    if counted:
        data = [
            {**dict(zip(plain, key, strict=True)), **{one.field: one.of(rows) for one in counted}}
            for key, rows in grouped(found, names).items()
        ]
    else:
        found.sort(key=operator.attrgetter("moment"), reverse=True)
        data = [{field: told(record, name) for field, name in zip(plain, names, strict=True)} for record in found]
    data = ordered(data, query)
    page = data[query.offset : query.offset + query.per_page]
    return {"data": page, "meta": _meta(query, plain, counted)}, len(data) > query.offset + query.per_page


def _meta(query: Query, plain: Sequence[str], counted: Sequence[Aggregate]) -> dict[str, Any]:
    fields = {**dict.fromkeys(plain, "string"), **{one.field: one.kind for one in counted}}
    units = {one.field: one.unit for one in counted if one.unit}
    return {"fields": fields, "units": units, "dataset": query.dataset}


def matching(sentry: LocalSentry, query: Query, start: float, end: float) -> Iterable[Record]:
    """The rows that a question is about.

    Raises:
        QueryRefused: its search cannot be understood.
    """
    wanted = search.parse(query.query, KNOWN_FIELDS[query.dataset])
    rows = sentry.rows(query.dataset).between(start, end, wanted.releases, wanted.prefix)
    environments = set(query.environments)
    return [row for row in rows if (not environments or row.environment in environments) and wanted.matches(row.fields)]


def _of_metrics(rows: Iterable[Record], counted: Sequence[Aggregate]) -> Iterable[Record]:
    """Where all that is counted names its metric, only rows of those are looked at, so that other metrics make no empty groups."""
    metrics = {one.metric for one in counted}
    if not metrics or None in metrics:
        return rows
    return [row for row in rows if any(metric.has(row) for metric in metrics if metric)]


def grouped(rows: Iterable[Record], names: Sequence[str]) -> dict[Key, list[Record]]:
    """Rows by the values of some fields."""
    found: dict[Key, list[Record]] = {}
    for row in rows:
        found.setdefault(tuple(told(row, name) for name in names), []).append(row)
    return found


def told(record: Record, name: str) -> Field:
    """The value of a field, as answers carry it."""
    return record.at.isoformat() if name == "timestamp" else record.fields.get(name)


def ordered(data: list[dict[str, Any]], query: Query) -> list[dict[str, Any]]:
    """Rows in the order that was asked for; what has no value comes last.

    Raises:
        QueryRefused: it is none of the fields.
    """
    if not query.order:
        return data
    field, descending = query.order.removeprefix("-"), query.order.startswith("-")
    if field not in query.fields:
        raise QueryRefused(f"Cannot sort by a field that is not selected: {field[:60]}")
    some = sorted((row for row in data if row[field] is not None), key=lambda row: _rank(row[field]), reverse=descending)
    return [*some, *(row for row in data if row[field] is None)]


def _rank(value: Any) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value))


def timeseries(sentry: LocalSentry, query: Query) -> dict[str, Any]:
    """A series for each thing that is counted; with groups, for each of the top ones. What is not among them is left out.

    Raises:
        QueryRefused: something in the question is not known here.
    """
    counted = [aggregates.parse(field, query.dataset) for field in query.fields]
    if bool(query.group_by) != bool(query.top) or query.top > _MOST_TOP_EVENTS:
        raise QueryRefused(f"groupBy needs topEvents between 1 and {_MOST_TOP_EVENTS}, and sort")
    names = [search.checked_key(field, KNOWN_FIELDS[query.dataset]) for field in query.group_by]
    begin, finish = (moment.timestamp() for moment in asked_range(sentry.now(), query))
    step = _step(query.interval, finish - begin)
    first, last = int(begin) // step * step, -(-int(finish + 0.999) // step) * step
    steps(first, last, step)
    groups = grouped(_of_metrics(matching(sentry, query, begin, finish), counted), names)
    if not names and not groups:
        groups[()] = []
    now = sentry.now().timestamp()
    series = [
        {
            "yAxis": one.field,
            "groupBy": [{"key": name, "value": _group_value(value)} for name, value in zip(query.group_by, key, strict=True)],
            "meta": {"valueType": one.kind, "valueUnit": one.unit, "interval": step * 1000, "order": order, "isOther": False},
            "values": _values(one, rows, range(first, last, step), now),
        }
        for order, (key, rows) in enumerate(_top(groups, query))
        for one in counted
    ]
    return {"meta": {"dataset": query.dataset, "start": first * 1000, "end": last * 1000}, "timeSeries": series}


def _step(interval: str, length: float) -> int:
    """An interval that makes no sense silently becomes a default one, as at the service."""
    step = int(interval) if interval.isascii() and interval.isdecimal() and len(interval) < 8 else 0  # noqa: PLR2004 - bounded
    hour = 3600
    return step if 1 <= step <= DAY else 60 if length <= hour else 300 if length <= DAY else hour


def _top(groups: dict[Key, list[Record]], query: Query) -> list[tuple[Key, list[Record]]]:
    if not query.group_by:
        return list(groups.items())
    field = query.order.removeprefix("-")
    if not is_aggregate(field):
        raise QueryRefused("sort must be something that is counted")
    by = aggregates.parse(field, query.dataset)
    ranked = sorted(groups.items(), key=lambda group: by.of(group[1]) or 0, reverse=query.order.startswith("-"))
    return ranked[: query.top]


def _group_value(value: Field) -> str | float:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else value


def _values(one: Aggregate, rows: Sequence[Record], buckets: range, now: float) -> list[dict[str, Any]]:
    held: dict[int, list[Record]] = {}
    for row in rows:
        held.setdefault((int(row.moment) - buckets.start) // buckets.step, []).append(row)
    found: list[dict[str, Any]] = []
    for index, begin in enumerate(buckets):
        inside = held.get(index, [])
        is_incomplete = begin + buckets.step >= now - SETTLE_SECONDS
        why = {"incompleteReason": "INCOMPLETE_BUCKET"} if is_incomplete else {}
        found.append(
            {
                "timestamp": begin * 1000,
                "value": one.of(inside) or 0,
                "incomplete": is_incomplete,
                **why,
                "sampleCount": len(inside),
                "sampleRate": 1.0,
                "confidence": "high",
            }
        )
    return found
