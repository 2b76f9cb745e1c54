"""Samples in, verdict out; verdicts in, assessment and diagnosis out."""

from datetime import UTC, datetime, timedelta

import pytest

from guard.judge.assessment import Cause, Observation, assess, diagnose, judge_health, reconcile
from guard.judge.thresholds import SHARE_OF_ALPHA, Thresholds, judge
from guard.judge.verdict import SignalVerdict, Verdict
from guard.model import Counted, Events, Interval, NoData, Sample, Signal
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus, Finding
from webstore.versions import Version

START = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
NEW, OLD = Version.parse("1.3.0"), Version.parse("1.2.0")
REQUIRED = (Signal.HEALTH, Signal.ERROR_RATE)


def a_sample(reading, signal=Signal.ERROR_RATE, minutes=10.0):
    return Sample(signal, NEW, Interval(START, START + timedelta(minutes=minutes)), reading, "test")


def users(failures, total):
    return a_sample(Counted(failures, total, "users"))


def sessions(failures, total):
    return a_sample(Counted(failures, total, "sessions"))


def verdict_of(*samples, signal=Signal.ERROR_RATE):
    return judge(signal, samples, Thresholds())


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        pytest.param([users(30, 100)], Verdict.BREACH, id="thirty of a hundred"),
        pytest.param([users(2, 2)], Verdict.INCONCLUSIVE, id="two of two are too few for any breach"),
        pytest.param([users(0, 0)], Verdict.NO_DATA, id="nothing of nothing is silence, not health"),
        pytest.param([users(0, 50)], Verdict.INCONCLUSIVE, id="fifty good ones do not prove it healthy"),
        pytest.param([users(0, 100)], Verdict.HEALTHY, id="a hundred good ones do"),
        pytest.param([users(5, 100)], Verdict.INCONCLUSIVE, id="at the limit nothing is proved"),
        pytest.param([users(101, 100)], Verdict.INCONCLUSIVE, id="more failures than users make no sense"),
        pytest.param([users(1, 100), sessions(1000, 1100)], Verdict.INCONCLUSIVE, id="one user with a thousand errors is one user"),
        pytest.param([users(30, 100), sessions(60, 200)], Verdict.BREACH, id="users and sessions agree"),
        pytest.param([a_sample(NoData("none")), sessions(60, 200)], Verdict.BREACH, id="sessions alone where users are not counted"),
        pytest.param([a_sample(NoData("none"))], Verdict.NO_DATA, id="a source without data"),
    ],
)
def test_error_rate(samples, expected):
    assert verdict_of(*samples).verdict is expected


@pytest.mark.parametrize(
    ("count", "minutes", "expected"),
    [
        pytest.param(50, 5, Verdict.BREACH, id="fifty in five minutes"),
        pytest.param(2, 1, Verdict.INCONCLUSIVE, id="two in a minute prove nothing"),
        pytest.param(0, 1, Verdict.INCONCLUSIVE, id="a quiet minute proves nothing"),
        pytest.param(3, 120, Verdict.HEALTHY, id="three in two hours"),
    ],
)
def test_crashes(count, minutes, expected):
    sample = a_sample(Events(count), Signal.EXTENSION_CRASHES, minutes)
    assert verdict_of(sample, signal=Signal.EXTENSION_CRASHES).verdict is expected


def test_a_signal_that_nobody_measures_says_so():
    verdict = verdict_of(signal=Signal.RATING)
    assert verdict.verdict is Verdict.NO_DATA
    assert not verdict.is_measured


def test_the_evidence_names_totals_limit_and_what_would_be_enough():
    words = verdict_of(users(30, 100)).evidence
    assert "30 of 100 users (30.0 %" in words
    assert "limit is 5 %" in words
    assert "16 would be a breach" in words


@pytest.mark.parametrize(("failures", "proved"), [(20, 0.05), (45, 0.20), (90, 0.50)])
def test_what_is_proved_decides_severity_and_not_the_estimate(failures, proved):
    assert verdict_of(users(failures, 100)).proved_above == proved


def test_sixty_of_a_hundred_is_not_yet_proved_to_be_above_a_half():
    assert verdict_of(users(60, 100)).proved_above == 0.20


def test_alpha_is_shared_out_and_not_multiplied():
    assert sum(SHARE_OF_ALPHA.values()) == pytest.approx(1)


def test_the_order_of_verdicts():
    assert max(Verdict.HEALTHY, Verdict.NO_DATA, Verdict.INCONCLUSIVE) is Verdict.INCONCLUSIVE
    assert max(Verdict.INCONCLUSIVE, Verdict.BREACH) is Verdict.BREACH


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        pytest.param(Verdict.HEALTHY, Verdict.INCONCLUSIVE, id="many users: the share says that all is well"),
        pytest.param(Verdict.INCONCLUSIVE, Verdict.BREACH, id="the share proves nothing"),
        pytest.param(Verdict.NO_DATA, Verdict.BREACH, id="the count is all there is"),
        pytest.param(Verdict.BREACH, Verdict.BREACH, id="both"),
    ],
)
def test_a_count_of_crashes_alone_is_not_held_against_a_version_whose_share_is_proved_small(errors, expected):
    verdicts = {
        Signal.ERROR_RATE: SignalVerdict(Signal.ERROR_RATE, errors, "share"),
        Signal.EXTENSION_CRASHES: SignalVerdict(Signal.EXTENSION_CRASHES, Verdict.BREACH, "40 in 10 min"),
    }
    assert reconcile(verdicts)[Signal.EXTENSION_CRASHES].verdict is expected
    assert reconcile(verdicts)[Signal.ERROR_RATE] == verdicts[Signal.ERROR_RATE]
    assert reconcile({Signal.EXTENSION_CRASHES: verdicts[Signal.EXTENSION_CRASHES]})[Signal.EXTENSION_CRASHES].verdict is Verdict.BREACH


def a_report(version=NEW, **statuses):
    results = [CheckResult(CheckName(name), CheckStatus(status), (Finding("x", f"{name} {status}"),)) for name, status in statuses.items()]
    return CheckReport("test", str(version), tuple(results))


def observed(version=NEW, error_rate=Verdict.HEALTHY, report=None):
    signals = {Signal.ERROR_RATE: SignalVerdict(Signal.ERROR_RATE, error_rate, "evidence"), Signal.HEALTH: judge_health(report)}
    return Observation(version, signals, report)


GOOD = {"load": "passed", "extraction": "passed", "ui": "passed", "data": "not_configured"}


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({"load": "passed", "ui": "failed"}, Verdict.BREACH),
        ({"load": "passed", "ui": "error"}, Verdict.INCONCLUSIVE),
        ({"load": "failed", "ui": "error"}, Verdict.BREACH),
        ({"load": "passed", "ui": "not_configured"}, Verdict.HEALTHY),
        ({"ui": "not_configured"}, Verdict.NO_DATA),
    ],
)
def test_health(statuses, expected):
    assert judge_health(a_report(**statuses)).verdict is expected


def test_checks_that_did_not_run_are_no_data():
    assert judge_health(None).verdict is Verdict.NO_DATA


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        pytest.param(observed(report=a_report(**GOOD)), Verdict.HEALTHY, id="all required are healthy"),
        pytest.param(observed(error_rate=Verdict.NO_DATA, report=a_report(**GOOD)), Verdict.NO_DATA, id="silence is not health"),
        pytest.param(observed(report=None), Verdict.NO_DATA, id="nor are checks that did not run"),
        pytest.param(observed(error_rate=Verdict.BREACH, report=a_report(**GOOD)), Verdict.BREACH, id="one breach is a breach"),
    ],
)
def test_assessment(release, expected):
    assert assess(release, None, REQUIRED).verdict is expected


def test_a_signal_that_was_never_read_holds_the_gate():
    release = Observation(NEW, {Signal.HEALTH: judge_health(a_report(**GOOD))}, a_report(**GOOD))
    assert assess(release, None, REQUIRED).verdict is Verdict.NO_DATA


BROKEN = a_report(load="passed", extraction="failed", ui="passed", data="passed")


@pytest.mark.parametrize(
    ("release", "baseline", "cause"),
    [
        pytest.param(observed(report=BROKEN), observed(OLD, report=a_report(OLD, **GOOD)), Cause.DEPLOYMENT, id="only the release fails"),
        pytest.param(
            observed(report=BROKEN),
            observed(OLD, report=a_report(OLD, load="passed", extraction="failed")),
            Cause.EXTERNAL,
            id="both fail the same check: the site changed",
        ),
        pytest.param(
            observed(report=BROKEN),
            observed(OLD, report=a_report(OLD, load="passed", extraction="error")),
            Cause.UNKNOWN,
            id="the baseline's check could not be run",
        ),
        pytest.param(observed(report=BROKEN), None, Cause.UNKNOWN, id="there is no baseline"),
        pytest.param(observed(report=BROKEN), observed(OLD, report=None), Cause.UNKNOWN, id="the baseline was not checked"),
        pytest.param(
            observed(report=a_report(load="passed", data="failed")),
            observed(OLD, report=a_report(OLD, **GOOD)),
            Cause.DEPLOYMENT,
            id="the data check compares with the baseline, so its failure is the release's own",
        ),
        pytest.param(
            observed(error_rate=Verdict.BREACH, report=a_report(**GOOD)),
            observed(OLD, error_rate=Verdict.BREACH, report=a_report(OLD, **GOOD)),
            Cause.EXTERNAL,
            id="both have too many errors",
        ),
        pytest.param(
            observed(error_rate=Verdict.BREACH, report=a_report(**GOOD)),
            observed(OLD, report=a_report(OLD, **GOOD)),
            Cause.DEPLOYMENT,
            id="only the release has too many errors",
        ),
        pytest.param(
            observed(error_rate=Verdict.BREACH, report=BROKEN),
            observed(OLD, report=a_report(OLD, load="passed", extraction="failed")),
            Cause.UNKNOWN,
            id="the same check fails, and the baseline's errors are not proved yet: not the release for certain",
        ),
        pytest.param(
            observed(report=a_report(load="failed", extraction="failed")),
            observed(OLD, report=a_report(OLD, load="passed", extraction="failed")),
            Cause.DEPLOYMENT,
            id="one check fails in both, another only in the release",
        ),
    ],
)
def test_diagnosis(release, baseline, cause):
    assert diagnose(release, baseline).cause is cause
