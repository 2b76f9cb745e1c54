"""The action's own step, run as a runner runs it: its script by bash, its inputs by the environment, GitHub's files; the store is local.

Not imitated: the steps that install Python, the locked packages and Chromium, and GitHub's cache and artifacts.
"""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from factories import KEY
from guard.rehearsal import sample
from webstore.package import Package
from webstore.simulator.running import RunningStore
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore

pytestmark = pytest.mark.browser

ACTION = Path(__file__).parents[2] / ".github" / "actions" / "release-guard" / "action.yml"
EXPRESSION = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")


class Job:
    """A job of a workflow in a team's repository: the extension's folder and the configuration are checked out in it."""

    def __init__(self, folder: Path, store: RunningStore) -> None:
        self.folder, self.store = folder, store
        self.item = store.add_item(sample.build(sample.BASE, sample.BASE_VERSION), "publisher", key=KEY)
        self.action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
        runner = folder / "runner" / "release-guard-venv" / "bin"
        runner.mkdir(parents=True)
        (runner / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (runner / "python").chmod(0o755)
        self.repository = folder / "repository"
        self.repository.mkdir()
        (self.repository / "release-guard.toml").write_text(
            f'mode = "act"\n[store]\nbase_url = "{store.base_url}"\nupdate_url = "{store.update_url}"\ncredentials = "none"\n'
            f'[watch]\npoll_seconds = 0.2\n[[extension]]\nid = "{self.item.id}"\npublisher = "publisher"\nname = "bookshelf"\npath = "extension"\n'
        )
        self.check_out(sample.BASE, sample.BASE_VERSION)

    def check_out(self, variant: str, version) -> Package:
        package = sample.build(variant, version)
        package.unpack(self.repository / "extension")
        return package

    def publish(self, variant: str) -> None:
        package = self.check_out(variant, sample.NEXT_VERSION)
        self.store.state.upload(self.item, package.to_zip())
        self.store.state.publish(self.item, deploy_percentage=100)

    def step(self, **given: str) -> "Step":
        """Run the step named `run` with these inputs, and the defaults of the others."""
        inputs = {name: str(told.get("default", "")) for name, told in self.action["inputs"].items()}
        inputs |= {name.replace("_", "-"): value for name, value in given.items()}
        (step,) = (one for one in self.action["runs"]["steps"] if one.get("id") == "run")
        told = {name: EXPRESSION.sub(lambda found: inputs[found[1]], value) for name, value in step["env"].items()}
        temporary = self.folder / "runner"
        files = {"GITHUB_OUTPUT": temporary / "output", "GITHUB_STEP_SUMMARY": temporary / "summary"}
        for path in files.values():
            path.write_text("")
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "RELEASE_GUARD_CHROMIUM") if name in os.environ}
        environment = {**kept, **told, "RUNNER_TEMP": str(temporary), **{name: str(path) for name, path in files.items()}}
        assert "${{" not in step["run"]
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.repository,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Step(
            ended.returncode, ended.stdout, ended.stderr, files["GITHUB_OUTPUT"].read_text(), files["GITHUB_STEP_SUMMARY"].read_text()
        )


class Step:
    """What a step left: its exit code, its log as a runner reads it, its outputs and its summary."""

    def __init__(self, code: int, log: str, errors: str, outputs: str, summary: str) -> None:
        self.code, self.log, self.errors, self.summary = code, log, errors, summary
        self.outputs = {found[1]: found[3] for found in re.finditer(r"^(.+)<<(\S+)\n(.*)\n\2$", outputs, re.MULTILINE)}

    @property
    def obeyed(self) -> list[str]:
        """The workflow commands that a runner obeys in this log: none while it was told to stop."""
        found: list[str] = []
        until = ""
        for line in self.log.splitlines():
            if until:
                until = "" if line == f"::{until}::" else until
            elif line.startswith("::stop-commands::"):
                until = line.removeprefix("::stop-commands::")
            elif line.startswith("::"):
                found.append(line)
        assert not until, "commands were never resumed"
        return found


@pytest.fixture
def job(tmp_path):
    state = LocalStore(lambda: datetime.now(UTC))
    with local_store(state) as address:
        running = RunningStore(state, address)
        yield Job(tmp_path, running)
        running.session.close()


def test_a_good_release_is_gated_and_the_run_says_so(job):
    assert job.step(command="snapshot").code == 0
    job.publish(sample.GOOD)
    step = job.step(command="gate", version="1.3.0")
    assert step.code == 0, step.log
    assert (step.outputs["exit-code"], step.outputs["meaning"], step.outputs["verdict"]) == ("0", "healthy or done", "healthy")
    assert (step.outputs["version"], step.outputs["new-version"], step.outputs["incident"]) == ("1.3.0", "", "")
    assert step.outputs["sentence"] == "1.3.0 is healthy."
    assert "✅ release-guard gate: healthy or done" in step.summary
    assert "| health | ✅ healthy |" in step.summary
    assert "Browser checks of 1" in step.summary
    assert not step.obeyed
    canary = job.step(command="canary")
    assert (canary.code, canary.outputs["verdict"]) == (0, "healthy"), canary.log


def test_a_bad_release_is_rolled_back_and_the_run_fails_with_what_was_done(job):
    assert job.step(command="snapshot").code == 0
    job.publish("broken-popup")
    step = job.step(command="gate", version="1.3.0")
    assert step.code == 1, step.log
    assert (step.outputs["outcome"], step.outputs["verdict"], step.outputs["new-version"]) == ("rolled_back", "breach", "1.3.0.1")
    assert re.fullmatch(r"INC-\d{4}-0001", step.outputs["incident"])
    assert Path(step.outputs["report"]).is_file()
    assert "### Rollback: completed" in step.summary, step.log
    assert f"### {step.outputs['incident']}" in step.summary.replace("\\", "")
    assert "1.3.0 was bad and is rolled back" in step.summary.replace("\\", "")
    assert any(line.startswith("::error title=release-guard gate%3A breach found::1.3.0 was bad") for line in step.obeyed), step.obeyed
    assert any("file=extension/popup.js" in line for line in step.obeyed), step.obeyed
    assert [str(revision.version) for revision in job.store.state.history(job.item)][-1] == "1.3.0.1"


def test_a_rollback_by_hand_is_shown_first_and_then_done(job):
    assert job.step(command="snapshot").code == 0
    job.publish(sample.GOOD)
    hostile = "::set-output name=verdict::healthy %0A ::add-mask::x `id` $(id) <img src=x onerror=alert(1)> @here"
    shown = job.step(command="rollback", reason=hostile, dry_run="true")
    assert (shown.code, shown.outputs["outcome"], shown.outputs["new-version"]) == (0, "planned", "1.3.0.1"), shown.log
    assert not shown.obeyed
    done = job.step(command="rollback", reason=hostile)
    assert (done.code, done.outputs["outcome"], done.outputs["new-version"]) == (0, "completed", "1.3.0.1"), done.log
    assert not done.obeyed
    assert "<img" not in done.summary
    assert "@here" not in done.summary
    assert "::set-output" not in "".join(done.obeyed)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"command": "gate", "version": '1.0"; touch pwned; echo "'}, "1.0"),
        ({"command": "gate", "version": "--mode=act"}, "--mode=act"),
        ({"command": "gate\n::error::x", "version": "1.3.0"}, "control character"),
        ({"command": "rollback", "reason": "two\nlines"}, "`reason` holds a line break"),
        ({"command": "rollback"}, "needs the input `reason`"),
        ({"command": "rollback", "reason": "x", "dry-run": "maybe"}, "it is true or false"),
        ({"command": "check"}, "needs the input `target`"),
        ({"command": "check", "target": "--help"}, "no folder or file '--help'"),
        ({"command": "canary", "to": "1.2.0"}, "takes no input `to`"),
        ({"command": "simulate"}, "it is one of gate"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_fix_and_nothing_is_run(job, given, words):
    step = job.step(**given)
    assert step.code == 2, step.log + step.errors
    assert words in step.log
    assert "to fix:" in step.log
    assert not (job.repository / "pwned").exists()
    assert all(line.startswith("::error title=release-guard ") for line in step.obeyed)


def test_a_check_names_the_file_that_is_broken(job):
    (job.repository / "extension" / "worker.js").write_text("let it be (")
    step = job.step(command="check", target="extension")
    assert (step.code, step.outputs["outcome"]) == (1, "failed"), step.log
    assert any("file=extension/worker.js,line=1::" in line for line in step.obeyed), step.obeyed
    assert Path(step.outputs["report"]).is_file() or (Path(step.outputs["report"]) / "index.html").is_file()
    assert "🛑 failed" in step.summary
    tolerated = job.step(command="check", target="extension", accept="1")
    assert (tolerated.code, tolerated.outputs["exit-code"], tolerated.outputs["outcome"]) == (0, "1", "failed")


def test_outside_a_workflow_it_says_what_is_missing(monkeypatch):
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    ended = subprocess.run([sys.executable, "-m", "guard.github.run"], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "GITHUB_OUTPUT is not set" in ended.stdout) == (4, True)
