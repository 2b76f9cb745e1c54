"""The detector's promises, simulated with the code that ships: false breaches, delay, late onset, early health, outages, silence.

    python -m pytest tests/benchmarks/detection        # prints the tables; about two minutes on one core

Seeded, so that a figure changes only with the code. Delays are ratios to Wald's limit log(1/alpha)/KL, the fewest units that any test
of this alpha needs on average (Wald 1945).
"""

import math
import random

import pytest

from benchmarks.detection.chance import binomial, divergence, median, poisson
from benchmarks.detection.rivals import RIVALS
from guard.judge.counted import is_healthy
from guard.judge.detector import Detector
from guard.judge.thresholds import Thresholds
from guard.model import Signal

POLL, WINDOW, POLLS = 30.0, 3600.0, 120
LIMITS = Thresholds()
WINDOWS = {0.049: 400, 0.02: 200, 0.005: 200}
TRAFFIC = (5, 50, 500, 5000)


@pytest.fixture
def tell(capsys):
    """Print for people, whatever pytest captures."""

    def line(text=""):
        with capsys.disabled():
            print(text)

    return line


def a_window(rng, rate, per_minute):
    """One healthy hour: failures and units of both versions at each poll, and everything else at the same distance from its limit."""
    units = per_minute * POLL / 60
    polls = []
    for _ in range(POLLS):
        total, before = poisson(rng, units) if units < 100 else int(units), int(units) + (rng.random() < units % 1)
        polls.append((binomial(rng, total, rate), total, binomial(rng, before, rate), before))
    return polls


def is_called_a_breach(rng, polls, rate, per_minute):
    """The detector with all signals on, each at the same share of its limit."""
    found, share_of_limit = Detector(LIMITS, 0.0, WINDOW), rate / LIMITS.error_rate
    errors, failed, slow = (found.share(signal, "units") for signal in (Signal.ERROR_RATE, Signal.API_FAILURES, Signal.RESPONSE_TIME))
    expected = per_minute * POLL / 60
    for number, (bad, total, bad_before, before) in enumerate(polls, start=1):
        errors.new.add(bad, total)
        errors.old.add(bad_before, before)
        failed.new.add(binomial(rng, total, LIMITS.api_failures * share_of_limit), total)
        slow.new.add(binomial(rng, total, LIMITS.slow_share * share_of_limit), total)
        found.add_crashes(poisson(rng, LIMITS.crashes_per_hour * share_of_limit * POLL / 3600), POLL, of_release=True)
        found.add_reports(total, expected, 1.0)
        found.step(number * POLL)
        if found.is_breach:
            return True
    return False


def test_false_breaches_of_healthy_hours(tell):
    rng = random.Random(20261125)
    names = ["this detector, all signals", *RIVALS]
    tell(f"\n\nHealthy hours called a breach, % (polled every {POLL:.0f} s, limit 5 %)")
    tell(f"{'rate':>6} {'a minute':>9} {'hours':>6}  " + "  ".join(f"{name:>12}" for name in names))
    for rate, windows in WINDOWS.items():
        for per_minute in TRAFFIC:
            called = dict.fromkeys(names, 0)
            for _ in range(windows):
                polls = a_window(rng, rate, per_minute)
                called[names[0]] += is_called_a_breach(rng, polls, rate, per_minute)
                for name, judge in RIVALS.items():
                    called[name] += judge(polls)
            shares = {name: found / windows for name, found in called.items()}
            row = "  ".join(f"{shares[name] * 100:>{max(12, len(name))}.1f}" for name in names)
            tell(f"{rate * 100:>5.1f}% {per_minute:>9} {windows:>6}  {row}")
            assert shares[names[0]] <= 0.01


def sessions_to_breach(rng, rate, signals, *, has_baseline, most=60_000):
    """A look after each session. Evidence only rises with a failure, so the sessions between two failures are one step."""
    found = Detector(LIMITS, 0.0, float(most), signals, has_baseline=has_baseline)
    share, used, log_kept = found.share(Signal.ERROR_RATE, "sessions"), 0, math.log1p(-rate)
    while used < most:
        gap = int(math.log(1.0 - rng.random()) / log_kept)
        used += gap + 1
        share.new.add(0, gap)
        found.step(float(used - 1))
        share.new.add(1, 1)
        found.step(float(used))
        if found.is_proved:
            return used
    return most


def test_delay_beside_the_limit_that_no_test_can_beat(tell):
    rng = random.Random(20261126)
    tell("\n\nMean sessions to a breach, a look after each session")
    tell(f"{'rate':>5} {'limit':>7} {'one signal':>11} {'/ limit':>8} {'all weights':>12} {'/ one':>6}")
    for rate, runs, most in ((0.06, 900, 1.4), (0.10, 1500, 1.4), (0.20, 2000, 1.5), (0.50, 3000, 1.6)):
        limit = math.log(1 / LIMITS.alpha) / divergence(rate, LIMITS.error_rate)
        alone = sum(sessions_to_breach(rng, rate, {Signal.ERROR_RATE}, has_baseline=False) for _ in range(runs)) / runs
        weighted = sum(sessions_to_breach(rng, rate, None, has_baseline=True) for _ in range(runs)) / runs
        tell(f"{rate * 100:>4.0f}% {limit:>7.1f} {alone:>11.1f} {alone / limit:>8.2f} {weighted:>12.1f} {weighted / alone:>6.2f}")
        assert alone <= most * limit
        assert weighted <= 1.35 * most * limit


def watched(rng, rates, per_minute, until):
    """Poll with a rate that may change by the minute; the seconds at which ``until`` holds, and none when it never does."""
    found = Detector(LIMITS, 0.0, WINDOW)
    share, units = found.share(Signal.ERROR_RATE, "sessions"), int(per_minute * POLL / 60)
    for number in range(1, POLLS + 1):
        rate, before = rates(number * POLL)
        share.new.add(binomial(rng, units, rate), units)
        share.hear()
        share.old.add(binomial(rng, units, before), units)
        found.step(number * POLL)
        if until(found):
            return number * POLL
    return None


def test_a_late_onset_is_seen_at_once(tell):
    rng, onset = random.Random(20261127), 1800.0
    tell("\n\nSeconds from a late onset (30 healthy minutes, 500 a minute) to the breach, median")
    for rate, most in ((0.10, 90.0), (0.20, 30.0), (0.50, 30.0)):
        seen = [
            watched(rng, lambda at, r=rate: (r if at > onset else 0.005, 0.005), 500, lambda found: found.is_breach) for _ in range(100)
        ]
        delays = [at - onset for at in seen if at is not None]
        tell(f"  to {rate * 100:.0f} %: {median(delays):.0f} s")
        assert len(delays) == 100
        assert all(delay > 0 for delay in delays)
        assert median(delays) <= most


def test_health_is_proved_early(tell):
    rng = random.Random(20261128)
    seen = [watched(rng, lambda _at: (0.005, 0.005), 500, lambda found: is_healthy(found, Signal.ERROR_RATE)) for _ in range(200)]
    passed = [at for at in seen if at is not None]
    tell(f"\n\nA healthy release (0.5 %, 500 a minute) passes after {median(passed):.0f} s, median; {len(passed)} of {len(seen)} do")
    assert len(passed) == len(seen)
    assert median(passed) < 300


def test_a_release_at_its_limit_is_hardly_ever_called_healthy(tell):
    rng = random.Random(20261129)
    runs = 300
    seen = [watched(rng, lambda _at: (0.05, 0.05), 50, lambda found: is_healthy(found, Signal.ERROR_RATE)) for _ in range(runs)]
    share = sum(at is not None for at in seen) / runs
    tell(f"\n\nCalled healthy at exactly the limit, 50 a minute: {share * 100:.1f} % of hours (promised: 5 %)")
    assert share <= LIMITS.beta


def test_an_outage_that_hits_both_versions_is_not_the_release(tell):
    rng = random.Random(20261130)
    tell("\n\nAn outage of both versions (2 to 15 % for 10 minutes) called the release's own fault")

    def rates(at):
        return (0.15, 0.15) if 1200 < at <= 1800 else (0.02, 0.02)

    def blames_the_release(found):
        baseline = found.share(Signal.ERROR_RATE, "sessions").log_evidence_baseline() >= math.log(1 / LIMITS.alpha)
        return found.is_breach and (found.is_worse() or not baseline)

    for per_minute, runs in ((50, 300), (500, 150), (5000, 60)):
        wrong = sum(watched(rng, rates, per_minute, blames_the_release) is not None for _ in range(runs)) / runs
        tell(f"  {per_minute:>5} a minute: {wrong * 100:.1f} %")
        assert wrong <= 0.02


def silent_after(rng, per_minute, left):
    found, expected = Detector(LIMITS, 0.0, WINDOW), per_minute * POLL / 60
    for number in range(1, POLLS + 1):
        found.add_reports(poisson(rng, expected * left), expected, 1.0)
        found.step(number * POLL)
        if found.is_breach:
            return number * POLL
    return None


def test_silence_is_seen_and_a_slow_hour_is_none(tell):
    rng = random.Random(20261201)
    tell("\n\nSilence: seconds until it is proved, median; and hours at exactly 70 % of normal that are called silent")
    for per_minute, most in ((5, 360.0), (50, 60.0), (500, 30.0)):
        seen = [silent_after(rng, per_minute, 0.0) for _ in range(20)]
        wrong = sum(silent_after(rng, per_minute, 0.7) is not None for _ in range(100))
        tell(f"  {per_minute:>4} a minute: {median([at for at in seen if at is not None]):.0f} s; {wrong} of 100")
        assert None not in seen
        assert median(seen) <= most
        assert wrong <= 1
