"""What a decision rests on, gathered before it is made; and what is written of it: the plan, the decision, and the proposal to people."""

import dataclasses
from datetime import timedelta

from guard.config import Mode
from guard.decision.orders import Proposal
from guard.decision.policy import AskHuman, Repair
from guard.decision.repair import Surroundings, in_full
from guard.decision.safeguards import Case
from guard.decision.strategies import HOTFIX, ROLLBACK
from guard.engine import Engine, Guarded
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident
from guard.judge.assessment import Assessment
from guard.judge.verdict import Verdict
from guard.model import Provenance, Release
from guard.rollback.plan import rollback_id
from webstore.models import Item, ItemState
from webstore.store_errors import StoreError
from webstore.versions import lowest_free_above

DAY = timedelta(days=1)
"""What a daily limit counts over."""
_DECISIONS = {Kind.DECIDED_TO_FOLLOW, Kind.DECIDED_TO_ASK}


def gather_case(engine: Engine, assessment: Assessment, release: Release, baseline: Release | None) -> Case:
    """All that the database knows and a decision needs; a decision to wait needs none of it, and is made at most polls."""
    if assessment.verdict is not Verdict.BREACH:
        return Case(assessment, release, baseline, engine.config.rollback_window)
    proposal = engine.orders.proposal_for(release.item, release.version)
    return Case(
        assessment,
        release,
        baseline,
        engine.config.rollback_window,
        rollback_was_begun=engine.journal.find(rollback_id(release.item, release.version)) is not None,
        automatic_rollbacks_today=engine.journal.automatic_since(release.item, engine.now() - DAY),
        max_automatic_rollbacks_a_day=engine.config.watch.max_automatic_rollbacks_a_day,
        drill=engine.drills.find(release.item, release.version, baseline.version) if baseline else None,
        pause=engine.orders.pause_of(release.item),
        called_off=proposal.called_off if proposal else "",
        around=surroundings(engine, release.item),
    )


def surroundings(engine: Engine, item: Item) -> Surroundings:
    """What a plan's steps depend on, as far as the database and the configuration say it."""
    several = len(engine.config.extension) > 1
    extension = engine.config.select(item.id)
    return Surroundings(
        known=tuple(known.version for known in engine.releases.all(item)),
        commands=engine.config.repair.commands,
        item_flag=f" --item {extension.name or extension.id}" if several else "",
    )


def with_pending(engine: Engine, guarded: Guarded, case: Case, decision: AskHuman | Repair) -> AskHuman | Repair:
    """The decision whose plan knows what waits for review, where people have to know it: a hotfix cannot be submitted before that is gone.

    Where the store cannot be read, the plan says where to look.
    """
    if decision.plan.strategy is not HOTFIX:
        return decision
    try:
        submitted = guarded.store_reader.status(guarded.extension.item).submitted
    except StoreError as error:
        engine.progress.warn(f"whether something waits for review is not known: {error}")
        return decision
    pending = ""
    if submitted is not None and submitted.is_active:
        pending = f"{submitted.version} ({'approved and staged' if submitted.state is ItemState.STAGED else 'in review'})"
    around = dataclasses.replace(case.around, pending=pending)
    return dataclasses.replace(decision, plan=in_full(decision.plan, case.release, case.baseline, case.drill, around))


def acts(decision: AskHuman | Repair, mode: Mode, case: Case) -> bool:
    """Whether the guard follows the plan by itself."""
    return isinstance(decision, Repair) and mode is Mode.ACT and case.baseline is not None


def tell_decision(engine: Engine, incident: Incident, decision: AskHuman | Repair, mode: Mode) -> None:
    """Write plan and decision on the timeline: the first, and each that differs from the last (DESIGN, section 7, rule 6)."""
    plan, why = decision.plan, _why(decision, mode)
    event = said(Kind.DECIDED_TO_FOLLOW if isinstance(decision, Repair) else Kind.DECIDED_TO_ASK, strategy=plan.strategy.name)
    earlier = [entry for entry in engine.incidents.timeline(incident.id) if entry.kind in _DECISIONS]
    if earlier and (earlier[-1].event, earlier[-1].evidence) == (event.text, why):
        return
    engine.incidents.note(incident.id, said(Kind.PLANNED, strategy=plan.strategy.name), evidence="; ".join((plan.reason, *plan.lines)))
    engine.incidents.note(incident.id, event, evidence=why)


def propose(engine: Engine, incident: Incident, case: Case, decision: AskHuman | Repair) -> None:
    """Leave the plan for people to decide on; a rollback that a person may simply say yes to is offered as such, once."""
    item, version, plan = case.release.item, case.release.version, decision.plan
    proposal = Proposal(item, version, incident.id, plan.strategy.name)
    if plan.strategy is ROLLBACK and case.baseline and _may_be_approved(case):
        number = lowest_free_above(version, case.around.known)
        proposal = dataclasses.replace(proposal, target=case.baseline.version, new_version=number, reason=store_reason(incident))
    if engine.orders.propose(proposal) and proposal.is_rollback:
        offered = said(Kind.PROPOSED, target=proposal.target, version=version, new_version=proposal.new_version)
        engine.incidents.note(incident.id, offered, evidence=f"`{approval(incident)}`, or `release-guard rollback abort {incident.id}`")


def approval(incident: Incident) -> str:
    """The command that says yes to what was proposed."""
    return f"release-guard rollback approve {incident.id} --by NAME"


def store_reason(incident: Incident) -> str:
    """What the store is told, and keeps."""
    return f"{incident.id} ({incident.severity.name}): {incident.title}"[:500]


def would(decision: AskHuman | Repair) -> str:
    """What would be done, in words."""
    name = decision.plan.strategy.name
    return f"follow the plan {name}" if isinstance(decision, Repair) else f"ask a person ({name} is the plan)"


def _may_be_approved(case: Case) -> bool:
    """Whether a plain yes is enough: what was begun, is forbidden or loses data needs more than that."""
    loses = case.drill is not None and bool(case.drill.lost_on_return)
    is_good = case.baseline is not None and not case.baseline.forbidden
    return is_good and not loses and not case.rollback_was_begun and case.release.provenance is not Provenance.ROLLBACK


def _why(decision: AskHuman | Repair, mode: Mode) -> str:
    if isinstance(decision, AskHuman):
        return "; ".join(decision.reasons)
    if mode is Mode.ACT:
        return "no safeguard forbids it, and the mode is act"
    return f"no safeguard forbids it; the mode is {mode.value}, so a person says yes with `release-guard rollback approve`"
