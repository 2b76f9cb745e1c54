"""What the public is told: which events in which words, and nothing of what people and errors have said."""

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from guard.incidents.analysis import Case
from guard.incidents.events import Kind, Language
from guard.incidents.incident import Incident, IncidentState, TimelineEntry
from guard.severity import Severity
from guard.statuspage.overall import OverallStatus
from guard.statuspage.public import ASLEEP_AFTER, Stage, Update, Watched, name_in_public, publish
from guard.statuspage.uptime import Condition
from guard.statuspage.wording import Words
from webstore.models import Item
from webstore.versions import Version

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
ITEM, OTHER = Item("publisher", "a" * 32), Item("publisher", "b" * 32)
V = Version.parse
ENGLISH, CHINESE = Words(Language.ENGLISH), Words(Language.CHINESE)


def a_case(
    *kinds, state=IncidentState.INVESTIGATING, severity=Severity.P1, item=ITEM, number=1, since=NOW - timedelta(hours=1), facts=None
):
    kinds = (Kind.BREACH_SEEN, *kinds)
    timeline = [
        TimelineEntry(since + timedelta(minutes=place), "guard", "", kind=kind, facts=facts or {}) for place, kind in enumerate(kinds)
    ]
    incident = Incident(f"INC-2026-{number:04d}", "f", "title", severity, state, item, V("1.3.0"), since)
    return Case(dataclasses.replace(incident, resolved_at=None if state.is_open else timeline[-1].at), timeline)


def a_watched(*cases, item=ITEM, name="Bookshelf", ago: timedelta | None = timedelta(minutes=1), **more):
    return Watched(item, name, cases, NOW - timedelta(days=30), NOW - ago if ago is not None else None, **more)


def stages(*kinds, **more):
    return [update.stage for update in publish([a_watched(a_case(*kinds, **more))], NOW).incidents[0].updates]


def test_a_rollback_is_told_step_by_step():
    kinds = (Kind.SEVERITY_GIVEN, Kind.DIAGNOSED, Kind.PLANNED, Kind.ACKNOWLEDGED, Kind.ROLLBACK_BEGUN, Kind.ROLLBACK_DONE, Kind.RECOVERED)
    told = stages(*kinds, state=IncidentState.RESOLVED)
    assert told == [Stage.SEEN, Stage.TAKEN_ON, Stage.GOING_BACK, Stage.BACK, Stage.WELL]


@pytest.mark.parametrize(
    ("kinds", "newest"),
    [
        ((Kind.ROLLBACK_BEGUN, Kind.ROLLBACK_BEGUN), Stage.GOING_BACK),
        ((Kind.ROLLBACK_BEGUN, Kind.ROLLBACK_FAILED), Stage.BACK_FAILED),
        ((Kind.ROLLBACK_BEGUN, Kind.ROLLBACK_FAILED_WORSE), Stage.BACK_FAILED),
        ((Kind.ROLLBACK_BEGUN, Kind.ROLLBACK_STOPPED), Stage.NOT_BACK),
        ((Kind.REPAIR_BEGUN,), Stage.REPAIRING),
        ((Kind.RECOVERED, Kind.REOPENED), Stage.AGAIN),
        ((Kind.NOTED, Kind.TICKED, Kind.MESSAGE_FAILED, Kind.ROLE_TAKEN, Kind.PROPOSED, ""), Stage.SEEN),
    ],
)
def test_the_newest_of_what_is_told(kinds, newest):
    assert stages(*kinds)[-1] is newest


@pytest.mark.parametrize(("result", "stage"), [("done", Stage.REPAIRED), ("FAILED", Stage.REPAIR_FAILED)])
def test_a_repair_is_told_by_what_came_of_it(result, stage):
    assert stages(Kind.REPAIR_BEGUN, Kind.REPAIR_ENDED, facts={"result": result})[-1] is stage


def told(*events, **more):
    """The updates of an incident after these events, each a kind and a person's words."""
    case = a_case(*(kind for kind, _ in events), **more)
    entries = [dataclasses.replace(entry, facts={"text": text}) for entry, (_, text) in zip(case.timeline[1:], events, strict=True)]
    return publish([a_watched(dataclasses.replace(case, timeline=[case.timeline[0], *entries]))], NOW).incidents[0]


def test_a_persons_words_for_the_public_are_told_as_they_are_bounded_to_a_line():
    incident = told(
        (Kind.PUBLIC_NOTE, "Lists are\n empty for now;\u202e sorry."), (Kind.PUBLIC_NOTE, "x" * 1_000_000), (Kind.NOTED, "inside")
    )
    assert [ENGLISH.update(update) for update in incident.updates[1:]] == ["Lists are empty for now; sorry.", "x" * 600 + "…"]


def test_words_that_are_withdrawn_are_gone_and_readers_of_the_feed_are_told():
    incident = told((Kind.PUBLIC_NOTE, "oops"), (Kind.ACKNOWLEDGED, ""), (Kind.PUBLIC_WITHDRAWN, ""), (Kind.PUBLIC_NOTE, "better"))
    assert [(update.stage, update.words) for update in incident.updates] == [(Stage.SEEN, ""), (Stage.TAKEN_ON, ""), (Stage.TOLD, "better")]
    incident = told((Kind.PUBLIC_NOTE, "oops"), (Kind.PUBLIC_WITHDRAWN, ""))
    assert [update.stage for update in incident.updates] == [Stage.SEEN]
    assert incident.changed_at == incident.since + timedelta(minutes=2)


def test_words_after_the_end_change_nothing_of_the_end():
    incident = told((Kind.RECOVERED, ""), (Kind.PUBLIC_NOTE, "Thank you for waiting."), state=IncidentState.RESOLVED)
    assert [update.stage for update in incident.updates] == [Stage.SEEN, Stage.WELL, Stage.TOLD]
    incident = told((Kind.FALSE_ALARM, ""), (Kind.PUBLIC_NOTE, "It was a test account."), state=IncidentState.FALSE_ALARM)
    assert (incident.is_false_alarm, ENGLISH.standing(incident)) == (True, "false alarm")


def test_an_incident_whose_end_has_no_event_is_told_to_be_over():
    assert stages(state=IncidentState.CLOSED) == [Stage.SEEN, Stage.WELL]
    assert stages(state=IncidentState.FALSE_ALARM) == [Stage.SEEN, Stage.FALSE_ALARM]


def test_an_incident_that_never_comes_to_rest_stays_bounded():
    kinds = [Kind.RECOVERED, Kind.REOPENED] * 500
    told = publish([a_watched(a_case(*kinds))], NOW).incidents[0]
    assert len(told.updates) == 41
    assert (told.updates[0].stage, told.updates[0].at) == (Stage.SEEN, told.since)


def test_every_event_is_told_in_words_or_is_nobody_elses_business():
    """A new event is internal until somebody gives it words here: nothing gets out by being forgotten."""
    internal = {
        Kind.SEEN_AGAIN, Kind.SEVERITY_GIVEN, Kind.SEVERITY_RAISED, Kind.SEVERITY_SET, Kind.USERS_AFFECTED, Kind.DIAGNOSED,
        Kind.ERRORS_SPEAK_OF, Kind.CAUSE_FOUND, Kind.PLANNED, Kind.DECIDED_TO_FOLLOW, Kind.DECIDED_TO_ASK, Kind.PROPOSED, Kind.ROLE_TAKEN,
        Kind.HANDED_OVER, Kind.TICKED, Kind.UNTICKED, Kind.ASKED_FOR, Kind.APPROVED, Kind.ATTEMPT_OVER, Kind.CALLED_OFF, Kind.ORDERED,
        Kind.RECOVERY_AWAITED, Kind.POSTMORTEM_DONE, Kind.CLOSED, Kind.CLOCK_WARNED, Kind.CLOCK_MISSED, Kind.ESCALATED, Kind.MESSAGE_SENT,
        Kind.MESSAGE_FAILED, Kind.TICKET_OPENED, Kind.ACTION_ADDED, Kind.ACTION_DONE, Kind.ACTION_DROPPED, Kind.NOTED,
        Kind.PUBLIC_WITHDRAWN,
    }  # fmt: skip
    for kind in Kind:
        told = stages(kind)
        assert (len(told) == 1) == (
            kind in internal or kind.value in {"breach_seen", "opened_by_hand", "opened_by_canary", "opened_for_rollback"}
        )


def test_every_stage_and_condition_has_words_in_every_language():
    for words, stage in itertools.product((ENGLISH, CHINESE), set(Stage) - {Stage.TOLD}):
        assert words.update(Update(NOW, stage)).endswith((".", "。"))
    for words, condition in itertools.product((ENGLISH, CHINESE), Condition):
        assert words.condition(condition)
    english, chinese = ({words.update(Update(NOW, stage)) for stage in Stage} - {""} for words in (ENGLISH, CHINESE))
    assert english.isdisjoint(chinese)


@pytest.mark.parametrize(
    ("cases", "ago", "condition", "headline", "name"),
    [
        ([], timedelta(minutes=1), Condition.GOOD, "Everything works", "OPERATIONAL"),
        ([a_case(severity=Severity.P3)], timedelta(minutes=1), Condition.NOTICEABLE, "Works, with a small problem", "OPERATIONAL"),
        ([a_case()], timedelta(minutes=1), Condition.DEGRADED, "Some users run into problems", "DEGRADED"),
        (
            [a_case(severity=Severity.P0), a_case(number=2)],
            timedelta(minutes=1),
            Condition.OUTAGE,
            "There is a serious problem",
            "CRITICAL",
        ),
        ([], ASLEEP_AFTER, Condition.GOOD, "Everything works", "OPERATIONAL"),
        ([], ASLEEP_AFTER + timedelta(seconds=1), Condition.UNKNOWN, "Not being watched at the moment", "UNKNOWN"),
        ([], None, Condition.UNKNOWN, "Not being watched at the moment", "UNKNOWN"),
        ([a_case(severity=Severity.P0)], timedelta(days=3), Condition.OUTAGE, "There is a serious problem", "CRITICAL"),
        ([a_case(state=IncidentState.RESOLVED)], timedelta(days=3), Condition.UNKNOWN, "Not being watched at the moment", "UNKNOWN"),
    ],
)
def test_the_headline(cases, ago, condition, headline, name):
    status = publish([a_watched(*cases, ago=ago)], NOW)
    assert (status.condition, ENGLISH.headline(status), status.name) == (condition, headline, name)


def test_one_extension_that_nobody_watches_is_no_good_news_for_all():
    status = publish([a_watched(), a_watched(item=OTHER, ago=timedelta(hours=2))], NOW)
    assert (status.condition, status.overall) == (Condition.UNKNOWN, OverallStatus.OPERATIONAL)
    assert [extension.condition for extension in status.extensions] == [Condition.GOOD, Condition.UNKNOWN]


def test_a_look_that_did_not_succeed_is_no_look():
    status = publish([a_watched(was_seen=False)], NOW)
    assert not status.is_watched
    assert "did not succeed" in ENGLISH.watched(status.extensions[0])


def test_days_after_the_last_look_are_not_known():
    extension = publish([a_watched(ago=timedelta(days=3))], NOW).extensions[0]
    assert [day.condition for day in extension.uptime.days[-4:]] == [
        Condition.GOOD,
        Condition.UNKNOWN,
        Condition.UNKNOWN,
        Condition.UNKNOWN,
    ]


def test_a_version_is_told_only_when_users_were_seen_to_have_it():
    assert publish([a_watched(a_case())], NOW).incidents[0].version is None
    assert publish([a_watched(a_case(), published=[V("1.3.0")])], NOW).incidents[0].version == V("1.3.0")


def test_what_ended_over_ninety_days_ago_is_gone_and_what_is_open_stays():
    old = NOW - timedelta(days=120)
    status = publish([a_watched(a_case(since=old, state=IncidentState.RESOLVED), a_case(since=old, number=2))], NOW)
    assert [incident.is_open for incident in status.incidents] == [True]


def test_open_ones_come_first_the_worst_before_the_newest():
    cases = [
        a_case(severity=Severity.P3, number=1, since=NOW - timedelta(minutes=5)),
        a_case(severity=Severity.P0, number=2, since=NOW - timedelta(hours=9)),
        a_case(state=IncidentState.RESOLVED, severity=Severity.P0, number=3, since=NOW - timedelta(minutes=4)),
    ]
    told = publish([a_watched(*cases)], NOW).incidents
    assert [(incident.is_open, incident.condition) for incident in told] == [
        (True, Condition.OUTAGE),
        (True, Condition.NOTICEABLE),
        (False, Condition.OUTAGE),
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Bookshelf", "Bookshelf"),
        ("  a\n\tb  ", "a b"),
        ("a\u202eb\u2066c\x00d", "a b c d"),
        ("書架 קורא", "書架 קורא"),
        ("x" * 1_000_000, "x" * 80 + "…"),
        ("\u200b\x1b\ud800", "a" * 32),
        ("", "a" * 32),
    ],
)
def test_a_name_is_one_bounded_line_that_turns_nothing_around(name, shown):
    assert name_in_public(name, ITEM) == shown


@pytest.mark.parametrize(
    ("known", "bad", "said"),
    [
        (timedelta(days=30), timedelta(), "available 100 %"),
        (timedelta(days=30), timedelta(milliseconds=1), "available 99.99 %"),
        (timedelta(days=30), timedelta(days=30), "available 0 %"),
        (timedelta(days=30), timedelta(hours=5), "available 99.3 %"),
    ],
)
def test_a_share_is_rounded_down_so_that_100_means_all(known, bad, said):
    from guard.model import Interval
    from guard.statuspage.uptime import Trouble, uptime_of

    midnight = NOW.replace(hour=0)
    troubles = [Trouble(Condition.OUTAGE, Interval(midnight - known, midnight - known + bad))]
    assert ENGLISH.available(uptime_of(troubles, Interval(midnight - known, midnight), NOW)) == said


def test_the_bars_are_told_in_words():
    extension = publish([a_watched(a_case())], NOW).extensions[0]
    assert ENGLISH.summary(extension) == (
        "Bookshelf, the last 90 days: available 99.86 %; 1 day problems for some users, 30 days works, 59 days not known"
    )
    assert CHINESE.summary(extension) == "Bookshelf，過去 90 天：可用率 99.86%；部分使用者受影響 1 天、正常 30 天、無資料 59 天"
    assert ENGLISH.of_day(extension.uptime.days[-1]) == "25 Nov 2026: problems for some users 1 h"
