"""Tickets on GitHub: opened once, kept true, told what happens, closed at the end; on both databases."""

from datetime import timedelta

import pytest

from contract.github_issues import TOKEN, github_issues, limited
from contract.ticket_world import a_world
from guard.clockwork import run_due
from guard.incidents.action_items import ActionState
from guard.incidents.events import Kind, said
from guard.incidents.incident import IncidentState
from guard.severity import Severity
from guard.store.tickets import Tickets, TicketState


@pytest.fixture
def github(clock):
    with github_issues(clock) as found:
        yield found


@pytest.fixture
def settings():
    return {}


@pytest.fixture
def world(database, clock, github, tmp_path, monkeypatch, settings):
    return a_world(database, clock, github, tmp_path, monkeypatch, **settings)


def record(world, subject):
    return Tickets(world.engine.database, "owner/name", world.clock).get(subject.id)


def test_an_incident_gets_one_ticket_with_its_labels_and_the_timeline_says_so(world, github):
    incident = world.incident(severity=Severity.P1)
    assert [world.sync() for _ in range(4)] == [1, 0, 0, 0]
    (issue,) = github.issues
    assert issue.title == f"[P1] {incident.id}: error rate over its limit"
    assert issue.labels == ["release-guard", "severity: P1"]
    assert issue.body.startswith(f"<!-- release-guard {incident.id} ")
    for part in ("| Severity | P1 |", "| Affected users | 120 |", "breach seen in 1.3.0", f"`release-guard incident show {incident.id}`"):
        assert part in issue.body
    assert issue.comments == []
    assert [entry.facts for entry in world.engine.incidents.timeline(incident.id) if entry.kind == Kind.TICKET_OPENED] == [
        {"ticket": "owner/name#1"}
    ]
    assert world.warnings == []


def test_the_text_stays_true_events_are_told_in_comments_and_the_ticket_closes_with_the_incident(world, github):
    records, incident = world.engine.incidents, world.incident()
    world.sync()
    world.raise_to(incident, Severity.P2)
    records.note(incident.id, "looked at the logs", actor="alice")
    assert world.sync() == 1
    (issue,) = github.issues
    assert (issue.labels, issue.title.startswith("[P2]")) == (["release-guard", "severity: P2"], True)
    assert "alice: looked at the logs" in issue.body
    ((_, comment),) = issue.comments
    assert "severity raised from P3 to P2" in comment
    assert "looked at the logs" not in comment
    moved = records.move(records.get(incident.id), IncidentState.RESOLVED, said(Kind.RESOLVED, by="alice"), resolution="fixed")
    assert world.sync() == 1
    assert (issue.state, issue.state_reason, len(issue.comments)) == ("closed", "completed", 2)
    assert "| Resolution | fixed |" in issue.body
    records.move(moved, IncidentState.INVESTIGATING, said(Kind.REOPENED))
    assert [world.sync(), world.sync()] == [1, 0]
    assert (issue.state, issue.state_reason, len(github.issues)) == ("open", "reopened", 1)
    assert record(world, incident).state is TicketState.OPEN


def test_a_p1_stays_open_until_its_postmortem_and_a_false_alarm_is_not_planned(world, github):
    records = world.engine.incidents
    first, second = world.incident(severity=Severity.P1), world.incident(severity=Severity.P3, mark="e")
    world.sync()
    resolved = records.move(first, IncidentState.RESOLVED, said(Kind.RESOLVED, by="alice"))
    records.move(second, IncidentState.FALSE_ALARM, said(Kind.FALSE_ALARM, by="alice"))
    world.sync()
    assert [(issue.state, issue.state_reason) for issue in github.issues] == [("open", None), ("closed", "not_planned")]
    records.move(resolved, IncidentState.POSTMORTEM_DONE, said(Kind.POSTMORTEM_DONE))
    world.sync()
    assert [issue.state for issue in github.issues] == ["closed", "closed"]


def test_labels_and_a_state_that_people_gave_are_left_to_them(world, github):
    incident = world.incident()
    world.sync()
    (issue,) = github.issues
    issue.labels.append("team: shelf")
    issue.state = "closed"
    world.raise_to(incident, Severity.P0)
    world.sync()
    assert (issue.state, sorted(issue.labels)) == ("closed", ["release-guard", "severity: P0", "team: shelf"])


def test_an_action_item_gets_a_ticket_that_follows_it_to_its_end(world, github):
    first, second = world.action(), world.action("drop me")
    assert world.sync() == 2
    assert [issue.labels for issue in github.issues] == [["release-guard", "action item"]] * 2
    world.actions().move(world.actions().assign(first, "carol"), ActionState.DONE, "carol", "it runs")
    world.actions().move(second, ActionState.DROPPED, "bob", "not worth it")
    assert [world.sync(), world.sync()] == [2, 0]
    assert [(issue.state, issue.state_reason) for issue in github.issues] == [("closed", "completed"), ("closed", "not_planned")]
    assert "| Owner | carol |" in github.issues[0].body
    assert "| Reason | not worth it |" in github.issues[1].body


def test_what_was_over_before_it_had_a_ticket_gets_none(world, github):
    world.engine.incidents.move(world.incident(), IncidentState.RESOLVED, said(Kind.RESOLVED, by="alice"))
    world.actions().move(world.action(), ActionState.DONE, "bob")
    assert (world.sync(), github.calls) == (0, [])


@pytest.mark.parametrize("settings", [{"tickets": {"from_severity": "P1", "action_items": False}}])
def test_only_what_is_configured_gets_a_ticket(world, github):
    world.incident(severity=Severity.P2)
    world.action()
    assert world.sync() == 0
    world.incident(severity=Severity.P1, mark="e")
    assert world.sync() == 1
    assert github.writes() == ["POST /issues"]


@pytest.mark.parametrize("settings", [{"language": "zh-TW"}])
def test_a_ticket_speaks_the_configured_language(world, github):
    incident = world.incident("1.3.0: error rate over its limit")
    world.sync()
    world.engine.incidents.note(incident.id, said(Kind.ACKNOWLEDGED, by="小明"), evidence="the drill was read; no check is configured")
    world.sync()
    (issue,) = github.issues
    assert "小明 已接手處理 — the drill was read；沒有設定任何檢查" in issue.body
    assert "| 嚴重程度 | P3 |" in issue.body
    assert "| 原因 | 此次發布的版本（only it） |" in issue.body
    assert issue.title == f"[P3] {incident.id}: 1.3.0：錯誤率超出門檻"
    assert "1.3.0 版超出門檻" in issue.body
    assert "系統：小明 已接手處理" in issue.comments[0][1]


@pytest.mark.parametrize("how", ["lost before", "lost after", "500 after"])
def test_a_lost_answer_opens_no_second_ticket(world, github, how):
    incident = world.incident()
    github.fails("POST", how)
    assert world.sync() == 0
    assert record(world, incident).number is None
    for _ in range(5):
        world.sync()
    (issue,) = github.issues
    assert github.writes().count("POST /issues") == (2 if how == "lost before" else 1)
    assert record(world, incident).number == issue.number
    assert [entry.kind for entry in world.engine.incidents.timeline(incident.id)].count(Kind.TICKET_OPENED) == 1


def test_what_is_listed_late_has_a_minute_to_show_before_it_is_sent_again(world, github):
    world.incident()
    github.hides = {1}
    github.fails("POST", "lost after")
    world.sync()
    world.sync(seconds=31)
    assert len(github.issues) == 1  # not listed yet, and not sent again
    github.hides = set()
    world.sync(seconds=31)
    assert len(github.issues) == 1
    assert github.writes().count("POST /issues") == 1


@pytest.mark.parametrize("how", ["lost before", "lost after", "500 after"])
def test_a_lost_answer_to_a_comment_makes_no_second_one(world, github, how):
    incident = world.incident()
    world.sync()
    world.engine.incidents.note(incident.id, said(Kind.ROLLBACK_STOPPED, failure="by a person"))
    github.fails("POST", how)
    assert world.sync() == 0
    world.engine.incidents.note(incident.id, said(Kind.ESCALATED, to="management"))
    for _ in range(6):
        world.sync()
    (issue,) = github.issues
    comments = [body for _, body in issue.comments]
    assert len(comments) == 2
    assert ["rollback by a person" in body or "by a person" in body for body in comments] == [True, False]
    assert "management" in comments[1]
    assert record(world, incident).saying is None


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (limited(429, retry_after=90), 90),
        (limited(403, words="You have exceeded a secondary rate limit.", retry_after=120), 120),
        (limited(403, words="You have exceeded a secondary rate limit. Please wait a few minutes."), 60),
        (limited(403, x_ratelimit_remaining=0, x_ratelimit_reset=1782871800 + 7200), 3600),
        (limited(429), 60),
    ],
)
def test_a_limit_is_kept_by_everybody_for_as_long_as_github_says(world, github, answer, seconds):
    for mark in "fed":
        world.incident(mark=mark)
    github.fails("POST", answer)
    assert world.sync() == 0
    calls = len(github.calls)
    assert world.sync(seconds=seconds - 31) == 0
    assert len(github.calls) == calls  # nobody is asked meanwhile
    assert world.sync(seconds=32) == 3
    assert len(github.issues) == 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (limited(401, words="Bad credentials"), "the token is not valid"),
        (limited(403, words="Resource not accessible by integration"), "the permission to write issues"),
        (limited(404, words="Not Found"), "no such repository"),
        (limited(410, words="Issues are disabled for this repo"), "issues are switched off"),
        (limited(422, words=f"Validation Failed {TOKEN}"), "does not take"),
    ],
)
def test_a_refusal_is_told_rests_and_is_tried_again(world, github, fault, words):
    incident = world.incident()
    github.fails("GET", fault)
    assert world.sync() == 0
    assert words in world.warnings[0]
    assert TOKEN not in str(world.warnings)
    assert record(world, incident).attempts == 1
    assert world.sync(minutes=6) == 1
    assert (record(world, incident).attempts, record(world, incident).trouble) == (0, "")


def test_what_goes_on_failing_is_asked_ever_less_often_and_keeps_no_other_ticket_waiting(world, github):
    first, second = world.incident(), world.incident(mark="e")
    world.sync()
    github.issues[0].number = 99  # a number that nobody knows
    for incident in (first, second):
        world.engine.incidents.note(incident.id, said(Kind.ESCALATED, to="management"))
    world.sync()
    assert len(github.issues[1].comments) == 1
    for _ in range(60):
        world.sync(minutes=10)
    assert github.calls.count("POST /issues/1/comments") < 20
    assert record(world, first).attempts > 6


@pytest.mark.parametrize("how", ["is_deleted", "is_moved"])
def test_a_ticket_that_somebody_deleted_or_moved_is_left_alone(world, github, how):
    incident = world.incident()
    world.sync()
    setattr(github.issues[0], how, True)
    for _ in range(4):
        world.engine.incidents.note(incident.id, said(Kind.ESCALATED, to="management"))
        world.sync(minutes=10)
    assert record(world, incident).state is TicketState.GONE
    assert (len(github.issues), github.writes().count("POST /issues/1/comments")) == (1, 1)


def test_a_pull_request_or_a_foreign_issue_with_the_mark_is_no_ticket(world, github):
    incident = world.incident()
    world.sync()
    mark = github.issues[0].body.split("\n")[0]
    github.issues.clear()
    github.open(body=mark, labels=["release-guard"], is_pull_request=True)
    github.open(body=mark)  # anybody can write a text, but not give a label
    github.open(body=f"> {mark}", labels=["release-guard"])
    with world.engine.database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM tickets")
    world.sync()
    assert record(world, incident).number == 4


def test_without_a_token_or_a_repository_nothing_is_asked(world, github, monkeypatch):
    world.incident()
    monkeypatch.delenv("GITHUB_TOKEN")
    assert (world.sync(), github.calls, "GITHUB_TOKEN is not set" in world.warnings[0]) == (0, [], True)
    world.engine.config = world.engine.config.model_copy(update={"tickets": type(world.engine.config.tickets)()})
    assert (world.sync(), github.calls, len(world.warnings)) == (0, [], 1)


def test_a_token_that_may_not_label_makes_one_ticket_all_the_same(world, github):
    github.drops_labels = True
    world.incident()
    assert [world.sync() for _ in range(3)] == [1, 0, 0]
    assert len(github.issues) == 1


def test_looked_at_every_2_seconds_text_alone_is_written_at_most_every_20_and_an_end_at_once(world, github):
    records, incident = world.engine.incidents, world.incident()
    world.sync()
    for number in range(30):
        records.note(incident.id, f"looked at log {number}", actor="alice")
        world.sync(seconds=2)
    assert github.writes().count("PATCH /issues/1") == 3
    records.move(incident, IncidentState.RESOLVED, said(Kind.RESOLVED, by="alice"))
    world.sync(seconds=2)
    (issue,) = github.issues
    assert (issue.state, "looked at log 29" in issue.body, len(issue.comments)) == ("closed", True, 1)


@pytest.mark.parametrize("how", ["lost before", "500 after"])
def test_a_github_that_does_not_answer_is_asked_once_in_30_seconds_however_much_there_is_to_tell(world, github, how):
    for mark in "fed":
        world.incident(mark=mark)
    for _ in range(40):
        github.fails("", how)
    for _ in range(30):
        assert world.sync(seconds=2) == 0
    assert len(github.calls) == 2
    github.faults.clear()
    for _ in range(3):
        world.sync(minutes=5)
    assert len(github.issues) == 3


def test_a_token_or_address_is_never_in_what_people_or_the_database_are_told(world, github, caplog):
    github.fails("POST", "lost before")
    world.incident()
    with caplog.at_level("DEBUG"):
        world.sync()
    with world.engine.database.connect() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM tickets").all())
    assert TOKEN not in caplog.text + kept + str(world.warnings) + repr(world.engine.config)
    assert "answer was lost" in kept


def test_whatever_does_what_is_due_writes_tickets_as_well(world, github):
    item = world.action()
    run_due(world.engine)
    assert [issue.title for issue in github.issues] == [f"{item.id}: add a canary"]
    world.actions().move(item, ActionState.DONE, "alice")
    run_due(world.engine)
    assert github.issues[0].state == "closed"


def test_what_is_true_is_not_read_again_until_something_happens(world, github, monkeypatch):
    incident = world.incident()
    world.sync()
    world.sync()
    read, entries = [], Tickets.entries
    monkeypatch.setattr(Tickets, "entries", lambda tickets, subject: read.append(subject) or entries(tickets, subject))
    for _ in range(5):
        world.sync(seconds=2)
    assert read == []
    world.engine.incidents.note(incident.id, said(Kind.ESCALATED, to="management"))
    assert world.sync(seconds=2) == 1
    assert read
    assert len(github.issues[0].comments) == 1


def test_a_p1_that_is_over_while_github_is_down_gets_its_ticket_for_the_postmortem(world, github):
    incident = world.incident(severity=Severity.P1)
    github.fails("GET", "500 after")
    world.sync()
    world.engine.incidents.move(incident, IncidentState.RESOLVED, said(Kind.RESOLVED, by="alice"))
    world.sync(minutes=5)
    (issue,) = github.issues
    assert (issue.state, issue.title.startswith("[P1]")) == ("open", True)


def test_a_shorter_rest_never_ends_a_longer_one(world, database, clock):
    tickets = Tickets(database, "owner/name", clock)
    for minutes, left in ((60, 60), (1, 60), (90, 90)):
        tickets.rest(clock() + timedelta(minutes=minutes), f"{minutes}")
        assert tickets.rests_until() == (clock() + timedelta(minutes=left), f"{left}")
    clock.forward(minutes=91)
    assert tickets.rests_until() is None
