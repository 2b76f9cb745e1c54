"""Rows of lists and parts of pages, each made of one domain object."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from guard.dashboard.documents.parts import (
    CheckLine,
    CheckReportView,
    CheckView,
    DrillView,
    FindingView,
    Picture,
    PlanView,
    Point,
    SignalState,
)
from guard.dashboard.documents.rows import (
    ActionRow,
    ClockView,
    IncidentRow,
    OpenIncident,
    ReleaseRow,
    RollbackStepView,
    RollbackView,
)
from guard.dashboard.reading.saying import Reader
from guard.incidents.action_items import ActionItem
from guard.incidents.clocks import Clock
from guard.incidents.incident import Incident
from guard.incidents.standing import Standing
from guard.model import Release
from guard.rollback.plan import STEP_WORDS, RollbackRecord
from guard.store.standings import SignalStanding
from healthchecks.result import Drill
from webstore.models import Item


def release_row(reader: Reader, release: Release, drill: Drill | None = None, incidents: Sequence[str] = ()) -> ReleaseRow:
    """A release with the drill of it and its incidents."""
    return ReleaseRow(
        item=release.item.id,
        item_name=reader.name(release.item),
        version=str(release.version),
        state=release.state.value,
        provenance=release.provenance.value,
        rollback_of=str(release.rollback_of) if release.rollback_of else None,
        restores=str(release.restores) if release.restores else None,
        deploy_percentage=release.deploy_percentage,
        first_seen_at=release.published_at,
        blocked=reader.evidence(release.blocked),
        drill=drill.verdict.value if drill else None,
        incidents=tuple(incidents),
    )


def incident_row(reader: Reader, incident: Incident, commander: str = "") -> IncidentRow:
    """An incident, without its clocks."""
    return IncidentRow(**_incident_fields(reader, incident, commander))


def open_incident(reader: Reader, standing: Standing) -> OpenIncident:
    """An incident with its clocks."""
    fields = _incident_fields(reader, standing.incident, standing.commander)
    return OpenIncident(**fields, clocks=[clock_view(reader, clock) for clock in standing.clocks.values()])


def _incident_fields(reader: Reader, incident: Incident, commander: str) -> dict[str, Any]:
    return {
        "id": incident.id,
        "title": reader.title(incident.title),
        "severity": incident.severity.name,
        "state": incident.state.value,
        "is_open": incident.state.is_open,
        "item": incident.item.id,
        "item_name": reader.name(incident.item),
        "version": str(incident.version),
        "affected_users": incident.affected_users,
        "cause": reader.evidence(incident.cause),
        "opened_at": incident.opened_at,
        "resolved_at": incident.resolved_at,
        "acknowledged_by": incident.acknowledged_by,
        "commander": commander,
    }


def clock_view(reader: Reader, clock: Clock) -> ClockView:
    """A clock of an incident."""
    return ClockView(
        kind=clock.kind.value,
        words=clock.kind.words.in_language(reader.language),
        started_at=clock.started_at,
        due_at=clock.due_at,
        stopped_at=clock.stopped_at,
        missed=clock.missed_at is not None or (clock.stopped_at is not None and clock.stopped_at > clock.due_at),
        escalations=clock.escalations,
    )


def rollback_view(reader: Reader, record: RollbackRecord, incident: str | None) -> RollbackView:
    """A rollback with its steps."""
    plan = record.plan
    return RollbackView(
        id=plan.id,
        item=plan.item.id,
        item_name=reader.name(plan.item),
        incident=incident,
        state=record.state.value,
        is_finished=not record.is_unfinished,
        automatic=plan.automatic,
        from_version=str(plan.from_version),
        target=str(plan.target),
        new_version=str(plan.new_version),
        reason=plan.reason,
        failure=reader.evidence(record.failure),
        created_at=record.created_at,
        finished_at=record.finished_at,
        steps=[
            RollbackStepView(
                name=step.name.value,
                words=reader.evidence(STEP_WORDS[step.name]),
                state=step.state.value,
                attempts=step.attempts,
                seconds=round(step.seconds, 3),
                evidence=reader.evidence(step.evidence),
            )
            for step in record.steps
        ],
    )


def action_row(item: ActionItem, today: date) -> ActionRow:
    """An action item."""
    return ActionRow(
        id=item.id,
        title=item.title,
        owner=item.owner,
        priority=item.priority.value,
        state=item.state.value,
        due_on=item.due_on.isoformat(),
        is_overdue=item.is_overdue(today),
        incidents=list(item.incidents),
        created_at=item.created_at,
        ended_at=item.ended_at,
    )


def signal_state(reader: Reader, standing: SignalStanding) -> SignalState:
    """A verdict, with the newest points of its signal."""
    found = standing.found
    return SignalState(
        signal=found.signal.value,
        version=str(standing.version),
        verdict=found.verdict.value,
        reason=found.reason,
        evidence=reader.evidence(found.evidence),
        failures=found.failures,
        total=found.total,
        limit=standing.limit,
        is_measured=found.is_measured,
        judged_at=standing.judged_at,
        recent=tuple(
            Point(at=point.at, value=point.value)
            if point.total is None
            else Point(at=point.at, failures=int(point.value), total=point.total)
            for point in standing.recent
        ),
    )


def drill_view(reader: Reader, drill: Drill | None) -> DrillView | None:
    """A drill; none where there was none."""
    return DrillView(verdict=drill.verdict.value, baseline=drill.baseline, words=reader.evidence(drill.words)) if drill else None


def check_lines(report: Mapping[str, Any]) -> tuple[CheckLine, ...]:
    """A kept report (`healthchecks.result.CheckReport.to_json`) in short."""
    return tuple(CheckLine(check=one["check"], status=one["status"], flaky=one.get("flaky", False)) for one in report["checks"])


def report_view(reader: Reader, item: Item, report: Mapping[str, Any], checked_at: Any) -> CheckReportView:
    """A kept report in full. Pictures are numbered over the whole report."""
    checks: list[CheckView] = []
    number = 0
    for one in report["checks"]:
        names = [str(path).rsplit("/", 1)[-1] for path in one.get("screenshots", [])]
        address = f"/api/v1/items/{item.id}/releases/{report['version']}/pictures"
        pictures = tuple(Picture(name=name, address=f"{address}/{place}") for place, name in enumerate(names, start=number))
        number += len(names)
        checks.append(
            CheckView(
                check=one["check"],
                status=one["status"],
                flaky=one.get("flaky", False),
                seconds=one.get("seconds", 0.0),
                note=reader.evidence(one.get("note", "")),
                findings=tuple(_finding(reader, found) for found in one.get("details", [])),
                pictures=pictures,
            )
        )
    return CheckReportView(version=report["version"], status=report["status"], checked_at=checked_at, checks=checks)


def _finding(reader: Reader, found: Mapping[str, Any]) -> FindingView:
    told = {name: reader.evidence(str(found.get(name, ""))) for name in ("message", "hint", "detail")}
    return FindingView(code=found["code"], is_failure=found.get("is_failure", True), **told)


def plan_view(reader: Reader, plan: Mapping[str, Any] | None) -> PlanView | None:
    """A kept plan (`guard.decision.strategies.RepairPlan.to_json`, with what holds it back); none where nothing has to be done."""
    if plan is None:
        return None
    return PlanView(
        strategy=plan["strategy"],
        reason=reader.evidence(plan["reason"]),
        data=reader.evidence(plan["data"]["words"]),
        reach=reader.evidence(plan.get("reach", "")),
        steps=[reader.evidence(step) for step in plan["steps"]],
        will_not=[reader.evidence(limit) for limit in plan["will_not"]],
        not_chosen=[f"{one['strategy']}: {reader.evidence(one['why'])}" for one in plan["not_chosen"]],
        held_because=tuple(reader.evidence(why) for why in plan.get("held_because") or ()),
        seconds_to_restore=plan["seconds_to_restore"],
        risk=plan["risk"],
    )
