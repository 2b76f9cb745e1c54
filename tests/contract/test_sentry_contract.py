"""The guard's source ⇄ the local Sentry ⇄ Sentry's published description, and the real Python SDK as a stranger."""

import io
from datetime import timedelta

import pytest
import requests
import sentry_sdk

from contract.sentry_world import NEW, OLD, SentryWitness, World
from factories import Clock
from guard.errors import SourceError, SourceRefused
from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry
from guard.model import Counted, Events, Interval, NoData, Signal
from guard.sources.contract import gather
from guard.sources.sentry_client import SentryClient


@pytest.fixture(params=[10, 60], ids=["steps of 10 s", "steps of 1 min"])
def world(request, clock: Clock):
    state = LocalSentry(clock)
    session = SentryWitness()
    with local_sentry(state, smallest_step_seconds=request.param) as address:
        yield World(state, address, clock, session)
    session.close()


def test_users_sessions_and_crashes_are_counted_by_version(world):
    world.use("1.3.0", users=20, failing=6)
    world.use("1.2.0", users=10, failing=0)
    found = world.read()
    assert {key: reading for key, reading in found.items() if not isinstance(reading, NoData)} == {
        (Signal.ERROR_RATE, "users"): Counted(6, 20, "users"),
        (Signal.ERROR_RATE, "sessions"): Counted(6, 20, "sessions"),
        (Signal.EXTENSION_CRASHES, ""): Events(6),
    }
    assert world.read(OLD)[Signal.ERROR_RATE, "users"] == Counted(0, 10, "users")


def test_a_second_failing_use_is_no_second_user(world):
    world.use("1.3.0", users=5, failing=1)
    world.use("1.3.0", users=5, failing=1)
    found = world.read()
    assert found[Signal.ERROR_RATE, "users"] == Counted(1, 5, "users")
    assert found[Signal.ERROR_RATE, "sessions"] == Counted(2, 10, "sessions")


def test_silence_is_no_data_and_never_zero(world):
    assert all(isinstance(reading, NoData) for reading in world.read().values())


def test_another_environment_is_not_counted(world):
    world.use("1.3.0", users=3, failing=0)
    elsewhere = world.a_source(world.client, environment="staging")
    assert all(isinstance(reading, NoData) for reading in world.read(source=elsewhere).values())


def test_a_refused_token_is_an_error_that_does_not_show_it(world):
    client = SentryClient(world.address.base_url, "wrong-token-hunter2", attempts=1)
    with pytest.raises(SourceRefused) as caught:
        world.read(source=world.a_source(client))
    assert "hunter2" not in caught.value.explain()
    with pytest.raises(SourceRefused):
        world.read(source=world.a_source(world.client, organization="other"))
    with pytest.raises(SourceError, match="Invalid project"):
        world.read(source=world.a_source(world.client, project="other"))


def test_a_source_that_fails_becomes_no_data_and_hides_no_other(world):
    world.use("1.3.0", users=3, failing=0)
    broken = world.a_source(SentryClient("http://127.0.0.1:9", "t", attempts=1))
    interval = Interval(world.clock() - timedelta(minutes=10), world.clock() + timedelta(seconds=30))
    samples = gather([broken, world.source], [NEW], interval)
    assert [type(sample.reading) for sample in samples] == [NoData] * 4 + [Counted, Counted, NoData, NoData, Events]
    assert "cannot be reached" in str(samples[0].reading)


def test_larger_steps_are_asked_for_when_this_sentry_only_has_those(clock):
    with local_sentry(LocalSentry(clock), smallest_step_seconds=3600) as address:
        world = World(LocalSentry(clock), address, clock, requests.Session())
        world.use("1.3.0", users=4, failing=1)
        assert world.read()[Signal.ERROR_RATE, "users"] == Counted(1, 4, "users")
        assert world.source.asking.smallest == [3600]


def test_passing_failures_are_asked_again_and_the_wait_that_is_told_is_kept():
    waits = []
    answers = [
        _answer(429, b"You are attempting to use this endpoint too frequently", {"X-Sentry-Rate-Limit-Reset": "1010"}),
        _answer(200, b'{"groups": []}'),
    ]

    class Scripted(requests.Session):
        def send(self, request, **_options):
            return answers.pop(0)

    client = SentryClient("http://s", "t", Scripted(), attempts=2, sleep=waits.append, now=lambda: 1000.0 + sum(waits))
    assert client.sessions("o", []).groups == []
    assert waits == [10.0]


def _answer(status, body, headers=None):
    answer = requests.Response()
    answer.status_code, answer.raw = status, io.BytesIO(body)
    answer.headers.update(headers or {})
    return answer


def test_the_real_python_sdk_is_understood():
    """Error and session of sentry-sdk itself, with its own framing, compression and authentication."""
    from guard.engine import utc_now

    state = LocalSentry(utc_now)
    with local_sentry(state) as address:
        options = {
            "auto_enabling_integrations": False,
            "default_integrations": False,
            "auto_session_tracking": False,
            "shutdown_timeout": 0,
        }
        sentry_sdk.init(dsn=address.dsn, release="shelf@1.3.0", environment="production", **options)
        scope = sentry_sdk.get_isolation_scope()
        scope.set_user({"id": "alice"})
        scope.start_session(session_mode="application")
        sentry_sdk.capture_exception(ValueError("boom"))
        scope.end_session()
        sentry_sdk.flush(5)
        sentry_sdk.get_client().close(timeout=2)
        sentry_sdk.init()
    assert [(event.release, event.user, event.message) for event in state.events()] == [("shelf@1.3.0", "alice", "boom")]
    assert [(session.release, session.outcome) for session in state.sessions()] == [("shelf@1.3.0", "errored")]


def test_envelopes_need_the_key_and_the_rest_the_token(world):
    url = f"{world.address.base_url}/api/1/envelope/"
    assert requests.post(f"{url}?sentry_key=wrong", data="{}\n", timeout=5).status_code == 403
    assert requests.post(url, data="nonsense", timeout=5).status_code == 400
    preflight = requests.options(url, timeout=5)
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    for path in ("organizations/local/", "organizations/local/sessions/", "projects/local/extension/filters/"):
        assert requests.get(f"{world.address.base_url}/api/0/{path}", timeout=5).status_code == 401


def test_the_inbound_filter_drops_errors_while_the_sdk_is_told_that_all_is_well(world):
    world.state.filters_browser_extensions = True
    world.use("1.3.0", users=3, failing=3)
    assert world.read()[Signal.EXTENSION_CRASHES, ""] == Events(0)
    headers = {"Authorization": f"Bearer {world.address.token}"}
    filters = requests.get(f"{world.address.base_url}/api/0/projects/local/extension/filters/", headers=headers, timeout=5).json()
    assert filters == [{"id": "browser-extensions", "active": True}]
