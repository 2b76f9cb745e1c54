"""How Sentry is asked: where a token may go, how pages end, what is asked again, and what an error is called."""

import io
import json
from urllib.parse import parse_qsl

import pytest
import requests

from guard.errors import SourceError, SourceRefused, SourceUnreachable
from guard.sources.sentry_answers import whole
from guard.sources.sentry_client import SentryClient
from guard.sources.sentry_transport import IntervalTooSmall, QuestionRefused, checked_region

TOKEN = "sntrys_hunter2"
LIMIT = b'{"detail": "You are attempting to use this endpoint too frequently. Limit is 40 requests in 1 seconds"}'


def answer(status=200, body: object = b'{"groups": []}', **headers):
    found = requests.Response()
    found.status_code = status
    found.raw = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
    found.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return found


class Scripted(requests.Session):
    """Gives one answer after the other, and keeps what was asked."""

    def __init__(self, *answers):
        super().__init__()
        self.answers, self.asked = list(answers), []

    def send(self, request, **options):
        assert options["allow_redirects"] is False
        url, _, query = request.url.partition("?")
        self.asked.append((url, dict(parse_qsl(query)), request.headers["Authorization"]))
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def a_client(*answers, base="https://sentry.example.com", attempts=3):
    session, waits = Scripted(*answers), []
    clock = {"sleep": waits.append, "now": lambda: 1000.0 + sum(waits)}
    return SentryClient(base, TOKEN, session, attempts=attempts, **clock), session, waits


def organization(region):
    return answer(body={"slug": "o", "links": {"organizationUrl": "https://o.sentry.io", "regionUrl": region}})


def test_the_region_is_read_once_and_used_afterwards():
    client, session, _ = a_client(organization("https://de.sentry.io"), answer(), answer(body=[]), base="https://sentry.io/")
    client.sessions("o", [])
    client.filters("o", "p")
    assert [url for url, _, _ in session.asked] == [
        "https://sentry.io/api/0/organizations/o/",
        "https://de.sentry.io/api/0/organizations/o/sessions/",
        "https://de.sentry.io/api/0/projects/o/p/filters/",
    ]
    assert client.region("o") == "https://de.sentry.io"


@pytest.mark.parametrize("base", ["https://de.sentry.io", "https://sentry.example.com", "http://127.0.0.1:9000"])
def test_an_address_that_is_configured_is_not_asked_where_else_to_go(base):
    client, session, _ = a_client(answer(), base=base)
    client.sessions("o", [])
    assert [url for url, _, _ in session.asked] == [f"{base}/api/0/organizations/o/sessions/"]


@pytest.mark.parametrize(
    "region",
    [
        "http://us.sentry.io",
        "https://sentry.io.evil.example",
        "https://evil-sentry.io",
        "https://us.sentry.io:8443",
        "https://us.sentry.io@evil.example",
        "https://evil.example/us.sentry.io",
        "https://evil.example\\.sentry.io",
        "https://[::1",
        "//us.sentry.io",
        "",
        "https://us.sentry.io:port",
    ],
)
def test_a_token_goes_to_no_other_host(region):
    if region:
        client, session, _ = a_client(organization(region), answer(), base="https://sentry.io")
        with pytest.raises(SourceError, match="region"):
            client.sessions("o", [])
        assert len(session.asked) == 1
    with pytest.raises(SourceError) as caught:
        checked_region("https://sentry.example.com", region or "https://us.sentry.io")
    assert "base_url" in caught.value.advice


def test_nothing_but_the_host_of_a_region_is_used():
    assert checked_region("https://sentry.io", "https://name:word@US.sentry.io/path?query") == "https://us.sentry.io"
    assert checked_region("https://sentry.example.com", "http://sentry.example.com:9000") == "https://sentry.example.com"


NEXT = '<https://evil.example/api/0/x?cursor=1>; rel="{}"; results="{}"; cursor="{}"'


def link(previous, following, cursor="0:100:0"):
    return {"Link": f"{NEXT.format('previous', previous, '0:0:1')}, {NEXT.format('next', following, cursor)}"}


def test_pages_end_when_the_next_one_says_so_and_not_the_previous_one():
    first = answer(body=[{"version": "a"}, {"version": "b"}], **link("false", "true"))
    last = answer(body=[{"version": "c"}], **link("true", "false"))
    client, session, _ = a_client(first, last)
    assert list(client.releases("o", [("query", "x")])) == ["a", "b", "c"]
    assert session.asked[1] == (
        "https://sentry.example.com/api/0/organizations/o/releases/",  # the link's own address is not followed
        {"query": "x", "cursor": "0:100:0"},
        f"Bearer {TOKEN}",
    )


def test_pages_without_an_end_are_left():
    client, session, _ = a_client(*(answer(body=[{"version": "a"}], **link("true", "true")) for _ in range(50)))
    assert len(list(client.releases("o", []))) == len(session.asked) == 10


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"X_Sentry_Rate_Limit_Reset": "1007"}, [7.0]),
        ({"Retry_After": "4", "Content_Type": "text/html"}, [4.0]),
        ({"X_Sentry_Rate_Limit_Reset": "999999"}, [30.0]),
        ({"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}, [0.5]),
        ({}, [0.5]),
    ],
    ids=["reset", "retry-after", "bounded", "a date", "self-hosted"],
)
def test_a_used_up_limit_is_waited_for_as_long_as_it_says(headers, waits):
    client, _, waited = a_client(answer(429, LIMIT, **headers), answer())
    assert client.sessions("o", []).groups == []
    assert waited == waits


def test_an_answer_that_says_that_it_was_the_last_one_is_rested_after():
    last = answer(X_Sentry_Rate_Limit_Remaining="0", X_Sentry_Rate_Limit_Reset="1002")
    client, _, waited = a_client(last, answer(), answer())
    for _ in range(3):
        client.sessions("o", [])
    assert waited == [2.0]


@pytest.mark.parametrize(
    ("found", "kind", "words"),
    [
        (requests.exceptions.ConnectTimeout(TOKEN), SourceUnreachable, "cannot be reached"),
        (requests.exceptions.ConnectionError(TOKEN), SourceUnreachable, "cannot be reached"),
        (requests.exceptions.ChunkedEncodingError(TOKEN), SourceUnreachable, "cannot be reached"),
        (requests.exceptions.InvalidSchema(TOKEN), SourceError, "address cannot be used"),
        (requests.exceptions.InvalidHeader(TOKEN), SourceUnreachable, "cannot be reached"),
    ],
)
def test_what_does_not_answer_is_unreachable_and_no_error_shows_the_token(found, kind, words):
    client, _, _ = a_client(found, found, found)
    with pytest.raises(kind, match=words) as caught:
        client.sessions("o", [])
    assert "hunter2" not in caught.value.explain()


@pytest.mark.parametrize(
    ("status", "body", "kind", "asked"),
    [
        (401, b'{"detail": "Invalid token"}', SourceRefused, 1),
        (403, b'{"detail": "You do not have permission"}', SourceRefused, 1),
        (404, b"not found", SourceRefused, 1),
        (400, b'{"detail": "dataset must be one of: errors"}', QuestionRefused, 1),
        (400, b"The interval has to be a multiple of the minimum interval of one hour.", IntervalTooSmall, 1),
        (302, b"", SourceError, 1),
        (503, b"", SourceError, 3),
        (200, b"<html>", SourceError, 1),
        (200, b'{"groups": 1}', SourceError, 1),
        (200, b"[" * 100_000, SourceError, 1),
    ],
)
def test_refusals_have_names_and_only_passing_failures_are_asked_again(status, body, kind, asked):
    client, session, _ = a_client(*(answer(status, body) for _ in range(3)))
    with pytest.raises(kind) as caught:
        client.sessions("o", [])
    assert len(session.asked) == asked
    assert not isinstance(caught.value, SourceUnreachable)
    assert caught.value.hint


def test_an_answer_is_read_only_so_far():
    client, _, _ = a_client(answer(body=b"x" * (17 * 1024 * 1024)))
    with pytest.raises(SourceError, match="longer than"):
        client.sessions("o", [])


def test_names_are_only_ever_one_part_of_the_address():
    client, session, _ = a_client(answer(body=[]))
    client.filters("o/../../x", "p?y")
    assert session.asked[0][0].endswith("/api/0/projects/o%2F..%2F..%2Fx/p%3Fy/filters/")


def test_unknown_keys_are_ignored_and_rates_may_be_null():
    body = {"groups": [{"by": {"release": None}, "totals": {"crash_rate(user)": None}, "series": {}, "new": 1}], "more": {}}
    client, _, _ = a_client(answer(body=body))
    assert client.sessions("o", []).groups[0].totals == {"crash_rate(user)": None}


@pytest.mark.parametrize(("value", "count"), [(3.0, 3), (None, 0), ("7", 0), (True, 0), (-4, 0), (float("nan"), 0), (float("inf"), 0)])
def test_what_is_no_count_counts_nothing(value, count):
    assert whole(value) == count
