"""incident: what people see of one, and do in one."""

import getpass
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any

from guard import incident_life as life
from guard import telling_public
from guard.cli import opening
from guard.cli.console import Console
from guard.cli.incident_view import short_json, show_incident, show_last, standing_json, table_of
from guard.cli.notifying import delivery_json, show_deliveries
from guard.engine import Engine
from guard.errors import ExitCode
from guard.incidents.roles import Role
from guard.outcome import iso
from guard.severity import Severity
from webstore.versions import Version

_READING = {"list", "show", "oncall"}
"""Actions that only look: whoever does the others also sees to what is due, so that people are told at once."""


def incident(args: Namespace) -> int:
    """List incidents, show one, or write what a person does in one."""
    opened = opening.engine if args.action in _READING else opening.acting
    with opened(args) as (engine, console):
        match args.action:
            case "list":
                _list(engine, console, only_open=args.only_open)
            case "show":
                _show(engine, console, args.id)
            case "oncall":
                _on_call(engine, console)
            case "open":
                _open(engine, console, args)
            case _:
                ACTIONS[args.action](engine, args, args.by or getpass.getuser())
                _told(engine, console, args.id)
    return ExitCode.DONE


def _list(engine: Engine, console: Console, *, only_open: bool) -> None:
    found = engine.incidents.all(only_open=only_open)
    table_of(console, found)
    if not found:
        console.print("no incident is recorded")
    console.document({"incidents": [short_json(row) for row in found]})


def _show(engine: Engine, console: Console, identifier: str) -> None:
    standing = engine.incidents.standing(identifier)
    timeline, now = engine.incidents.timeline(standing.incident.id), engine.now()
    urgency = engine.config.severity.urgency(standing.incident.severity)
    show_incident(console, standing, timeline, urgency, engine.config.language, now)
    delivered = engine.messages.log(standing.incident.id)
    show_deliveries(console, delivered)
    document = standing_json(standing, timeline, urgency, now)
    console.document({**document, "deliveries": [delivery_json(one) for one in delivered]})


def _told(engine: Engine, console: Console, identifier: str) -> None:
    """How an incident stands after what was done to it, and the words that now stand on its timeline."""
    standing = engine.incidents.standing(identifier)
    timeline, now = engine.incidents.timeline(standing.incident.id), engine.now()
    show_last(console, standing.incident, timeline, engine.config.language)
    console.document(standing_json(standing, timeline, engine.config.severity.urgency(standing.incident.severity), now))


def _open(engine: Engine, console: Console, args: Namespace) -> None:
    item = engine.config.select(args.item).item
    report = life.Report(
        item,
        args.title,
        args.by or getpass.getuser(),
        Severity[args.severity] if args.severity else None,
        Version.parse(args.release) if args.release else None,
        args.reason,
    )
    opened, is_new = life.open_by_hand(engine, report)
    if not is_new:
        console.warn(f"{opened.id} is open for this already; it was joined, and nothing was added to it")
    _told(engine, console, opened.id)


def _on_call(engine: Engine, console: Console) -> None:
    now, on_call = engine.now(), engine.config.oncall.to_domain()
    line, until = on_call.line(now), on_call.changes_at(now)
    if not line:
        console.warn("nobody is on call: `[oncall]` in release-guard.toml names people")
    for number, name in enumerate(line):
        console.print(f"{'on call' if number == 0 else 'then'}: {name}")
    if until:
        console.print(f"until {iso(until)}")
    if on_call.management:
        console.print(f"management: {', '.join(on_call.management)}")
    console.document(
        {
            "on_call": line[0] if line else None,
            "until": iso(until) if until else None,
            "next": list(line[1:]),
            "management": list(on_call.management),
        }
    )


def _ack(engine: Engine, args: Namespace, by: str) -> None:
    life.acknowledge(engine, args.id, by, args.reason)


def _assign(engine: Engine, args: Namespace, by: str) -> None:
    life.assign(engine, args.id, Role(args.role.replace("-", "_")), args.to, by, args.reason)


def _note(engine: Engine, args: Namespace, by: str) -> None:
    life.note(engine, args.id, args.text, by)


def _public(engine: Engine, args: Namespace, by: str) -> None:
    if args.withdraw:
        telling_public.withdraw(engine, args.id, by)
    else:
        telling_public.tell(engine, args.id, args.text, by)


def _tick(engine: Engine, args: Namespace, by: str) -> None:
    life.tick(engine, args.id, args.entry, by, args.evidence)


def _untick(engine: Engine, args: Namespace, by: str) -> None:
    life.untick(engine, args.id, args.entry, by, args.reason)


def _severity(engine: Engine, args: Namespace, by: str) -> None:
    life.set_severity(engine, args.id, Severity[args.level], by, args.reason)


def _ends(step: Callable[[Engine, str, str, str], Any]) -> Callable[[Engine, Namespace, str], Any]:
    def end(engine: Engine, args: Namespace, by: str) -> Any:
        return step(engine, args.id, by, args.reason)

    return end


ACTIONS: Mapping[str, Callable[[Engine, Namespace, str], Any]] = {
    "ack": _ack,
    "assign": _assign,
    "note": _note,
    "public": _public,
    "tick": _tick,
    "untick": _untick,
    "severity": _severity,
    "resolve": _ends(life.resolve),
    "false-alarm": _ends(life.false_alarm),
    "reopen": _ends(life.reopen),
    "postmortem-done": _ends(life.end_postmortem),
    "close": _ends(life.close),
}
"""What a person does to one incident."""
