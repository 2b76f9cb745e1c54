"""The rollback's steps over HTTP against the local store, with every way in which an answer can be lost."""

import dataclasses

import pytest

from contract.rollback_world import Killed, Mortal, V, World
from guard.errors import RollbackRefused
from guard.model import Provenance, ReleaseState
from guard.rollback.errors import AttemptsExhausted, NoOtherWay, NotPropagated, NotVerified, Superseded
from guard.rollback.plan import RollbackState, StepName, StepState
from guard.store.executors import Executors
from healthchecks.result import CheckStatus
from webstore.store_errors import StoreUnavailable


@pytest.fixture
def world(store, clock, tmp_path):
    made = World(store, clock, tmp_path)
    yield made
    made.engine.dispose()


def test_all_steps_put_the_baseline_back_once(world):
    evidence = world.run()
    assert world.store.rollbacks() == [V("1.3.0.1")]
    assert [call["body"].get("validateOnly", False) for call in world.store.calls("rollback")] == [True, False]
    assert world.checked == [(V("1.3.0.1"), V("1.2.0"))]
    assert "is the content of 1.2.0" in evidence[4]
    restored = world.releases.find(world.store.item, V("1.3.0.1"))
    assert (restored.provenance, restored.rollback_of, restored.restores) == (Provenance.ROLLBACK, V("1.3.0"), V("1.2.0"))
    assert world.releases.find(world.store.item, V("1.3.0")).state is ReleaseState.ROLLED_BACK


def test_every_step_can_be_run_again_without_harm(world):
    for name in StepName:
        world.run(name)
        world.run(name)
    assert world.store.rollbacks() == [V("1.3.0.1")]
    assert world.attempts() == 1


@pytest.mark.parametrize("kind", ["lost_answer"])
def test_a_lost_answer_is_settled_by_reading_back(world, kind):
    world.store.break_next("rollback", kind)
    (evidence,) = world.run(StepName.PERFORM)
    assert world.store.rollbacks() == [V("1.3.0.1")]
    assert len(world.store.calls("rollback")) == 1
    assert "answer was lost" in evidence


def test_a_store_that_fails_is_asked_again_after_reading_back(world):
    world.store.break_next("rollback", "status", status=503, times=2)
    world.run(StepName.PERFORM)
    assert world.store.rollbacks() == [V("1.3.0.1")]
    assert world.attempts() == 3


def test_after_three_attempts_a_person_is_needed(world):
    world.store.break_next("rollback", "status", status=503, times=9)
    with pytest.raises(AttemptsExhausted):
        world.run(StepName.PERFORM)
    assert world.store.rollbacks() == []
    assert len(world.store.calls("rollback")) == 3


def test_attempts_of_earlier_processes_count(world):
    for _ in range(3):
        world.journal.count_attempt(world.plan.id, StepName.PERFORM)
    with pytest.raises(AttemptsExhausted):
        world.run(StepName.PERFORM)
    assert world.store.calls("rollback") == []


def test_a_refusal_is_not_tried_again(world):
    world.plan = dataclasses.replace(world.plan, target=V("1.1.0"))
    for name in (StepName.PREPARE, StepName.PERFORM):
        with pytest.raises(NoOtherWay, match=r"1\.1\.0 was never published; the archive holds no package of 1\.1\.0") as failed:
            world.run(name)
        assert "archive add" in failed.value.advice
    assert world.attempts() == 1


def test_a_version_that_somebody_else_published_meanwhile_ends_it(world):
    world.store.publish("1.3.1")
    for name in (StepName.PREPARE, StepName.PERFORM):
        with pytest.raises(Superseded, match=r"1\.3\.1 is published"):
            world.run(name)
    assert world.store.rollbacks() == []


def test_an_automatic_rollback_never_goes_to_a_version_that_was_never_seen(world):
    world.plan = dataclasses.replace(world.plan, target=V("1.1.0"))
    with pytest.raises(RollbackRefused, match="never seen"):
        world.run(StepName.VALIDATE_TARGET)


def test_a_store_that_stays_down_is_said_and_not_taken_for_a_refusal(world):
    world.store.break_next("fetchStatus", "status", status=503, times=99)
    with pytest.raises(StoreUnavailable):
        world.run(StepName.PERFORM)
    assert world.store.calls("rollback") == []


def test_an_update_service_that_does_not_follow_is_said(world):
    with pytest.raises(NotPropagated):
        world.run(StepName.PROPAGATE)


def test_what_users_get_must_be_the_target(world):
    world.run(StepName.PERFORM)
    world.releases.set_digest(world.store.item, V("1.2.0"), "0" * 64)
    with pytest.raises(NotVerified, match=r"not the content of 1\.2\.0"):
        world.run(StepName.VERIFY)


@pytest.mark.parametrize("health", [CheckStatus.FAILED, CheckStatus.ERROR, CheckStatus.NOT_CONFIGURED])
def test_users_that_are_not_proved_well_are_not_well(world, health):
    world.run(StepName.PERFORM)
    world.health = health
    with pytest.raises(NotVerified, match=f"load {health}"):
        world.run(StepName.VERIFY)


def test_the_executor_writes_a_failure_and_a_bug_and_never_leaves_one_running(world, clock):
    from guard.rollback.executor import launched

    for trouble, words in (
        (Superseded("something else"), "something else"),
        (ZeroDivisionError("bug"), "unexpected ZeroDivisionError in prepare"),
    ):

        def run_step(plan, step, trouble=trouble):
            if step is StepName.PREPARE:
                raise trouble
            return "fine"

        clock.forward(seconds=1)
        world.journal.restart(world.plan)
        with launched(world.engine, world.journal, Executors(world.engine, clock), run_step) as executor:
            record = executor.execute(world.plan)
            assert executor.execute(world.plan) == record
            assert executor.resume() == []
        assert (record.state, record.failure) == (RollbackState.FAILED, words)
        assert [step.state for step in record.steps][:3] == [StepState.DONE, StepState.FAILED, StepState.PENDING]


@pytest.mark.parametrize("before", [True, False], ids=["before the call", "after it was carried out"])
@pytest.mark.parametrize("call", range(1, 9))
def test_a_process_that_dies_at_any_call_is_followed_by_one_that_finishes_it_once(world, call, before):
    world.submit("1.4.0")
    deaths = 0
    with Mortal(world.store.api, call, before=before):
        for name in StepName:
            try:
                world.steps.run(world.plan, name)
            except Killed:
                deaths += 1
                world.steps = world.process(world.store.api)
                world.steps.run(world.plan, name)
    assert deaths == 1
    assert world.published() == [("1.3.0.1", "rollback", 100)]
    assert len(world.store.calls("rollback")) <= 3
    assert world.store.calls("upload") == []
