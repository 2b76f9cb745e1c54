"""Cron monitors: check-ins as SDKs send them, and as the API lists them.

As Sentry does: a monitor is made by a check-in that brings its configuration, and brought up to each later one; a check-in of a monitor
that nobody made is dropped; one that has ended stays as it ended.

What it does not imitate: time, so that nothing is missed or timed out by itself and `expectedTime` is when it was added; incidents and
issues; and the bounds on how many there are.
"""

import dataclasses
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from guard.localsentry.envelope import EnvelopeError
from guard.localsentry.items import DEFAULT_ENVIRONMENT, clean, number_of, text_of

_LONGEST_SLUG = 50
_ENDED = frozenset({"ok", "error"})
_STATUSES = _ENDED | {"in_progress"}
_OPTIONS = ("checkin_margin", "max_runtime", "failure_issue_threshold", "recovery_threshold")


@dataclasses.dataclass(frozen=True)
class CheckIn:
    """A run of something that a monitor waits for, as far as it was told."""

    id: str
    slug: str
    status: str
    environment: str
    seconds: float | None
    """How long it took; none while it goes on, and where nothing was said of it."""
    config: Mapping[str, Any] | None
    """What the monitor is made by, as the API shows it; none where nothing was sent."""
    added_at: datetime
    updated_at: datetime


def read_check_in(item: Mapping[str, Any], now: datetime) -> CheckIn:
    """A check-in that arrived ``now``.

    Raises:
        EnvelopeError: it makes no sense.
    """
    slug, status = text_of(item, "monitor_slug")[:_LONGEST_SLUG], text_of(item, "status")
    if not slug:
        raise EnvelopeError("the monitor slug is empty or invalid")
    try:
        identity = uuid.UUID(text_of(item, "check_in_id")).hex
    except ValueError as error:
        raise EnvelopeError("a check-in has no id") from error
    duration, config = item.get("duration"), item.get("monitor_config")
    seconds = None if duration is None else number_of(duration, "the duration of a check-in")
    environment = text_of(item, "environment") or DEFAULT_ENVIRONMENT
    known = status if status in _STATUSES else "unknown"
    return CheckIn(identity, slug, known, environment, seconds, None if config is None else _config(config), now, now)


class Monitors:
    """The monitors of one project, and their check-ins in the order in which they began."""

    def __init__(self, dropped: Callable[[str], None]) -> None:
        """``dropped`` is told why a check-in is not kept."""
        self._configs: dict[str, Mapping[str, Any]] = {}
        self._check_ins: dict[str, CheckIn] = {}
        self._dropped = dropped

    def make(self, slug: str, schedule: str) -> None:
        """Make a monitor as a person does in Sentry's pages."""
        self._configs[slug] = _config({"schedule": {"type": "crontab", "value": schedule}})

    def take(self, given: CheckIn) -> bool:
        """Keep a check-in, or bring the one that has its id up to it; false when it is dropped."""
        if given.config is not None:
            self._configs[given.slug] = given.config
        before = self._check_ins.get(given.id)
        if given.slug not in self._configs:
            self._dropped("monitor_not_found")
            return False
        if before is not None and (before.status in _ENDED or before.slug != given.slug):
            self._dropped("duplicate")
            return False
        self._check_ins[given.id] = dataclasses.replace(given, added_at=before.added_at) if before else given
        return True

    def all(self) -> list[CheckIn]:
        """Every check-in, the oldest first."""
        return list(self._check_ins.values())

    def listed(self, slug: str) -> Sequence[Mapping[str, Any]] | None:
        """A monitor's check-ins as the API lists them, the newest first; none when there is no such monitor."""
        if slug not in self._configs:
            return None
        return [_told(found, self._configs[slug]) for found in reversed(self.all()) if found.slug == slug]


def _config(given: Any) -> Mapping[str, Any]:
    """A monitor's configuration as the API shows it.

    Raises:
        EnvelopeError: it has no schedule that can be kept.
    """
    values = cast("Mapping[str, Any]", given if isinstance(given, dict) else {})
    schedule = cast("Mapping[str, Any]", found if isinstance(found := values.get("schedule"), dict) else {})
    kind = schedule.get("type")
    if kind not in {"crontab", "interval"}:
        raise EnvelopeError("a monitor's configuration has no schedule")
    told: Any = clean(str(schedule.get("value"))) if kind == "crontab" else [schedule.get("value"), schedule.get("unit")]
    numbers = {name: values[name] if isinstance(values.get(name), int) else None for name in _OPTIONS}
    return {"schedule_type": kind, "schedule": told, "timezone": text_of(values, "timezone") or None, "alert_rule_id": None, **numbers}


def _told(found: CheckIn, config: Mapping[str, Any]) -> Mapping[str, Any]:
    added, updated = (_iso(moment) for moment in (found.added_at, found.updated_at))
    seconds = found.seconds
    if seconds is None and found.status in _ENDED:
        seconds = (found.updated_at - found.added_at) / timedelta(seconds=1)
    return {
        "id": str(uuid.UUID(found.id)),
        "environment": found.environment,
        "status": found.status,
        "duration": None if seconds is None else round(seconds * 1000),
        "dateCreated": added,
        "dateAdded": added,
        "dateUpdated": updated,
        "dateInProgress": added,
        "dateClock": added,
        "expectedTime": added,
        "monitorConfig": config,
    }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
