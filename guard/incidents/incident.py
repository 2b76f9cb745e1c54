"""The incident, its states and the transitions that make sense, and its append-only timeline."""

import dataclasses
import enum
import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from guard.errors import UsageError
from guard.model import Signal
from guard.severity import Severity
from webstore.models import Item
from webstore.versions import Version


class IncidentState(enum.StrEnum):
    """Where an incident stands."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MITIGATING = "mitigating"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM_DONE = "postmortem_done"
    CLOSED = "closed"
    FALSE_ALARM = "false_alarm"
    """There was nothing wrong: an end of its own, which counts against the detector."""

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to put something right."""
        return self in OPEN_STATES


OPEN_STATES = frozenset({IncidentState.INVESTIGATING, IncidentState.IDENTIFIED, IncidentState.MITIGATING, IncidentState.MONITORING})

TRANSITIONS: dict[IncidentState, frozenset[IncidentState]] = {
    IncidentState.INVESTIGATING: frozenset(
        {IncidentState.IDENTIFIED, IncidentState.MITIGATING, IncidentState.RESOLVED, IncidentState.FALSE_ALARM}
    ),
    IncidentState.IDENTIFIED: frozenset(
        {IncidentState.INVESTIGATING, IncidentState.MITIGATING, IncidentState.RESOLVED, IncidentState.FALSE_ALARM}
    ),
    # Begun again where a process died right after it had said that it begins.
    IncidentState.MITIGATING: frozenset({IncidentState.INVESTIGATING, IncidentState.MITIGATING, IncidentState.MONITORING}),
    IncidentState.MONITORING: frozenset(
        {IncidentState.INVESTIGATING, IncidentState.MITIGATING, IncidentState.RESOLVED, IncidentState.FALSE_ALARM}
    ),
    IncidentState.RESOLVED: frozenset(
        {IncidentState.INVESTIGATING, IncidentState.POSTMORTEM_DONE, IncidentState.CLOSED, IncidentState.FALSE_ALARM}
    ),
    IncidentState.POSTMORTEM_DONE: frozenset({IncidentState.INVESTIGATING, IncidentState.CLOSED}),
    IncidentState.CLOSED: frozenset(),
    IncidentState.FALSE_ALARM: frozenset({IncidentState.INVESTIGATING}),
}
"""A rollback that is under way is waited for: nobody resolves an incident over it. What is closed stays closed."""

NEEDS_POSTMORTEM = Severity.P1
"""From this severity on an incident is closed only after its postmortem."""


class Trigger(enum.StrEnum):
    """What opened an incident."""

    BREACH = "breach"
    CANARY = "canary"
    PERSON = "person"


class TransitionRefused(UsageError):
    """An incident cannot go from its state to that one."""

    hint = "see `release-guard incident show ID` for where it stands"


@dataclasses.dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened. Entries are only ever added; a correction is an entry of its own."""

    at: datetime
    actor: str
    """Who says so: "guard", or a person's name."""
    event: str
    """What happened, in English; for the guard's own events, see ``kind``."""
    evidence: str = ""
    kind: str = ""
    """The event's name (`guard.incidents.events.Kind`): to count it by, and to tell it in another language; empty for a person's words."""
    facts: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    """What the event's words are filled with."""


@dataclasses.dataclass(frozen=True)
class Incident:
    """What is opened on a breach."""

    id: str
    """Readable and unique: INC-2026-0042."""
    fingerprint: str
    title: str
    severity: Severity
    state: IncidentState
    item: Item
    version: Version
    opened_at: datetime
    affected_users: int = 0
    cause: str = ""
    resolution: str = ""
    resolved_at: datetime | None = None
    trigger: Trigger = Trigger.BREACH
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""

    def moved(self, to: IncidentState, at: datetime, resolution: str = "") -> "Incident":
        """The incident in another state.

        Raises:
            TransitionRefused: that step makes no sense from where it stands.
        """
        if to not in TRANSITIONS[self.state]:
            raise TransitionRefused(f"{self.id} is {self.state.value} and cannot become {to.value} from there")
        if to is IncidentState.CLOSED and self.state is IncidentState.RESOLVED and self.severity >= NEEDS_POSTMORTEM:
            refused = TransitionRefused(f"{self.id} is {self.severity.name} and is closed only after its postmortem")
            raise refused.advise(
                f"write it (`release-guard postmortem {self.id}`), then say so with `release-guard incident postmortem-done`"
            )
        resolved_at = self.resolved_at
        if to.is_open:
            resolved_at = None
        elif resolved_at is None:
            resolved_at = at
        return dataclasses.replace(self, state=to, resolved_at=resolved_at, resolution=resolution or self.resolution)


def fingerprint(item: Item, version: Version, signals: Iterable[Signal]) -> str:
    """What makes two breaches the same incident: the item, the release and the signals in breach."""
    text = "\n".join([item.name, str(version), *sorted(signal.value for signal in signals)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def incident_id(year: int, number: int) -> str:
    """INC-2026-0042: the year, and a number that only rises within it."""
    return f"INC-{year}-{number:04d}"
