"""A question as it stands in an address: its fields, its range of time, its page. What is not known here is refused, never ignored."""

import dataclasses
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
DAY = 86_400
MAX_POINTS = 10_000
MOST_ROWS = 100
_MOST_FIELDS = 20
_LONGEST_PERIOD_DAYS = 400


class QueryRefused(Exception):
    """A question that this Sentry does not answer (HTTP 400, or what ``code`` says)."""

    def __init__(self, message: str, code: int = 400) -> None:
        super().__init__(message)
        self.code = code


@dataclasses.dataclass(frozen=True)
class Query:
    """What the endpoints that count are asked."""

    fields: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    query: str = ""
    environments: tuple[str, ...] = ()
    interval: str = "1h"
    start: str | None = None
    end: str | None = None
    stats_period: str | None = None
    dataset: str = "errors"
    order: str = ""
    """A field, with `-` before it for descending: `sort`, or `orderBy` of sessions."""
    per_page: int = MOST_ROWS
    offset: int = 0
    top: int = 0
    has_totals: bool = True
    has_series: bool = True


def refuse_unknown(what: str, values: Sequence[str], known: Sequence[str]) -> None:
    """Hold a list of values to the known ones.

    Raises:
        QueryRefused: one is not known, or there are too many.
    """
    refuse_too_many(values)
    for value in values:
        if value not in known:
            raise QueryRefused(f"Invalid {what}: {value[:60]}")


def refuse_too_many(values: Sequence[str]) -> None:
    """Hold a list to the number of fields that Sentry allows.

    Raises:
        QueryRefused: there are too many.
    """
    if len(values) > _MOST_FIELDS:
        raise QueryRefused(f"You can view up to {_MOST_FIELDS} fields at a time. Please delete some and try again.")


def period(text: str) -> int:
    """Seconds of a period such as `15m`.

    Raises:
        QueryRefused: it is none, or longer than anything is kept.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,6})([smhdw])", text)
    if match is None or (seconds := int(match[1]) * UNITS[match[2]]) > _LONGEST_PERIOD_DAYS * DAY:
        raise QueryRefused(f"Invalid period: {text[:20]}")
    return seconds


def asked_range(now: datetime, query: Query) -> tuple[datetime, datetime]:
    """The range of time that is asked for: `statsPeriod`, else `start` and `end`, else the last day.

    Raises:
        QueryRefused: it cannot be read, ends before it starts, or is longer than anything is kept.
    """
    if query.stats_period:
        start, end = now - timedelta(seconds=period(query.stats_period)), now
    elif query.start and query.end:
        try:
            start, end = _moment(query.start), _moment(query.end)
        except (ValueError, OverflowError) as error:
            raise QueryRefused("start and end must be valid ISO 8601 times") from error
    else:
        start, end = now - timedelta(days=1), now
    if end <= start:
        raise QueryRefused("start must be before end")
    if end - start > timedelta(days=_LONGEST_PERIOD_DAYS):
        raise QueryRefused("Your interval and date range would create too many results. Use a larger interval, or a smaller date range.")
    return start, end


def grown(start: datetime, end: datetime, step: int) -> tuple[int, int]:
    """A range grown to whole steps, in seconds since 1970."""
    return int(start.timestamp()) // step * step, -(-int(end.timestamp() + 0.999) // step) * step


def steps(start: int, end: int, step: int) -> int:
    """How many steps there are.

    Raises:
        QueryRefused: too many.
    """
    count = (end - start) // step
    if count > MAX_POINTS:
        raise QueryRefused("Your interval and date range would create too many results. Use a larger interval, or a smaller date range.")
    return count


def session_interval(text: str, smallest: int) -> int:
    """Seconds of an interval of sessions.

    Raises:
        QueryRefused: it is no multiple of the smallest, or does not divide a day.
    """
    step = period(text)
    if step % smallest:
        name = {3600: "one hour", 60: "one minute", 10: "ten seconds"}.get(smallest, f"{smallest} seconds")
        raise QueryRefused(f"The interval has to be a multiple of the minimum interval of {name}.")
    if step > DAY:
        raise QueryRefused("The interval has to be less than one day.")
    if DAY % step:
        raise QueryRefused("The interval should divide one day without a remainder.")
    return step


def iso(moment: float) -> str:
    """A time as Sentry's answers write it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not datetime(1971, 1, 1, tzinfo=UTC) <= found <= datetime(2100, 1, 1, tzinfo=UTC):
        raise ValueError(text)
    return found
