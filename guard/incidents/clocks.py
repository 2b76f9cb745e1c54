"""The clocks of an incident: the time to respond and the time to resolve, against the targets of its severity. Pure."""

import dataclasses
import enum
from collections.abc import Mapping
from datetime import datetime, timedelta

from guard.incidents.terms import CLOCKS, Bilingual
from guard.severity import Severity

WARN_AT = 0.8
"""A clock warns when so much of its time is used up."""


class ClockKind(enum.StrEnum):
    """What a clock measures."""

    RESPOND = "respond"
    """Until somebody has taken the incident on."""
    RESOLVE = "resolve"
    """Until users are well again."""

    @property
    def words(self) -> Bilingual:
        """What people are to do in time."""
        return CLOCKS[self.value]


@dataclasses.dataclass(frozen=True)
class Target:
    """What a severity asks of people."""

    respond: timedelta
    resolve: timedelta
    escalates: bool = False
    """Whether the guard asks the next one by itself when nobody responds."""

    def of(self, kind: ClockKind) -> timedelta:
        """The time that a clock of this kind has."""
        match kind:
            case ClockKind.RESPOND:
                return self.respond
            case ClockKind.RESOLVE:
                return self.resolve


Targets = Mapping[Severity, Target]

TARGETS: Targets = {
    severity: Target(severity.respond_within, severity.resolve_within, escalates=severity is Severity.P0) for severity in Severity
}
"""The handbook's (DESIGN, section 6)."""


@dataclasses.dataclass(frozen=True)
class Clock:
    """One clock of an incident."""

    incident_id: str
    kind: ClockKind
    started_at: datetime
    warn_at: datetime
    due_at: datetime
    warned_at: datetime | None = None
    missed_at: datetime | None = None
    stopped_at: datetime | None = None
    escalations: int = 0
    escalate_at: datetime | None = None
    """When the next one is asked; none when nobody is left, or nobody is asked by itself."""

    @classmethod
    def start(cls, incident_id: str, kind: ClockKind, target: Target, at: datetime) -> "Clock":
        """A clock that begins to run."""
        return _due(cls(incident_id, kind, at, at, at), at + target.of(kind), target)

    @property
    def is_running(self) -> bool:
        """Whether it has not been stopped."""
        return self.stopped_at is None

    @property
    def target(self) -> timedelta:
        """How much time it gave, from its start."""
        return self.due_at - self.started_at

    def left(self, now: datetime) -> timedelta:
        """Time that is left, or that it is over (less than nothing); at its stop where it has stopped."""
        return self.due_at - (self.stopped_at or now)

    def moved_to(self, target: Target, now: datetime, *, raised: bool) -> "Clock":
        """The clock after a change of severity.

        Raised, it is due sooner, and leaves the whole new time from now at most: nobody has missed a target before it was known.
        Lowered, it is due by the new target from its start, and what was missed of the old one does not count on.
        """
        given = target.of(self.kind)
        due = min(self.due_at, now + given) if raised else max(self.due_at, self.started_at + given)
        if due != self.due_at:
            return _due(self, due, target)
        asks = target.escalates and self.missed_at is not None
        return dataclasses.replace(self, escalate_at=(self.escalate_at or now + target.respond) if asks else None)

    def without_escalation(self) -> "Clock":
        """The clock when nobody is left to be asked."""
        return dataclasses.replace(self, escalations=max(self.escalations - 1, 0), escalate_at=None)

    def next_at(self) -> datetime | None:
        """When something happens to it next, if nobody stops it."""
        moments = [self.escalate_at]
        if self.missed_at is None:
            moments.append(self.due_at)
            moments.append(self.warn_at if self.warned_at is None else None)
        return min((moment for moment in moments if moment is not None), default=None) if self.is_running else None


class Ring(enum.Enum):
    """What a clock says."""

    WARNED = "warned"
    MISSED = "missed"
    ESCALATES = "escalates"


def rings(clock: Clock, target: Target, now: datetime) -> tuple[Clock, tuple[Ring, ...]]:
    """The clock as it stands at a time, and what it says on the way there.

    A clock that nobody looked at until its time was over says that, and does not warn of it any more. The next one is asked when the time
    to respond is over, and so on each time that it passes again; each has that time, however late it is noticed.
    """
    if not clock.is_running:
        return clock, ()
    said: list[Ring] = []
    if clock.missed_at is None and now >= clock.due_at:
        clock = dataclasses.replace(clock, missed_at=now, escalate_at=now if target.escalates else None)
        said.append(Ring.MISSED)
    elif clock.missed_at is None and clock.warned_at is None and now >= clock.warn_at:
        clock = dataclasses.replace(clock, warned_at=now)
        said.append(Ring.WARNED)
    if clock.escalate_at is not None and now >= clock.escalate_at:
        clock = dataclasses.replace(clock, escalations=clock.escalations + 1, escalate_at=now + target.respond)
        said.append(Ring.ESCALATES)
    return clock, tuple(said)


def _due(clock: Clock, due: datetime, target: Target) -> Clock:
    """The clock with another end, of which nothing was said yet."""
    warn = due - (1 - WARN_AT) * target.of(clock.kind)
    return dataclasses.replace(clock, due_at=due, warn_at=warn, warned_at=None, missed_at=None, escalate_at=None)
