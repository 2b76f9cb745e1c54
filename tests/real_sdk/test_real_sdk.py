"""The real @sentry/browser and the recipe, in an extension in a real Chromium, and what the local Sentry then answers."""

from datetime import UTC, datetime

import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from guard.localsentry.server import local_sentry
from guard.localsentry.state import LocalSentry
from healthchecks.browser import ExtensionBrowser
from healthchecks.chromium import find_chromium
from webstore.simulator.loopback import serve

pytestmark = pytest.mark.browser

RELEASE = 'release:"real@1.3.0"'
COUNTER = "sum(value,ext.operation,counter,-)"
PATIENCE = 15


class Stage:
    """An extension with the real SDK, and the Sentry that it reports to."""

    def __init__(self, state, address, browser, identity):
        self.state, self.address, self.browser, self.identity = state, address, browser, identity

    def act(self, *acts):
        for act in acts:
            self.browser.in_extension(self.identity, "(act) => chrome.runtime.sendMessage({act}).catch(() => undefined)", act)

    def open_popup(self):
        page = self.browser.new_page()
        page.goto(f"chrome-extension://{self.identity}/popup.html")
        return page

    def wait(self, arrived):
        self.browser.settle(self.identity, seconds=PATIENCE, until=lambda _now: arrived(), calm_reads=1)
        assert arrived()

    def messages(self):
        return sorted(event.message for event in self.state.events())

    def outcomes(self, operation):
        return sorted(str(metric.fields["outcome"]) for metric in self.state.metrics() if metric.fields["operation"] == operation)

    def ask(self, endpoint, **parameters):
        url = f"{self.address.base_url}/api/0/organizations/local/{endpoint}/"
        headers = {"Authorization": f"Bearer {self.address.token}"}
        answer = requests.get(url, params={"statsPeriod": "1h", **parameters}, headers=headers, timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, dataset, *fields, query=RELEASE):
        return self.ask("events", dataset=dataset, field=fields, query=query)["data"]


@pytest.fixture
def stage(bundle):
    state = LocalSentry(lambda: datetime.now(UTC))
    with local_sentry(state) as address, ExtensionBrowser(find_chromium()) as browser:
        identity = browser.load(bundle(address.dsn))
        browser.settle(identity, seconds=PATIENCE, until=lambda now: now.has_worker)
        yield Stage(state, address, browser, identity)


def test_every_kind_of_error_arrives_but_the_one_in_a_listener_that_nothing_guards(stage):
    stage.act("handled", "timer", "promise", "bare listener", "guarded listener")
    stage.wait(lambda: "in a guarded listener" in stage.messages() and len(stage.messages()) >= 4)
    assert stage.messages() == ["handled", "in a guarded listener", "in a promise", "in a timer"]
    assert stage.rows("errors", "count()", query=f"{RELEASE} error.unhandled:true") == [{"count()": 3}]
    assert stage.rows("errors", "component", "count()", "count_unique(user)", query=f"{RELEASE} has:component message:*guarded*") == [
        {"component": "worker", "count()": 1, "count_unique(user)": 1}
    ]
    titles = [issue["title"] for issue in stage.ask("issues", query=f"{RELEASE} error.unhandled:true", sort="freq")]
    assert "Error: in a guarded listener" in titles


def test_operations_are_counted_by_their_outcome(stage):
    stage.act("work", "work", "work", "work that fails")
    stage.wait(lambda: len(stage.outcomes("work")) == 4 and stage.messages() == ["in an operation"])
    (user,) = {metric.user for metric in stage.state.metrics()}
    assert user
    assert sorted(
        (row["outcome"], row[COUNTER]) for row in stage.rows("tracemetrics", "outcome", COUNTER, query=f"{RELEASE} operation:work")
    ) == [
        ("error", 1),
        ("ok", 3),
    ]
    assert stage.rows("tracemetrics", "count_unique(user)", query=f"{RELEASE} metric.name:ext.operation environment:production") == [
        {"count_unique(user)": 1}
    ]


def test_spans_tell_how_many_there_were_and_how_many_failed(stage):
    """A client of its own sends them as transactions, as SDK 10 did; a page that calls `init` streams them."""
    stage.act("span", "span", "span that fails")
    stage.wait(lambda: len(stage.state.spans()) == 3)
    asked = ("count()", "failure_count()", "count_if(span.duration,greater,60000)")
    assert stage.rows("spans", *asked, query=f"{RELEASE} is_transaction:true span.op:function") == [
        dict(zip(asked, (3, 1, 0), strict=True))
    ]
    assert stage.rows("spans", "transaction", "count()", query=f"{RELEASE} span.status:not_found") == [
        {"transaction": "collect", "count()": 1}
    ]


def test_spans_that_are_streamed_are_told_by_the_same_names(stage):
    stage.open_popup().click("#span")
    stage.wait(lambda: len(stage.state.spans()) == 1)
    assert stage.state.spans()[0].fields["sentry.trace_lifecycle"] == "stream"
    fields = ("span.op", "span.status", "transaction", "environment", "failure_rate()", "avg(span.duration)")
    (row,) = stage.rows("spans", *fields, query=f"{RELEASE} is_transaction:true")
    assert row.pop("avg(span.duration)") < 60_000
    assert tuple(row.values()) == ("ui.action", "not_found", "open", "production", 1.0)


def test_a_popup_has_a_session_and_an_error_in_it_makes_the_session_unhandled_and_not_crashed(stage):
    page = stage.open_popup()
    stage.wait(lambda: [session.outcome for session in stage.state.sessions()] == ["healthy"])
    page.click("#fail")
    stage.wait(lambda: [session.outcome for session in stage.state.sessions()] == ["unhandled"] and stage.messages() == ["in the popup"])
    groups = stage.ask("sessions", field="sum(session)", groupBy="session.status", query=RELEASE, interval="1h")["groups"]
    assert {group["by"]["session.status"] for group in groups if group["totals"]["sum(session)"]} == {"unhandled"}
    rates = ("crash_free_rate(session)", "unhealthy_rate(session)")
    (group,) = stage.ask("sessions", field=rates, query=RELEASE, interval="1h")["groups"]
    assert group["totals"] == dict(zip(rates, (1.0, 1.0), strict=True))


def test_what_the_recipe_and_the_sdk_both_see_is_one_error(stage):
    stage.open_popup().click("#guarded")
    stage.wait(lambda: stage.outcomes("open") == ["error"] and bool(stage.messages()))
    assert stage.messages() == ["in a guarded handler"]
    stage.wait(lambda: [session.outcome for session in stage.state.sessions()] == ["unhandled"])
    assert {metric.fields["component"] for metric in stage.state.metrics()} == {"popup"}


def test_a_content_script_that_an_update_cut_off_is_counted_apart_and_is_no_error(stage):
    shop = Starlette(routes=[Route("/shop", lambda _request: HTMLResponse("<!doctype html><title>shop</title>"))])
    with serve(shop) as address:  # Chromium lets a page of this machine talk to this machine, and no other page
        page = stage.browser.new_page()
        page.goto(f"{address}/shop")
        stage.wait(lambda: len(stage.outcomes("collect")) == 2)
    assert stage.outcomes("collect") == ["ok", "stale"]
    assert stage.messages() == []
    assert {metric.fields["component"] for metric in stage.state.metrics()} == {"content"}


def test_with_the_filter_on_errors_are_answered_with_200_and_are_nowhere_but_in_the_statistics(stage):
    stage.state.filters_browser_extensions = True
    stage.act("work that fails")
    stage.wait(lambda: stage.outcomes("work") == ["error"] and bool(stage.state.outcomes))
    found = stage.ask("stats_v2", field="sum(quantity)", groupBy=("outcome", "reason"), category="error", interval="1h")["groups"]
    assert [(group["by"], group["totals"]) for group in found] == [
        ({"outcome": "filtered", "reason": "browser-extensions"}, {"sum(quantity)": 1})
    ]
    assert stage.rows("errors", "count()", query="") == []
    assert stage.state.outcomes.keys() & {("error", "rate_limited")} == set()
