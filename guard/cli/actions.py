"""action: what is done after incidents, as people keep it."""

import getpass
from argparse import Namespace
from datetime import date
from typing import Any

from guard.cli import opening
from guard.cli.console import Console
from guard.clockwork import run_due
from guard.engine import Engine
from guard.errors import ExitCode, UsageError
from guard.incidents.action_items import ActionItem, ActionState, IncidentClass, Priority, class_of, title_of
from guard.ordering import name_of
from guard.outcome import iso
from guard.store.action_items import ActionItems

_MOST_ESTIMATED = 10_000
_MOVES = {"start": ActionState.IN_PROGRESS, "done": ActionState.DONE, "drop": ActionState.DROPPED}


def action(args: Namespace) -> int:
    """Add an action item, list them, or change one."""
    with opening.engine(args) as (engine, console):
        records = ActionItems(engine.database, engine.now)
        today = engine.now().date()
        if args.action == "list":
            found = _listed(args, engine, records)
            _show_all(console, found, today)
            console.document({"action_items": [action_json(item, today) for item in found]})
            return ExitCode.DONE
        item = _add(args, engine, records) if args.action == "add" else _changed(args, records)
        if args.action != "show":
            run_due(engine)
    _show(console, item, today)
    console.document(action_json(item, today))
    return ExitCode.DONE


def action_json(item: ActionItem, today: date) -> dict[str, Any]:
    """An action item for `--json`."""
    return {
        "id": item.id,
        "title": item.title,
        "owner": item.owner,
        "priority": item.priority.value,
        "state": item.state.value,
        "due_on": item.due_on.isoformat(),
        "overdue": item.is_overdue(today),
        "incidents": list(item.incidents),
        "prevents": str(item.prevents) if item.prevents else None,
        "estimated_preventions": item.estimated_preventions,
        "created_by": item.created_by,
        "created_at": iso(item.created_at),
        "ended_at": iso(item.ended_at) if item.ended_at else None,
        "reason": item.reason,
    }


def _add(args: Namespace, engine: Engine, records: ActionItems) -> ActionItem:
    if not 0 <= args.estimate <= _MOST_ESTIMATED:
        raise UsageError(f"the estimate is between 0 and {_MOST_ESTIMATED}")
    incidents = [engine.incidents.get(identifier) for identifier in args.incident]
    prevents = IncidentClass.parse(args.prevents) if args.prevents else None
    if prevents is None and incidents:
        prevents = class_of(incidents[0], engine.incidents.timeline(incidents[0].id))
    return records.add(
        ActionItem(
            id="",
            title=title_of(args.title),
            owner=name_of(args.owner),
            priority=Priority(args.priority),
            due_on=_date(args.due),
            created_by=_by(args),
            created_at=engine.now(),
            incidents=tuple(dict.fromkeys(incident.id for incident in incidents)),
            prevents=prevents,
            estimated_preventions=args.estimate,
        )
    )


def _changed(args: Namespace, records: ActionItems) -> ActionItem:
    item = records.get(args.id)
    match args.action:
        case "assign":
            return records.assign(item, name_of(args.owner))
        case "due":
            return records.postpone(item, _date(args.due))
        case "start" | "done" | "drop":
            return records.move(item, _MOVES[args.action], _by(args), getattr(args, "reason", ""))
        case _:
            return item


def _listed(args: Namespace, engine: Engine, records: ActionItems) -> list[ActionItem]:
    today = engine.now().date()
    found = records.of(engine.incidents.get(args.incident).id) if args.incident else records.all()
    return [
        item
        for item in found
        if (args.everything or item.state.is_open)
        and (not args.overdue or item.is_overdue(today))
        and (args.owner is None or item.owner == name_of(args.owner))
    ]


def _show_all(console: Console, found: list[ActionItem], today: date) -> None:
    if not found:
        console.print("there is no such action item; `release-guard action add` writes one down")
        return
    rows = [(item.id, _state(item, today), item.due_on.isoformat(), item.priority.value, item.owner, item.title) for item in found]
    console.table(("action item", "state", "due", "priority", "owner", "title"), rows)


def _show(console: Console, item: ActionItem, today: date) -> None:
    console.print(f"{item.id} ({_state(item, today)}): {item.title}")
    console.print(f"Owner: {item.owner}; priority {item.priority.value}; due {item.due_on.isoformat()}")
    console.print(f"Incidents: {', '.join(item.incidents) or 'none'}; written down by {item.created_by}")
    if item.prevents:
        estimate = f", about {item.estimated_preventions} a year" if item.estimated_preventions else ""
        console.print(f"Prevents: {item.prevents}{estimate}")
    if item.reason:
        console.print(f"Reason: {item.reason}")


def _state(item: ActionItem, today: date) -> str:
    words = item.state.value.replace("_", " ")
    return f"{words}, overdue" if item.is_overdue(today) else words


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text[:40]!r} is no date").advise("write it as YYYY-MM-DD, such as 2026-12-01") from error


def _by(args: Namespace) -> str:
    return name_of(args.by or getpass.getuser())
