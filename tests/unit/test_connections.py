"""What items share: one client a service and token, one pace, and a session that no environment, cookie or .netrc file changes later."""

import threading

import pytest
import requests
from requests.cookies import MockRequest, create_cookie

from guard.config import Config
from guard.engine import Guarded
from guard.errors import ConfigurationError
from guard.sources.connections import QUESTIONS_A_SECOND, Connections, questions_a_second
from guard.sources.sentry_pace import Pace
from webstore.budget import RequestBudget
from webstore.connections import shared

SENTRY = {"organization": "o", "project": "p"}


def a_config(*tables, **settings):
    """An extension for each Sentry table."""
    extensions = [
        {"id": "abcdefghijklmnop"[number] * 32, "publisher": "publisher", "name": f"item-{number}", "sentry": {**SENTRY, **table}}
        for number, table in enumerate(tables)
    ]
    return Config.model_validate({"store": {"base_url": "http://127.0.0.1:9", "credentials": "none"}, "extension": extensions, **settings})


class Time:
    """Seconds that pass only when told, and the waits that were asked for."""

    def __init__(self):
        self.now, self.waits = 100.0, []

    def clock(self):
        return self.now


@pytest.fixture
def tokens(monkeypatch):
    for name in ("RELEASE_GUARD_SENTRY_TOKEN", "RELEASE_GUARD_OTHER"):
        monkeypatch.setenv(name, "token")


def test_items_of_one_address_and_token_share_a_client(tokens, tmp_path):
    config = a_config({}, {"project": "another"}, {"token_env": "RELEASE_GUARD_OTHER"}, {"base_url": "https://de.sentry.io"})
    connections = Connections(config)
    guarded = [Guarded(config, extension, tmp_path, connections=connections) for extension in config.extension]
    clients = [found.sentry.asking.client for found in guarded]
    assert clients[0] is clients[1]
    assert len(set(map(id, clients))) == 3
    assert guarded[0].store_reader is guarded[1].store_reader
    assert guarded[0].store is not guarded[0].store_reader
    assert guarded[0].updates is guarded[3].updates


def test_a_missing_token_is_named_each_time_and_may_be_set_later(monkeypatch):
    config = a_config({})
    connections, table = Connections(config), config.extension[0].sentry
    with pytest.raises(ConfigurationError, match="RELEASE_GUARD_SENTRY_TOKEN is not set"):
        connections.sentry(table)
    monkeypatch.setenv("RELEASE_GUARD_SENTRY_TOKEN", "token")
    assert connections.sentry(table) is connections.sentry(table)


@pytest.mark.parametrize(
    ("tables", "pace"),
    [
        ([{}], QUESTIONS_A_SECOND),
        ([{"requests_per_second": 40}], 40),
        ([{"requests_per_second": 40}, {"requests_per_second": 5}, {"requests_per_second": 1, "token_env": "RELEASE_GUARD_OTHER"}], 5),
        ([{"base_url": "http://127.0.0.1:9000"}], float("inf")),
        ([{"base_url": "http://127.0.0.1:9000", "requests_per_second": 3}], 3),
    ],
    ids=["default", "told", "the least of those that share it", "on this machine", "on this machine and told"],
)
def test_how_often_a_sentry_is_asked(tables, pace):
    config = a_config(*tables)
    assert questions_a_second(config, config.extension[0].sentry) == pace


def test_turns_come_one_after_the_other_and_none_is_saved_up():
    time = Time()
    pace = Pace(10, clock=time.clock, sleep=time.waits.append)
    time.now += 60
    for _ in range(4):
        with pace.turn():
            pass
    assert time.waits == [pytest.approx(0.1), pytest.approx(0.2), pytest.approx(0.3)]
    time.now += 60
    with pace.turn():
        pass
    assert len(time.waits) == 3


def test_only_so_many_questions_are_under_way_at_once():
    pace, inside, most = Pace(float("inf"), at_once=3), [], []
    lock, full = threading.Lock(), threading.Barrier(3)

    def ask():
        with pace.turn():
            with lock:
                inside.append(1)
                most.append(len(inside))
            full.wait(timeout=10)  # three are in here together, or this breaks
            with lock:
                inside.pop()

    threads = [threading.Thread(target=ask) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 3


def test_a_place_is_given_back_when_the_question_fails():
    pace = Pace(float("inf"), at_once=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="boom"), pace.turn():
            raise ValueError("boom")


def test_a_shared_session_takes_the_environment_once(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine sentry.example.com login name password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(netrc))
    session = shared(requests.Session(), "https://sentry.example.com")
    monkeypatch.delenv("HTTPS_PROXY")
    assert session.proxies["https"] == "http://proxy.example.com:3128"
    assert session.verify == str(netrc)
    request = requests.Request("GET", "https://sentry.example.com/", headers={"Authorization": "Bearer token"})
    assert session.prepare_request(request).headers["Authorization"] == "Bearer token"


def test_a_shared_session_keeps_no_cookies(store):
    session = shared(requests.Session(), store.base_url)
    asked = MockRequest(requests.Request("GET", store.base_url).prepare())
    plain = requests.Session()
    for one in (plain, session):
        one.cookies.set_cookie_if_ok(create_cookie("tracked", "yes", domain="127.0.0.1"), asked)
    assert (len(plain.cookies), len(session.cookies)) == (1, 0)


def test_who_may_change_the_store_never_waits_behind_who_only_reads(store):
    """As a rollback reads the store back while everything else polls."""
    waits = []
    budget = RequestBudget(60, clock=lambda: 0.0, sleep=waits.append)
    reader, urgent = store.client(budget=budget), store.client(budget=budget, is_urgent=True)
    for _ in range(11):
        reader.status(store.item)
    assert waits == [pytest.approx(1.2)]
    for _ in range(5):
        urgent.status(store.item)
    assert len(waits) == 1
    reader.status(store.item)
    assert waits[1:] == [pytest.approx(8.4)]
