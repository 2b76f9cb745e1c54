"""What the local Sentry answers about errors, spans and metrics: its search language, what it counts, and what it refuses."""

import contextlib
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import Clock
from guard.localsentry import aggregates, search
from guard.localsentry.envelope import EnvelopeError, parse
from guard.localsentry.issues import issues
from guard.localsentry.outcomes import stats
from guard.localsentry.questions import Query, QueryRefused
from guard.localsentry.sessions import sessions
from guard.localsentry.state import LocalSentry
from guard.localsentry.tables import events, timeseries

NEW = "shelf@1.3.0"
PROJECT = {"id": "1", "slug": "extension", "name": "Extension", "platform": "javascript"}


def send(sentry, kind, payload):
    sentry.ingest(parse("\n".join([json.dumps({}), json.dumps({"type": kind}), json.dumps(payload)]).encode()))


def attributes(**values) -> dict[str, Any]:
    return {name.replace("__", "."): {"value": value, "type": "string"} for name, value in values.items()}


def a_counter(clock, outcome, user="u1", release=NEW, name="ext.operation", **changes):
    known = attributes(sentry__release=release, sentry__environment="production", user__id=user, outcome=outcome, component="worker")
    return {"timestamp": clock().timestamp(), "trace_id": "", "name": name, "type": "counter", "value": 1, "attributes": known, **changes}


def a_span(clock, milliseconds=100.0, *, root=True, **changes) -> dict[str, Any]:
    end = clock().timestamp()
    known = attributes(sentry__release=NEW, sentry__environment="production", user__id="u1", sentry__op="function")
    known |= attributes(**{"sentry__segment__name": "collect", **changes.pop("more", {})})
    span = {"name": "collect", "start_timestamp": end - milliseconds / 1000, "end_timestamp": end, "is_segment": root, "status": "ok"}
    return {**span, "attributes": known, **changes}


def an_error(clock, words="boom", user="u1", release=NEW, *, handled=False, **changes):
    values = [{"type": "TypeError", "value": words, "mechanism": {"handled": handled}}]
    event = {"event_id": "1" * 32, "timestamp": clock().timestamp(), "release": release, "user": {"id": user}}
    return {**event, "tags": {"component": "worker"}, "exception": {"values": values}, **changes}


@pytest.fixture
def sentry(clock: Clock):
    held = LocalSentry(clock)
    outcomes = ["ok"] * 6 + ["error"] * 2 + ["stale"]
    items = [a_counter(clock, outcome, user=f"u{number % 4}") for number, outcome in enumerate(outcomes)]
    other = a_counter(clock, "ok", name="ext.duration", type="distribution", unit="millisecond", value=40.5)
    send(held, "trace_metric", {"version": 2, "items": [*items, other]})
    failed = a_span(clock, 300, status="error", root=False, more={"sentry__op": "http.client", "sentry__status__message": "not_found"})
    failed["attributes"]["http.response.status_code"] = {"value": 404, "type": "integer"}
    failed["attributes"] |= attributes(server__address="api.example")
    send(held, "span", {"version": 2, "items": [a_span(clock), a_span(clock, 200, status="error"), failed]})
    send(held, "event", an_error(clock, user="u1"))
    send(held, "event", an_error(clock, user="u2"))
    send(held, "event", an_error(clock, 'it said "no" (twice)', user="u3", handled=True))
    clock.forward(minutes=2)
    return held


def ask(sentry, dataset, *fields, query="", **changes):
    return events(sentry, Query(fields, query=query, dataset=dataset, stats_period="1h", **changes))[0]["data"]


def test_counters_are_added_up_by_outcome(sentry):
    field = "sum(value,ext.operation,counter,-)"
    found = ask(sentry, "tracemetrics", "outcome", field, query=f'release:"{NEW}"', order=f"-{field}")
    assert found == [{"outcome": "ok", field: 6}, {"outcome": "error", field: 2}, {"outcome": "stale", field: 1}]
    by_name = ask(sentry, "tracemetrics", "outcome", "sum(value)", query="metric.name:ext.operation metric.type:counter outcome:error")
    assert by_name == [{"outcome": "error", "sum(value)": 2}]
    assert ask(sentry, "tracemetrics", "count_unique(user)", query="outcome:error metric.name:ext.operation") == [{"count_unique(user)": 2}]


def test_a_metric_is_only_found_by_its_own_name_type_and_unit(sentry):
    assert ask(sentry, "tracemetrics", "p95(value,ext.duration,distribution,millisecond)")[0].popitem()[1] == 40.5
    for field in ("sum(value,ext.duration,counter,-)", "sum(value,ext.duration,distribution,second)", "sum(value,other,counter,none)"):
        assert ask(sentry, "tracemetrics", field) == []


def test_spans_are_counted_with_their_failures_and_durations(sentry):
    asked = ("release", "count()", "failure_count()", "failure_rate()", "p50(span.duration)", "count_unique(user)")
    assert ask(sentry, "spans", *asked, query=f'release:"{NEW}" is_transaction:true') == [
        dict(zip(asked, (NEW, 2, 1, 0.5, 150.0, 1), strict=True))
    ]
    slow = ask(sentry, "spans", "count_if(span.duration,greater,150)", query="span.op:[function,http.client]")
    assert slow == [{"count_if(span.duration,greater,150)": 2}]
    requests = ask(sentry, "spans", "span.status", "count()", query="span.op:http.client server.address:api.example")
    assert requests == [{"span.status": "not_found", "count()": 1}]
    assert ask(sentry, "spans", "count()", query="http.response.status_code:>=400") == [{"count()": 1}]
    assert ask(sentry, "spans", "transaction", "count()", query="span.duration:<250") == [{"transaction": "collect", "count()": 2}]


def test_a_transaction_of_an_older_sdk_gives_the_same_spans(clock):
    sentry = LocalSentry(clock)
    end = clock().timestamp()
    child = {
        "op": "http.client",
        "status": "internal_error",
        "start_timestamp": end - 1,
        "timestamp": end,
        "data": {"url.domain": "a.example"},
    }
    transaction = {
        "event_id": "2" * 32,
        "transaction": "collect",
        "release": NEW,
        "environment": "production",
        "user": {"id": "u1"},
        "start_timestamp": end - 2,
        "timestamp": end,
        "contexts": {"trace": {"op": "function", "status": "ok"}},
        "spans": [child],
    }
    send(sentry, "transaction", transaction)
    clock.forward(minutes=1)
    assert ask(sentry, "spans", "span.op", "p50(span.duration)", query="is_transaction:true") == [
        {"span.op": "function", "p50(span.duration)": 2000}
    ]
    assert ask(sentry, "spans", "failure_count()", query=f'url.domain:a.example release:"{NEW}"') == [{"failure_count()": 1}]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("error.unhandled:true", 2),
        ("!error.unhandled:1", 1),
        ("error.type:TypeError AND component:worker", 3),
        ("error.type:[RangeError, TypeError]", 3),
        ("has:component !has:theme", 3),
        ("user:u1 OR user:u2", 2),
        ("(user:u1 OR user:u3) error.unhandled:true", 1),
        ("message:boom", 2),
        (r'message:"it said \"no\" (twice)"', 1),
        ("message:*said*no*", 1),
        ("message:said", 0),
        (r'message:"b\*m"', 0),
        ('message:"b*m"', 2),
        (f'release:["{NEW}","shelf@1.2.0"]', 3),
        ('release:"shelf@1.2.0"', 0),
        (f'!release:"{NEW}"', 0),
        (f'release:"{NEW}" OR user:u1', 3),
        ("title:TypeError:*", 3),
        ("tags[component]:worker", 3),
        ("environment:staging", 0),
    ],
)
def test_errors_are_searched(sentry, query, count):
    found = ask(sentry, "errors", "count()", query=query)
    assert found == ([{"count()": count}] if count else [])


@pytest.mark.parametrize(
    ("dataset", "field", "query", "words"),
    [
        ("tracemetrics", "count()", "", "Invalid number of arguments for count, was expecting 1 arguments"),
        ("errors", "failure_rate()", "", "failure_rate is not known in the dataset errors"),
        ("errors", "p95(span.duration)", "", "is no number in the dataset errors"),
        ("spans", "p95(transaction)", "", "is no number"),
        ("spans", "count_if(span.duration,more,3)", "", "count_if does not know"),
        ("spans", "count_unique()", "", "expecting 1 arguments"),
        ("spans", "apdex(300)", "", "Invalid field"),
        ("errors", "count()", "error.unhandeld:true", "error.unhandeld is not known here"),
        ("spans", "count()", "span.ops:function", "span.ops is not known here"),
        ("errors", "count()", "just some words", "cannot be read from"),
        ("errors", "count()", "(user:1", "cannot be read from"),
        ("errors", "count()", "user:1 OR", "cannot be read from"),
        ("errors", "count()", "user:>many", "is no number to compare"),
        ("errors", "count()", "user:[]", "list of values is empty"),
        ("errors", "count()", "(" * 50, "cannot be read from"),
        ("errors", "count()", "user:1 " * 1000, "longer than"),
        ("errors", "count(", "", "Invalid field"),
    ],
)
def test_what_is_not_known_is_refused_and_never_answered_with_nothing(sentry, dataset, field, query, words):
    with pytest.raises(QueryRefused) as caught:
        ask(sentry, dataset, field, query=query)
    assert words in str(caught.value)


@pytest.mark.parametrize("changes", [{"order": "-count_unique(user)"}, {"fields": ("count()",) * 21}, {"stats_period": "9999w"}])
def test_an_order_without_its_field_too_many_fields_and_endless_periods_are_refused(sentry, changes):
    with pytest.raises(QueryRefused):
        events(sentry, Query(**{"fields": ("count()",), "dataset": "errors", "stats_period": "1h", **changes}))


@given(st.text(max_size=60), st.sampled_from(["errors", "spans", "tracemetrics"]))
def test_no_text_at_all_breaks_the_search_or_what_is_counted(text, dataset):
    for query in (text, f"key:{text}", f"release:[{text}]", f"({text})", f'"{text}'):
        with contextlib.suppress(QueryRefused):
            assert isinstance(search.parse(query, aggregates.KNOWN_FIELDS[dataset]).matches({"release": "a"}), bool)
    for field in (f"{text}()", f"sum({text})", f"count_if({text})", f"p95(value,{text},counter,-)"):
        with contextlib.suppress(QueryRefused):
            aggregates.parse(field, dataset).of([])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "type", "items", "id", "a"]), inner, max_size=3),
    max_leaves=5,
)
KEYS = [
    "version",
    "items",
    "timestamp",
    "name",
    "type",
    "value",
    "attributes",
    "spans",
    "tags",
    "user",
    "exception",
    "attrs",
    "sid",
    "started",
]


@given(st.sampled_from(["event", "transaction", "span", "trace_metric", "client_report", "session", "sessions"]), st.data())
def test_no_payload_at_all_breaks_what_reads_it_or_what_answers_from_it(kind, data):
    clock = Clock()
    sentry = LocalSentry(clock)
    payload = data.draw(st.dictionaries(st.sampled_from([*KEYS, "aggregates", "start_timestamp", "contexts", "discarded_events"]), JSON))
    for body in (payload, {"items": [payload]}, {**payload, "timestamp": 1782871200, "attrs": {"release": "a"}, "sid": "1"}):
        with contextlib.suppress(EnvelopeError):
            send(sentry, kind, body)
    clock.forward(minutes=1)
    everything = Query(("release", "count_unique(user)"), dataset="errors", stats_period="1d")
    json.dumps(events(sentry, everything), allow_nan=False).encode()
    json.dumps(issues(sentry, everything, PROJECT, "http://s"), allow_nan=False).encode()


def test_pages_hold_what_was_asked_for_and_say_whether_there_are_more(sentry):
    asked = Query(("user", "count()"), dataset="errors", stats_period="1h", order="-user", per_page=2)
    first, has_more = events(sentry, asked)
    assert [row["user"] for row in first["data"]] == ["u3", "u2"]
    assert has_more
    second, has_more = events(sentry, Query(**{**vars(asked), "offset": 2}))
    assert [row["user"] for row in second["data"]] == ["u1"]
    assert not has_more


def test_a_series_says_which_of_its_steps_are_incomplete(sentry, clock):
    start = (clock() - timedelta(minutes=5)).isoformat()
    asked = Query(("count()",), dataset="errors", interval="60", start=start, end=clock().isoformat(), query="error.unhandled:true")
    (series,) = timeseries(sentry, asked)["timeSeries"]
    assert [one["value"] for one in series["values"]] == [0, 0, 0, 2, 0]
    assert [one["incomplete"] for one in series["values"]] == [False, False, False, True, True]
    assert series["meta"]["interval"] == 60_000


def test_series_of_the_top_groups_come_in_their_order(sentry):
    asked = Query(("sum(value)",), ("outcome",), query="metric.name:ext.operation", dataset="tracemetrics", stats_period="1h")
    with pytest.raises(QueryRefused, match="topEvents"):
        timeseries(sentry, asked)
    found = timeseries(sentry, Query(**{**vars(asked), "top": 2, "order": "-sum(value)"}))["timeSeries"]
    assert [series["groupBy"][0]["value"] for series in found] == ["ok", "error"]
    assert [sum(one["value"] for one in series["values"]) for series in found] == [6, 2]


def test_errors_that_are_alike_are_one_issue(sentry):
    found, _ = issues(sentry, Query(query=f'release:"{NEW}" is:unresolved', order="freq", stats_period="1h"), PROJECT, "http://s")
    assert [(issue["title"], issue["count"], issue["userCount"], issue["isUnhandled"]) for issue in found] == [
        ("TypeError: boom", "2", 2, True),
        ('TypeError: it said "no" (twice)', "1", 1, False),
    ]
    assert found[0]["metadata"] == {"type": "TypeError", "value": "boom"}
    assert found[0]["substatus"] == "new"
    none, _ = issues(sentry, Query(query='firstRelease:"shelf@1.2.0"', stats_period="1h"), PROJECT, "http://s")
    assert none == []


def test_what_became_of_each_item_is_told(sentry):
    sentry.filters_browser_extensions = True
    send(sentry, "event", an_error(sentry.now))
    discarded = [{"reason": "ratelimit_backoff", "category": "error", "quantity": 7}]
    send(sentry, "client_report", {"timestamp": 1, "discarded_events": discarded})
    answer = stats(
        sentry, Query(("sum(quantity)",), ("outcome", "reason"), stats_period="1h"), {"category": ["error"], "outcome": [], "reason": []}
    )
    found = {(group["by"]["outcome"], group["by"]["reason"]): group["totals"]["sum(quantity)"] for group in answer["groups"]}
    assert found == {("accepted", "none"): 3, ("filtered", "browser-extensions"): 1, ("client_discard", "ratelimit_backoff"): 7}


def test_what_was_sent_is_held_back_for_as_long_as_the_delay(clock):
    sentry = LocalSentry(clock)
    sentry.faults.delay = timedelta(seconds=60)
    send(sentry, "event", an_error(clock))
    clock.forward(seconds=59)
    assert sentry.events() == []
    clock.forward(seconds=1)
    assert len(sentry.events()) == 1


def rates(sentry, *fields, **changes):
    return sessions(sentry, Query(fields, interval="1h", stats_period="1d", **changes), 10)["groups"][0]["totals"]


def test_earlier_weeks_are_made_at_once_and_rates_of_nothing_are_null(clock):
    sentry = LocalSentry(clock)
    asked = ("crash_free_rate(session)", "unhealthy_rate(session)", "crash_rate(user)")
    assert set(rates(sentry, *asked).values()) == {None}
    earlier = clock() - timedelta(hours=2)
    sentry.add_sessions(release=NEW, environment="production", started=earlier, count=30, user="u1")
    sentry.add_sessions(release=NEW, environment="production", started=earlier, count=10, user="u2", status="unhandled")
    assert rates(sentry, *asked) == {"crash_free_rate(session)": 1.0, "unhealthy_rate(session)": 0.25, "crash_rate(user)": 0.0}
    assert rates(sentry, "sum(session)", query="session.status:unhandled") == {"sum(session)": 10}


def test_an_older_server_counts_what_nobody_caught_as_errored(clock):
    sentry = LocalSentry(clock)
    sentry.faults.four_statuses = True
    sentry.add_sessions(release=NEW, environment="production", started=clock() - timedelta(minutes=1), count=2, status="unhandled")
    groups = sessions(sentry, Query(("sum(session)",), ("session.status",), interval="1h", stats_period="1d"), 10)["groups"]
    assert {group["by"]["session.status"]: group["totals"]["sum(session)"] for group in groups} == {
        "healthy": 0,
        "errored": 2,
        "crashed": 0,
        "abnormal": 0,
    }


def test_the_range_of_sessions_is_grown_to_whole_hours_at_its_start(clock):
    start = (clock() - timedelta(minutes=10)).isoformat()
    asked = Query(("sum(session)",), interval="1m", start=start, end=(clock() + timedelta(days=1)).isoformat())
    answer = sessions(LocalSentry(clock), asked, 10)
    assert (answer["start"], answer["end"], len(answer["intervals"])) == ("2026-07-01T01:01:00Z", "2026-07-01T02:01:00Z", 60)
