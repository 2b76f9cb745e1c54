"""gate, watch, rollback: parsing and deciding happen elsewhere; these show, ask, and return a code."""

import getpass
import signal
import threading
import time
from argparse import Namespace
from types import FrameType

from guard.cli import opening
from guard.cli.console import Console
from guard.cli.summary import show_result, show_rollback
from guard.config import Mode
from guard.engine import Engine, Guarded
from guard.errors import ExitCode, UsageError
from guard.gate import Gate
from guard.manual import Request, plan_by_hand, roll_back_by_hand
from guard.outcome import rollback_json
from guard.reporting import write_report
from guard.responder import Responder
from guard.rollback.plan import STEP_WORDS, RollbackPlan, RollbackState
from guard.watcher import Tick, Watcher
from webstore.versions import Version


def gate(args: Namespace) -> int:
    """Guard one release, once."""
    config = opening.configuration(args)
    if args.mode:
        config = config.model_copy(
            update={"extension": tuple(item.model_copy(update={"mode": Mode(args.mode)}) for item in config.extension)}
        )
    version = Version.parse(args.release) if args.release else None
    with opening.engine(args, config) as (engine, console):
        guarded = engine.guarded(config.select(args.item))
        result = Gate(engine, guarded, time.sleep).run(version)
        written = write_report(engine, result, engine.run_folder)
    show_result(console, result)
    console.print(f"Report: {written.report}")
    if written.postmortem:
        console.print(f"Postmortem draft: {written.postmortem}")
    console.document({**result.to_json(), "report": str(written.report)})
    return result.exit_code


def watch(args: Namespace) -> int:
    """Look at every extension, once or until stopped."""
    with opening.engine(args) as (engine, console):
        watcher = Watcher(engine)
        if not args.once:
            return _daemon(watcher, console)
        ticks = watcher.tick()
    _show_ticks(console, ticks)
    console.document({"extensions": [_tick_json(tick) for tick in ticks]})
    codes = {tick.exit_code for tick in ticks}
    return next((code for code in (ExitCode.BREACH, ExitCode.UNABLE, ExitCode.INCONCLUSIVE) if code in codes), ExitCode.DONE)


def _daemon(watcher: Watcher, console: Console) -> int:
    """Run until SIGTERM or SIGINT; the signal ends the wait between two looks, never a look."""
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    watcher.run(stop.wait, lambda ticks: _show_ticks(console, ticks))
    return ExitCode.DONE


def _show_ticks(console: Console, ticks: list[Tick]) -> None:
    for tick in ticks:
        console.print(f"{tick.extension} {tick.version or '?'}: {tick.outcome.value.replace('_', ' ')}: {tick.sentence}")


def _tick_json(tick: Tick) -> dict[str, str | None]:
    return {"extension": tick.extension, "version": tick.version, "outcome": tick.outcome.value, "sentence": tick.sentence}


def rollback(args: Namespace) -> int:
    """Put a good version back. The plan is shown first; nothing happens before a yes."""
    if not args.reason.strip():
        raise UsageError("--reason is empty; the store keeps it, so say why")
    config = opening.configuration(args)
    with opening.engine(args, config) as (engine, console):
        guarded = engine.guarded(config.select(args.item))
        if not args.dry_run and (resumed := Responder(engine).resume()):
            console.document(rollback_json(resumed[0]))
            show_rollback(console, resumed[0])
            return ExitCode.DONE if resumed[0].state is RollbackState.COMPLETED else ExitCode.UNABLE
        to = Version.parse(args.to) if args.to else None
        request = Request(args.reason, getpass.getuser(), to, args.force)
        plan = plan_by_hand(engine, guarded, request)
    _show_plan(console, plan)
    if args.dry_run:
        return _dry_run(console, guarded, plan)
    if not (args.yes or console.confirm(f"{plan.headline}. Go ahead?")):
        console.print("nothing was done (answer y, or give --yes)")
        console.document({**_plan_json(plan), "state": "not_confirmed"})
        return ExitCode.DONE
    return _carry_out(console, engine, plan, request)


def _dry_run(console: Console, guarded: Guarded, plan: RollbackPlan) -> int:
    """Let the store itself say whether it would take the rollback."""
    guarded.store.rollback(plan.item, target=plan.target, new_version=plan.new_version, reason=plan.reason, validate_only=True)
    console.print("the store would accept it; nothing was done (--dry-run)")
    console.document({**_plan_json(plan), "state": "planned"})
    return ExitCode.DONE


def _carry_out(console: Console, engine: Engine, plan: RollbackPlan, request: Request) -> int:
    with console.working():
        record, incident = roll_back_by_hand(engine, plan, request)
    show_rollback(console, record)
    console.print(f"incident {incident.id} is {incident.state.value}")
    console.document({**rollback_json(record), "incident": incident.id})
    return ExitCode.DONE if record.state is RollbackState.COMPLETED else ExitCode.UNABLE


def _show_plan(console: Console, plan: RollbackPlan) -> None:
    console.print(f"Plan: {plan.headline}")
    console.print(f"Reason: {plan.reason}")
    for number, words in enumerate(STEP_WORDS.values(), start=1):
        console.print(f"  {number}. {words}")


def _plan_json(plan: RollbackPlan) -> dict[str, str]:
    return {
        "id": plan.id,
        "from": str(plan.from_version),
        "target": str(plan.target),
        "new_version": str(plan.new_version),
        "reason": plan.reason,
    }
