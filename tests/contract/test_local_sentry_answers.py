"""Every answer of the local Sentry over HTTP is as Sentry's published description says; faults show as they do at the service."""

import json
import re
import time
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from contract.sentry_description import hold_answer, operation_of
from factories import Clock
from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry
from guard.rehearsal.users import envelope_items

ORGANIZATION = "organizations/local"
COUNTER = "sum(value,ext.operation,counter,-)"


class Caller:
    """Asks over HTTP and holds each good answer to the description."""

    def __init__(self, state, address, clock):
        self.state, self.address, self.clock = state, address, clock
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {address.token}"

    def ask(self, path, *parameters, method="get", status=200, **options):
        answer = self.session.request(method, f"{self.address.base_url}/api/0/{path}", params=list(parameters), timeout=5, **options)
        assert answer.status_code == status, answer.text
        operation = operation_of(answer.url, method)
        if status < 300:
            assert {name for name, _ in parameters} <= {parameter["name"] for parameter in operation.get("parameters", ())}
            hold_answer(operation, status, answer.json())
        return answer

    def data(self, *parameters, **options):
        return self.ask(f"{ORGANIZATION}/events/", ("statsPeriod", "1h"), *parameters, **options).json().get("data")

    def send(self, *items):
        lines = [json.dumps({})] + [json.dumps(part) for kind, payload in items for part in ({"type": kind}, payload)]
        url = f"{self.address.base_url}/api/1/envelope/?sentry_key={urlsplit(self.address.dsn).username}"
        return requests.post(url, data="\n".join(lines), timeout=5)

    def use(self, version="1.3.0", users=4, failing=1):
        for number in range(users):
            items = envelope_items(f"shelf@{version}", f"user-{number}", fails=number < failing)
            moment = self.clock().isoformat()
            self.send(*[(kind, {**payload, "started": moment, "timestamp": moment}) for kind, payload in items]).raise_for_status()
        known = {"sentry.release": f"shelf@{version}", "sentry.environment": "production", "outcome": "ok", "user.id": "user-1"}
        attributes = {name: {"value": value, "type": "string"} for name, value in known.items()}
        at = self.clock().timestamp()
        metric = {"timestamp": at, "name": "ext.operation", "type": "counter", "value": users, "attributes": attributes}
        span = {
            "name": "collect",
            "start_timestamp": at - 1,
            "end_timestamp": at,
            "is_segment": True,
            "status": "ok",
            "attributes": attributes,
        }
        self.send(("trace_metric", {"version": 2, "items": [metric]}), ("span", {"version": 2, "items": [span]})).raise_for_status()


@pytest.fixture
def caller(clock: Clock):
    state = LocalSentry(clock)
    with local_sentry(state) as address:
        found = Caller(state, address, clock)
        yield found
        found.session.close()


@pytest.mark.parametrize("is_used", [False, True], ids=["empty", "used"])
def test_every_answer_has_the_published_shape(caller, is_used):
    if is_used:
        caller.use()
        caller.clock.forward(minutes=5)
    period = ("statsPeriod", "1h")
    caller.ask(f"{ORGANIZATION}/")
    caller.ask(f"{ORGANIZATION}/projects/")
    caller.ask("projects/local/extension/")
    caller.ask("projects/local/extension/filters/")
    caller.ask(f"{ORGANIZATION}/environments/")
    caller.ask(f"{ORGANIZATION}/issues/", period, ("query", 'release:"shelf@1.3.0"'), ("sort", "freq"), ("limit", "10"))
    caller.ask(f"{ORGANIZATION}/stats_v2/", period, ("field", "sum(quantity)"), ("groupBy", "outcome"), ("interval", "1h"))
    caller.ask(f"{ORGANIZATION}/releases/", ("query", "shelf"))
    caller.ask(
        f"{ORGANIZATION}/sessions/",
        period,
        ("field", "crash_free_rate(session)"),
        ("project", "-1"),
        ("orderBy", "-crash_free_rate(session)"),
    )
    for dataset, field in (("errors", "count()"), ("spans", "failure_rate()"), ("tracemetrics", COUNTER)):
        rows = caller.data(("dataset", dataset), ("field", "release"), ("field", field), ("sort", f"-{field}"))
        assert bool(rows) is is_used
        caller.ask(f"{ORGANIZATION}/events-timeseries/", period, ("dataset", dataset), ("yAxis", field), ("interval", "60"))


def test_a_monitor_is_unknown_until_it_is_made_and_its_check_ins_are_listed_page_by_page(caller):
    path = f"{ORGANIZATION}/monitors/nightly/checkins/"
    caller.ask(path, status=404)
    for number in range(3):
        config = {"schedule": {"type": "crontab", "value": "0 * * * *"}, "timezone": "UTC"}
        check_in = {"check_in_id": f"{number:032x}", "monitor_slug": "nightly", "status": "in_progress", "monitor_config": config}
        assert caller.send(("check_in", check_in)).status_code == 200
    assert [found["id"][-1] for found in caller.ask(path).json()] == ["2", "1", "0"]
    assert [found["id"][-1] for found in caller.ask(path, ("cursor", "0:2:0")).json()] == ["0"]


def test_a_release_is_unknown_until_somebody_reports_under_it_or_creates_it(caller):
    path = f"{ORGANIZATION}/releases/shelf%401.3.0/"
    caller.ask(path, status=404)
    caller.use(users=1)
    assert caller.ask(path, ("health", "1")).json()["version"] == "shelf@1.3.0"
    wanted = {"version": "shelf@1.3.0.1", "projects": ["extension"]}
    created = caller.ask(f"{ORGANIZATION}/releases/", method="post", status=201, json=wanted)
    again = caller.ask(f"{ORGANIZATION}/releases/", method="post", status=208, json=wanted)
    assert created.json()["id"] == again.json()["id"]
    deploys = f"{ORGANIZATION}/releases/shelf%401.3.0.1/deploys/"
    caller.ask(deploys, method="post", status=201, json={"environment": "production", "name": "rollback"})
    assert [deploy["name"] for deploy in caller.ask(deploys).json()] == ["rollback"]
    assert [release["version"] for release in caller.ask(f"{ORGANIZATION}/releases/").json()] == ["shelf@1.3.0.1", "shelf@1.3.0"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"version": "a/b", "projects": ["extension"]}', b'{"version": "a"}', b"x" * 70_000])
def test_a_release_that_makes_no_sense_is_refused(caller, body):
    status = 413 if len(body) > 64 * 1024 else 400
    assert "detail" in caller.ask(f"{ORGANIZATION}/releases/", method="post", status=status, data=body).json()


def test_both_parts_of_the_link_are_always_there_and_lead_from_page_to_page(caller):
    caller.use(users=5, failing=5)
    caller.clock.forward(minutes=1)
    question = (("dataset", "errors"), ("field", "user"), ("field", "count()"), ("sort", "user"), ("per_page", "2"))
    users, cursor, links = [], (), []
    while True:
        answer = caller.ask(f"{ORGANIZATION}/events/", *question, *cursor)
        users += [row["user"] for row in answer.json()["data"]]
        links.append(re.findall(r'<([^>]*)>; rel="(\w+)"; results="(\w+)"; cursor="([^"]+)"', answer.headers["Link"]))
        (_, _, has_more, after) = links[-1][1]
        if has_more == "false":
            break
        cursor = (("cursor", after),)
    assert users == [f"user-{number}" for number in range(5)]
    assert [[(name, leads) for _, name, leads, _ in link] for link in links] == [
        [("previous", "false"), ("next", "true")],
        [("previous", "true"), ("next", "true")],
        [("previous", "true"), ("next", "false")],
    ]
    assert ("cursor", "0:2:0") in parse_qsl(urlsplit(links[0][1][0]).query)


def test_the_limiters_headers_stand_on_every_answer_unless_it_is_self_hosted(caller):
    path = f"{ORGANIZATION}/sessions/"
    assert caller.ask(path, status=400).headers["X-Sentry-Rate-Limit-Limit"] == "40"
    caller.state.self_hosted = True
    assert not [name for name in caller.ask(path, status=400).headers if name.lower().startswith("x-sentry-rate-limit")]


def test_a_limited_answer_is_no_json_by_its_type_and_has_no_retry_after(caller):
    caller.state.faults.rate_limited = 2
    first = caller.ask(f"{ORGANIZATION}/", status=429)
    assert first.headers["Content-Type"].startswith("text/html")
    assert "Retry-After" not in first.headers
    assert first.headers["X-Sentry-Rate-Limit-Remaining"] == "0"
    assert "too frequently" in json.loads(first.text)["detail"]
    caller.state.faults.bare_limits = True
    assert "X-Sentry-Rate-Limit-Reset" not in caller.ask(f"{ORGANIZATION}/", status=429).headers
    caller.ask(f"{ORGANIZATION}/")


def test_a_server_that_is_down_says_so_to_everybody(caller):
    caller.state.faults.down = True
    caller.ask(f"{ORGANIZATION}/", status=503)
    assert caller.send().status_code == 503


def test_an_answer_that_breaks_off_is_no_answer(caller):
    caller.state.faults.lost_answers = 1
    with pytest.raises(requests.exceptions.RequestException):
        caller.ask(f"{ORGANIZATION}/")
    caller.ask(f"{ORGANIZATION}/")


def test_limited_envelopes_tell_sdks_how_long_to_be_silent_and_are_counted(caller):
    caller.state.faults.limits_ingestion = True
    answer = caller.send(("event", {"timestamp": 1}))
    assert (answer.status_code, answer.headers["X-Sentry-Rate-Limits"]) == (429, "60::organization")
    caller.clock.forward(minutes=1)
    question = (("field", "sum(quantity)"), ("groupBy", "outcome"), ("category", "error"), ("interval", "1h"))
    (group,) = caller.ask(f"{ORGANIZATION}/stats_v2/", *question).json()["groups"]
    assert (group["by"], group["totals"]) == ({"outcome": "rate_limited"}, {"sum(quantity)": 1})


def test_what_the_extension_filter_drops_is_answered_with_200_and_told_by_the_statistics(caller):
    caller.state.filters_browser_extensions = True
    caller.use(users=2, failing=2)
    caller.clock.forward(minutes=2)
    assert caller.data(("dataset", "errors"), ("field", "count()")) == []
    question = (("field", "sum(quantity)"), ("groupBy", "outcome"), ("groupBy", "reason"), ("category", "error"), ("interval", "1h"))
    (group,) = caller.ask(f"{ORGANIZATION}/stats_v2/", *question).json()["groups"]
    assert (group["by"], group["totals"]) == ({"outcome": "filtered", "reason": "browser-extensions"}, {"sum(quantity)": 2})


def test_what_is_held_back_shows_once_the_delay_is_over(caller):
    caller.state.faults.delay = timedelta(seconds=90)
    caller.use(users=2, failing=2)
    caller.clock.forward(seconds=80)
    assert caller.data(("dataset", "errors"), ("field", "count()")) == []
    caller.clock.forward(seconds=20)
    assert caller.data(("dataset", "errors"), ("field", "count()")) == [{"count()": 2}]


def test_an_older_server_refuses_the_datasets_that_it_has_not_and_small_steps(caller):
    caller.state.faults.only_errors, caller.state.faults.smallest_step_seconds = True, 3600
    for dataset in ("spans", "tracemetrics", "discover"):
        answer = caller.ask(f"{ORGANIZATION}/events/", ("dataset", dataset), ("field", "release"), status=400)
        assert answer.json()["detail"] == "dataset must be one of: errors"
    answer = caller.ask(f"{ORGANIZATION}/sessions/", ("field", "sum(session)"), ("interval", "1m"), status=400)
    assert "minimum interval of one hour" in answer.json()["detail"]


@pytest.mark.parametrize(
    "parameters",
    [
        [("per_page", "101")],
        [("per_page", "-1")],
        [("cursor", "nonsense")],
        [("cursor", "0:99999999999:0")],
        [("project", "other")],
        [("sort", "-user")],
        [("query", "release:")],
        [("statsPeriod", "soon")],
        [("metricName", "ext.operation")],
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_words(caller, parameters):
    answer = caller.ask(f"{ORGANIZATION}/events/", ("dataset", "errors"), ("field", "count()"), *parameters, status=400)
    assert answer.json()["detail"]


def test_questions_stay_fast_with_fifty_thousand_sessions(caller):
    start = caller.clock() - timedelta(minutes=50)
    for number in range(50_000):
        moment = start + timedelta(seconds=number % 3000)
        caller.state.add_sessions(
            release=f"shelf@1.{number % 3}.0", environment="production", started=moment, count=1, user=f"u{number % 400}"
        )
    question = [("field", "sum(session)"), ("field", "count_unique(user)"), ("groupBy", "session.status"), ("interval", "1m")]
    started = time.perf_counter()
    for _ in range(5):
        caller.ask(f"{ORGANIZATION}/sessions/", *question, ("query", 'release:"shelf@1.1.0"'), ("statsPeriod", "1h"))
    assert (time.perf_counter() - started) / 5 < 0.2  # about 0.02 s, most of it spent on the description
