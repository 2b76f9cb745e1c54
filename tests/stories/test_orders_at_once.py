"""People who say yes and no at once, each in a process of their own, on one file and on one server: one rollback, and one answer each."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from factories import Clock, Shop
from guard.config import load
from guard.decision.orders import Proposal
from guard.engine import Engine
from guard.incidents.incident import Incident, IncidentState, TimelineEntry
from guard.severity import Severity
from stories import together
from webstore.versions import Version

V = Version.parse
TESTS = Path(__file__).parents[1]
NO = ("--reason", "a fix is out")


class Person:
    """Somebody at a terminal of their own, who has typed a command and not sent it yet."""

    def __init__(self, world, *arguments):
        environment = {
            **os.environ,
            "PYTHONPATH": str(TESTS),
            "RELEASE_GUARD_DATABASE_URL": world.url,
        }
        code = "from stories.together import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments, "--json"],
            cwd=world.folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr.readline() == together.READY

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self

    def answer(self):
        """Exit code, document and words."""
        out, err = self.process.communicate(timeout=90)
        assert "Traceback" not in err, err[-3000:]
        return self.process.returncode, json.loads(out) if out else None, " ".join(err.split())


class World:
    """A bad release whose rollback is proposed."""

    def __init__(self, store, folder, url):
        self.store, self.folder, self.url = store, folder, url
        self.people = []
        path = folder / "release-guard.toml"
        path.write_text(
            f'[store]\nbase_url = "{store.base_url}"\nupdate_url = "{store.update_url}"\ncredentials = "none"\n[watch]\npoll_seconds = 0.05\n'
            f'[[extension]]\nid = "{store.item.id}"\npublisher = "publisher"\nname = "shelf"\n'
        )
        assert self.ask("release", "snapshot")[0] == 0
        store.publish("1.3.0", a__js="bad")
        engine = Engine.open(load(path), url)
        draft = Incident("", "f" * 32, "popup is blank", Severity.P1, IncidentState.INVESTIGATING, store.item, V("1.3.0"), engine.now())
        incident, _ = engine.incidents.open(draft, TimelineEntry(engine.now(), "guard", "breach seen"))
        engine.orders.propose(Proposal(store.item, V("1.3.0"), incident.id, "ROLLBACK", V("1.2.0"), V("1.3.0.1"), "popup is blank"))
        engine.database.dispose()
        self.incident = incident.id

    def person(self, *arguments):
        made = Person(self, *arguments)
        self.people.append(made.process)
        return made

    def approves(self, name):
        return self.person("rollback", "approve", self.incident, "--by", name)

    def aborts(self, name):
        return self.person("rollback", "abort", self.incident, "--by", name, *NO)

    def ask(self, *arguments):
        return self.person(*arguments).go().answer()

    def hold(self, *, validate_only):
        """The store does what it is asked, and its answer waits: of the dry run, or of the rollback itself."""
        self.store.break_next("rollback", "hold", skip=0 if validate_only else 1)

    def wait_until_held(self, person):
        deadline = time.monotonic() + 60
        while not self.store._local("GET", "held"):
            assert person.process.poll() is None, person.process.communicate()
            assert time.monotonic() < deadline, "the moment never came"
            time.sleep(0.02)  # the moment is inside another process: there is nothing to wait on but its traces

    def rollbacks(self):
        return [str(version) for version in self.store.rollbacks()]

    def history(self):
        """State of each rollback, and whether every step of it is told in order."""
        return [record["state"] for record in self.ask("rollback", "history")[1]["rollbacks"]]

    def told(self):
        """The timeline, as who said what."""
        entries = self.ask("incident", "show", self.incident)[1]["timeline"]
        return [(entry["actor"], entry["event"].split(":")[0]) for entry in entries]


@pytest.fixture
def world(tmp_path, store: Shop, clock: Clock, database):
    made = World(store, tmp_path, database.url.render_as_string(hide_password=False))
    yield made
    store.release()
    for process in made.people:
        if process.poll() is None:
            process.kill()
            process.communicate()


def at_once(seed, *people):
    """Everybody goes, in the order that the seed gives; their answers, in the order in which they were named."""
    order = list(people)
    random.Random(seed).shuffle(order)
    for person in order:
        person.go()
    return [person.answer() for person in people]


@pytest.mark.parametrize("seed", range(3))
def test_of_two_yeses_at_once_one_is_carried_out_and_the_other_is_told_so(world, seed):
    answers = at_once(seed, world.approves("alice"), world.approves("bob"))
    done = [document for code, document, _ in answers if code == 0]
    (other,) = [(code, words) for code, _, words in answers if code != 0]
    assert [(document["state"], document["new_version"]) for document in done] == [("completed", "1.3.0.1")]
    assert world.rollbacks() == ["1.3.0.1"]
    winner = done[0]["approved_by"]
    assert other[0] in {2, 4}
    assert (
        f"{winner} has approved it already, and the rollback is under way" in other[1]
        or f"rolled back already, as 1.3.0.1; {winner} had approved it" in other[1]
        or "another release-guard process" in other[1]
    )
    assert world.history() == ["completed"]
    told = world.told()
    assert [actor for actor, event in told if event == "proposed rollback approved"] == [winner]
    assert [event for _, event in told].count("rollback begun") == 1


def test_a_yes_to_what_is_under_way_is_told_who_said_it_first_and_where_to_look(world):
    world.hold(validate_only=True)
    alice, bob = world.approves("alice"), world.approves("bob")
    alice.go()
    world.wait_until_held(alice)
    code, document, words = bob.go().answer()
    assert (code, document) == (4, None)
    assert "alice has approved it already, and the rollback is under way" in words
    assert "release-guard rollback history" in words
    world.store.release()
    code, document, _ = alice.answer()
    assert (code, document["state"], world.rollbacks()) == (0, "completed", ["1.3.0.1"])
    code, _, words = world.ask("rollback", "approve", world.incident, "--by", "bob")
    assert (code, "rolled back already, as 1.3.0.1; alice had approved it" in words) == (2, True)


def test_a_no_before_the_store_is_asked_stops_the_rollback_and_both_are_told(world):
    world.hold(validate_only=True)
    alice, bob = world.approves("alice"), world.aborts("bob")
    alice.go()
    world.wait_until_held(alice)
    code, document, words = bob.go().answer()
    assert (code, document["state"], document["under_way"]) == (0, "called_off", True)
    assert "stops before it asks the store" in words
    world.store.release()
    code, document, words = alice.answer()
    assert (code, document["state"], world.rollbacks()) == (1, "stopped", [])
    assert "Stopped by a person's order: the rollback of 1.3.0 was called off by bob: a fix is out" in words
    assert world.history() == ["stopped"]
    code, _, words = world.ask("rollback", "approve", world.incident, "--by", "carol")
    assert (code, "called off by bob: a fix is out" in words) == (2, True)
    code, document, _ = world.ask("rollback", "--reason", "no fix after all", "--yes")
    assert (code, document["state"], world.rollbacks()) == (0, "completed", ["1.3.0.1"])


def test_a_no_after_the_store_was_asked_is_too_late_and_says_so(world):
    world.hold(validate_only=False)
    alice, bob = world.approves("alice"), world.aborts("bob")
    alice.go()
    world.wait_until_held(alice)
    code, document, words = bob.go().answer()
    assert (code, document) == (2, None)
    assert "the store was asked for the rollback of 1.3.0 already" in words
    world.store.release()
    code, document, _ = alice.answer()
    assert (code, document["state"], world.rollbacks()) == (0, "completed", ["1.3.0.1"])
    assert "rollback of 1.3.0 called off" not in [event for _, event in world.told()]


@pytest.mark.parametrize("seed", range(4))
def test_a_yes_and_a_no_at_once_never_both_count(world, seed):
    (yes, done, yes_words), (no, _, no_words) = at_once(seed, world.approves("alice"), world.aborts("bob"))
    if no == 0:  # bob was heard: nobody may get the rollback after he was told that it is off
        assert (world.rollbacks(), world.history()) in [([], []), ([], ["stopped"])]
        assert (yes, done and done["state"]) in [(1, "stopped"), (2, None), (4, None)]
        assert "called off by bob" in yes_words or "another release-guard process" in yes_words
    else:
        assert (yes, done["state"], world.rollbacks()) == (0, "completed", ["1.3.0.1"])
        assert no == 2
        assert "the store was asked for the rollback of 1.3.0 already" in no_words or "rolled back already" in no_words
