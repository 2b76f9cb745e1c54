"""What people order, at the gate, in the watch and by hand: approve, abort, pause, block, and the team's own repair commands."""

import dataclasses
import sys
from datetime import timedelta

import pytest

from contract.gate_world import V
from factories import a_package
from guard import approving
from guard.approving import NothingProposed, ProposalOutdated, TooLate, approve, call_off
from guard.decision.orders import Proposal, ProposalState
from guard.errors import ConfigurationError, ExitCode, RollbackRefused, UsageError
from guard.incidents.incident import IncidentState
from guard.manual import Request, plan_by_hand, repair_plan_by_hand, roll_back_by_hand
from guard.model import ReleaseState
from guard.observing import SnapshotRefused, snapshot
from guard.ordering import NotOrdered, block, pause, resume, unblock
from guard.outcome import Outcome, rollback_json
from guard.repairing import NothingToRun, find_job, run_job, without_secrets
from guard.responder import Responder
from guard.rollback.plan import RollbackState, StepName
from guard.rollback.steps import RollbackSteps
from guard.store.orders import Orders
from guard.tables import RepairTable
from guard.watcher import Watcher
from healthchecks.result import Drill, DrillVerdict


def bad_release(world, version="1.3.0"):
    world.store.publish(version, a__js="bad")
    world.guarded.failing |= {version}


def events(world, incident):
    return [entry.event for entry in world.engine.incidents.timeline(incident.id)]


@pytest.fixture
def proposed(world):
    """A bad release in the mode that leaves the yes to a person."""
    bad_release(world)
    result = world.gate()
    return result.incident


propose = pytest.mark.parametrize("settings", [{"mode": "propose"}])


@propose
def test_a_proposal_is_on_the_timeline_with_its_plan_and_the_command_that_says_yes(world, proposed):
    timeline = world.engine.incidents.timeline(proposed.id)
    (plan,) = [entry for entry in timeline if entry.event == "plan: ROLLBACK"]
    assert "restores in about 300 s, risk low; users' data: unknown" in plan.evidence
    assert "not HOTFIX: it takes 1800 s" in plan.evidence
    (offer,) = [entry for entry in timeline if entry.event.startswith("proposed: ")]
    assert offer.event == "proposed: put the code of 1.2.0 back in place of 1.3.0, as 1.3.0.1"
    assert f"release-guard rollback approve {proposed.id} --by NAME" in offer.evidence


@propose
def test_an_approved_proposal_is_carried_out_once_and_says_who_approved_it(world, proposed):
    record, incident = approve(world.engine, proposed.id, "alice")
    assert (record.state, record.plan.automatic, incident.state) == (RollbackState.COMPLETED, False, IncidentState.MONITORING)
    entries = world.engine.incidents.timeline(incident.id)
    (said,) = [entry for entry in entries if entry.event.startswith("proposed rollback approved: ")]
    assert said.actor == "alice"
    with pytest.raises(NothingProposed, match=r"rolled back already, as 1\.3\.0\.1"):
        approve(world.engine, proposed.id, "bob")
    assert world.store.rollbacks() == [V("1.3.0.1")]


@propose
def test_a_yes_that_a_dead_process_left_half_done_is_done_by_the_next_that_says_it(world, proposed):
    plan = plan_by_hand(world.engine, world.guarded, Request("popup is blank", "alice"))
    world.engine.orders.approve(world.engine.orders.proposal_for(plan.item, plan.from_version), "alice")
    world.engine.journal.create(plan)
    world.engine.journal.begin(plan.id, StepName.VALIDATE_TARGET)
    record, _ = approve(world.another_process().engine, proposed.id, "bob")
    assert (record.state, world.store.rollbacks()) == (RollbackState.COMPLETED, [V("1.3.0.1")])
    with pytest.raises(NothingProposed, match=r"rolled back already, as 1\.3\.0\.1; alice had approved it"):
        approve(world.engine, proposed.id, "bob")


@propose
def test_a_yes_is_not_taken_when_the_rollback_is_called_off_while_it_is_planned(world, proposed, monkeypatch):
    planned = approving.plan_by_hand

    def and_meanwhile(*arguments):
        plan = planned(*arguments)
        call_off(world.another_process().engine, proposed.id, "bob", "a fix is out")
        return plan

    monkeypatch.setattr(approving, "plan_by_hand", and_meanwhile)
    with pytest.raises(RollbackRefused, match="called off by bob: a fix is out"):
        approve(world.engine, proposed.id, "alice")
    assert (world.store.calls("rollback"), world.engine.journal.all(world.store.item)) == ([], [])
    assert not any("approved" in event for event in events(world, proposed))


@propose
def test_two_who_roll_back_by_hand_with_the_same_plan_do_it_once(world, proposed):
    request = Request("by hand", "alice")
    plan = plan_by_hand(world.engine, world.guarded, request)
    roll_back_by_hand(world.engine, plan, request)
    with pytest.raises(RollbackRefused, match=r"1\.3\.0 was rolled back meanwhile, as 1\.3\.0\.1"):
        roll_back_by_hand(world.another_process().engine, plan, dataclasses.replace(request, actor="bob"))
    assert world.store.rollbacks() == [V("1.3.0.1")]
    assert len([event for event in events(world, proposed) if event.startswith("rollback begun")]) == 1


@propose
def test_an_approval_is_refused_when_another_version_is_published_now(world, proposed):
    world.store.publish("1.4.0", a__js="fix")
    with pytest.raises(
        ProposalOutdated, match=r"proposed was the code of 1\.2\.0 in place of 1\.3\.0, as 1\.3\.0\.1; what would be done now"
    ):
        approve(world.engine, proposed.id, "alice")
    assert world.store.rollbacks() == []


@propose
def test_an_approval_is_refused_when_the_target_is_no_longer_good(world, proposed):
    world.engine.releases.mark(world.store.item, V("1.2.0"), ReleaseState.BAD)
    with pytest.raises(RollbackRefused, match="no earlier version"):
        approve(world.engine, proposed.id, "alice")
    assert world.store.rollbacks() == []


@propose
def test_an_approval_is_refused_when_the_drill_has_meanwhile_lost_data(world, proposed):
    unsafe = Drill(DrillVerdict.UNSAFE, "1.2.0", (), ("books go",))
    world.engine.drills.record(world.store.item, V("1.3.0"), unsafe, world.clock())
    with pytest.raises(RollbackRefused, match="books go"):
        approve(world.engine, proposed.id, "alice")
    assert world.store.rollbacks() == []


@propose
def test_an_approval_is_refused_when_the_incident_is_closed(world, proposed):
    world.engine.incidents.move(proposed, IncidentState.RESOLVED, "closed by hand")
    with pytest.raises(NothingProposed, match="resolved"):
        approve(world.engine, proposed.id, "alice")


@propose
def test_an_approval_is_refused_after_a_failure_which_needs_a_person_to_choose(world, proposed):
    world.guarded.failing |= {"1.3.0.1"}
    record, _ = approve(world.engine, proposed.id, "alice")
    assert record.state is RollbackState.FAILED
    with pytest.raises(NothingProposed, match="failed") as refused:
        approve(world.engine, proposed.id, "alice")
    assert "release-guard rollback --reason" in refused.value.advice


def test_what_no_rollback_cures_has_nothing_to_approve(world):
    bad_release(world)
    world.guarded.failing |= {"1.2.0"}
    result = world.gate()
    with pytest.raises(NothingProposed, match="the plan is HOTFIX"):
        approve(world.engine, result.incident.id, "alice")


@propose
def test_what_a_person_calls_off_is_neither_approved_nor_proposed_again(world, proposed):
    off = call_off(world.engine, proposed.id, "bob", "a fix is out in an hour")
    assert not off.under_way
    with pytest.raises(NothingProposed, match="called off by bob: a fix is out"):
        approve(world.engine, proposed.id, "alice")
    before = len(events(world, proposed))
    for _ in range(3):
        Watcher(world.engine).tick()
    later = events(world, proposed)
    assert not [event for event in later[before:] if event.startswith("proposed")]
    assert later[before:] == ["plan: ROLLBACK", "decision: ask a person (ROLLBACK is the plan)"]
    assert "called off by bob" in world.engine.incidents.timeline(proposed.id)[-1].evidence


def test_what_a_person_calls_off_is_not_acted_on_even_where_the_guard_may_act(world):
    bad_release(world)
    pause(world.engine, None, "carol", "look first")
    incident = world.gate().incident
    call_off(world.engine, incident.id, "bob", "we know")
    resume(world.engine, None, "carol")
    (tick,) = Watcher(world.engine).tick()
    assert (tick.outcome, world.store.rollbacks()) == (Outcome.HELD, [])


@propose
def test_a_person_who_calls_off_may_still_roll_back_by_hand(world, proposed):
    call_off(world.engine, proposed.id, "bob", "no")
    request = Request("yes after all", "bob")
    record, _ = roll_back_by_hand(world.engine, plan_by_hand(world.engine, world.guarded, request), request)
    assert record.state is RollbackState.COMPLETED
    assert world.engine.orders.proposal_for(world.store.item, V("1.3.0")).state is ProposalState.APPROVED


@propose
def test_a_rollback_that_a_dead_process_left_before_the_store_was_asked_is_called_off(world, proposed):
    request = Request("by hand", "alice")
    plan = plan_by_hand(world.engine, world.guarded, request)
    world.engine.journal.create(plan)
    world.engine.journal.begin(plan.id, StepName.VALIDATE_TARGET)
    off = call_off(world.another_process().engine, proposed.id, "bob", "not now")
    record = world.engine.journal.get(plan.id)
    assert (off.under_way, record.state) == (False, RollbackState.STOPPED)
    assert record.failure == "stopped by a person's order: the rollback of 1.3.0 was called off by bob: not now"
    assert world.store.calls("rollback") == []
    with pytest.raises(NothingProposed, match="called off by bob: not now"):
        approve(world.engine, proposed.id, "alice")
    world.clock.forward(seconds=1)
    record, _ = roll_back_by_hand(world.engine, plan_by_hand(world.engine, world.guarded, request), request)
    assert (record.state, world.store.rollbacks()) == (RollbackState.COMPLETED, [V("1.3.0.1")])


@pytest.mark.parametrize("order", ["call off", "pause"])
def test_a_rollback_under_way_stops_before_the_store_is_asked_and_is_no_worse_an_incident_for_it(world, monkeypatch, order):
    run = RollbackSteps.run

    def meanwhile(steps, plan, step):
        if step is StepName.PREPARE:  # another process writes the order while this one works
            other = Orders(world.engine.database, world.clock)
            if order == "pause":
                other.pause(None, "bob", "look first")
            else:
                (incident,) = world.engine.incidents.all()
                other.decide(Proposal(plan.item, plan.from_version, incident.id, "ROLLBACK"), ProposalState.CALLED_OFF, "bob", "look first")
        return run(steps, plan, step)

    monkeypatch.setattr(RollbackSteps, "run", meanwhile)
    bad_release(world)
    result = world.gate()
    assert (result.outcome, world.store.rollbacks()) == (Outcome.HELD, [])
    assert [call["body"]["validateOnly"] for call in world.store.calls("rollback")] == [True]
    assert (result.rollback.state, result.exit_code) == (RollbackState.STOPPED, ExitCode.BREACH)
    assert rollback_json(result.rollback)["state"] == "stopped"
    assert "stopped by a person's order" in result.reasons[0]
    assert "look first" in result.reasons[0]
    told = events(world, result.incident)
    assert any(event.startswith("rollback stopped by a person's order") for event in told)
    assert not any("severity raised" in event for event in told)
    assert Watcher(world.engine).tick()[0].outcome is Outcome.HELD


@propose
def test_a_rollback_that_the_store_was_asked_for_is_taken_to_its_end(world, proposed):
    plan = plan_by_hand(world.engine, world.guarded, Request("by hand", "alice"))
    world.engine.journal.create(plan)
    world.engine.journal.begin(plan.id, StepName.PERFORM)
    world.engine.journal.count_attempt(plan.id, StepName.PERFORM)
    with pytest.raises(TooLate, match="the store was asked"):
        call_off(world.engine, proposed.id, "bob", "not now")
    assert [record.state for record in Responder(world.engine).resume()] == [RollbackState.COMPLETED]
    with pytest.raises(TooLate, match="rolled back already") as late:
        call_off(world.engine, proposed.id, "bob", "not now")
    assert "it is done; to give users the code of 1.3.0 again, publish it under a higher number" in late.value.advice


@propose
def test_a_rollback_that_has_failed_is_not_called_off_but_said_to_have_failed(world, proposed):
    world.store.break_next("rollback", "status", status=403, times=99)
    record, _ = approve(world.engine, proposed.id, "alice")
    assert record.state is RollbackState.FAILED
    with pytest.raises(TooLate, match=r"the rollback of 1\.3\.0 has failed already: .*refused") as late:
        call_off(world.engine, proposed.id, "bob", "not now")
    assert "a person may, with `release-guard rollback --reason TEXT`; see `release-guard rollback history`" in late.value.advice
    assert world.engine.orders.proposal_for(world.store.item, V("1.3.0")).state is ProposalState.APPROVED


def test_nothing_is_called_off_that_is_over(world):
    bad_release(world)
    incident = world.gate().incident
    with pytest.raises(NothingProposed, match="resolved"):
        call_off(world.engine, incident.id, "bob", "why")


def test_while_paused_nothing_is_acted_on_and_afterwards_the_next_poll_acts(world):
    pause(world.engine, None, "alice", "store maintenance")
    bad_release(world)
    watcher = Watcher(world.engine)
    (tick,) = watcher.tick()
    assert (tick.outcome, world.store.rollbacks()) == (Outcome.HELD, [])
    assert "paused by alice" in tick.paused
    assert "store maintenance" in tick.paused
    (incident,) = world.engine.incidents.all()
    assert any("store maintenance" in entry.evidence for entry in world.engine.incidents.timeline(incident.id))
    resume(world.engine, None, "bob")
    (tick,) = watcher.tick()
    assert (tick.outcome, tick.paused, world.store.rollbacks()) == (Outcome.ROLLED_BACK, "", [V("1.3.0.1")])
    told = events(world, incident)
    assert told.index("automatic actions resumed") < told.index("decision: follow the plan ROLLBACK")


def test_another_process_obeys_a_pause_at_its_next_poll(world):
    watching = Watcher(world.engine)
    watching.tick()
    bad_release(world)
    pause(world.another_process().engine, world.store.item, "alice", "one extension")
    (tick,) = watching.tick()
    assert (tick.outcome, world.store.rollbacks()) == (Outcome.HELD, [])


def test_a_pause_and_its_end_are_on_open_incidents_with_who_said_so(world):
    bad_release(world)
    world.guarded.failing |= {"1.2.0"}
    incident = world.gate().incident
    pause(world.engine, None, "alice", "look first")
    pause(world.engine, None, "carol", "again")
    resume(world.engine, None, "bob")
    said = [(entry.event, entry.actor) for entry in world.engine.incidents.timeline(incident.id)[-2:]]
    assert said == [("automatic actions paused", "alice"), ("automatic actions resumed", "bob")]
    with pytest.raises(NotOrdered):
        resume(world.engine, None, "bob")


def test_a_gate_says_that_it_is_paused_and_holds(world):
    pause(world.engine, None, "alice", "look first")
    bad_release(world)
    result = world.gate()
    assert result.outcome is Outcome.HELD
    assert result.reasons == (world.engine.orders.pauses()[0].words,)


def test_people_may_roll_back_while_the_guard_is_paused(world):
    pause(world.engine, None, "alice", "look first")
    bad_release(world)
    request = Request("by hand", "bob")
    record, _ = roll_back_by_hand(world.engine, plan_by_hand(world.engine, world.guarded, request), request)
    assert record.state is RollbackState.COMPLETED


def test_a_pause_stops_an_automatic_rollback_that_another_process_had_only_planned(world):
    bad_release(world)
    plan = dataclasses.replace(plan_by_hand(world.engine, world.guarded, Request("x", "alice")), automatic=True)
    world.engine.journal.create(plan)
    pause(world.engine, None, "alice", "look first")
    (record,) = Responder(world.engine).resume()
    assert (record.state, world.store.calls("rollback")) == (RollbackState.STOPPED, [])
    assert "paused by alice" in record.failure


@propose
def test_what_a_pause_stopped_is_carried_out_when_a_person_approves_it(world, proposed):
    plan = dataclasses.replace(plan_by_hand(world.engine, world.guarded, Request("x", "alice")), automatic=True)
    world.engine.journal.create(plan)
    pause(world.engine, None, "alice", "look first")
    (stopped,) = Responder(world.engine).resume()
    assert stopped.state is RollbackState.STOPPED
    world.clock.forward(seconds=1)
    record, incident = approve(world.engine, proposed.id, "bob")
    assert (record.state, record.plan.automatic, incident.state) == (RollbackState.COMPLETED, False, IncidentState.MONITORING)
    assert world.store.rollbacks() == [V("1.3.0.1")]


def test_an_empty_name_or_reason_is_no_order(world):
    for by, reason in (("", "x"), ("x", " "), ("x" * 200, "x")):
        with pytest.raises(UsageError):
            pause(world.engine, None, by, reason)
    assert world.engine.orders.pauses() == []


def test_a_blocked_version_is_a_target_only_for_a_person_who_forces_it(world):
    block(world.engine, world.store.item, V("1.2.0"), "alice", "leaks")
    bad_release(world)
    result = world.gate()
    assert (result.outcome, world.store.rollbacks()) == (Outcome.HELD, [])
    request = Request("by hand", "bob", V("1.2.0"))
    with pytest.raises(RollbackRefused, match=r"1\.2\.0 is blocked by alice .*leaks.*--force"):
        plan_by_hand(world.engine, world.guarded, request)
    forced = dataclasses.replace(request, force=True)
    record, _ = roll_back_by_hand(world.engine, plan_by_hand(world.engine, world.guarded, forced), forced)
    assert record.state is RollbackState.COMPLETED


def test_a_blocked_version_is_taken_as_good_by_no_snapshot(world):
    block(world.engine, world.store.item, V("1.2.0"), "alice", "leaks")
    with pytest.raises(SnapshotRefused, match=r"1\.2\.0 is blocked by alice"):
        snapshot(world.engine, world.guarded)


def test_a_version_that_is_blocked_and_was_never_seen_is_refused_too(world):
    world.store.publish("1.3.0", a__js="bad")
    block(world.engine, world.store.item, V("1.1.0"), "alice", "old")
    with pytest.raises(RollbackRefused, match="blocked by alice"):
        plan_by_hand(world.engine, world.guarded, Request("by hand", "bob", V("1.1.0")))
    unblock(world.engine, world.store.item, V("1.1.0"), "alice")
    assert plan_by_hand(world.engine, world.guarded, Request("by hand", "bob", V("1.1.0"))).target == V("1.1.0")
    with pytest.raises(NotOrdered):
        unblock(world.engine, world.store.item, V("1.1.0"), "alice")


def test_a_target_that_is_blocked_after_the_planning_stops_an_automatic_rollback(world):
    bad_release(world)
    plan = dataclasses.replace(plan_by_hand(world.engine, world.guarded, Request("x", "alice")), automatic=True)
    world.engine.journal.create(plan)
    block(world.engine, world.store.item, V("1.2.0"), "alice", "leaks")
    (record,) = Responder(world.engine).resume()
    assert (record.state, world.store.calls("rollback")) == (RollbackState.STOPPED, [])


def test_a_plan_by_hand_says_what_the_drill_found_and_who_chose_it(world):
    bad_release(world)
    world.engine.drills.record(world.store.item, V("1.3.0"), Drill(DrillVerdict.SAFE, "1.2.0"), world.clock())
    request = Request("popup is blank", "alice")
    repair = repair_plan_by_hand(world.engine, plan_by_hand(world.engine, world.guarded, request), request)
    assert repair.data.verdict is DrillVerdict.SAFE
    assert {other.why for other in repair.others} == {"alice chose the rollback"}


def test_a_hotfix_plan_names_what_waits_for_review(world):
    bad_release(world)
    world.guarded.failing |= {"1.2.0"}
    world.store.state.upload(world.store.item, a_package("1.4.0").to_zip())
    world.store.state.behaviour.review = timedelta(days=1)
    world.store.state.publish(world.store.item)
    result = world.gate()
    assert any("1.4.0 (in review) must be taken back" in step for step in result.plan.steps)


def with_commands(world, **commands):
    world.engine.config = world.engine.config.model_copy(update={"repair": RepairTable(**commands)})


@pytest.fixture
def external(world):
    """An incident that no rollback cures."""
    bad_release(world)
    world.guarded.failing |= {"1.2.0"}
    return world.gate().incident


def test_a_teams_command_is_run_without_our_secrets_and_its_end_is_on_the_timeline(world, external, monkeypatch):
    for name in ("RELEASE_GUARD_STORE_CREDENTIALS", "RELEASE_GUARD_DATABASE_URL", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("KUBECONFIG", "theirs")
    code = "import os; print('x' * 9000, *sorted(f'{k}={v}' for k, v in os.environ.items() if 'GUARD' in k or k in ('KUBECONFIG', 'GOOGLE_APPLICATION_CREDENTIALS')))"
    with_commands(world, service_restart_command=(sys.executable, "-c", code))
    job = find_job(world.engine, external.id, "SERVICE_RESTART")
    ran = run_job(world.engine, job, "alice")
    assert ran.is_done
    assert len(ran.output) <= 4000
    assert "hunter2" not in ran.output
    assert "KUBECONFIG=theirs" in ran.output
    assert f"RELEASE_GUARD_INCIDENT={external.id}" in ran.output
    assert "RELEASE_GUARD_VERSION=1.3.0" in ran.output
    begun, done = world.engine.incidents.timeline(external.id)[-2:]
    assert (begun.event, begun.actor, done.event) == ("SERVICE_RESTART begun", "alice", "SERVICE_RESTART done")
    assert "exit code 0" in done.evidence


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ((sys.executable, "-c", "import sys; print('no'); sys.exit(3)"), "exit code 3"),
        ((sys.executable, "-c", "import time; time.sleep(60)"), "stopped at its time limit of 0.3 s"),
        (("/none/program",), "cannot be started"),
    ],
)
def test_a_command_that_fails_hangs_or_is_not_there_is_told(world, external, command, words):
    with_commands(world, infrastructure_scale_command=command, command_seconds=0.3 if "sleep" in command[-1] else 30)
    ran = run_job(world.engine, find_job(world.engine, external.id, "INFRASTRUCTURE_SCALE"), "alice")
    assert not ran.is_done
    assert words in ran.words
    assert world.engine.incidents.timeline(external.id)[-1].event == "INFRASTRUCTURE_SCALE FAILED"


def test_only_a_plan_that_a_command_follows_is_run(world, external):
    with pytest.raises(NothingToRun, match="HOTFIX"):
        find_job(world.engine, external.id, None)
    with pytest.raises(ConfigurationError, match="SERVICE_RESTART") as missing:
        find_job(world.engine, external.id, "SERVICE_RESTART")
    assert "service_restart_command" in missing.value.advice
    world.engine.incidents.move(external, IncidentState.RESOLVED, "closed")
    with pytest.raises(NothingToRun, match="resolved"):
        find_job(world.engine, external.id, "SERVICE_RESTART")


def test_every_variable_that_the_configuration_names_as_a_secret_is_kept_from_commands(world):
    config = world.engine.config.model_validate(
        {
            **world.engine.config.model_dump(),
            "sentry": {"organization": "o", "project": "p", "token_env": "MY_TOKEN"},
            "rollback": {"webhook_env": "MY_HOOK", "dispatch_token_env": "MY_GITHUB"},
            "tickets": {"repository": "o/r", "token_env": "MY_ISSUES"},
            "dashboard": {"token_env": "MY_DOOR"},
            "notify": {"target": [{"name": "crew", "kind": "apprise", "channels": ["sms"], "url_env": "MY_SMS"}]},
        }
    )
    secrets = (
        "MY_TOKEN MY_TOKEN_FILE MY_HOOK MY_GITHUB MY_GITHUB_FILE MY_ISSUES MY_DOOR MY_SMS MY_SMS_FILE RELEASE_GUARD_STORE_REFRESH_TOKEN"
    )
    environment = dict.fromkeys([*secrets.split(), "PATH"], "x")
    assert without_secrets(environment, config) == {"PATH": "x"}
