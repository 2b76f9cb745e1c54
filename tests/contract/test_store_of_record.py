"""The store of record: the same scenarios on SQLite and on PostgreSQL."""

import dataclasses
import threading
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from guard.errors import ActorBusy, ConfigurationError, NotRecorded
from guard.incidents.incident import Incident, IncidentState, TimelineEntry, TransitionRefused
from guard.model import Counted, Interval, Provenance, Release, ReleaseState, Sample, Signal
from guard.rollback.plan import RollbackPlan, RollbackState, StepName, StepState
from guard.severity import Severity
from guard.store.actor_lock import acting
from guard.store.database import DatabaseUnreachable, open_database
from guard.store.drills import Drills
from guard.store.incidents import IncidentRecords
from guard.store.journal import Journal
from guard.store.releases import Releases
from guard.store.samples import Samples
from guard.store.schema import metadata, samples
from healthchecks.result import Drill, DrillVerdict
from webstore.models import Item
from webstore.versions import Version

ITEM = Item("publisher", "a" * 32)
V = Version.parse


def a_release(clock, version="1.3.0", **changes):
    return dataclasses.replace(Release(ITEM, V(version), clock()), **changes)


def a_plan(version="1.3.0"):
    return RollbackPlan(ITEM, V(version), V("1.2.0"), V(f"{version}.1"), "bad", automatic=True)


def an_incident(clock, mark="f" * 32):
    return Incident("", mark, "title", Severity.P1, IncidentState.INVESTIGATING, ITEM, V("1.3.0"), clock(), cause="deployment")


def an_entry(clock):
    return TimelineEntry(clock(), "guard", "opened")


def test_the_migrations_make_what_the_code_expects(database):
    with database.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_newest_drill_of_a_release_and_its_baseline_is_kept(database, clock):
    drills = Drills(database)
    assert drills.find(ITEM, V("1.3.0"), V("1.2.0")) is None
    drills.record(ITEM, V("1.3.0"), Drill(DrillVerdict.SAFE, "1.2.0"), clock())
    unsafe = Drill(DrillVerdict.UNSAFE, "1.2.0", ("lost <b>a</b>",), ("lost 'b'",), "why")
    drills.record(ITEM, V("1.3.0"), unsafe, clock())
    drills.record(ITEM, V("1.3.0"), Drill(DrillVerdict.UNKNOWN, "1.1.0", reason="no data"), clock())
    assert drills.find(ITEM, V("1.3.0"), V("1.2.0")) == unsafe
    assert drills.find(ITEM, V("1.2.0"), V("1.2.0")) is None
    assert list(drills.of(ITEM)) == [V("1.3.0")]


def test_a_release_is_recorded_once_and_read_back_whole(database, clock):
    releases = Releases(database)
    release = a_release(clock, provenance=Provenance.ROLLBACK, rollback_of=V("1.2.5"), restores=V("1.2.0"), digest="d" * 64)
    assert releases.record(release)
    assert not releases.record(dataclasses.replace(release, deploy_percentage=50, provenance=Provenance.UPLOAD))
    assert releases.find(ITEM, V("1.3.0")) == dataclasses.replace(release, deploy_percentage=50)


def test_the_baseline_is_the_highest_earlier_good_upload(database, clock):
    releases = Releases(database)
    for version, state, origin in (
        ("1.1.0", ReleaseState.GOOD, Provenance.UPLOAD),
        ("1.2.0", ReleaseState.GOOD, Provenance.UPLOAD),
        ("1.2.1", ReleaseState.ROLLED_BACK, Provenance.UPLOAD),
        ("1.2.1.1", ReleaseState.GOOD, Provenance.ROLLBACK),
        ("1.2.2", ReleaseState.WATCHED, Provenance.UPLOAD),
        ("1.10.0", ReleaseState.GOOD, Provenance.UPLOAD),
    ):
        releases.record(a_release(clock, version, state=state, provenance=origin))
    assert releases.baseline_of(ITEM, V("1.3.0")).version == V("1.2.0")
    assert releases.baseline_of(ITEM, V("1.1.0")) is None
    assert releases.baseline_of(Item("publisher", "b" * 32), V("1.3.0")) is None


def test_the_same_reading_twice_is_one_row(database, clock):
    sample = Sample(Signal.ERROR_RATE, V("1.3.0"), Interval(clock(), clock() + timedelta(minutes=1)), Counted(1, 2, "users"), "test")
    for reading in (Counted(1, 2, "users"), Counted(2, 3, "users")):
        Samples(database).record(ITEM, [dataclasses.replace(sample, reading=reading)], clock())
    with database.connect() as connection:
        (row,) = connection.execute(samples.select()).mappings().all()
    assert row["reading"] == {"failures": 2, "total": 3, "unit": "users"}
    assert row["ended_at"] == clock() + timedelta(minutes=1)


def test_a_rollback_of_a_release_is_planned_once(database, clock):
    journal = Journal(database, clock)
    first = journal.create(a_plan())
    again = journal.create(dataclasses.replace(a_plan(), target=V("1.1.0")))
    assert again == first
    assert [step.name for step in first.steps] == list(StepName)


def test_steps_attempts_and_end_are_written(database, clock):
    journal = Journal(database, clock)
    plan = journal.create(a_plan()).plan
    journal.begin(plan.id, StepName.PERFORM)
    assert [journal.count_attempt(plan.id, StepName.PERFORM) for _ in range(2)] == [1, 2]
    clock.forward(seconds=3)
    journal.begin(plan.id, StepName.PERFORM)
    journal.end(plan.id, StepName.PERFORM, StepState.DONE, "seen")
    assert [record.plan for record in journal.unfinished()] == [plan]
    journal.finish(plan.id, RollbackState.COMPLETED)
    record = journal.get(plan.id)
    assert (record.state, record.attempts, journal.unfinished()) == (RollbackState.COMPLETED, 2, [])
    step = next(step for step in record.steps if step.name is StepName.PERFORM)
    assert (step.state, step.seconds, step.evidence) == (StepState.DONE, 3.0, "seen")


def test_only_a_failed_rollback_can_be_planned_again(database, clock):
    journal = Journal(database, clock)
    plan = journal.create(a_plan()).plan
    other = dataclasses.replace(plan, target=V("1.1.0"))
    assert journal.restart(other).plan == plan
    journal.finish(plan.id, RollbackState.FAILED, "why")
    assert journal.get(plan.id).failure == "why"
    assert journal.restart(other).plan == other


def test_automatic_rollbacks_are_counted_by_time(database, clock):
    journal = Journal(database, clock)
    journal.create(a_plan("1.3.0"))
    clock.forward(hours=25)
    journal.create(a_plan("1.4.0"))
    journal.create(dataclasses.replace(a_plan("1.5.0"), automatic=False))
    assert journal.automatic_since(ITEM, clock() - timedelta(days=1)) == 1


def test_a_breach_that_repeats_joins_its_incident(database, clock):
    records = IncidentRecords(database, clock)
    first, is_new = records.open(an_incident(clock), an_entry(clock))
    again, is_new_again = records.open(an_incident(clock), an_entry(clock))
    other, _ = records.open(an_incident(clock, "g" * 32), an_entry(clock))
    assert (first.id, is_new, again.id, is_new_again, other.id) == ("INC-2026-0001", True, "INC-2026-0001", False, "INC-2026-0002")


def test_many_that_open_at_once_get_one_incident_each_fingerprint(database, clock):
    found = []

    def open_one(mark):
        found.append((mark, IncidentRecords(database, clock).open(an_incident(clock, mark), an_entry(clock))[0].id))

    threads = [threading.Thread(target=open_one, args=(f"{number % 3}" * 32,)) for number in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 9
    assert len(set(found)) == 3
    assert len({identifier for _, identifier in found}) == 3


def test_a_resolved_incident_leaves_room_for_a_new_one_when_it_can_be_reopened_no_more(database, clock):
    records = IncidentRecords(database, clock)
    incident, _ = records.open(an_incident(clock), an_entry(clock))
    resolved = records.move(incident, IncidentState.RESOLVED, "resolved", resolution="how")
    assert records.get("inc-2026-0001") == resolved
    assert resolved.resolved_at == clock()
    clock.forward(days=1, seconds=1)
    assert records.open(an_incident(clock), an_entry(clock))[0].id == "INC-2026-0002"
    assert [found.id for found in records.all(only_open=True)] == ["INC-2026-0002"]


def test_the_timeline_keeps_its_order_and_a_refused_step_leaves_no_trace(database, clock):
    records = IncidentRecords(database, clock)
    incident, _ = records.open(an_incident(clock), an_entry(clock))
    records.note(incident.id, "note", evidence="why", actor="alice")
    with pytest.raises(TransitionRefused):
        records.move(incident, IncidentState.MONITORING, "too early")
    records.move(incident, IncidentState.MITIGATING, "begun")
    assert [(entry.actor, entry.event) for entry in records.timeline(incident.id)] == [
        ("guard", "opened"),
        ("alice", "note"),
        ("guard", "begun"),
    ]
    with pytest.raises(NotRecorded):
        records.get("INC-1999-0001")


def test_one_process_acts_on_a_file_at_a_time(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'guard.db'}")
    with acting(database), pytest.raises(ActorBusy), acting(database):
        pytest.fail("two actors")
    with acting(database):
        pass
    database.dispose()


def test_a_database_is_opened_twice_without_harm(tmp_path):
    url = f"sqlite:///{tmp_path / 'deep' / 'folder' / 'guard.db'}"
    for _ in range(2):
        open_database(url).dispose()


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_cannot_be_used_is_a_usage_error(url):
    with pytest.raises(ConfigurationError):
        open_database(url)


def test_a_database_that_is_not_there_is_unreachable_and_its_password_is_not_shown(tmp_path):
    for url in ("postgresql://guard:hunter2@127.0.0.1:9/guard", f"sqlite:///{tmp_path}"):
        with pytest.raises(DatabaseUnreachable) as caught:
            open_database(url)
        assert "hunter2" not in caught.value.explain()
