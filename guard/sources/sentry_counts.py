"""What failures can be a share of, the best first: counters that the extension keeps, its spans, its sessions.

Which one is used is decided once, by what the project holds at all, so that a release and its baseline are counted by the same.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from guard.errors import SourceError
from guard.model import Counted, Interval
from guard.sources.sentry_answers import cell
from guard.sources.sentry_asking import MINUTE, Asking, joined, last_day
from guard.sources.sentry_buckets import Buckets
from guard.sources.sentry_transport import QuestionRefused

_Row = dict[str, Any]
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

    def read(self, releases: Sequence[str], interval: Interval) -> Mapping[str, Sequence[Counted]]:
        """By release: users first where they are known, then what it counts; nothing when there was nothing.

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

    def read(self, releases: Sequence[str], interval: Interval) -> dict[str, list[Counted]]:
        """Users and operations that failed; all releases from one question, and from a second one where somebody failed.

        Raises:
            SourceError: Sentry is out of reach or refused, or the attribute does not say how operations end.
        """
        rows = self._rows(releases, interval)
        if sum(map(len, rows.values())) >= _MOST_OUTCOMES:
            if len(releases) > 1:  # each alone may be told in full
                return {release: self.read([release], interval)[release] for release in releases}
            watched = self._asking.watched
            endless = SourceError(f"{watched.counter} has {_MOST_OUTCOMES} values of {watched.outcome} or more")
            raise endless.advise(f"give {watched.outcome} a few values only, such as ok, error and stale")
        told = {release: self._without_ignored(rows[release]) for release in releases}
        users, failing = self._users(told, interval), self._failing_users(told, interval)
        return {release: self._counted(found, users.get(release, 0), failing.get(release, 0)) for release, found in told.items()}

    def _counted(self, rows: Sequence[_Row], users: int, failing: int) -> list[Counted]:
        total = self._sum(rows)
        if not total:
            return []
        operations = Counted(min(self._sum(self._failed(rows)), total), total, "operations")
        return [Counted(min(failing, users), users, "users"), operations] if users else [operations]

    def _users(self, told: Mapping[str, Sequence[_Row]], interval: Interval) -> dict[str, int]:
        """Users by release. Who had several outcomes is one user: where there was more than one outcome they are counted over all."""
        several = [release for release, rows in told.items() if len(rows) > 1 and any(cell(row, _USERS) for row in rows)]
        counted = self._count_users(several, self._not_ignored(), interval)
        return {release: counted.get(release, cell(rows[0], _USERS) if rows else 0) for release, rows in told.items()}

    def _failing_users(self, told: Mapping[str, Sequence[_Row]], interval: Interval) -> dict[str, int]:
        """Users that something failed for, by release; who failed in two ways is one of them."""
        failed = {release: self._failed(rows) for release, rows in told.items()}
        several = [release for release, rows in failed.items() if len(rows) > 1 and any(cell(row, _USERS) for row in rows)]
        counted = self._count_users(several, f"{self._asking.watched.outcome}:[{','.join(self._asking.watched.failed)}]", interval)
        return {release: counted.get(release, cell(rows[0], _USERS) if rows else 0) for release, rows in failed.items()}

    def users(self, interval: Interval) -> int:
        """Users of all releases.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        if not self._knows_users:
            return 0
        rows = self._asking.events("tracemetrics", [_USERS], joined(self._query, self._asking.family()), interval)
        return cell(rows[0], _USERS) if rows else 0

    def buckets(self, interval: Interval) -> Buckets:
        """Operations of all releases in steps of a minute.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return series_buckets(self._asking, "tracemetrics", self._ways[0], joined(self._query, self._asking.family()), interval)

    def _rows(self, releases: Sequence[str], interval: Interval) -> dict[str, list[_Row]]:
        """By release a row for each outcome, with users where this Sentry counts them."""
        fields = [self._asking.watched.outcome, self._ways[0]]
        if self._knows_users:
            try:
                return self._asking.by_release("tracemetrics", [*fields, _USERS], releases, self._query, interval)
            except QuestionRefused:
                self._knows_users = False
        return self._asking.by_release("tracemetrics", fields, releases, self._query, interval)

    def _count_users(self, releases: Sequence[str], search: str, interval: Interval) -> dict[str, int]:
        if not releases:
            return {}
        rows = self._asking.by_release("tracemetrics", [_USERS], releases, joined(self._query, search), interval)
        return {release: cell(rows[release][0], _USERS) if rows[release] else 0 for release in releases}

    def _ignored(self) -> list[str]:
        return sorted(set(self._asking.watched.ignored) - set(self._asking.watched.failed))

    def _not_ignored(self) -> str:
        return f"!{self._asking.watched.outcome}:[{','.join(self._ignored())}]" if self._ignored() else ""

    def _without_ignored(self, rows: Sequence[_Row]) -> list[_Row]:
        return [row for row in rows if row.get(self._asking.watched.outcome) not in self._ignored()]

    def _failed(self, rows: Sequence[_Row]) -> list[_Row]:
        return [row for row in rows if row.get(self._asking.watched.outcome) in self._asking.watched.failed]

    def _sum(self, rows: Sequence[_Row]) -> int:
        return sum(cell(row, self._ways[0]) for row in rows)


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
