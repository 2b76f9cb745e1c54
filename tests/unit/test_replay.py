"""Replay: recordings in, verdicts out; late, repeated, corrected and malformed lines; and the same from a live watch's own recording."""

import contextlib
import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.judge.thresholds import Thresholds
from guard.judge.watch import SignalWatch
from guard.model import CheckOutcome, Counted, Events, Expected, Interval, Release, Sample, Signal
from guard.recording import record
from guard.replay.lines import MalformedLine, Reader
from guard.replay.output import plot, to_json
from guard.replay.player import play
from webstore.models import Item
from webstore.versions import Version

OPENING = {"release": "1.3.0", "baseline": "1.2.0", "published_at": "2026-11-24T01:00:00Z", "window_seconds": 3600}
START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def at(seconds):
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def errors(seconds, failures, total, version="1.3.0", **more):
    return {"at": at(seconds), "version": version, "signal": "error_rate", "failures": failures, "total": total, **more}


def check(seconds, passed, version="1.3.0", name="extraction"):
    return {"at": at(seconds), "version": version, "signal": "health", "check": name, "passed": passed}


def played(*lines, opening=None, thresholds=None, plotted=False):
    text = [json.dumps(line) for line in ({**OPENING, **(opening or {})}, *lines)]
    return [to_json(found) for found in play(text, thresholds or Thresholds(), plotted=plotted)]


def test_a_bad_release_is_a_breach_with_its_time_its_samples_and_its_evidence():
    (found,) = played(*[errors(30 * k, 4, 20) for k in range(1, 6)], *[errors(30 * k, 20, 9000, "1.2.0") for k in range(1, 6)])
    assert (found["verdict"], found["diagnosis"], found["strategy"]) == ("breach", "deployment", "ROLLBACK")
    assert found["decided_at"] == at(found["seconds_after_publish"])
    assert found["samples_used"] == {"error_rate": found["seconds_after_publish"] // 30 * 20}
    assert "sessions on 1.3.0 failed" in found["evidence"][0]


def test_a_healthy_release_passes_early_and_two_of_five_are_inconclusive():
    (healthy,) = played(*[errors(30 * k, 1, 250) for k in range(1, 121)])
    assert (healthy["verdict"], healthy["seconds_after_publish"]) == ("healthy", 180)
    assert healthy["samples_used"] == {"error_rate": 6 * 250}
    assert "6 of 1 500 sessions" in healthy["evidence"][0]
    (few,) = played(errors(30, 2, 5))
    assert (few["verdict"], few["reason"], few["decided_at"], few["severity"]) == ("inconclusive", "few_units", None, None)
    assert played()[0]["verdict"] == "no_data"


def test_a_failed_check_with_a_passing_baseline_is_a_breach_at_once():
    (found,) = played(check(30, passed=False), check(30, True, "1.2.0"))
    assert (found["verdict"], found["diagnosis"], found["seconds_after_publish"]) == ("breach", "deployment", 30)
    (shared,) = played(check(30, passed=False), check(40, False, "1.2.0"))
    assert (shared["verdict"], shared["diagnosis"], shared["strategy"]) == ("breach", "external", "HOTFIX")
    (alone,) = played(check(30, passed=False))
    assert (alone["verdict"], alone["diagnosis"]) == ("breach", "unknown")


def test_a_baseline_that_was_as_bad_before_is_pre_existing():
    before = [errors(0, 3000, 9000, "1.2.0")]
    during = [line for k in range(1, 20) for line in (errors(30 * k, 7, 20), errors(30 * k, 330, 1000, "1.2.0"))]
    (found,) = played(*before, *during)
    assert (found["verdict"], found["diagnosis"], found["strategy"]) == ("breach", "pre-existing", "HOTFIX")


def test_a_breach_overrules_an_earlier_proof_of_health():
    (found,) = played(*[errors(30 * k, 1, 250) for k in range(1, 61)], *[errors(30 * k, 60, 250) for k in range(61, 121)])
    assert found["verdict"] == "breach"
    assert 1800 < found["seconds_after_publish"] <= 1890


def test_a_line_that_repeats_changes_nothing_and_one_that_corrects_takes_the_first_back():
    lines = [errors(30, 1, 250), errors(60, 3, 250), errors(90, 2, 250), errors(240, 1, 250)]
    assert played(*itertools.chain.from_iterable((line, line) for line in lines)) == played(*lines)
    (corrected,) = played(errors(30, 200, 250), errors(30, 1, 250), errors(200, 1, 250))
    assert corrected["verdict"] == "healthy"


def test_a_late_line_joins_the_totals_of_the_next_poll():
    (late,) = played(errors(60, 0, 250), errors(30, 60, 250), errors(90, 0, 250))
    assert (late["verdict"], late["seconds_after_publish"]) == ("breach", 60)


def test_what_comes_after_the_window_or_of_other_versions_is_not_judged():
    (found,) = played(errors(30, 0, 10), errors(3700, 200, 250), errors(60, 200, 250, "1.1.0"))
    assert found["samples_used"] == {"error_rate": 10}
    assert found["verdict"] == "inconclusive"


def test_releases_come_one_after_another_and_know_nothing_of_each_other():
    text = [
        json.dumps(line)
        for line in (OPENING, errors(30, 200, 250), {**OPENING, "release": "1.4.0", "baseline": "1.3.0"}, errors(30, 0, 250, "1.4.0"))
    ]
    first, second = [to_json(found) for found in play(text, Thresholds())]
    assert (first["release"], first["verdict"]) == ("1.3.0", "breach")
    assert (second["release"], second["verdict"]) == ("1.4.0", "inconclusive")


def test_other_thresholds_judge_otherwise():
    lines = [errors(30 * k, 8, 100) for k in range(1, 121)]
    assert played(*lines)[0]["verdict"] == "breach"
    assert played(*lines, thresholds=Thresholds(error_rate=0.2))[0]["verdict"] == "healthy"


def test_only_what_is_required_holds_a_release_up():
    assert played(check(30, passed=True), check(200, passed=True), opening={"required": ["health"]})[0]["verdict"] == "healthy"
    assert played(check(30, passed=True))[0]["verdict"] == "no_data"


@pytest.mark.parametrize(
    ("line", "field", "problem"),
    [
        ("{", "", "no JSON"),
        ("[1]", "", "no JSON object"),
        ('{"release": "one"}', "release", "version"),
        ('{"release": "1.3.0", "baseline": "1.3.0"}', "baseline", "release itself"),
        ('{"release": "1.3.0", "published_at": "now"}', "published_at", "time"),
        ('{"release": "1.3.0", "published_at": "2026-11-24T01:00:00Z", "window_seconds": 0}', "window_seconds", "above 0"),
        ('{"release": "1.3.0", "published_at": "2026-11-24T01:00:00Z", "signals": ["luck"]}', "signals", "list of"),
        (json.dumps({**errors(30, 1, 2), "at": None}), "at", "time"),
        (json.dumps({**errors(30, 1, 2), "version": 3}), "version", "no text"),
        (json.dumps({**errors(30, 1, 2), "signal": "luck"}), "signal", "must be one of"),
        (json.dumps({**errors(30, 1, 2), "failures": "1"}), "failures", "whole number"),
        (json.dumps({**errors(30, 1, 2), "failures": True}), "failures", "whole number"),
        ('{"at": "2026-11-24T01:00:30Z", "version": "1.3.0", "signal": "error_rate", "failures": 1}', "total", "missing"),
        ('{"at": "2026-11-24T01:00:30Z", "version": "1.3.0", "signal": "extension_crashes", "events": 1}', "seconds", "missing"),
        ('{"at": "2026-11-24T01:00:30Z", "version": "1.3.0", "signal": "active_users", "value": NaN}', "value", "no number"),
        ('{"at": "2026-11-24T01:00:30Z", "version": "1.3.0", "signal": "rating", "events": 1, "seconds": 3}', "failures", "missing"),
        (json.dumps({**errors(30, 1, 2), "signal": "extension_crashes"}), "events", "missing"),
        ('{"at": "2026-11-24T01:00:30Z", "version": "1.3.0", "signal": "silence", "value": 3}', "events", "missing"),
        ('{"at": "2026-11-24T01:00:30Z", "version": "1.3.0", "signal": "error_rate", "value": 0.3}', "failures", "missing"),
        (json.dumps(check(30, "yes")), "passed", "true or false"),
        (json.dumps(check(30, passed=True, name="luck")), "check", "must be one of"),
        ("x" * 70_000, "", "longer than"),
    ],
)
def test_a_malformed_line_names_its_number_and_field(line, field, problem):
    with pytest.raises(MalformedLine) as caught:
        list(play([json.dumps(OPENING), "", line], Thresholds()))
    assert str(caught.value).startswith(f"line 3, field {field!r}: " if field else "line 3: ")
    assert problem in str(caught.value)
    assert caught.value.users_mistake


def test_a_sample_before_any_release_is_malformed():
    with pytest.raises(MalformedLine, match="line 1, field 'release'"):
        list(play([json.dumps(errors(30, 1, 2))], Thresholds()))


@given(
    st.text(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda more: (
            st.lists(more)
            | st.dictionaries(st.sampled_from(["at", "signal", "version", "release", "failures", "total", "events", "x"]), more)
        ),
    ).map(json.dumps)
)
def test_whatever_a_line_holds_it_is_read_or_refused(line):
    with contextlib.suppress(MalformedLine):
        Reader().read(1, line)


def test_what_a_live_watch_saw_gives_the_same_verdict_when_it_is_recorded_and_replayed():
    """Totals become counts per interval, and back."""
    release = Release(Item("p", "a" * 32), Version.parse("1.3.0"), START)
    old = Version.parse("1.2.0")
    polls = []
    for number in range(1, 12):
        now = START + timedelta(seconds=30 * number)
        since, before = Interval(START, now), Interval(START - timedelta(hours=1), START)
        samples = [
            Sample(Signal.ERROR_RATE, release.version, since, Counted(2 * number, 60 * number, "sessions"), "s"),
            Sample(Signal.ERROR_RATE, old, since, Counted(24 * number, 600 * number, "sessions"), "s"),
            Sample(Signal.EXTENSION_CRASHES, release.version, since, Events(number // 4), "s"),
            Sample(Signal.SILENCE, release.version, since, Expected(640 * number, 700.0 * number, 2.0), "s"),
            Sample(Signal.HEALTH, release.version, since, CheckOutcome("load", True), "browser"),
        ]
        if number == 1:
            samples.append(Sample(Signal.ERROR_RATE, old, before, Counted(5, 5000, "sessions"), "s"))
        polls.append((now, samples))
    signals = {Signal.ERROR_RATE, Signal.EXTENSION_CRASHES, Signal.SILENCE}
    watch = SignalWatch(Thresholds(), release.version, old, START, timedelta(hours=1), signals)
    for now, samples in polls:
        watch.poll(samples, now)
    (found,) = play(record(release, old, 3600.0, polls), Thresholds(), plotted=True)
    assert found.curve[-1][1] == pytest.approx(watch.detector.evidence)
    live = watch.verdicts()[Signal.ERROR_RATE]
    replayed = found.assessment.release.signals[Signal.ERROR_RATE]
    assert (replayed.verdict, replayed.failures, replayed.total) == (live.verdict, live.failures, live.total)


def test_reviews_advise_and_hold_nothing_up():
    reviews = [{"at": at(30 * k), "version": "1.3.0", "signal": "rating", "failures": 5, "total": 5} for k in range(1, 5)]
    (found,) = played(*reviews, *[errors(30 * k, 1, 250) for k in range(1, 9)])
    assert (found["verdict"], found["diagnosis"], found["strategy"]) == ("breach", "unknown", "HOTFIX")


def test_a_plot_shows_the_evidence_and_the_bar():
    found = plot([(30.0, 1.0), (1800.0, 50.0), (1830.0, 1e9)], 0.0, 3600.0, 100.0)
    assert "█" in found
    assert found.endswith("highest E 1e+09, a breach from 100")
    assert "·" in found
