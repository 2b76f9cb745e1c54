"""Samples in, verdict out; verdicts in, assessment and diagnosis out."""

from datetime import UTC, date, datetime, timedelta

import pytest

from guard.judge.assessment import assess, judge_health, reconcile
from guard.judge.detector import WEIGHTS, Part, weights_of
from guard.judge.diagnosis import Cause, Observation, candidates_in, diagnose
from guard.judge.impact import Reach
from guard.judge.thresholds import Thresholds
from guard.judge.verdict import SignalVerdict, Verdict
from guard.judge.watch import SignalWatch
from guard.model import Absence, Counted, Daily, Events, Expected, Interval, NoData, Sample, Signal, Value
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus, Finding
from webstore.versions import Version

START = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
NEW, OLD = Version.parse("1.3.0"), Version.parse("1.2.0")
REQUIRED = (Signal.HEALTH, Signal.ERROR_RATE)
WINDOW = timedelta(hours=1)
COUNTED = {Signal.ERROR_RATE, Signal.EXTENSION_CRASHES, Signal.API_FAILURES, Signal.RESPONSE_TIME, Signal.SILENCE}


def a_sample(reading, signal=Signal.ERROR_RATE, minutes=10.0, version=NEW, since=START):
    return Sample(signal, version, Interval(since, since + timedelta(minutes=minutes)), reading, "test")


def users(failures, total, **changes):
    return a_sample(Counted(failures, total, "users"), **changes)


def sessions(failures, total, **changes):
    return a_sample(Counted(failures, total, "sessions"), **changes)


def a_watch(*polls, thresholds=None, signals=COUNTED, every=timedelta(minutes=5)):
    """A watch over 1.3.0 that has taken in these polls (lists of samples), one each five minutes."""
    watch = SignalWatch(thresholds or Thresholds(), NEW, OLD, START, WINDOW, signals)
    for number, samples in enumerate(polls, start=1):
        watch.poll(samples, START + number * every)
    return watch


def verdict_of(*samples, signal=Signal.ERROR_RATE):
    """The verdict once the same samples were read twice, so that everything is old enough."""
    return a_watch(samples, samples).verdicts()[signal]


@pytest.mark.parametrize(
    ("samples", "expected", "reason"),
    [
        pytest.param([users(30, 100)], Verdict.BREACH, "", id="thirty of a hundred"),
        pytest.param([users(2, 2)], Verdict.INCONCLUSIVE, "few_units", id="two of two are too few for any breach"),
        pytest.param([users(2, 5)], Verdict.INCONCLUSIVE, "few_units", id="two of five are too few"),
        pytest.param([users(0, 0)], Verdict.NO_DATA, "", id="nothing of nothing is silence, not health"),
        pytest.param([users(0, 50)], Verdict.INCONCLUSIVE, "few_units", id="fifty good ones do not prove it healthy"),
        pytest.param([users(0, 100)], Verdict.HEALTHY, "", id="a hundred good ones do"),
        pytest.param([users(500, 10_000)], Verdict.INCONCLUSIVE, "near_threshold", id="at the limit nothing is proved, however many"),
        pytest.param([users(101, 100)], Verdict.INCONCLUSIVE, "inconsistent", id="more failures than users make no sense"),
        pytest.param(
            [users(1, 100), sessions(1000, 1100)], Verdict.INCONCLUSIVE, "few_units", id="one user with a thousand errors is one user"
        ),
        pytest.param([users(30, 100), sessions(60, 200)], Verdict.BREACH, "", id="users and sessions agree"),
        pytest.param([a_sample(NoData("none")), sessions(60, 200)], Verdict.BREACH, "", id="sessions alone where users are not counted"),
        pytest.param([a_sample(NoData("none"))], Verdict.NO_DATA, "no_data", id="a source without data"),
        pytest.param(
            [a_sample(NoData("errors only", Absence.NO_DENOMINATOR))],
            Verdict.NO_DATA,
            "no_denominator",
            id="errors that are a share of nothing",
        ),
    ],
)
def test_error_rate(samples, expected, reason):
    found = verdict_of(*samples)
    assert (found.verdict, found.reason) == (expected, reason)


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


def test_a_large_audience_that_always_crashes_is_held_to_its_baseline():
    """Ten crashes an hour ignore how many users there are; the version before has just as many."""
    crashes = [a_sample(Events(80), Signal.EXTENSION_CRASHES, version=version) for version in (NEW, OLD)]
    counts = [sessions(100, 20_000), sessions(100, 20_000, version=OLD)]
    assert verdict_of(*crashes, *counts, signal=Signal.EXTENSION_CRASHES).verdict is Verdict.INCONCLUSIVE
    assert (
        verdict_of(crashes[0], *counts, a_sample(Events(2), Signal.EXTENSION_CRASHES, version=OLD), signal=Signal.EXTENSION_CRASHES).verdict
        is Verdict.BREACH
    )


def test_a_signal_that_nobody_measures_says_so():
    verdict = verdict_of(signal=Signal.RATING)
    assert verdict.verdict is Verdict.NO_DATA
    assert not verdict.is_measured


def test_the_evidence_names_totals_limit_what_would_be_enough_and_the_baseline():
    words = verdict_of(users(27, 212), users(31, 6140, version=OLD)).evidence
    assert words.startswith("27 of 212 users on 1.3.0 failed (12.7 %; 26 would have been enough) against 5 % allowed")
    assert "99 % sure that the rate is 5.6-23.3 %" in words
    assert "1.2.0 in the same minutes: 31 of 6 140 (0.5 %)" in words
    assert "proved worse than 1.2.0" in words


def test_an_open_verdict_says_what_this_traffic_could_have_shown():
    assert verdict_of(users(1, 20)).evidence.endswith("this traffic can show rates above 35 %")
    assert verdict_of(users(1, 2)).evidence.endswith("no rate can be proved with so few")


@pytest.mark.parametrize(("failures", "proved"), [(20, 0.05), (45, 0.20), (90, 0.50)])
def test_what_is_proved_decides_severity_and_not_the_estimate(failures, proved):
    assert verdict_of(users(failures, 100)).proved_above == proved


def test_sixty_of_a_hundred_is_not_yet_proved_to_be_above_a_half():
    assert verdict_of(users(60, 100)).proved_above == 0.20


def test_alpha_is_shared_out_and_not_multiplied():
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    for signals in (None, COUNTED, {Signal.ERROR_RATE}):
        assert sum(weights_of(signals).values()) == pytest.approx(1)
    assert set(weights_of({Signal.ERROR_RATE})) == {Part.ERROR_RATE, Part.WORSE}


def test_several_weak_signals_together_are_a_breach_that_none_is_alone():
    """The weighted mean: three parts at just under their own bars."""
    weak = [users(14, 100), a_sample(Counted(30, 125, "requests"), Signal.API_FAILURES)]
    together = a_watch(weak).detector
    alone = [a_watch([sample]).detector for sample in weak]
    assert together.evidence > max(one.evidence for one in alone)


def test_the_order_of_verdicts():
    assert max(Verdict.HEALTHY, Verdict.NO_DATA, Verdict.INCONCLUSIVE) is Verdict.INCONCLUSIVE
    assert max(Verdict.INCONCLUSIVE, Verdict.BREACH) is Verdict.BREACH


def test_health_is_proved_only_on_units_whose_failures_have_had_time_to_be_told():
    first = a_watch([sessions(0, 500)], every=timedelta(seconds=30))
    assert first.verdicts()[Signal.ERROR_RATE].verdict is Verdict.INCONCLUSIVE
    first.poll([sessions(0, 500)], START + timedelta(seconds=60))
    assert first.verdicts()[Signal.ERROR_RATE].verdict is Verdict.INCONCLUSIVE
    first.poll([sessions(0, 700)], START + timedelta(seconds=150))
    assert first.verdicts()[Signal.ERROR_RATE].verdict is Verdict.HEALTHY


def test_failures_that_come_late_are_held_against_the_units_of_then():
    late = a_watch([sessions(0, 100)], [sessions(9, 5000)], every=timedelta(minutes=3))
    assert late.verdicts()[Signal.ERROR_RATE].verdict is Verdict.INCONCLUSIVE


def test_a_release_within_its_limit_but_far_worse_than_its_baseline_is_a_breach_that_says_so():
    verdict = verdict_of(sessions(60, 2000), sessions(100, 20_000, version=OLD))
    assert verdict.verdict is Verdict.BREACH
    assert verdict.is_worse
    assert verdict.proved_above == 0.0


def test_a_rise_that_nobody_notices_is_none():
    """Five times as often, and still below the floor of 1 %."""
    assert verdict_of(sessions(15, 3000), sessions(20, 20_000, version=OLD)).verdict is not Verdict.BREACH


def test_an_outage_that_hits_both_versions_waits_and_then_is_external():
    polls = [[sessions(60 * k, 200 * k), sessions(30 * k, 200 * k, version=OLD)] for k in range(1, 3)]
    watch = a_watch([sessions(8, 50), sessions(4, 50, version=OLD)], every=timedelta(seconds=30))
    found = watch.verdicts()[Signal.ERROR_RATE]
    assert found.verdict is Verdict.INCONCLUSIVE
    watch = a_watch(*polls)
    assert watch.baseline_verdicts()[Signal.ERROR_RATE].verdict is Verdict.BREACH


def test_a_breach_waits_no_more_than_ten_polls_for_the_baseline():
    watch = a_watch(every=timedelta(seconds=30))
    reasons = []
    for number in range(1, 14):
        watch.poll([sessions(16, 100), sessions(7, 100, version=OLD)], START + number * timedelta(seconds=30))
        reasons.append(watch.verdicts()[Signal.ERROR_RATE].reason)
    assert reasons[:10] == ["may_be_shared"] * 10
    assert watch.verdicts()[Signal.ERROR_RATE].verdict is Verdict.BREACH


def test_a_late_onset_is_seen_in_three_polls():
    """Half an hour of health buys no credit."""
    healthy = [[sessions(k, 250 * k)] for k in range(1, 61)]
    watch = a_watch(*healthy, every=timedelta(seconds=30))
    assert watch.verdicts()[Signal.ERROR_RATE].verdict is Verdict.HEALTHY
    for number in range(61, 64):
        failures = 60 + 25 * (number - 60)
        watch.poll([sessions(failures, 250 * number)], START + number * timedelta(seconds=30))
    assert watch.verdicts()[Signal.ERROR_RATE].verdict is Verdict.BREACH


def test_a_watch_that_is_fed_its_samples_again_says_the_same():
    polls = [
        [sessions(2 * k, 60 * k), sessions(k, 300 * k, version=OLD), a_sample(Events(k), Signal.EXTENSION_CRASHES, k)] for k in range(1, 20)
    ]
    first, second = a_watch(*polls), a_watch(*polls)
    assert first.detector.evidence == second.detector.evidence
    assert first.verdicts() == second.verdicts()


def test_totals_that_shrink_are_followed_and_the_same_answer_twice_changes_nothing():
    watch = a_watch([sessions(30, 100)], [sessions(30, 100)])
    before = watch.detector.values[Part.ERROR_RATE]
    watch.poll([sessions(3, 100)], START + timedelta(minutes=15))
    assert watch.verdicts()[Signal.ERROR_RATE].failures == 3
    assert watch.detector.values[Part.ERROR_RATE] < before


@pytest.mark.parametrize(
    ("count", "expected", "verdict"),
    [(1000, 1000, Verdict.HEALTHY), (650, 1000, Verdict.INCONCLUSIVE), (200, 1000, Verdict.BREACH), (0, 40, Verdict.BREACH)],
)
def test_silence_of_all_versions_together(count, expected, verdict):
    found = verdict_of(a_sample(Expected(count, expected, 1.0), Signal.SILENCE), signal=Signal.SILENCE)
    assert found.verdict is verdict


def test_a_release_that_says_nothing_while_its_baseline_does_is_the_one_that_is_silent():
    quiet = a_sample(Expected(200, 1000, 1.0), Signal.SILENCE)
    watch = a_watch([quiet, sessions(1, 100, version=OLD)])
    assert watch.verdicts()[Signal.SILENCE].is_worse
    assert "1.3.0 reports nothing at all, 1.2.0 still does" in watch.verdicts()[Signal.SILENCE].evidence
    both = a_watch([quiet, sessions(1, 100, version=OLD)], *[[quiet, sessions(1, 100, version=OLD)]] * 3)
    assert not both.verdicts()[Signal.SILENCE].is_worse


DAY = date(2026, 7, 2)


@pytest.mark.parametrize(
    ("today", "weeks", "verdict"),
    [
        (9_900, (10_000, 10_100, 9_900, 10_050), Verdict.HEALTHY),
        (4_000, (10_000, 10_100, 9_900, 10_050), Verdict.BREACH),
        (6_500, (10_000, 14_000, 7_000), Verdict.INCONCLUSIVE),
        (4_000, (10_000, 10_100), Verdict.INCONCLUSIVE),
    ],
)
def test_active_users_are_held_to_the_same_weekday(today, weeks, verdict):
    found = verdict_of(a_sample(Daily(DAY, today, weeks), Signal.ACTIVE_USERS), signal=Signal.ACTIVE_USERS)
    assert found.verdict is verdict


def test_inside_the_hour_active_users_are_not_measurable():
    sample = a_sample(NoData("daily numbers say nothing within an hour", Absence.NOT_MEASURABLE), Signal.ACTIVE_USERS)
    assert verdict_of(sample, signal=Signal.ACTIVE_USERS).reason == "not_measurable"


def test_reviews_and_a_percentile_advise():
    reviews = a_sample(Counted(15, 15, "reviews"), Signal.RATING)
    assert verdict_of(reviews, signal=Signal.RATING).verdict is Verdict.BREACH
    slow = a_sample(Value(9.5, "s, 95th percentile"), Signal.RESPONSE_TIME)
    assert verdict_of(slow, signal=Signal.RESPONSE_TIME).reason == "advisory"


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


def test_a_baseline_that_was_as_bad_before_the_release_is_pre_existing():
    bad = {Signal.ERROR_RATE: SignalVerdict(Signal.ERROR_RATE, Verdict.BREACH, "evidence")}
    release, baseline = Observation(NEW, bad), Observation(OLD, bad, before=bad)
    assert diagnose(release, baseline).cause is Cause.PRE_EXISTING
    worse = {Signal.ERROR_RATE: SignalVerdict(Signal.ERROR_RATE, Verdict.BREACH, "evidence", is_worse=True)}
    assert diagnose(Observation(NEW, worse), baseline).cause is Cause.DEPLOYMENT
    assert "would make it the deployment" in diagnose(release, baseline).would_change


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("RangeError: Array buffer allocation failed", Cause.MEMORY_LEAK),
        ("TypeError: Failed to fetch", Cause.CONNECTION_ISSUE),
        ("Error: QUOTA_BYTES quota exceeded", Cause.RESOURCE_EXHAUSTION),
        ("HTTP 429 Too Many Requests", Cause.CAPACITY),
        ("TypeError: x is undefined", None),
    ],
)
def test_error_texts_name_candidates_and_decide_nothing(text, cause):
    found = candidates_in([text, text])
    assert [candidate.cause for candidate in found] == ([cause] if cause else [])
    assert all(text in candidate.words and "rule" in candidate.words for candidate in found)


def test_affected_users_are_scaled_to_all_that_the_extension_has():
    assert Reach(10_000, 4_000).of_all(100) == 250
    assert Reach(10_000, 12_000).of_all(100) == 100
    assert Reach(50, 10).of_all(40) == 50
    assert Reach(10_000).of_all(100) == 100
