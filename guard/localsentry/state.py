"""What the local Sentry holds: sessions under Sentry's update rules, and error events. No HTTP.

Session rules (reference/sentry.md, section 8): a session counts once; later updates of the same `sid` only raise its errors or set a
terminal status; the first terminal status wins; attributes never change; a terminal update without an init is accepted.
"""

import dataclasses
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from guard.localsentry.envelope import Envelope, EnvelopeError

STATUSES = ("healthy", "errored", "crashed", "abnormal", "unhandled")
_TERMINAL = frozenset({"exited", "crashed", "abnormal", "unhandled"})
_LONGEST = 200


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

    @property
    def outcome(self) -> str:
        """The one group of `STATUSES` that it counts in."""
        if self.status in {"crashed", "abnormal", "unhandled"}:
            return self.status
        return "errored" if self.errors else "healthy"


@dataclasses.dataclass(frozen=True)
class Event:
    """An error event."""

    release: str
    environment: str
    at: datetime
    user: str | None
    is_unhandled: bool
    message: str


class LocalSentry:
    """One organization with one project."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.filters_browser_extensions = False
        """The inbound filter that drops errors of extensions while the SDK is told 200."""
        self._sessions: dict[str, Session] = {}
        self._events: list[Event] = []
        self._lock = threading.Lock()
        self._anonymous = 0

    def sessions(self) -> list[Session]:
        """Every session, as it stands."""
        with self._lock:
            return [dataclasses.replace(session) for session in self._sessions.values()]

    def events(self) -> list[Event]:
        """Every error event."""
        with self._lock:
            return list(self._events)

    def ingest(self, envelope: Envelope) -> str | None:
        """Take an envelope; the id of its event when it holds one. Items that are not known are accepted and ignored, as by Sentry.

        Raises:
            EnvelopeError: an item makes no sense.
        """
        event_id: str | None = None
        for item in envelope.items:
            match item.type:
                case "session":
                    self._update_session(item.json())
                case "sessions":
                    self._add_aggregates(item.json())
                case "event":
                    event = item.json()
                    event_id = str(event.get("event_id") or envelope.headers.get("event_id") or "")[:_LONGEST]
                    self._add_event(event)
                case _:
                    pass
        return event_id

    def _update_session(self, update: Mapping[str, Any]) -> None:
        identity, release, environment = _text(update, "sid"), *_attributes(update)
        status, errors = str(update.get("status", "ok")), update.get("errors", 0)
        if not identity or not isinstance(errors, int):
            raise EnvelopeError("a session has no sid, or errors that are no number")
        with self._lock:
            session = self._sessions.get(identity)
            if session is None:
                started = _time(update.get("started"))
                session = self._sessions[identity] = Session(release, environment, started, _text(update, "did") or None)
            session.errors = max(session.errors, errors)
            if session.status not in _TERMINAL:
                session.status = status

    def _add_aggregates(self, item: Mapping[str, Any]) -> None:
        release, environment = _attributes(item)
        for bucket in cast("list[Mapping[str, Any]]", item.get("aggregates") or []):
            for kind, status, errors in (
                ("exited", "exited", 0),
                ("errored", "exited", 1),
                ("crashed", "crashed", 1),
                ("abnormal", "abnormal", 0),
            ):
                count = bucket.get(kind, 0)
                if isinstance(count, int) and count > 0:
                    with self._lock:
                        self._anonymous += 1
                        key = f"aggregate-{self._anonymous}"
                        user = _text(bucket, "did") or None
                        self._sessions[key] = Session(release, environment, _time(bucket.get("started")), user, status, errors, count)

    def _add_event(self, event: Mapping[str, Any]) -> None:
        if self.filters_browser_extensions:
            return
        exceptions: Any = event.get("exception") or {}
        values = cast("list[Mapping[str, Any]]", exceptions.get("values", []) if isinstance(exceptions, dict) else exceptions)
        is_unhandled = any(cast("Mapping[str, Any]", value.get("mechanism") or {}).get("handled") is False for value in values)
        user = cast("Mapping[str, Any]", event.get("user") or {})
        found = Event(
            release=_text(event, "release"),
            environment=_text(event, "environment") or "production",
            at=_time(event.get("timestamp")),
            user=str(user["id"])[:_LONGEST] if "id" in user else None,
            is_unhandled=is_unhandled,
            message=str(values[-1].get("value", "") if values else event.get("message", ""))[:_LONGEST],
        )
        with self._lock:
            self._events.append(found)


def _attributes(item: Mapping[str, Any]) -> tuple[str, str]:
    attributes = cast("Mapping[str, Any]", item.get("attrs") or {})
    release = _text(attributes, "release")
    if not release:
        raise EnvelopeError("a session names no release")
    return release, _text(attributes, "environment") or "production"


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value[:_LONGEST] if isinstance(value, str) else ""


def _time(value: Any) -> datetime:
    """A time as SDKs write it: ISO 8601, or seconds since 1970."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError) as error:
        raise EnvelopeError("a time cannot be read") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
