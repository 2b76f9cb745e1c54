"""Answers of `…/sessions/`: totals and series of sessions and users, by release, environment and status."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from guard.localsentry import search
from guard.localsentry.questions import Query, QueryRefused, asked_range, grown, iso, refuse_unknown, session_interval, steps
from guard.localsentry.records import CELL_SECONDS, STATUSES, Cell, users_of
from guard.localsentry.state import LocalSentry

PROJECT_ID = 1
_HOUR = 3600
_MINUTE = 60
_GROUPS = ("project", "release", "environment", "session.status")
_COUNTS = ("sum(session)", "count_unique(user)")
_SHARES: Mapping[str, tuple[str, ...]] = {
    "crash_rate": ("crashed",),
    "errored_rate": ("errored",),
    "unhandled_rate": ("unhandled",),
    "abnormal_rate": ("abnormal",),
    "unhealthy_rate": ("errored", "crashed", "abnormal", "unhandled"),
}
_RATES = ("crash_free_rate", *_SHARES)
_FIELDS = (*_COUNTS, *(f"{rate}({of})" for rate in _RATES for of in ("session", "user") if (rate, of) != ("unhealthy_rate", "user")))
_UNHEALTHY = _SHARES["unhealthy_rate"]

Key = tuple[Any, ...]


@dataclasses.dataclass
class _Group:
    """The cells of one group by the second at which they begin, and which statuses of them count."""

    cells: list[tuple[int, Cell]] = dataclasses.field(default_factory=list[tuple[int, Cell]])
    statuses: tuple[str, ...] = STATUSES


def sessions(sentry: LocalSentry, query: Query, smallest_step: int) -> dict[str, Any]:
    """Totals and series, in steps of at least ``smallest_step`` seconds.

    The range is grown to whole steps and to whole hours, at its start, so totals may cover more than was asked for.

    Raises:
        QueryRefused: a field, a group, a filter or an interval is not known.
    """
    if not query.fields:
        raise QueryRefused('Request is missing a "field"')
    refuse_unknown("field", query.fields, _FIELDS)
    refuse_unknown("groupBy", query.group_by, _GROUPS)
    step = session_interval(query.interval, max(smallest_step, CELL_SECONDS))
    start, end = _whole_range(sentry, query, step)
    count = steps(start, end, step)
    statuses = STATUSES[:-1] if sentry.faults.four_statuses else STATUSES
    _refuse_rates_by_status(query)
    groups = [_answered(key, group, query, range(start, end, step)) for key, group in _grouped(sentry, query, start, end, statuses).items()]
    groups = _ordered(groups, query)[: query.per_page]
    hidden = {name for name, shown in (("totals", query.has_totals), ("series", query.has_series)) if not shown}
    return {
        "start": iso(start),
        "end": iso(end),
        "query": query.query,
        "intervals": [iso(start + step * index) for index in range(count)],
        "groups": [{name: value for name, value in group.items() if name not in hidden} for group in groups],
    }


def _whole_range(sentry: LocalSentry, query: Query, step: int) -> tuple[int, int]:
    """An end in the future becomes the next whole minute; then the range is grown."""
    now = sentry.now()
    begin, finish = asked_range(now, query)
    latest = (int(now.timestamp()) // _MINUTE + 1) * _MINUTE
    start, end = grown(begin, finish, step)
    if finish.timestamp() > latest:
        end = max(-(-latest // step) * step, start + step)
    unit = -(-step // _HOUR) * _HOUR
    return end - -(-(end - start) // unit) * unit, end


def _refuse_rates_by_status(query: Query) -> None:
    for field in query.fields:
        if field not in _COUNTS and "session.status" in query.group_by:
            raise QueryRefused(f"Cannot group field {field} by session.status")
        if field not in _COUNTS and "session.status" in query.query:
            raise QueryRefused(f"Cannot filter field {field} by session.status")


def _grouped(sentry: LocalSentry, query: Query, start: int, end: int, statuses: tuple[str, ...]) -> dict[Key, _Group]:
    """Cells by their group; grouping by status always gives all statuses."""
    wanted = search.parse(query.query, _GROUPS, allows_tags=False)
    found: dict[Key, _Group] = {}
    for release, environment in sentry.session_cells.keys():  # noqa: SIM118 - a method of ours, no mapping
        if query.environments and environment not in query.environments:
            continue
        values: dict[str, Any] = {"project": PROJECT_ID, "release": release, "environment": environment}
        matched = tuple(status for status in statuses if wanted.matches({**values, "session.status": status}))
        cells = list(sentry.session_cells.between((release, environment), start, end)) if matched else []
        if cells:
            for key, of in _keys(values, query.group_by, matched):
                found.setdefault(key, _Group(statuses=of)).cells.extend(cells)
    if not found and ("session.status" in query.group_by or not query.group_by):
        nothing: dict[str, Any] = {"project": PROJECT_ID, "release": "", "environment": ""}
        found = {key: _Group(statuses=of) for key, of in _keys(nothing, query.group_by, statuses)}
    return found


def _keys(values: Mapping[str, Any], group_by: Sequence[str], statuses: tuple[str, ...]) -> Iterable[tuple[Key, tuple[str, ...]]]:
    if "session.status" not in group_by:
        return [(tuple(values[name] for name in group_by), statuses)]
    return [(tuple(status if name == "session.status" else values[name] for name in group_by), (status,)) for status in statuses]


def _answered(key: Key, group: _Group, query: Query, buckets: range) -> dict[str, Any]:
    held: list[list[Cell]] = [[] for _ in buckets]
    for begins, cell in group.cells:
        held[(begins - buckets.start) // buckets.step].append(cell)
    everything = [cell for _, cell in group.cells]
    return {
        "by": dict(zip(query.group_by, key, strict=True)),
        "totals": {field: _value(field, everything, group.statuses) for field in query.fields},
        "series": {field: [_value(field, cells, group.statuses) for cells in held] for field in query.fields},
    }


def _value(field: str, cells: Sequence[Cell], statuses: Sequence[str]) -> float | int | None:
    if field == "sum(session)":
        return _sessions(cells, statuses)
    if field == "count_unique(user)":
        return _users(cells, statuses)
    rate, _, of = field.removesuffix(")").partition("(")
    count = _sessions if of == "session" else _users
    total = count(cells, STATUSES)
    if not total:
        return None
    share = count(cells, _SHARES.get(rate, ("crashed",))) / total
    return 1 - share if rate == "crash_free_rate" else share


def _sessions(cells: Sequence[Cell], statuses: Sequence[str]) -> int:
    return sum(cell.counts[status] for cell in cells for status in statuses)


def _users(cells: Sequence[Cell], statuses: Sequence[str]) -> int:
    """A user who also had a failure is no healthy user (healthy = started - all errored)."""
    if not cells:
        return 0
    found = users_of(cells, statuses)
    return len(found - users_of(cells, _UNHEALTHY) if tuple(statuses) == ("healthy",) else found)


def _ordered(groups: list[dict[str, Any]], query: Query) -> list[dict[str, Any]]:
    if not query.order:
        return sorted(groups, key=lambda group: str(tuple(group["by"].values())))
    field, descending = query.order.removeprefix("-"), query.order.startswith("-")
    if field not in query.fields:
        raise QueryRefused(f"orderBy must be one of the fields: {field[:60]}")
    return sorted(groups, key=lambda group: group["totals"][field] or 0, reverse=descending)
