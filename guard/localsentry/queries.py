"""Answers to the questions that the guard asks of Sentry. What is not known here is refused, never answered with nothing."""

import dataclasses
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from guard.localsentry.state import STATUSES, Event, LocalSentry, Session

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DAY = 86_400
_MAX_POINTS = 10_000
_SESSION_FIELDS = ("sum(session)", "count_unique(user)")
_SESSION_GROUPS = ("release", "environment", "session.status", "project")
_EVENT_FIELDS = ("count()", "count_unique(user)", "release", "environment")
_TERM = re.compile(r'\s*(!?[\w.]+):(\[[^\]]*\]|"[^"]*"|[^\s"\[]+)')

PROJECT_ID = 1


class QueryRefused(Exception):
    """A question that this Sentry does not answer (HTTP 400)."""


@dataclasses.dataclass(frozen=True)
class Query:
    """A question, as it stands in an address."""

    fields: tuple[str, ...]
    group_by: tuple[str, ...] = ()
    query: str = ""
    environments: tuple[str, ...] = ()
    interval: str = "1h"
    start: str | None = None
    end: str | None = None
    stats_period: str | None = None


def sessions(sentry: LocalSentry, query: Query, smallest_step: int) -> dict[str, Any]:
    """`GET …/sessions/`: totals and series; steps of at least ``smallest_step`` seconds.

    Raises:
        QueryRefused: a field, a group, a filter or an interval is not known.
    """
    _refuse_unknown("field", query.fields, _SESSION_FIELDS)
    _refuse_unknown("groupBy", query.group_by, _SESSION_GROUPS)
    step = _interval(query.interval, smallest_step)
    start, end = _range(sentry.now(), query, step)
    count = int((end - start).total_seconds()) // step
    if count > _MAX_POINTS:
        raise QueryRefused("Your interval and date range would create too many results. Use a larger interval, or a smaller date range.")
    wanted = _filter(query.query, ("release",))
    kept = [session for session in sentry.sessions() if start <= session.started < end and _matches(session, wanted, query.environments)]
    return {
        "start": _iso(start),
        "end": _iso(end),
        "query": query.query,
        "intervals": [_iso(start + timedelta(seconds=step * index)) for index in range(count)],
        "groups": [_group(by, found, query.fields, start, step, count) for by, found in _grouped(kept, query.group_by)],
    }


def _grouped(found: Sequence[Session], group_by: Sequence[str]) -> Iterable[tuple[dict[str, Any], list[Session]]]:
    """Sessions by their group; grouping by status always gives all five."""
    keys = {_key(session, group_by, session.outcome) for session in found}
    if "session.status" in group_by:
        keys = {_with_status(key, group_by, status) for key in keys or {_empty_key(group_by)} for status in STATUSES}
    elif not group_by:
        keys = {()}
    for key in sorted(keys, key=str):
        members = [session for session in found if _key(session, group_by, session.outcome) == key]
        yield dict(zip(group_by, key, strict=True)), _without_unhealthy(members, found, key, group_by)


def _without_unhealthy(
    members: list[Session], all_found: Sequence[Session], key: tuple[Any, ...], group_by: Sequence[str]
) -> list[Session]:
    """In the healthy group a user that also had a failure is not counted as a healthy user (healthy = started - all errored)."""
    if "session.status" not in group_by or key[list(group_by).index("session.status")] != "healthy":
        return members
    failed = {session.user for session in all_found if session.outcome != "healthy"}
    return [dataclasses.replace(session, user=None if session.user in failed else session.user) for session in members]


def _key(session: Session, group_by: Sequence[str], status: str) -> tuple[Any, ...]:
    values: dict[str, Any] = {
        "release": session.release,
        "environment": session.environment,
        "session.status": status,
        "project": PROJECT_ID,
    }
    return tuple(values[name] for name in group_by)


def _empty_key(group_by: Sequence[str]) -> tuple[Any, ...]:
    return tuple(PROJECT_ID if name == "project" else "" for name in group_by)


def _with_status(key: tuple[Any, ...], group_by: Sequence[str], status: str) -> tuple[Any, ...]:
    return tuple(status if name == "session.status" else value for name, value in zip(group_by, key, strict=True))


def _group(by: dict[str, Any], found: Sequence[Session], fields: Sequence[str], start: datetime, step: int, count: int) -> dict[str, Any]:
    buckets: list[list[Session]] = [[] for _ in range(count)]
    for session in found:
        buckets[int((session.started - start).total_seconds()) // step].append(session)
    return {
        "by": by,
        "totals": {field: _value(field, found) for field in fields},
        "series": {field: [_value(field, bucket) for bucket in buckets] for field in fields},
    }


def _value(field: str, found: Sequence[Session]) -> int:
    if field == "sum(session)":
        return sum(session.count for session in found)
    return len({session.user for session in found if session.user is not None})


def events(sentry: LocalSentry, query: Query) -> dict[str, Any]:
    """`GET …/events/?dataset=errors`: a table; plain fields group.

    Raises:
        QueryRefused: a field or a filter is not known.
    """
    _refuse_unknown("field", query.fields, _EVENT_FIELDS)
    start, end = _range(sentry.now(), query, 1)
    wanted = _filter(query.query, ("release", "error.unhandled"))
    kept = [event for event in sentry.events() if start <= event.at < end and _matches(event, wanted, query.environments)]
    plain = [field for field in query.fields if "(" not in field]
    rows: dict[tuple[str, ...], list[Event]] = {}
    for event in kept:
        rows.setdefault(tuple(str(getattr(event, field)) for field in plain), []).append(event)
    data = [
        {**dict(zip(plain, key, strict=True)), **{field: _aggregate(field, found) for field in query.fields if "(" in field}}
        for key, found in rows.items()
    ]
    kinds = {field: "integer" if "(" in field else "string" for field in query.fields}
    return {"data": data, "meta": {"fields": kinds, "dataset": "errors"}}


def _aggregate(field: str, found: Sequence[Event]) -> int:
    return len(found) if field == "count()" else len({event.user for event in found if event.user is not None})


def _refuse_unknown(what: str, values: Sequence[str], known: Sequence[str]) -> None:
    for value in values:
        if value not in known:
            raise QueryRefused(f"Invalid {what}: {value[:60]}")


def _filter(text: str, known: Sequence[str]) -> dict[str, set[str]]:
    """`key:value` terms joined by AND."""
    wanted: dict[str, set[str]] = {}
    position = 0
    while position < len(text.rstrip()):
        term = _TERM.match(text, position)
        if term is None or term[1] not in known:
            raise QueryRefused(f"Invalid query: {text[:100]}")
        values = re.findall(r'"([^"]*)"|([^\s,\[\]"]+)', term[2])
        wanted[term[1]] = {quoted or plain for quoted, plain in values}
        position = term.end()
    return wanted


def _matches(one: Session | Event, wanted: dict[str, set[str]], environments: Sequence[str]) -> bool:
    if environments and one.environment not in environments:
        return False
    if "release" in wanted and one.release not in wanted["release"]:
        return False
    if "error.unhandled" in wanted and isinstance(one, Event):
        return one.is_unhandled == (wanted["error.unhandled"] & {"true", "1"} != set())
    return True


def _interval(text: str, smallest: int) -> int:
    step = _period(text)
    if step % smallest:
        name = {3600: "one hour", 60: "one minute", 10: "ten seconds"}.get(smallest, f"{smallest} seconds")
        raise QueryRefused(f"The interval has to be a multiple of the minimum interval of {name}.")
    if step > _DAY:
        raise QueryRefused("The interval has to be less than one day.")
    if _DAY % step:
        raise QueryRefused("The interval should divide one day without a remainder.")
    return step


def _period(text: str) -> int:
    match = re.fullmatch(r"([1-9]\d{0,6})([smhdw])", text)
    if match is None:
        raise QueryRefused(f"Invalid period: {text[:20]}")
    return int(match[1]) * _UNITS[match[2]]


def _range(now: datetime, query: Query, step: int) -> tuple[datetime, datetime]:
    """The range that is asked for, grown to whole steps."""
    if query.stats_period:
        start, end = now - timedelta(seconds=_period(query.stats_period)), now
    elif query.start and query.end:
        try:
            start, end = _moment(query.start), _moment(query.end)
        except ValueError as error:
            raise QueryRefused("start and end must be valid ISO 8601 times") from error
    else:
        start, end = now - timedelta(days=1), now
    if end <= start:
        raise QueryRefused("start must be before end")
    first = int(start.timestamp()) // step * step
    last = -(-int(end.timestamp() + 0.999) // step) * step
    return datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
