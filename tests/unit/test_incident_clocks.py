"""The clocks of an incident: the handbook's targets, what a clock says and when, and what a change of severity does to it."""

from datetime import UTC, datetime, timedelta

import pytest

from guard.incidents.clocks import TARGETS, Clock, ClockKind, Ring, Target, rings
from guard.severity import Severity

START = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
P0, P1, P2 = (TARGETS[severity] for severity in (Severity.P0, Severity.P1, Severity.P2))


def after(**time):
    return START + timedelta(**time)


def respond(target: Target = P0):
    return Clock.start("INC-2026-0001", ClockKind.RESPOND, target, START)


@pytest.mark.parametrize(
    ("severity", "respond_minutes", "resolve_minutes"),
    [(Severity.P0, 15, 120), (Severity.P1, 60, 240), (Severity.P2, 240, 1440), (Severity.P3, 1440, 4320)],
)
def test_targets_p0_15_min_2_h_p1_1_h_4_h_p2_4_h_24_h_p3_24_h_72_h(severity, respond_minutes, resolve_minutes):
    target = TARGETS[severity]
    assert (target.respond, target.resolve) == (timedelta(minutes=respond_minutes), timedelta(minutes=resolve_minutes))


def test_only_p0_escalates_by_itself():
    assert [severity.name for severity in Severity if TARGETS[severity].escalates] == ["P0"]


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("kind", ClockKind)
def test_a_clock_warns_at_80_percent_and_misses_at_the_end_and_says_each_once(severity, kind):
    target = TARGETS[severity]
    clock, given = Clock.start("i", kind, target, START), target.of(kind)
    second = timedelta(seconds=1)
    assert rings(clock, target, START + given * 0.8 - second)[1] == ()
    clock, said = rings(clock, target, START + given * 0.8)
    assert said == (Ring.WARNED,)
    assert rings(clock, target, START + given - second) == (clock, ())
    clock, said = rings(clock, target, START + given)
    assert said[0] is Ring.MISSED
    assert rings(clock, target, START + given + second) == (clock, ())


def test_a_p0_that_nobody_answers_asks_the_next_after_15_min_and_again_after_30():
    clock, said = rings(respond(), P0, after(minutes=15))
    assert said == (Ring.MISSED, Ring.ESCALATES)
    assert rings(clock, P0, after(minutes=29))[1] == ()
    clock, said = rings(clock, P0, after(minutes=30))
    assert (said, clock.escalations) == ((Ring.ESCALATES,), 2)


def test_who_is_asked_late_has_the_whole_time_all_the_same():
    clock, said = rings(respond(), P0, after(hours=5))
    assert said == (Ring.MISSED, Ring.ESCALATES)  # and no warning of what is over
    assert clock.escalate_at == after(hours=5, minutes=15)


def test_a_stopped_clock_is_silent_and_keeps_what_was_left():
    clock = respond()
    stopped = Clock(**{**vars(clock), "stopped_at": after(minutes=5)})
    assert rings(stopped, P0, after(days=1)) == (stopped, ())
    assert (stopped.left(after(days=1)), stopped.next_at()) == (timedelta(minutes=10), None)


def test_the_moment_that_a_clock_is_looked_at_next():
    clock = respond()
    assert clock.next_at() == after(minutes=12)
    clock, _ = rings(clock, P0, after(minutes=12))
    assert clock.next_at() == after(minutes=15)
    clock, _ = rings(clock, P0, after(minutes=15))
    assert clock.next_at() == after(minutes=30)


def test_raised_it_is_due_sooner_and_nobody_has_missed_it_before_it_was_raised():
    early, late = (respond(P2).moved_to(P0, after(minutes=minutes), raised=True) for minutes in (5, 235))
    assert early.due_at == after(minutes=20)
    assert late.due_at == after(minutes=240)  # it had only five minutes left, and has them still


def test_raised_to_what_escalates_a_missed_clock_asks_the_next():
    clock, said = rings(respond(P1), P1, after(minutes=61))
    assert said == (Ring.MISSED,)
    raised = clock.moved_to(P0, after(minutes=70), raised=True)
    assert (raised.missed_at, raised.escalate_at) == (after(minutes=61), after(minutes=85))


def test_lowered_it_has_the_new_time_from_its_start_and_asks_nobody():
    clock, _ = rings(respond(P0), P0, after(minutes=16))
    lowered = clock.moved_to(P1, after(minutes=17), raised=False)
    assert (lowered.due_at, lowered.missed_at, lowered.escalate_at) == (after(hours=1), None, None)
    assert rings(lowered, P1, after(minutes=48))[1] == (Ring.WARNED,)
