"""Every fault at every method: the client ends in the right error or in success, nothing happens twice, and it all ends in time."""

import contextlib
import socketserver
import threading

import pytest

from contract.gate_world import without_pauses
from factories import Shop, a_package
from webstore.client import WebStoreClient
from webstore.models import Dimension, Metric
from webstore.store_errors import (
    AnswerLost,
    CredentialsRefused,
    ItemNotFound,
    QuotaExceeded,
    RequestInvalid,
    RequestRefused,
    StoreUnavailable,
    StoreUnreachable,
    UnexpectedAnswer,
    WrongState,
)
from webstore.transport import TimeLimits
from webstore.updates import UpdateService
from webstore.versions import Version

V = Version.parse
TOTAL = 20.0
READ = 0.8
"""Seconds until an answer must be whole; faults that are slow take longer."""

READING = {
    "fetchStatus": lambda client, item: client.status(item),
    "queryMetrics": lambda client, item: list(client.metrics(item, [Metric.USERS], by=Dimension.APP_VERSION)),
    "fetchReviews": lambda client, item: list(client.reviews(item)),
    "getRatingSummary": lambda client, item: client.rating_summary(item),
}
CHANGING = {
    "upload": lambda client, item: client.upload(item, a_package("1.4.0").to_zip()),
    "publish": lambda client, item: client.publish(item, version=V("1.3.1"), deploy_percentage=5),
    "rollback": lambda client, item: client.rollback(item, target=V("1.2.0"), new_version=V("1.3.0.1"), reason="x"),
    "cancelSubmission": lambda client, item: client.cancel_submission(item),
    "setPublishedDeployPercentage": lambda client, item: client.set_deploy_percentage(item, 50),
}
DRY_RUN = {
    "rollback": lambda client, item: client.rollback(item, target=V("1.2.0"), new_version=V("1.3.0.1"), reason="x", validate_only=True)
}

NOT_BEFORE = {"kind": "quota", "retry_after": 3}
FAULTS = {
    "400": {"kind": "status", "status": 400},
    "401": {"kind": "status", "status": 401},
    "403": {"kind": "status", "status": 403},
    "404": {"kind": "status", "status": 404},
    "409": {"kind": "status", "status": 409},
    "301": {"kind": "status", "status": 301},
    "501": {"kind": "status", "status": 501},
    "500": {"kind": "status", "status": 500},
    "503": {"kind": "status", "status": 503, "retry_after": 2},
    "504": {"kind": "status", "status": 504},
    "429": NOT_BEFORE,
    "429 for hours": {"kind": "quota", "retry_after": 7200},
    "cut before": {"kind": "cut"},
    "cut after": {"kind": "lost_answer"},
    "garbage": {"kind": "garbage"},
    "slow": {"kind": "slow_body", "seconds": 0.05},
    "late": {"kind": "delay", "seconds": 1.0},
    "a little late": {"kind": "delay", "seconds": 0.05},
}

# What each fault is, whoever it meets.
SETTLED = {
    "400": RequestInvalid,
    "401": CredentialsRefused,
    "403": CredentialsRefused,
    "404": ItemNotFound,
    "409": WrongState,
    "501": RequestRefused,
    "429 for hours": QuotaExceeded,
}
# What it is to a call that changes something: it is not sent again, and only what has happened is taken for success.
UNSETTLED = {"500": StoreUnavailable, "503": StoreUnavailable, "504": StoreUnavailable, "cut before": AnswerLost, "301": UnexpectedAnswer}
# The store has done it, and its answer is of no use.
LOST = {"cut after": AnswerLost, "garbage": UnexpectedAnswer, "slow": AnswerLost, "late": AnswerLost}


def prepared(store: Shop, method: str) -> None:
    """1.3.0 published to 20 %, and 1.3.1 a draft, or submitted where it is to be cancelled."""
    store.publish("1.3.0", percentage=20, a__js="bad")
    if method in {"publish", "cancelSubmission"}:
        store.state.upload(store.item, a_package("1.3.1").to_zip())
    if method == "cancelSubmission":
        store.state.publish(store.item, staged=True)


def effects(store: Shop, method: str) -> int:
    """How often the call has taken effect."""
    with store.state.listing(store.item) as listing:
        versions = [str(revision.version) for revision in listing.history]
        return {
            "upload": int(bool(listing.draft and listing.draft.version == V("1.4.0"))),
            "publish": versions.count("1.3.1"),
            "rollback": versions.count("1.3.0.1"),
            "cancelSubmission": int(bool(listing.submission and listing.submission.state == "CANCELLED")),
            "setPublishedDeployPercentage": int(listing.history[-1].deploy_percentage == 50),
        }[method]


@pytest.fixture
def client(store: Shop) -> WebStoreClient:
    return store.client(limits=TimeLimits(read=READ, upload=READ, attempts=3, total=TOTAL), sleep=store.pauses.append)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", [*READING, "validateOnly"])
def test_reading(store, client, method, fault):
    call, name = (DRY_RUN["rollback"], "rollback") if method == "validateOnly" else (READING[method], method)
    prepared(store, method)
    store.break_next(name, **FAULTS[fault])
    expected = SETTLED.get(fault) or {"301": UnexpectedAnswer, "garbage": UnexpectedAnswer}.get(fault)
    if expected:
        with pytest.raises(expected) as caught:
            call(client, store.item)
        assert len(store.calls(name)) == 1
        assert caught.value.advice
    else:
        call(client, store.item)
        assert len(store.calls(name)) == (1 if fault == "a little late" else 2)
    assert store.rollbacks() == []
    assert sum(store.pauses) <= TOTAL


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", CHANGING)
def test_changing(store, client, method, fault):
    call = CHANGING[method]
    prepared(store, method)
    store.break_next(method, **FAULTS[fault])
    lost_for_good = LOST if method == "upload" else {}  # the store shows no drafts, so there is nothing to read back
    expected = SETTLED.get(fault) or UNSETTLED.get(fault) or lost_for_good.get(fault)
    if expected:
        with pytest.raises(expected) as caught:
            call(client, store.item)
        assert caught.value.settled == (fault in SETTLED)
        assert caught.value.advice
    else:
        call(client, store.item)
    assert effects(store, method) == (0 if expected and fault not in LOST else 1)
    assert len(store.calls(method)) == (2 if fault == "429" else 1)
    assert sum(store.pauses) <= TOTAL


@pytest.mark.parametrize("method", READING)
def test_a_store_that_stays_broken_is_given_up_in_time(store, client, method):
    store.break_next(method, "status", status=503, times=99)
    with pytest.raises(StoreUnavailable):
        READING[method](client, store.item)
    assert len(store.calls(method)) == 3
    assert len(store.pauses) == 2
    assert sum(store.pauses) <= TOTAL


def test_the_store_is_asked_again_no_sooner_than_it_says(store, client):
    store.break_next("fetchStatus", "quota", retry_after=7)
    client.status(store.item)
    assert store.pauses == [7.0]


def test_a_pause_beyond_our_patience_is_not_begun_and_its_length_is_told(store, client):
    store.break_next("fetchStatus", "quota", retry_after=3600)
    with pytest.raises(QuotaExceeded) as caught:
        client.status(store.item)
    assert store.pauses == []
    assert "3600 s" in caught.value.advice


def test_attempts_end_when_their_time_is_over_even_when_more_are_allowed(store):
    patient = store.client(limits=TimeLimits(attempts=99, total=TOTAL), sleep=store.pauses.append)
    store.break_next("fetchStatus", "status", status=503, times=99, retry_after=6)
    with pytest.raises(StoreUnavailable):
        patient.status(store.item)
    assert 6 <= sum(store.pauses) <= TOTAL


def test_pages_end_even_when_the_store_repeats_itself(store, client, monkeypatch):
    monkeypatch.setattr("webstore.simulator.requests.Query.token", lambda _self, _start: "again")
    monkeypatch.setattr("webstore.simulator.requests.Query._start", lambda _self, _token: 0)
    store.change_item(
        store.item,
        counts=[
            {"day": f"2020-{month:02}-{day:02}", "metric": "users", "value": 1, "dimension": "app-version", "of": f"1.{n}"}
            for month in range(1, 3)
            for day in range(1, 28)
            for n in range(20)
        ],
    )
    with pytest.raises(UnexpectedAnswer, match="do not come to an end"):
        list(client.metrics(store.item, [Metric.USERS], by=Dimension.APP_VERSION))


@pytest.fixture
def trickling():
    """The address of a server whose answers begin letter by letter, and never come to the end of their header."""
    is_over = threading.Event()

    class Answers(socketserver.BaseRequestHandler):
        def handle(self):
            with contextlib.suppress(OSError):
                self.request.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not is_over.wait(0.01):
                    self.request.sendall(b"x")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answers) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        is_over.set()
        server.shutdown()
        thread.join()


def test_an_answer_whose_header_trickles_in_is_given_up_in_time(store, trickling):
    client = WebStoreClient(trickling, store.session, limits=TimeLimits(connect=READ, read=READ, attempts=2), sleep=store.pauses.append)
    with pytest.raises(AnswerLost, match="did not come in time"):
        client.status(store.item)
    with pytest.raises(AnswerLost) as lost:
        client.cancel_submission(store.item)
    assert lost.value.settled is False
    assert len(store.pauses) == 2  # one for each reading: the first call, and what the second has done


def test_an_update_service_whose_header_trickles_in_is_given_up_in_time(store, trickling, monkeypatch):
    without_pauses(monkeypatch)
    with pytest.raises(StoreUnreachable):
        UpdateService(trickling, store.session, timeout_seconds=READ).offered(store.item.id)
