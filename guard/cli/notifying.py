"""notify, silence: whom the guard has told, and when it tells nobody."""

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from guard.cli import opening
from guard.cli.console import Console
from guard.config import Config
from guard.engine import Engine
from guard.errors import ConfigurationError, ExitCode
from guard.notify.message import Outcome, Parcel
from guard.notify.sending import send
from guard.notify.settings import TargetTable
from guard.notify.silencing import end_silence
from guard.notify.silencing import silence as order_silence
from guard.notify.wording import words_of_test
from guard.outcome import iso
from guard.store.messages import Delivery
from guard.store.silences import Silence, SilenceKind


def notify(args: Namespace) -> int:
    """Try the targets out, or show the delivery log."""
    if args.action == "test":
        return _test(args)
    with opening.engine(args) as (engine, console):
        incident = engine.incidents.get(args.incident).id if args.incident else None
        found = engine.messages.log(incident, args.limit)
    if found:
        show_deliveries(console, found)
    else:
        console.print("no message was delivered yet, or tried to be")
    console.document({"deliveries": [delivery_json(one) for one in found]})
    return ExitCode.DONE


def show_deliveries(console: Console, found: Sequence[Delivery]) -> None:
    """Every attempt on a line of its own."""
    for one in found:
        about = f"{one.incident_id} {one.event}" if one.incident_id else one.event
        console.print(f"{iso(one.at)} {about} to {one.target} ({one.channel}), attempt {one.attempt}: {one.outcome.value}: {one.words}")


def delivery_json(one: Delivery) -> dict[str, Any]:
    """An attempt for `--json`."""
    return {
        "at": iso(one.at),
        "incident": one.incident_id,
        "event": one.event,
        "channel": one.channel,
        "target": one.target,
        "attempt": one.attempt,
        "outcome": one.outcome.value,
        "words": one.words,
    }


def _test(args: Namespace) -> int:
    """Send to each target now. It needs no database: it works while that is out of reach."""
    config = opening.configuration(args)
    console = Console(json_wanted=args.json)
    told: list[dict[str, Any]] = []
    for target in _targets(config, args.target):
        text = words_of_test(target, target.language or config.language)
        with console.working():
            console.doing(f"telling {target.name}")
            attempt = send(target, Parcel(text.subject, text.body, f"test:{target.name}", target.language or config.language))
        told.append({"target": target.name, "kind": target.kind.value, "outcome": attempt.outcome.value, "words": attempt.words})
    console.table(("target", "kind", "outcome", ""), [tuple(str(value) for value in one.values()) for one in told])
    console.document({"targets": told})
    return ExitCode.DONE if all(one["outcome"] == Outcome.SENT.value for one in told) else ExitCode.UNABLE


def _targets(config: Config, names: Sequence[str] | None) -> Sequence[TargetTable]:
    known = config.notify.target
    if not known:
        raise ConfigurationError("no [[notify.target]] is configured").advise(
            'add one; the page INCIDENTS of the documentation, "Telling people", shows how'
        )
    if unknown := sorted(set(names or ()) - {target.name for target in known}):
        raise ConfigurationError(f"no target {unknown[0]!r} is configured; there are: {', '.join(target.name for target in known)}")
    return [target for target in known if not names or target.name in names]


def silence(args: Namespace) -> int:
    """Tell nobody for a while, see when that is so, or end it."""
    with opening.engine(args) as (engine, console):
        found = [_add(args, engine)] if args.action == "add" else _listed(args, engine, console)
    for one in found:
        console.print(one.words)
    if not found:
        console.print("no silence holds, and none is to come")
    console.document({"silences": [_silence_json(one) for one in found]})
    return ExitCode.DONE


def _add(args: Namespace, engine: Engine) -> Silence:
    item = engine.config.select(args.item).item if args.item else None
    starts_at = args.starts_at or engine.now()
    kind = SilenceKind.MAINTENANCE if args.maintenance else SilenceKind.SILENCE
    ends_at = args.until or starts_at + args.lasting
    return order_silence(engine, item, kind, args.by, args.reason, starts_at=starts_at, ends_at=ends_at)


def _listed(args: Namespace, engine: Engine, console: Console) -> list[Silence]:
    if args.action == "list":
        return engine.silences.all(only_standing=not args.all)
    ended, is_new = end_silence(engine, args.number, args.by)
    if not is_new:
        console.print("it was over already:")
    return [ended]


def _silence_json(one: Silence) -> dict[str, Any]:
    return {
        "id": one.id,
        "item": one.item.id if one.item else None,
        "kind": one.kind.value,
        "by": one.by,
        "reason": one.reason,
        "starts_at": iso(one.starts_at),
        "ends_at": iso(one.ends_at),
        "ended_by": one.ended_by or None,
        "ended_at": iso(one.ended_at) if one.ended_at else None,
    }
