"""executors: who is alive, and what each watches."""

from argparse import Namespace

from guard.cli import opening
from guard.errors import ExitCode
from guard.outcome import iso


def executors(args: Namespace) -> int:
    """Every process that shares the database."""
    with opening.engine(args) as (engine, console):
        found, watched, now = engine.executors.all(), engine.executors.watched(), engine.now()
        names = {extension.item: extension.name or extension.id for extension in engine.config.extension}
    rows = [
        (
            one.id,
            one.role,
            "alive" if one.is_alive(now) else "dead",
            iso(one.started_at),
            iso(one.seen_at),
            ", ".join(names.get(item, item.id) for item in watched.get(one.id, [])) or "nothing",
        )
        for one in found
    ]
    if rows:
        console.table(("executor", "role", "state", "started (UTC)", "seen (UTC)", "watches"), rows)
    else:
        console.print("no process watches; `release-guard watch` starts one")
    document = [
        {
            "id": one.id,
            "role": one.role,
            "host": one.host,
            "pid": one.pid,
            "alive": one.is_alive(now),
            "started_at": iso(one.started_at),
            "seen_at": iso(one.seen_at),
            "watches": [item.id for item in watched.get(one.id, [])],
        }
        for one in found
    ]
    console.document({"executors": document})
    return ExitCode.DONE
