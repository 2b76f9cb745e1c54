"""How long each part of an incident took, each from named events of its timeline; spreads over many; and whether targets were met."""

import dataclasses
import enum
import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from guard.incidents.action_items import cause_of
from guard.incidents.events import Kind
from guard.incidents.incident import Incident, IncidentState, TimelineEntry, Trigger
from guard.judge.diagnosis import Cause
from guard.severity import Severity

DETECTED = frozenset({Kind.BREACH_SEEN, Kind.OPENED_BY_CANARY, Kind.OPENED_BY_HAND, Kind.OPENED_FOR_ROLLBACK})
RESPONDED = frozenset({Kind.ACKNOWLEDGED, Kind.ASKED_FOR, Kind.APPROVED, Kind.ROLLBACK_BEGUN, Kind.REPAIR_BEGUN})
REOPENED = frozenset({Kind.REOPENED, Kind.REOPENED_BY_HAND})
RESOLVED = frozenset({Kind.RECOVERED, Kind.RESOLVED})
ROLLBACK_FAILED = frozenset({Kind.ROLLBACK_FAILED, Kind.ROLLBACK_FAILED_WORSE})
ROLLBACK_ENDED = ROLLBACK_FAILED | {Kind.ROLLBACK_DONE, Kind.ROLLBACK_STOPPED}
_DONE = "done"
_NINE, _TEN = 9, 10


@dataclasses.dataclass(frozen=True)
class Case:
    """An incident with all that is told of it."""

    incident: Incident
    timeline: Sequence[TimelineEntry]
    released_at: datetime | None = None
    """When its release was first seen live; none when it never was."""
    unsafe_drill: str = ""
    """What the rollback drill of its release found, when that was not safe."""

    @property
    def is_false_alarm(self) -> bool:
        """Whether there was nothing wrong: it counts against the detector, and in no time or target."""
        return self.incident.state is IncidentState.FALSE_ALARM

    @property
    def was_reopened(self) -> bool:
        """Whether the trouble came back after it had been resolved."""
        return self.first(REOPENED) is not None

    def first(self, kinds: Collection[str], *, after: datetime | None = None) -> TimelineEntry | None:
        """The earliest event of one of these kinds."""
        found = self.all(kinds, after=after)
        return min(found, key=lambda entry: entry.at) if found else None

    def last(self, kinds: Collection[str]) -> TimelineEntry | None:
        """The latest event of one of these kinds; of two at the same moment, the one that was written later."""
        found = self.all(kinds)
        return max(reversed(found), key=lambda entry: entry.at) if found else None

    def all(self, kinds: Collection[str], *, after: datetime | None = None) -> list[TimelineEntry]:
        """Every event of one of these kinds, from a moment on where one is given."""
        return [entry for entry in self.timeline if entry.kind in kinds and (after is None or entry.at >= after)]


@dataclasses.dataclass(frozen=True)
class Moments:
    """When each part was reached; none where it was not."""

    released: datetime | None
    detected: datetime
    acknowledged: datetime | None
    responded: datetime | None
    mitigated: datetime | None
    resolved: datetime | None


def moments_of(case: Case) -> Moments:
    """The moments that the times are counted between.

    - released: the release was first seen live. Only where a breach opened the incident and its cause is not outside: else it is
      no beginning of anything.
    - detected: the first of `breach_seen`, `opened_by_canary`, `opened_by_hand`, `opened_for_rollback`.
    - acknowledged: the first `acknowledged`, which only a person says.
    - responded: the first act upon it, of a person or of the guard: `acknowledged`, `asked_for`, `approved`, `rollback_begun`,
      `repair_begun`; or its resolution, when it ended before anybody had to do anything. Being given a role is no act.
    - mitigated: after it was last `reopened` (or `reopened_by_hand`), the first `rollback_done`, or `repair_ended` that did what it
      should; else its resolution.
    - resolved: after it was last reopened, the last `recovered` or `resolved`; none while it is open, or when it was a false alarm.
    """
    incident = case.incident
    detected = case.first(DETECTED)
    acknowledged = case.first({Kind.ACKNOWLEDGED})
    resolved = _resolved(case)
    responded = min((at for at in (_at(case.first(RESPONDED)), resolved) if at), default=None)
    began = incident.trigger is Trigger.BREACH and cause_of(incident) is not Cause.EXTERNAL
    return Moments(
        released=case.released_at if began else None,
        detected=detected.at if detected else incident.opened_at,
        acknowledged=acknowledged.at if acknowledged else None,
        responded=responded,
        mitigated=_mitigated(case) or resolved,
        resolved=resolved,
    )


def _at(entry: TimelineEntry | None) -> datetime | None:
    return entry.at if entry else None


def _resolved(case: Case) -> datetime | None:
    if case.incident.state.is_open or case.is_false_alarm:
        return None
    # Timelines of before events had names are told by the record alone.
    return _at(case.last(RESOLVED)) or case.incident.resolved_at


def _mitigated(case: Case) -> datetime | None:
    since = _at(case.last(REOPENED))
    entries = case.all({Kind.ROLLBACK_DONE, Kind.REPAIR_ENDED}, after=since)
    helped = [entry.at for entry in entries if entry.kind == Kind.ROLLBACK_DONE or entry.facts.get("result") == _DONE]
    return min(helped, default=None)


@dataclasses.dataclass(frozen=True)
class Times:
    """How long each part took. All but detection are counted from the moment of detection."""

    to_detect: timedelta | None = None
    to_acknowledge: timedelta | None = None
    to_respond: timedelta | None = None
    to_mitigate: timedelta | None = None
    to_resolve: timedelta | None = None


TIMES = tuple(field.name for field in dataclasses.fields(Times))


def times_of(case: Case) -> Times:
    """The times of one incident; none at all of a false alarm."""
    if case.is_false_alarm:
        return Times()
    at = moments_of(case)

    def since(end: datetime | None) -> timedelta | None:
        return max(end - at.detected, timedelta()) if end else None

    to_detect = at.detected - at.released if at.released and at.released <= at.detected else None
    return Times(to_detect, since(at.acknowledged), since(at.responded), since(at.mitigated), since(at.resolved))


@dataclasses.dataclass(frozen=True)
class Spread:
    """How a time is spread over many incidents."""

    count: int
    mean: timedelta
    median: timedelta
    p90: timedelta
    """The shortest of the times that nine in ten do not exceed: one that really occurred (nearest rank)."""


def spread(values: Iterable[timedelta | None]) -> Spread | None:
    """The spread of those that are known; none when there is none."""
    seconds = sorted(value.total_seconds() for value in values if value is not None)
    if not seconds:
        return None
    rank = -(-_NINE * len(seconds) // _TEN)
    figures = (statistics.fmean(seconds), statistics.median(seconds), seconds[rank - 1])
    return Spread(len(seconds), *(timedelta(seconds=figure) for figure in figures))


def spreads(cases: Sequence[Case]) -> dict[str, Spread | None]:
    """The spread of every time over these incidents, by its name in `Times`."""
    times = [times_of(case) for case in cases]

    return {name: spread(getattr(one, name) for one in times) for name in TIMES}


class Target(enum.StrEnum):
    """Whether a target was met."""

    MET = "met"
    MISSED = "missed"
    PENDING = "pending"
    """It can still be met."""


@dataclasses.dataclass(frozen=True)
class Sla:
    """Both targets of one incident."""

    response: Target
    resolution: Target


Limits = Mapping[Severity, tuple[timedelta, timedelta]]
"""The targets to respond and to resolve, by severity."""
LIMITS: Limits = {severity: (severity.respond_within, severity.resolve_within) for severity in Severity}


def sla_of(case: Case, now: datetime, limits: Limits = LIMITS) -> Sla:
    """Response and resolution against the targets of the severity that the incident has come to."""
    times, (respond, resolve) = times_of(case), limits[case.incident.severity]
    waited = now - moments_of(case).detected
    return Sla(_target(times.to_respond, waited, respond), _target(times.to_resolve, waited, resolve))


def _target(took: timedelta | None, waited: timedelta, limit: timedelta) -> Target:
    if took is not None:
        return Target.MET if took <= limit else Target.MISSED
    return Target.MISSED if waited > limit else Target.PENDING
