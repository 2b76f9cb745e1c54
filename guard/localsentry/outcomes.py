"""Answers of `…/stats_v2/`: what became of each item that was sent. This is how silence is proved to be real."""

from collections.abc import Mapping, Sequence
from typing import Any

from guard.localsentry.questions import Query, QueryRefused, asked_range, grown, iso, period, refuse_unknown, steps
from guard.localsentry.sessions import PROJECT_ID
from guard.localsentry.state import LocalSentry

_HOUR = 3600
_FIELDS = ("sum(quantity)", "sum(times_seen)")
_GROUPS = ("outcome", "category", "reason", "project")
_WORDS = {
    "category": frozenset({"error", "transaction", "span", "session", "trace_metric", "attachment", "replay", "profile", "monitor"}),
    "outcome": frozenset({"accepted", "filtered", "rate_limited", "invalid", "abuse", "client_discard", "cardinality_limited"}),
}


def stats(sentry: LocalSentry, query: Query, wanted: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Quantities by hour; ``wanted`` holds the categories, outcomes and reasons that are asked for, none meaning all.

    Raises:
        QueryRefused: something in the question is not known here.
    """
    refuse_unknown("field", query.fields, _FIELDS)
    refuse_unknown("groupBy", query.group_by, _GROUPS)
    if not query.fields or not query.group_by:
        raise QueryRefused('At least one "field" and one "groupBy" are required')
    for name, words in _WORDS.items():
        refuse_unknown(name, wanted[name], sorted(words))
    step = period(query.interval)
    if step % _HOUR:
        raise QueryRefused("The interval has to be a multiple of the minimum interval of one hour.")
    start, end = grown(*asked_range(sentry.now(), query), step)
    count = steps(start, end, step)
    found: dict[tuple[Any, ...], list[int]] = {}
    for (hour, category, outcome, reason), quantity in sentry.outcomes.items():
        values: dict[str, Any] = {"category": category, "outcome": outcome, "reason": reason or "none", "project": PROJECT_ID}
        if start <= hour < end and all(not some or values[name] in some for name, some in wanted.items()):
            key = tuple(values[name] for name in query.group_by)
            found.setdefault(key, [0] * count)[(hour - start) // step] += quantity
    return {
        "start": iso(start),
        "end": iso(end),
        "intervals": [iso(start + step * index) for index in range(count)],
        "groups": [
            {
                "by": dict(zip(query.group_by, key, strict=True)),
                "totals": dict.fromkeys(query.fields, sum(series)),
                "series": dict.fromkeys(query.fields, series),
            }
            for key, series in found.items()
        ],
    }
