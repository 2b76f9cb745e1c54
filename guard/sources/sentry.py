"""Sentry as a source: sessions and users with a failure, and unhandled errors, per version.

Sentry has sessions of an extension's pages only, unless the extension sends its own (reference/sentry.md, section 0). The share
of failures is 1 - healthy/total: crash-free rates stay near 1 for browser code and are not used. Totals since the release are read
anew each time, so a correction of the past is included at the next poll.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from guard.errors import SourceError
from guard.model import Counted, Events, Interval, NoData, Reading, Sample, Signal
from guard.sources.sentry_client import IntervalTooSmall, SentryClient, SessionsAnswer
from webstore.versions import Version

_SESSIONS = "sum(session)"
_USERS = "count_unique(user)"


class SentrySource:
    """One Sentry project, for one extension."""

    name = "sentry"
    signals: Sequence[Signal] = (Signal.ERROR_RATE, Signal.EXTENSION_CRASHES)

    def __init__(
        self,
        client: SentryClient,
        *,
        organization: str,
        project: str,
        environment: str | None,
        release_name: str,
        settle: timedelta = timedelta(seconds=90),
    ) -> None:
        """``release_name`` is a template with ``{version}``; ``settle`` is how long Sentry's newest data stays incomplete."""
        self._client = client
        self._organization = organization
        self._project = project
        self._environment = environment
        self._release_name = release_name
        self._settle = settle
        self._step = "1m"

    def probe(self) -> list[str]:
        """Ask once for anything at all, and whether Sentry throws extensions' errors away (it does so with a friendly answer).

        Raises:
            SourceError: Sentry is out of reach, or refused the token, the organization or the project.
        """
        parameters = [("field", _SESSIONS), ("interval", "1h"), ("statsPeriod", "1d"), ("project", self._project)]
        self._client.sessions(self._organization, parameters)
        filters = self._client.filters(self._organization, self._project)
        if filters.get("browser-extensions") is True:
            return ["Sentry's inbound filter for browser extensions is on: it drops this extension's errors; switch it off in the project"]
        return []

    def read(self, version: Version, interval: Interval) -> list[Sample]:
        """Users and sessions with a failure, and unhandled errors, since the interval's start.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        release = self._release_name.replace("{version}", str(version))
        settled = Interval(interval.start, max(interval.end - self._settle, interval.start + timedelta(seconds=1)))
        total = self._sessions(release, settled, ())
        by_status = self._sessions(release, settled, ("session.status",))
        crashes = self._unhandled_errors(release, settled)
        readings = [
            (Signal.ERROR_RATE, "sentry users", self._users(total, by_status, release)),
            (Signal.ERROR_RATE, "sentry sessions", self._session_counts(by_status, release)),
            (Signal.EXTENSION_CRASHES, "sentry errors", self._crashes(crashes, total, release)),
        ]
        return [Sample(signal, version, settled, reading, source) for signal, source, reading in readings]

    def _users(self, total: SessionsAnswer, by_status: SessionsAnswer, release: str) -> Reading:
        """Users are counted over the whole range at once: they cannot be added up over its steps."""
        users = _total(total, _USERS, None)
        if not users:
            return NoData(f"Sentry knows no users of {release} yet")
        return Counted(users - min(_total(by_status, _USERS, "healthy"), users), users, "users")

    def _session_counts(self, by_status: SessionsAnswer, release: str) -> Reading:
        sessions = sum(_summed(by_status, status) for status in _statuses(by_status))
        if not sessions:
            return NoData(f"Sentry has no sessions of {release} yet: silence is not health")
        return Counted(sessions - _summed(by_status, "healthy"), sessions, "sessions")

    def _crashes(self, count: int, total: SessionsAnswer, release: str) -> Reading:
        if not count and not _total(total, _SESSIONS, None):
            return NoData(f"Sentry has heard nothing of {release} yet")
        return Events(count)

    def _sessions(self, release: str, interval: Interval, group_by: Sequence[str]) -> SessionsAnswer:
        groups = [("groupBy", name) for name in group_by]
        for _ in range(3):
            parameters = [("field", _SESSIONS), ("field", _USERS), ("interval", self._step), *groups, *self._scope(release, interval)]
            try:
                return self._client.sessions(self._organization, parameters)
            except IntervalTooSmall as error:
                self._step = error.interval  # remembered: this Sentry only answers in larger steps
        raise SourceError(f"Sentry does not answer in any step that was tried, the last was {self._step}")

    def _unhandled_errors(self, release: str, interval: Interval) -> int:
        parameters = [("dataset", "errors"), ("field", "count()"), *self._scope(release, interval, " error.unhandled:true")]
        rows = self._client.events(self._organization, parameters).data
        counts = [row.get("count()") for row in rows]
        return sum(int(count) for count in counts if isinstance(count, int | float))

    def _scope(self, release: str, interval: Interval, more: str = "") -> list[tuple[str, str]]:
        scope = [
            ("project", self._project),
            ("query", f'release:"{release}"{more}'),
            ("start", _iso(interval.start)),
            ("end", _iso(interval.end)),
        ]
        return [*scope, ("environment", self._environment)] if self._environment else scope


def _statuses(answer: SessionsAnswer) -> list[str]:
    return [str(group.by.get("session.status", "")) for group in answer.groups]


def _summed(answer: SessionsAnswer, status: str) -> int:
    """Sessions of one status, added up over the steps: totals may cover more than was asked for."""
    found = [group for group in answer.groups if group.by.get("session.status") == status]
    return int(sum(value or 0 for group in found for value in group.series.get(_SESSIONS, [])))


def _total(answer: SessionsAnswer, field: str, status: str | None) -> int:
    found = [group for group in answer.groups if status is None or group.by.get("session.status") == status]
    return int(sum(group.totals.get(field) or 0 for group in found))


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
