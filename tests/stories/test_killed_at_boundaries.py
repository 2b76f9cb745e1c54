"""`kill -9` at every boundary of a rollback's steps, on both databases: before a call is sent, while the store has it and the answer does
not come, and right after the journal's entry. Whoever comes next takes it to its end: each effect once, and the timeline whole.

The browser's word is a stub's here; test_killed.py has it real.
"""

import functools
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from factories import KEY, a_package
from guard.config import load
from guard.engine import Engine, Guarded
from guard.incidents.incident import IncidentState
from guard.observing import snapshot
from guard.responder import Responder
from guard.rollback.plan import RollbackState, StepName, StepState
from guard.rollback.reading_back import Patience
from stories.mortal import METHODS, Moment, passed
from stories.test_killed import World
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore

HOOK = "/told-of-a-rollback"
CALLS = (
    (StepName.PREPARE, ":fetchStatus"),
    (StepName.PREPARE, ":cancelSubmission"),
    (StepName.PREPARE, ":rollback"),
    (StepName.PERFORM, ":fetchStatus"),
    (StepName.PERFORM, ":rollback"),
    (StepName.PROPAGATE, "/service/update2/crx"),
    (StepName.PROPAGATE, ":fetchStatus"),
    (StepName.VERIFY, "/service/update2/crx"),
    (StepName.VERIFY, "/packages/"),
    (StepName.UPDATE_CONFIGURATION, HOOK),
)
"""What leaves the process, step by step; the first step asks nobody, and the browser of `verify` is no call."""
MOMENTS = [
    *(Moment(step, place, when) for step, place in CALLS for when in ("before", "held")),
    *(Moment(StepName.VERIFY, "checks", when) for when in ("before", "after")),
    Moment(StepName.VALIDATE_TARGET, "journal", "planned"),
    *(Moment(step, "journal", "after") for step in StepName),
    Moment(StepName.UPDATE_CONFIGURATION, "journal", "finished"),
]


class Endpoint:
    """What a team's webhook leads to: it keeps the idempotency keys, and may hold its first answer."""

    def __init__(self):
        self.keys, self.is_holding, self.free = [], False, threading.Event()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                endpoint.keys.append(self.headers["Idempotency-Key"])
                if endpoint.is_holding:
                    endpoint.free.wait()
                    return
                self.send_response(204)
                self.end_headers()

            def log_message(self, format, *_arguments):  # noqa: A002 - its name in the standard library
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}{HOOK}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def release(self):
        self.is_holding = False
        self.free.set()

    def close(self):
        self.release()
        self.server.shutdown()
        self.server.server_close()


class Boundaries(World):
    """A bad release, a version that waits for review, and a webhook; the first guard is a process that dies, the next one is here."""

    def __init__(self, state, address, item, folder, url, hook):
        super().__init__(state, address, item, folder, url)
        self.hook, self.path = hook, folder / "release-guard.toml"
        self.path.write_text(self.path.read_text() + '[rollback]\nwebhook_env = "TOLD_OF_ROLLBACKS"\n')
        self.engine = Engine.open(load(self.path), url)

    def publish_and_submit(self):
        snapshot(self.engine, self.engine.guarded(self.engine.config.select(None)))
        self.state.upload(self.item, a_package("1.3.0", a__js="bad").to_zip())
        self.state.publish(self.item)
        self.state.behaviour.review = timedelta(days=2)
        self.state.upload(self.item, a_package("1.4.0").to_zip())
        self.state.publish(self.item)

    def die_at(self, moment):
        """Start a guard, and let it die."""
        self.hook.is_holding = moment.place == HOOK and moment.when == "held"
        code = "import stories.mortal; stories.mortal.main()"
        told = (moment.text(), self.address.base_url, "rollback", "--reason", "boundary", "--yes", "--json")
        process = subprocess.Popen(
            [sys.executable, "-c", code, *told],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "RELEASE_GUARD_DATABASE_URL": self.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        if moment.when == "held":
            self.wait_until_held(moment, process)
            os.kill(process.pid, signal.SIGKILL)
        said = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, said
        self.hook.release()
        requests.post(f"{self.address.base_url}/_local/release", timeout=5)
        self.let_the_dead_be_found()

    def wait_until_held(self, moment, process):
        deadline = time.monotonic() + 60
        while not self.is_held(moment):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "the moment never came"
            time.sleep(0.02)  # the moment is inside another process: there is nothing to wait on but its traces

    def is_held(self, moment):
        if moment.place == HOOK:
            return bool(self.hook.keys)
        held = requests.get(f"{self.address.base_url}/_local/held", timeout=5).json()
        return held == [METHODS[moment.place]]

    def calls(self, method):
        known = requests.get(f"{self.address.base_url}/_local/calls", timeout=5).json()
        return [call for call in known if call["method"] == method]

    def timeline(self):
        (incident,) = self.engine.incidents.all()
        return incident, self.engine.incidents.timeline(incident.id)


@pytest.fixture
def world(tmp_path, clock, database, monkeypatch):
    hook, state = Endpoint(), LocalStore(clock)
    monkeypatch.setenv("TOLD_OF_ROLLBACKS", hook.address)
    monkeypatch.setattr(Guarded, "check", passed)
    # A call that never left is looked for in the store for as long as it could take to show: here that is a moment.
    monkeypatch.setattr("guard.engine.Patience", functools.partial(Patience, settle=timedelta(seconds=0.3)))
    item = state.add_item("publisher", a_package("1.2.0"), key=KEY)
    with local_store(state) as address:
        made = Boundaries(state, address, item, tmp_path, database.url.render_as_string(hide_password=False), hook)
        made.publish_and_submit()
        yield made
        made.engine.database.dispose()
        made.database.dispose()
    hook.close()


@pytest.mark.parametrize("moment", MOMENTS, ids=[moment.words for moment in MOMENTS])
def test_a_rollback_killed_at_a_boundary_is_finished_with_each_effect_once(world, moment):
    world.die_at(moment)
    Responder(world.engine).resume()

    (record,) = world.engine.journal.all(world.item)
    assert (record.state, world.rollbacks()) == (RollbackState.COMPLETED, ["1.3.0.1"])
    assert [call["body"].get("validateOnly", False) for call in world.calls("rollback")].count(False) == 1
    assert len(world.calls("cancelSubmission")) == 1
    assert world.calls("upload") == []
    is_told_again = (moment.place, moment.when) == (HOOK, "held")
    assert world.hook.keys == [record.plan.id] * (2 if is_told_again else 1)
    _steps_are_whole_and_in_order(record)
    _timeline_is_whole_and_in_order(*world.timeline())


def _steps_are_whole_and_in_order(record):
    assert [step.name for step in record.steps] == list(StepName)
    assert {step.state for step in record.steps} == {StepState.DONE}
    assert all(step.evidence for step in record.steps)
    assert all(step.started_at <= step.finished_at for step in record.steps)
    assert all(one.finished_at <= after.started_at for one, after in pairwise(record.steps))
    assert record.created_at <= record.steps[0].started_at
    assert record.steps[-1].finished_at <= record.finished_at


def _timeline_is_whole_and_in_order(incident, entries):
    assert incident.state is IncidentState.MONITORING
    assert [entry.event.partition(":")[0] for entry in entries] == [
        "opened for a rollback by hand",
        "rollback asked for by hand",
        "rollback begun",
        "rollback completed and verified",
    ]
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    told = [entries[-1].evidence.index(f"{name}: ") for name in StepName]
    assert told == sorted(told)
