"""Spans as a denominator: what the extension does, what it asks of its backend, and how long that takes."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from guard.model import Counted, Interval, Value
from guard.sources.sentry_answers import cell
from guard.sources.sentry_asking import Asking, joined
from guard.sources.sentry_buckets import Buckets
from guard.sources.sentry_counts import series_buckets
from guard.sources.sentry_transport import QuestionRefused

_COUNT, _FAILED, _USERS, _P95 = "count()", "failure_count()", "count_unique(user)", "p95(span.duration)"
_FAILING = "!span.status:[ok,cancelled,unknown]"
"""What `failure_count()` counts."""


@dataclasses.dataclass(frozen=True)
class SpanCounts:
    """What spans of one kind say."""

    failed: tuple[Counted, ...] = ()
    """Users first where they are known, then spans; nothing when there were no spans."""
    slow: Counted | Value | None = None
    """How many were slower than the limit, else their 95th percentile in seconds; none where neither can be asked."""


class Spans:
    """Spans of one kind that the extension sends. They may be sampled, which changes no share."""

    name = "sentry spans"

    def __init__(self, asking: Asking, search: str, counts: str) -> None:
        """``search`` finds them, and ``counts`` is what they are called, in the plural."""
        self.counts = counts
        self._asking = asking
        self._search = search
        self._slow = f"count_if(span.duration,greater,{round(asking.watched.slow_seconds * 1000)})"
        self._asked: list[Sequence[str]] = [(self._slow, _USERS), (_P95, _USERS), (self._slow,), (_P95,), ()]
        """What is asked besides counts, the most telling first; what this Sentry refuses is taken out."""
        self._finds_failing_users = True
        self._is_there = True

    def total(self, interval: Interval) -> int:
        """Spans of all releases.

        Raises:
            QuestionRefused: this Sentry has no spans, or cannot read the configured search.
            SourceError: Sentry is out of reach or refused.
        """
        rows = self._asking.events("spans", [_COUNT], self._everybodys(), interval)
        return cell(rows[0], _COUNT) if rows else 0

    def read(self, releases: Sequence[str], interval: Interval) -> dict[str, Sequence[Counted]]:
        """Users and spans that failed, by release.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return {release: found.failed for release, found in self.measure(releases, interval).items()}

    def users(self, interval: Interval) -> int:
        """Users of all releases.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        rows = self._asking.events("spans", [_USERS], self._everybodys(), interval)
        return cell(rows[0], _USERS) if rows else 0

    def buckets(self, interval: Interval) -> Buckets:
        """Spans of all releases in steps of a minute.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return series_buckets(self._asking, "spans", _COUNT, self._everybodys(), interval)

    def measure(self, releases: Sequence[str], interval: Interval, *, users: bool = True) -> dict[str, SpanCounts]:
        """By release: how many failed, for how many ``users`` when that is wanted, and how many were slow.

        All releases from one question, and from a second one where some failed; nothing where this Sentry has no spans.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        rows = self._rows(releases, interval)
        failing = [release for release, row in rows.items() if users and cell(row, _USERS) and cell(row, _FAILED)]
        unlucky = self._failing_users(failing, interval) if failing else {}
        return {release: self._counted(rows.get(release), unlucky.get(release, 0), users=users) for release in releases}

    def _counted(self, row: dict[str, Any] | None, unlucky: int, *, users: bool) -> SpanCounts:
        total = cell(row, _COUNT)
        if row is None or not total:
            return SpanCounts()
        failed = Counted(min(cell(row, _FAILED), total), total, self.counts)
        everybody = cell(row, _USERS) if users and self._finds_failing_users else 0
        told = [Counted(min(unlucky, everybody), everybody, "users")] if everybody else []
        return SpanCounts((*told, failed), self._slowness(row, total))

    def _everybodys(self) -> str:
        return joined(self._search, self._asking.family())

    def _rows(self, releases: Sequence[str], interval: Interval) -> dict[str, dict[str, Any]]:
        """The row of each release; one without spans, and all of a Sentry without any, have none."""
        while self._is_there:
            try:
                found = self._asking.by_release("spans", [_COUNT, _FAILED, *self._asked[0]], releases, self._search, interval)
                return {release: rows[0] for release, rows in found.items() if rows}
            except QuestionRefused:
                if len(self._asked) == 1:
                    self._is_there = False
                else:
                    del self._asked[0]
        return {}

    def _failing_users(self, releases: Sequence[str], interval: Interval) -> dict[str, int]:
        if not self._finds_failing_users:
            return {}
        try:
            found = self._asking.by_release("spans", [_USERS], releases, joined(self._search, _FAILING), interval)
        except QuestionRefused:
            self._finds_failing_users = False
            return {}
        return {release: cell(rows[0], _USERS) for release, rows in found.items() if rows}

    def _slowness(self, row: dict[str, Any], total: int) -> Counted | Value | None:
        if self._slow in row:
            return Counted(min(cell(row, self._slow), total), total, self.counts)
        percentile = row.get(_P95)
        return Value(percentile / 1000, "s, 95th percentile") if isinstance(percentile, int | float) else None
