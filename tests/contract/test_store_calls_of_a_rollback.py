"""How often the store is asked between the verdict and its acceptance of the rollback: each call keeps users waiting for a third of a second.

tests/benchmarks/acceptance_speed.py measures how long that takes.
"""

import pytest

from contract.gate_world import V
from contract.rollback_world import Killed, Mortal
from contract.rollback_world import World as Steps
from guard.judge.verdict import Verdict
from guard.outcome import Outcome
from guard.responder import Responder
from guard.rollback.errors import Superseded
from guard.rollback.plan import Act, StepName, StepState

REACH = ["queryMetrics"]
"""How many users there are: read once in ten minutes, and only when there are affected users to scale by it."""
WAY = ["fetchStatus", "rollback (dry run)"]
ACCEPTED = ["rollback"]


def calls(world):
    def told(call):
        return f"{call['method']} (dry run)" if (call["body"] or {}).get("validateOnly") else call["method"]

    return [told(call) for call in world.store._local("GET", "calls")]


@pytest.fixture
def since_verdict(world, monkeypatch):
    """The calls from the first breach to the store's acceptance, once the gate has ended."""
    begun, respond = [], Responder.respond

    def responding(responder, guarded, assessment, release, baseline):
        if assessment.verdict is Verdict.BREACH:
            begun.append(len(calls(world)))
        return respond(responder, guarded, assessment, release, baseline)

    monkeypatch.setattr(Responder, "respond", responding)

    def found():
        since = calls(world)[begun[0] :]
        return since[: since.index("rollback") + 1]

    return found


@pytest.mark.parametrize("settings", [{"mode": "act"}])
def test_a_failed_check_leads_to_the_rollback_in_four_calls(world, since_verdict):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing |= {"1.3.0"}
    assert world.gate().outcome is Outcome.ROLLED_BACK
    assert since_verdict() == [*REACH, *WAY, *ACCEPTED]


def test_a_submission_that_waits_costs_two_calls_more(world, since_verdict):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing |= {"1.3.0"}
    world.store.state.behaviour.review = world.engine.config.rollback_window * 2
    world.store.publish("1.4.0")
    assert world.gate().outcome is Outcome.ROLLED_BACK
    assert since_verdict() == [*REACH, "fetchStatus", "cancelSubmission", "fetchStatus", "rollback (dry run)", *ACCEPTED]


class TestBySentry:
    """The same when it is users who see errors."""

    @pytest.fixture
    def settings(self, visitors):
        return visitors.settings()

    def test_errors_lead_to_the_rollback_in_four_calls(self, published, visitors, since_verdict):
        visitors.come("1.3.0", 400, 200)
        assert published.gate().outcome is Outcome.ROLLED_BACK
        assert since_verdict() == [*REACH, *WAY, *ACCEPTED]
        assert published.store.rollbacks() == [V("1.3.0.1")]


@pytest.fixture
def steps(store, clock, tmp_path):
    made = Steps(store, clock, tmp_path)
    yield made
    made.engine.dispose()


def journalled(steps, name):
    """Run a step as the executor does; the calls that it made."""
    before = len(calls(steps))
    steps.journal.begin(steps.plan.id, name)
    (evidence,) = steps.run(name)
    steps.journal.end(steps.plan.id, name, StepState.DONE, evidence)
    return calls(steps)[before:]


def test_what_was_read_a_moment_ago_is_not_read_again_before_the_first_call(steps, clock):
    journalled(steps, StepName.PREPARE)
    clock.forward(seconds=5)
    assert journalled(steps, StepName.PERFORM) == ["rollback", "fetchStatus"]


@pytest.mark.parametrize("seconds", [6, -1])
def test_what_was_read_longer_ago_or_by_a_clock_that_is_ahead_is_read_again(steps, clock, seconds):
    journalled(steps, StepName.PREPARE)
    clock.forward(seconds=seconds)
    assert journalled(steps, StepName.PERFORM) == ["fetchStatus", "rollback", "fetchStatus"]


def test_another_version_that_is_published_meanwhile_is_seen_when_it_is_read_again(steps, clock):
    journalled(steps, StepName.PREPARE)
    steps.store.publish("1.3.1")
    clock.forward(seconds=6)
    with pytest.raises(Superseded):
        steps.run(StepName.PERFORM)
    assert calls(steps).count("rollback") == 0


@pytest.mark.parametrize("before", [True, False], ids=["before the call", "after it was carried out"])
def test_once_the_call_may_have_been_heard_the_store_is_read_first_however_soon(steps, before):
    journalled(steps, StepName.PREPARE)
    with Mortal(steps.store.api, 1, before=before), pytest.raises(Killed):
        journalled(steps, StepName.PERFORM)
    again = journalled(steps, StepName.PERFORM)
    assert (again[0], again.count("rollback")) == ("fetchStatus", 1 if before else 0)
    assert steps.store.rollbacks() == [V("1.3.0.1")]


def test_a_call_of_an_earlier_attempt_that_is_not_accounted_for_is_looked_for_first(steps):
    steps.journal.begin_act(steps.plan.id, Act.STORE_ROLLBACK)  # as it outlives a rollback that failed and is tried again
    journalled(steps, StepName.PREPARE)
    assert journalled(steps, StepName.PERFORM)[:2] == ["fetchStatus", "rollback"]


def test_what_somebody_else_has_put_back_already_is_not_asked_for(steps):
    steps.store.state.rollback(steps.store.item, target="1.2.0", new_version="1.3.0.1", reason="by hand")
    assert journalled(steps, StepName.PREPARE) == ["fetchStatus"]
    assert journalled(steps, StepName.PERFORM) == ["fetchStatus"]
