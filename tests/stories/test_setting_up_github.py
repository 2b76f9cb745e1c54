"""From an empty git repository to workflows that doctor finds in order: by a person at a terminal, as the program is really started."""

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from contract.github_settings import TOKEN, github_settings

from guard.rehearsal import sample

HASH = "0123456789abcdef0123456789abcdef01234567"
PROVIDER = "projects/1/locations/global/workloadIdentityPools/github/providers/repo"
ACCOUNT = "guard@example.iam.gserviceaccount.com"
SECONDS = 60
"""How long a question may take to come, on a busy machine."""


class Terminal:
    """A program with somebody who waits for each question before answering it."""

    def __init__(self, folder, *arguments):
        self._master, slave = pty.openpty()
        environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "guard", *arguments], cwd=folder, env=environment, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        self.seen = ""

    def answer(self, question, text):
        self._read_until(question)
        os.write(self._master, f"{text}\n".encode())

    def hang_up(self, question):
        self._read_until(question)
        os.write(self._master, b"\x04")  # the end of input, as a person types it

    def end(self):
        """The exit code, after everything was read."""
        self._read_until(None)
        os.close(self._master)
        return self._process.wait(SECONDS)

    def _read_until(self, words):
        new = ""
        while words is None or words not in " ".join(new.split()):
            ready, _, _ = select.select([self._master], [], [], SECONDS)
            assert ready, f"no {words!r} in {self.seen}"
            try:
                read = os.read(self._master, 65_536).decode()
            except OSError:  # it has ended
                assert words is None, f"no {words!r} in {self.seen}"
                return
            new += read
            self.seen += read


@pytest.fixture
def here(tmp_path):
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    sample.build(sample.BASE, sample.BASE_VERSION).unpack(tmp_path / "ext")
    return tmp_path


def test_a_person_is_asked_what_was_not_said_until_it_can_be_used(here):
    terminal = Terminal(here, "init", "ext", "--github", "--environment", "crew")
    terminal.answer("OWNER/REPO@COMMIT", "acme")
    terminal.answer("OWNER/REPO@COMMIT", f"acme/guard@{HASH}")
    terminal.answer("published by the workflow", "")
    terminal.answer("What remembers", "none")
    terminal.answer("A release begins by hand", "")
    terminal.answer("workload identity provider", PROVIDER)
    terminal.answer("The service account", ACCOUNT)
    terminal.answer("How far the gate may go", "act")
    terminal.answer("When what users have is checked", "* * * * *")
    terminal.answer("When what users have is checked", "3 * * * *")
    terminal.answer("When releases are judged", "none")
    assert terminal.end() == 0, terminal.seen
    flat = " ".join(terminal.seen.split())
    assert "'acme' is not OWNER/REPO@REF" in flat
    assert "is too often" in flat
    assert "The environment whose reviewers" not in flat, "it was said"
    gate = yaml.safe_load((here / ".github/workflows/release-gate.yml").read_text(encoding="utf-8"))
    assert gate[True] == {"push": {"tags": ["v*"]}}, "with a database, a release begins with a tag"
    assert gate["jobs"]["guard"]["uses"] == f"acme/guard/.github/workflows/post-release-gate.yml@{HASH}"
    assert gate["jobs"]["guard"]["with"] == {
        "artifact": "extension",
        "package": "extension.zip",
        "mode": "act",
        "approval-environment": "crew",
        "state": "none",
        "workload-identity-provider": PROVIDER,
        "service-account": ACCOUNT,
    }
    canary = yaml.safe_load((here / ".github/workflows/release-canary.yml").read_text(encoding="utf-8"))
    assert canary[True]["schedule"] == [{"cron": "3 * * * *"}]
    assert list(canary["jobs"]) == ["canary"]


def test_whoever_leaves_before_the_last_answer_leaves_no_file(here):
    terminal = Terminal(here, "init", "ext", "--github")
    terminal.answer("OWNER/REPO@COMMIT", f"acme/guard@{HASH}")
    terminal.hang_up("published by the workflow")
    assert terminal.end() == 2, terminal.seen
    assert "no answer to" in terminal.seen
    assert sorted(path.name for path in here.iterdir()) == [".git", "ext"]


def test_what_init_has_written_doctor_finds_in_order(here):
    """As two processes, one after the other, in the order that the next steps name."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "GH_", "RELEASE_GUARD_"))}

    def run(*arguments, **more):
        command = [sys.executable, "-m", "guard", *arguments]
        return subprocess.run(
            command, cwd=here, env={**environment, **more}, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    init = run("init", "ext", "--github", "--uses", f"acme/guard@{HASH}", "--id", "a" * 32, "--publisher", "p")
    assert init.returncode == 0, init.stderr
    with github_settings() as github:
        document = run("doctor", "--github", "--repository", "team/shelf", "--json", GITHUB_API_URL=github.base_url, GH_TOKEN=TOKEN)
        assert document.returncode == 0, document.stdout
        assert {one["status"] for one in json.loads(document.stdout)["findings"]} == {"ok"}
        alone = run("doctor", "--github", "--repository", "team/shelf", GITHUB_API_URL=github.base_url)
    assert alone.returncode == 0
    assert "github repository: GH_TOKEN=$(gh auth token) release-guard doctor --github" in alone.stdout
    assert "6 things were not checked, and may be wrong." in alone.stdout
    assert re.search(r"^6\. Run the canary once", init.stdout, re.MULTILINE)
    assert Path(here / "release-guard.toml").read_text(encoding="utf-8").count("TO FILL IN") == 0
