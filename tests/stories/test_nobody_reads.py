"""Whoever reads what a command prints may go away (`| head`, a log that is cut): what is done and its exit code stay the same."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from guard.rehearsal.project import BAD, EXTENSION, GOOD, KEYS, write_project
from webstore.crx import stored_key
from webstore.package import Package
from webstore.simulator.server import local_store
from webstore.simulator.state import LocalStore

pytestmark = pytest.mark.browser


@pytest.fixture
def store():
    state = LocalStore(lambda: datetime.now(UTC))
    with local_store(state) as address:
        yield state, urlsplit(address.base_url).port


@pytest.fixture
def project(tmp_path, store):
    state, port = store
    write_project(tmp_path, "publisher", port)
    package = Package.read(tmp_path / EXTENSION)
    item = state.add_item("publisher", package, key=stored_key(tmp_path / KEYS / f"{package.name}.pem"))
    return tmp_path, state, item


def unread(folder, *arguments):
    """The exit code of a command, both of whose streams lead to a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [sys.executable, "-m", "guard", *arguments]
        return subprocess.run(command, cwd=folder, stdout=writing, stderr=writing, timeout=240, check=False).returncode
    finally:
        os.close(writing)


def test_what_is_done_and_how_it_ends_do_not_hang_on_being_read(project):
    folder, state, item = project
    assert unread(folder, "release", "snapshot") == 0
    assert unread(folder, "publish", GOOD, "--wait") == 0
    assert unread(folder, "rollback", "--reason", "nobody listens", "--yes") == 0
    assert [str(revision.version) for revision in state.history(item)][-1] == "1.3.1.1"
    assert unread(folder, "status", "--json") == 0
    assert unread(folder, "check", BAD, "--json") == 1, "a failure is one, heard or not"
    assert unread(folder, "report") == 0
    assert unread(folder, "incident", "show", "INC-2000-0001") == 2, "and so is a mistake"
