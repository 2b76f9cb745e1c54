"""A rollback that a person asks for: planned from what the store shows now, shown before anything is done, and on a timeline."""

import dataclasses
from collections.abc import Callable

from guard.casework import surroundings
from guard.decision.orders import Proposal, ProposalState
from guard.decision.repair import in_full
from guard.decision.strategies import ROLLBACK, STRATEGIES, NotChosen, RepairPlan
from guard.engine import Engine, Guarded
from guard.errors import RollbackRefused
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, IncidentState, Trigger, fingerprint
from guard.model import Provenance, Release, Signal
from guard.observing import observe_release
from guard.responder import Responder
from guard.rollback.plan import RollbackPlan, RollbackRecord, RollbackState, plan_rollback
from guard.severity import Facts, classify
from webstore.versions import Version

_SEE_HISTORY = "see `release-guard rollback history` for how it went"


@dataclasses.dataclass(frozen=True)
class Request:
    """What a person asked for."""

    reason: str
    actor: str
    to: Version | None = None
    force: bool = False
    is_approval: bool = False
    """Whether it says yes to what was proposed: then it overrules nobody who said no to it."""


def plan_by_hand(engine: Engine, guarded: Guarded, request: Request) -> RollbackPlan:
    """Plan from what is published now.

    Raises:
        RollbackRefused: there is nothing to go back to; users have that code already; or the target is bad or blocked, or the drill was
            unsafe, and nobody said `force`.
        StoreError: the store cannot be read.
        ActorBusy: another process carries out a rollback of this item.
    """
    for unfinished in engine.journal.unfinished():
        if unfinished.plan.item == guarded.extension.item:
            engine.executors.must_be_free(unfinished.plan.id)
    release = observe_release(engine, guarded).release
    target = _target(engine, release, request.to)
    if release.provenance is Provenance.ROLLBACK and release.restores == target.version:
        raise RollbackRefused(f"users have the code of {target.version} already, as {release.version}")
    if target.blocked and not request.force:
        blocked = RollbackRefused(f"{target.version} is {target.blocked}; going back to it needs --force")
        raise blocked.advise("name another version with --to, take the order back with `release-guard release unblock`, or say --force")
    known = [known.version for known in engine.releases.all(release.item)]
    drill = engine.drills.find(release.item, release.version, target.version)
    return plan_rollback(release, target, known, reason=request.reason, automatic=False, force=request.force, drill=drill)


def repair_plan_by_hand(engine: Engine, plan: RollbackPlan, request: Request) -> RepairPlan:
    """The same plan in full: what it risks, what it does and does not, and why it is not another one."""
    release = engine.releases.find(plan.item, plan.from_version) or Release(plan.item, plan.from_version, engine.now())
    target = engine.releases.find(plan.item, plan.target) or Release(plan.item, plan.target, engine.now())
    drill = engine.drills.find(plan.item, plan.from_version, plan.target)
    others = tuple(NotChosen(other, f"{request.actor} chose the rollback") for other in STRATEGIES if other is not ROLLBACK)
    chosen = RepairPlan(ROLLBACK, f"asked for by {request.actor}: {request.reason}", others=others)
    return in_full(chosen, release, target, drill, surroundings(engine, plan.item))


def roll_back_by_hand(
    engine: Engine,
    plan: RollbackPlan,
    request: Request,
    must_stand: Callable[[], object] = lambda: None,
    responder: Responder | None = None,
) -> tuple[RollbackRecord, Incident]:
    """Follow a plan, on the release's open incident or on one opened for it.

    ``must_stand``: raises where what the plan rests on has changed; asked when nobody else can act on it any more. ``responder``: of a
    process that may carry out others meanwhile.

    Raises:
        RollbackRefused: somebody else has done it meanwhile, or has called off what was to be approved.
        ActorBusy: another process is acting on this database.
    """
    engine.executors.must_be_free(plan.id)

    def ordered(incident: Incident) -> Incident:
        must_stand()
        earlier = engine.journal.find(plan.id)
        if earlier and earlier.state is RollbackState.COMPLETED:
            raise RollbackRefused(f"{plan.from_version} was rolled back meanwhile, as {earlier.plan.new_version}").advise(_SEE_HISTORY)
        _write_order(engine, plan, request, incident)
        if earlier and earlier.may_be_tried_again:
            engine.journal.restart(plan)  # a person may try again what failed or was stopped
        incident = engine.incidents.get(incident.id)
        if incident.state is IncidentState.MITIGATING:  # a process died in here and left it so
            incident = engine.incidents.move(incident, IncidentState.INVESTIGATING, said(Kind.ATTEMPT_OVER))
        return incident

    incident = engine.incidents.open_for(plan.item, plan.from_version) or _open(engine, plan, request)
    return (responder or Responder(engine)).roll_back(plan, incident, ordered)


def _write_order(engine: Engine, plan: RollbackPlan, request: Request, incident: Incident) -> None:
    """On the proposal and on the timeline."""
    asked = Proposal(plan.item, plan.from_version, incident.id, ROLLBACK.name, plan.target, plan.new_version, plan.reason)
    if not request.is_approval:
        engine.orders.decide(asked, ProposalState.APPROVED, request.actor)  # a person's newest word counts: it ends what called it off
    elif not engine.orders.approve(asked, request.actor):
        no = engine.orders.proposal_for(plan.item, plan.from_version)
        raise RollbackRefused(no.called_off if no else f"nothing is proposed for {incident.id} any more")
    told = "; ".join((request.reason, *repair_plan_by_hand(engine, plan, request).lines))
    kind = Kind.APPROVED if request.is_approval else Kind.ASKED_FOR
    engine.incidents.note(incident.id, said(kind, **plan.facts), evidence=told, actor=request.actor)


def _target(engine: Engine, release: Release, to: Version | None) -> Release:
    if to is None:
        baseline = engine.releases.baseline_of(release.item, release.version)
        if baseline is None:
            nothing = RollbackRefused("no earlier version is recorded as good")
            raise nothing.advise("name a version that was published before with --to")
        return baseline
    # The store itself knows what was published before the guard was there; its dry run decides.
    block = engine.orders.blocks(release.item).get(to)
    unseen = Release(release.item, to, engine.now(), blocked=block.words if block else "")
    return engine.releases.find(release.item, to) or unseen


def _open(engine: Engine, plan: RollbackPlan, request: Request) -> Incident:
    classification = classify(Facts(texts=[request.reason]), engine.config.severity.rules)
    draft = Incident(
        id="",
        fingerprint=fingerprint(plan.item, plan.from_version, [Signal.HEALTH]),
        title=f"{plan.from_version}: rollback asked for by hand",
        severity=classification.severity,
        state=IncidentState.INVESTIGATING,
        item=plan.item,
        version=plan.from_version,
        opened_at=engine.now(),
        cause=request.reason,
        trigger=Trigger.PERSON,
    )
    entry = engine.incidents.entry(said(Kind.OPENED_FOR_ROLLBACK), "; ".join(classification.reasons), request.actor)
    return engine.incidents.open(draft, entry)[0]
