"""The e-process: golden values of reference/detection.md, section 7, and the properties that make it honest."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.judge.evidence import (
    confidence_interval,
    failures_needed,
    log_evidence_above,
    log_evidence_below,
    log_evidence_rate_per_hour,
)


@pytest.mark.parametrize(
    ("bad", "total", "above", "below"),
    [
        (1, 2, 0.836698477, -0.554875365),
        (3, 4, 4.748615657, -1.166540429),
        (10, 50, 5.211593296, -2.194197628),
        (30, 300, 4.423081627, -3.506160194),
        (31, 300, 5.123801601, -3.646414652),
        (0, 300, -3.630137074, 12.982513655),
        (581, 10_000, 4.607775789, -14.241399676),
    ],
)
def test_golden_values_of_a_rate(bad, total, above, below):
    assert log_evidence_above(bad, total, 0.05) == pytest.approx(above, abs=1e-8)
    assert log_evidence_below(bad, total, 0.05) == pytest.approx(below, abs=1e-8)


@pytest.mark.parametrize(("events", "hours", "expected"), [(8, 0.1, 7.664828), (20, 0.5, 10.511114), (15, 1, -0.007272)])
def test_golden_values_of_a_count(events, hours, expected):
    assert log_evidence_rate_per_hour(events, hours, 10) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("bad", "total", "low", "high"), [(37, 212, 0.08969, 0.2894), (31, 300, 0.04794, 0.18531), (3, 3, 0.1462, 1)])
def test_golden_values_of_the_interval(bad, total, low, high):
    assert confidence_interval(bad, total) == (pytest.approx(low, abs=1e-5), pytest.approx(high, abs=1e-4))


@pytest.mark.parametrize(("total", "needed"), [(4, 3), (8, 4), (13, 5), (20, 6), (50, 10), (100, 15), (300, 31), (1000, 77), (10_000, 581)])
def test_the_column_of_failures_needed(total, needed):
    assert failures_needed(total, 0.05, 100) == needed


def test_two_of_two_is_not_enough_for_anything():
    assert failures_needed(2, 0.05, 100) is None


def test_nothing_of_nothing_is_no_evidence():
    assert log_evidence_above(0, 0, 0.05) == pytest.approx(0)
    assert log_evidence_below(0, 0, 0.05) == pytest.approx(0)


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from([0.01, 0.05, 0.1, 0.5]))
def test_evidence_rises_with_failures_and_falls_with_successes(bad, good, limit):
    evidence = log_evidence_above(bad, bad + good, limit)
    assert log_evidence_above(bad + 1, bad + good + 1, limit) > evidence
    assert log_evidence_above(bad, bad + good + 1, limit) < evidence


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_breach_and_healthy_never_hold_together(bad, good):
    total = bad + good
    breach = log_evidence_above(bad, total, 0.05) >= math.log(100)
    healthy = log_evidence_below(bad, total, 0.05) >= math.log(20)
    assert not (breach and healthy)


@pytest.mark.parametrize("limit", [0, 0.00001, 0.9, 1, -1])
def test_a_limit_that_no_test_can_hold_is_refused(limit):
    with pytest.raises(ValueError, match="limit"):
        log_evidence_above(1, 2, limit)


@pytest.mark.parametrize("rate", [0.05, 0.02])
def test_a_release_within_its_limit_is_seldom_called_a_breach_however_often_one_looks(rate):
    """A look after every session, 2,000 sessions, 400 releases: the promise is at most 1 % (4), three standard deviations more is 10."""
    luck = random.Random(7)
    breaches = 0
    for _ in range(400):
        bad = 0
        for total in range(1, 2001):
            bad += luck.random() < rate
            if bad >= 3 and total % 5 == 0 and log_evidence_above(bad, total, 0.05) >= math.log(100):
                breaches += 1
                break
    assert breaches <= 10
