"""The first ten minutes: an empty folder, and what the README says, typed as it stands there. Only the store's port is another, a free one."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

README = Path(__file__).parents[2] / "README.md"
TITLE = "Ten minutes, without an account"
PORT = "8090"
DOORS = {"gate": "release-guard gate", "by hand": "release-guard rollback --reason", "canary": "release-guard canary"}
"""Each door, and the command that goes through it."""


def transcript():
    """Commands and what they are said to print, in the order of the page; a line of `…` stands for any lines, `…` within one for any letters."""
    section = README.read_text(encoding="utf-8").split(f"## {TITLE}\n")[1].split("\n## ")[0]
    told = []
    for block in re.findall(r"^```console\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                told.append((line.removeprefix("$ "), []))
            else:
                told[-1][1].append(line)
    return told


def pattern_of(expected):
    lines = (r"(?:.*\n)*?" if line == "…" else ".*?".join(map(re.escape, line.split("…"))) + r" *\n" for line in expected)
    return re.compile("^" + "".join(lines), re.MULTILINE)


class Terminal:
    """A shell in a folder, whose `release-guard` is the one that is tested."""

    def __init__(self, folder, port):
        self.folder, self.port, self.behind = folder, str(port), contextlib.ExitStack()
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "RELEASE_GUARD_CHROMIUM") if name in os.environ}
        self.environment = {**kept, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]), "COLUMNS": "200"}

    def type(self, command):
        typed = command.replace(PORT, self.port)
        if command == "release-guard simulate project":
            typed += f" --port {self.port}"
        if typed.endswith("&"):
            return self._behind(typed.removesuffix("&"))
        done = subprocess.run(
            ["bash", "-c", typed], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=240, check=False
        )
        return done.returncode, done.stdout, done.stderr

    def _behind(self, typed):
        process = self.behind.enter_context(
            subprocess.Popen(["bash", "-c", f"exec {typed}"], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True)
        )
        self.behind.callback(process.send_signal, signal.SIGTERM)
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if line.startswith("stop with"):
                break
        return None, "".join(lines), ""


@pytest.fixture
def terminal(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    terminal = Terminal(tmp_path, port)
    with terminal.behind:
        yield terminal


def test_each_door_is_reached_in_under_ten_commands_that_do_what_the_readme_says(terminal):
    reached, codes = {}, {}
    for number, (command, expected) in enumerate(transcript(), start=1):
        code, printed, errors = terminal.type(command)
        assert pattern_of(expected).search(printed + "\n"), f"{command}\n{printed}\n{errors}"
        assert "Traceback" not in errors
        codes[command] = code
        for door, words in DOORS.items():
            if command.startswith(words):
                reached.setdefault(door, number)
    assert set(reached) == set(DOORS), reached
    assert max(reached.values()) < 10, reached
    assert codes["release-guard gate --version 1.3.0"] == 1
    assert codes["release-guard canary"] == 1, "the last one has seen the redesigned site"
    assert all(
        code in {0, None} for command, code in codes.items() if not command.startswith(("release-guard gate", "release-guard canary"))
    )


@pytest.mark.parametrize(
    ("expected", "printed"),
    [(["done"], "undone\n"), (["a", "c"], "a\nb\nc\n"), (["a …", "…", "d"], "a b\nc\n"), (["1.3.1 is live"], "1.3.0 is live\n")],
)
def test_a_page_that_says_something_else_is_found_out(expected, printed):
    assert not pattern_of(expected).search(printed)


def test_a_folder_that_is_in_use_is_left_as_it_is(terminal):
    (terminal.folder / "release-guard.toml").write_text("mine")
    code, _, errors = terminal.type("release-guard simulate project")
    assert (code, "release-guard.toml is there already" in errors, "to fix" in errors or "name a folder" in errors) == (2, True, True)
    assert [path.name for path in terminal.folder.iterdir()] == ["release-guard.toml"]
