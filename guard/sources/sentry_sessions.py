"""Sessions as a denominator: pages of the extension that were opened, and their users.

The share of failures is 1 - healthy/total: crash-free rates stay near 1 for browser code and are not used.
"""

from collections.abc import Sequence

from guard.model import Counted, Interval
from guard.sources.sentry_answers import SessionsAnswer, whole
from guard.sources.sentry_asking import HOUR, Asking, of_release, steps_of
from guard.sources.sentry_buckets import Buckets

_SESSIONS = "sum(session)"
_USERS = "count_unique(user)"


class Sessions:
    """Pages only, unless the extension sends its own (reference/sentry.md, section 0)."""

    name = "sentry sessions"
    counts = "sessions"

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def total(self, interval: Interval) -> int:
        """Sessions of all releases.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        answer = self._asking.sessions([_SESSIONS], "", interval, step=HOUR)
        return sum(whole(group.totals.get(_SESSIONS)) for group in answer.groups)

    def read(self, releases: Sequence[str], interval: Interval) -> dict[str, list[Counted]]:
        """Users and sessions with a failure; nothing when there were no sessions. Each release is asked about for itself.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return {release: self._read(release, interval) for release in releases}

    def _read(self, release: str, interval: Interval) -> list[Counted]:
        query, fields = of_release(release), [_SESSIONS, _USERS]
        by_status = self._asking.sessions(fields, query, interval, by=["session.status"])
        step = self._asking.session_step(interval)
        sessions = _sum(by_status, interval, step)
        if not sessions:
            return []
        counted = Counted(sessions - min(_sum(by_status, interval, step, "healthy"), sessions), sessions, "sessions")
        # Users cannot be added up over steps or statuses: they are counted over the whole range at once.
        users = _users(self._asking.sessions(fields, query, interval))
        if not users:
            return [counted]
        return [Counted(users - min(_users(by_status, "healthy"), users), users, "users"), counted]

    def users(self, interval: Interval) -> int:
        """Users of all releases.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return _users(self._asking.sessions([_USERS], "", interval, step=HOUR))

    def buckets(self, interval: Interval) -> Buckets:
        """Sessions of all releases in steps.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        answer = self._asking.sessions([_SESSIONS], "", interval)
        return Buckets(self._asking.session_step(interval), steps_of(answer, _SESSIONS, {}))


def _sum(answer: SessionsAnswer, interval: Interval, step: int, status: str | None = None) -> int:
    """Sessions added up over the steps that touch the interval: totals, and the series, cover whole hours."""
    steps = steps_of(answer, _SESSIONS, {"session.status": status} if status else {})
    start, end = interval.start.timestamp(), interval.end.timestamp()
    return whole(sum(value for begins, value in steps.items() if begins + step > start and begins < end))


def _users(answer: SessionsAnswer, status: str | None = None) -> int:
    found = [group for group in answer.groups if status is None or group.by.get("session.status") == status]
    return sum(whole(group.totals.get(_USERS)) for group in found)
