"""The one error boundary and the exit codes. Commands are imported when they run, so that --help is quick."""

import argparse
import contextlib
import importlib
import sys
from collections.abc import Sequence

from guard.cli.arguments import build_parser
from guard.cli.unread import tell, to_nowhere, write
from guard.environment import own_dsn
from guard.errors import ExitCode
from webstore.errors import ReleaseGuardError
from webstore.extras import needed

COMMANDS = {
    "init": "guard.cli.setting_up:init",
    "doctor": "guard.cli.doctoring:doctor",
    "browser": "guard.cli.setting_up:browser",
    "check": "guard.cli.checking:check",
    "gate": "guard.cli.watching:gate",
    "canary": "guard.cli.looking:canary",
    "watch": "guard.cli.watching:watch",
    "rollback": "guard.cli.rolling_back:rollback",
    "repair": "guard.cli.ordering:repair",
    "pause": "guard.cli.ordering:pause",
    "resume": "guard.cli.ordering:resume",
    "publish": "guard.cli.storefront:publish",
    "store": "guard.cli.storefront:store",
    "archive": "guard.cli.archiving:archive",
    "release": "guard.cli.records:release",
    "status": "guard.cli.records:status",
    "serve": "guard.cli.serving:serve",
    "incident": "guard.cli.incidents:incident",
    "postmortem": "guard.cli.after:postmortem",
    "report": "guard.cli.after:report",
    "action": "guard.cli.actions:action",
    "db": "guard.cli.databases:db",
    "executors": "guard.cli.processes:executors",
    "notify": "guard.cli.notifying:notify",
    "silence": "guard.cli.notifying:silence",
    "replay": "guard.cli.replaying:replay",
    "rehearse": "guard.cli.rehearsing:rehearse",
    "simulate": "guard.cli.rehearsing:simulate",
    "completion": "guard.cli.completing:completion",
}
EXTRAS = {"serve": "dashboard", "rehearse": "rehearsal", "simulate": "rehearsal"}
"""Commands that a plain installation cannot run, and the extra that each needs."""


def run() -> None:
    """Entry of the console script. A fault of our own ends with 4: an interpreter's 1 would say that a breach was found."""
    try:
        sys.exit(main(sys.argv[1:]))
    except Exception:  # noqa: BLE001 - the last boundary: it is shown whole, and no one mistakes it for a verdict
        tell(f"{_traceback()}release-guard: a fault of the guard itself, please report it with what stands above\n")
        sys.exit(ExitCode.UNABLE)


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. The one place where errors become words."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    for name, default in (("config", None), ("database", None), ("json", False), ("verbose", False)):
        args.__dict__.setdefault(name, default)
    try:
        code = int(_dispatch(args))
        write(sys.stdout, "")  # what is still in its buffer: at the interpreter's own end a reader that is gone would be 120
    except ReleaseGuardError as error:
        return _explain(error, whole=args.verbose)
    except BrokenPipeError:
        to_nowhere(sys.stdout)  # whoever asked for a long list, such as a replay's, has read enough
        return ExitCode.DONE
    except KeyboardInterrupt:
        tell("\nstopped; a rollback that was under way is resumed by the next command that acts\n")
        return 130
    return code


def _dispatch(args: argparse.Namespace) -> int:
    import logging  # noqa: PLC0415 - the parser and --help do without

    # What it retries in its own time is no news; what comes of it is told by our own errors.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    extra = EXTRAS.get(args.command)
    with needed(extra, f"`{args.command}`") if extra else contextlib.nullcontext():
        if not own_dsn():
            return _run(args)
        from guard.telemetry import reporting  # noqa: PLC0415 - only when a DSN is set

        with reporting(args.command):
            return _run(args)


def _run(args: argparse.Namespace) -> int:
    module, _, function = COMMANDS[args.command].partition(":")
    return getattr(importlib.import_module(module), function)(args)


def _explain(error: ReleaseGuardError, *, whole: bool) -> int:
    """Say what went wrong and what to do. A user's mistake is 2, anything else that kept the guard from its work is 4."""
    tell(f"{_traceback() if whole else ''}release-guard: {error.explain()}\n")
    return ExitCode.USAGE if error.users_mistake else ExitCode.UNABLE


def _traceback() -> str:
    import traceback  # noqa: PLC0415 - only where something is wrong

    return traceback.format_exc()
