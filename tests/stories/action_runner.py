"""A runner of GitHub's, as far as the action needs one: every step of `action.yml` in order, conditions and all, on a machine of the job's own.

Real: each step's script, by bash as a runner calls it; the environment and GitHub's files; what is read from them; the state folder that one
job leaves for the next, under keys that are written once; what is uploaded, under names that a run has once.

What it does not imitate: the steps of others beyond the caches and the upload of artifacts (Python, Google's identity), what `pip install` and
`playwright install` would fetch (they are asked, and what they were asked is kept; the program that is installed already stands for theirs;
where the action is used again on one machine, it is not asked again),
containers, time limits, and the masking of secrets in logs.
"""

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from stories.workflow_expressions import Context, Value

GITHUB = Path(__file__).parents[2] / ".github"
ACTION: Any = yaml.safe_load((GITHUB / "actions" / "release-guard" / "action.yml").read_text(encoding="utf-8"))
FILES = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE")
_TESTS = Path(__file__).parents[1]
_SHIM = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then mkdir -p "$3/bin"; cp "{bin}"/* "$3/bin/"; exit 0; fi
if [ "$1 $2" = "-m pip" ]; then shift 2; printf '%s\\n' "pip $*" >> "{asked}"; exit "${{PIP_ENDS_WITH:-0}}"; fi
exec "{python}" "$@"
"""
_PLAYWRIGHT = '#!/bin/sh\nprintf \'%s\\n\' "playwright $*" >> "{asked}"\n'
_PROGRAM = '#!/bin/sh\nexec "{python}" -m guard "$@"\n'
_STUBBED = """
import sys
if sys.orig_argv[1:3] == ["-m", "guard"]:
    from guard.engine import Guarded
    from stories.stubbed import told, told_side_by_side
    Guarded.check, Guarded.check_side_by_side = told, told_side_by_side
"""


@dataclasses.dataclass
class Ran:
    """What the action left behind: of each step how it ended, and of the step `run` all that a workflow reads."""

    outcomes: dict[str, str] = dataclasses.field(default_factory=dict)
    """By the step's name: "success", "failure" or "skipped"."""
    outputs: dict[str, str] = dataclasses.field(default_factory=dict)
    """The action's own, as it hands them on."""
    log: str = ""
    errors: str = ""
    summary: str = ""
    code: int | None = None
    """The exit code of the step `run`; none when it never ran."""
    kept: list[str] = dataclasses.field(default_factory=list)
    """The files that were uploaded, by their names."""
    others: dict[str, str] = dataclasses.field(default_factory=dict)
    """GitHub's files that nothing should be written into, with what was."""

    @property
    def failed(self) -> bool:
        """Whether the job goes on as one that has failed."""
        return "failure" in self.outcomes.values()

    @property
    def obeyed(self) -> list[str]:
        """The workflow commands that a runner obeys in the log of `run`, but for masks: none while it was told to stop."""
        found: list[str] = []
        until = ""
        for line in self.log.splitlines():
            if until:
                until = "" if line == f"::{until}::" else until
            elif line.startswith("::stop-commands::"):
                until = line.removeprefix("::stop-commands::")
            elif line.lstrip().startswith("::") or "##[" in line:
                found.append(line)
        assert not until, "commands were never resumed"
        return [line for line in found if not line.startswith("::add-mask::")]


class Runner:
    """The machine of one job: a fresh one, but for what the caches restore."""

    def __init__(self, folder: Path, workspace: Path, caches: Path, artifacts: set[str], *, stubbed: bool = False) -> None:
        """``artifacts``: names of what this run has uploaded. ``stubbed``: `stories.stubbed.BAD` is looked for instead of by a browser."""
        self.folder, self.workspace, self.caches, self.artifacts = folder, workspace, caches, artifacts
        self.asked = folder / "asked"
        self._done: set[str] = set()
        """Scripts that have made the machine ready."""
        self.environment: dict[str, str] = {}
        """Of the job, besides what every job has."""
        bins = {"bin": folder / "bin", "asked": self.asked, "python": sys.executable}
        for name, text in (("python", _SHIM), ("playwright", _PLAYWRIGHT), ("release-guard", _PROGRAM)):
            path = folder / "bin" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(**bins))
            path.chmod(0o755)
        if stubbed:
            (folder / "site").mkdir()
            (folder / "site" / "sitecustomize.py").write_text(_STUBBED)
            self.environment["PYTHONPATH"] = os.pathsep.join(map(str, (folder / "site", _TESTS)))

    def action(self, given: Mapping[str, str], secrets: Mapping[str, str], github: Mapping[str, Value]) -> Ran:
        """Run the action with these inputs, and with the step's `env`."""
        inputs = {name: str(told.get("default", "")) for name, told in ACTION["inputs"].items()}
        assert set(given) <= set(inputs), set(given) - set(inputs)
        values: dict[str, Value] = {f"inputs.{name}": value for name, value in {**inputs, **given}.items()}
        # Within an action this may be the same for each of its uses: nothing may rest on it.
        values |= {"github.action": "__release-guard", **github, "runner.temp": str(self.folder / "temp"), "runner.os": "Linux"}
        (self.folder / "temp").mkdir(exist_ok=True)
        ran = Ran()
        for number, step in enumerate(ACTION["runs"]["steps"]):
            context = Context(values, failed=ran.failed)
            if not context.is_met(step.get("if")):
                self._ended(ran, values, step, "skipped")
            elif "run" in step and step.get("id") != "run" and step["name"] in self._done:
                self._ended(ran, values, step, "success")
            elif "run" in step:
                self._script(ran, values, step, context, {**self.environment, **secrets}, self.folder / f"files-{number}")
            else:
                told = {name: context.fill(str(value)) for name, value in step.get("with", {}).items()}
                is_well = self._of_others(step["uses"].partition("@")[0], told, ran)
                self._ended(ran, values, step, "success" if is_well else "failure")
        context = Context(values)
        ran.outputs = {name: context.fill(told["value"]) for name, told in ACTION["outputs"].items()}
        return ran

    def _script(self, ran: Ran, values: dict[str, Value], step: Any, context: Context, environment: Mapping[str, str], files: Path) -> None:
        files.mkdir(exist_ok=True)
        paths = {name: files / name.lower() for name in FILES}
        for path in paths.values():
            path.write_text("")
        script = files / "script.sh"
        script.write_text(step["run"])
        kept = {name: os.environ[name] for name in ("HOME", "RELEASE_GUARD_CHROMIUM") if name in os.environ}
        told = {name: context.fill(str(value)) for name, value in step.get("env", {}).items()}
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=self.workspace / context.fill(step.get("working-directory", ".")),
            env={
                **kept,
                "PATH": os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]]),
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_ACTION_PATH": str(GITHUB / "actions" / "release-guard"),
                "RUNNER_TEMP": str(self.folder / "temp"),
                **{name: str(path) for name, path in paths.items()},
                **environment,
                **told,
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        read = {name: path.read_text() for name, path in paths.items()}
        for name, value in outputs_in(read["GITHUB_OUTPUT"]):
            values[f"steps.{step.get('id')}.outputs.{name}"] = value
        if step.get("id") == "run":
            ran.code, ran.log, ran.errors, ran.summary = ended.returncode, ended.stdout, ended.stderr, read["GITHUB_STEP_SUMMARY"]
        elif ended.returncode:
            ran.errors += ended.stdout + ended.stderr
        ran.others |= {name: read[name] for name in FILES[2:] if read[name]}
        self._done |= set() if ended.returncode else {step["name"]}
        self._ended(ran, values, step, "failure" if ended.returncode else "success")

    def _ended(self, ran: Ran, values: dict[str, Value], step: Any, outcome: str) -> None:
        ran.outcomes[step["name"]] = outcome
        if "id" in step:
            values[f"steps.{step['id']}.outcome"] = outcome

    def _of_others(self, action: str, told: Mapping[str, str], ran: Ran) -> bool:
        """The steps of others that carry something from one job to the next, or out of it; whether it goes well."""
        if action == "actions/cache/save":
            if (found := self.workspace / told["path"]).is_dir() and not (self.caches / told["key"]).exists():  # else it only warns
                shutil.copytree(found, self.caches / told["key"])
        elif action == "actions/cache/restore":
            exact = [path for path in [self.caches / told["key"]] if path.exists()]
            found = exact or sorted(self.caches.glob(f"{told['restore-keys'].strip()}*"), key=lambda path: path.stat().st_ctime_ns)
            if found:
                shutil.copytree(found[-1], self.workspace / told["path"], dirs_exist_ok=True)
        elif action == "actions/upload-artifact":
            files = [path.name for line in told["path"].splitlines() for path in _files(self.workspace / line.strip())]
            if files and told["name"] in self.artifacts:
                return False  # HTTP 409
            ran.kept = sorted(files)
            self.artifacts |= {told["name"]} if files else set()
        else:
            assert action in {"actions/setup-python", "actions/cache"}, action
        return True


def _files(pattern: Path) -> Iterator[Path]:
    """The files that a line of an upload names: a folder with all that is in it, or a pattern."""
    text = str(pattern).removeprefix("/")
    for path in Path("/").glob(text):
        yield from (inner for inner in path.rglob("*") if inner.is_file()) if path.is_dir() else [path]


def outputs_in(text: str) -> Iterator[tuple[str, str]]:
    """What a runner reads in the file that `GITHUB_OUTPUT` names: `NAME=VALUE`, or the lines between two fences."""
    lines = iter(text.splitlines())
    for line in lines:
        name, fenced, fence = line.partition("<<")
        if fenced and "=" not in name:
            value: list[str] = []
            for inner in lines:
                if inner == fence:
                    break
                value.append(inner)
            else:
                raise AssertionError(f"the output {name} is never ended")
            yield name, "\n".join(value)
        elif line:
            name, equals, value_ = line.partition("=")
            assert equals, f"no output: {line}"
            yield name, value_
