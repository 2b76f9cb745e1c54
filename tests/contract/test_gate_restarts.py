"""A gate that ends and another that begins, and two that watch at once: kept samples give the same evidence to each."""

import contextlib

import pytest

from contract.gate_world import V
from guard.assessor import Assessor
from guard.judge.diagnosis import Cause
from guard.judge.verdict import Verdict
from guard.model import Counted, Signal
from guard.observing import observe_release
from guard.outcome import Outcome

POLL = 30


class Killed(BaseException):
    """The process ends where it stands."""


@pytest.fixture
def settle():
    return 0.0


@pytest.fixture
def settings(visitors, settle):
    return visitors.settings(settle_seconds=settle, rollback_window_seconds=1800, poll_seconds=POLL)


def an_assessor(world):
    """As a gate makes it that begins now."""
    process = world.another_process()
    release = observe_release(process.engine, process.guarded).release
    return Assessor(process.engine, process.guarded, release, process.engine.releases.baseline_of(release.item, release.version))


def story(visitors, number):
    """What users do before a poll: at first little and well, then the release and its baseline fail more and more, then nobody comes."""
    if number < 12:
        visitors.come("1.3.0", 40 + number, 3 * (number > 3) + number, seconds_ago=5)
        visitors.come("1.2.0", 60, number // 2, seconds_ago=5)
        if number % 3 == 0:
            visitors.reports.fail("1.3.0", f"lost {number}")


def state_of(watched):
    """All that a verdict rests on."""
    detector = watched.detector
    return {
        "evidence": pytest.approx(detector.evidence),
        "parts": pytest.approx(list(detector.values.values())),
        "held": detector.held_polls,
        "blamed": detector.blamed,
        "release": watched.verdicts(),
        "baseline": watched.baseline_verdicts(),
        "before": watched.baseline_verdicts(before=True),
    }


def seen(watched):
    detector = watched.detector
    return {**state_of(watched), "evidence": detector.evidence, "parts": list(detector.values.values())}


@pytest.mark.parametrize(("settle", "polls"), [(0.0, 1), (0.0, 5), (0.0, 9), (0.0, 14), (90.0, 4), (90.0, 9)])
def test_a_process_that_begins_where_another_ended_has_the_same_evidence(published, visitors, polls):
    first = an_assessor(published)
    for number in range(polls):
        story(visitors, number)
        first.poll()
        published.clock.forward(seconds=POLL)
    second = an_assessor(published)
    story(visitors, polls)
    assert seen(second.poll()) == state_of(first.poll())


@pytest.mark.parametrize(
    "settle",
    [
        0.0,
        90.0,
    ],
)
def test_what_the_baseline_did_before_the_release_is_kept_with_its_polls(published):
    process = an_assessor(published)
    process.poll()
    release = published.engine.releases.find(published.store.item, V("1.3.0"))
    kept = [sample for _, samples in published.engine.samples.polls(release, V("1.2.0")) for sample in samples]
    assert Counted(4, 2000, "sessions") in [sample.reading for sample in kept if sample.interval.end <= release.published_at]


def test_two_watchers_that_read_the_same_do_no_harm(published, visitors):
    """Each keeps what it read, at the same time and between the other's polls; a third that begins later sees what one alone would."""
    one, other = an_assessor(published), an_assessor(published)
    for number in range(10):
        story(visitors, number)
        mine = one.poll()
        theirs = other.poll()
        assert seen(theirs) == state_of(mine)
        published.clock.forward(seconds=POLL)
    third = an_assessor(published)
    assert seen(third.poll()) == state_of(one.poll())


def test_watchers_out_of_step_leave_a_third_with_the_same_totals_and_the_same_verdict(published, visitors):
    one, other = an_assessor(published), an_assessor(published)
    for number in range(10):
        story(visitors, number)
        one.poll()
        published.clock.forward(seconds=POLL / 2)
        other.poll()
        published.clock.forward(seconds=POLL / 2)
    alone = one.poll().verdicts()[Signal.ERROR_RATE]
    found = an_assessor(published).poll().verdicts()[Signal.ERROR_RATE]
    assert (found.verdict, found.failures, found.total) == (alone.verdict, alone.failures, alone.total)


def test_a_gate_that_is_killed_is_taken_up_by_the_next_and_rolls_back_at_the_same_poll(published, visitors):
    """Failures come evenly, so that no stretch after the kill would be proof by itself as soon."""

    def failing(paused):
        visitors.come("1.2.0", 90, 1, seconds_ago=5)
        visitors.come("1.3.0", 10, 2 if paused % (2 * POLL) else 1, seconds_ago=5)

    def killed(paused):
        failing(paused)
        if paused == 4 * POLL:
            raise Killed

    with contextlib.suppress(Killed):
        published.gate(meanwhile=killed)
    published_at = published.engine.releases.find(published.store.item, V("1.3.0")).published_at
    result = published.another_process().gate(meanwhile=failing)
    assert (result.outcome, result.assessment.diagnosis.cause) == (Outcome.ROLLED_BACK, Cause.DEPLOYMENT)
    errors = result.assessment.release.signals[Signal.ERROR_RATE]
    assert errors.verdict is Verdict.BREACH
    assert errors.total == 10 * (result.incident.opened_at - published_at).total_seconds() // POLL
    assert len(published.engine.samples.polls(result.release, V("1.2.0"))) > 4
