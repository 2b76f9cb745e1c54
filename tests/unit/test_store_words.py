"""What the store's client is made of: the budget, Google's error bodies, and where credentials are looked for."""

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.environment import store_credentials
from guard.errors import ConfigurationError
from webstore.budget import RequestBudget
from webstore.refusals import refused_by_api
from webstore.rpc_status import read_status
from webstore.store_errors import BudgetSpent


class Time:
    """Seconds that pass only by waiting."""

    def __init__(self):
        self.now = 0.0
        self.waits = []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


def a_budget(time, per_minute=60.0, **options):
    return RequestBudget(per_minute, clock=time.clock, sleep=time.sleep, **options)


def test_calls_within_the_budget_do_not_wait_and_others_wait_their_turn():
    time = Time()
    budget = a_budget(time)
    for _ in range(10):
        budget.take(waits=True)
    assert time.waits == []
    budget.take(waits=True)
    assert time.waits == [pytest.approx(1.2)]


def test_time_alone_fills_the_budget_again():
    time = Time()
    budget = a_budget(time)
    for _ in range(10):
        budget.take(waits=True)
    time.now += 60
    for _ in range(10):
        budget.take(waits=True)
    assert time.waits == []


def test_what_cannot_wait_never_waits_but_is_counted():
    time = Time()
    budget = a_budget(time)
    for _ in range(20):
        budget.take(waits=False)
    assert time.waits == []
    budget.take(waits=True)
    assert time.waits == [pytest.approx(13.2)]


def test_what_cannot_wait_puts_off_the_others_only_so_far():
    time = Time()
    budget = a_budget(time)
    for _ in range(1000):
        budget.take(waits=False)
    time.now += 2
    budget.take(waits=True)
    assert time.waits == [pytest.approx(59.2)]


def test_a_turn_too_far_away_is_an_error():
    time = Time()
    budget = a_budget(time, longest_wait=15.0)
    for _ in range(22):
        budget.take(waits=False)
    with pytest.raises(BudgetSpent) as caught:
        budget.take(waits=True)
    assert caught.value.retry
    assert "requests_per_minute" in caught.value.advice


@given(st.lists(st.floats(0, 30), min_size=1, max_size=200), st.floats(2, 120))
def test_no_minute_has_more_calls_than_were_agreed(gaps, per_minute):
    time, made = Time(), []
    budget = a_budget(time, per_minute, longest_wait=1e9)
    for gap in gaps:
        time.now += gap
        budget.take(waits=True)
        made.append(time.now)
    busiest = max(sum(start <= moment < start + 60 for moment in made) for start in made)
    assert busiest <= per_minute + 1  # a call is counted whole when its minute begins in the middle of it


def test_the_budget_holds_among_threads():
    time = Time()
    budget = a_budget(time, 300.0)
    threads = [threading.Thread(target=lambda: [budget.take(waits=True) for _ in range(10)]) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.waits == []
    budget.take(waits=True)
    assert len(time.waits) == 1


def body(**error):
    return json.dumps({"error": error}).encode()


def test_an_error_body_is_read_with_its_details():
    details = [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com", "metadata": {}},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"},
        {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": "new_version", "description": "too low"}]},
        {"@type": "type.googleapis.com/google.rpc.PreconditionFailure", "violations": [{"type": "STATE", "description": "pending"}]},
        {"@type": "x", "warnings": [{"reason": "R", "description": "D"}]},
    ]
    read = read_status(400, body(code=400, message="no\x1b[31m good", status="FAILED_PRECONDITION", details=details))
    assert (read.status, read.reason, read.retry_seconds) == ("FAILED_PRECONDITION", "SERVICE_DISABLED", 1.5)
    assert read.words == "no [31m good (new_version: too low; STATE: pending)"
    assert read.warnings[0].reason == "R"


@pytest.mark.parametrize(
    "raw",
    [b"", b"<html>", b"[]", b'{"error": "x"}', b'{"error": {"details": [1, "a", null, {"reason": {}}]}}', b'{"error": {"code": "x"}}'],
)
def test_a_body_that_makes_no_sense_still_has_its_code(raw):
    read = read_status(502, raw)
    assert read.code == 502
    assert read.words == "HTTP 502"


@given(st.binary(max_size=200))
def test_no_body_breaks_the_reader(raw):
    read_status(500, raw)


def test_texts_from_outside_are_bounded():
    read = read_status(400, body(code=400, message="x" * 100_000, status="S" * 1000, details=[{"reason": "R" * 1000}] * 500))
    assert len(read.words) < 400
    assert len(read.reason) < 70


@pytest.mark.parametrize(
    ("code", "error", "words", "advice"),
    [
        (403, {"details": [{"reason": "SERVICE_DISABLED"}]}, "not enabled", "enable it"),
        (403, {"details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}, "without the scope", "grant"),
        (403, {"message": "The caller does not have permission"}, "does not have permission", "developer dashboard"),
        (403, {"message": "Please enable 2-step verification"}, "2-step", "turn on 2-step"),
        (401, {"details": [{"reason": "ACCESS_TOKEN_EXPIRED"}]}, "expired", "clock"),
        (401, {"message": "bad"}, "bad", "Authorization header"),
    ],
)
def test_each_cause_of_a_refusal_has_its_own_words_and_advice(code, error, words, advice):
    refused = refused_by_api(read_status(code, body(code=code, **error)))
    assert words in str(refused)
    assert advice in refused.advice


def test_credentials_are_looked_for_in_order(tmp_path):
    file = tmp_path / "key.json"
    file.write_text("{}\n")
    google = {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}
    three = {"RELEASE_GUARD_STORE_CLIENT_ID": "i", "RELEASE_GUARD_STORE_CLIENT_SECRET": "s", "RELEASE_GUARD_STORE_REFRESH_TOKEN": "r"}
    assert store_credentials("K", {}) is None
    assert store_credentials("K", google) == "{}"
    assert json.loads(store_credentials("K", {**google, **three})) == {
        "type": "authorized_user",
        "client_id": "i",
        "client_secret": "s",
        "refresh_token": "r",
    }
    assert store_credentials("K", {**google, **three, "K": "direct"}) == "direct"
    assert store_credentials("K", {**google, "K_FILE": str(file)}) == "{}"


@pytest.mark.parametrize(
    "environment",
    [{"RELEASE_GUARD_STORE_CLIENT_ID": "i"}, {"RELEASE_GUARD_STORE_REFRESH_TOKEN": "r"}, {"GOOGLE_APPLICATION_CREDENTIALS": "/none"}],
)
def test_half_given_credentials_are_a_configuration_error(environment):
    with pytest.raises(ConfigurationError) as caught:
        store_credentials("K", environment)
    assert "/none" not in str(caught.value)
