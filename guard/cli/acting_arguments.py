"""The part of the command line by which people act, or order what the guard may not do."""

import argparse
from typing import Any


def add_acting(commands: Any, common: argparse.ArgumentParser) -> None:
    """`rollback`, `repair`, `pause` and `resume`."""
    _add_rollback(commands, common)

    repair = commands.add_parser("repair", help="run the team's own command for what the guard cannot repair by itself")
    verbs = repair.add_subparsers(dest="verb", required=True, metavar="ACTION", title="actions")
    run = verbs.add_parser("run", parents=[common], help="run the command of an incident's plan ([repair] in release-guard.toml)")
    run.add_argument("incident", metavar="INCIDENT", help="such as INC-2026-0042")
    strategies = ("SERVICE_RESTART", "INFRASTRUCTURE_SCALE")
    run.add_argument("--strategy", choices=strategies, metavar="STRATEGY", help=f"{' or '.join(strategies)}, instead of the plan's own")
    run.add_argument("--by", metavar="NAME", help="who says so (default: who is logged in)")
    run.add_argument("--yes", action="store_true", help="do not ask")

    pause = commands.add_parser("pause", parents=[common], help="kill switch: no process acts by itself until `resume`; people still may")
    pause.add_argument("--by", metavar="NAME", required=True, help="who says so")
    pause.add_argument("--reason", metavar="TEXT", required=True, help="why, for those who read it at night")
    resume = commands.add_parser("resume", parents=[common], help="end what `pause` began")
    resume.add_argument("--by", metavar="NAME", required=True, help="who says so")
    for which in (pause, resume):
        which.add_argument("--item", metavar="ID", help="only this extension (default: all)")


def _add_rollback(commands: Any, common: argparse.ArgumentParser) -> None:
    rollback = commands.add_parser("rollback", parents=[common], help="manual rollback; shows the plan first")
    rollback.add_argument("--to", metavar="V", help="the version to go back to (default: the last known good)")
    rollback.add_argument("--reason", metavar="TEXT", help="why (required without an action); the store keeps it")
    rollback.add_argument("--dry-run", action="store_true", help="show the plan and which way back is open; do nothing")
    rollback.add_argument("--yes", action="store_true", help="do not ask")
    rollback.add_argument("--force", action="store_true", help="even to a version that is recorded as bad, is blocked, or loses data")
    rollback.add_argument("--item", metavar="ID", help="which extension, when several are configured")

    verbs = rollback.add_subparsers(dest="verb", metavar="[ACTION]", title="instead of a rollback by hand")
    approve = verbs.add_parser("approve", parents=[common], help="say yes to a proposed rollback")
    abort = verbs.add_parser("abort", parents=[common], help="say no to it, or stop one that the store was not asked for yet")
    abort.add_argument("--reason", metavar="TEXT", required=True, help="why; the timeline keeps it")
    for which in (approve, abort):
        which.add_argument("incident", metavar="INCIDENT", help="such as INC-2026-0042")
        which.add_argument("--by", metavar="NAME", required=True, help="who says so; the timeline keeps it")
    history = verbs.add_parser("history", parents=[common], help="every rollback with its steps")
    history.add_argument("--item", metavar="ID", default=argparse.SUPPRESS, help="only of this extension (default: of all)")


def add_blocking(kinds: Any, common: argparse.ArgumentParser) -> None:
    """`release block` and `release unblock`."""
    block = kinds.add_parser("block", parents=[common], help="forbid a version: nobody goes back to it without --force")
    block.add_argument("--reason", metavar="TEXT", required=True, help="why")
    unblock = kinds.add_parser("unblock", parents=[common], help="take that back")
    for which in (block, unblock):
        which.add_argument("version", metavar="VERSION", help="such as 1.1.0; it need not have been seen")
        which.add_argument("--by", metavar="NAME", help="who says so (default: who is logged in)")
        which.add_argument("--item", metavar="ID", help="which extension, when several are configured")
