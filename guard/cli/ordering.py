"""pause, resume, repair: what a person orders."""

import getpass
from argparse import Namespace
from typing import Any

from guard.cli import opening
from guard.decision.orders import Pause
from guard.engine import Engine
from guard.errors import ExitCode
from guard.ordering import name_of
from guard.ordering import pause as order_pause
from guard.ordering import resume as order_resume
from guard.outcome import iso
from guard.repairing import find_job, run_job
from webstore.models import Item


def pause(args: Namespace) -> int:
    """The kill switch: nothing is acted on automatically until somebody resumes."""
    with opening.engine(args) as (engine, console):
        item = _item(args, engine)
        ordered, is_new = order_pause(engine, item, args.by, args.reason)
    if not is_new:
        console.print("it was paused already, and stays so:")
    its_own = f" --item {args.item}" if item else ""  # without it, every pause would end
    console.print(f"{ordered.words}. People may still roll back; `release-guard resume{its_own} --by NAME` ends it.")
    console.document({"paused": [pause_json(ordered)], "is_new": is_new})
    return ExitCode.DONE


def resume(args: Namespace) -> int:
    """The guard may act again."""
    with opening.engine(args) as (engine, console):
        ended = order_resume(engine, _item(args, engine), args.by)
        left = engine.orders.pauses()
    for one in ended:
        console.print(f"ended: {one.words}")
    for one in left:
        console.print(f"still: {one.words}")
    console.document({"resumed": [pause_json(one) for one in ended], "paused": [pause_json(one) for one in left]})
    return ExitCode.DONE


def pause_json(ordered: Pause) -> dict[str, Any]:
    """A pause for `--json`."""
    return {
        "item": ordered.item.id if ordered.item else None,
        "by": ordered.by,
        "reason": ordered.reason,
        "paused_at": iso(ordered.paused_at),
    }


def repair(args: Namespace) -> int:
    """Run the team's command for a repair, after a yes of its own."""
    by = name_of(args.by or getpass.getuser())
    with opening.engine(args) as (engine, console):
        job = find_job(engine, args.incident, args.strategy)
    console.print(f"{job.strategy.name} for {job.incident.id} ({job.incident.title}) runs:")
    for word in job.command:
        console.print(f"  {word}")
    told = {"incident": job.incident.id, "strategy": job.strategy.name, "command": list(job.command)}
    if not (args.yes or console.confirm("Run it?")):
        console.print("nothing was done (answer y, or give --yes)")
        console.document({**told, "state": "not_confirmed"})
        return ExitCode.DONE
    with console.working():
        ran = run_job(engine, job, by)
    console.print(f"{job.strategy.name}: {ran.words}")
    for line in ran.output.splitlines():
        console.print(f"  | {line}")
    state = "done" if ran.is_done else "failed"
    console.document({**told, "state": state, "exit_code": ran.exit_code, "words": ran.words, "output": ran.output})
    return ExitCode.DONE if ran.is_done else ExitCode.UNABLE


def _item(args: Namespace, engine: Engine) -> Item | None:
    return engine.config.select(args.item).item if args.item else None
