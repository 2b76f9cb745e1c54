"""rollback: by hand, as a proposal's yes or no, and all that was ever done. Nothing happens before a yes."""

import getpass
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from guard.approving import approve, call_off
from guard.cli import opening
from guard.cli.console import Console
from guard.cli.rollbacks import at, show_rollback
from guard.cli.summary import show_plan
from guard.decision.strategies import RepairPlan
from guard.engine import Engine, Guarded
from guard.errors import ExitCode, UsageError
from guard.incidents.events import Kind
from guard.manual import Request, plan_by_hand, repair_plan_by_hand, roll_back_by_hand
from guard.ordering import name_of, reason_of
from guard.outcome import rollback_json
from guard.responder import Responder
from guard.rollback.dry_run import Forecast, foretell, would_be_cancelled
from guard.rollback.plan import RollbackPlan, RollbackRecord, RollbackState, rollback_id
from guard.rollback.reading_back import Records
from guard.store.incident_rows import GUARD
from guard.ticking import ticking
from webstore.errors import ReleaseGuardError
from webstore.versions import Version


def rollback(args: Namespace) -> int:
    """One of the verbs; without one, put a good version back."""
    verbs = {None: _by_hand, "approve": _approve, "abort": _abort, "history": _history}
    return verbs[args.verb](args)


def _by_hand(args: Namespace) -> int:
    """The plan is shown first; nothing happens before a yes."""
    if args.reason is None:
        raise UsageError("--reason is missing; the store keeps it, so say why")
    if not args.reason.strip():
        raise UsageError("--reason is empty; the store keeps it, so say why")
    config = opening.configuration(args)
    with opening.engine(args, config) as (engine, console):
        guarded = engine.guarded(config.select(args.item))
        if resumed := [] if args.dry_run else _resume(engine):
            console.document(rollback_json(resumed[0]))
            show_rollback(console, resumed[0])
            return _code(resumed[0])
        to = Version.parse(args.to) if args.to else None
        request = Request(args.reason, getpass.getuser(), to, args.force)
        plan = plan_by_hand(engine, guarded, request)
        repair = repair_plan_by_hand(engine, plan, request)
    console.print(f"Plan: {plan.headline}")
    console.print(f"Reason: {plan.reason}")
    show_plan(console, repair)
    if args.dry_run:
        return _dry_run(console, engine, guarded, plan, repair)
    if not (args.yes or console.confirm(f"{plan.headline}. Go ahead?")):
        console.print("nothing was done (answer y, or give --yes)")
        console.document({**_plan_json(plan, repair), "state": "not_confirmed"})
        return ExitCode.DONE
    return _carry_out(console, engine, plan, request)


def _resume(engine: Engine) -> list[RollbackRecord]:
    with ticking(engine):
        return Responder(engine).resume()


def _dry_run(console: Console, engine: Engine, guarded: Guarded, plan: RollbackPlan, repair: RepairPlan) -> int:
    """Let the store itself say whether it would take the rollback, and look for the other way where it would not."""
    unfinished = next((record for record in engine.journal.unfinished() if record.plan.item == plan.item), None)
    if unfinished:
        console.print(f"Before it: a rollback of {unfinished.plan.from_version} is {unfinished.state.value}, and is taken to its end first")
    if waiting := would_be_cancelled(guarded.store, plan):
        console.print(f"Before it: the submission of {waiting} is cancelled; submit it again when users are well")
    try:
        forecast = foretell(guarded.store, Records(engine.journal, engine.releases, engine.archive), plan)
    except ReleaseGuardError:
        console.print("a rollback would not come to its end; nothing was done (--dry-run)")
        raise
    console.print(f"{_verdict(forecast)}; nothing was done (--dry-run)")
    document = {"state": "planned", "would": forecast.to_json(), "would_cancel": waiting or None}
    console.document({**_plan_json(plan, repair), **document, "unfinished": unfinished.plan.id if unfinished else None})
    return ExitCode.DONE


def _verdict(forecast: Forecast) -> str:
    plan = forecast.plan
    if forecast.kept is None:
        return "the store would accept it"
    return (
        f"the store would refuse its own rollback ({forecast.refusal}); the kept package of {plan.target} ({forecast.kept.words}) "
        f"would go up as {plan.new_version}, and be submitted without a review where the store allows that"
    )


def _carry_out(console: Console, engine: Engine, plan: RollbackPlan, request: Request) -> int:
    with console.working(), ticking(engine):
        record, incident = roll_back_by_hand(engine, plan, request)
    show_rollback(console, record)
    console.print(f"incident {incident.id} is {incident.state.value}")
    console.document({**rollback_json(record), "incident": incident.id})
    return _code(record)


def _approve(args: Namespace) -> int:
    """A person says yes to what was proposed."""
    by = name_of(args.by)
    with opening.acting(args) as (engine, console):
        record, incident = approve(engine, args.incident, by)
    show_rollback(console, record)
    console.print(f"incident {incident.id} is {incident.state.value}")
    console.document({**rollback_json(record), "incident": incident.id, "approved_by": by})
    return _code(record)


def _abort(args: Namespace) -> int:
    """A person says no."""
    by, reason = name_of(args.by), reason_of(args.reason or "")
    with opening.acting(args) as (engine, console):
        called_off = call_off(engine, args.incident, by, reason)
    version = called_off.proposal.version
    console.print(f"the rollback of {version} is called off; the guard does not propose it again ({called_off.incident.id})")
    if called_off.under_way:
        console.print("another process has begun it, and stops before it asks the store: see `release-guard rollback history`")
    told = {"incident": called_off.incident.id, "version": str(version), "state": "called_off", "by": by, "reason": reason}
    console.document({**told, "under_way": called_off.under_way})
    return ExitCode.DONE


def _history(args: Namespace) -> int:
    """Every rollback with its steps, the newest first; of one extension, or of all."""
    with opening.engine(args) as (engine, console):
        chosen = [engine.config.select(args.item)] if args.item else engine.config.extension
        found = [record for extension in chosen for record in engine.journal.all(extension.item)]
        names = {extension.item: extension.name or extension.id for extension in chosen}
        living = _carriers(engine)
        people = _people(engine, found)
    for record in sorted(found, key=lambda record: record.created_at, reverse=True):
        console.print()
        by = "the guard" if record.plan.automatic else people.get(record.plan.id, "a person")
        name = names.get(record.plan.item, record.plan.item.id)
        console.print(f"{at(record.created_at)}, {name}, begun by {by}: {record.plan.reason}")
        show_rollback(console, record)
        if record.is_unfinished:
            console.print(_carried_out_by(living.get(record.plan.id)))
    if not found:
        console.print("no rollback is recorded")
    console.document({"rollbacks": [{**rollback_json(record), "begun_by": _begun_by(record, people)} for record in found]})
    return ExitCode.DONE


def _people(engine: Engine, found: Sequence[RollbackRecord]) -> dict[str, str]:
    """Who asked for each rollback or approved it, as the timelines have it, by the rollback's id; the newest word counts."""
    wanted = {record.plan.id for record in found if not record.plan.automatic}
    of_release = [(rollback_id(incident.item, incident.version), incident.id) for incident in engine.incidents.all()]
    entries = [
        (entry.at, identity, entry.actor)
        for identity, incident in of_release
        if identity in wanted
        for entry in engine.incidents.timeline(incident)
        if entry.kind in {Kind.ASKED_FOR, Kind.APPROVED}
    ]
    return {identity: actor for _, identity, actor in sorted(entries)}


def _begun_by(record: RollbackRecord, people: Mapping[str, str]) -> str | None:
    return GUARD if record.plan.automatic else people.get(record.plan.id)


def _carriers(engine: Engine) -> dict[str, str]:
    """The living process that carries each rollback out, by the rollback's id."""
    alive = {one.id for one in engine.executors.alive()}
    return {rollback_id: holder for holder, held in engine.executors.claims.held().items() if holder in alive for rollback_id in held}


def _carried_out_by(holder: str | None) -> str:
    if holder:
        return f"{holder} carries it out now"
    return "! no living process carries it out: `release-guard watch --once` takes it to its end"


def _code(record: RollbackRecord) -> ExitCode:
    if record.state is RollbackState.STOPPED:
        return ExitCode.BREACH  # as a breach that people hold
    return ExitCode.DONE if record.state is RollbackState.COMPLETED else ExitCode.UNABLE


def _plan_json(plan: RollbackPlan, repair: RepairPlan) -> dict[str, Any]:
    return {
        "id": plan.id,
        "from": str(plan.from_version),
        "target": str(plan.target),
        "new_version": str(plan.new_version),
        "reason": plan.reason,
        "plan": repair.to_json(),
    }
