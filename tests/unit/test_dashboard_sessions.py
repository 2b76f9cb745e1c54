"""Who asks the dashboard: tokens, cookies, proxies, other sites, and who tries too often."""

import base64
import json

import pytest

from factories import Clock
from guard.dashboard.refusals import Forbidden, NotForged, NotLoggedIn, TooManyTries, Unprocessable
from guard.dashboard.sessions import LIFE, Asking, How, Sessions, WeakToken
from guard.tables_dashboard import DashboardTable

TOKEN = "a-token-that-nobody-guesses"
PROXIED = DashboardTable(user_header="X-Forwarded-User", trusted_proxies=("10.1.0.0/16",))


@pytest.fixture
def sessions(clock):
    return Sessions(DashboardTable(), TOKEN, clock)


def asking(peer="127.0.0.1", cookie=None, **headers):
    return Asking(peer, {name.replace("_", "-"): value for name, value in headers.items()}, cookie)


def logged_in(sessions, name="mia"):
    person, cookie = sessions.log_in(asking(), TOKEN, name)
    return person, cookie


def test_a_login_is_known_again_by_its_cookie_and_acts_with_its_csrf_token(sessions):
    person, cookie = logged_in(sessions, "  zoë   李 ")
    assert (person.name, person.how) == ("zoë 李", How.TOKEN)
    assert sessions.person(asking(cookie=cookie)) == person
    assert sessions.must_act(asking(cookie=cookie, x_csrf_token=person.csrf)).name == "zoë 李"
    other, _ = logged_in(sessions)
    for wrong in ("", "x", other.csrf, person.csrf[:-1], "é"):
        with pytest.raises(NotForged):
            sessions.must_act(asking(cookie=cookie, x_csrf_token=wrong))
    with pytest.raises(NotForged):
        sessions.must_act(asking(cookie=cookie))


def test_a_cookie_ends_with_its_time_and_with_the_token_it_was_made_of(sessions, clock):
    _, cookie = logged_in(sessions)
    another = Sessions(DashboardTable(), "another-token-of-the-same-guard", clock)
    assert another.person(asking(cookie=cookie)) is None
    assert Sessions(DashboardTable(), TOKEN, clock).person(asking(cookie=cookie)) is not None  # a restart ends no session
    clock.forward(seconds=LIFE.total_seconds())
    assert sessions.person(asking(cookie=cookie)) is None


def test_a_cookie_that_was_changed_is_none(sessions, clock):
    _, cookie = logged_in(sessions)
    encoded, _, signature = cookie.partition(".")
    forged = base64.urlsafe_b64encode(json.dumps(["root", clock().timestamp() + 9e9, "00"]).encode()).decode().rstrip("=")
    for wrong in (
        f"{forged}.{signature}",
        encoded,
        f"{encoded}.",
        f".{signature}",
        "",
        "…",
        "a.b",
        cookie + "x",
        "x" * 5000,
        f"{encoded}.é",
        "%%%.%%%",
    ):
        assert sessions.person(asking(cookie=wrong)) is None, wrong


def test_a_program_says_who_it_asks_for(sessions):
    bearer = {"authorization": f"Bearer {TOKEN}", "x_release_guard_user": "zoë".encode().decode("latin-1")}
    person = sessions.must_act(asking(**bearer))
    assert (person.name, person.csrf) == ("zoë", None)
    for wrong in ({"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}, {"authorization": TOKEN}):
        with pytest.raises(NotLoggedIn):
            sessions.must_act(asking(**{**bearer, **wrong}))
    for name in ("", " ", "guard", "Guard", "x" * 200, "\x07"):
        with pytest.raises(NotLoggedIn, match="X-Release-Guard-User"):
            sessions.must_act(asking(authorization=f"Bearer {TOKEN}", x_release_guard_user=name))


def test_nobody_is_not_logged_in_and_a_read_only_dashboard_forbids(sessions, clock):
    with pytest.raises(NotLoggedIn):
        sessions.must_act(asking())
    for closed in (Sessions(DashboardTable(), None, clock), Sessions(DashboardTable(), TOKEN, clock, actions=False)):
        assert closed.how is How.READ_ONLY
        with pytest.raises(Forbidden):
            closed.must_act(asking(authorization=f"Bearer {TOKEN}", x_release_guard_user="mia"))
        with pytest.raises(Forbidden):
            closed.log_in(asking(), TOKEN, "mia")


def test_a_proxys_word_counts_only_from_a_trusted_address_and_needs_the_csrf_token(clock):
    sessions = Sessions(PROXIED, None, clock)
    assert sessions.how is How.PROXY
    person = sessions.person(asking("10.1.2.3", x_forwarded_user="mia"))
    assert (person.name, person.how) == ("mia", How.PROXY)
    for peer in ("10.2.0.1", "127.0.0.1", "::1", "", "no address"):
        assert sessions.person(asking(peer, x_forwarded_user="mia")) is None
        with pytest.raises(NotLoggedIn):
            sessions.must_act(asking(peer, x_forwarded_user="mia"))
    with pytest.raises(NotForged):
        sessions.must_act(asking("10.1.2.3", x_forwarded_user="mia"))
    assert sessions.must_act(asking("10.1.2.3", x_forwarded_user="mia", x_csrf_token=person.csrf)).name == "mia"
    with pytest.raises(NotForged):  # bound to who it was made for
        sessions.must_act(asking("10.1.2.3", x_forwarded_user="bob", x_csrf_token=person.csrf))
    with pytest.raises(NotForged):  # and to this process, where there is no token
        Sessions(PROXIED, None, clock).must_act(asking("10.1.2.3", x_forwarded_user="mia", x_csrf_token=person.csrf))
    for name in ("guard", "", " ", "x" * 500):
        assert sessions.person(asking("10.1.2.3", x_forwarded_user=name)) is None


SITES = [
    ({"origin": "https://evil.example"}, False),
    ({"origin": "null"}, False),
    ({"origin": "http://127.0.0.1:8321"}, True),
    ({"origin": "http://127.0.0.1:9999"}, False),
    ({"origin": "https://guard.example.com"}, True),
    ({"origin": "http://[::"}, False),
    ({"sec_fetch_site": "cross-site"}, False),
    ({"sec_fetch_site": "same-site"}, False),
    ({"sec_fetch_site": "same-origin"}, True),
    ({}, True),
]


@pytest.mark.parametrize(("headers", "is_ours"), SITES, ids=[str(headers) for headers, _ in SITES])
def test_another_site_makes_no_browser_act_or_log_in(clock, headers, is_ours):
    sessions = Sessions(DashboardTable(public_url="https://guard.example.com"), TOKEN, clock)
    person, cookie = logged_in(sessions)
    asked = asking(cookie=cookie, x_csrf_token=person.csrf, host="127.0.0.1:8321", **headers)
    if is_ours:
        assert sessions.must_act(asked).name == "mia"
        return
    with pytest.raises(NotForged):
        sessions.must_act(asked)
    with pytest.raises(NotForged):
        sessions.log_in(asked, TOKEN, "mia")


def tries(sessions, count, peer="127.0.0.1", **headers):
    for _ in range(count):
        with pytest.raises(NotLoggedIn):
            sessions.log_in(asking(peer, **headers), "wrong", "mia")


def test_five_wrong_tokens_a_minute_are_enough_for_one_address(sessions, clock):
    tries(sessions, 5)
    with pytest.raises(TooManyTries):
        sessions.log_in(asking(), TOKEN, "mia")
    with pytest.raises(TooManyTries):
        sessions.person(asking(authorization="Bearer wrong", x_release_guard_user="mia"))
    sessions.log_in(asking("192.0.2.1"), TOKEN, "mia")
    clock.forward(seconds=61)
    logged_in(sessions)
    tries(sessions, 4)
    logged_in(sessions)


def test_many_addresses_together_are_held_up_as_well(sessions):
    for number in range(50):
        tries(sessions, 1, f"192.0.2.{number}")
    with pytest.raises(TooManyTries):
        sessions.log_in(asking("198.51.100.1"), TOKEN, "mia")


def test_behind_a_proxy_wrong_tries_are_counted_by_who_made_them(clock):
    sessions = Sessions(PROXIED, TOKEN, clock)
    tries(sessions, 5, "10.1.0.1", x_forwarded_for="192.0.2.1, 192.0.2.7")
    with pytest.raises(TooManyTries):
        sessions.log_in(asking("10.1.0.1", x_forwarded_for="198.51.100.9, 192.0.2.7"), TOKEN, "mia")
    sessions.log_in(asking("10.1.0.1", x_forwarded_for="192.0.2.8"), TOKEN, "mia")
    plain = Sessions(DashboardTable(), TOKEN, clock)
    for number in range(5):  # without a configured proxy nobody is believed
        tries(plain, 1, x_forwarded_for=f"192.0.2.{number}")
    with pytest.raises(TooManyTries):
        plain.log_in(asking(x_forwarded_for="203.0.113.1"), TOKEN, "mia")


def test_names_are_names_and_tokens_are_long():
    sessions = Sessions(DashboardTable(), TOKEN, Clock())
    for name in ("", "  ", "guard", "\x00", "x" * 121):
        with pytest.raises(Unprocessable):
            sessions.log_in(asking(), TOKEN, name)
    with pytest.raises(WeakToken, match="RELEASE_GUARD_DASHBOARD_TOKEN"):
        Sessions(DashboardTable(), "short", Clock())


def test_https_is_believed_from_the_connection_from_a_trusted_proxy_and_from_the_configuration(clock):
    sessions = Sessions(PROXIED, TOKEN, clock)
    assert sessions.came_by_https(asking(), "https")
    assert sessions.came_by_https(asking("10.1.0.1", x_forwarded_proto="https"), "http")
    assert not sessions.came_by_https(asking("192.0.2.1", x_forwarded_proto="https"), "http")
    assert Sessions(DashboardTable(public_url="https://guard.example.com"), TOKEN, clock).came_by_https(asking(), "http")


def test_no_secret_is_in_what_a_session_shows_of_itself(sessions):
    _, cookie = logged_in(sessions)
    assert TOKEN not in repr(vars(sessions)) + cookie + base64.urlsafe_b64decode(cookie.partition(".")[0] + "==").decode()
