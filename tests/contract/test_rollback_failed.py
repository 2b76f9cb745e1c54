"""A rollback that fails calls people, once; one whose process died is told of on its incident; the webhook comes from the configuration."""

import contextlib

import pytest

from contract.gate_world import V
from guard.config import Config
from guard.incidents.incident import IncidentState
from guard.manual import Request, plan_by_hand, roll_back_by_hand
from guard.outcome import Outcome
from guard.responder import Responder
from guard.rollback.plan import RollbackState, StepName
from guard.severity import Severity
from guard.store.actor_lock import acting
from webstore.package import Package

FAILED = "rollback failed"


def by_hand(world, reason="by hand", to=None):
    request = Request(reason, "alice", to)
    return roll_back_by_hand(world.engine, plan_by_hand(world.engine, world.guarded, request), request)


def failures(world, incident):
    return [entry for entry in world.engine.incidents.timeline(incident.id) if entry.event.startswith(FAILED)]


@pytest.mark.parametrize(("reason", "before", "after"), [("popup is blank", "P3", "P2"), ("a leak", "P0", "P0")])
def test_a_failed_rollback_raises_the_severity_by_one_level_and_says_that_a_person_is_needed(world, reason, before, after):
    world.store.publish("1.3.0", a__js="bad")
    record, incident = by_hand(world, reason, V("1.1.0"))
    assert (record.state, incident.state, incident.severity) == (RollbackState.FAILED, IncidentState.INVESTIGATING, Severity[after])
    assert world.engine.incidents.get(incident.id) == incident
    (told,) = failures(world, incident)
    assert "never published; the archive holds no package of 1.1.0; a person is needed" in told.event
    assert told.event.endswith(f"severity raised from {before} to {after}") == (before != after)


def test_a_second_failure_raises_nothing_more(world):
    world.store.publish("1.3.0", a__js="bad")
    by_hand(world, to=V("1.1.0"))
    world.clock.forward(seconds=1)
    record, incident = by_hand(world, to=V("1.0.0"))
    assert (record.state, incident.severity) == (RollbackState.FAILED, Severity.P2)
    assert [("raised" in told.event) for told in failures(world, incident)] == [True, False]


@pytest.mark.parametrize("target", ["1.2.0", "1.1.0"])
def test_a_rollback_that_ended_as_its_process_died_is_told_once_by_the_next(world, target, monkeypatch):
    world.store.publish("1.3.0", a__js="bad")
    responder = Responder(world.engine)
    request = Request("by hand", "alice", V(target))
    plan = plan_by_hand(world.engine, world.guarded, request)
    died = RuntimeError("killed")

    def die(*_arguments):
        raise died

    with monkeypatch.context() as dying:
        dying.setattr(Responder, "conclude", die)
        with pytest.raises(RuntimeError):
            roll_back_by_hand(world.engine, plan, request)
    (incident,) = world.engine.incidents.all()
    assert incident.state is IncidentState.MITIGATING
    assert world.engine.journal.unfinished() == []
    for _ in range(2):
        assert responder.resume() == []
    ended = world.engine.incidents.get(incident.id)
    if target == "1.2.0":
        assert (ended.state, failures(world, ended)) == (IncidentState.MONITORING, [])
        assert [str(version) for version in world.store.rollbacks()] == ["1.3.0.1"]
    else:
        assert (ended.state, ended.severity, len(failures(world, ended))) == (IncidentState.INVESTIGATING, Severity.P2, 1)


def test_the_gate_goes_the_other_way_where_the_store_refuses(world):
    world.store.state.behaviour.offers_rollback = False
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0"})
    result = world.gate()
    assert (result.outcome, result.incident.state.value) == (Outcome.ROLLED_BACK, "resolved")
    newest = world.store.state.history(world.store.item)[-1]
    assert (str(newest.version), newest.source.value, newest.deploy_percentage) == ("1.3.0.1", "upload", 100)
    assert newest.package.code_digest == Package.of(world.store.state.history(world.store.item)[0].package.files).code_digest
    assert world.engine.releases.find(world.store.item, V("1.3.0.1")).restores == V("1.2.0")


@pytest.mark.parametrize("settings", [{"rollback": {"webhook_env": "TEAM_HOOK"}}])
def test_the_webhook_is_the_one_that_the_configuration_names_the_variable_of(world, monkeypatch):
    monkeypatch.setenv("TEAM_HOOK", "http://hooks.example/secret")
    world.store.publish("1.3.0", a__js="bad")
    record, _ = by_hand(world)
    assert record.state is RollbackState.COMPLETED
    last = record.steps[-1]
    assert (last.name, "the webhook was not told" in last.evidence) == (StepName.UPDATE_CONFIGURATION, True)
    assert "secret" not in last.evidence


def test_a_rollout_in_parts_is_planned_from_its_share(world):
    world.store.publish("1.3.0", percentage=5, a__js="bad")
    plan = plan_by_hand(world.engine, world.guarded, Request("by hand", "alice"))
    assert plan.from_percentage == 5
    record, incident = by_hand(world)
    assert record.plan.from_percentage == 5
    begun = next(entry.event for entry in world.engine.incidents.timeline(incident.id) if entry.event.startswith("rollback begun"))
    assert "rolled out to 5 % of users, and a rollback publishes to everybody" in begun
    assert world.store.calls("setPublishedDeployPercentage") == []


def test_keys_of_the_rollback_are_checked():
    extension = [{"id": "a" * 32, "publisher": "p"}]
    config = Config.model_validate({"extension": extension, "watch": {"review_timeout_seconds": 5}})
    assert (config.watch.review_timeout_seconds, config.rollback.webhook_env) == (5, None)
    with pytest.raises(ValueError, match="webhook_env"):
        Config.model_validate({"extension": extension, "rollback": {"webhook_env": "https://hooks.example/secret"}})


def begun_elsewhere(world):
    """A rollback that another process has begun; that process."""
    world.store.publish("1.3.0", a__js="bad")
    plan = plan_by_hand(world.engine, world.guarded, Request("by hand", "alice"))
    world.engine.journal.create(plan)
    other = world.engine.executors.join("act")
    world.engine.executors.claims.take(plan.id, other.id, [])
    return plan, other


def living(world):
    """As long as the block lasts the other process holds what the living hold: on a file its lock. On a server its heart beats."""
    return acting(world.engine.database) if world.engine.database.dialect.name == "sqlite" else contextlib.nullcontext()


def test_a_gate_waits_for_a_living_process_that_rolls_its_release_back(world):
    plan, other = begun_elsewhere(world)

    def meanwhile(paused):
        world.engine.executors.beat(other)
        if paused >= 60:
            world.engine.journal.finish(plan.id, RollbackState.COMPLETED)

    with living(world):
        result = world.gate(meanwhile=meanwhile)
    assert (result.outcome, world.store.calls("rollback")) == (Outcome.ROLLED_BACK, [])


def test_a_gate_finishes_what_a_process_left_that_is_found_dead(world):
    plan, _ = begun_elsewhere(world)
    result = world.gate()
    assert (result.outcome, result.rollback.plan.id) == (Outcome.ROLLED_BACK, plan.id)
    assert [str(version) for version in world.store.rollbacks()] == ["1.3.0.1"]


def test_a_gate_does_not_wait_for_ever(world):
    _, other = begun_elsewhere(world)
    with living(world):
        result = world.gate(meanwhile=lambda _paused: world.engine.executors.beat(other))
    assert (result.outcome, result.rollback.is_unfinished, world.store.rollbacks()) == (Outcome.FAILED, True, [])
