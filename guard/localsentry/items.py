"""Reads what stands inside the items of an envelope: events, spans, transactions of older SDKs, metrics and client reports.

SDK 11 writes release, environment and user of spans and metrics as attributes (`sentry.release`, `sentry.environment`, `user.id`);
the API asks for them as `release`, `environment` and `user`. Everything else keeps the name that it was sent under.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from guard.localsentry.envelope import EnvelopeError
from guard.localsentry.records import Field, Record

LONGEST = 200
_MAX_ATTRIBUTES = 200
_MAX_ROWS = 10_000
_LATEST = 4_102_444_800.0
"""The year 2100: later times, and those before 1970, are mistakes."""
_LARGEST = 1e15
_API_NAMES = {
    "sentry.release": "release",
    "sentry.environment": "environment",
    "sentry.op": "span.op",
    "sentry.segment.name": "transaction",
    "sentry.status.message": "span.status",
}
DEFAULT_ENVIRONMENT = "production"


def text_of(values: Mapping[str, Any], key: str) -> str:
    """A text among them, cut to `LONGEST`; empty when there is none."""
    value = values.get(key)
    return clean(value) if isinstance(value, str) else ""


def clean(value: str) -> str:
    """A text cut to `LONGEST`, without halves of letters, which no answer could carry."""
    return value[:LONGEST].encode("utf-8", "replace").decode()


def moment_of(value: Any) -> float:
    """A time as SDKs write it, ISO 8601 or seconds since 1970, as the latter.

    Raises:
        EnvelopeError: it is none, or makes no sense.
    """
    try:
        if isinstance(value, int | float):
            found = float(value)
        else:
            written = datetime.fromisoformat(str(value))
            found = (written if written.tzinfo else written.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise EnvelopeError("a time cannot be read") from error
    if not 0 <= found <= _LATEST:
        raise EnvelopeError("a time cannot be right")
    return found


def number_of(value: Any, what: str) -> float:
    """A number that answers can carry.

    Raises:
        EnvelopeError: it is none.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST and math.isfinite(value):
        return value
    raise EnvelopeError(f"{what} is no number within bounds")


def read_event(event: Mapping[str, Any], event_id: str) -> Record:
    """An error event.

    Raises:
        EnvelopeError: it makes no sense.
    """
    exceptions = event.get("exception")
    values = _objects(_object(exceptions).get("values") if isinstance(exceptions, dict) else exceptions)
    last: Mapping[str, Any] = values[-1] if values else {}
    kind = text_of(last, "type")
    message = text_of(last, "value") if values else text_of(event, "message") or text_of(_object(event.get("logentry")), "formatted")
    first_line = message.partition("\n")[0]
    return Record(
        moment_of(event.get("timestamp")),
        {
            **_tags(event.get("tags")),
            "id": event_id,
            "release": text_of(event, "release"),
            "environment": text_of(event, "environment") or DEFAULT_ENVIRONMENT,
            "level": text_of(event, "level") or "error",
            "transaction": text_of(event, "transaction"),
            "user": _user(event),
            "user.id": _user(event),
            "error.unhandled": any(_object(value.get("mechanism")).get("handled") is False for value in values),
            "error.type": kind,
            "error.value": message if values else None,
            "message": message,
            "title": f"{kind}: {first_line}" if kind else first_line,
        },
    )


def read_spans(container: Mapping[str, Any]) -> list[Record]:
    """A container of spans, as SDK 11 streams them.

    Raises:
        EnvelopeError: it makes no sense.
    """
    return [_span(item) for item in _contained(container)]


def _span(item: Mapping[str, Any]) -> Record:
    start, end = moment_of(item.get("start_timestamp")), moment_of(item.get("end_timestamp"))
    fields = dict(_attributes(item.get("attributes")))
    status = "ok" if item.get("status") == "ok" else str(fields.get("span.status") or "internal_error")
    fields |= {"span.status": status, "span.name": text_of(item, "name"), "is_transaction": item.get("is_segment") is True}
    return _finished_span(fields, start, end)


def read_transaction(event: Mapping[str, Any]) -> list[Record]:
    """A transaction of an older SDK: its root and the spans inside it.

    Raises:
        EnvelopeError: it makes no sense.
    """
    common: dict[str, Field] = {
        "release": text_of(event, "release"),
        "environment": text_of(event, "environment") or DEFAULT_ENVIRONMENT,
        "transaction": text_of(event, "transaction"),
        "user.id": _user(event),
    }
    trace = _object(_object(event.get("contexts")).get("trace"))
    root = _static_span({**trace, **{key: event.get(key) for key in ("start_timestamp", "timestamp")}}, common)
    fields = {**root.fields, **_tags(event.get("tags")), "is_transaction": True, "span.name": common["transaction"]}
    children = [_static_span(span, common) for span in _objects(event.get("spans"))]
    return [Record(root.moment, fields), *children]


def _static_span(span: Mapping[str, Any], common: Mapping[str, Field]) -> Record:
    start, end = moment_of(span.get("start_timestamp")), moment_of(span.get("timestamp"))
    plain = {name: {"value": value} for name, value in _object(span.get("data")).items()}
    own: dict[str, Field] = {
        "span.op": text_of(span, "op"),
        "span.status": text_of(span, "status") or "ok",
        "span.name": text_of(span, "description"),
        "is_transaction": False,
    }
    return _finished_span({**dict(_attributes(plain)), **common, **own}, start, end)


def _finished_span(fields: dict[str, Field], start: float, end: float) -> Record:
    fields.setdefault("environment", DEFAULT_ENVIRONMENT)
    fields["user"] = fields.get("user.id")
    fields["span.description"] = fields["span.name"]
    fields["span.duration"] = fields["span.self_time"] = round(max(end - start, 0.0) * 1000, 3)
    return Record(end, fields)


def read_metrics(container: Mapping[str, Any]) -> list[Record]:
    """A container of metrics.

    Raises:
        EnvelopeError: it makes no sense.
    """
    return [_metric(item) for item in _contained(container)]


def _metric(item: Mapping[str, Any]) -> Record:
    kind, name = item.get("type"), text_of(item, "name")
    if kind not in {"counter", "gauge", "distribution"} or not name:
        raise EnvelopeError("a metric has no name, or a type that is not known")
    fields = dict(_attributes(item.get("attributes")))
    fields.setdefault("environment", DEFAULT_ENVIRONMENT)
    fields |= {
        "user": fields.get("user.id"),
        "metric.name": name,
        "metric.type": str(kind),
        "metric.unit": text_of(item, "unit") or None,
        "value": number_of(item.get("value"), "the value of a metric"),
    }
    return Record(moment_of(item.get("timestamp")), fields)


def read_report(report: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """A client report: category, reason and how many an SDK threw away by itself.

    Raises:
        EnvelopeError: it makes no sense.
    """
    return [
        (text_of(item, "category"), text_of(item, "reason"), int(number_of(item.get("quantity"), "a quantity")))
        for item in _objects(report.get("discarded_events"))
    ]


def _contained(container: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    items = container.get("items")
    if not isinstance(items, list):
        raise EnvelopeError("a container holds no items")
    return _objects(cast("Any", items))


def _attributes(values: Any) -> Iterator[tuple[str, Field]]:
    """Attributes by the names that questions use; lists are left out, since nothing asks for them."""
    found = _object(values)
    if len(found) > _MAX_ATTRIBUTES:
        raise EnvelopeError(f"more than {_MAX_ATTRIBUTES} attributes", 413)
    for name, attribute in found.items():
        value = _object(attribute).get("value")
        key = _API_NAMES.get(name, clean(name))
        if isinstance(value, str):
            yield key, clean(value)
        elif isinstance(value, bool):
            yield key, value
        elif isinstance(value, int | float):
            yield key, number_of(value, "an attribute")


def _tags(values: Any) -> dict[str, Field]:
    """Tags, which come as an object or as pairs."""
    pairs: list[Any] = list(_object(values).items()) if isinstance(values, dict) else cast("list[Any]", values or [])
    if not isinstance(pairs, list) or len(pairs) > _MAX_ATTRIBUTES:  # pyright: ignore[reportUnnecessaryIsInstance] - read from outside
        raise EnvelopeError("tags are no object or list, or too many")
    two = 2
    found = [cast("list[Any]", pair) for pair in pairs if isinstance(pair, list | tuple) and len(cast("list[Any]", pair)) == two]
    return {clean(str(name)): clean(str(value)) for name, value in found}


def _user(event: Mapping[str, Any]) -> str | None:
    user = _object(event.get("user"))
    return clean(str(user["id"])) if user.get("id") is not None else None


def _object(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    if len(items) > _MAX_ROWS:
        raise EnvelopeError(f"more than {_MAX_ROWS} rows", 413)
    return [cast("Mapping[str, Any]", item) for item in items if isinstance(item, dict)]
