"""The guard's source ⇄ the local Sentry ⇄ Sentry's published description, and the real Python SDK as a stranger."""

import io
import json
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest
import requests
import sentry_sdk

from factories import Clock
from guard.errors import SourceError, SourceRefused
from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry
from guard.model import Counted, Events, Interval, NoData, Signal
from guard.rehearsal.users import envelope_items
from guard.sources.contract import gather
from guard.sources.sentry import SentrySource
from guard.sources.sentry_client import SentryClient
from webstore.versions import Version

DESCRIPTION = json.loads((Path(__file__).parent / "sentry.openapi.subset.json").read_text())
NEW, OLD = Version.parse("1.3.0"), Version.parse("1.2.0")

# Where clients and the service go beyond the published schema.
BEYOND_THE_SCHEMA = {"disableAggregateExtrapolation"}
"""Sentry's own pages send it to the table of events too; the schema names it for series only."""


def operation_of(url):
    parts = urlsplit(url).path.strip("/").split("/")
    for template, item in DESCRIPTION["paths"].items():
        wanted = template.strip("/").split("/")
        if len(wanted) == len(parts) and all(a.startswith("{") or a == b for a, b in zip(wanted, parts, strict=True)):
            return item["get"]
    raise AssertionError(f"the description has no {url}")


def plain_schema(schema):
    """OpenAPI 3.0 as JSON Schema: `nullable` becomes a type."""
    if isinstance(schema, list):
        return [plain_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: plain_schema(value) for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable") and "type" in found:
        found["type"] = [found["type"], "null"]
    return found


class Witness(requests.Session):
    """A session that holds everything that passes to the description."""

    def send(self, request, **kwargs):
        operation = operation_of(request.url)
        known = {parameter["name"]: parameter for parameter in operation["parameters"]}
        given = parse_qsl(urlsplit(request.url).query)
        assert {name for name, _ in given} <= set(known) | BEYOND_THE_SCHEMA
        assert {name for name, parameter in known.items() if parameter.get("required") and parameter["in"] == "query"} <= {
            name for name, _ in given
        }
        answer = super().send(request, **kwargs)
        if answer.status_code == 200:
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            jsonschema.validate(json.loads(answer.content), plain_schema(schema))
        return answer


class World:
    def __init__(self, state, address, clock, session):
        self.state, self.address, self.clock = state, address, clock
        self.client = SentryClient(address.base_url, address.token, session, attempts=2, sleep=lambda _seconds: None)
        self.source = self.a_source(self.client)

    def a_source(self, client, **changes):
        settings = {"organization": "local", "project": "extension", "environment": "production", "release_name": "shelf@{version}"}
        return SentrySource(client, **{**settings, "settle": timedelta(0), **changes})

    def use(self, version, users, failing):
        for number in range(users):
            lines = ["{}"]
            for kind, payload in envelope_items(f"shelf@{version}", f"user-{number}", fails=number < failing):
                moment = self.clock().isoformat()
                lines += [json.dumps({"type": kind}), json.dumps({**payload, "started": moment, "timestamp": moment})]
            key = urlsplit(self.address.dsn).username
            url = f"{self.address.base_url}/api/1/envelope/?sentry_key={key}"
            requests.post(url, data="\n".join(lines), timeout=5).raise_for_status()

    def read(self, version=NEW, source=None):
        interval = Interval(self.clock() - timedelta(minutes=10), self.clock() + timedelta(seconds=30))
        return {
            (sample.signal, getattr(sample.reading, "unit", "")): sample.reading
            for sample in (source or self.source).read(version, interval)
        }


@pytest.fixture(params=[10, 60], ids=["steps of 10 s", "steps of 1 min"])
def world(request, clock: Clock):
    state = LocalSentry(clock)
    session = Witness()
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
    samples = gather([broken, world.source], NEW, interval)
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
        def get(self, *_args, **_kwargs):
            return answers.pop(0)

    client = SentryClient("http://s", "t", Scripted(), attempts=2, sleep=waits.append, now=lambda: 1000.0)
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
