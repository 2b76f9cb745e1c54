"""doctor: whether the guard can do its work here, before it has to."""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from guard.cli import opening
from guard.cli.console import Console
from guard.config import FILE_NAME
from guard.doctor.examination import examine
from guard.doctor.finding import Finding, FindingStatus, exit_code
from guard.errors import ExitCode, UsageError

_MARKS = {
    FindingStatus.OK: "ok",
    FindingStatus.WARNING: "warning",
    FindingStatus.PROBLEM: "PROBLEM",
    FindingStatus.NOT_CHECKED: "not checked",
}


def doctor(args: Namespace) -> int:
    """Look at everything that the guard rests on, and say what to do."""
    console = Console(json_wanted=args.json)
    findings: list[Finding] = []
    with console.working():
        console.doing("looking at everything that the guard rests on")
        for finding in _examined(args):
            console.doing(f"{finding.id}: {finding.message}")
            findings.append(finding)
    several = len({finding.extension for finding in findings if finding.extension}) > 1
    console.table(("", "what", "finding"), [_cells(finding, several=several) for finding in findings])
    # On GitHub, what was not checked is for want of a right: what to do about it is worth a line.
    advised = {FindingStatus.PROBLEM, FindingStatus.WARNING, *([FindingStatus.NOT_CHECKED] if args.github else [])}
    for finding in findings:
        if finding.status in advised and finding.hint:
            console.print(f"{_name(finding, several=several)}: {finding.hint}")
    code = exit_code(findings)
    console.print(_verdict(findings))
    if args.github and (unseen := sum(finding.status is FindingStatus.NOT_CHECKED for finding in findings)):
        console.print(f"{unseen} {'thing was' if unseen == 1 else 'things were'} not checked, and may be wrong.")
    console.document({"ok": code is ExitCode.DONE, "findings": [_json(finding) for finding in findings]})
    return code


def _examined(args: Namespace) -> Iterator[Finding]:
    """Every finding, as it is made."""
    where = args.config or Path(FILE_NAME)
    if not args.github:
        if args.repository:
            raise UsageError("--repository is about GitHub's settings: it goes with --github")
        return examine(lambda: opening.configuration(args), where, args.database, args.item)
    from guard.doctor.github import examine_github  # noqa: PLC0415 - only where it is asked for

    return examine_github(lambda: opening.configuration(args), where, args.repository)


def _name(finding: Finding, *, several: bool) -> str:
    what = finding.id.replace("_", " ")
    return f"{finding.extension}: {what}" if several and finding.extension else what


def _cells(finding: Finding, *, several: bool) -> tuple[str, str, str]:
    return _MARKS[finding.status], _name(finding, several=several), finding.message


def _verdict(findings: list[Finding]) -> str:
    problems, warnings = (
        sum(finding.status is status for finding in findings) for status in (FindingStatus.PROBLEM, FindingStatus.WARNING)
    )
    if not problems and not warnings:
        return "Everything that was looked at is in order."
    return f"{problems} {'problem' if problems == 1 else 'problems'}, {warnings} {'warning' if warnings == 1 else 'warnings'}."


def _json(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "extension": finding.extension,
        "status": finding.status.value.replace(" ", "_"),
        "message": finding.message,
        "hint": finding.hint,
    }
