"""What the local Sentry holds: sessions under Sentry's update rules, errors, spans, metrics and releases. No HTTP.

Session rules (reference/sentry.md, section 8): a session counts once; later updates of the same `sid` only raise its errors or set a
terminal status; the first terminal status wins; attributes never change; a terminal update without an init is accepted.
"""

import dataclasses
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

from guard.localsentry import items
from guard.localsentry.envelope import Envelope, EnvelopeError, EnvelopeItem
from guard.localsentry.faults import Faults
from guard.localsentry.items import DEFAULT_ENVIRONMENT, moment_of, text_of
from guard.localsentry.monitors import Monitors, read_check_in
from guard.localsentry.records import STATUSES, Record, SessionCells, Shelf
from guard.localsentry.releases import Releases

__all__ = ["STATUSES", "LocalSentry", "Record", "Session"]

_TERMINAL = frozenset({"exited", "crashed", "abnormal", "unhandled"})
_MOST_COUNTED = 1_000_000_000
_HOUR = 3600
_DATASETS = {"event": "errors", "transaction": "spans", "span": "spans", "trace_metric": "tracemetrics"}
_CATEGORIES = {"event": "error", "sessions": "session"}

_READERS = {"transaction": items.read_transaction, "span": items.read_spans, "trace_metric": items.read_metrics}

Change = Callable[[], object]


@dataclasses.dataclass
class Session:
    """One session, or several alike that a server SDK sent together."""

    release: str
    environment: str
    started: datetime
    user: str | None
    status: str = "ok"
    errors: int = 0
    count: int = 1
    counted: str = ""
    """The status that it is counted under at present."""

    @property
    def outcome(self) -> str:
        """The one group of `STATUSES` that it counts in."""
        if self.status in {"crashed", "abnormal", "unhandled"}:
            return self.status
        return "errored" if self.errors else "healthy"


class LocalSentry:
    """One organization with one project."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.faults = Faults()
        self.filters_browser_extensions = False
        """The inbound filter that drops errors of extensions while the SDK is told 200."""
        self.self_hosted = False
        """Whether it has no rate limiter, and so none of the limiter's headers."""
        self.session_cells = SessionCells()
        self.releases = Releases(now)
        self.monitors = Monitors(lambda reason: self.count_outcome("monitor", "invalid", reason))
        self.outcomes: Counter[tuple[int, str, str, str]] = Counter()
        """How much became of what: by hour, category, outcome and reason."""
        self._sessions: dict[str, Session] = {}
        self._shelves = {dataset: Shelf() for dataset in _DATASETS.values()}
        self._arriving: deque[tuple[float, Change]] = deque()
        self._lock = threading.RLock()
        self._anonymous = 0

    @contextmanager
    def reading(self) -> Generator[None]:
        """Hold everything still while a question is answered; what has arrived by now is part of it."""
        with self._lock:
            self._take_in()
            yield

    def sessions(self) -> list[Session]:
        """Every session, as it stands."""
        with self.reading():
            return [dataclasses.replace(session) for session in self._sessions.values()]

    def events(self) -> list[Record]:
        """Every error event."""
        return self._all("errors")

    def spans(self) -> list[Record]:
        """Every span."""
        return self._all("spans")

    def metrics(self) -> list[Record]:
        """Every metric."""
        return self._all("tracemetrics")

    def _all(self, dataset: str) -> list[Record]:
        with self.reading():
            return self._shelves[dataset].all()

    def rows(self, dataset: str) -> Shelf:
        """The rows of a dataset, for use inside `reading`."""
        return self._shelves[dataset]

    def add_sessions(
        self, *, release: str, environment: str, started: datetime, count: int, user: str | None = None, status: str = "exited"
    ) -> None:
        """Put so many sessions alike into the past, at once: earlier weeks are made so."""
        with self._lock:
            self._add_alike(Session(release, environment, started, user, status, int(status == "errored"), count))

    def ingest(self, envelope: Envelope) -> str | None:
        """Take an envelope; the id of its event when it holds one. Items that are not known are accepted and ignored, as by Sentry.

        Raises:
            EnvelopeError: an item makes no sense; then nothing of the envelope is kept.
        """
        event_id: str | None = None
        changes: list[Change] = []
        for item in envelope.items:
            if item.type in {"event", "transaction"}:
                event_id = text_of(item.json(), "event_id") or text_of(envelope.headers, "event_id")
            changes += self._changes(item, event_id or "")
        with self._lock:
            if changes:
                due = self.now().timestamp() + self.faults.delay.total_seconds()
                self._arriving.extend((due, change) for change in changes)
                self._take_in()
        return event_id

    def count_outcome(self, category: str, outcome: str, reason: str = "", quantity: int = 1) -> None:
        """Note what became of an item."""
        hour = int(self.now().timestamp()) // _HOUR * _HOUR
        with self._lock:
            self.outcomes[hour, category, outcome, reason] += quantity

    def _take_in(self) -> None:
        if not self._arriving:
            return
        now = self.now().timestamp()
        while self._arriving and self._arriving[0][0] <= now:
            self._arriving.popleft()[1]()

    def _changes(self, item: EnvelopeItem, event_id: str) -> list[Change]:
        """What an item will change once it has arrived; it is read, and refused, now."""
        match item.type:
            case "session" | "check_in":
                read = self._session_update if item.type == "session" else self._check_in
                return [read(item.json())]
            case "sessions":
                return [lambda session=session: self._add_alike(session) for session in _aggregates(item.json())]
            case "event":
                return [self._event(items.read_event(item.json(), event_id))]
            case "client_report":
                return [
                    lambda found=found: self.count_outcome(found[0], "client_discard", found[1], found[2])
                    for found in items.read_report(item.json())
                ]
            case _ if item.type in _READERS:
                records = _READERS[item.type](item.json())
                return [lambda: self._keep(item.type, records)]
            case _:
                return []

    def _check_in(self, item: Mapping[str, Any]) -> Change:
        found = read_check_in(item, self.now())
        return lambda: self.monitors.take(found) and self.count_outcome("monitor", "accepted")

    def _event(self, event: Record) -> Change:
        if self.filters_browser_extensions:
            return lambda: self.count_outcome("error", "filtered", "browser-extensions")
        return lambda: self._keep("event", [event])

    def _keep(self, kind: str, records: list[Record]) -> None:
        for record in records:
            self._shelves[_DATASETS[kind]].add(record)
            if record.release:
                self.releases.seen(record.release, record.moment)
        self.count_outcome(_CATEGORIES.get(kind, kind), "accepted", quantity=1 if kind == "transaction" else len(records))

    def _session_update(self, update: Mapping[str, Any]) -> Change:
        identity, release, environment = text_of(update, "sid"), *_attributes(update)
        status, errors = str(update.get("status", "ok")), update.get("errors", 0)
        if not identity or not isinstance(errors, int):
            raise EnvelopeError("a session has no sid, or errors that are no number")
        started = moment_of(update.get("started"))
        user = text_of(update, "did") or None

        def apply() -> None:
            session = self._sessions.get(identity)
            if session is None:
                session = self._sessions[identity] = Session(release, environment, datetime.fromtimestamp(started, UTC), user)
                self.count_outcome("session", "accepted")
            session.errors = max(session.errors, errors)
            if session.status not in _TERMINAL:
                session.status = status
            self._count(session)

        return apply

    def _add_alike(self, session: Session) -> None:
        self._anonymous += 1
        self._sessions[f"aggregate-{self._anonymous}"] = session
        self._count(session)

    def _count(self, session: Session) -> None:
        """Count it under its status, and no longer under the one it had before."""
        outcome = session.outcome
        if self.faults.four_statuses and outcome == "unhandled":
            outcome = "errored"
        if outcome == session.counted:
            return
        key, moment = (session.release, session.environment), session.started.timestamp()
        if session.counted:
            self.session_cells.add(key, moment, session.counted, session.user, -session.count)
        session.counted = outcome
        self.session_cells.add(key, moment, outcome, session.user, session.count)
        self.releases.seen(session.release, moment)


def _aggregates(item: Mapping[str, Any]) -> list[Session]:
    release, environment = _attributes(item)
    found: list[Session] = []
    for bucket in cast("list[Any]", item.get("aggregates") or []):
        if not isinstance(bucket, dict):
            raise EnvelopeError("aggregated sessions are no object")
        values = cast("Mapping[str, Any]", bucket)
        started, user = datetime.fromtimestamp(moment_of(values.get("started")), UTC), text_of(values, "did") or None
        for kind, status, errors in (
            ("exited", "exited", 0),
            ("errored", "exited", 1),
            ("crashed", "crashed", 1),
            ("abnormal", "abnormal", 0),
        ):
            count = values.get(kind, 0)
            if isinstance(count, int) and 0 < count <= _MOST_COUNTED:
                found.append(Session(release, environment, started, user, status, errors, count))
    return found


def _attributes(item: Mapping[str, Any]) -> tuple[str, str]:
    given: Any = item.get("attrs")
    attributes = cast("Mapping[str, Any]", given if isinstance(given, dict) else {})
    release = text_of(attributes, "release")
    if not release:
        raise EnvelopeError("a session names no release")
    return release, text_of(attributes, "environment") or DEFAULT_ENVIRONMENT
