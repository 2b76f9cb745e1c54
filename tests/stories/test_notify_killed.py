"""A guard that is killed between any two sendings: each target gets each message once, or a second one that says so."""

import os
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy
from contract import notify_world
from contract.notify_world import REPEAT, Mail, Services, Telling, text_of

from guard.incidents.events import Kind
from guard.severity import Severity

TESTS = Path(__file__).parents[1]
SENDINGS = 8
EACH = [(number, when) for number in range(1, SENDINGS + 1) for when in ("before", "after")]
SOME = random.Random(7).sample(EACH, 4)


class Later:
    """The time now, and what a test adds to it: the process that dies has a clock of its own."""

    def __init__(self):
        self.added = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.added

    def forward(self, **by):
        self.added += timedelta(**by)


@pytest.fixture(scope="module")
def listening():
    yield from notify_world.listen()


def written(folder, address):
    lines = [f'[[extension]]\nid = "{notify_world.ITEM.id}"\npublisher = "publisher"\nname = "shelf"\n']
    for target in notify_world.targets(address):
        mentions = "".join(f"{name} = {member!r}\n" for name, member in target.pop("mentions", {}).items())
        lines.append("[[notify.target]]\n" + "".join(f"{key} = {value!r}\n" for key, value in target.items()))
        lines.append(f"[notify.target.mentions]\n{mentions}" if mentions else "")
    (folder / "release-guard.toml").write_text("".join(lines))


def killed(folder, url, environment, address, number, when):
    command = [sys.executable, "-c", "from stories import notify_mortal; notify_mortal.main()", str(number), when, url, address]
    process = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment, "PYTHONPATH": str(TESTS)}, capture_output=True, timeout=60, check=False
    )
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()[-800:]


def texts(world):
    services = world.services
    return {
        "slack": [message["text"] for message in services.slack.taken],
        "general": [message["text"] for message in services.webhook.taken],
        "mail": [text_of(mail) for mail in world.mail.taken],
        "phone": [message["Body"] for message in services.twilio.taken],
        "hook": [message["message"] for message in services.hook.taken],
    }


@pytest.mark.parametrize(
    ("database", "number", "when"),
    [("sqlite", *one) for one in EACH] + [("postgresql", *one) for one in SOME],
    indirect=["database"],
)
def test_killed_between_two_sendings(database: sqlalchemy.Engine, listening: tuple[Services, Mail], monkeypatch, tmp_path, number, when):
    world: Telling = notify_world.guards(database, Later(), listening, monkeypatch)()
    first = world.open(Severity.P0, title="first")
    world.say(first, Kind.PROPOSED, target="1.2.0", version="1.3.0", new_version="1.3.0.1")
    world.open(Severity.P2, title="second")
    world.open(Severity.P3, title="third")
    expected = {name: 2 if name in {"slack", "mail", "phone"} else 1 for name in texts(world)}
    assert len(world.states()) == SENDINGS == sum(expected.values())
    written(tmp_path, world.services.address)
    url = database.url.render_as_string(hide_password=False)

    killed(tmp_path, url, notify_world.environment(*listening), world.services.address, number, when)
    arrived = sum(len(found) for found in texts(world).values())
    assert arrived == number - (when == "before")
    world.deliver(seconds=61)
    while any(state in {"pending", "sending"} for state in world.states().values()):
        world.deliver(seconds=61)

    for name, found in texts(world).items():
        marked = [bool(REPEAT.search(text)) for text in found]
        assert len(found) - sum(marked) <= expected[name], "no second one without a mark"
        assert sum(marked) <= 1, f"{name} had one message in hand"
        assert len(found) in {expected[name], expected[name] + 1}
        for words in ("ack", "approve") if expected[name] == 2 else ("incident ack",):
            assert any(words in text for text in found), "none is lost"
    assert set(world.states().values()) <= {"sent", "unsure"}
