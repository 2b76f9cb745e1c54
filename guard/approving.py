"""A proposed rollback, and what a person says to it: yes, planned again from what is published now; or no, and no more proposals."""

import dataclasses

from guard.casework import surroundings
from guard.decision.orders import Proposal, ProposalState
from guard.decision.strategies import ROLLBACK
from guard.engine import Engine
from guard.errors import ActorBusy, RollbackRefused
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident
from guard.manual import Request, plan_by_hand, roll_back_by_hand
from guard.responder import Responder
from guard.rollback.plan import RollbackPlan, RollbackRecord, RollbackState, rollback_id

_SEE_HISTORY = "see `release-guard rollback history` for how it went"


class NothingProposed(RollbackRefused):
    """There is no rollback that a plain yes is enough for."""

    hint = "see `release-guard incident show ID` for why; a person may choose with `release-guard rollback --reason TEXT`"


class ProposalOutdated(RollbackRefused):
    """What would be done now is not what was proposed."""

    hint = "look at the plan with `release-guard rollback --reason TEXT --dry-run`, and leave out --dry-run to follow it"


class TooLate(RollbackRefused):
    """The store was asked already."""

    hint = "it is taken to its end, since half a rollback is worse than a whole one: see `release-guard rollback history`"


@dataclasses.dataclass(frozen=True)
class CalledOff:
    """What was called off."""

    incident: Incident
    proposal: Proposal
    under_way: bool
    """A rollback was begun, and some process has still to end it."""


def approve(engine: Engine, incident_id: str, by: str, responder: Responder | None = None) -> tuple[RollbackRecord, Incident]:
    """Follow a proposed rollback, if it is still what would be planned now.

    ``responder``: of a process that lives on and may carry out others meanwhile; of what was left behind it takes only this one along.

    Raises:
        NotRecorded: there is no such incident.
        NothingProposed: the incident is closed, or no rollback of it waits for a yes.
        ProposalOutdated: another version is published, or another one is the last good.
        RollbackRefused: it must not happen, or not without `--force`.
        ActorBusy: another process is acting on it.
        StoreError: the store cannot be read.
    """
    try:
        return _approve(engine, incident_id, by, responder)
    except ActorBusy as busy:
        incident = engine.incidents.get(incident_id)
        proposal = engine.orders.proposal_for(incident.item, incident.version)
        if proposal is None or proposal.state is not ProposalState.APPROVED:
            raise
        told = f"{proposal.by} has approved it already, and the rollback is under way ({busy})"
        raise ActorBusy(told).advise("see `release-guard rollback history` for how far it is") from busy


def _approve(engine: Engine, incident_id: str, by: str, responder: Responder | None) -> tuple[RollbackRecord, Incident]:
    incident = engine.incidents.get(incident_id)
    resumed = Responder(engine).resume() if responder is None else _take_along(engine, responder, incident)
    left = next((record for record in resumed if _is_of(record, incident)), None)
    if left and left.state is RollbackState.COMPLETED:  # a process had died in it: what was to be approved is done
        return left, engine.incidents.get(incident_id)
    incident, plan = planned(engine, incident_id, by)
    request = Request(plan.reason, by, is_approval=True)
    return roll_back_by_hand(engine, plan, request, lambda: _waiting(engine, engine.incidents.get(incident_id)), responder)


def planned(engine: Engine, incident_id: str, by: str) -> tuple[Incident, RollbackPlan]:
    """What a yes to the proposed rollback of an incident would do now.

    Raises:
        NotRecorded: there is no such incident.
        NothingProposed: the incident is closed, or no rollback of it waits for a yes.
        ProposalOutdated: another version is published, or another one is the last good.
        RollbackRefused: it must not happen, or not without `--force`.
        ActorBusy: another process is acting on it.
        StoreError: the store cannot be read.
    """
    incident = engine.incidents.get(incident_id)
    proposal = _waiting(engine, incident)
    guarded = engine.guarded(engine.config.select(incident.item.id))
    plan = plan_by_hand(engine, guarded, Request(proposal.reason, by, is_approval=True))
    _must_be_as_proposed(plan, proposal)
    return incident, plan


def _take_along(engine: Engine, responder: Responder, incident: Incident) -> list[RollbackRecord]:
    """Take this incident's rollback to its end where a dead process left it; others may be in hand here."""
    record = _record(engine, incident)
    if record is None or not record.is_unfinished:
        return []
    engine.executors.must_be_free(record.plan.id)
    ended = responder.finish(record)
    return [ended] if ended else []


def call_off(engine: Engine, incident_id: str, by: str, reason: str) -> CalledOff:
    """Call off a proposal, or a rollback for which the store was not asked yet.

    Raises:
        NotRecorded: there is no such incident.
        NothingProposed: the incident is closed.
        TooLate: the store was asked already, or it has failed.
    """
    incident = engine.incidents.get(incident_id)
    if not incident.state.is_open:
        raise NothingProposed(f"{incident.id} is {incident.state.value}: nothing is left to call off")
    _must_not_be_done(engine, incident)
    known = engine.orders.proposal_for(incident.item, incident.version)
    proposal = known or Proposal(incident.item, incident.version, incident.id, strategy="ROLLBACK")
    if not engine.orders.call_off(proposal, rollback_id(incident.item, incident.version), by, reason):
        _must_not_be_done(engine, incident)
        raise TooLate(f"the store was asked for the rollback of {incident.version} already")
    engine.incidents.note(incident.id, said(Kind.CALLED_OFF, version=incident.version), evidence=reason, actor=by)
    record = _record(engine, incident)
    return CalledOff(incident, proposal, under_way=record is not None and record.is_unfinished and _ends_elsewhere(engine, record))


def _waiting(engine: Engine, incident: Incident) -> Proposal:
    """The proposal that waits for a yes; an approved one whose rollback was never begun still does."""
    if not incident.state.is_open:
        raise NothingProposed(f"{incident.id} is {incident.state.value}: nothing is left to repair")
    record = _record(engine, incident)
    proposal = engine.orders.proposal_for(incident.item, incident.version)
    if record and record.state is RollbackState.COMPLETED:
        approved = f"; {proposal.by} had approved it" if proposal and proposal.state is ProposalState.APPROVED else ""
        raise NothingProposed(f"{incident.version} was rolled back already, as {record.plan.new_version}{approved}").advise(_SEE_HISTORY)
    if record and record.is_unfinished:
        raise ActorBusy(f"the rollback of {incident.version} is {record.state.value}: another release-guard process carries it out")
    if record and record.state is not RollbackState.STOPPED:  # nothing came of what was stopped, so the proposal stands as it was
        told = f"the rollback of {incident.version} is {record.state.value}" + (f": {record.failure}" if record.failure else "")
        raise NothingProposed(told).advise("a person may try again with `release-guard rollback --reason TEXT`")
    if proposal and proposal.called_off:
        raise NothingProposed(proposal.called_off)
    if proposal is None or not proposal.is_rollback:
        raise _not_proposed(engine, incident, proposal)
    return proposal


def _not_proposed(engine: Engine, incident: Incident, proposal: Proposal | None) -> NothingProposed:
    """Why the plan of an incident is none that a plain yes is enough for."""
    told, advice = f"no rollback is proposed for {incident.id}", NothingProposed.hint
    drill = engine.drills.of(incident.item).get(incident.version)
    if proposal is None:
        told += ": it has no plan yet"
    elif proposal.strategy == ROLLBACK.name and drill and drill.lost_on_return:
        told += f": the rollback drill was {drill.words}"
        flags = f"--reason TEXT --force{surroundings(engine, incident.item).item_flag}"
        advice = f"publish a fix; or, where losing that is the smaller harm, a person may go back with `release-guard rollback {flags}`"
    else:
        told += f": the plan is {proposal.strategy}"
    return NothingProposed(told).advise(advice)


def _must_be_as_proposed(plan: RollbackPlan, proposal: Proposal) -> None:
    proposed = (proposal.version, proposal.target, proposal.new_version)
    if (plan.from_version, plan.target, plan.new_version) != proposed:
        was = f"the code of {proposal.target} in place of {proposal.version}, as {proposal.new_version}"
        raise ProposalOutdated(f"proposed was {was}; what would be done now is to {plan.headline}")


def _must_not_be_done(engine: Engine, incident: Incident) -> None:
    """There is something to call off: nothing was begun, or it has not come to its end."""
    record = _record(engine, incident)
    if record and record.state is RollbackState.COMPLETED:
        done = TooLate(f"{incident.version} was rolled back already, as {record.plan.new_version}")
        again = f"to give users the code of {incident.version} again, publish it under a higher number"
        raise done.advise(f"it is done; {again}; {_SEE_HISTORY}")
    if record and record.state is RollbackState.FAILED:
        failed = TooLate(f"the rollback of {incident.version} has failed already" + (f": {record.failure}" if record.failure else ""))
        again = "the guard does not try again by itself; a person may, with `release-guard rollback --reason TEXT`"
        raise failed.advise(f"{again}; {_SEE_HISTORY}")


def _ends_elsewhere(engine: Engine, record: RollbackRecord) -> bool:
    """Take a rollback that no living process holds to its end, which the order makes a stop; whether another has to do it."""
    try:
        Responder(engine).resume()
    except ActorBusy:
        return True
    return engine.journal.get(record.plan.id).is_unfinished


def _record(engine: Engine, incident: Incident) -> RollbackRecord | None:
    return engine.journal.find(rollback_id(incident.item, incident.version))


def _is_of(record: RollbackRecord, incident: Incident) -> bool:
    return (record.plan.item, record.plan.from_version) == (incident.item, incident.version)
