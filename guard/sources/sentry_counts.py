"""What failures can be a share of, the best first: counters that the extension keeps, its spans, its sessions.

Which one is used is decided once, by what the project holds at all, so that a release and its baseline are counted by the same.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from guard.errors import SourceError
from guard.model import Counted, Interval
from guard.sources.sentry_answers import cell
from guard.sources.sentry_asking import MINUTE, Asking, joined, last_day, of_release
from guard.sources.sentry_buckets import Buckets
from guard.sources.sentry_transport import QuestionRefused

_USERS = "count_unique(user.id)"
_MOST_OUTCOMES = 100
"""Rows of one answer: with more, some would be missing from the denominator."""


class Denominator(Protocol):
    """One way of counting what the extension did, and how much of it failed."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def counts(self) -> str:
        """What it counts, in the plural."""
        ...

    def total(self, interval: Interval) -> int:
        """How much of it there was, of all releases.

        Raises:
            QuestionRefused: this Sentry cannot answer it.
            SourceError: Sentry is out of reach or refused.
        """
        ...

    def read(self, release: str, interval: Interval) -> Sequence[Counted]:
        """Users first where they are known, then what it counts; nothing when there was nothing.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        ...

    def users(self, interval: Interval) -> int:
        """Users of all releases; 0 where they are not told or not counted.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        ...

    def buckets(self, interval: Interval) -> Buckets:
        """How much of it there was, of all releases, in steps.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        ...


class Counters:
    """A counter with an attribute that says how each operation ended: never sampled, and sent from the worker too."""

    name = "sentry counters"
    counts = "operations"

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._query = f"metric.name:{asking.watched.counter}"
        # Of the two ways in which Sentry wants to be told which metric is meant, the second is the older one.
        self._ways = [f"sum(value,{asking.watched.counter},counter,-)", "sum(value)"]
        self._knows_users = True

    def total(self, interval: Interval) -> int:
        """Operations of all releases.

        Raises:
            QuestionRefused: this Sentry has no such metrics.
            SourceError: Sentry is out of reach or refused.
        """
        query = joined(self._query, self._asking.family())
        while True:
            try:
                rows = self._asking.events("tracemetrics", [self._ways[0]], query, interval)
                return cell(rows[0], self._ways[0]) if rows else 0
            except QuestionRefused:
                if len(self._ways) == 1:
                    raise
                del self._ways[0]

    def read(self, release: str, interval: Interval) -> list[Counted]:
        """Users and operations that failed, the latter from one question.

        Raises:
            SourceError: Sentry is out of reach or refused, or the attribute does not say how operations end.
        """
        watched, query = self._asking.watched, joined(self._query, of_release(release))
        rows = self._rows(query, interval)
        if len(rows) >= _MOST_OUTCOMES:
            endless = SourceError(f"{watched.counter} has {_MOST_OUTCOMES} values of {watched.outcome} or more")
            raise endless.advise(f"give {watched.outcome} a few values only, such as ok, error and stale")
        failing = [row for row in rows if row.get(watched.outcome) in watched.failed]
        ignored = set(watched.ignored) - set(watched.failed)
        if any(row.get(watched.outcome) in ignored for row in rows):
            query += f" !{watched.outcome}:[{','.join(sorted(ignored))}]"
            rows = [row for row in rows if row.get(watched.outcome) not in ignored]
        total = sum(cell(row, self._ways[0]) for row in rows)
        if not total:
            return []
        operations = Counted(min(sum(cell(row, self._ways[0]) for row in failing), total), total, "operations")
        users = self._count_users(query, interval) if any(cell(row, _USERS) for row in rows) else 0
        if not users:
            return [operations]
        if len(failing) > 1:  # a user may have failed in two ways
            failed = self._count_users(f"{query} {watched.outcome}:[{','.join(watched.failed)}]", interval)
        else:
            failed = sum(cell(row, _USERS) for row in failing)
        return [Counted(min(failed, users), users, "users"), operations]

    def users(self, interval: Interval) -> int:
        """Users of all releases.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return self._count_users(joined(self._query, self._asking.family()), interval) if self._knows_users else 0

    def buckets(self, interval: Interval) -> Buckets:
        """Operations of all releases in steps of a minute.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return series_buckets(self._asking, "tracemetrics", self._ways[0], joined(self._query, self._asking.family()), interval)

    def _rows(self, query: str, interval: Interval) -> list[dict[str, object]]:
        """A row for each outcome, with users where this Sentry counts them."""
        fields = [self._asking.watched.outcome, self._ways[0]]
        if self._knows_users:
            try:
                return self._asking.events("tracemetrics", [*fields, _USERS], query, interval)
            except QuestionRefused:
                self._knows_users = False
        return self._asking.events("tracemetrics", fields, query, interval)

    def _count_users(self, query: str, interval: Interval) -> int:
        rows = self._asking.events("tracemetrics", [_USERS], query, interval)
        return cell(rows[0], _USERS) if rows else 0


def series_buckets(asking: Asking, dataset: str, field: str, query: str, interval: Interval) -> Buckets:
    """A dataset in steps of a minute, or of what this Sentry makes of it.

    Raises:
        SourceError: Sentry is out of reach or refused.
    """
    series = asking.series(dataset, field, query, interval, MINUTE)
    if series is None:
        return Buckets(MINUTE, {})
    step = max(round(series.meta.interval / 1000), 1)
    counts = {int(point.timestamp // 1000): point.value or 0.0 for point in series.values}
    incomplete = [point.timestamp / 1000 for point in series.values if point.incomplete]
    return Buckets(step, counts, min(incomplete)) if incomplete else Buckets(step, counts)


class Denominators:
    """All of them, and the one that was chosen."""

    def __init__(self, kinds: Sequence[Denominator]) -> None:
        """``kinds``: the best first; the last one is what every Sentry has."""
        self.kinds = list(kinds)
        """Those that this Sentry was not found to lack."""
        self._chosen: Denominator | None = None
        self._looked_until: datetime | None = None

    def choose(self, interval: Interval) -> Denominator | None:
        """The best that holds anything of the interval's last day, whatever the release; none, and looked for again, when none does.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        if self._chosen or self._looked_until == interval.end:
            return self._chosen  # once a poll is enough to find nothing
        day = last_day(interval.end)
        for kind in list(self.kinds):
            try:
                found = kind.total(day)
            except QuestionRefused:
                if kind is self.kinds[-1]:
                    raise
                self.kinds.remove(kind)  # this Sentry has no such data, and will not have it soon
                continue
            if found:
                self._chosen = kind
                break
        self._looked_until = interval.end
        return self._chosen
