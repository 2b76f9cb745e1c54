"""Several processes that want the same ticket make one, whoever of them dies, and whatever answers are lost."""

import random
import threading
from collections import Counter

import pytest

from contract.github_issues import github_issues
from contract.ticket_world import Told, a_world
from guard.engine import Engine
from guard.incidents.events import Kind, said
from guard.store.database import open_database
from guard.store.schema import metadata
from guard.store.tickets import LEASE, Tickets
from guard.tickets.client import GitHubIssues
from guard.tickets.sync import sync_due

TIMES = 100
SEED = 20261125


@pytest.fixture
def github(clock):
    with github_issues(clock) as found:
        yield found


@pytest.fixture
def world(database, clock, github, tmp_path, monkeypatch):
    return a_world(database, clock, github, tmp_path, monkeypatch)


def at_once(*works):
    start, errors = threading.Barrier(len(works)), []

    def run(work):
        start.wait()
        try:
            work()
        except Exception as error:  # noqa: BLE001 - it is the test's to fail by it
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def opened(github):
    """How many issues each subject has that are not closed as duplicates."""
    marks = [issue.body.split("\n")[0] for issue in github.issues if issue.body.startswith("<!-- release-guard INC-")]
    return Counter(marks)


def test_two_processes_that_open_the_same_incident_and_its_ticket_at_once_make_one_of_each(world, github, clock, database):
    chance = random.Random(SEED)
    other = Engine(world.engine.config, database, now=clock, progress=Told())
    for number in range(TIMES):
        if number % 4 == 0:
            github.fails("POST", chance.choice(["lost before", "lost after", "500 after"]))
        mark = f"{number:02x}"

        def one(engine, mark=mark):
            records = engine.incidents
            draft = world.draft(mark * 16)
            records.open(draft, records.entry(said(Kind.BREACH_SEEN, version="1.3.0")))
            sync_due(engine)

        at_once(lambda: one(world.engine), lambda: one(other))
        clock.forward(seconds=30)
    for _ in range(5):
        at_once(lambda: sync_due(world.engine), lambda: sync_due(other))
        clock.forward(seconds=61)
    incidents = world.engine.incidents.all()
    assert len(incidents) == TIMES
    assert len(opened(github)) == TIMES
    assert set(opened(github).values()) == {1}
    assert len(github.issues) == TIMES
    known = Tickets(database, "owner/name", clock).all()
    assert {known[incident.id].number for incident in incidents} == {issue.number for issue in github.issues}
    for incident in incidents:
        assert [entry.kind for entry in world.engine.incidents.timeline(incident.id)].count(Kind.TICKET_OPENED) == 1


def test_processes_with_databases_of_their_own_agree_on_the_oldest_ticket(world, github, clock, tmp_path):
    databases = [open_database(f"sqlite:///{tmp_path / f'{name}.db'}") for name in ("one", "two")]
    engines = [Engine(world.engine.config, database, now=clock, progress=Told()) for database in databases]
    for number in range(10):
        for engine in engines:
            engine.incidents.open(world.draft(f"{number:x}" * 32), engine.incidents.entry(said(Kind.BREACH_SEEN, version="1.3.0")))
        at_once(*(lambda engine=engine: sync_due(engine) for engine in engines))
        clock.forward(seconds=30)
    for engine in engines:
        sync_due(engine)
    assert set(opened(github).values()) == {1}
    assert len(opened(github)) == 10
    for issue in github.issues:
        is_ticket = issue.body.startswith("<!-- release-guard")
        assert issue.state == ("open" if is_ticket else "closed")
        assert is_ticket or issue.state_reason == "not_planned"
    numbers = [{ticket.number for ticket in Tickets(database, "owner/name", clock).all().values()} for database in databases]
    assert numbers[0] == numbers[1] == {issue.number for issue in github.issues if issue.state == "open"}
    for database in databases:
        database.dispose()


class Killed(BaseException):
    """The process is not there any more."""


class Mortal:
    """Dies at the step of that number: a call to GitHub, before it or after it, or a write to the database."""

    def __init__(self, monkeypatch):
        self.left, self.steps = -1, 0
        send, write, give_back = GitHubIssues._send, Tickets._write, Tickets.give_back

        def mortal_send(client, *whole):
            self.step()
            answer = send(client, *whole)
            self.step()
            return answer

        def mortal_write(tickets, connection, record):
            self.step()
            return write(tickets, connection, record)

        def mortal_give_back(tickets, subject):
            if self.left != 0:  # the dead give nothing back
                give_back(tickets, subject)

        monkeypatch.setattr(GitHubIssues, "_send", mortal_send)
        monkeypatch.setattr(Tickets, "_write", mortal_write)
        monkeypatch.setattr(Tickets, "give_back", mortal_give_back)

    def step(self):
        self.steps += 1
        if self.left > 0:
            self.left -= 1
            if self.left == 0:
                raise Killed


def empty(database):
    with database.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def dies_at(world, mortal, step):
    """Whether the next sync died at that step."""
    mortal.left = step
    try:
        world.sync()
    except Killed:
        return True
    finally:
        mortal.left = -1
    return False


def others_follow(world, github):
    """While the claim of the dead holds nobody writes; then others do."""
    calls = len(github.writes())
    assert (world.sync(seconds=1), len(github.writes())) == (0, calls)
    for _ in range(4):
        world.sync(seconds=LEASE.total_seconds() + 1)


def test_whoever_dies_while_it_opens_a_ticket_is_followed_by_one_that_makes_no_second(world, github, monkeypatch):
    mortal, step = Mortal(monkeypatch), 1
    while True:
        empty(world.engine.database)
        github.issues.clear()
        incident = world.incident()
        if not dies_at(world, mortal, step):
            break
        others_follow(world, github)
        assert len(github.issues) == 1, step
        assert [entry.kind for entry in world.engine.incidents.timeline(incident.id)].count(Kind.TICKET_OPENED) == 1, step
        step += 1
    assert step > 10


def test_whoever_dies_while_it_tells_what_happened_is_followed_by_one_that_tells_it_once(world, github, monkeypatch):
    mortal, step = Mortal(monkeypatch), 1
    while True:
        empty(world.engine.database)
        github.issues.clear()
        incident = world.incident()
        world.sync()
        world.engine.incidents.note(incident.id, said(Kind.ESCALATED, to="management"))
        if not dies_at(world, mortal, step):
            break
        world.engine.incidents.note(incident.id, said(Kind.ROLLBACK_STOPPED, failure="by a person"))
        others_follow(world, github)
        (issue,) = github.issues
        told = "\n".join(body for _, body in issue.comments)
        assert (told.count("management"), told.count("by a person")) == (1, 1), step
        assert "management" in issue.body
        assert "by a person" in issue.body
        step += 1
    assert step > 7
