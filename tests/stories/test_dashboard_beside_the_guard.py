"""The dashboard beside the daemon, each in a process of its own: neither needs the other, and neither harms it."""

import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests

from guard.cli.main import main
from stories.dashboard_process import HEADERS, dashboard
from stories.fleet import fleet

SECONDS = 150
"""Nothing takes so long, unless it never comes."""
FILE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def real_time():
    return datetime.now(UTC)


class Crowd:
    """Browsers that ask for the dearest things as fast as they are answered."""

    def __init__(self, address, count):
        self.answers, self._stop, self._address = [], threading.Event(), address
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(count)]
        self.is_refused = threading.Event()

    def _ask(self, number):
        with requests.Session() as session:
            while not self._stop.is_set():
                path = ("/api/v1/report?days=366", "/api/v1/incidents?limit=1000", f"/api/v1/releases?limit={number + 1}")[number % 3]
                try:
                    code = session.get(f"{self._address}{path}", timeout=60).status_code
                except requests.RequestException:
                    code = 0  # it was killed
                self.answers.append(code)
                if code in {0, 503}:
                    self.is_refused.set()
                    self._stop.wait(0.05)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self._stop.set()
        for thread in self._threads:
            thread.join()


@FILE
def test_the_daemon_goes_on_guarding_when_the_dashboard_is_overloaded_or_dies_and_the_other_way_round(database, tmp_path):
    url = database.url.render_as_string(hide_password=False)
    with fleet(tmp_path, url, real_time, count=2, poll_seconds=2, silent_seconds=20) as world:
        world.watch()
        wait = world.state.wait_for
        assert wait(lambda: world.baselines() == 2, SECONDS), world.words()
        first, second = world.items
        with dashboard(tmp_path, url) as served:
            with Crowd(served.address, 70) as crowd:
                assert crowd.is_refused.wait(SECONDS)  # more is asked than is answered
                world.publish_bad([first])
                assert wait(lambda: world.completed() == 1, SECONDS), world.words()
                served.process.kill()
                served.process.wait(timeout=60)
            assert set(crowd.answers) <= {200, 503, 0}
            world.publish_bad([second])
            assert wait(lambda: world.completed() == 2, SECONDS), world.words()
        assert [world.rollbacks(item) for item in world.items] == [["1.3.0.1"], ["1.3.0.1"]]

        with dashboard(tmp_path, url) as served:
            (watcher,) = world.processes
            world.kill(watcher.pid)
            watcher.wait(timeout=60)
            found = served.get("/api/v1/overview").json()
            assert {item["release"]["version"] for item in found["items"]} == {"1.3.0.1"}
            incident = served.get("/api/v1/incidents?limit=1").json()["rows"][0]["id"]
            assert served.post(f"/incidents/{incident}/note", {"text": "the watcher has died"}).status_code == 200
            assert served.get(f"/api/v1/incidents/{incident}").json()["timeline"][-1]["words"] == "the watcher has died"
            assert served.stop() == 0


@FILE
def test_a_rollback_whose_dashboard_is_killed_in_the_middle_is_taken_to_its_end_by_the_daemon(database, tmp_path):
    url = database.url.render_as_string(hide_password=False)
    with fleet(tmp_path, url, real_time, count=1, poll_seconds=1, silent_seconds=20) as world:
        file = tmp_path / "release-guard.toml"
        file.write_text(file.read_text().replace('mode = "act"', 'mode = "propose"'))
        world.watch()
        wait = world.state.wait_for
        assert wait(lambda: world.baselines() == 1, SECONDS), world.words()
        world.publish_bad(world.items)
        with dashboard(tmp_path, url) as served:

            def waiting():
                return served.get("/api/v1/overview").json()["items"][0]["waits_for_approval"]

            assert wait(waiting, SECONDS), world.words()
            incident = waiting()
            world.state.behaviour.propagation = timedelta(seconds=15)  # time to die in
            plan = requests.get(f"{served.address}/api/v1/incidents/{incident}/rollback", headers=HEADERS, timeout=60).json()
            answer = served.post(f"/incidents/{incident}/rollback/approve", {"confirm": plan["confirm"]})
            assert (answer.status_code, answer.json()["incident"]) == (202, incident)

            def is_asked():
                found = served.get(f"/api/v1/incidents/{incident}").json()["rollback"]
                return found and found["steps"][2]["state"] == "done"

            assert wait(is_asked, SECONDS), world.words()
            served.process.kill()
            served.process.wait(timeout=60)
        assert world.completed() == 0
        assert wait(lambda: world.completed() == 1, SECONDS), world.words()
        assert world.rollbacks(world.items[0]) == ["1.3.0.1"]


@FILE
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_with_browsers_that_listen(database, tmp_path, number):
    url = database.url.render_as_string(hide_password=False)
    with fleet(tmp_path, url, real_time, count=1, poll_seconds=2, silent_seconds=20), dashboard(tmp_path, url) as served:
        assert served.actions == "token"
        streams = [requests.get(f"{served.address}/api/v1/events", stream=True, timeout=60) for _ in range(20)]
        lines = [stream.iter_lines(chunk_size=1) for stream in streams]
        assert [next(line) for line in lines] == [b"retry: 2000"] * 20
        began = time.monotonic()
        assert served.stop(number) == 0
        took = time.monotonic() - began
        assert all(list(line) is not None for line in lines)  # each stream ends
        assert took < 20, took  # 5 s where nobody else needs the machine
        assert "Traceback" not in (tmp_path / "serve.txt").read_text()


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "release-guard.toml").write_text(f'[[extension]]\nid = "{"a" * 32}"\npublisher = "publisher"\n')
    return tmp_path


def said(capsys, *arguments):
    code = main(["serve", *arguments])
    return code, " ".join(capsys.readouterr().err.split())


def test_a_port_that_is_taken_is_told(here, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, words = said(capsys, "--port", str(taken.getsockname()[1]))
    assert (code, "cannot be listened on" in words, "choose another one with --host and --port" in words) == (2, True, True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_it_refuses_to_be_reached_by_others_without_knowing_who_they_are(here, capsys, host):
    code, words = said(capsys, "--host", host, "--port", "0")
    assert (code, "there is no token in RELEASE_GUARD_DASHBOARD_TOKEN" in words) == (2, True)
    with (here / "release-guard.toml").open("a") as file:
        file.write('[dashboard]\nuser_header = "X-Forwarded-User"\ntrusted_proxies = []\n')
    assert said(capsys, "--host", host, "--port", "0")[0] == 2


def test_a_token_that_could_be_guessed_is_refused(here, capsys, monkeypatch):
    monkeypatch.setenv("RELEASE_GUARD_DASHBOARD_TOKEN", "letmein")
    code, words = said(capsys, "--port", "0")
    assert (code, "fewer than 16 letters" in words, "letmein" in words) == (2, True, False)


def test_help_needs_nothing_heavy():
    command = [sys.executable, "-c", "import sys; from guard.cli.main import build_parser; build_parser(); print('uvicorn' in sys.modules)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "False"
