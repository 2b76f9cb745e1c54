"""What the action runs: one command with the workflow's inputs, its outputs, its summary, its annotations, and its exit code.

    python -m guard.github.run

All that it is told comes by the environment: the inputs in `RELEASE_GUARD_INPUT_*`, GitHub's files in `GITHUB_OUTPUT` and
`GITHUB_STEP_SUMMARY`.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from guard.environment import DATABASE_VARIABLE, secret
from guard.errors import ExitCode, GuardError
from guard.github.asking import PREFIX, Asked, accepted, asked
from guard.github.commands import annotate, deaf, set_outputs
from guard.github.environment import handed_over, masks, of_command
from guard.github.summary import summary_of
from guard.github.telling import Ended, annotations_of, outputs_of
from webstore.errors import ReleaseGuardError
from webstore.versions import Version

if TYPE_CHECKING:
    from guard.config import Config, ExtensionTable

_LAST_LINES = 3


class NotInAWorkflow(GuardError):
    """GitHub's own variables are missing."""

    hint = "this is what the action runs; by hand, use `release-guard`"


def main(environment: Mapping[str, str]) -> int:
    """Run it; the exit code that the job ends with."""
    reports = Path(environment.get("RUNNER_TEMP") or ".") / "release-guard-report"
    try:
        files = [Path(_needed(environment, name)) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")]
        wanted, secrets, passing = asked(environment, reports), handed_over(environment), accepted(environment)
    except ReleaseGuardError as error:
        with deaf(sys.stdout):
            sys.stdout.write(f"release-guard: {error.explain()}\n")
        return ExitCode.USAGE if error.users_mistake else ExitCode.UNABLE
    sys.stdout.writelines(f"{line}\n" for line in masks(secrets))
    ended = _run(wanted, of_command(environment, secrets))
    try:
        _tell(ended, files[0], files[1], reports, {**environment, **secrets})
    except Exception:  # noqa: BLE001 - what came of the command is what the job ends with, even where it cannot be told in full
        with deaf(sys.stdout):
            traceback.print_exc(file=sys.stdout)
    return ExitCode.DONE if ended.code in passing else ended.code


def _tell(ended: Ended, outputs: Path, summary: Path, reports: Path, environment: Mapping[str, str]) -> None:
    set_outputs(outputs, outputs_of(ended, reports))
    annotate(sys.stdout, list(annotations_of(ended, _sources(environment))))
    with summary.open("a", encoding="utf-8") as file:
        file.write(summary_of(ended, _plot(ended, environment)))


def _run(wanted: Asked, environment: Mapping[str, str]) -> Ended:
    """The command in a process of its own, so that a signal reaches it alone and its output can be told from ours."""
    with deaf(sys.stdout):
        child = subprocess.Popen(
            [sys.executable, "-m", "guard", *wanted.arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )

        def pass_on(number: int, _frame: FrameType | None) -> None:
            child.send_signal(number)

        before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            told, last = _listen(child)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    return Ended(wanted.name, child.returncode, _document(told), last)


def _listen(child: "subprocess.Popen[str]") -> tuple[str, str]:
    """All of its standard output; and its standard error, shown as it comes, of which the last lines are kept."""
    told: list[str] = []
    reader = threading.Thread(target=lambda: told.append(child.stdout.read() if child.stdout else ""))
    reader.start()
    lines: list[str] = []
    for line in child.stderr or ():
        sys.stdout.write(line)
        sys.stdout.flush()
        lines = [*lines, line.strip()][-_LAST_LINES:]
    reader.join()
    child.wait()
    return "".join(told), " ".join(lines)


def _document(told: str) -> Any:
    """The command's one JSON document; empty where it was ended before it could say one."""
    try:
        return json.loads(told)
    except ValueError:
        return {}


def _plot(ended: Ended, environment: Mapping[str, str]) -> str:
    """The plot of the release that a gate has watched; a summary without it is better than none."""
    release: Any = ended.document.get("release") or {}
    version: str = release.get("version") or ""
    if ended.name != "gate" or not version:
        return ""
    from guard.engine import Engine  # noqa: PLC0415 - only a gate has something to plot
    from guard.github.plotting import plot_of  # noqa: PLC0415 - as above
    from guard.progress import Silence  # noqa: PLC0415 - as above

    try:
        config, extension = _configured(environment)
        engine = Engine.open(config, secret(DATABASE_VARIABLE, environment), Silence())
        try:
            return plot_of(engine, extension.item, Version.parse(version))
        finally:
            engine.database.dispose()
    except ReleaseGuardError as error:
        sys.stdout.write(f"no plot in the summary: {type(error).__name__}\n")
        return ""


def _sources(environment: Mapping[str, str]) -> Path | None:
    """The extension's folder, as annotations name files: relative to the repository."""
    try:
        _, extension = _configured(environment)
    except ReleaseGuardError:
        target = Path(environment.get(f"{PREFIX}TARGET") or "")
        return target if target.is_dir() and target != Path() else None
    return _below_here(extension.path)


def _configured(environment: Mapping[str, str]) -> tuple["Config", "ExtensionTable"]:
    """The configuration and the extension that the command was about.

    Raises:
        ConfigurationError: there is none, or it does not say which extension is meant.
    """
    from guard.config import FILE_NAME, load  # noqa: PLC0415 - after the command: its errors are told by that

    config = load(Path(environment.get(f"{PREFIX}CONFIG") or FILE_NAME))
    return config, config.select(environment.get(f"{PREFIX}ITEM") or None)


def _below_here(path: Path | None) -> Path | None:
    try:
        return path.resolve().relative_to(Path.cwd().resolve()) if path else None
    except ValueError:
        return None


def _needed(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise NotInAWorkflow(f"{name} is not set")
    return environment[name]


if __name__ == "__main__":
    sys.exit(main(os.environ))
