"""The gate, the watcher and the manual door over HTTP, with the browser's word given by the test."""

import contextlib

import pytest

from contract.gate_world import Told, V
from factories import Clock
from guard.config import ArchiveTable
from guard.engine import Engine
from guard.errors import ActorBusy, ConfigurationError, RollbackRefused, SourceRefused
from guard.gate import Gate, NeverLive
from guard.keeping import keep_seen, protected_versions, prune
from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry
from guard.manual import Request, plan_by_hand, roll_back_by_hand
from guard.model import Provenance, ReleaseState
from guard.observing import SnapshotRefused, observe_release, snapshot
from guard.outcome import Outcome
from guard.responder import Responder
from guard.rollback.executor import RollbackExecutor, _Actor
from guard.rollback.plan import RollbackState
from guard.store.actor_lock import acting
from guard.watcher import Watcher
from healthchecks.result import Drill, DrillVerdict
from webstore.store_errors import CredentialsMissing


def test_a_good_release_passes_and_becomes_the_next_baseline(world):
    world.store.publish("1.3.0", a__js="1")
    result = world.gate()
    assert (result.outcome, result.incident, result.rollback) == (Outcome.HEALTHY, None, None)
    assert world.engine.releases.baseline_of(world.store.item, V("1.4.0")).version == V("1.3.0")


def test_a_bad_release_is_rolled_back_once_and_its_incident_resolved(world):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0"})
    result = world.gate()
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, 1)
    assert (result.rollback.state, result.incident.state.value) == (RollbackState.COMPLETED, "resolved")
    again = world.gate()
    assert (again.outcome, world.store.rollbacks()) == (Outcome.ROLLED_BACK, [V("1.3.0.1")])
    published = world.gate(None)
    assert (published.outcome, world.store.rollbacks()) == (Outcome.ROLLED_BACK, [V("1.3.0.1")])
    assert (world.state_of("1.3.0"), world.state_of("1.3.0.1")) == (ReleaseState.ROLLED_BACK, ReleaseState.GOOD)
    assert world.engine.releases.baseline_of(world.store.item, V("1.4.0")).version == V("1.2.0")


def test_what_fails_in_both_versions_is_held(world):
    world.store.publish("1.3.0", a__js="1")
    world.guarded.failing = frozenset({"1.3.0", "1.2.0"})
    result = world.gate()
    assert (result.outcome, world.store.rollbacks()) == (Outcome.HELD, [])
    assert any("external" in reason for reason in result.reasons)
    assert world.state_of("1.3.0") is ReleaseState.WATCHED


def test_an_unsafe_drill_stops_an_automatic_rollback_and_a_person_may_force_it(world):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0"})
    world.guarded.drill = Drill(DrillVerdict.UNSAFE, "1.2.0", (), ("going back loses 'books'",))
    result = world.gate()
    assert (result.outcome, world.store.rollbacks()) == (Outcome.HELD, [])
    assert result.reasons == ("the rollback drill was unsafe: going back to 1.2.0 would do harm: going back loses 'books'",)
    events = [entry.evidence for entry in world.engine.incidents.timeline(result.incident.id)]
    assert any("going back loses 'books'" in evidence for evidence in events)
    with pytest.raises(RollbackRefused, match="going back loses 'books'") as refused:
        plan_by_hand(world.engine, world.guarded, Request("by hand", "alice"))
    assert "--force" in refused.value.advice
    forced = plan_by_hand(world.engine, world.guarded, Request("by hand", "alice", force=True))
    assert forced.new_version == V("1.3.0.1")


def test_a_release_whose_update_loses_data_is_rolled_back_to_keep_it_from_more_users(world):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0"})
    world.guarded.drill = Drill(DrillVerdict.UNSAFE, "1.2.0", ("the update loses 'books'",))
    assert world.gate().outcome is Outcome.ROLLED_BACK


@pytest.mark.parametrize("settings", [{"mode": "propose"}])
def test_propose_opens_the_incident_and_leaves_the_rest_to_a_person(world):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0"})
    result = world.gate()
    assert (result.outcome, world.store.rollbacks()) == (Outcome.HELD, [])
    assert "propose" in result.reasons[0]
    assert result.incident.state.value == "identified"
    request = Request("seen by hand", "alice")
    record, incident = roll_back_by_hand(world.engine, plan_by_hand(world.engine, world.guarded, request), request)
    assert (record.state, incident.id, incident.state.value) == (RollbackState.COMPLETED, result.incident.id, "monitoring")
    (tick,) = Watcher(world.engine).tick()
    assert (tick.outcome, world.engine.incidents.get(incident.id).state.value) == (Outcome.HEALTHY, "resolved")


@pytest.mark.parametrize("settings", [{"mode": "observe"}])
def test_observe_only_says_what_it_would_do(world):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0"})
    result = world.gate()
    assert (result.outcome, result.incident, world.store.rollbacks()) == (Outcome.HELD, None, [])
    assert world.engine.incidents.all() == []


def test_a_release_without_a_baseline_is_never_rolled_back(world):
    world.engine.releases.mark(world.store.item, V("1.2.0"), ReleaseState.BAD)
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0"})
    result = world.gate()
    assert (result.outcome, world.store.rollbacks()) == (Outcome.HELD, [])
    assert "no earlier version is recorded as good" in result.reasons


def test_a_failed_rollback_is_said_and_not_begun_again_by_itself(world):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0", "1.3.0.1"})
    result = world.gate()
    assert (result.outcome, result.exit_code, result.incident.state.value) == (Outcome.FAILED, 4, "investigating")
    assert "did not pass" in result.rollback.failure
    assert world.store.rollbacks() == [V("1.3.0.1")]


def test_the_gate_waits_for_a_release_and_for_a_store_that_stumbles(world):
    world.store.publish("1.3.0", a__js="1")
    world.store.break_next("fetchStatus", "status", times=4)
    assert world.gate().outcome is Outcome.HEALTHY


def test_a_rollout_in_parts_that_is_not_offered_to_us_is_judged_by_counts_alone(world):
    world.store.stop_offering()
    world.store.publish("1.3.0", percentage=5, a__js="1")
    result = world.gate()
    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.assessment.release.checks is None
    assert result.release.deploy_percentage == 5


def test_a_release_that_is_still_on_its_way_is_no_trouble_for_the_watcher(world):
    world.store.stop_offering()
    world.store.publish("1.3.0", a__js="1")
    (tick,) = Watcher(world.engine).tick()
    assert tick.outcome is Outcome.INCONCLUSIVE
    assert "offers 1.2.0, not 1.3.0" in tick.sentence or "offers nothing, not 1.3.0" in tick.sentence


def test_a_release_that_never_comes_is_said(world):
    with pytest.raises(NeverLive, match=r"1\.9\.0 is not live: the store shows 1\.2\.0"):
        world.gate("1.9.0")


def test_a_release_that_was_found_bad_cannot_be_taken_as_good(world):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0", "1.2.0.1", "1.3.0.1"})
    world.gate()
    world.store.publish("1.4.0", a__js="1")
    Watcher(world.engine).tick()
    world.engine.releases.mark(world.store.item, V("1.4.0"), ReleaseState.BAD)
    with pytest.raises(SnapshotRefused):
        snapshot(world.engine, world.guarded)


def test_the_watcher_sees_a_release_judges_it_and_goes_on_looking_in_the_window(world):
    watcher = Watcher(world.engine)
    (tick,) = watcher.tick()
    assert (tick.version, tick.outcome) == ("1.2.0", Outcome.HEALTHY)
    world.store.publish("1.3.0", a__js="1")
    (tick,) = watcher.tick()
    assert (tick.version, tick.outcome) == ("1.3.0", Outcome.HEALTHY)
    assert world.engine.releases.find(world.store.item, V("1.3.0")).provenance is Provenance.UPLOAD
    world.guarded.failing = frozenset({"1.3.0"})
    world.clock.forward(minutes=20)  # the checks are repeated
    (tick,) = watcher.tick()
    assert (tick.outcome, world.store.rollbacks()) == (Outcome.ROLLED_BACK, [V("1.3.0.1")])
    assert world.state_of("1.3.0") is ReleaseState.ROLLED_BACK


def test_after_the_window_a_good_release_is_left_alone(world):
    watcher = Watcher(world.engine)
    world.store.publish("1.3.0", a__js="1")
    watcher.tick()
    world.guarded.failing = frozenset({"1.3.0"})
    world.clock.forward(hours=2)
    (tick,) = watcher.tick()
    assert (tick.outcome, world.store.rollbacks()) == (Outcome.HEALTHY, [])


@pytest.mark.parametrize("trouble", [ZeroDivisionError("bug"), SourceRefused("no")])
def test_trouble_with_one_extension_is_a_tick_of_its_own(world, trouble):
    world.store.publish("1.3.0", a__js="1")
    world.guarded.broken = trouble
    (tick,) = Watcher(world.engine).tick()
    assert (tick.outcome, tick.exit_code) == (Outcome.FAILED, 4)
    assert type(trouble).__name__ in tick.sentence or "no" in tick.sentence


def test_users_that_have_the_code_already_need_no_rollback(world):
    world.store.publish("1.3.0", a__js="bad")
    request = Request("by hand", "alice", V("1.2.0"))
    roll_back_by_hand(world.engine, plan_by_hand(world.engine, world.guarded, request), request)
    with pytest.raises(RollbackRefused, match=r"have the code of 1\.2\.0 already, as 1\.3\.0\.1"):
        plan_by_hand(world.engine, world.guarded, request)
    assert Responder(world.engine).resume() == []


def test_a_person_may_name_a_version_that_the_guard_never_saw_and_the_store_decides(world):
    world.store.publish("1.3.0", a__js="bad")
    request = Request("by hand", "alice", V("1.1.0"))
    record, incident = roll_back_by_hand(world.engine, plan_by_hand(world.engine, world.guarded, request), request)
    assert (record.state, incident.state.value) == (RollbackState.FAILED, "investigating")
    assert "never published" in record.failure
    world.clock.forward(seconds=1)
    better = Request("by hand", "alice", V("1.2.0"))
    record, again = roll_back_by_hand(world.engine, plan_by_hand(world.engine, world.guarded, better), better)
    assert (record.state, again.id) == (RollbackState.COMPLETED, incident.id)


def test_a_process_that_cannot_act_leaves_an_unfinished_rollback_as_it_stands(world, monkeypatch):
    world.store.publish("1.3.0", a__js="bad")
    plan = plan_by_hand(world.engine, world.guarded, Request("by hand", "alice"))
    world.engine.journal.create(plan)
    table = {"base_url": "https://store.example.com", "credentials": "google"}
    elsewhere = world.engine.config.model_validate({**world.engine.config.model_dump(), "store": table})
    stranger = Engine(elsewhere, world.engine.database, now=world.clock)
    with pytest.raises(CredentialsMissing):
        Responder(stranger).resume()
    other = [{"id": "b" * 32, "publisher": "p"}]
    with pytest.raises(ConfigurationError):
        Responder(Engine(elsewhere.model_validate({"extension": other}), world.engine.database)).resume()
    assert [record.state for record in world.engine.journal.unfinished()] == [RollbackState.PLANNED]
    assert [record.state for record in Responder(world.engine).resume()] == [RollbackState.COMPLETED]


@contextlib.contextmanager
def another_acts(world, rollback_id):
    """A file has one actor; on a shared database another living process has claimed this very rollback."""
    executors = world.engine.executors
    if world.engine.database.dialect.name == "sqlite":
        with acting(world.engine.database):
            yield
        return
    other = executors.join("act")
    executors.claims.take(rollback_id, other.id, [other.id])
    yield
    executors.leave(other)


def test_a_busy_database_leaves_the_incident_where_it_was(world):
    world.store.publish("1.3.0", a__js="bad")
    request = Request("by hand", "alice")
    plan = plan_by_hand(world.engine, world.guarded, request)
    with another_acts(world, plan.id), pytest.raises(ActorBusy):
        roll_back_by_hand(world.engine, plan, request)
    assert {incident.state.value for incident in world.engine.incidents.all()} <= {"investigating"}
    assert world.store.calls("rollback") == []


def test_a_workflow_that_cannot_go_on_is_written_as_failed(world):
    from dbos import error as dbos_errors

    class Broken:
        def start_workflow(self, *_arguments):
            return self

        def get_result(self):
            raise dbos_errors.DBOSException("recovered too often")

    world.store.publish("1.3.0", a__js="bad")
    plan = plan_by_hand(world.engine, world.guarded, Request("by hand", "alice"))
    executors = world.engine.executors
    actor = _Actor(executors.join("act"), executors, executors.claims, is_shared=False)
    record = RollbackExecutor(world.engine.journal, lambda _id: None, Broken(), actor).execute(plan)
    assert (record.state, world.engine.journal.unfinished()) == (RollbackState.FAILED, [])


def test_a_sentry_that_refuses_us_is_said_before_anything_is_waited_for(world, monkeypatch):
    monkeypatch.setenv("RELEASE_GUARD_SENTRY_TOKEN", "wrong")
    with local_sentry(LocalSentry(world.clock)) as address:
        table = {"base_url": address.base_url, "organization": address.organization, "project": address.project}
        config = world.engine.config.model_validate({**world.engine.config.model_dump(), "sentry": table})
        guarded = Told(config, config.extension[0], world.guarded.evidence)
        guarded.__dict__["store_reader"] = world.store.api
        with pytest.raises(SourceRefused, match="401"):
            Gate(world.engine, guarded, lambda _seconds: None).run(V("1.9.0"))
        monkeypatch.setenv("RELEASE_GUARD_SENTRY_TOKEN", address.token)
        source, numbers = Told(config, config.extension[0], world.guarded.evidence).sources
        assert numbers.name == "store"
        assert source.probe() == []


def test_a_filter_that_drops_our_errors_is_said():
    state = LocalSentry(Clock())
    state.filters_browser_extensions = True
    from guard.sources.sentry import SentrySource
    from guard.sources.sentry_client import SentryClient

    with local_sentry(state) as address:
        client = SentryClient(address.base_url, address.token)
        source = SentrySource(client, organization="local", project="extension", environment=None, release_name="x@{version}")
        assert "switch it off" in source.probe()[0]


def kept_versions(world):
    return [str(kept.version) for kept in world.engine.archive.entries(world.store.item.id)]


def test_the_watcher_keeps_every_release_it_sees_whoever_made_it(world):
    watcher = Watcher(world.engine)
    world.store.publish("1.3.0", a__js="1")
    watcher.tick()
    world.store.state.rollback(world.store.item, target="1.2.0", new_version="1.3.0.1", reason="in the dashboard")
    watcher.tick()
    assert kept_versions(world) == ["1.3.0.1", "1.3.0", "1.2.0"]
    digest = world.engine.releases.find(world.store.item, V("1.3.0.1")).digest
    assert digest == world.engine.releases.find(world.store.item, V("1.2.0")).digest
    downloads = len(world.engine.archive.entries(world.store.item.id))
    watcher.tick()
    assert len(world.engine.archive.entries(world.store.item.id)) == downloads


def test_a_release_that_cannot_be_downloaded_yet_is_kept_when_it_can(world):
    watcher = Watcher(world.engine)
    world.store.stop_offering()
    world.store.publish("1.3.0", a__js="1")
    watcher.tick()
    assert kept_versions(world) == ["1.2.0"]
    world.clock.forward(days=2)
    watcher.tick()
    assert kept_versions(world) == ["1.3.0", "1.2.0"]


def test_an_archive_that_cannot_be_written_stands_in_no_watchs_way(world, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(world.engine.archive, "add", full)
    world.store.publish("1.3.0", a__js="1")
    (tick,) = Watcher(world.engine).tick()
    assert tick.version == "1.3.0"


def test_retention_keeps_what_a_rollback_may_need(world):
    world.engine.config = world.engine.config.model_copy(update={"archive": ArchiveTable(keep=2)})
    for minor in range(3, 9):
        world.store.publish(f"1.{minor}.0", a__js=str(minor))
        world.clock.forward(minutes=1)
        release = observe_release(world.engine, world.guarded).release
        keep_seen(world.engine, world.guarded, release)
        if minor == 4:
            world.engine.releases.mark(world.store.item, release.version, ReleaseState.GOOD)
    assert {str(version) for version in protected_versions(world.engine, world.store.item)} == {"1.2.0", "1.4.0", "1.8.0"}
    assert kept_versions(world) == ["1.8.0", "1.7.0", "1.4.0", "1.2.0"]
    plan = plan_by_hand(world.engine, world.guarded, Request("by hand", "alice", V("1.7.0"), force=True))
    world.engine.journal.create(plan)
    world.store.publish("1.9.0", a__js="9")
    world.store.publish("1.9.1", a__js="91")
    keep_seen(world.engine, world.guarded, observe_release(world.engine, world.guarded).release)
    prune(world.engine, world.store.item)
    assert "1.7.0" in kept_versions(world)
