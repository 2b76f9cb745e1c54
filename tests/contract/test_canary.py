"""The canary: what users have, looked at once. It calls people, resolves what it had opened, and changes nothing at the store."""

import pytest

from contract.gate_world import V
from guard.canary import run_canary
from guard.incidents.events import Kind
from guard.incidents.incident import IncidentState, Trigger
from guard.judge.verdict import Verdict
from guard.manual import Request, plan_by_hand, roll_back_by_hand


def look(world):
    return run_canary(world.engine, world.guarded)


class Stumbling:
    """A site that fails so many looks, and then is well."""

    def __init__(self, world, looks):
        self.world, self.left = world, looks
        world.guarded.passing_time = self.passing

    def passing(self):
        self.left -= 1
        self.world.guarded.failing = frozenset({"1.2.0"}) if self.left >= 0 else frozenset()


def test_what_is_well_says_so_and_opens_nothing(world):
    result = look(world)
    assert (result.assessment.verdict, result.exit_code, result.opened) == (Verdict.HEALTHY, 0, None)
    assert world.engine.incidents.all() == []


def test_what_fails_twice_opens_one_incident_and_rolls_nothing_back(world):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0"})
    first, again = look(world), look(world)
    assert (first.exit_code, first.opened.id, again.opened.id) == (1, "INC-2026-0001", "INC-2026-0001")
    (incident,) = world.engine.incidents.all()
    assert (incident.trigger, incident.version, world.store.rollbacks()) == (Trigger.CANARY, V("1.3.0"), [])
    assert world.engine.incidents.timeline(incident.id)[0].kind == Kind.OPENED_BY_CANARY
    assert world.store.calls("rollback") == []


def test_what_stumbles_once_wakes_nobody(world):
    Stumbling(world, looks=1)
    result = look(world)
    assert (result.assessment.verdict, world.engine.incidents.all()) == (Verdict.HEALTHY, [])


def test_a_site_that_changed_is_told_from_a_bad_release(world):
    world.store.publish("1.3.0", a__js="1")
    world.guarded.failing = frozenset({"1.3.0", "1.2.0"})
    assert look(world).assessment.diagnosis.cause.value == "external"


def test_what_passes_again_resolves_what_a_canary_opened_and_nothing_else(world):
    world.guarded.failing = frozenset({"1.2.0"})
    opened = look(world).opened
    world.guarded.failing = frozenset()
    result = look(world)
    assert [incident.id for incident in result.resolved] == [opened.id]
    assert world.engine.incidents.get(opened.id).state is IncidentState.RESOLVED

    world.store.publish("1.3.0", a__js="bad")
    request = Request("by hand", "alice")
    _, by_hand = roll_back_by_hand(world.engine, plan_by_hand(world.engine, world.guarded, request), request)
    assert (look(world).resolved, world.engine.incidents.get(by_hand.id).state) == ((), by_hand.state)


@pytest.mark.parametrize("settings", [{"mode": "observe"}])
def test_observe_only_says_what_it_saw(world):
    world.guarded.failing = frozenset({"1.2.0"})
    result = look(world)
    assert (result.exit_code, result.opened, world.engine.incidents.all()) == (1, None, [])
