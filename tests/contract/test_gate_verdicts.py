"""What the gate makes of a window: policies, sources that fail, holds, and error texts. Over HTTP, with a clock of the test's own."""

import json

import pytest

from contract.gate_world import V
from guard.judge.verdict import Verdict
from guard.model import Signal
from guard.outcome import Outcome
from guard.watcher import Watcher

WINDOW, POLL, EXTENSION = 300, 30, 600


@pytest.fixture
def policy():
    return "hold"


@pytest.fixture
def settings(visitors, policy):
    return visitors.settings(rollback_window_seconds=WINDOW, poll_seconds=POLL, inconclusive=policy, extend_seconds=EXTENSION)


def seconds_watched(result):
    return result.to_json()["seconds"]["total"]


def of(result, signal=Signal.ERROR_RATE):
    return result.assessment.release.signals[signal]


@pytest.mark.parametrize(
    ("policy", "outcome", "exit_code", "seconds"),
    [
        ("hold", Outcome.INCONCLUSIVE, 3, WINDOW),
        ("pass", Outcome.UNPROVED, 0, WINDOW),
        ("extend", Outcome.INCONCLUSIVE, 3, WINDOW + EXTENSION),
    ],
)
def test_a_window_without_a_verdict_ends_as_the_policy_says(published, visitors, outcome, exit_code, seconds):
    visitors.come("1.3.0", 5, 2)
    result = published.gate()
    assert (result.outcome, result.exit_code, seconds_watched(result)) == (outcome, exit_code, seconds)
    assert (result.assessment.verdict, result.assessment.reason) == (Verdict.INCONCLUSIVE, "few_units")
    assert (result.incident, published.store.rollbacks(), published.state_of("1.3.0").value) == (None, [], "watched")


@pytest.mark.parametrize("policy", ["extend"])
def test_an_extension_goes_on_with_the_same_evidence_and_ends_with_the_proof(published, visitors):
    visitors.come("1.3.0", 60)

    def late(paused):
        if paused == WINDOW + POLL:
            visitors.come("1.3.0", 60)

    result = published.gate(meanwhile=late)
    assert (result.outcome, of(result).total) == (Outcome.HEALTHY, 120), "60 of them alone are no proof of health"
    assert WINDOW < seconds_watched(result) < WINDOW + EXTENSION


def test_a_sentry_that_is_down_keeps_no_failed_check_from_being_acted_on(published, visitors):
    visitors.state.faults.down = True
    published.guarded.failing = frozenset({"1.3.0"})
    result = published.gate()
    assert (result.outcome, published.store.rollbacks()) == (Outcome.ROLLED_BACK, [V("1.3.0.1")])
    assert {verdict.signal for verdict in result.assessment.breaches} == {Signal.HEALTH}
    assert (of(result).verdict, of(result).reason) == (Verdict.NO_DATA, "source_error")
    assert result.incident.state.value == "monitoring", "that users are well again cannot be proved while Sentry is down"


def test_a_sentry_that_is_down_and_checks_that_pass_are_held_with_the_reason(published, visitors):
    visitors.state.faults.down = True
    result = published.gate()
    assert (result.outcome, result.exit_code, seconds_watched(result)) == (Outcome.INCONCLUSIVE, 3, WINDOW)
    document = result.to_json()
    assert (document["assessment"]["verdict"], document["assessment"]["reason"]) == ("no_data", "source_error")
    assert "sentry could not be read: Sentry failed: HTTP 503" in of(result).evidence
    assert of(result, Signal.HEALTH).verdict is Verdict.HEALTHY
    assert result.incident is None


def test_a_sentry_alone_out_of_reach_is_its_own_outage(published, visitors, network):
    network.cut(visitors.address.base_url)
    result = published.gate()
    assert (result.assessment.verdict, result.assessment.reason) == (Verdict.NO_DATA, "source_unreachable")
    assert "our own network" not in of(result).evidence


def test_where_nothing_can_be_reached_the_gate_says_that_it_is_our_own_network(published, visitors, network):
    def cut(paused):
        network.cut(visitors.address.base_url, published.store.base_url)

    result = published.gate(meanwhile=cut)
    assert (result.outcome, result.assessment.verdict, result.assessment.reason) == (
        Outcome.INCONCLUSIVE,
        Verdict.NO_DATA,
        "our_network",
    )
    assert "our own network" in of(result).evidence


def test_what_was_heard_before_the_network_went_proves_no_health_while_nothing_is_heard(published, visitors, network):
    """Failures of the units heard of may be on their way: they are not absent only because nobody listens."""
    visitors.come("1.3.0", 5000)

    def cut(paused):
        network.cut(visitors.address.base_url, published.store.base_url)

    result = published.gate(meanwhile=cut)
    assert result.outcome is Outcome.INCONCLUSIVE, result.assessment.headline


def test_the_watcher_that_can_read_nothing_says_that_it_is_our_own_network(published, visitors, network):
    watcher = Watcher(published.engine)
    network.cut(published.store.base_url)
    (store_down,) = watcher.tick()
    assert (store_down.outcome, store_down.exit_code) == (Outcome.FAILED, 4)
    assert "our own network" not in store_down.sentence
    network.cut(visitors.address.base_url)
    (nothing,) = watcher.tick()
    assert (nothing.outcome, nothing.exit_code) == (Outcome.FAILED, 4)
    assert "our own network" in nothing.sentence
    assert published.engine.incidents.all() == []
    assert published.store.rollbacks() == []


def test_what_errors_say_is_on_the_timeline_and_in_the_document(published, visitors):
    result = published.gate(meanwhile=lambda _paused: break_for_users(visitors))
    assert result.outcome is Outcome.ROLLED_BACK
    said = [(entry.event, entry.evidence) for entry in result.timeline if entry.event.startswith("error texts speak of")]
    assert [event for event, _ in said] == ["error texts speak of: resource-exhaustion", "error texts speak of: connection-issue"]
    assert "MAX_WRITE_OPERATIONS_PER_MINUTE" in said[0][1]
    assert "room left in the users' storage would rule it out" in said[0][1]
    document = json.loads(json.dumps(result.to_json()))
    assert document["assessment"]["candidates"] == [evidence for _, evidence in said]
    assert document["diagnosis"] == "deployment", "texts prove nothing"
    assert not any("heap" in words for words in document["assessment"]["candidates"]), "what 1.2.0 says is not of 1.3.0"


def break_for_users(visitors):
    visitors.come("1.2.0", 500, 1)
    visitors.come("1.3.0", 200, 80)
    for moment in range(3):
        visitors.reports.clock.forward(seconds=1)
        visitors.reports.fail("1.3.0", "QuotaExceeded: MAX_WRITE_OPERATIONS_PER_MINUTE")
        visitors.reports.fail("1.2.0", f"heap {moment}")
    visitors.reports.fail("1.3.0", "TypeError: Failed to fetch")
    visitors.reports.clock.forward(seconds=1)


def test_a_hold_at_the_end_of_the_window_goes_on_for_at_most_ten_polls(published, visitors):
    """Both versions begin to fail alike at the last poll: it may be an outage that passes, or nothing that a rollback cures."""
    waiting = []

    def outage(paused):
        if paused >= WINDOW:
            visitors.come("1.3.0", 400, 100, seconds_ago=1)
            visitors.come("1.2.0", 400, 100, seconds_ago=1)
            waiting.append(paused)

    result = published.gate(meanwhile=outage)
    assert (result.outcome, result.assessment.diagnosis.cause.value) == (Outcome.HELD, "external")
    assert len(waiting) == 11, "the last poll of the window, and ten that it waited"
    assert seconds_watched(result) == WINDOW + 10 * POLL
    assert published.store.rollbacks() == []


def test_a_hold_that_is_lifted_after_the_window_ends_it_with_the_next_poll(published, visitors):
    """The baseline is well again while the release goes on failing: what waited is now the release's own."""

    def outage_of_one_poll(paused):
        if paused >= WINDOW:
            visitors.come("1.3.0", 400, 100, seconds_ago=1)
            visitors.come("1.2.0", 400, 100 if paused == WINDOW else 0, seconds_ago=1)

    result = published.gate(meanwhile=outage_of_one_poll)
    assert WINDOW < seconds_watched(result) < WINDOW + 10 * POLL
    assert result.assessment.verdict is Verdict.BREACH
    assert (result.outcome, published.store.rollbacks()) == (Outcome.HELD, []), "outside the window nothing is rolled back by itself"
