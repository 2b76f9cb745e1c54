"""The life of an incident by hand and by the clock, on both databases: each thing once, whole, with who and why, however many do it."""

import random
import threading
from datetime import timedelta
from typing import Any

import pytest

from guard import clockwork
from guard.clockwork import ring_due, run_due
from guard.config import Config
from guard.engine import Engine
from guard.errors import NotRecorded, UsageError
from guard.incident_life import (
    AlreadySo,
    NothingSeen,
    Report,
    acknowledge,
    assign,
    close,
    end_postmortem,
    false_alarm,
    note,
    open_by_hand,
    reopen,
    resolve,
    set_severity,
    tick,
    untick,
)
from guard.incidents.checklist import NoSuchEntry
from guard.incidents.clocks import ClockKind
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, IncidentState, TransitionRefused
from guard.incidents.roles import Role
from guard.model import Release, ReleaseState
from guard.severity import Severity
from webstore.versions import Version

V = Version.parse
ITEM_ID = "a" * 32
ON_CALL = {"rotation": ["alice", "bob"], "starts_on": "2026-06-29", "management": ["dana", "erin"]}
"""Alice is on call on the day at which the tests' clock stands."""


def a_config(**tables):
    return Config.model_validate({"extension": [{"id": ITEM_ID, "publisher": "publisher"}], "oncall": ON_CALL, **tables})


@pytest.fixture
def engine(database, clock):
    return Engine(a_config(), database, now=clock)


def another(engine):
    """A process that knows only what the database holds."""
    return Engine(engine.config, engine.database, now=engine.now)


def item_of(engine):
    return engine.config.extension[0].item


def a_draft(engine, severity=Severity.P0, mark="f" * 32):
    return Incident("", mark, "popup is blank", severity, IncidentState.INVESTIGATING, item_of(engine), V("1.3.0"), engine.now())


def breach(engine, severity=Severity.P0, mark="f" * 32):
    entry = engine.incidents.entry(said(Kind.BREACH_SEEN, version="1.3.0"), "popup throws")
    return engine.incidents.open(a_draft(engine, severity, mark), entry)


def told(engine, incident):
    return [(entry.actor, entry.event) for entry in engine.incidents.timeline(incident.id)]


def kinds(engine, incident):
    return [entry.kind for entry in engine.incidents.timeline(incident.id)]


def at_once(*jobs):
    """Run jobs at the same instant, each in a thread; what each gave, or the error it ended with."""
    gate = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(number, job):
        gate.wait()
        try:
            results[number] = job()
        except UsageError as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_processes_that_open_the_same_incident_at_the_same_instant_open_one_100_times(engine):
    for number in range(100):
        mark = f"{number:032d}"
        first, second = at_once(lambda mark=mark: breach(engine, mark=mark), lambda mark=mark: breach(another(engine), mark=mark))
        assert first[0].id == second[0].id
        assert sorted((first[1], second[1])) == [False, True]
        assert kinds(engine, first[0]) == [Kind.BREACH_SEEN, Kind.ROLE_TAKEN]
    assert len(engine.incidents.all()) == 100


def test_two_that_see_a_breach_return_reopen_its_incident_once(engine, clock):
    for number in range(20):
        mark = f"{number:032d}"
        incident, _ = breach(engine, mark=mark)
        resolve(engine, incident.id, "alice", "fixed")
        found = at_once(lambda mark=mark: breach(engine, mark=mark), lambda mark=mark: breach(another(engine), mark=mark))
        assert [(one.id, is_new) for one, is_new in found] == [(incident.id, False)] * 2
        assert kinds(engine, incident).count(Kind.REOPENED) == 1


def test_a_new_incident_has_its_commander_its_clocks_and_its_releases_listed_before_anybody_is_told(database, clock):
    seen = []
    engine = Engine(a_config(), database, now=clock)
    engine.releases.record(Release(item_of(engine), V("1.2.0"), clock()))
    engine.incidents._announce = lambda _connection, _incident, entry, number: seen.append((entry.kind, number))
    incident, _ = breach(engine)
    standing = engine.incidents.standing(incident.id)
    assert standing.commander == "alice"
    assert {kind: clock.due_at - clock.started_at for kind, clock in standing.clocks.items()} == {
        ClockKind.RESPOND: timedelta(minutes=15),
        ClockKind.RESOLVE: timedelta(hours=2),
    }
    assert "1.2.0" in standing.ticks["releases-listed"].evidence
    assert [kind for kind, _ in seen] == [Kind.BREACH_SEEN, Kind.ROLE_TAKEN]
    assert seen[0][1] < seen[1][1]


@pytest.mark.parametrize(("after", "id_after"), [(timedelta(days=1), "INC-2026-0001"), (timedelta(days=1, seconds=1), "INC-2026-0002")])
def test_a_breach_that_returns_within_a_day_reopens_its_incident_and_later_is_another(engine, clock, after, id_after):
    incident, _ = breach(engine)
    acknowledge(engine, incident.id, "alice")
    resolve(engine, incident.id, "alice", "fixed")
    clock.forward(seconds=after.total_seconds())
    again, is_new = breach(engine)
    assert (again.id, is_new) == (id_after, id_after != incident.id)
    assert again.state is IncidentState.INVESTIGATING
    assert (again.acknowledged_at, again.resolved_at) == (None, None)
    running = engine.incidents.standing(again.id).clocks.values()
    assert {clock.started_at for clock in running if clock.is_running} == {clock()}


@pytest.mark.parametrize("end", ["false alarm", "closed"])
def test_what_was_a_false_alarm_or_is_closed_does_not_come_back(engine, end):
    incident, _ = breach(engine, Severity.P3)
    if end == "closed":
        resolve(engine, incident.id, "alice", "fixed")
        close(engine, incident.id, "alice")
    else:
        false_alarm(engine, incident.id, "alice", "a test of ours")
    assert breach(engine)[0].id == "INC-2026-0002"


def test_what_was_a_false_alarm_is_one_for_a_day_unless_it_is_worse(engine, clock):
    incident, _ = breach(engine, Severity.P2)
    false_alarm(engine, incident.id, "alice", "a test of ours")
    seen = {severity: engine.incidents.false_alarm_of(a_draft(engine, severity)) for severity in Severity}
    assert {severity.name for severity, alarm in seen.items() if alarm} == {"P3", "P2"}
    assert engine.incidents.false_alarm_of(a_draft(engine, Severity.P2, mark="e" * 32)) is None
    for _ in range(3):
        engine.incidents.say_once(incident.id, said(Kind.SEEN_AGAIN, version="1.3.0"), "popup throws")
    assert kinds(engine, incident)[-2:] == [Kind.FALSE_ALARM, Kind.SEEN_AGAIN]
    clock.forward(days=1, seconds=1)
    assert engine.incidents.false_alarm_of(a_draft(engine, Severity.P2)) is None


def test_the_version_of_a_false_alarm_is_watched_on(engine):
    item = item_of(engine)
    for version, state in (("1.3.0", ReleaseState.BAD), ("1.2.0", ReleaseState.GOOD)):
        engine.releases.record(Release(item, V(version), engine.now()))
        engine.releases.mark(item, V(version), state)
    incident, _ = breach(engine)
    false_alarm(engine, incident.id, "alice", "a test of ours")
    assert engine.releases.find(item, V("1.3.0")).state is ReleaseState.WATCHED
    assert engine.releases.find(item, V("1.2.0")).state is ReleaseState.GOOD


def test_who_acknowledges_stops_the_clock_of_the_response_and_commands_where_nobody_does(database, clock):
    engine = Engine(a_config(oncall={}), database, now=clock)
    incident, _ = breach(engine)
    clock.forward(minutes=5)
    acknowledged = acknowledge(engine, incident.id, "carol", "on it")
    standing = engine.incidents.standing(incident.id)
    assert (acknowledged.acknowledged_by, acknowledged.acknowledged_at, standing.commander) == ("carol", clock(), "carol")
    assert [kind for kind, one in standing.clocks.items() if one.is_running] == [ClockKind.RESOLVE]
    with pytest.raises(AlreadySo, match="acknowledged by carol already"):
        acknowledge(engine, incident.id, "bob")


def test_of_two_who_acknowledge_at_once_one_does_and_the_other_is_told_who(engine):
    for number in range(10):
        incident, _ = breach(engine, mark=f"{number:032d}")
        found = at_once(
            lambda incident=incident: acknowledge(engine, incident.id, "carol"),
            lambda incident=incident: acknowledge(another(engine), incident.id, "bob"),
        )
        winner = engine.incidents.get(incident.id).acknowledged_by
        (refused,) = [one for one in found if isinstance(one, AlreadySo)]
        assert f"by {winner} already" in str(refused)
        assert kinds(engine, incident).count(Kind.ACKNOWLEDGED) == 1


def test_a_role_is_handed_over_with_both_names_and_three_held_roles_form_the_team(engine):
    incident, _ = breach(engine)
    assert assign(engine, incident.id, Role.INCIDENT_COMMANDER, "bob", "alice", "end of my shift") == "alice"
    assign(engine, incident.id, Role.TECHNICAL_LEAD, "carol", "bob")
    assert "team-formed" not in engine.incidents.standing(incident.id).ticks
    assign(engine, incident.id, Role.COMMUNICATIONS_LEAD, "dana", "bob")
    standing = engine.incidents.standing(incident.id)
    assert {role.value: holder.name for role, holder in standing.roles.items()} == {
        "incident_commander": "bob",
        "technical_lead": "carol",
        "communications_lead": "dana",
    }
    assert "technical lead: carol" in standing.ticks["team-formed"].evidence
    assert ("alice", "incident commander handed over from alice to bob") in told(engine, incident)
    with pytest.raises(AlreadySo, match="already"):
        assign(engine, incident.id, Role.TECHNICAL_LEAD, "carol", "bob")


def test_an_item_is_ticked_once_and_taken_back_with_a_reason_and_the_timeline_keeps_both(engine):
    incident, _ = breach(engine)
    tick(engine, incident.id, "impact-confirmed", "carol", "the popup is blank in three browsers")
    with pytest.raises(AlreadySo, match="by carol"):
        tick(engine, incident.id, "impact-confirmed", "bob")
    untick(engine, incident.id, "impact-confirmed", "bob", "it was my own build")
    with pytest.raises(AlreadySo):
        untick(engine, incident.id, "impact-confirmed", "bob", "again")
    with pytest.raises(NoSuchEntry):
        tick(engine, incident.id, "nonsense", "bob")
    assert kinds(engine, incident)[-2:] == [Kind.TICKED, Kind.UNTICKED]


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (said(Kind.USERS_AFFECTED, count=1200), "users-counted"),
        (said(Kind.DIAGNOSED, cause="deployment"), "logs-linked"),
        (said(Kind.PLANNED, strategy="ROLLBACK"), "fixes-weighed"),
        (said(Kind.RECOVERED), "recovery-verified"),
    ],
)
def test_the_guard_ticks_what_its_own_words_show_with_their_evidence(engine, event, key):
    incident, _ = breach(engine)
    engine.incidents.note(incident.id, event, evidence="because")
    done = engine.incidents.standing(incident.id).ticks[key]
    assert (done.by, done.evidence) == ("guard", "because")
    assert kinds(engine, incident).count(Kind.TICKED) == 0  # the event itself is on the timeline


def test_a_person_raises_and_lowers_the_severity_with_a_reason_and_the_clocks_follow(engine, clock):
    incident, _ = breach(engine, Severity.P2)
    clock.forward(minutes=10)
    set_severity(engine, incident.id, Severity.P0, "carol", "all users")
    assert engine.incidents.standing(incident.id).clocks[ClockKind.RESPOND].due_at == clock() + timedelta(minutes=15)
    set_severity(engine, incident.id, Severity.P1, "bob", "half of them")
    assert engine.incidents.standing(incident.id).clocks[ClockKind.RESPOND].due_at == incident.opened_at + timedelta(hours=1)
    assert told(engine, incident)[-1] == ("bob", "severity set from P0 to P1 by bob")
    with pytest.raises(AlreadySo):
        set_severity(engine, incident.id, Severity.P1, "bob", "again")


def test_the_guard_raises_what_a_person_lowered_only_when_the_evidence_is_worse_than_it_was(engine):
    incident, _ = breach(engine, Severity.P1)
    engine.incidents.note(incident.id, said(Kind.SEVERITY_GIVEN, severity="P1"))
    lowered = set_severity(engine, incident.id, Severity.P3, "carol", "only testers have it")
    assert engine.incidents.renew(lowered, a_draft(engine, Severity.P1), "the same").severity is Severity.P3
    raised = engine.incidents.renew(lowered, a_draft(engine, Severity.P0), "half of all users")
    assert raised.severity is Severity.P0
    assert told(engine, incident)[-1] == ("guard", "severity raised from P3 to P0")
    assert engine.incidents.renew(raised, a_draft(engine, Severity.P2), "less").severity is Severity.P0


def test_nobody_resolves_over_a_rollback_that_is_under_way(engine):
    incident, _ = breach(engine)
    engine.incidents.move(incident, IncidentState.MITIGATING, "rollback begun")
    with pytest.raises(TransitionRefused):
        resolve(engine, incident.id, "carol", "gone")
    assert engine.incidents.get(incident.id).state is IncidentState.MITIGATING


def test_a_p0_ends_with_its_postmortem_and_what_is_closed_takes_notes_alone(engine):
    incident, _ = breach(engine)
    resolved = resolve(engine, incident.id, "carol", "fixed in 1.3.1")
    assert (resolved.resolution, resolved.resolved_at) == ("fixed in 1.3.1", engine.now())
    assert not [one for one in engine.incidents.standing(incident.id).clocks.values() if one.is_running]
    with pytest.raises(TransitionRefused, match="after its postmortem"):
        close(engine, incident.id, "carol")
    end_postmortem(engine, incident.id, "carol", "https://wiki/42")
    close(engine, incident.id, "carol")
    for refused in (
        lambda: tick(engine, incident.id, "users-told", "bob"),
        lambda: assign(engine, incident.id, Role.TECHNICAL_LEAD, "bob", "bob"),
        lambda: set_severity(engine, incident.id, Severity.P1, "bob", "x"),
        lambda: reopen(engine, incident.id, "bob", "x"),
        lambda: acknowledge(engine, incident.id, "bob"),
    ):
        with pytest.raises(UsageError):
            refused()
    note(engine, incident.id, "the link has moved", "bob")
    assert told(engine, incident)[-3:] == [("carol", "postmortem done"), ("carol", "closed by carol"), ("bob", "the link has moved")]


def test_a_person_reopens_unless_another_one_of_the_same_is_open(engine, clock):
    incident, _ = breach(engine)
    false_alarm(engine, incident.id, "carol", "our own test")
    other, _ = breach(engine)
    with pytest.raises(AlreadySo, match=other.id):
        reopen(engine, incident.id, "bob", "it was none")
    false_alarm(engine, other.id, "carol", "again")
    assert reopen(engine, incident.id, "bob", "it was none").state is IncidentState.INVESTIGATING
    with pytest.raises(AlreadySo, match="is open"):
        reopen(engine, incident.id, "bob", "again")
    assert told(engine, incident)[-1] == ("bob", "reopened by bob: it is not over")


def test_opened_by_hand_it_is_classified_by_its_title_and_joined_by_the_same_title(engine):
    with pytest.raises(NothingSeen):
        open_by_hand(engine, Report(item_of(engine), "x", "bob"))
    engine.releases.record(Release(item_of(engine), V("1.3.0"), engine.now()))
    incident, is_new = open_by_hand(engine, Report(item_of(engine), "Security hole\nin the popup", "bob", reason="a user wrote"))
    assert (is_new, incident.severity, incident.title, incident.version) == (True, Severity.P0, "Security hole in the popup", V("1.3.0"))
    assert told(engine, incident)[0] == ("bob", "opened by hand: Security hole in the popup")
    again, is_new = open_by_hand(engine, Report(item_of(engine), "security hole in the popup", "carol", Severity.P2))
    assert (again.id, is_new, again.severity) == (incident.id, False, Severity.P0)
    assert open_by_hand(engine, Report(item_of(engine), "another", "carol", Severity.P2, V("1.2.0")))[0].severity is Severity.P2


@pytest.mark.parametrize("name", ["", " ", "x" * 500, "guard", "Guard"])
def test_who_says_it_has_a_name_of_a_persons_length_and_is_not_the_guard(engine, name):
    incident, _ = breach(engine)
    with pytest.raises(UsageError):
        note(engine, incident.id, "x", name)


def test_words_without_end_are_kept_short(engine):
    incident, _ = open_by_hand(engine, Report(item_of(engine), "t" * 1_000_000, "bob", version=V("1.0"), reason="r" * 1_000_000))
    note(engine, incident.id, "n" * 1_000_000, "bob")
    assert len(incident.title) == 300
    assert max(len(entry.event) + len(entry.evidence) for entry in engine.incidents.timeline(incident.id)) < 5000
    with pytest.raises(NotRecorded):
        note(engine, "I" * 100_000, "x", "bob")


def test_a_p0_warns_at_12_min_and_asks_the_next_at_15_and_management_at_30(engine, clock):
    incident, _ = breach(engine)
    said_at = {}
    for minute in range(121):
        before = len(told(engine, incident))
        ring_due(engine)
        said_at |= {minute: [event for _, event in told(engine, incident)[before:]]}
        clock.forward(minutes=1)
    assert {minute: events for minute, events in said_at.items() if events} == {
        12: ["3 min left to respond"],
        15: ["the target to respond within 15 min is missed", "escalated to bob"],
        30: ["escalated to dana, erin"],
        96: ["24 min left to resolve"],
        120: ["the target to resolve within 2 h is missed", "escalated to dana, erin"],
    }


def test_a_p1_warns_and_misses_and_asks_nobody_by_itself(engine, clock):
    incident, _ = breach(engine, Severity.P1)
    for _ in range(300):
        clock.forward(minutes=1)
        ring_due(engine)
    assert kinds(engine, incident).count(Kind.CLOCK_MISSED) == 2
    assert Kind.ESCALATED not in kinds(engine, incident)


def test_who_has_acknowledged_is_not_called_again(engine, clock):
    incident, _ = breach(engine)
    clock.forward(minutes=16)
    ring_due(engine)
    acknowledge(engine, incident.id, "bob")
    clock.forward(minutes=60)
    assert ring_due(engine) == 0
    assert kinds(engine, incident).count(Kind.ESCALATED) == 1


def test_clocks_go_on_over_restarts_and_three_processes_at_once_say_each_thing_once(engine, clock):
    chance = random.Random(20260701)
    marks = [f"{number:032d}" for number in range(5)]
    incidents = [breach(engine, mark=mark)[0] for mark in marks]
    clock_end = clock() + timedelta(hours=3)
    while clock() < clock_end:
        clock.forward(minutes=chance.choice((1, 2, 4)))
        at_once(*(lambda: ring_due(another(engine)) for _ in range(3)))
    for incident in incidents:
        said_of = [(entry.kind, entry.event) for entry in engine.incidents.timeline(incident.id)]
        assert len(said_of) == len(set(said_of)) + 1  # management is asked for the response and for the resolution
        counts = {kind: [one for one, _ in said_of].count(kind) for kind in (Kind.CLOCK_WARNED, Kind.CLOCK_MISSED, Kind.ESCALATED)}
        assert counts == {Kind.CLOCK_WARNED: 2, Kind.CLOCK_MISSED: 2, Kind.ESCALATED: 3}


def test_targets_and_escalation_are_the_configured_ones(database, clock):
    config = a_config(severity={"P2": {"respond_minutes": 5, "escalates": True}}, oncall={"rotation": ["alice"], "management": ["dana"]})
    engine = Engine(config, database, now=clock)
    incident, _ = breach(engine, Severity.P2)
    clock.forward(minutes=5)
    ring_due(engine)
    assert [event for _, event in told(engine, incident)[-2:]] == ["the target to respond within 5 min is missed", "escalated to dana"]


def test_what_fails_when_due_keeps_no_other_part_from_its_work_and_is_raised(engine, clock, monkeypatch):
    done = []

    def broken(_engine):
        done.append("reminders")
        raise UsageError("no mail")

    monkeypatch.setattr(clockwork, "remind_due", broken)
    monkeypatch.setattr(clockwork, "deliver_due", lambda _engine: done.append("delivery"))
    monkeypatch.setattr(clockwork, "sync_due", lambda _engine: done.append("tickets"))
    incident, _ = breach(engine)
    clock.forward(minutes=12)
    with pytest.raises(UsageError, match="no mail"):
        run_due(engine)
    assert done == ["reminders", "delivery", "tickets"]
    assert kinds(engine, incident)[-1] == Kind.CLOCK_WARNED
