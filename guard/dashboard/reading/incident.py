"""One incident, whole: where it stands, who does what, what was told and done, and what a person may do to it now."""

from collections.abc import Mapping

from guard.dashboard.documents.incident import ChecklistEntry, IncidentPage, MessageView, ProposalView, RoleView, TimelineView
from guard.dashboard.reading.lists import today_of
from guard.dashboard.reading.rows import action_row, open_incident, plan_view, rollback_view
from guard.dashboard.reading.saying import Reader
from guard.decision.orders import ProposalState
from guard.engine import Engine
from guard.incidents.incident import Incident, IncidentState, TransitionRefused
from guard.incidents.roles import Role
from guard.incidents.standing import Standing
from guard.rollback.plan import RollbackRecord, RollbackState, rollback_id
from guard.store.action_items import ActionItems
from guard.store.dossiers import Dossiers, ProposedPlan

_MOST_ENTRIES = 1000
"""So many newest entries of a timeline are shown; the postmortem tells of all."""
_STEPS: Mapping[str, IncidentState] = {
    "resolve": IncidentState.RESOLVED,
    "false_alarm": IncidentState.FALSE_ALARM,
    "close": IncidentState.CLOSED,
}


def incident_page(engine: Engine, reader: Reader, identifier: str) -> IncidentPage:
    """One incident.

    Raises:
        NotRecorded: there is none of that id.
    """
    standing = engine.incidents.standing(identifier)
    incident = standing.incident
    dossiers = Dossiers(engine.database)
    record = engine.journal.find(rollback_id(incident.item, incident.version))
    proposed = dossiers.proposed(incident)
    look, today = engine.looks.find(incident.item), today_of(engine)
    is_looked_at = look is not None and look.last.version == str(incident.version)
    return IncidentPage(
        **open_incident(reader, standing).model_dump(exclude={"clocks"}),
        clocks=open_incident(reader, standing).clocks,
        at=engine.now(),
        urgency=engine.config.severity.urgency(incident.severity).value,
        trigger=incident.trigger.value,
        resolution=reader.evidence(incident.resolution),
        acknowledged_at=incident.acknowledged_at,
        roles=[_role(reader, standing, role) for role in Role],
        checklist=_checklist(reader, standing),
        timeline=_timeline(engine, reader, incident),
        messages=[
            MessageView(
                event=told.event,
                channel=told.channel,
                target=told.target,
                subject=told.subject,
                state=told.state,
                attempts=told.attempts,
                created_at=told.created_at,
                last_words=reader.evidence(told.last_words),
            )
            for told in dossiers.messages(incident.id)
        ],
        rollback=rollback_view(reader, record, incident.id) if record else None,
        plan=plan_view(reader, look.last.plan) if look and is_looked_at and incident.state.is_open else None,
        proposal=_proposal(reader, proposed) if proposed and waits(incident, record, proposed) else None,
        actions=[action_row(item, today) for item in ActionItems(engine.database, engine.now).of(incident.id)],
        tickets=dossiers.tickets(incident.id),
        may=list(may(engine, incident, record, proposed)),
    )


def may(engine: Engine, incident: Incident, record: RollbackRecord | None, proposed: ProposedPlan | None) -> list[str]:
    """What a person may do to it as it stands; the doing asks again, since others act as well."""
    allowed = ["note"]
    if incident.state.is_open and not incident.acknowledged_at:
        allowed.append("acknowledge")
    if incident.state is not IncidentState.CLOSED:
        allowed += ["assign", "tick"]
    if waits(incident, record, proposed):
        allowed.append("approve")
    if incident.state.is_open and _may_be_called_off(engine, record, proposed):
        allowed.append("abort")
    allowed += [name for name, to in _STEPS.items() if _may_become(incident, to)]
    if not incident.state.is_open and _may_become(incident, IncidentState.INVESTIGATING):
        allowed.append("reopen")
    return allowed


def waits(incident: Incident, record: RollbackRecord | None, proposed: ProposedPlan | None) -> bool:
    """Whether a rollback waits for a person's yes (the rule of `guard.approving`)."""
    if proposed is None or not proposed.proposal.is_rollback or not incident.state.is_open:
        return False
    nothing_begun = record is None or record.state is RollbackState.STOPPED
    return nothing_begun and proposed.proposal.state is not ProposalState.CALLED_OFF


def _may_be_called_off(engine: Engine, record: RollbackRecord | None, proposed: ProposedPlan | None) -> bool:
    """Whether there is something to call off: a proposal that waits, or a rollback for which the store was not asked yet."""
    if proposed is not None and proposed.proposal.state is ProposalState.CALLED_OFF:
        return False
    if record is not None:
        return record.is_unfinished and not engine.journal.was_asked(record.plan.id)
    return proposed is not None and proposed.proposal.is_rollback


def _may_become(incident: Incident, to: IncidentState) -> bool:
    try:
        incident.moved(to, incident.opened_at)
    except TransitionRefused:
        return False
    return True


def _role(reader: Reader, standing: Standing, role: Role) -> RoleView:
    holder = standing.roles.get(role)
    words = role.words.in_language(reader.language)
    return RoleView(role=role.value, words=words, holder=holder.name if holder else "", since=holder.since if holder else None)


def _checklist(reader: Reader, standing: Standing) -> list[ChecklistEntry]:
    return [
        ChecklistEntry(
            entry=entry.key,
            phase=entry.phase.value,
            phase_words=entry.phase.words.in_language(reader.language),
            words=entry.words.in_language(reader.language),
            done_by=done.by if done else None,
            done_at=done.at if done else None,
            evidence=reader.evidence(done.evidence) if done else "",
        )
        for entry, done in standing.checklist
    ]


def _timeline(engine: Engine, reader: Reader, incident: Incident) -> list[TimelineView]:
    return [
        TimelineView(
            at=entry.at,
            actor=entry.actor,
            kind=entry.kind or None,
            words=reader.event(entry),
            evidence=reader.evidence(entry.evidence),
        )
        for entry in engine.incidents.timeline(incident.id)[-_MOST_ENTRIES:]
    ]


def _proposal(reader: Reader, proposed: ProposedPlan) -> ProposalView:
    plan = proposed.proposal
    return ProposalView(
        version=str(plan.version),
        target=str(plan.target),
        new_version=str(plan.new_version),
        headline=reader.proposal(plan),
        proposed_at=proposed.proposed_at,
    )
