"""How an incident stands: who holds which role, what its clocks say, what of its checklist is done. Pure."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from guard.incidents.checklist import (
    CHECKLISTS,
    FIX_EXECUTED,
    FIXES_WEIGHED,
    LOGS_LINKED,
    RECOVERY_VERIFIED,
    USERS_COUNTED,
    Entry,
)
from guard.incidents.clocks import Clock, ClockKind
from guard.incidents.events import Kind
from guard.incidents.incident import Incident, TimelineEntry
from guard.incidents.roles import Holder, Role
from guard.severity import Severity

PROVES: Mapping[str, Entry] = {
    Kind.USERS_AFFECTED: USERS_COUNTED,
    Kind.DIAGNOSED: LOGS_LINKED,
    Kind.ERRORS_SPEAK_OF: LOGS_LINKED,
    Kind.PLANNED: FIXES_WEIGHED,
    Kind.ROLLBACK_DONE: FIX_EXECUTED,
    Kind.RECOVERED: RECOVERY_VERIFIED,
}
"""What the guard's own events show to be done, with their evidence: no entry of its own tells it a second time."""


@dataclasses.dataclass(frozen=True)
class Tick:
    """An item of the checklist that is done."""

    key: str
    by: str
    at: datetime
    evidence: str = ""


@dataclasses.dataclass(frozen=True)
class Standing:
    """An incident with all that belongs to its response."""

    incident: Incident
    roles: Mapping[Role, Holder]
    clocks: Mapping[ClockKind, Clock]
    ticks: Mapping[str, Tick]

    @property
    def commander(self) -> str:
        """The incident commander's name; empty when there is none."""
        holder = self.roles.get(Role.INCIDENT_COMMANDER)
        return holder.name if holder else ""

    @property
    def checklist(self) -> Sequence[tuple[Entry, Tick | None]]:
        """The items of this severity, each with who has done it."""
        return [(entry, self.ticks.get(entry.key)) for entry in CHECKLISTS[self.incident.severity]]


_GIVEN = {Kind.SEVERITY_GIVEN: "severity", Kind.SEVERITY_RAISED: "after"}


def given_by_guard(timeline: Iterable[TimelineEntry]) -> Severity | None:
    """The worst severity that the guard has found so far: what a person has set stands until the evidence is worse than that."""
    found = [Severity[entry.facts[_GIVEN[Kind(entry.kind)]]] for entry in timeline if entry.kind in _GIVEN]
    return max(found, default=None)
