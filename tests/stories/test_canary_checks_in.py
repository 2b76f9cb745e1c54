"""The canary's check-ins, by real processes and a local Sentry: what it found is no error, what kept it from its work is, and none of it matters.

What a silent Sentry does with a run that never ends (it calls it timed out, or missed) is Sentry's own, and not imitated.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from factories import Shop, a_package
from guard.engine import utc_now
from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry
from stories.stubbed import BAD
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore


class Canary:
    """A team's folder with one extension, or with two, and a Sentry that takes the guard's own check-ins."""

    def __init__(self, folder, store, sentry, address):
        self.folder, self.store, self.sentry, self.address = folder, store, sentry, address
        self.dsn: str | None = address.dsn
        self.heard, take = threading.Event(), sentry.monitors.take

        def taken(given):
            take(given)
            self.heard.set()

        sentry.monitors.take = taken
        self.configure()

    def configure(self, canary='schedule = "*/15 * * * *"', extensions=1):
        tables = "".join(
            f'[[extension]]\nid = "{item.id}"\npublisher = "publisher"\nname = "{name}"\n'
            for item, name in zip(self.items(extensions), ("shelf", "Other Shelf"), strict=False)
        )
        (self.folder / "release-guard.toml").write_text(
            f'mode = "act"\n[store]\nbase_url = "{self.store.base_url}"\nupdate_url = "{self.store.update_url}"\ncredentials = "none"\n'
            f"[canary]\n{canary}\n{tables}"
        )

    def items(self, number):
        others = [item for item in self.store.state.items() if item.id != self.store.item.id]
        while len(others) < number - 1:
            others.append(self.store.add_item(a_package("1.2.0"), "publisher", key=None))
        return [self.store.item, *others]

    def begin(self, *command, options=()):
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "RELEASE_GUARD_SOME_TOKEN": "hunter2hunter2"}
        environment |= {"RELEASE_GUARD_SENTRY_DSN": self.dsn} if self.dsn else {}
        line = [sys.executable, *options, "-m", "stories.stubbed", "10", *(command or ("canary",))]
        pipe = subprocess.PIPE
        return subprocess.Popen(line, cwd=self.folder, env=environment, stdout=pipe, stderr=pipe, stdin=subprocess.DEVNULL, text=True)

    def run(self, *command, options=()):
        process = self.begin(*command, options=options)
        _, words = process.communicate(timeout=60)
        return process.returncode, words

    def told(self):
        """Each check-in that Sentry knows: its monitor, how it stands, whether its duration is known."""
        return [(found.slug, found.status, found.seconds is not None) for found in self.sentry.monitors.all()]

    def cut_short(self, number):
        """Begin, and send a signal while the store is asked."""
        self.store.break_next("fetchStatus", "hold")
        self.store.state.asked.clear()
        process = self.begin()
        try:
            assert self.heard.wait(30), "it never said that it began"
            assert self.store.state.asked.wait(30), "the store was never asked"
            process.send_signal(number)
            process.communicate(timeout=20)
        finally:
            self.store.release()
        return process.returncode


class AskedStore(LocalStore):
    """A store that says when it was asked how an item stands."""

    def __init__(self, now):
        super().__init__(now)
        self.asked = threading.Event()

    def status(self, item):
        self.asked.set()
        return super().status(item)


@pytest.fixture
def canary(tmp_path):
    state, sentry = AskedStore(utc_now), LocalSentry(utc_now)
    with local_store(state) as store_address, local_sentry(sentry) as address:
        store = Shop(state, store_address)
        yield Canary(tmp_path, store, sentry, address)
        store.session.close()


def test_a_canary_that_finds_nothing_checks_in_and_the_monitor_is_made_by_it(canary):
    code, words = canary.run()
    assert (code, canary.told()) == (0, [("release-guard-shelf", "ok", True)]), words
    url = f"{canary.address.base_url}/api/0/organizations/local/monitors/release-guard-shelf/checkins/"
    (listed,) = requests.get(url, headers={"Authorization": f"Bearer {canary.address.token}"}, timeout=5).json()
    assert (listed["status"], listed["environment"]) == ("ok", "production")
    assert 0 < listed["duration"] < 60_000
    wanted = {"schedule_type": "crontab", "schedule": "*/15 * * * *", "timezone": "UTC", "checkin_margin": 30, "max_runtime": 30}
    assert wanted.items() <= listed["monitorConfig"].items()


def test_what_the_canary_finds_is_no_error_of_the_canary(canary):
    canary.store.publish("1.3.0", **{BAD.replace(".", "__"): "x"})
    code, words = canary.run()
    assert (code, canary.told()) == (1, [("release-guard-shelf", "ok", True)]), words


def test_a_canary_that_cannot_do_its_work_says_so(canary):
    canary.store.break_next("fetchStatus", "status", status=403, times=50)
    code, words = canary.run()
    assert (code, canary.told()) == (4, [("release-guard-shelf", "error", True)]), words
    (canary.folder / ".release-guard" / "guard.db").write_text("this is no database " * 100)
    code, words = canary.run()
    assert (code, canary.told()[1:]) == (4, [("release-guard-shelf", "error", True)]), words


def test_a_watch_that_looks_once_checks_in_for_each_extension(canary):
    canary.configure('schedule = "17 * * * *"\nwatch_schedule = "0 * * * *"\n[watch]\npolls_at_once = 1', extensions=2)
    canary.store.break_next("fetchStatus", "status", status=403)
    code, words = canary.run("watch", "--once")
    assert (code, canary.told()) == (4, [("release-watch-shelf", "error", True), ("release-watch-other-shelf", "ok", True)]), words


def test_one_monitor_for_all_is_told_when_the_last_of_them_has_been_looked_at(canary):
    canary.configure('monitor = "nightly"\nschedule = "17 * * * *"', extensions=2)
    canary.store.break_next("fetchStatus", "status", status=403, times=1)
    code, words = canary.run()
    assert (code, canary.told()) == (4, [("nightly", "error", True)]), words
    assert canary.run()[0] == 0
    assert canary.told()[1:] == [("nightly", "ok", True)]


def test_a_monitor_made_by_hand_is_left_as_it_is(canary):
    canary.configure('monitor = "by-hand"')
    assert canary.run()[0] == 0
    assert canary.told() == [], "Sentry drops what no monitor waits for"
    canary.sentry.monitors.make("by-hand", "0 * * * *")
    assert canary.run()[0] == 0
    assert canary.told() == [("by-hand", "ok", True)]
    assert canary.sentry.monitors.listed("by-hand")[0]["monitorConfig"]["schedule"] == "0 * * * *"


@pytest.mark.parametrize(
    ("number", "code", "left"),
    [
        pytest.param(
            signal.SIGKILL, -9, ("release-guard-shelf", "in_progress", False), id="killed: Sentry waits for an end that never comes"
        ),
        pytest.param(signal.SIGTERM, -15, ("release-guard-shelf", "error", True), id="told to end"),
        pytest.param(
            signal.SIGINT, 130, ("release-guard-shelf", "error", True), id="interrupted, as GitHub does to a job that is cancelled"
        ),
    ],
)
def test_a_canary_that_is_cut_short(canary, number, code, left):
    assert (canary.cut_short(number), canary.told()) == (code, [left])


@pytest.mark.parametrize("place", ["hangs", "is down", "is none", "refuses"])
def test_a_sentry_out_of_reach_changes_nothing_and_costs_seconds(canary, place):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        if place == "is down":
            server.close()
        places = {"hangs": f"http://key@{address}/1", "is down": f"http://key@{address}/1", "is none": "nonsense"}
        canary.dsn = places.get(place, canary.address.dsn.replace("://", "://not"))
        began = time.monotonic()
        code, words = canary.run()
        assert (code, canary.told()) == (0, []), words
        assert time.monotonic() - began < 15
        assert "hunter2" not in words


def test_a_sentry_that_hangs_keeps_no_canary_from_being_ended(canary):
    with socket.create_server(("127.0.0.1", 0)) as server:
        canary.dsn = f"http://key@127.0.0.1:{server.getsockname()[1]}/1"
        canary.heard.set()
        began = time.monotonic()
        assert canary.cut_short(signal.SIGTERM) == -15
        assert time.monotonic() - began < 15


@pytest.mark.parametrize("what", ["no DSN", "no [canary]"])
def test_without_a_monitor_nobody_is_told(canary, what):
    if what == "no DSN":
        canary.dsn = None
        code, words = canary.run(options=("-X", "importtime"))
        assert (code, "sentry_sdk" in words, "guard.check_ins" in words) == (0, False, True)
    else:
        canary.configure("")
        assert canary.run()[0] == 0
    assert canary.told() == []
