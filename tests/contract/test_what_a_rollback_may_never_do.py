"""DESIGN, section 7, rule by rule: each is tried to be broken through the doors, over HTTP, on SQLite and PostgreSQL."""

import itertools

import pytest

from contract.gate_world import V, without_pauses
from guard.approving import NothingProposed, approve
from guard.decision.policy import AskHuman, decide
from guard.decision.safeguards import MAX_ATTEMPTS, Case
from guard.errors import RollbackRefused
from guard.judge.assessment import Assessment
from guard.judge.diagnosis import Cause, Diagnosis, Observation
from guard.judge.verdict import Verdict
from guard.manual import Request, plan_by_hand, roll_back_by_hand
from guard.model import Provenance, ReleaseState
from guard.observing import observe_release
from guard.outcome import Outcome
from guard.rollback.plan import RollbackState, StepName
from guard.severity import Severity
from guard.watcher import Watcher
from healthchecks.result import Drill, DrillVerdict


def bad_release(world, version="1.3.0"):
    world.store.publish(version, a__js=f"bad {version}")
    world.guarded.failing |= {version}


def asked_for_real(world):
    return [call for call in world.store.calls("rollback") if not call["body"].get("validateOnly", False)]


def by_hand(world, **request):
    wanted = Request("by hand", "alice", **request)
    return roll_back_by_hand(world.engine, plan_by_hand(world.engine, world.guarded, wanted), wanted)[0]


def test_rule_1_the_same_release_is_never_rolled_back_twice(world):
    bad_release(world)
    first = world.gate()
    world.gate()
    world.another_process().gate()
    Watcher(world.engine).tick()
    with pytest.raises(RollbackRefused, match=r"have the code of 1\.2\.0 already"):
        by_hand(world)
    with pytest.raises(NothingProposed):
        approve(world.engine, first.incident.id, "alice")
    assert (world.store.rollbacks(), len(asked_for_real(world))) == ([V("1.3.0.1")], 1)


def test_rule_1_a_lost_answer_is_settled_by_reading_back_and_never_asked_again_blindly(world, monkeypatch):
    without_pauses(monkeypatch)
    bad_release(world)
    world.store.break_next("rollback", "lost_answer", skip=1)  # the dry run's is heard
    result = world.gate()
    assert result.outcome is Outcome.ROLLED_BACK
    assert (world.store.rollbacks(), len(asked_for_real(world))) == ([V("1.3.0.1")], 1)


@pytest.mark.parametrize("verdict", [Verdict.HEALTHY, Verdict.NO_DATA, Verdict.INCONCLUSIVE])
def test_rule_2_nothing_is_done_without_a_breach(world, verdict):
    bad_release(world)
    release = observe_release(world.engine, world.guarded).release
    baseline = world.engine.releases.baseline_of(release.item, release.version)
    assessment = Assessment(Observation(release.version, {}), None, verdict, Diagnosis(Cause.DEPLOYMENT, "because"))
    response = Watcher(world.engine)._responder.respond(world.guarded, assessment, release, baseline)
    assert (response.incident, response.rollback, world.store.calls("rollback")) == (None, None, [])


def test_rule_2_outside_the_window_only_a_person_acts(world):
    watcher = Watcher(world.engine)
    bad_release(world)
    observe_release(world.engine, world.guarded)  # it is seen, and judged only when the window is over
    world.clock.forward(minutes=61)
    (tick,) = watcher.tick()
    assert (tick.outcome, world.store.calls("rollback")) == (Outcome.HELD, [])
    (incident,) = world.engine.incidents.all()
    assert any("rollback window" in entry.evidence for entry in world.engine.incidents.timeline(incident.id))
    record, _ = approve(world.engine, incident.id, "alice")
    assert record.state is RollbackState.COMPLETED


def test_rule_3_what_the_baseline_shows_as_well_is_not_rolled_back(world):
    bad_release(world)
    world.guarded.failing |= {"1.2.0"}
    result = world.gate()
    assert (result.outcome, world.store.calls("rollback")) == (Outcome.HELD, [])
    assert any("external" in reason for reason in result.reasons)


def test_rule_3_only_a_cause_that_going_back_cures_is_acted_on(world):
    bad_release(world)
    release = observe_release(world.engine, world.guarded).release
    baseline = world.engine.releases.baseline_of(release.item, release.version)
    for cause, severity in itertools.product(set(Cause) - {Cause.DEPLOYMENT, Cause.CONFIGURATION}, Severity):
        assessment = Assessment(Observation(release.version, {}), None, Verdict.BREACH, Diagnosis(cause, "because"))
        case = Case(assessment, release, baseline, world.engine.config.rollback_window)
        assert isinstance(decide(case, severity, world.clock()), AskHuman), cause


@pytest.mark.parametrize("state", [ReleaseState.BAD, ReleaseState.ROLLED_BACK, "blocked"])
def test_rule_4_never_back_to_a_version_that_was_bad_or_is_blocked_but_a_person_may_force_it(world, state):
    if state == "blocked":
        world.engine.orders.block(world.store.item, V("1.2.0"), "carol", "leaks")
    else:
        world.engine.releases.mark(world.store.item, V("1.2.0"), state)
    bad_release(world)
    result = world.gate()
    assert (result.outcome, world.store.calls("rollback")) == (Outcome.HELD, [])
    with pytest.raises(NothingProposed):
        approve(world.engine, result.incident.id, "alice")
    with pytest.raises(RollbackRefused, match="--force"):
        by_hand(world, to=V("1.2.0"))
    assert asked_for_real(world) == []
    assert by_hand(world, to=V("1.2.0"), force=True).state is RollbackState.COMPLETED


def test_rule_4_never_back_where_the_drill_lost_users_data_but_a_person_may_force_it(world):
    bad_release(world)
    world.guarded.drill = Drill(DrillVerdict.UNSAFE, "1.2.0", (), ("books go",))
    result = world.gate()
    assert (result.outcome, world.store.calls("rollback")) == (Outcome.HELD, [])
    with pytest.raises(NothingProposed, match=r"the rollback drill was unsafe: going back to 1\.2\.0 would do harm: books go") as refused:
        approve(world.engine, result.incident.id, "alice")
    assert refused.value.advice.endswith("a person may go back with `release-guard rollback --reason TEXT --force`")
    with pytest.raises(RollbackRefused, match="books go"):
        by_hand(world)
    assert by_hand(world, force=True).state is RollbackState.COMPLETED


def test_rule_5_never_more_than_three_attempts(world, monkeypatch):
    without_pauses(monkeypatch)
    bad_release(world)
    world.store.break_next("rollback", "status", status=503, skip=1, times=99)
    result = world.gate()
    assert result.outcome is Outcome.FAILED
    Watcher(world.engine).tick()
    world.another_process().gate()
    real = len(world.store.calls("rollback")) - 1  # without the dry run
    assert real == MAX_ATTEMPTS
    assert world.store.rollbacks() == []


@pytest.mark.parametrize("settings", [{"mode": "act", "watch": {"propagation_timeout_seconds": 2, "max_automatic_rollbacks_a_day": 2}}])
def test_rule_5_never_more_than_the_configured_number_a_day(world):
    for version in ("1.3.0", "1.4.0"):
        bad_release(world, version)
        assert world.gate(version).outcome is Outcome.ROLLED_BACK
        world.clock.forward(hours=1)
    bad_release(world, "1.5.0")
    result = world.gate("1.5.0")
    assert result.reasons == ("2 automatic rollbacks in the last 24 hours, and 2 a day are allowed (max_automatic_rollbacks_a_day)",)
    assert world.store.rollbacks() == [V("1.3.0.1"), V("1.4.0.1")]
    world.clock.forward(hours=24)
    bad_release(world, "1.6.0")
    assert world.gate("1.6.0").outcome is Outcome.ROLLED_BACK


@pytest.mark.parametrize("settings", [{"mode": "act"}, {"mode": "propose"}])
def test_rule_6_every_decision_is_on_the_timeline_with_its_evidence_taken_or_not(world, settings):
    bad_release(world)
    result = world.gate()
    timeline = world.engine.incidents.timeline(result.incident.id)
    told = {entry.event: entry.evidence for entry in timeline}
    assert "breach seen in 1.3.0" in told
    assert told["diagnosis: deployment"]
    assert "restores in about 300 s" in told["plan: ROLLBACK"]
    assert settings["mode"] in told["decision: follow the plan ROLLBACK"]
    begun = [event for event in told if event.startswith("rollback begun")]
    done = [evidence for event, evidence in told.items() if event.startswith("rollback completed")]
    assert (len(begun), len(done)) == ((1, 1) if settings["mode"] == "act" else (0, 0))
    assert all(name.value in done[0] for name in StepName) if done else True
    assert [entry.at for entry in timeline] == sorted(entry.at for entry in timeline)


def test_rule_6_a_decision_that_changes_is_written_again_and_one_that_stands_is_not(world):
    bad_release(world)
    world.guarded.failing |= {"1.2.0"}
    watcher = Watcher(world.engine)
    for _ in range(3):
        watcher.tick()
    (incident,) = world.engine.incidents.all()
    decisions = [entry for entry in world.engine.incidents.timeline(incident.id) if entry.event.startswith("decision: ")]
    assert [entry.event for entry in decisions] == ["decision: ask a person (HOTFIX is the plan)"]
    world.guarded.failing = frozenset({"1.3.0"})  # the baseline is well again: now it is the release
    world.clock.forward(minutes=20)
    watcher.tick()
    decisions = [entry for entry in world.engine.incidents.timeline(incident.id) if entry.event.startswith("decision: ")]
    assert [entry.event for entry in decisions] == ["decision: ask a person (HOTFIX is the plan)", "decision: follow the plan ROLLBACK"]
    assert all(entry.evidence for entry in decisions)


def test_rule_7_what_was_put_back_is_never_taken_for_a_new_release(world):
    bad_release(world)
    world.gate()
    restored = world.engine.releases.find(world.store.item, V("1.3.0.1"))
    assert (restored.provenance, restored.rollback_of, restored.restores) == (Provenance.ROLLBACK, V("1.3.0"), V("1.2.0"))
    world.guarded.failing |= {"1.3.0.1"}  # even if it looks bad now
    for _ in range(2):
        Watcher(world.another_process().engine).tick()
        world.gate(None)
        world.clock.forward(minutes=20)
    assert world.store.rollbacks() == [V("1.3.0.1")]
    assert world.engine.releases.baseline_of(world.store.item, V("1.4.0")).version == V("1.2.0")


def test_rule_7_a_guard_that_dies_before_it_records_where_the_version_comes_from_still_knows(world):
    bad_release(world)
    plan = plan_by_hand(world.engine, world.guarded, Request("by hand", "alice"))
    world.engine.journal.create(plan)
    world.engine.journal.begin(plan.id, StepName.PERFORM)
    world.engine.journal.count_attempt(plan.id, StepName.PERFORM)
    world.store.api.rollback(plan.item, target=plan.target, new_version=plan.new_version, reason="x")  # and the process dies here
    seen = observe_release(world.another_process().engine, world.guarded).release
    assert (seen.version, seen.provenance, seen.rollback_of) == (V("1.3.0.1"), Provenance.ROLLBACK, V("1.3.0"))
