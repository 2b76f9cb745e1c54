"""executors: who is alive, what each watches, and what it is rolling back."""

from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime, timedelta

from guard.cli import opening
from guard.cli.console import Console
from guard.errors import ExitCode
from guard.outcome import iso
from guard.rollback.plan import RollbackRecord
from webstore.models import Item


def executors(args: Namespace) -> int:
    """Every process that shares the database, and the rollbacks that are not at their end."""
    with opening.engine(args) as (engine, console):
        found, watched, now = engine.executors.all(), engine.executors.watched(), engine.now()
        held, unfinished = engine.executors.claims.held(), engine.journal.unfinished()
        names = {extension.item: extension.name or extension.id for extension in engine.config.extension}
    rolls_back = {one.id: [record for record in unfinished if record.plan.id in held.get(one.id, [])] for one in found}
    living = {one.id for one in found if one.is_alive(now)}
    orphans = [record for record in unfinished if not any(record in rolls_back[one] for one in living)]
    rows = [
        (
            one.id,
            one.role,
            "alive" if one.id in living else "dead",
            f"{_ago(one.started_at, now)} ago",
            f"{_ago(one.seen_at, now)} ago",
            _works_on(watched.get(one.id, []), rolls_back[one.id], names),
        )
        for one in found
    ]
    if rows:
        console.table(("executor", "role", "state", "started", "last seen", "works on"), rows)
    else:
        console.print("no process watches; `release-guard watch` starts one")
    _tell_what_is_left(console, len(found) - len(living), orphans, names)
    document = [
        {
            "id": one.id,
            "role": one.role,
            "host": one.host,
            "pid": one.pid,
            "alive": one.id in living,
            "started_at": iso(one.started_at),
            "seen_at": iso(one.seen_at),
            "watches": [item.id for item in watched.get(one.id, [])],
            "rolls_back": [record.plan.id for record in rolls_back[one.id]],
        }
        for one in found
    ]
    console.document({"executors": document, "unfinished": [record.plan.id for record in unfinished]})
    return ExitCode.DONE


def _works_on(watched: Sequence[Item], rolled_back: Sequence[RollbackRecord], names: dict[Item, str]) -> str:
    parts = [f"rolls back {record.plan.from_version} of {names.get(record.plan.item, record.plan.item.id)}" for record in rolled_back]
    if watched:
        parts.append(f"watches {', '.join(names.get(item, item.id) for item in watched)}")
    return "; ".join(parts) or "nothing"


def _tell_what_is_left(console: Console, dead: int, orphans: Sequence[RollbackRecord], names: dict[Item, str]) -> None:
    """What a reader would otherwise have to work out: whether somebody has to do something."""
    if dead:
        console.print(f"{dead} dead: what they watched or rolled back is taken over by a living process at its next poll")
    for record in orphans:
        plan = record.plan
        console.print(
            f"! the rollback of {plan.from_version} of {names.get(plan.item, plan.item.id)} is {record.state.value}, and no living process "
            "carries it out: `release-guard watch --once` takes it to its end"
        )


def _ago(moment: datetime, now: datetime) -> str:
    seconds = max(now - moment, timedelta()).total_seconds()
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
