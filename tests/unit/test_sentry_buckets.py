"""What is normal at a time, by the same hours of earlier weeks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.model import Interval
from guard.sources.sentry_buckets import Buckets, dispersion, expected, whole_steps

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def steady(step, count, hours=6):
    begin = int((NOON - timedelta(hours=hours / 2)).timestamp())
    return Buckets(step, dict.fromkeys(range(begin, begin + hours * 3600, step), count))


def minutes(first, last):
    return Interval(NOON + timedelta(minutes=first), NOON + timedelta(minutes=last))


@pytest.mark.parametrize(("step", "count"), [(60, 5), (10, 5 / 6), (3600, 300)])
def test_what_is_normal_does_not_depend_on_the_steps_it_was_counted_in(step, count):
    weeks = [steady(step, count), steady(60, 5)]
    assert expected(weeks, minutes(0, 40), 60) == pytest.approx(200)
    assert dispersion([steady(60, 5)] * 2, minutes(0, 40)) == 1.0


@given(st.integers(-90, 90), st.integers(0, 200), st.sampled_from([1, 10, 60, 3600]))
def test_only_whole_steps_inside_count(first, length, step):
    interval = minutes(first + 0.3, first + 0.3 + length)
    found = whole_steps(interval, step)
    assert found.start <= found.end
    assert found.start == found.end or interval.start <= found.start <= found.end <= interval.end
    assert not found.start.timestamp() % step
    assert not found.end.timestamp() % step


@given(st.lists(st.integers(0, 50), min_size=240, max_size=240), st.integers(1, 50))
def test_what_is_normal_only_grows(counts, later):
    begin = int(NOON.timestamp()) - 3600
    week = Buckets(60, {begin + 60 * n: count for n, count in enumerate(counts)})
    assert expected([week], minutes(0, later), 60) <= expected([week], minutes(0, later + 1), 60)
    assert dispersion([week], minutes(0, later)) >= 1


def test_nothing_at_all_has_no_dispersion_and_no_norm():
    assert dispersion([], minutes(0, 5)) == 1.0
    assert expected([Buckets(60, {})], minutes(0, 5), 60) == 0.0
