"""The incident, its states and the transitions that make sense, and its append-only timeline."""

import dataclasses
import enum
import hashlib
from collections.abc import Iterable
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

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self is not IncidentState.RESOLVED


TRANSITIONS: dict[IncidentState, frozenset[IncidentState]] = {
    IncidentState.INVESTIGATING: frozenset({IncidentState.IDENTIFIED, IncidentState.MITIGATING, IncidentState.RESOLVED}),
    IncidentState.IDENTIFIED: frozenset({IncidentState.INVESTIGATING, IncidentState.MITIGATING, IncidentState.RESOLVED}),
    # Begun again where a process died right after it had said that it begins.
    IncidentState.MITIGATING: frozenset({IncidentState.INVESTIGATING, IncidentState.MITIGATING, IncidentState.MONITORING}),
    IncidentState.MONITORING: frozenset({IncidentState.INVESTIGATING, IncidentState.MITIGATING, IncidentState.RESOLVED}),
    IncidentState.RESOLVED: frozenset({IncidentState.INVESTIGATING}),
}


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
    evidence: str = ""


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

    def moved(self, to: IncidentState, at: datetime, resolution: str = "") -> "Incident":
        """The incident in another state.

        Raises:
            TransitionRefused: that step makes no sense from where it stands.
        """
        if to not in TRANSITIONS[self.state]:
            raise TransitionRefused(f"{self.id} is {self.state.value} and cannot become {to.value} from there")
        resolved_at = at if to is IncidentState.RESOLVED else None
        return dataclasses.replace(self, state=to, resolved_at=resolved_at, resolution=resolution or self.resolution)


def fingerprint(item: Item, version: Version, signals: Iterable[Signal]) -> str:
    """What makes two breaches the same incident: the item, the release and the signals in breach."""
    text = "\n".join([item.name, str(version), *sorted(signal.value for signal in signals)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def incident_id(year: int, number: int) -> str:
    """INC-2026-0042: the year, and a number that only rises within it."""
    return f"INC-{year}-{number:04d}"
