"""Action items of record: numbered once, changed by one at a time, told on the timelines of their incidents; on both databases."""

import threading

import pytest

from contract.github_issues import github_issues
from contract.ticket_world import a_world
from guard.errors import NotRecorded
from guard.incidents.action_items import ActionRefused, ActionState, IncidentClass
from guard.incidents.events import Kind


@pytest.fixture
def world(database, clock, tmp_path, monkeypatch):
    with github_issues(clock) as github:
        yield a_world(database, clock, github, tmp_path, monkeypatch)


def test_an_item_is_read_as_it_was_written(world):
    incidents = tuple(world.incident(mark=mark).id for mark in "fe")
    prevents = IncidentClass.parse(f"{'a' * 32}/extension_crashes/resource-exhaustion")
    written = world.action(incidents=incidents, prevents=prevents, estimated_preventions=3)
    assert written.id == "ACT-2026-0001"
    assert world.actions().get("act-2026-0001 ") == written
    assert world.actions().of(incidents[1]) == [written]
    assert world.actions().of("INC-2026-0099") == []
    with pytest.raises(NotRecorded, match="ACT-1999-0001"):
        world.actions().get("ACT-1999-0001")


def test_its_life_stands_on_the_timelines_of_its_incidents(world):
    incident = world.incident()
    item = world.action(incidents=(incident.id,))
    world.actions().move(world.actions().move(item, ActionState.IN_PROGRESS, "alice"), ActionState.DONE, "alice")
    world.actions().move(world.action("drop me", incidents=(incident.id,)), ActionState.DROPPED, "bob", "too much work")
    told = [(entry.actor, entry.event) for entry in world.engine.incidents.timeline(incident.id) if entry.kind.startswith("action_")]
    assert told == [
        ("bob", "action item ACT-2026-0001: add a canary"),
        ("alice", "action item ACT-2026-0001 is done: add a canary"),
        ("bob", "action item ACT-2026-0002: drop me"),
        ("bob", "action item ACT-2026-0002 is dropped: too much work"),
    ]
    assert {entry.kind for entry in world.engine.incidents.timeline(incident.id)} >= {
        Kind.ACTION_ADDED,
        Kind.ACTION_DONE,
        Kind.ACTION_DROPPED,
    }


def test_an_item_of_an_incident_that_nobody_knows_is_not_written(world):
    with pytest.raises(NotRecorded):
        world.action(incidents=("INC-2026-0099",))
    assert world.actions().all() == []


def test_many_who_add_at_once_get_a_number_each(world):
    found, start = [], threading.Barrier(8)

    def add():
        start.wait()
        found.extend(world.action().id for _ in range(5))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [f"ACT-2026-{number:04d}" for number in range(1, 41)]


def test_of_two_who_end_an_item_at_once_one_does(world):
    for _ in range(20):
        item, start, ended = world.action(), threading.Barrier(2), []

        def end(state, item=item, start=start, ended=ended):
            start.wait()
            try:
                ended.append(world.actions().move(item, state, "alice", "so").state)
            except ActionRefused:
                ended.append(None)

        threads = [threading.Thread(target=end, args=(state,)) for state in (ActionState.DONE, ActionState.DROPPED)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ended.count(None) == 1
        assert world.actions().get(item.id).state in ended
