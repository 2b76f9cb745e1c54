"""Client ⇄ local store ⇄ the published description: whoever of the three changes, one of these fails."""

import json

import jsonschema
import pytest
import requests

from contract import discovery
from factories import a_package
from webstore.auth import store_session
from webstore.client import WebStoreClient
from webstore.models import Dimension, Item, ItemState, Metric
from webstore.store_errors import (
    AnswerLost,
    CredentialsMissing,
    CredentialsRefused,
    ItemNotFound,
    QuotaExceeded,
    RequestRefused,
    StoreError,
    StoreUnavailable,
    StoreUnreachable,
    UnexpectedAnswer,
    UpdateServiceError,
)
from webstore.transport import TimeLimits
from webstore.updates import OfferedUpdate, UpdateService, parse_answer
from webstore.versions import Version

V = Version.parse


class _Raw:
    def __init__(self, body):
        self.body = body

    def read1(self, _amount, decode_content=True):
        body, self.body = self.body, b""
        return body

    def close(self):
        pass


def test_a_whole_walk_is_as_described(store, witness):
    client, item = store.api, store.item
    assert client.status(item).published.version == V("1.2.0")
    assert client.upload(item, a_package("1.3.0").to_zip()).version == V("1.3.0")
    assert client.publish(item, deploy_percentage=5).state is ItemState.PUBLISHED
    client.set_deploy_percentage(item, 50)
    client.rollback(item, target=V("1.2.0"), new_version=V("1.3.0.1"), reason="bad", validate_only=True)
    assert client.status(item).published.version == V("1.3.0")
    client.rollback(item, target=V("1.2.0"), new_version=V("1.3.0.1"), reason="bad")
    assert client.status(item).published.version == V("1.3.0.1")
    with pytest.raises(RequestRefused) as refused:
        client.cancel_submission(item)
    assert refused.value.reason == "FAILED_PRECONDITION"
    with pytest.raises(ItemNotFound):
        client.status(Item("publisher", "p" * 32))
    with pytest.raises(RequestRefused):
        client.upload(item, b"no zip")
    assert list(client.metrics(item, [Metric.USERS], by=Dimension.APP_VERSION)) == []
    assert list(client.reviews(item, rating=1)) == []
    assert client.rating_summary(item).ratings == 0
    assert witness.seen == {name.rpartition(".")[2] for name in discovery.methods()}


def test_the_witness_itself_sees_what_is_not_as_described():
    with pytest.raises(AssertionError, match="no DELETE"):
        discovery.check_request("DELETE", "http://s/v2/publishers/p/items/i:rollback", b"")
    with pytest.raises(AssertionError, match="no parameter"):
        discovery.check_request("GET", "http://s/v2/publishers/p/items/i:fetchStatus?projection=ALL", b"")
    with pytest.raises(jsonschema.ValidationError):
        discovery.check_request("POST", "http://s/v2/publishers/p/items/i:rollback", b'{"targetVersion": "1"}')
    with pytest.raises(jsonschema.ValidationError):
        discovery.check_answer(discovery.methods()["chromewebstore.publishers.items.publish"], 200, b'{"state": "DONE"}')


ROLLBACK = {"targetCrxVersion": "1.1", "newVersion": "1.3", "rollbackReason": "x"}


def test_a_field_that_the_api_does_not_know_is_refused_and_the_witness_sees_it(store, witness):
    answer = requests.post(f"{store.address.base_url}/v2/{store.item.name}:rollback", json={**ROLLBACK, "target": "1"}, timeout=5)
    assert answer.status_code == 400
    assert "target" in answer.json()["error"]["message"]
    assert "'target' was unexpected" in witness.take()[0]
    answer = requests.get(f"{store.address.base_url}/v2/{store.item.name}:fetchStatus?projection=DRAFT", timeout=5)
    assert answer.status_code == 400
    assert "projection" in answer.json()["error"]["message"]
    assert "no parameter projection" in witness.take()[0]
    requests.post(f"{store.address.base_url}/v2/{store.item.name}:rollback", json={"newVersion": "1.3"}, timeout=5)
    assert "is a required property" in witness.take()[0]
    requests.get(f"{store.address.base_url}/v2/{store.item.name}:queryMetrics", timeout=5)
    assert "needs the parameter metrics" in witness.take()[0]


def test_a_multipart_upload_is_taken_as_well(store):
    package = a_package("1.3.0").to_zip()
    body = b"--B\r\nContent-Type: application/json\r\n\r\n{}\r\n--B\r\nContent-Type: application/zip\r\n\r\n" + package + b"\r\n--B--\r\n"
    answer = requests.post(
        f"{store.address.base_url}/upload/v2/{store.item.name}:upload?uploadType=multipart",
        data=body,
        headers={"Content-Type": 'multipart/related; boundary="B"'},
        timeout=5,
    )
    assert answer.json()["crxVersion"] == "1.3.0"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RequestRefused),
        (401, CredentialsRefused),
        (403, CredentialsRefused),
        (404, ItemNotFound),
        (429, QuotaExceeded),
        (500, StoreUnavailable),
    ],
)
def test_each_refusal_is_its_own_error(store, status, expected):
    store.break_next("fetchStatus", "status", status=status, times=9)
    with pytest.raises(expected) as caught:
        store.api.status(store.item)
    assert caught.value.advice


def test_reading_is_repeated_until_it_works(store):
    store.break_next("fetchStatus", "status", status=503, times=2)
    assert store.api.status(store.item).published.version == V("1.2.0")
    assert [call["status"] for call in store.calls("fetchStatus")] == [503, 503, 200]


def test_a_call_that_changes_something_is_never_sent_again_by_itself(store):
    store.publish("1.3.0")
    store.break_next("rollback", "status")
    with pytest.raises(StoreUnavailable) as caught:
        store.api.rollback(store.item, target=V("1.2.0"), new_version=V("1.3.0.1"), reason="x")
    assert not caught.value.settled
    assert len(store.calls("rollback")) == 1


def test_a_lost_answer_is_settled_by_reading_back(store):
    store.publish("1.3.0")
    store.break_next("rollback", "lost_answer")
    assert isinstance(store.api.rollback(store.item, target=V("1.2.0"), new_version=V("1.3.0.1"), reason="x"), AnswerLost)
    assert len(store.calls("rollback")) == 1


def test_a_call_that_was_certainly_not_carried_out_is_sent_again(store):
    store.publish("1.3.0")
    store.break_next("rollback", "status", status=429)
    store.api.rollback(store.item, target=V("1.2.0"), new_version=V("1.3.0.1"), reason="x")
    assert [call["status"] for call in store.calls("rollback")] == [429, 200]


def test_a_store_that_is_not_there_is_unreachable(store):
    nowhere = WebStoreClient("http://127.0.0.1:9", requests.Session(), limits=TimeLimits(attempts=1))
    with pytest.raises(StoreUnreachable) as caught:
        nowhere.status(store.item)
    assert caught.value.settled
    assert "127.0.0.1" not in str(caught.value.__cause__)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"publishedItemRevisionStatus": 3}',
        b'{"publishedItemRevisionStatus": {"distributionChannels": [{"crxVersion": "x"}]}}',
    ],
)
def test_nonsense_is_an_error_and_never_a_status(body):
    with pytest.raises(UnexpectedAnswer):
        _answered_by(body).status(Item("p", "i"))


def test_a_state_that_is_new_to_us_is_unspecified():
    body = {"publishedItemRevisionStatus": {"state": "FROZEN", "distributionChannels": [{"crxVersion": "1.2"}]}, "newField": 1}
    status = _answered_by(json.dumps(body).encode()).status(Item("p", "i"))
    assert status.published.state is ItemState.UNSPECIFIED


def _answered_by(body: bytes) -> WebStoreClient:
    class Fixed(requests.Session):
        def request(self, *_args, **_kwargs):
            answer = requests.Response()
            answer.status_code, answer.raw = 200, _Raw(body)
            return answer

    return WebStoreClient("http://127.0.0.1", Fixed(), limits=TimeLimits(attempts=1))


def test_what_users_get_is_what_was_rolled_back_to(store):
    store.publish("1.3.0", a__js="bad")
    store.api.rollback(store.item, target=V("1.2.0"), new_version=V("1.3.0.1"), reason="x")
    offered = store.service.offered(store.item.id)
    package = store.service.download(offered, store.item.id)
    assert offered.version == package.version == V("1.3.0.1")
    assert package.code_digest == a_package("1.2.0").code_digest


def test_a_download_that_is_not_what_was_offered_is_refused(store):
    offered = store.service.offered(store.item.id)
    for wrong in (
        OfferedUpdate(offered.version, offered.codebase, "0" * 64, None),
        OfferedUpdate(V("9"), offered.codebase, offered.sha256, None),
        OfferedUpdate(offered.version, "http://example.com/x.crx", None, None),
        OfferedUpdate(offered.version, "file:///etc/passwd", None, None),
    ):
        with pytest.raises(UpdateServiceError):
            store.service.download(wrong, store.item.id)
    with pytest.raises(UpdateServiceError, match="signed for"):
        store.service.download(offered, "p" * 32)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><gupdate/>',
        b'<gupdate xmlns="http://www.google.com/update2/response"><app appid="x"><updatecheck codebase="u" version="bad"/></app></gupdate>',
    ],
)
def test_an_answer_of_the_update_service_that_makes_no_sense_is_refused(body):
    with pytest.raises(UpdateServiceError):
        parse_answer(body, "x")


def test_nothing_offered_is_nothing(store):
    assert store.service.offered("p" * 32) is None


def test_an_update_service_that_is_not_there_is_unreachable():
    service = UpdateService("http://127.0.0.1:9/x")
    service._get.retry.sleep = lambda _seconds: None
    with pytest.raises(StoreUnreachable):
        service.offered("x")


def test_no_credentials_are_never_taken_in_silence():
    with pytest.raises(CredentialsMissing, match="only for a store on this machine") as local:
        store_session("https://chromewebstore.googleapis.com", credentials_json=None, anonymous=True)
    assert local.value.advice.startswith("take `credentials` out of [store]")
    with pytest.raises(CredentialsMissing):
        store_session("http://127.0.0.1:1", credentials_json=None, anonymous=False)
    with pytest.raises(CredentialsMissing):
        store_session("http://127.0.0.1.example.com", credentials_json=None, anonymous=True)
    assert store_session("http://[::1]:1", credentials_json=None, anonymous=True)


PROGRAM = '{"type": "external_account", "credential_source": {"executable": {"command": "hunter2"}}}'


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("nonsense", "paste the whole JSON, from its first brace to its last, into RELEASE_GUARD_STORE_CREDENTIALS; or name its file in"),
        ("[]", "use JSON whose `type` is one of"),
        ("{}", "use JSON whose `type` is one of"),
        ('{"type": "authorized_user", "private_key": "hunter2hunter2"}', "paste the whole JSON"),
        ('{"type": "authorized_user", "token_uri": "http://hunter2.example"}', "use the JSON as Google gave it"),
        (PROGRAM, "use the configuration that google-github-actions/auth leaves"),
    ],
)
def test_credentials_that_are_none_are_refused_without_being_shown_and_with_what_to_do(text, advice):
    with pytest.raises(CredentialsRefused) as caught:
        store_session("https://chromewebstore.googleapis.com", credentials_json=text, anonymous=False)
    assert "hunter2" not in caught.value.explain()
    assert caught.value.advice.startswith(advice)
    assert caught.value.__cause__ is None


def test_every_error_of_the_store_says_whether_it_may_be_repeated():
    for kind in StoreError.__subclasses__():
        assert isinstance(kind.retry, bool)
        assert isinstance(kind.settled, bool)
        assert kind.hint != StoreError.hint, kind
