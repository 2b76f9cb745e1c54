"""Ninety days of uptime: what counts as what, where a day ends, and that what nobody knows is never good."""

import dataclasses
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.incidents.analysis import Case
from guard.incidents.events import Kind
from guard.incidents.incident import Incident, IncidentState, TimelineEntry
from guard.model import Interval
from guard.severity import Severity
from guard.statuspage.uptime import DAYS, Condition, Trouble, stretches_of, troubles_of, uptime_of
from webstore.models import Item
from webstore.versions import Version

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LONG_AGO = NOW - 200 * DAY
ALL_KNOWN = Interval(LONG_AGO, NOW)


def a_trouble(start, length, condition=Condition.OUTAGE):
    return Trouble(condition, Interval(start, start + length))


def a_case(*events, state=IncidentState.RESOLVED, severity=Severity.P0, opened=NOW - 10 * HOUR, **changes):
    """An incident with named events, each so many hours after it was opened."""
    timeline = [TimelineEntry(opened + after * HOUR, "guard", "", kind=kind) for after, kind in events]
    item = Item("publisher", "a" * 32)
    incident = Incident("INC-2026-0001", "f", "t", severity, state, item, Version.parse("1.3.0"), opened)
    return Case(dataclasses.replace(incident, **changes), timeline)


def on(uptime, day):
    return next(found for found in uptime.days if found.date == day)


def test_today_is_the_last_of_ninety_days_and_is_known_up_to_now():
    uptime = uptime_of([], ALL_KNOWN, NOW)
    assert len(uptime.days) == DAYS == 90
    assert [day.date for day in uptime.days[-2:]] == [date(2026, 11, 24), date(2026, 11, 25)]
    assert uptime.days[0].date == date(2026, 8, 28)
    assert (uptime.days[-1].known, uptime.days[-2].known) == (14 * HOUR, DAY)
    assert uptime.available == 1
    assert not uptime.bad_days


@pytest.mark.parametrize(
    ("severity", "condition", "available"),
    [
        (Severity.P0, Condition.OUTAGE, 0.5),
        (Severity.P1, Condition.DEGRADED, 0.5),
        (Severity.P2, Condition.NOTICEABLE, 1),
        (Severity.P3, Condition.NOTICEABLE, 1),
    ],
)
def test_what_each_severity_makes_of_a_day(severity, condition, available):
    case = a_case((0, Kind.BREACH_SEEN), (7, Kind.RECOVERED), severity=severity, opened=NOW - 14 * HOUR)
    uptime = uptime_of(troubles_of([case], NOW), Interval(NOW - 14 * HOUR, NOW), NOW)
    today = uptime.days[-1]
    assert (today.condition, uptime.available) == (condition, available)
    assert today.outage + today.degraded + today.noticeable == 7 * HOUR


def test_a_false_alarm_counts_as_nothing():
    case = a_case((0, Kind.BREACH_SEEN), (5, Kind.FALSE_ALARM), state=IncidentState.FALSE_ALARM)
    assert stretches_of(case, NOW) == []
    assert uptime_of(troubles_of([case], NOW), ALL_KNOWN, NOW).available == 1


def test_what_was_a_false_alarm_and_came_back_counts_from_when_it_came_back():
    events = ((0, Kind.BREACH_SEEN), (1, Kind.FALSE_ALARM), (3, Kind.REOPENED_BY_HAND))
    case = a_case(*events, state=IncidentState.INVESTIGATING)
    assert stretches_of(case, NOW) == [Interval(NOW - 7 * HOUR, NOW)]


def test_an_open_incident_lasts_until_now():
    case = a_case((0, Kind.BREACH_SEEN), (1, Kind.ROLLBACK_BEGUN), (2, Kind.ROLLBACK_DONE), state=IncidentState.MONITORING)
    assert stretches_of(case, NOW) == [Interval(NOW - 10 * HOUR, NOW)]


def test_the_time_between_a_resolution_and_a_reopening_went_well():
    events = ((0, Kind.BREACH_SEEN), (2, Kind.RECOVERED), (5, Kind.REOPENED), (5, Kind.SEEN_AGAIN), (6, Kind.RESOLVED), (8, Kind.CLOSED))
    case = a_case(*events, state=IncidentState.CLOSED)
    first, second = stretches_of(case, NOW)
    assert (first.length, second.length) == (2 * HOUR, HOUR)
    assert second.start - first.end == 3 * HOUR


def test_an_incident_whose_events_have_no_names_is_told_by_its_record():
    case = a_case(resolved_at=NOW - 4 * HOUR)
    assert stretches_of(case, NOW) == [Interval(NOW - 10 * HOUR, NOW - 4 * HOUR)]


def test_it_begins_when_the_breach_was_seen():
    case = a_case((-1, Kind.BREACH_SEEN), (1, Kind.RESOLVED))
    assert stretches_of(case, NOW)[0].length == 2 * HOUR


def test_over_midnight_each_day_has_its_part():
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    uptime = uptime_of([a_trouble(midnight - 2 * HOUR, 26 * HOUR + 30 * MINUTE)], ALL_KNOWN, NOW)
    assert [on(uptime, date(2026, 11, day)).outage for day in (18, 19, 20, 21)] == [timedelta(), 2 * HOUR, DAY, 30 * MINUTE]


def test_what_ends_at_midnight_is_not_the_next_days():
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    uptime = uptime_of([a_trouble(midnight - HOUR, HOUR)], ALL_KNOWN, NOW)
    assert [on(uptime, date(2026, 11, day)).condition for day in (19, 20)] == [Condition.OUTAGE, Condition.GOOD]


def test_what_was_over_within_a_moment_is_shown_on_its_day():
    at = datetime(2026, 11, 20, tzinfo=UTC)
    uptime = uptime_of([Trouble(Condition.OUTAGE, Interval(at, at))], ALL_KNOWN, NOW)
    assert on(uptime, date(2026, 11, 20)).condition is Condition.OUTAGE
    assert on(uptime, date(2026, 11, 19)).condition is Condition.GOOD


@pytest.mark.parametrize(
    ("others", "outage", "degraded", "noticeable"),
    [
        pytest.param([a_trouble(NOW - 3 * HOUR, HOUR)], 2, 0, 0, id="two outages that overlap count once"),
        pytest.param([a_trouble(NOW - 4 * HOUR, 4 * HOUR, Condition.DEGRADED)], 2, 2, 0, id="degraded around an outage: the rest"),
        pytest.param([a_trouble(NOW - 3 * HOUR, HOUR, Condition.DEGRADED)], 2, 0, 0, id="degraded within an outage: nothing more"),
        pytest.param([a_trouble(NOW - 5 * HOUR, 4 * HOUR, Condition.NOTICEABLE)], 2, 0, 2, id="noticeable around an outage: the rest"),
        pytest.param([a_trouble(NOW - HOUR, HOUR)], 3, 0, 0, id="one right behind the other"),
    ],
)
def test_what_overlaps_counts_once_as_the_worst(others, outage, degraded, noticeable):
    uptime = uptime_of([a_trouble(NOW - 3 * HOUR, 2 * HOUR), *others], ALL_KNOWN, NOW)
    today = uptime.days[-1]
    assert (today.outage, today.degraded, today.noticeable) == (outage * HOUR, degraded * HOUR, noticeable * HOUR)
    assert today.condition is Condition.OUTAGE


def test_before_it_was_first_seen_nothing_is_known_and_nothing_is_good():
    uptime = uptime_of([], Interval(NOW - 2 * DAY, NOW), NOW)
    assert [day.condition for day in uptime.days[-4:]] == [Condition.UNKNOWN, Condition.GOOD, Condition.GOOD, Condition.GOOD]
    assert uptime.days[-3].known == 10 * HOUR
    assert uptime.known == 2 * DAY


def test_after_the_last_look_nothing_is_known():
    uptime = uptime_of([], Interval(LONG_AGO, NOW - 2 * DAY), NOW)
    assert [day.condition for day in uptime.days[-3:]] == [Condition.GOOD, Condition.UNKNOWN, Condition.UNKNOWN]


def test_never_seen_is_never_good():
    uptime = uptime_of([], None, NOW)
    assert {day.condition for day in uptime.days} == {Condition.UNKNOWN}
    assert uptime.available is None


def test_an_incident_is_known_even_where_nobody_looked():
    uptime = uptime_of([a_trouble(NOW - 2 * HOUR, HOUR)], None, NOW)
    assert (uptime.known, uptime.available) == (HOUR, 0)


def test_days_are_utcs_in_any_zone_and_all_have_24_hours():
    """The clocks of Europe go back on 25 October 2026."""
    zone = timezone(timedelta(hours=8))
    known = Interval(LONG_AGO.astimezone(zone), NOW.astimezone(zone))
    uptime = uptime_of([], known, NOW.astimezone(zone))
    assert uptime == uptime_of([], ALL_KNOWN, NOW)
    assert {day.known for day in uptime.days[:-1]} == {DAY}


def test_a_leap_day_is_a_day():
    at = datetime(2028, 3, 1, 1, tzinfo=UTC)
    uptime = uptime_of([a_trouble(at - 3 * HOUR, HOUR)], Interval(at - 5 * DAY, at), at)
    assert on(uptime, date(2028, 2, 29)).outage == HOUR


MOMENTS = st.datetimes(datetime(2026, 7, 1), datetime(2026, 11, 26), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them so
TROUBLES = st.builds(
    lambda start, minutes, condition: a_trouble(start, timedelta(minutes=minutes), condition),
    MOMENTS,
    st.integers(0, 60 * 24 * 40),
    st.sampled_from([Condition.NOTICEABLE, Condition.DEGRADED, Condition.OUTAGE]),
)


@given(st.lists(TROUBLES, max_size=12), st.none() | st.builds(lambda a, b: Interval(min(a, b), max(a, b)), MOMENTS, MOMENTS))
def test_shares_are_between_0_and_1_and_every_minute_counts_once(troubles, known):
    troubles = [dataclasses.replace(one, interval=Interval(one.interval.start, min(one.interval.end, NOW))) for one in troubles]
    troubles = [one for one in troubles if one.interval.start <= one.interval.end]
    uptime = uptime_of(troubles, known, NOW)
    for day in uptime.days:
        lasts = DAY if day.date < NOW.date() else 14 * HOUR
        bad = day.outage + day.degraded + day.noticeable
        assert timedelta() <= bad <= day.known <= lasts
        assert min(day.outage, day.degraded, day.noticeable) >= timedelta()
        assert (day.condition is Condition.UNKNOWN) <= (not day.known)
    assert uptime.available is None or 0 <= uptime.available <= 1
    assert uptime.well + uptime.outage + uptime.degraded == uptime.known
    assert uptime.outage == _by_minutes(troubles, Condition.OUTAGE)


def _by_minutes(troubles, condition):
    """The same by other means: edges in order, and how many are open."""
    first = datetime(2026, 8, 28, tzinfo=UTC)
    edges = sorted(
        edge
        for one in troubles
        if one.condition >= condition
        for edge in ((max(one.interval.start, first), 1), (max(one.interval.end, first), -1))
    )
    total, open_ones, before = timedelta(), 0, first
    for at, change in edges:
        total += (at - before) if open_ones else timedelta()
        open_ones, before = open_ones + change, at
    return total
