"""The parser, the one error boundary, and the exit codes. Commands are imported when they run, so that --help is quick."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from guard.errors import ExitCode, UsageError
from webstore.errors import ReleaseGuardError

COMMANDS = {
    "init": "guard.cli.setting_up:init",
    "browser": "guard.cli.setting_up:browser",
    "check": "guard.cli.checking:check",
    "gate": "guard.cli.watching:gate",
    "watch": "guard.cli.watching:watch",
    "rollback": "guard.cli.watching:rollback",
    "release": "guard.cli.records:release",
    "status": "guard.cli.records:status",
    "incident": "guard.cli.records:incident",
    "rehearse": "guard.cli.rehearsing:rehearse",
    "simulate": "guard.cli.rehearsing:simulate",
}


def run() -> None:
    """Entry of the console script."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. The one place where errors become words."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    for name, default in (("config", None), ("database", None), ("json", False), ("verbose", False)):
        args.__dict__.setdefault(name, default)
    try:
        return int(_dispatch(args))
    except ReleaseGuardError as error:
        if args.verbose:
            raise
        return _explain(error)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away, which is its right
        return ExitCode.DONE
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped; a rollback that was under way is resumed by the next command that acts\n")
        return 130


def _dispatch(args: argparse.Namespace) -> int:
    module, _, function = COMMANDS[args.command].partition(":")
    if not os.environ.get("RELEASE_GUARD_SENTRY_DSN"):
        return getattr(importlib.import_module(module), function)(args)
    from guard.telemetry import reporting  # noqa: PLC0415 - only when a DSN is set

    with reporting(args.command):
        return getattr(importlib.import_module(module), function)(args)


def _explain(error: ReleaseGuardError) -> int:
    """Say what went wrong and what to do. A user's mistake is 2, anything else that kept the guard from its work is 4."""
    sys.stderr.write(f"release-guard: {error.explain()}\n")
    return ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.UNABLE


def build_parser() -> argparse.ArgumentParser:
    """The whole command line (DESIGN, section 4)."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--config", type=Path, metavar="FILE", help="configuration (default: release-guard.toml)")
    common.add_argument("--database", metavar="URL", help="database (default: an SQLite file in the state folder)")
    common.add_argument("--json", action="store_true", help="one JSON document on standard output, all else on standard error")
    common.add_argument("--verbose", action="store_true", help="show the traceback of an error")
    parser = argparse.ArgumentParser(
        prog="release-guard",
        parents=[common],
        description="Watches Chrome Web Store releases, and puts the previous version back when one is bad.",
        epilog="Exit codes: 0 healthy or done, 1 breach found, 2 usage or configuration error, 3 inconclusive, "
        "4 the guard could not do its work.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_doors(commands, common)
    _add_records(commands, common)
    _add_stand_ins(commands, common)
    return parser


def _add_doors(commands: Any, common: argparse.ArgumentParser) -> None:
    init = commands.add_parser("init", parents=[common], help="write a commented release-guard.toml for the extension in this folder")
    init.add_argument("path", nargs="?", type=Path, default=Path(), help="the extension's folder (default: here)")
    init.add_argument("--id", dest="item", metavar="ID", help="the item's id in the store")
    init.add_argument("--publisher", metavar="ID", help="the publisher's id in the store")
    init.add_argument("--force", action="store_true", help="replace a configuration that is there")

    check = commands.add_parser("check", parents=[common], help="health checks on a folder, .zip or .crx")
    check.add_argument("target", help="folder, .zip or .crx; `store` for what users get now; @VERSION from the archive")
    check.add_argument("--baseline", metavar="TARGET", help="the version before, for what only a comparison shows")
    check.add_argument("--only", action="append", choices=("load", "extraction", "ui", "data"), help="run only this check; may be repeated")
    check.add_argument("--item", metavar="ID", help="whose configuration applies, when several extensions are configured")
    check.add_argument("--evidence", type=Path, metavar="DIR", help="where screenshots go (default: in the state folder)")

    gate = commands.add_parser("gate", parents=[common], help="after a release: waits for it, checks it, watches it, acts by mode")
    gate.add_argument("--version", dest="release", metavar="V", help="the version that was published (default: what is published now)")
    gate.add_argument("--item", metavar="ID", help="which extension, when several are configured")
    gate.add_argument("--mode", choices=("observe", "propose", "act"), help="instead of the configured one")

    watch = commands.add_parser("watch", parents=[common], help="the daemon: every configured extension, every interval")
    watch.add_argument("--once", action="store_true", help="look once and end")

    rollback = commands.add_parser("rollback", parents=[common], help="manual rollback; shows the plan first")
    rollback.add_argument("--to", metavar="V", help="the version to go back to (default: the last known good)")
    rollback.add_argument("--reason", metavar="TEXT", required=True, help="why; the store keeps it")
    rollback.add_argument("--dry-run", action="store_true", help="show the plan and do nothing")
    rollback.add_argument("--yes", action="store_true", help="do not ask")
    rollback.add_argument("--force", action="store_true", help="even to a version that is recorded as bad")
    rollback.add_argument("--item", metavar="ID", help="which extension, when several are configured")


def _add_records(commands: Any, common: argparse.ArgumentParser) -> None:
    release = commands.add_parser("release", help="releases that were seen; record the published version before a publish")
    kinds = release.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, words in (("list", "what was seen"), ("snapshot", "record the published version as the good baseline")):
        action = kinds.add_parser(name, parents=[common], help=words)
        action.add_argument("--item", metavar="ID", help="which extension, when several are configured")

    commands.add_parser("status", parents=[common], help="overall status, extensions, open incidents")

    incident = commands.add_parser("incident", help="the incident's life")
    actions = incident.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", parents=[common], help="every incident")
    listing.add_argument("--open", dest="only_open", action="store_true", help="only the open ones")
    show = actions.add_parser("show", parents=[common], help="one incident with its timeline")
    show.add_argument("id", help="such as INC-2026-0042")


def _add_stand_ins(commands: Any, common: argparse.ArgumentParser) -> None:
    rehearse = commands.add_parser("rehearse", parents=[common], help="the whole story on local stand-ins")
    which = rehearse.add_mutually_exclusive_group()
    which.add_argument("--scenario", metavar="NAME", default="bad-release", help="which story (default: bad-release)")
    which.add_argument("--all", action="store_true", help="every scenario")
    which.add_argument("--list", action="store_true", help="name the scenarios")
    rehearse.add_argument(
        "--keep", type=Path, metavar="DIR", help="where state, screenshots and report go (default: .release-guard/rehearsals)"
    )

    simulate = commands.add_parser("simulate", help="the stand-ins alone, for a team's own tests")
    kinds = simulate.add_subparsers(dest="kind", required=True, metavar="KIND")
    store = kinds.add_parser("store", parents=[common], help="a local Chrome Web Store")
    store.add_argument(
        "--package", type=Path, metavar="TARGET", help="folder or .zip published at the start (default: the sample extension)"
    )
    store.add_argument("--publisher", metavar="ID", default="local-publisher", help="publisher of that item")
    sentry = kinds.add_parser("sentry", parents=[common], help="a local Sentry")
    for kind in (store, sentry):
        kind.add_argument("--port", type=_port, default=0, metavar="N", help="port on 127.0.0.1 (default: a free one)")

    browser = commands.add_parser("browser", help="the Chromium that will be used, or install one")
    actions = browser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("path", parents=[common], help="say which Chromium will be used")
    actions.add_parser("install", parents=[common], help="install one when there is none")


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port") from error
    if not 0 <= port <= 65_535:  # noqa: PLR2004 - the range of ports
        raise argparse.ArgumentTypeError(f"{port} is not between 0 and 65535")
    return port
