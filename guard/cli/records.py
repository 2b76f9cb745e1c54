"""release, status: what was seen and done, as tables or as JSON."""

import getpass
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from guard.casework import DAY
from guard.cli import opening
from guard.cli.incident_view import short_json, table_of
from guard.cli.ordering import pause_json
from guard.decision.orders import ProposalState
from guard.engine import Engine
from guard.errors import ExitCode, UsageError
from guard.incidents.events import Language
from guard.incidents.incident import Incident
from guard.model import Release
from guard.ordering import block, unblock
from guard.outcome import iso
from guard.rollback.plan import RollbackState, rollback_id
from guard.statuspage.overall import OverallStatus, overall_status
from webstore.versions import Version


def release(args: Namespace) -> int:
    """List releases, record the published one, or forbid one."""
    if args.action in {"block", "unblock"}:
        return _order(args)
    with opening.engine(args) as (engine, console):
        guarded = engine.guarded(engine.config.select(args.item))
        if args.action == "snapshot":
            from guard.observing import snapshot  # noqa: PLC0415 - only this action reaches the store

            taken = snapshot(engine, guarded)
            found = [taken]
        else:
            found = engine.releases.all(guarded.extension.item)
        drills = engine.drills.of(guarded.extension.item)
    if args.action == "snapshot":
        console.print(f"{found[0].version} is recorded as good and its package is kept: the baseline of the next release")
    elif not found:
        console.print("no release was seen yet; `release-guard release snapshot` records the published one")
    else:
        rows = [
            (
                str(row.version),
                f"{row.state.value}, blocked" if row.blocked else row.state.value,
                _origin(row),
                f"{row.deploy_percentage} %",
                iso(row.published_at),
                drills[row.version].verdict.value if row.version in drills else "",
            )
            for row in found
        ]
        console.table(("version", "state", "from", "users", "first seen (UTC)", "rollback drill"), rows)
    document = [{**release_json(row), "drill": drills[row.version].to_json() if row.version in drills else None} for row in found]
    console.document({"releases": document})
    return ExitCode.DONE


def _order(args: Namespace) -> int:
    """Forbid a version as one to go back to, or take that back."""
    version, by = Version.parse(args.version), args.by or getpass.getuser()
    with opening.engine(args) as (engine, console):
        item = engine.config.select(args.item).item
        if args.action == "block":
            words = block(engine, item, version, by, args.reason).words
        else:
            unblock(engine, item, version, by)
            words = f"no longer blocked, by order of {by}"
        seen = engine.releases.find(item, version)
    console.print(f"{version} is {words}")
    if seen is None:
        console.warn(f"{version} was never seen by the guard; the order stands all the same")
    console.document({"item": item.id, "version": str(version), "blocked": words if args.action == "block" else None})
    return ExitCode.DONE


def _origin(row: Release) -> str:
    return f"rollback of {row.rollback_of} to {row.restores}" if row.rollback_of else row.provenance.value


def release_json(row: Release) -> dict[str, Any]:
    """A release for `--json`."""
    return {
        "item": row.item.id,
        "version": str(row.version),
        "state": row.state.value,
        "provenance": row.provenance.value,
        "rollback_of": str(row.rollback_of) if row.rollback_of else None,
        "restores": str(row.restores) if row.restores else None,
        "deploy_percentage": row.deploy_percentage,
        "first_seen_at": iso(row.published_at),
        "digest": row.digest,
        "blocked": row.blocked or None,
    }


def status(args: Namespace) -> int:
    """What stands where, from the database alone: it works with the store out of reach.

    Raises:
        UsageError: an option of the page is given without the page, or its folder cannot be written into.
    """
    if args.html is not None:
        return _status_page(args)
    if args.url or args.language:
        raise UsageError("--url and --language belong to the status page").advise("give its folder as well: --html DIR")
    with opening.engine(args) as (engine, console):
        open_incidents = engine.incidents.all(only_open=True)
        extensions = [_extension_status(engine, extension.id, open_incidents) for extension in engine.config.extension]
        pauses = engine.orders.pauses()
    console.print(_headline(overall_status(open_incidents), extensions))
    for pause in pauses:
        console.print(f"PAUSED: {f'{pause.item.id}: ' if pause.item else ''}{pause.words}")
    for known in extensions:
        newest = known["releases"][0] if known["releases"] else None
        words = f"{newest['version']} ({newest['state']})" if newest else "nothing seen yet"
        limit = f"{known['automatic_rollbacks_today']} of {known['max_automatic_rollbacks_a_day']} automatic rollbacks in 24 hours"
        console.print(f"{known['name']}: {words}, baseline {known['baseline'] or 'none'}, mode {known['mode']}, {limit}")
        if known["failed_rollback"]:
            console.print("  the rollback FAILED, and a person is needed: release-guard rollback history")
        if waiting := known["waits_for_approval"]:
            console.print(f"  a rollback waits for a yes: release-guard rollback approve {waiting} --by NAME")
    table_of(console, open_incidents)
    console.document(
        {
            "status": overall_status(open_incidents),
            "extensions": extensions,
            "open_incidents": [short_json(found) for found in open_incidents],
            "paused": [pause_json(pause) for pause in pauses],
        }
    )
    return ExitCode.DONE


def _headline(overall: OverallStatus, extensions: Sequence[Mapping[str, Any]]) -> str:
    """The word, and beside the one that calms what waits for a person all the same: a P2 or P3 degrades nothing."""
    failed = ", ".join(known["name"] for known in extensions if known["failed_rollback"])
    waiting = ", ".join(known["name"] for known in extensions if known["waits_for_approval"])
    told = [f"the rollback of {failed} failed"] if failed else []
    told += [f"a rollback of {waiting} waits for a yes"] if waiting else []
    return f"{overall}, but {' and '.join(told)}" if told and overall is OverallStatus.OPERATIONAL else overall


def _status_page(args: Namespace) -> int:
    """Write the public page."""
    from guard.statuspage import gathering, writing  # noqa: PLC0415 - Jinja is for the page alone

    with opening.engine(args) as (engine, console):
        found = gathering.gather(engine)
        language = Language(args.language) if args.language else engine.config.language
        files = writing.write(found, args.html, language, args.url or "")
    console.print(f"{files[-1]}: the status page, {found.name}")
    if asleep := [extension.name for extension in found.extensions if not extension.is_watched]:
        console.warn(f"not being watched, and the page says so: {', '.join(asleep)}; `release-guard watch` or `canary` looks at them")
    console.document({"status": found.name, "watched": found.is_watched, "as_of": iso(found.at), "files": [str(path) for path in files]})
    return ExitCode.DONE


def _extension_status(engine: Engine, extension_id: str, open_incidents: Sequence[Incident]) -> dict[str, Any]:
    extension = engine.config.select(extension_id)
    seen = engine.releases.all(extension.item)
    baseline = engine.releases.baseline_of(extension.item, seen[0].version) if seen else None
    return {
        "id": extension.id,
        "name": extension.name or extension.id,
        "mode": engine.config.mode_of(extension).value,
        "baseline": str(baseline.version) if baseline else None,
        "releases": [release_json(row) for row in seen[:10]],
        "automatic_rollbacks_today": engine.journal.automatic_since(extension.item, engine.now() - DAY),
        "max_automatic_rollbacks_a_day": engine.config.watch.max_automatic_rollbacks_a_day,
        "waits_for_approval": _waiting(engine, seen[0]) if seen else None,
        "failed_rollback": next((one.id for one in open_incidents if one.item == extension.item and _has_failed(engine, one)), None),
    }


def _has_failed(engine: Engine, incident: Incident) -> bool:
    """Whether the rollback of an incident's release has ended short of its end, and not because a person stopped it."""
    record = engine.journal.find(rollback_id(incident.item, incident.version))
    return record is not None and record.state is RollbackState.FAILED


def _waiting(engine: Engine, newest: Release) -> str | None:
    """The incident whose proposed rollback waits for a person's yes."""
    proposal = engine.orders.proposal_for(newest.item, newest.version)
    incident = engine.incidents.open_for(newest.item, newest.version)
    waits = proposal and proposal.is_rollback and proposal.state is ProposalState.PROPOSED and incident
    return incident.id if waits and incident else None
