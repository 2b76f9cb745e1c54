"""canary: what users have, looked at once, for a schedule."""

from argparse import Namespace
from typing import Any

from guard.canary import CanaryResult, run_canary
from guard.check_ins import Command, checking_in
from guard.cli import opening
from guard.cli.console import Console
from guard.errors import ExitCode
from webstore.errors import ReleaseGuardError


def canary(args: Namespace) -> int:
    """Look at every extension, or at the one that is named; one that cannot be looked at keeps no other from it."""
    config = opening.configuration(args)
    chosen = [config.select(args.item)] if args.item else config.extension
    documents: list[dict[str, Any]] = []
    codes: set[ExitCode] = set()
    with checking_in(config, Command.CANARY, chosen) as run, opening.acting(args, config) as (engine, console):
        for extension in chosen:
            name = extension.name or extension.id
            try:
                result = run_canary(engine, engine.guarded(extension))
            except ReleaseGuardError as error:
                console.warn(f"{name}: {error.explain()}")
                documents.append({"extension": name, "verdict": None, "failure": str(error)})
                codes.add(ExitCode.UNABLE)
                run.ended(extension, ExitCode.UNABLE)
                continue
            _show(console, name, result)
            documents.append(_json(name, result))
            codes.add(result.exit_code)
            run.ended(extension, result.exit_code)
    console.document({"extensions": documents})
    return next((code for code in (ExitCode.BREACH, ExitCode.UNABLE, ExitCode.INCONCLUSIVE) if code in codes), ExitCode.DONE)


def _show(console: Console, name: str, result: CanaryResult) -> None:
    console.print(f"{name} {result.release.version}: {result.assessment.headline}")
    if result.assessment.diagnosis:
        console.print(f"  {result.assessment.diagnosis.cause.value}: {result.assessment.diagnosis.reason}")
    if result.opened:
        console.print(f"  incident {result.opened.id} ({result.opened.severity.name}): release-guard incident show {result.opened.id}")
    for incident in result.resolved:
        console.print(f"  incident {incident.id} is resolved")


def _json(name: str, result: CanaryResult) -> dict[str, Any]:
    diagnosis = result.assessment.diagnosis
    return {
        "extension": name,
        "version": str(result.release.version),
        "verdict": result.assessment.verdict.value,
        "headline": result.assessment.headline,
        "diagnosis": diagnosis.cause.value if diagnosis else None,
        "incident": result.opened.id if result.opened else None,
        "resolved": [incident.id for incident in result.resolved],
    }
