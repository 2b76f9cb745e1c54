"""What people say to an incident, and the watch that goes on meanwhile."""

import pytest

from guard.incident_life import acknowledge, false_alarm, resolve, set_severity
from guard.incidents.events import Kind
from guard.incidents.incident import IncidentState
from guard.model import ReleaseState
from guard.outcome import Outcome
from guard.severity import Severity
from guard.watcher import Watcher


@pytest.fixture
def settings():
    return {"mode": "propose", "oncall": {"rotation": ["alice"]}, "severity": {"P1": {"text": "popup throws"}}}


@pytest.fixture
def broken(world):
    """1.3.0 is published and its popup fails; the watch has seen it once."""
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing |= {"1.3.0"}
    watch(world)
    return world


def watch(world):
    (tick,) = Watcher(world.engine).tick()
    world.clock.forward(seconds=30)
    return tick.outcome


def kinds(world, incident):
    return [entry.kind for entry in world.engine.incidents.timeline(incident.id)]


def test_the_guard_opens_with_commander_clocks_and_what_it_can_tick_itself(broken):
    (incident,) = broken.engine.incidents.all()
    standing = broken.engine.incidents.standing(incident.id)
    assert standing.commander == "alice"
    assert len(standing.clocks) == 2
    assert {"releases-listed", "logs-linked", "fixes-weighed"} <= set(standing.ticks)
    assert all(done.by == "guard" and done.evidence for done in standing.ticks.values())


def test_what_a_person_says_meanwhile_is_not_written_over_by_the_watch(broken):
    (incident,) = broken.engine.incidents.all()
    acknowledge(broken.engine, incident.id, "bob")
    set_severity(broken.engine, incident.id, Severity.P3, "bob", "only testers have it")
    for _ in range(3):
        watch(broken)
    (seen,) = broken.engine.incidents.all()
    assert (seen.severity, seen.acknowledged_by) == (Severity.P3, "bob")


def test_a_false_alarm_opens_nothing_at_the_next_look_and_the_version_is_watched_on(broken):
    (incident,) = broken.engine.incidents.all()
    false_alarm(broken.engine, incident.id, "bob", "a test of ours")
    assert [watch(broken) for _ in range(3)] == [Outcome.HELD] * 3
    assert [one.state for one in broken.engine.incidents.all()] == [IncidentState.FALSE_ALARM]
    assert kinds(broken, incident).count(Kind.SEEN_AGAIN) == 1
    assert broken.state_of("1.3.0") is ReleaseState.WATCHED


def test_a_breach_that_is_there_still_reopens_what_was_resolved_too_soon(broken):
    (incident,) = broken.engine.incidents.all()
    broken.engine.releases.mark(incident.item, incident.version, ReleaseState.WATCHED)
    resolve(broken.engine, incident.id, "bob", "gone, I think")
    watch(broken)
    (seen,) = broken.engine.incidents.all()
    assert seen.state.is_open
    assert kinds(broken, incident).count(Kind.REOPENED) == 1
