"""The restarting mixture and the detector over it: what holds whatever comes in, and in whatever pieces."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.judge.detector import Detector, Part
from guard.judge.evidence import log_evidence_above, log_mean_exp
from guard.judge.mixture import CountAbove, FewerThanNormal, RateAbove, WorseThanBaseline
from guard.judge.tally import Tally
from guard.judge.thresholds import Thresholds
from guard.model import Signal

COUNTS = st.integers(0, 10**9)
POLLS = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000)), max_size=40)


def a_rate(polls, limit=0.05, share=1 / 120):
    found, bad, total = RateAbove(limit), 0, 0
    for failures, good in polls:
        found.advance(failures, failures + good, share)
        bad, total = bad + failures, total + failures + good
    return found.value(bad, total)


@given(POLLS)
def test_evidence_is_a_positive_number_whatever_comes(polls):
    value = a_rate(polls)
    assert math.isfinite(value)
    assert value > 0


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(1, 20))
def test_evidence_from_totals_is_the_same_however_the_counts_were_split(bad, good, pieces):
    """The restarts aside: with no time between the polls they have no capital."""
    split = [(bad // pieces, good // pieces)] * (pieces - 1) + [(bad - bad // pieces * (pieces - 1), good - good // pieces * (pieces - 1))]
    assert a_rate(split, share=0.0) == pytest.approx(a_rate([(bad, good)], share=0.0))


@given(POLLS, st.integers(0, 39))
def test_one_more_failure_is_never_less_evidence(polls, where):
    if polls:
        where %= len(polls)
        more = [(bad + (number == where), good) for number, (bad, good) in enumerate(polls)]
        assert a_rate(more) >= a_rate(polls) * (1 - 1e-9)


@given(COUNTS, COUNTS)
def test_no_count_is_too_large(bad, good):
    assert math.isfinite(a_rate([(bad, good)] * 3))


def test_nothing_of_nothing_is_no_evidence():
    assert a_rate([(0, 0)] * 5) == pytest.approx(1)
    assert a_rate([]) == pytest.approx(1)


def test_all_failed_is_proof_from_the_third_on_at_full_alpha():
    values = [a_rate([(failed, 0)], share=0.0) for failed in (1, 2, 3)]
    assert values[1] < 100 <= values[2]


def test_at_the_start_it_is_the_evidence_of_the_totals_less_the_share_kept_for_restarts():
    assert a_rate([(31, 269)], share=0.0) == pytest.approx(0.9 * math.exp(log_evidence_above(31, 300, 0.05)) + 0.1)


def test_a_late_onset_is_not_drowned_by_the_past():
    healthy = [(1, 249)] * 60
    assert a_rate([*healthy, (25, 225), (25, 225), (25, 225)]) >= 333
    assert math.exp(log_evidence_above(60 + 75, 60 * 250 + 750, 0.05)) < 1


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 500), st.integers(1, 5000)), max_size=30))
def test_a_comparison_stays_a_positive_number(polls):
    found = WorseThanBaseline(1.5)
    for bad, before, exposure, exposure_before in polls:
        found.advance(bad, before, exposure, exposure_before, 1 / 120)
    assert math.isfinite(found.value)
    assert found.value > 0


@pytest.mark.parametrize(("theta_ratio", "tolerated"), [(0.1, 1.5), (1.0, 1.5), (4.0, 1.0)])
def test_the_factor_of_a_comparison_has_a_mean_of_at_most_one_at_its_boundary(theta_ratio, tolerated):
    """Exact enumeration of Poisson counts at p1 = r0 * p0 (reference/detection.md, 4.3)."""
    mean_before, exposure_before = 1.0, 1000.0
    exposure = theta_ratio * exposure_before
    mean = tolerated * mean_before * theta_ratio
    whole = 0.0
    for bad in range(60):
        for before in range(40):
            found = WorseThanBaseline(tolerated)
            found.advance(bad, before, exposure, exposure_before, 0.0)
            chance = math.exp(
                -mean - mean_before + bad * math.log(mean) + before * math.log(mean_before) - math.lgamma(bad + 1) - math.lgamma(before + 1)
            )
            whole += chance * math.exp(log_mean_exp(found._logs))
    assert whole <= 1 + 2e-4
    assert whole == pytest.approx(1.0, abs=0.01)


def test_a_comparison_without_a_baseline_says_nothing():
    found = WorseThanBaseline(1.5)
    found.advance(50, 0, 100, 0, 1 / 120)
    assert found.value == pytest.approx(1)


def test_an_outage_that_hits_both_alike_is_no_evidence_in_a_comparison():
    found = WorseThanBaseline(1.5)
    for _ in range(60):
        found.advance(30, 300, 200, 2000, 1 / 120)
    assert found.value < 1


@given(st.lists(st.tuples(st.integers(0, 10_000), st.floats(0, 2)), max_size=20))
def test_counts_per_hour_stay_a_positive_number(polls):
    found = CountAbove(10)
    for events, hours in polls:
        found.advance(events, hours, 0.01)
    assert math.isfinite(found.value)
    assert found.value > 0


@given(st.lists(st.tuples(st.integers(0, 10_000), st.floats(0, 10_000), st.floats(0, 50)), max_size=20))
def test_silence_stays_a_positive_number(polls):
    found = FewerThanNormal(0.7)
    for count, expected, dispersion in polls:
        found.advance(count, expected, dispersion, 0.01)
    assert math.isfinite(found.value)
    assert found.value > 0


@given(st.lists(st.tuples(st.integers(-50, 200), st.integers(-50, 400)), max_size=30))
def test_a_tally_gives_each_unit_once_and_failures_never_beyond_units(changes):
    tally, bad, total = Tally(), 0, 0
    for failures, units in changes:
        tally.add(failures, units)
        taken_bad, taken = tally.take()
        assert 0 <= taken_bad <= taken
        bad, total = bad + taken_bad, total + taken
        assert min(tally.bad, tally.total) >= 0
    assert total >= tally.total or tally.take() == (0, 0)
    assert bad <= total


def test_a_total_that_shrinks_is_waited_for():
    tally = Tally()
    tally.put(10, 100)
    assert tally.take() == (10, 100)
    tally.put(8, 95)
    assert tally.take() == (0, 0)
    tally.put(12, 130)
    assert tally.take() == (2, 30)


@settings(max_examples=50)
@given(POLLS, st.integers(1, 5))
def test_how_often_one_looks_changes_nothing_since_the_release(polls, times):
    """A poll that brings nothing new leaves the evidence as it is."""
    one, more = (Detector(Thresholds(), 0.0, 3600.0) for _ in range(2))
    for number, (bad, good) in enumerate(polls, start=1):
        for found, looks in ((one, 1), (more, times)):
            found.share(Signal.ERROR_RATE, "users").new.add(bad, bad + good)
            for look in range(looks):
                found.step(number * 30.0 - 30.0 + 30.0 * (look + 1) / looks)
    if polls:
        assert more.values[Part.ERROR_RATE] == pytest.approx(one.values[Part.ERROR_RATE], rel=0.5)


def test_the_order_in_which_signals_of_a_poll_come_does_not_matter():
    def fed(*order):
        found = Detector(Thresholds(), 0.0, 3600.0)
        for signal in order:
            found.share(signal, "units").new.add(10, 100)
        found.step(30.0)
        return found.evidence

    assert fed(Signal.ERROR_RATE, Signal.API_FAILURES) == fed(Signal.API_FAILURES, Signal.ERROR_RATE)
