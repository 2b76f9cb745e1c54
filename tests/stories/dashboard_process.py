"""`release-guard serve` as a process of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import requests

TOKEN = "a-token-that-nobody-guesses"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "X-Release-Guard-User": "mia"}
"""Of a program that has the token."""
TESTS = Path(__file__).parents[1]


class Served:
    """A dashboard in a process of its own."""

    def __init__(self, process, document):
        self.process, self.address, self.actions = process, document["address"], document["actions"]

    def get(self, path):
        return requests.get(f"{self.address}{path}", timeout=60)

    def post(self, path, body):
        return requests.post(f"{self.address}/api/v1{path}", json=body, headers=HEADERS, timeout=60)

    def stop(self, number=signal.SIGTERM):
        """End it; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@contextlib.contextmanager
def dashboard(folder, url, *arguments, token=TOKEN):
    """A dashboard that answers, on a free port; it is ended for certain."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "RELEASE_GUARD_DATABASE_URL": url}
    if token:
        environment["RELEASE_GUARD_DASHBOARD_TOKEN"] = token
    command = [sys.executable, "-m", "stories.stubbed", "20", "--json", "serve", "--port", "0", *arguments]
    with (folder / "serve.txt").open("a") as errors:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL, text=True
        )
    try:
        said = ""
        while not said.rstrip().endswith("}"):
            line = process.stdout.readline()
            assert line, (folder / "serve.txt").read_text()
            said += line
        yield Served(process, json.loads(said))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=60)
        process.stdout.close()
