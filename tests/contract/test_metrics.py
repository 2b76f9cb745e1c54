"""`/metrics`: read by Prometheus' own parser, named as its linter asks, right where it counts, on both databases."""

import dataclasses
import re
from datetime import timedelta

import pytest
import sqlalchemy
import sqlalchemy.event
from prometheus_client.parser import text_string_to_metric_families

from guard.config import Config
from guard.dashboard.exposition import Family, Kind, Sample, text_of
from guard.dashboard.metrics import render
from guard.engine import Engine
from guard.incidents.action_items import ActionItem, ActionState, Priority
from guard.incidents.incident import Incident, IncidentState, Trigger
from guard.judge.verdict import SignalVerdict, Verdict
from guard.model import Signal
from guard.notify.message import Attempt, Message, MessageState, Outcome
from guard.outcome import Outcome as LookOutcome
from guard.rollback.plan import RollbackPlan, RollbackState, StepName
from guard.severity import Severity
from guard.store.action_items import ActionItems
from guard.store.looks import LookRecord
from guard.store.messages import put_message
from guard.store.standings import Point, SignalStanding
from guard.watcher import WATCHING
from webstore.models import Item
from webstore.versions import Version

V = Version.parse
ITEM, OTHER, STRANGER = (Item("publisher", letter * 32) for letter in "abc")
UNITS = {"seconds", "ratio", "timestamp_seconds"}
ABBREVIATED = {
    "s",
    "ms",
    "us",
    "ns",
    "sec",
    "b",
    "kb",
    "mb",
    "gb",
    "pb",
    "m",
    "h",
    "d",
    "milliseconds",
    "minutes",
    "hours",
    "days",
    "percent",
}


@pytest.fixture
def engine(database, clock, tmp_path):
    extensions = [{"id": item.id, "publisher": item.publisher} for item in (ITEM, OTHER)]
    return Engine(Config.model_validate({"state": str(tmp_path), "extension": extensions}), database, now=clock)


def families_of(text):
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(families, name, **labels):
    """The one sample of that name with those labels; of a counter by the name that is written."""
    for family in families.values():
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    raise LookupError(f"{name} {labels}")


def judged(engine, item=ITEM, release="1.3.0", version="1.3.0", **changes):
    found = dataclasses.replace(SignalVerdict(Signal.ERROR_RATE, Verdict.BREACH, "bad", 30, 400, 5.0), **changes)
    at = engine.now()
    engine.standings.record([SignalStanding(item, V(release), V(version), found, 0.05, (Point(at, found.failures, found.total),), at)])


def looked(engine, item=ITEM, outcome=LookOutcome.HEALTHY, seconds=0.25):
    engine.looks.record(LookRecord(item, "1.3.0", outcome, "fine", engine.now(), seconds))


def rolled_back(engine, clock, version, state, *, item=ITEM, automatic=True, seconds=90.5):
    plan = RollbackPlan(item, V(version), V("1.0.0"), V(f"{version}.1"), "bad", automatic)
    engine.journal.create(plan)
    if state is not RollbackState.PLANNED:
        engine.journal.begin(plan.id, StepName.VALIDATE_TARGET)
        clock.forward(seconds=seconds)
        engine.journal.finish(plan.id, state)
    return plan


def an_incident(engine, mark, severity=Severity.P1, item=ITEM, trigger=Trigger.BREACH):
    state = IncidentState.INVESTIGATING
    draft = Incident("", mark * 32, "error rate", severity, state, item, V("1.3.0"), engine.now(), 10, "deployment: it", trigger=trigger)
    return engine.incidents.open(draft, engine.incidents.entry("it is bad"))[0]


def told(engine, channel, *outcomes):
    """A message, and what came of each attempt."""
    message = Message(f"key-{channel}-{len(outcomes)}", "breach_seen", channel, "ops", "subject", "body", engine.now())
    with engine.database.begin() as connection:
        put_message(connection, message, engine.now())
    for outcome in outcomes:
        (queued,) = [one for one in engine.messages.waiting() if one.message.key == message.key]
        mine = engine.messages.claim(queued, "me")
        ends = MessageState.SENT if outcome is Outcome.SENT else MessageState.PENDING
        engine.messages.finish(mine, "me", Attempt(outcome, "words"), ends)


def filled(engine, clock):
    """One of everything, of items that are configured here and of one that is not."""
    for item in (ITEM, OTHER, STRANGER):
        judged(engine, item)
        judged(engine, item, version="1.2.0", verdict=Verdict.INCONCLUSIVE, failures=2, total=300)
        looked(engine, item)
        rolled_back(engine, clock, "1.3.0", RollbackState.COMPLETED, item=item)
    for mark, severity in zip("de", (Severity.P0, Severity.P2), strict=True):
        an_incident(engine, mark, severity)
    told(engine, "slack-critical", Outcome.PASSING, Outcome.SENT)
    actions = ActionItems(engine.database, clock)
    actions.add(ActionItem("", "add a canary", "alice", Priority.HIGH, clock().date(), "bob", clock()))


def test_what_promtool_asks_of_names_and_helps_holds(engine, clock):
    filled(engine, clock)
    text = render(engine)
    assert text.endswith("\n")
    families = families_of(text)
    assert set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)) == set(re.findall(r"^# HELP (\S+)", text, re.MULTILINE))
    assert len(families) >= 20
    for family in families.values():
        assert family.type in {"counter", "gauge", "summary"}, family.name
        assert family.documentation.strip(), family.name
        assert re.fullmatch(r"release_guard(_[a-z]+)+", family.name), family.name
        words = family.name.split("_")
        assert not set(words) & ABBREVIATED, family.name
        assert not {family.type, "metric", "total"} & set(words), family.name
        assert words[-1] not in {"count", "sum", "bucket", "info"} or family.name == "release_guard_build_info"
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter"), sample.name
            assert sample.name in {family.name, f"{family.name}_total", f"{family.name}_sum", f"{family.name}_count"}
            assert all(re.fullmatch(r"[a-z]+", label) for label in sample.labels)


def test_no_series_is_written_twice_and_each_family_once(engine, clock):
    filled(engine, clock)
    lines = [line.rpartition(" ")[0] for line in render(engine).splitlines()]
    assert len(lines) == len(set(lines))


def test_signals_of_the_release_judged_last_and_its_baseline(engine, clock):
    judged(engine, release="1.1.0", version="1.1.0")
    clock.forward(seconds=30)
    judged(engine)
    judged(engine, version="1.2.0", verdict=Verdict.INCONCLUSIVE, failures=2, total=300)
    judged(engine, signal=Signal.RATING, verdict=Verdict.NO_DATA, is_measured=False)
    families = families_of(render(engine))
    release = {"item": ITEM.id, "version": "1.3.0", "role": "release", "signal": "error_rate"}
    baseline = {**release, "version": "1.2.0", "role": "baseline"}
    assert [value(families, f"release_guard_signal_{what}", **release) for what in ("failures", "units", "limit_ratio")] == [30, 400, 0.05]
    assert [value(families, f"release_guard_signal_{what}", **baseline) for what in ("failures", "units")] == [2, 300]
    states = {verdict.value: value(families, "release_guard_signal_verdict", **release, verdict=verdict.value) for verdict in Verdict}
    assert states == {"healthy": 0, "no_data": 0, "inconclusive": 0, "breach": 1}
    assert "1.1.0" not in render(engine)
    assert "rating" not in render(engine)


def test_looks(engine, clock):
    looked(engine)
    clock.forward(seconds=30)
    looked(engine, outcome=LookOutcome.FAILED, seconds=1.5)
    looked(engine, STRANGER)
    families = families_of(render(engine))
    names = ("looks_total", "failed_looks_total", "look_seconds_count", "look_seconds_sum", "last_look_timestamp_seconds")
    found = [value(families, f"release_guard_{name}", item=ITEM.id) for name in names]
    assert found == [2, 1, 2, 1.75, clock().timestamp()]
    assert STRANGER.id not in render(engine)


def test_rollbacks_count_when_they_have_ended(engine, clock):
    rolled_back(engine, clock, "1.3.0", RollbackState.COMPLETED)
    rolled_back(engine, clock, "1.4.0", RollbackState.COMPLETED, seconds=10.25)
    rolled_back(engine, clock, "1.5.0", RollbackState.FAILED, automatic=False)
    rolled_back(engine, clock, "1.6.0", RollbackState.PLANNED)
    families = families_of(render(engine))

    def ended(state, automatic):
        return value(families, "release_guard_rollbacks_total", item=ITEM.id, state=state, automatic=automatic)

    assert [ended("completed", "true"), ended("failed", "false"), ended("failed", "true"), ended("stopped", "false")] == [2, 1, 0, 0]
    labels = {"item": ITEM.id, "automatic": "true"}
    assert value(families, "release_guard_rollback_seconds_count", **labels) == 2
    assert value(families, "release_guard_rollback_seconds_sum", **labels) == pytest.approx(100.75, abs=0.01)
    assert [value(families, "release_guard_rollbacks_unfinished", item=item.id) for item in (ITEM, OTHER)] == [1, 0]


def test_a_counter_of_incidents_never_goes_down_whatever_becomes_of_them(engine):
    incident = an_incident(engine, "d", Severity.P2)
    an_incident(engine, "e", trigger=Trigger.CANARY)
    engine.incidents.move(incident, IncidentState.IDENTIFIED, "found", severity=Severity.P0)
    engine.incidents.move(incident, IncidentState.FALSE_ALARM, "it is nothing")
    families = families_of(render(engine))
    opened = {
        trigger.value: value(families, "release_guard_incidents_opened_total", item=ITEM.id, trigger=trigger.value) for trigger in Trigger
    }
    assert opened == {"breach": 1, "canary": 1, "person": 0}
    standing = {
        (sample.labels["severity"], sample.labels["state"]): sample.value
        for sample in families["release_guard_incidents"].samples
        if sample.value
    }
    assert standing == {("P0", "false_alarm"): 1, ("P1", "investigating"): 1}


def test_notifications_and_those_that_did_not_arrive(engine):
    told(engine, "slack-critical", Outcome.PASSING, Outcome.PASSING, Outcome.SENT)
    told(engine, "sms", Outcome.REFUSED)
    families = families_of(render(engine))
    assert value(families, "release_guard_notifications_total", channel="slack-critical", outcome="sent") == 1
    assert value(families, "release_guard_notifications_total", channel="sms", outcome="unsure") == 0
    failures = [value(families, "release_guard_notification_failures_total", channel=channel) for channel in ("slack-critical", "sms")]
    assert failures == [2, 1]
    assert value(families, "release_guard_notifications_waiting") == 1


def test_watchers_pauses_and_action_items(engine, clock):
    for role in (WATCHING, WATCHING, "gate"):
        engine.executors.join(role)
    engine.orders.pause(OTHER, "alice", "a demonstration")
    actions, today = ActionItems(engine.database, clock), clock().date()
    for due in (today - timedelta(days=1), today, today + timedelta(days=1)):
        actions.add(ActionItem("", "add a canary", "alice", Priority.HIGH, due, "bob", clock()))
    late = actions.add(ActionItem("", "late, but done", "alice", Priority.HIGH, today - timedelta(days=9), "bob", clock()))
    actions.move(late, ActionState.DROPPED, "bob", "no")
    families = families_of(render(engine))
    assert value(families, "release_guard_watchers") == 2
    assert [value(families, "release_guard_paused", item=item.id) for item in (ITEM, OTHER)] == [0, 1]
    assert [value(families, "release_guard_action_items", state=state.value) for state in ActionState] == [3, 0, 0, 1]
    assert value(families, "release_guard_action_items_overdue") == 1
    engine.orders.pause(None, "alice", "all of it")
    clock.forward(minutes=1)
    families = families_of(render(engine))
    assert [value(families, "release_guard_paused", item=item.id) for item in (ITEM, OTHER)] == [1, 1]
    assert value(families, "release_guard_watchers") == 0


def test_an_empty_database_is_read_and_says_that_nothing_was_looked_at(engine):
    families = families_of(render(engine))
    assert families["release_guard_looks"].samples == []
    assert value(families, "release_guard_watchers") == 0
    (build,) = families["release_guard_build_info"].samples
    assert build.value == 1
    assert set(build.labels) == {"version", "python"}


def test_it_takes_a_fixed_number_of_questions_and_changes_nothing(engine, clock):
    filled(engine, clock)
    statements = []
    sqlalchemy.event.listen(engine.database, "before_cursor_execute", lambda _c, _cursor, text, *_rest: statements.append(text))
    first = render(engine)
    asked = len(statements)
    for number in range(20):
        rolled_back(engine, clock, f"2.{number}.0", RollbackState.COMPLETED)
    statements.clear()
    render(engine)
    assert len(statements) == asked <= 15
    assert all(text.lstrip().startswith(("SELECT", "WITH")) for text in statements)
    assert first == first.encode().decode()


HOSTILE = [
    'a"b',
    "back\\slash",
    "line\nfeed",
    "\r\x00\x1b[31m",
    '"} 1\nrelease_guard_watchers 99',
    "\u202egnp",
    "\ud800",
    "x" * 10_000,
    "é漢",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_labels_are_read_back_as_one_label(text):
    family = Family("release_guard_hostile", Kind.GAUGE, "Help with \\ and\na line feed.", [Sample({"channel": text, "other": "x"}, 1)])
    written = text_of([family])
    assert written.count("\n") == 3
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", written)
    (found,) = text_string_to_metric_families(written)
    (sample,) = found.samples
    assert set(sample.labels) == {"channel", "other"}
    assert len(sample.labels["channel"]) <= 200
    if text in {'a"b', "back\\slash", "line\nfeed", "é漢", HOSTILE[4]}:
        assert sample.labels["channel"] == text


@pytest.mark.parametrize(
    ("number", "written"), [(1, "1"), (0.5, "0.5"), (True, "1"), (1e300, "1e+300"), (float("nan"), "NaN"), (-float("inf"), "-Inf")]
)
def test_numbers_are_written_as_prometheus_reads_them(number, written):
    assert text_of([Family("x", Kind.GAUGE, "x", [Sample({}, number)])]).splitlines()[-1] == f"x {written}"
