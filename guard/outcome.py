"""What came of guarding a release, and the one JSON document that says it."""

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from guard.decision.strategies import RepairPlan
from guard.errors import ExitCode
from guard.incidents.incident import Incident, TimelineEntry
from guard.judge.assessment import Assessment
from guard.model import Release
from guard.rollback.plan import RollbackRecord, RollbackState, StepName
from healthchecks.result import CheckReport, Drill


class Outcome(enum.StrEnum):
    """How it ended."""

    HEALTHY = "healthy"
    ROLLED_BACK = "rolled_back"
    ROLLING_BACK = "rolling_back"
    """A rollback is under way, in this process or in another."""
    HELD = "held"
    """A breach, and no rollback: a safeguard or the mode left it to a person, or a person has stopped it."""
    INCONCLUSIVE = "inconclusive"
    UNPROVED = "unproved"
    """Nothing was proved within the window, and the policy lets that pass."""
    FAILED = "failed"


EXIT_CODES = {
    Outcome.HEALTHY: ExitCode.DONE,
    Outcome.ROLLED_BACK: ExitCode.BREACH,
    Outcome.ROLLING_BACK: ExitCode.BREACH,
    Outcome.HELD: ExitCode.BREACH,
    Outcome.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    Outcome.UNPROVED: ExitCode.DONE,
    Outcome.FAILED: ExitCode.UNABLE,
}


@dataclasses.dataclass(frozen=True)
class Timings:
    """Moments that the seconds are counted between; none where it did not happen."""

    released_at: datetime
    ended_at: datetime
    detected_at: datetime | None = None

    def seconds(self, rollback: RollbackRecord | None) -> dict[str, float | None]:
        """Seconds from the release to the breach, from there to the store's answer, from there to the proof, and in all."""
        rolled_back = _finished(rollback, StepName.PROPAGATE)
        verified = _finished(rollback, StepName.VERIFY)
        return {
            "to_detect": _between(self.released_at, self.detected_at),
            "to_roll_back": _between(self.detected_at, rolled_back),
            "to_verify": _between(rolled_back, verified),
            "total": _between(self.released_at, self.ended_at),
        }


@dataclasses.dataclass(frozen=True)
class GuardResult:
    """All that is known at the end of guarding one release."""

    outcome: Outcome
    release: Release
    baseline: Release | None
    assessment: Assessment | None
    plan: RepairPlan | None
    rollback: RollbackRecord | None
    incident: Incident | None
    timeline: Sequence[TimelineEntry]
    timings: Timings
    verification: CheckReport | None = None
    """The health checks of what a rollback put back."""
    reasons: tuple[str, ...] = ()
    """Why a person was asked instead."""

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that the outcome earns."""
        return EXIT_CODES[self.outcome]

    @property
    def reports(self) -> Mapping[str, CheckReport]:
        """Every version's check report."""
        observed = [self.assessment.release, self.assessment.baseline] if self.assessment else []
        found = [observation.checks for observation in observed if observation]
        return {report.version: report for report in [*found, self.verification] if report is not None}

    @property
    def drill(self) -> Drill | None:
        """The rollback drill of the release."""
        report = self.assessment.release.checks if self.assessment else None
        return report.drill if report else None

    def to_json(self) -> dict[str, Any]:
        """The document on standard output. Later versions add keys, none goes away."""
        return {
            "outcome": self.outcome.value,
            "release": {
                "version": str(self.release.version),
                "baseline": str(self.baseline.version) if self.baseline else None,
            },
            "assessment": _assessment(self.assessment),
            "checks": {version: report.to_json()["checks"] for version, report in self.reports.items()},
            "drill": self.drill.to_json() if self.drill else None,
            "diagnosis": self.assessment.diagnosis.cause.value if self.assessment and self.assessment.diagnosis else None,
            "plan": self.plan.to_json() if self.plan else None,
            "held_because": list(self.reasons),
            "rollback": rollback_json(self.rollback) if self.rollback else None,
            "incident": incident_json(self.incident, self.timeline) if self.incident else None,
            "seconds": self.timings.seconds(self.rollback),
        }


def rollback_json(record: RollbackRecord) -> dict[str, Any]:
    """A rollback with its steps."""
    return {
        "id": record.plan.id,
        "item": record.plan.item.id,
        "automatic": record.plan.automatic,
        "created_at": iso(record.created_at),
        "finished_at": iso(record.finished_at) if record.finished_at else None,
        "state": record.state.value,
        "from": str(record.plan.from_version),
        "target": str(record.plan.target),
        "new_version": str(record.plan.new_version),
        "reason": record.plan.reason,
        "attempts": record.attempts,
        "failure": record.failure,
        "steps": [
            {
                "name": step.name.value,
                "state": step.state.value,
                "attempts": step.attempts,
                "seconds": round(step.seconds, 3),
                "evidence": step.evidence,
            }
            for step in record.steps
        ],
    }


def incident_json(incident: Incident, timeline: Sequence[TimelineEntry]) -> dict[str, Any]:
    """An incident with its timeline."""
    return {
        "id": incident.id,
        "title": incident.title,
        "severity": incident.severity.name,
        "state": incident.state.value,
        "item": incident.item.id,
        "version": str(incident.version),
        "affected_users": incident.affected_users,
        "cause": incident.cause,
        "resolution": incident.resolution,
        "opened_at": iso(incident.opened_at),
        "resolved_at": iso(incident.resolved_at) if incident.resolved_at else None,
        "timeline": [{"at": iso(entry.at), "actor": entry.actor, "event": entry.event, "evidence": entry.evidence} for entry in timeline],
    }


def iso(moment: datetime) -> str:
    """A time as every output shows it: UTC, ISO 8601."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _assessment(assessment: Assessment | None) -> dict[str, Any] | None:
    if assessment is None:
        return None
    return {
        "verdict": assessment.verdict.value,
        "reason": assessment.reason or None,
        "signals": [
            {
                "signal": verdict.signal.value,
                "verdict": verdict.verdict.value,
                "evidence": verdict.evidence,
                "failures": verdict.failures,
                "total": verdict.total,
                "reason": verdict.reason or None,
            }
            for verdict in assessment.release.signals.values()
        ],
        "diagnosis": assessment.diagnosis.reason if assessment.diagnosis else None,
        "would_change": assessment.diagnosis.would_change if assessment.diagnosis else None,
        "candidates": [found.words for found in assessment.diagnosis.candidates] if assessment.diagnosis else [],
    }


def _finished(record: RollbackRecord | None, name: StepName) -> datetime | None:
    return next((step.finished_at for step in record.steps if step.name is name), None) if record else None


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return round((end - start).total_seconds(), 3) if start and end else None


def outcome_of(rollback: RollbackRecord | None) -> Outcome:
    """What a breach came to."""
    if rollback is None or rollback.state is RollbackState.STOPPED:
        return Outcome.HELD
    return Outcome.ROLLED_BACK if rollback.state is RollbackState.COMPLETED else Outcome.FAILED
