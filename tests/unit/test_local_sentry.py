"""Envelopes and Sentry's rules of sessions, with the time in the test's hands."""

import contextlib
import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.localsentry.envelope import MAX_BODY, EnvelopeError, decode, parse
from guard.localsentry.questions import Query, QueryRefused
from guard.localsentry.sessions import sessions
from guard.localsentry.state import LocalSentry
from guard.localsentry.tables import events


def lines(*parts):
    return "\n".join(part if isinstance(part, str) else json.dumps(part) for part in parts).encode()


def an_update(clock, sid="1", release="shelf@1.3.0", **changes):
    update = {"sid": sid, "did": f"user-{sid}", "init": True, "started": clock().isoformat(), "status": "ok", "errors": 0}
    return {**update, "attrs": {"release": release, "environment": "production"}, **changes}


def ingest(sentry, *updates):
    for update in updates:
        sentry.ingest(parse(lines({}, {"type": "session"}, update)))


def test_items_are_framed_with_and_without_a_length():
    payload = '{"a":\n1}'
    body = lines({}, {"type": "event", "length": len(payload)}, payload, {"type": "session"}, '{"b": 2}', {"type": "new thing"}, "x")
    items = parse(body).items
    assert [item.type for item in items] == ["event", "session", "new thing"]
    assert items[0].json() == {"a": 1}
    assert items[1].json() == {"b": 2}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        lines({}, "no header"),
        lines({}, {"type": "event", "length": 99}, "{}"),
        lines({}, {"type": "e", "length": 1}, "{}"),
    ],
)
def test_what_is_no_envelope_is_refused(body):
    with pytest.raises(EnvelopeError):
        parse(body)


@given(st.binary(max_size=300))
def test_no_bytes_at_all_break_the_parser(data):
    for body in (data, b"{}\n" + data, b'{}\n{"type":"event"}\n' + data):
        with contextlib.suppress(EnvelopeError):
            LocalSentry(lambda: pytest.fail("no time is needed")).ingest(parse(body))


def test_bodies_come_compressed_and_bombs_are_refused():
    assert decode(gzip.compress(b"x"), "gzip") == b"x"
    assert decode(zlib.compress(b"x"), "deflate") == b"x"
    with pytest.raises(EnvelopeError) as caught:
        decode(gzip.compress(bytes(MAX_BODY + 1)), "gzip")
    assert caught.value.code == 413
    with pytest.raises(EnvelopeError, match="br"):
        decode(b"x", "br")


def test_a_session_counts_once_and_its_first_terminal_status_wins(clock):
    sentry = LocalSentry(clock)
    ingest(
        sentry, an_update(clock), an_update(clock, init=False, errors=1, status="unhandled"), an_update(clock, init=False, status="exited")
    )
    (session,) = sentry.sessions()
    assert (session.outcome, session.errors) == ("unhandled", 1)


def test_errors_only_rise_and_attributes_never_change(clock):
    sentry = LocalSentry(clock)
    ingest(sentry, an_update(clock, errors=2), an_update(clock, errors=1, release="shelf@9"))
    (session,) = sentry.sessions()
    assert (session.outcome, session.errors, session.release) == ("errored", 2, "shelf@1.3.0")


def counts(sentry, clock, **changes):
    asked = {
        "fields": ("sum(session)", "count_unique(user)"),
        "group_by": ("session.status",),
        "query": 'release:"shelf@1.3.0"',
        "interval": "1m",
        "start": "2026-07-01T01:00:00Z",
        "end": "2026-07-01T03:00:00Z",
    }
    answer = sessions(sentry, Query(**{**asked, **changes}), 10)
    return {group["by"].get("session.status", ""): group["totals"] for group in answer["groups"]}


def test_grouping_by_status_gives_all_five_and_counts_by_release(clock):
    sentry = LocalSentry(clock)
    ingest(
        sentry,
        an_update(clock, "1", status="exited"),
        an_update(clock, "2", status="unhandled", errors=1),
        an_update(clock, "3", release="shelf@1.2.0", status="unhandled"),
    )
    found = counts(sentry, clock)
    assert set(found) == {"healthy", "errored", "crashed", "abnormal", "unhandled"}
    assert found["healthy"] == {"sum(session)": 1, "count_unique(user)": 1}
    assert found["unhandled"] == {"sum(session)": 1, "count_unique(user)": 1}


def test_a_user_with_any_failure_is_no_healthy_user(clock):
    sentry = LocalSentry(clock)
    ingest(sentry, an_update(clock, "1", did="alice"), an_update(clock, "2", did="alice", status="unhandled"))
    found = counts(sentry, clock)
    assert found["healthy"]["sum(session)"] == 1
    assert found["healthy"]["count_unique(user)"] == 0
    assert counts(sentry, clock, group_by=())[""]["count_unique(user)"] == 1


def test_only_what_started_in_the_range_counts(clock):
    sentry = LocalSentry(clock)
    ingest(sentry, an_update(clock))
    clock.forward(hours=2)
    ingest(sentry, an_update(clock, "2"))
    assert counts(sentry, clock)["healthy"]["sum(session)"] == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"interval": "5s"}, "minimum interval of ten seconds"),
        ({"interval": "7m"}, "divide one day"),
        ({"interval": "2d"}, "less than one day"),
        ({"fields": ("p99(session.duration)",)}, "Invalid field"),
        ({"group_by": ("os",)}, "Invalid groupBy"),
        ({"query": "component:worker"}, "Invalid key"),
        ({"query": 'release:"x" AND'}, "Invalid query"),
        ({"fields": ("crash_rate(session)",)}, "Cannot group field"),
        ({"order": "crash_rate(user)"}, "orderBy must be one of the fields"),
        ({"start": "2026-07-01T03:00:00Z", "end": "2026-07-01T01:00:00Z"}, "start must be before end"),
        ({"start": "2025-01-01T00:00:00Z", "interval": "1m"}, "too many results"),
    ],
)
def test_a_question_that_is_not_known_is_refused_and_never_answered_with_nothing(clock, changes, words):
    with pytest.raises(QueryRefused, match=words):
        counts(LocalSentry(clock), clock, **changes)


def test_events_are_counted_by_release_and_handling(clock):
    sentry = LocalSentry(clock)
    for handled, user in ((False, "a"), (False, "a"), (True, "b")):
        event = {
            "event_id": "1",
            "timestamp": clock().timestamp(),
            "release": "shelf@1.3.0",
            "user": {"id": user},
            "exception": {"values": [{"value": "x", "mechanism": {"handled": handled}}]},
        }
        sentry.ingest(parse(lines({}, {"type": "event"}, event)))
    asked = Query(("release", "count()", "count_unique(user)"), query='release:"shelf@1.3.0" error.unhandled:true', stats_period="1h")
    clock.forward(minutes=1)
    assert events(sentry, asked)[0]["data"] == [{"release": "shelf@1.3.0", "count()": 2, "count_unique(user)": 1}]
    assert events(sentry, Query(("count()",), query='release:"other"', stats_period="1h"))[0]["data"] == []
