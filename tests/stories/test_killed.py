"""A guard that is killed inside a rollback: whoever comes next takes it to its end, and users get the baseline back once."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
import requests
import sqlalchemy
from sqlalchemy import update

from guard.rehearsal import sample
from guard.store.database import parse_url
from guard.store.schema import executors
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore

pytestmark = pytest.mark.browser


class World:
    """A published bad release, a baseline that was recorded, and a configuration; the guard is a process of its own."""

    def __init__(self, state, address, item, folder, url):
        self.state, self.address, self.item, self.folder, self.url = state, address, item, folder, url
        self.database = sqlalchemy.create_engine(parse_url(url))
        (folder / "release-guard.toml").write_text(
            f'mode = "act"\n[store]\nbase_url = "{address.base_url}"\nupdate_url = "{address.update_url}"\ncredentials = "none"\n'
            f'[watch]\npoll_seconds = 0.2\nlive_timeout_seconds = 10\n[[extension]]\nid = "{item.id}"\npublisher = "{item.publisher}"\n'
        )

    def start(self, *arguments):
        command = [sys.executable, "-c", "from guard.cli.main import run; run()", *arguments, "--json"]
        environment = {**os.environ, "RELEASE_GUARD_DATABASE_URL": self.url}
        return subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )

    def run(self, *arguments):
        process = self.start(*arguments)
        out, err = process.communicate(timeout=90)
        return process.returncode, json.loads(out) if out else None, err

    def hold_rollback(self, skip):
        fault = [{"method": "rollback", "kind": "hold", "skip": skip}]
        requests.post(f"{self.address.base_url}/_local/faults", json=fault, timeout=5).raise_for_status()

    def asked(self):
        calls = requests.get(f"{self.address.base_url}/_local/calls", timeout=5).json()
        return [call["body"].get("validateOnly", False) for call in calls if call["method"] == "rollback"]

    def is_verifying(self):
        with self.database.connect() as connection:
            rows = connection.exec_driver_sql("SELECT state FROM rollback_steps WHERE name = 'verify'").all()
        return [tuple(row) for row in rows] == [("running",)]

    def let_the_dead_be_found(self):
        """What time would do: the heart of the killed process was last heard of long ago. A file's lock died with its holder."""
        if self.database.dialect.name == "sqlite":
            return
        with self.database.begin() as connection:
            connection.execute(update(executors).values(seen_at=datetime(2026, 1, 1, tzinfo=UTC)))

    def kill_when(self, condition, *arguments):
        """Start the guard, wait until the moment has come, and kill it as the kernel would."""
        process = self.start(*arguments)
        deadline = time.monotonic() + 60
        while not condition():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "the moment never came"
            time.sleep(0.02)  # the moment is inside another process: there is nothing to wait on but its traces
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        requests.post(f"{self.address.base_url}/_local/release", timeout=5)
        self.let_the_dead_be_found()

    def rollbacks(self):
        return [str(revision.version) for revision in self.state.history(self.item) if revision.source == "rollback"]


@pytest.fixture
def world(tmp_path, clock, database):
    state = LocalStore(clock)
    item = state.add_item("publisher", sample.build(sample.BASE, sample.BASE_VERSION))
    with local_store(state) as address:
        made = World(state, address, item, tmp_path, database.url.render_as_string(hide_password=False))
        assert made.run("release", "snapshot")[0] == 0
        state.upload(item, sample.build("worker-crash", sample.NEXT_VERSION).to_zip())
        state.publish(item)
        yield made
        made.database.dispose()


MOMENTS = {
    "inside the dry run": (0, lambda world: world.asked() == [True]),
    "after the store took it and before its answer came": (1, lambda world: world.asked() == [True, False]),
    "while what users get is verified": (None, lambda world: world.asked() == [True, False] and world.is_verifying()),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_rollback_killed_at_any_moment_is_done_once(world, moment):
    skip, has_come = MOMENTS[moment]
    if skip is not None:
        world.hold_rollback(skip)
    arguments = ("rollback", "--reason", "crash drill", "--yes")
    world.kill_when(lambda: has_come(world), *arguments)

    code, document, err = world.run(*arguments)

    assert code == 0, err
    assert world.rollbacks() == ["1.3.0.1"]
    assert (document["state"], document["new_version"]) == ("completed", "1.3.0.1")
    assert [step["state"] for step in document["steps"]] == ["done"] * 6
    assert world.asked().count(False) == 1
    code, _, err = world.run(*arguments)
    assert (code, world.rollbacks()) == (2, ["1.3.0.1"])
    assert "have the code of 1.2.0 already" in err


def test_a_gate_killed_inside_its_rollback_is_finished_by_the_next_with_its_incident(world):
    world.hold_rollback(1)
    world.kill_when(lambda: world.asked() == [True, False], "gate", "--version", "1.3.0")

    code, document, err = world.run("gate", "--version", "1.3.0")

    assert code == 1, err
    assert world.rollbacks() == ["1.3.0.1"]
    assert (document["outcome"], document["rollback"]["state"]) == ("rolled_back", "completed")
    assert document["incident"]["state"] == "resolved"
    code, document, _ = world.run("watch", "--once")
    assert (code, world.rollbacks()) == (0, ["1.3.0.1"])
    code, document, _ = world.run("release", "list")
    assert [(row["version"], row["state"], row["provenance"]) for row in document["releases"]] == [
        ("1.3.0.1", "good", "rollback"),
        ("1.3.0", "rolled_back", "upload"),
        ("1.2.0", "good", "unknown"),
    ]


def test_a_watcher_killed_inside_its_rollback_is_taken_over_by_another(world):
    world.hold_rollback(1)
    world.kill_when(lambda: world.asked() == [True, False], "watch")
    _, document, _ = world.run("executors")
    assert {one["role"] for one in document["executors"]} == {"watch", "act"}
    assert {one["alive"] for one in document["executors"]} == {world.database.dialect.name == "sqlite"}

    code, _, err = world.run("watch", "--once")

    assert code == 0, err
    assert world.rollbacks() == ["1.3.0.1"]
    assert world.asked().count(False) == 1
    _, document, _ = world.run("incident", "list")
    assert [incident["state"] for incident in document["incidents"]] == ["resolved"]


def test_two_guards_at_once_do_it_once(world):
    world.hold_rollback(1)
    first = world.start("rollback", "--reason", "both", "--yes")
    deadline = time.monotonic() + 60
    while world.asked() != [True, False]:
        assert time.monotonic() < deadline
        time.sleep(0.02)  # as above
    code, _, err = world.run("rollback", "--reason", "both", "--yes")
    assert code == 4
    assert "another release-guard process" in err
    requests.post(f"{world.address.base_url}/_local/release", timeout=5)
    first.communicate(timeout=60)
    assert (first.returncode, world.rollbacks()) == (0, ["1.3.0.1"])
