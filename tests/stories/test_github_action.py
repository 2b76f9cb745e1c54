"""The action with real browsers: the sample extension, good and broken, on the runner of `stories.action_runner`.

Every command, without browsers, stands in `test_github_commands.py`; whole workflows in `test_github_workflows.py`.
"""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from factories import KEY
from guard.rehearsal import sample
from stories.action_runner import Ran, Runner
from webstore.package import Package
from webstore.simulator.running import RunningStore
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore

pytestmark = pytest.mark.browser

SAID = "::error::pwned by the page%0A\\n::set-output name=verdict::healthy\\n::add-mask::a <img src=x> @everyone ${{ github.token }} ##[error]x"
"""What a broken page says to the console, as it stands in a script."""


class Job:
    """A job in a team's repository: the extension's folder and the configuration are checked out in it."""

    def __init__(self, folder: Path, store: RunningStore) -> None:
        self.store = store
        self.item = store.add_item(sample.build(sample.BASE, sample.BASE_VERSION), "publisher", key=KEY)
        self.repository = folder / "repository"
        self.repository.mkdir()
        (self.repository / "release-guard.toml").write_text(
            f'mode = "act"\n[store]\nbase_url = "{store.base_url}"\nupdate_url = "{store.update_url}"\ncredentials = "none"\n'
            f'[watch]\npoll_seconds = 0.2\n[[extension]]\nid = "{self.item.id}"\npublisher = "publisher"\nname = "bookshelf"\npath = "extension"\n'
        )
        self.check_out(sample.BASE, sample.BASE_VERSION)
        (folder / "caches").mkdir()
        self.runner = Runner(folder / "machine", self.repository, folder / "caches", set())
        self.steps = 0

    def check_out(self, variant: str, version) -> Package:
        package = sample.build(variant, version)
        package.unpack(self.repository / "extension")
        return package

    def publish(self, variant: str) -> None:
        package = self.check_out(variant, sample.NEXT_VERSION)
        self.store.state.upload(self.item, package.to_zip())
        self.store.state.publish(self.item, deploy_percentage=100)

    def step(self, **given: str) -> Ran:
        """The action once more in this job, with these inputs and the defaults of the others."""
        self.steps += 1
        github = {"github.run_id": "1", "github.run_attempt": str(self.steps), "github.job": "guard"}
        return self.runner.action(given, {}, github)


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
    assert not step.others
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
    assert step.outcomes["Keep the report, screenshots and traces"] == step.outcomes["Keep the state folder for the next run"] == "success"
    assert any(name.endswith(".html") for name in step.kept), step.kept
    assert not step.others


def test_a_check_names_the_file_that_is_broken_and_obeys_nothing_that_the_page_says(job):
    good = job.step(command="check", target="extension")
    assert (good.code, good.outputs["outcome"], good.obeyed) == (0, "passed", []), good.log
    popup = job.repository / "extension" / "popup.js"
    popup.write_text(f'console.error("{SAID}");\nthrow new Error("{SAID}");\n' + popup.read_text())
    (job.repository / "extension" / "worker.js").write_text("let it be (")
    step = job.step(command="check", target="extension")
    assert (step.code, step.outputs["outcome"]) == (1, "failed"), step.log
    assert any("file=extension/worker.js,line=1::" in line for line in step.obeyed), step.obeyed
    assert "pwned by the page" in step.log + step.summary
    assert all(re.match(r"::(error|warning) (file|title)=", line) for line in step.obeyed), step.obeyed
    assert not [line for line in step.summary.splitlines() if line.startswith("::") or "<img" in line or "@everyone" in line]
    assert not step.others
    assert Path(step.outputs["report"]).is_file() or (Path(step.outputs["report"]) / "index.html").is_file()
    assert "🛑 failed" in step.summary
    assert "index.html" in step.kept


def test_outside_a_workflow_it_says_what_is_missing(monkeypatch):
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    ended = subprocess.run([sys.executable, "-m", "guard.github.run"], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "GITHUB_OUTPUT is not set" in ended.stdout) == (4, True)
