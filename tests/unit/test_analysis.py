"""How long incidents took, by the named events of their timelines; what they teach; and the figures of a period."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from guard.incidents.action_items import ActionItem, ActionState, IncidentClass, Priority
from guard.incidents.analysis import Case, Sla, Target, Times, moments_of, sla_of, spread, times_of
from guard.incidents.events import Kind, Language
from guard.incidents.figures import actions_of, figures_of, prevention_of, rollbacks_of
from guard.incidents.incident import Incident, IncidentState, TimelineEntry, Trigger
from guard.incidents.measured import Stretch, budget_of, line_of
from guard.incidents.recommendations import Area, Earned, Recommendation, Rule, recommend
from guard.judge.watch import BEFORE
from guard.model import Counted, Interval, Sample, Signal
from guard.severity import Severity
from webstore.models import Item
from webstore.versions import Version

T0 = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
ITEM = Item("publisher", "a" * 32)
NEW, OLD = Version.parse("1.3.0"), Version.parse("1.2.0")
MINUTE = timedelta(minutes=1)


def at(minutes):
    return T0 + minutes * MINUTE


def a_case(*events: tuple[Any, ...], released: float | None = 0, state=IncidentState.RESOLVED, number=1, drill="", **changes):
    """An incident seen ten minutes after its release; ``events`` are (minute, kind) or (minute, kind, facts)."""
    seen = "breach: error_rate: 85 of 100 sessions on 1.3.0 failed"
    incident = Incident(
        f"INC-2026-{number:04d}", "f", "title", Severity.P1, state, ITEM, NEW, at(10), cause="deployment: 1.2.0 does not show it"
    )
    incident = Incident(**{**vars(incident), **changes})
    opening = Kind.BREACH_SEEN if incident.trigger is Trigger.BREACH else Kind.OPENED_BY_HAND
    timeline = [TimelineEntry(at(10), "guard", "seen", seen, opening)]
    timeline += [TimelineEntry(at(minute), "guard", kind.value, "", kind, facts[0] if facts else {}) for minute, kind, *facts in events]
    return Case(incident, timeline, None if released is None else at(released), drill)


WHOLE = (
    (11, Kind.SEVERITY_GIVEN),
    (12, Kind.ROLLBACK_BEGUN),
    (15, Kind.ACKNOWLEDGED),
    (10, Kind.ROLE_TAKEN),
    (17, Kind.ROLLBACK_DONE),
    (30, Kind.RECOVERED),
)


def minutes(*values):
    return Times(*(None if value is None else value * MINUTE for value in values))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(a_case(*WHOLE), minutes(10, 5, 2, 7, 20), id="the guard rolls back, a person acknowledges"),
        pytest.param(
            a_case((13, Kind.APPROVED), (40, Kind.RESOLVED)), minutes(10, None, 3, 30, 30), id="resolved by hand is mitigated by it"
        ),
        pytest.param(a_case((40, Kind.RECOVERED)), minutes(10, None, 30, 30, 30), id="what ends by itself is responded to by its end"),
        pytest.param(a_case(state=IncidentState.INVESTIGATING), minutes(10, None, None, None, None), id="nothing has happened yet"),
        pytest.param(a_case(*WHOLE, released=None), minutes(None, 5, 2, 7, 20), id="a release that was never seen has no beginning"),
        pytest.param(a_case(*WHOLE, cause="external: the site"), minutes(None, 5, 2, 7, 20), id="an outside cause did not begin with it"),
        pytest.param(a_case(*WHOLE, trigger=Trigger.PERSON), minutes(None, 5, 2, 7, 20), id="what a person opens was not detected"),
        pytest.param(
            a_case(*WHOLE, (50, Kind.REOPENED), (58, Kind.ROLLBACK_DONE), (70, Kind.RECOVERED)),
            minutes(10, 5, 2, 48, 60),
            id="after a reopening what was before does not count as its end",
        ),
        pytest.param(
            a_case(*WHOLE, (50, Kind.REOPENED_BY_HAND), (70, Kind.RESOLVED)), minutes(10, 5, 2, 60, 60), id="a person may reopen it as well"
        ),
        pytest.param(
            a_case(*WHOLE, (50, Kind.REOPENED), state=IncidentState.INVESTIGATING),
            minutes(10, 5, 2, None, None),
            id="a reopened one is neither mitigated nor resolved",
        ),
        pytest.param(
            a_case((20, Kind.REPAIR_ENDED, {"result": "FAILED"}), (25, Kind.REPAIR_ENDED, {"result": "done"}), (40, Kind.RESOLVED)),
            minutes(10, None, 30, 15, 30),
            id="a repair that failed mitigates nothing",
        ),
        pytest.param(a_case(*WHOLE, state=IncidentState.FALSE_ALARM), Times(), id="a false alarm has no times"),
        pytest.param(a_case((5, Kind.ACKNOWLEDGED), (40, Kind.RESOLVED)), minutes(10, 0, 0, 30, 30), id="no time is less than nothing"),
    ],
)
def test_times_are_counted_between_named_events(case, expected):
    assert times_of(case) == expected


def test_an_incident_of_before_events_had_names_is_told_by_its_record():
    case = Case(a_case(resolved_at=at(33)).incident, [TimelineEntry(at(10), "guard", "breach seen in 1.3.0")], at(0))
    assert times_of(case) == minutes(10, None, 23, 23, 23)
    assert moments_of(case).resolved == at(33)


@pytest.mark.parametrize(
    ("severity", "respond", "resolve"),
    [(Severity.P0, 15, 2 * 60), (Severity.P1, 60, 4 * 60), (Severity.P2, 4 * 60, 24 * 60), (Severity.P3, 24 * 60, 72 * 60)],
)
def test_sla_p0_15_min_2_h_p1_1_h_4_h_p2_4_h_24_h_p3_24_h_72_h(severity, respond, resolve):
    def case(response, resolution):
        return a_case((10 + response, Kind.ACKNOWLEDGED), (10 + resolution, Kind.RESOLVED), severity=severity)

    assert sla_of(case(respond, resolve), at(99_999)) == Sla(Target.MET, Target.MET)
    assert sla_of(case(respond + 1, resolve + 1), at(99_999)) == Sla(Target.MISSED, Target.MISSED)
    waiting = a_case(severity=severity, state=IncidentState.INVESTIGATING)
    assert sla_of(waiting, at(10 + respond)) == Sla(Target.PENDING, Target.PENDING)
    assert sla_of(waiting, at(11 + respond)).response is Target.MISSED
    assert sla_of(waiting, at(11 + resolve)).resolution is Target.MISSED


def test_a_spread_is_mean_median_and_a_ninetieth_percentile_that_occurred():
    values = [timedelta(seconds=number) for number in range(1, 11)]
    random.Random(7).shuffle(values)
    found = spread([None, *values])
    assert found.count == 10
    assert [found.mean, found.median, found.p90] == [timedelta(seconds=seconds) for seconds in (5.5, 5.5, 9)]
    assert spread([timedelta(3)]).p90 == timedelta(3)
    assert spread([None]) is None


def rules(*cases, now=99_999):
    return {one.rule: one for one in recommend(cases, at(now))}


def test_detection_slower_than_10_minutes_earns_a_monitoring_recommendation():
    assert Rule.SLOW_DETECTION not in rules(a_case(*WHOLE))
    found = rules(a_case(*WHOLE, released=-1))[Rule.SLOW_DETECTION]
    assert found.area is Area.MONITORING
    assert found.evidence(Language.ENGLISH) == "detection took 11 min; 10 min are allowed"
    assert found.evidence(Language.CHINESE) == "偵測花了 11 分鐘，上限為 10 分鐘"


def test_a_deployment_cause_earns_a_deployment_recommendation():
    found = rules(a_case(*WHOLE))[Rule.DEPLOYMENT_CAUSE]
    assert found.area is Area.DEPLOYMENT
    assert "release-guard check" in found.advice(Language.ENGLISH)
    assert "回滾演練" in found.advice(Language.CHINESE)
    assert Rule.DEPLOYMENT_CAUSE not in rules(a_case(*WHOLE, cause="external: the site changed"))


@pytest.mark.parametrize(
    ("rule", "case"),
    [
        (Rule.RESPONSE_MISSED, a_case((200, Kind.ACKNOWLEDGED), (201, Kind.RESOLVED))),
        (Rule.RESOLUTION_MISSED, a_case((11, Kind.ACKNOWLEDGED), (400, Kind.RESOLVED))),
        (Rule.ROLLBACK_FAILED, a_case((12, Kind.ROLLBACK_FAILED, {"failure": "refused"}), (40, Kind.RESOLVED))),
        (Rule.UNSAFE_DRILL, a_case(*WHOLE, drill="going back would do harm")),
        (Rule.FALSE_ALARM, a_case(state=IncidentState.FALSE_ALARM)),
        (Rule.REOPENED, a_case(*WHOLE, (50, Kind.REOPENED), (60, Kind.RESOLVED))),
        (Rule.OUTSIDE_CAUSE, a_case(*WHOLE, cause="external: the site changed")),
    ],
)
def test_each_rule_is_met_by_what_it_is_about_and_by_nothing_else(rule, case):
    found = rules(case)
    assert rule in found
    for language in Language:
        assert found[rule].evidence(language)
        assert "{" not in found[rule].evidence(language)
    assert rule not in rules(a_case(*WHOLE))


def test_a_false_alarm_earns_no_lesson_on_the_release_and_names_its_signals():
    found = rules(a_case(state=IncidentState.FALSE_ALARM))
    assert set(found) == {Rule.FALSE_ALARM}
    assert found[Rule.FALSE_ALARM].evidence(Language.ENGLISH) == "it was a false alarm (error_rate)"
    assert found[Rule.FALSE_ALARM].evidence(Language.CHINESE) == "此為誤報（錯誤率）"


def test_a_target_that_is_missed_and_still_waits_says_that_nothing_came_yet():
    late = [Recommendation(rule, (Earned(rule, "INC-2026-0001", {"severity": "P1", "limit": 60 * MINUTE, "took": None}),), 1)
            for rule in (Rule.RESPONSE_MISSED, Rule.RESOLUTION_MISSED)]  # fmt: skip
    assert [one.evidence(Language.ENGLISH) for one in late] == [
        "P1 asks for a response within 1 h; there has been none yet",
        "P1 asks for a resolution within 1 h; it is not resolved yet",
    ]
    assert [one.evidence(Language.CHINESE) for one in late] == [
        "P1 應在 1 小時內回應，但至今無人回應",
        "P1 應在 1 小時內解決，但至今尚未解決",
    ]


def test_of_several_incidents_the_evidence_says_how_many_and_which():
    cases = [a_case(*WHOLE, number=number) for number in range(1, 8)]
    found = rules(*cases, a_case(number=9, state=IncidentState.FALSE_ALARM))[Rule.DEPLOYMENT_CAUSE]
    assert found.evidence(Language.ENGLISH).startswith("7 of 8 incidents: INC-2026-0001, ")
    assert found.evidence(Language.ENGLISH).endswith("INC-2026-0005 and 2 more")
    assert found.evidence(Language.CHINESE).endswith("INC-2026-0005 等 7 件")


def test_rollbacks_are_counted_by_their_ends_and_one_begun_anew_is_timed_from_its_first_beginning():
    case = a_case(
        (12, Kind.ROLLBACK_BEGUN),
        (15, Kind.ROLLBACK_FAILED, {"failure": "x"}),
        (20, Kind.APPROVED),
        (20, Kind.ROLLBACK_BEGUN),
        (22, Kind.ROLLBACK_BEGUN),
        (25, Kind.ROLLBACK_DONE),
        (30, Kind.REOPENED),
        (31, Kind.ROLLBACK_BEGUN),
        (33, Kind.ROLLBACK_DONE),
        (34, Kind.ROLLBACK_STOPPED, {"failure": "x"}),
    )
    found = rollbacks_of([case], Interval(at(0), at(100)))
    assert (found.done, found.failed, found.stopped, found.by_hand) == (2, 1, 1, 1)
    assert found.success == pytest.approx(2 / 3)
    assert found.took.mean == timedelta(minutes=3.5)
    assert rollbacks_of([case], Interval(at(26), at(100))).done == 1
    assert rollbacks_of([], Interval(at(0), at(1))).success is None


def an_item(state=ActionState.DONE, **changes):
    item = ActionItem(
        "ACT-2026-0001", "t", "ann", Priority.HIGH, date(2026, 7, 20), "ann", T0, state=state, ended_at=T0 + timedelta(days=30)
    )
    return ActionItem(**{**vars(item), **changes})


def on_day(day, number, **changes):
    when = T0 + timedelta(days=day)
    case = a_case(number=number, opened_at=when, **changes)
    return Case(case.incident, [TimelineEntry(when, "guard", "", case.timeline[0].evidence, Kind.BREACH_SEEN)])


def test_prevention_counts_the_same_class_in_equal_times_before_and_after():
    cases = [on_day(day, number) for number, day in enumerate((5, 12, 25, 29, 31, 44, 60), 1)]
    cases += [on_day(28, 20, state=IncidentState.FALSE_ALARM), on_day(27, 21, cause="external: site")]
    item = an_item(prevents=IncidentClass(ITEM.id, Signal.ERROR_RATE, None), estimated_preventions=73)
    now = T0 + timedelta(days=45)
    found = prevention_of(item, cases, now, T0)
    assert found.window == timedelta(days=15)
    assert (found.before, found.after) == (3, 2)
    assert found.expected == pytest.approx(3.0)
    assert not found.is_too_early
    known_late = prevention_of(item, cases, now, T0 + timedelta(days=28))
    assert (known_late.window, known_late.before, known_late.after) == (timedelta(days=2), 1, 1)
    assert known_late.is_too_early
    assert prevention_of(an_item(state=ActionState.OPEN, ended_at=None), cases, now, T0) is None
    assert prevention_of(an_item(), cases, now, T0) is None
    by_incident = prevention_of(an_item(incidents=("INC-2026-0003",)), cases, now, T0)
    assert (by_incident.before, by_incident.after) == (2, 2)


def test_action_items_are_counted_where_they_stand_and_where_they_ended():
    items = [
        an_item(),
        an_item(due_on=date(2026, 8, 20)),
        an_item(ActionState.DROPPED),
        an_item(ActionState.OPEN, ended_at=None),
        an_item(ActionState.IN_PROGRESS, ended_at=None, due_on=date(2026, 9, 1)),
        an_item(ended_at=T0 - timedelta(days=400)),
    ]
    found = actions_of(items, Interval(T0, T0 + timedelta(days=40)))
    assert (found.open, found.in_progress, found.overdue, found.done, found.done_in_time, found.dropped) == (1, 1, 1, 2, 1, 1)


def test_an_empty_period_has_figures_too():
    found = figures_of([], Interval(T0, T0 + timedelta(days=30)))
    assert found.incidents == 0
    assert set(found.times.values()) == {None}
    assert len(found.by_day) == 31
    assert found.met(lambda sla: sla.response) == (0, 0)


def polls(*totals: tuple[int, int], version=NEW, since=T0, unit="sessions"):
    """One poll a minute: (failures, total) since the release."""
    return [
        (
            since + minute * MINUTE,
            [Sample(Signal.ERROR_RATE, version, Interval(since, since + minute * MINUTE), Counted(*found, unit), "test")],
        )
        for minute, found in enumerate(totals, 1)
    ]


def test_a_rate_is_what_each_poll_has_added():
    line = line_of(polls((1, 10), (1, 10), (0, 9), (5, 30)), NEW, since=T0)
    assert line.stretches == (Stretch(at(0), at(1), 1, 10), Stretch(at(1), at(4), 4, 20))
    assert (line.failures, line.total) == (5, 30)
    assert line_of(polls((1, 10)), OLD, since=T0) is None
    many = line_of(polls(*((number, 10 * number) for number in range(1, 200))), NEW, since=T0)
    assert len(many.stretches) <= 60
    assert (many.failures, many.total) == (199, 1990)


def test_what_was_before_the_release_is_a_line_of_its_own():
    earlier = Sample(Signal.ERROR_RATE, OLD, Interval(T0 - BEFORE, T0), Counted(2, 100, "sessions"), "test")
    read = [(at(1), [earlier, *polls((1, 10), version=OLD)[0][1]])]
    assert line_of(read, OLD, since=T0, before=True).stretches == (Stretch(T0 - BEFORE, T0, 2, 100),)
    assert line_of(read, OLD, since=T0).total == 10


def test_an_error_budget_counts_each_session_once_and_only_in_one_unit():
    one = line_of(polls((1, 100), (3, 200)), NEW, since=T0)
    again = line_of(polls((2, 100), since=at(1)), NEW, since=at(1))
    later = line_of(polls((1, 50), since=at(9)), NEW, since=at(9))
    people = line_of(polls((40, 50), version=OLD, unit="users"), OLD, since=T0)
    found = budget_of([one, again, later, people], 0.99)
    assert (found.failures, found.total, found.unit) == (4, 250, "sessions")
    assert found.used == pytest.approx(4 / 2.5)
    assert budget_of([], 0.99) is None
    assert budget_of([people], 0.5).used == pytest.approx(40 / 25)
