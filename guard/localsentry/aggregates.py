"""What can be counted over rows: `count()`, `p95(span.duration)`, `failure_rate()`, `sum(value,ext.operation,counter,-)` and the like."""

import dataclasses
import re
from collections.abc import Callable, Collection, Sequence

from guard.localsentry.questions import QueryRefused
from guard.localsentry.records import Field, Record
from guard.localsentry.search import checked_key, compare

Rows = Sequence[Record]
Number = float | int | None

KNOWN_FIELDS: dict[str, frozenset[str]] = {
    "errors": frozenset(
        [
            "id",
            "release",
            "environment",
            "level",
            "transaction",
            "user",
            "user.id",
            "error.unhandled",
            "error.type",
            "error.value",
            "message",
            "title",
            "timestamp",
        ]
    ),
    "spans": frozenset(
        [
            "release",
            "environment",
            "transaction",
            "user",
            "user.id",
            "span.op",
            "span.status",
            "span.name",
            "span.description",
            "span.duration",
            "span.self_time",
            "is_transaction",
            "timestamp",
        ]
    ),
    "tracemetrics": frozenset(
        ["release", "environment", "user", "user.id", "metric.name", "metric.type", "metric.unit", "value", "timestamp"]
    ),
}
_CALL = re.compile(r"([a-z]+[a-z0-9_]*)\(([^()]{0,300})\)")
_OPERATORS = {"greater": ">", "greaterOrEquals": ">=", "less": "<", "lessOrEquals": "<="}
_PERCENTILES = {f"p{rank}": rank for rank in (50, 75, 90, 95, 99, 100)}
_GOOD_STATUSES = frozenset({"ok", "cancelled", "unknown"})
_NUMERIC = {"spans": ("span.duration", "span.self_time", "http.response.status_code"), "tracemetrics": ("value",), "errors": ()}
_METRIC_ARGUMENTS = 4


@dataclasses.dataclass(frozen=True)
class Metric:
    """The metric that an aggregate is about."""

    name: str
    kind: str
    unit: str | None

    def has(self, record: Record) -> bool:
        """Whether a row is of it."""
        fields = record.fields
        return fields.get("metric.name") == self.name and fields["metric.type"] == self.kind and fields["metric.unit"] == self.unit


@dataclasses.dataclass(frozen=True)
class Aggregate:
    """One thing to be counted, under the text that it was asked for by."""

    field: str
    kind: str
    """As Sentry's `meta` names it: integer, duration, percentage or number."""
    unit: str | None
    over: Callable[[Rows], Number]
    metric: Metric | None = None

    def of(self, rows: Rows) -> Number:
        """Its value."""
        return self.over(rows if self.metric is None else [row for row in rows if self.metric.has(row)])


def is_aggregate(field: str) -> bool:
    """Whether a field is counted over rows, and does not group them."""
    return "(" in field


def parse(field: str, dataset: str) -> Aggregate:
    """Understand an aggregate.

    Raises:
        QueryRefused: it is not known here.
    """
    call = _CALL.fullmatch(field)
    if call is None:
        raise QueryRefused(f"Invalid field: {field[:60]}")
    name, arguments = call[1], [part.strip() for part in call[2].split(",")] if call[2].strip() else []
    metric = None
    if dataset == "tracemetrics" and len(arguments) == _METRIC_ARGUMENTS:
        metric = Metric(arguments[1], arguments[2], None if arguments[3] in {"-", "none"} else arguments[3])
        arguments = arguments[:1]
    kind, unit, over = _over(name, arguments, dataset)
    return Aggregate(field, kind, unit, over, metric)


def _over(name: str, arguments: Sequence[str], dataset: str) -> tuple[str, str | None, Callable[[Rows], Number]]:
    match name:
        case "count":
            return "integer", None, _count(arguments, dataset)
        case "count_unique":
            (key,) = _exactly(name, arguments, 1)
            return "integer", None, _unique(_checked(key, dataset))
        case "count_if":
            key, operator, value = _exactly(name, arguments, 3)
            return "integer", None, _count_if(_checked(key, dataset), operator, value)
        case "failure_count" | "failure_rate" if dataset == "spans":
            _exactly(name, arguments, 0)
            return ("integer", None, _failures) if name == "failure_count" else ("percentage", None, _failure_rate)
        case "sum" | "avg" | "min" | "max" | "p50" | "p75" | "p90" | "p95" | "p99" | "p100":
            (key,) = _exactly(name, arguments, 1)
            duration = key in {"span.duration", "span.self_time"}
            return "duration" if duration else "number", "millisecond" if duration else None, _numeric(name, key, dataset)
        case _:
            raise QueryRefused(f"Invalid field: {name[:60]} is not known in the dataset {dataset}")


def _exactly(name: str, arguments: Sequence[str], count: int) -> Sequence[str]:
    if len(arguments) != count:
        raise QueryRefused(f"Invalid number of arguments for {name}, was expecting {count} arguments")
    return arguments


def _checked(key: str, dataset: str) -> str:
    return checked_key(key, KNOWN_FIELDS[dataset])


def _count(arguments: Sequence[str], dataset: str) -> Callable[[Rows], Number]:
    """Metrics are counted by their values, everything else by rows; the real one refuses it the other way round too."""
    if dataset == "tracemetrics":
        (key,) = _exactly("count", arguments, 1)
        if key != "value":
            raise QueryRefused(f"Invalid field: count({key[:40]})")
    elif dataset == "errors" or arguments:
        _exactly("count", arguments, 0) if dataset == "errors" else _known_number(_exactly("count", arguments, 1)[0], dataset)
    return len


def _unique(key: str) -> Callable[[Rows], Number]:
    return lambda rows: len({value for value in (row.fields.get(key) for row in rows) if value is not None})


def _count_if(key: str, operator: str, value: str) -> Callable[[Rows], Number]:
    text = value.strip("\"'")
    if operator in {"equals", "notEquals"}:
        wanted = operator == "equals"
        return lambda rows: sum((_written(row.fields.get(key)) == text) is wanted for row in rows)
    if operator not in _OPERATORS or not re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", text, re.ASCII):
        raise QueryRefused(f"Invalid field: count_if does not know {operator[:20]} {text[:20]}")
    sign, limit = _OPERATORS[operator], float(text)
    return lambda rows: sum(compare(number, sign, limit) for number in _numbers(rows, key))


def _written(value: Field) -> str:
    """A value as a question writes it."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _failures(rows: Rows) -> int:
    return sum(row.fields.get("span.status") not in _GOOD_STATUSES for row in rows)


def _failure_rate(rows: Rows) -> Number:
    return _failures(rows) / len(rows) if rows else None


def _known_number(key: str, dataset: str) -> str:
    """A field that is a number; of metrics and errors only the known ones, of spans any attribute that Sentry does not own."""
    if key in _NUMERIC[dataset]:
        return key
    if dataset != "spans" or key in KNOWN_FIELDS[dataset]:
        raise QueryRefused(f"Invalid field: {key[:60]} is no number in the dataset {dataset}")
    return _checked(key, dataset)


def _numeric(name: str, key: str, dataset: str) -> Callable[[Rows], Number]:
    name_of = _known_number(key, dataset)
    if name == "sum":
        return lambda rows: sum(_numbers(rows, name_of))
    if name in _PERCENTILES:
        rank = _PERCENTILES[name]
        return lambda rows: _percentile(_numbers(rows, name_of), rank)
    of: dict[str, Callable[[Collection[float]], float]] = {"avg": lambda found: sum(found) / len(found), "min": min, "max": max}
    return lambda rows: of[name](found) if (found := _numbers(rows, name_of)) else None


def _numbers(rows: Rows, key: str) -> list[float]:
    values = [row.fields.get(key) for row in rows]
    return [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]


def _percentile(found: list[float], rank: int) -> Number:
    """Between the two nearest values, in proportion."""
    if not found:
        return None
    ordered = sorted(found)
    place = (len(ordered) - 1) * rank / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
