"""Clients that nobody here wrote, against the local store: Google's own for Python, and real google-auth through its real flows."""

import json
import logging
from pathlib import Path

import pytest
from google.oauth2 import service_account

from factories import Shop, a_package
from webstore.auth import Scope, store_session
from webstore.client import WebStoreClient
from webstore.store_errors import CredentialsRefused, StoreError
from webstore.transport import TimeLimits
from webstore.versions import Version

V = Version.parse


def bundled(store: Shop, credentials):
    """Google's client, built from the description that it bundles, with nothing changed but the address."""
    from googleapiclient.discovery import build_from_document
    from googleapiclient.discovery_cache import DISCOVERY_DOC_DIR

    logging.getLogger("googleapiclient").setLevel(logging.ERROR)
    document = json.loads(Path(DISCOVERY_DOC_DIR, "chromewebstore.v2.json").read_text(encoding="utf-8"))
    return build_from_document({**document, "rootUrl": f"{store.base_url}/", "baseUrl": f"{store.base_url}/"}, credentials=credentials)


@pytest.fixture
def credentials(store: Shop):
    """A service account that may use the store, and real google-auth for it."""
    return an_account(store, "publisher")


def an_account(store: Shop, *publishers: str):
    info = store.add_account("service_account", *publishers)
    made = service_account.Credentials.from_service_account_info(info, scopes=[Scope.WRITE.value])
    made._is_regional_access_boundary_lookup_required = lambda: False  # that question goes to Google alone
    return made


def test_googles_own_client_does_all_its_work(store, witness, credentials, tmp_path):
    from googleapiclient.http import MediaFileUpload

    package = tmp_path / "1.3.0.zip"
    package.write_bytes(a_package("1.3.0", a__js="bad" * 5000).to_zip())
    name = store.item.name
    store.change_item(
        store.item,
        users_7d=20_000,
        counts=[{"day": "2026-06-30", "metric": "users", "value": 12_000, "dimension": "app-version", "of": "1.2.0"}],
        reviews=[
            {"id": str(n), "rating": 1 + n % 5, "created_at": f"2026-06-{1 + n % 28:02}T10:00:00Z", "author": "A", "comment": f"c{n}"}
            for n in range(120)
        ],
    )
    with bundled(store, credentials) as service:
        items = service.publishers().items()
        uploaded = service.media().upload(name=name, media_body=MediaFileUpload(str(package), "application/zip")).execute()
        assert (uploaded["uploadState"], uploaded["crxVersion"]) == ("SUCCEEDED", "1.3.0")
        assert items.publish(name=name, body={"deployInfos": [{"deployPercentage": 10}]}).execute()["state"] == "PUBLISHED"
        items.setPublishedDeployPercentage(name=name, body={"deployPercentage": 60}).execute()
        status = items.fetchStatus(name=name).execute()
        assert status["publishedItemRevisionStatus"]["distributionChannels"] == [{"crxVersion": "1.3.0", "deployPercentage": 60}]
        back = {"targetCrxVersion": "1.2.0", "newVersion": "1.3.0.1", "rollbackReason": "bad"}
        assert items.rollback(name=name, body=back).execute() == {}
        assert items.fetchStatus(name=name).execute()["publishedItemRevisionStatus"]["distributionChannels"][0]["crxVersion"] == "1.3.0.1"
        rows = items.queryMetrics(
            name=name,
            metrics=["users"],
            dimensions=["app-version"],
            timeSpec_firstDate_year=2026,
            timeSpec_firstDate_month=6,
            timeSpec_firstDate_day=1,
        ).execute()
        assert rows["metricRows"][0]["metricValues"] == [{"metric": "users", "value": "12000"}]
        request, comments = items.fetchReviews(name=name, orderBy="create_time desc"), []
        while request is not None:
            answer = request.execute()
            comments += [review["comment"] for review in answer["reviews"]]
            request = items.fetchReviews_next(request, answer)
        assert len(set(comments)) == 120
        assert items.getRatingSummary(name=f"{name}/ratingSummary").execute()["ratingCount"] == "120"
    assert store.rollbacks() == [V("1.3.0.1")]
    assert {"upload", "publish", "fetchStatus", "rollback", "queryMetrics", "fetchReviews"} <= witness.seen
    assert store.state.history(store.item)[1].package.files["a.js"] == b"bad" * 5000


def test_googles_own_client_is_told_what_is_wrong(store, credentials):
    from googleapiclient.errors import HttpError

    with bundled(store, credentials) as service:
        items = service.publishers().items()
        with pytest.raises(HttpError) as caught:
            items.rollback(name=store.item.name, body={"targetCrxVersion": "9", "newVersion": "1.3", "rollbackReason": "x"}).execute()
        assert "never published" in caught.value.reason
    with bundled(store, an_account(store, "somebody-else")) as service, pytest.raises(HttpError) as caught:
        service.publishers().items().fetchStatus(name=store.item.name).execute()
    assert caught.value.status_code == 403


def client_with(store: Shop, info, scope=Scope.WRITE):
    session = store_session(store.base_url, credentials_json=json.dumps(info), anonymous=False, scope=scope)
    return WebStoreClient(store.base_url, session, limits=TimeLimits(attempts=1))


@pytest.mark.parametrize("kind", ["service_account", "workload_identity", "refresh_token"])
def test_each_kind_of_credentials_goes_through_its_real_flow(store, kind):
    client = client_with(store, store.add_account(kind, "publisher"))
    assert client.status(store.item).published.version == V("1.2.0")
    client.upload(store.item, a_package("1.3.0").to_zip())
    assert store.calls("upload")[0]["status"] == 200


@pytest.mark.parametrize("kind", ["service_account", "workload_identity"])
def test_a_token_for_reading_only_reads(store, kind):
    client = client_with(store, store.add_account(kind, "publisher"), Scope.READ)
    assert client.rating_summary(store.item).ratings == 0
    with pytest.raises(CredentialsRefused, match="scope") as caught:
        client.publish(store.item)
    assert "auth/chromewebstore" in caught.value.advice


def refused(store: Shop, info, words: str, advice: str):
    with pytest.raises(StoreError) as caught:
        client_with(store, info).status(store.item)
    assert isinstance(caught.value, CredentialsRefused)
    assert words in str(caught.value)
    assert advice in caught.value.advice
    told = caught.value.explain()
    assert not any(str(secret) in told for name, secret in info.items() if name in {"private_key", "refresh_token", "client_secret"})


def test_credentials_that_are_refused_say_why(store, tmp_path):
    key = store.add_account("service_account", "publisher")
    other = store.add_account("service_account", "somebody-else")
    user = store.add_account("refresh_token", "publisher")
    workload = store.add_account("workload_identity", "publisher")
    refused(store, other, "does not have permission", "add the service account to the publisher")
    refused(store, {**key, "private_key": other["private_key"]}, "does not know the service account's key", "new JSON key")
    refused(store, {**key, "client_email": "gone@example.com"}, "does not exist any more", "create a service account")
    refused(store, {**user, "refresh_token": "old"}, "expired or was revoked", "new refresh token")
    refused(store, {**user, "client_secret": "wrong"}, "do not belong to the refresh token", "one and the same")
    source = tmp_path / "identity"
    source.write_text(json.dumps({"value": "of another repository"}))
    stranger = {**workload, "credential_source": {**workload["credential_source"], "file": str(source)}}
    refused(store, stranger, "does not take this workflow", "attribute condition")
    missing = {**workload, "credential_source": {**workload["credential_source"], "file": str(tmp_path / "none")}}
    refused(store, missing, "identity token cannot be read", "id-token: write")
    theirs = workload["service_account_impersonation_url"].replace("account-", "other-")
    refused(store, {**workload, "service_account_impersonation_url": theirs}, "may not act as the service account", "workloadIdentityUser")


def test_a_clock_that_is_wrong_is_named(store, monkeypatch):
    key = store.add_account("service_account", "publisher")

    def expired(_payload, _skew):
        raise ValueError("Token expired")

    monkeypatch.setattr("google.auth.jwt._verify_iat_and_exp", expired)  # as it looks at the other end
    refused(store, key, "clock is wrong", "NTP")


def test_a_token_service_out_of_reach_is_no_refusal(store):
    key = {**store.add_account("service_account", "publisher"), "token_uri": "http://127.0.0.1:9/token"}
    with pytest.raises(StoreError, match="token service cannot be reached") as caught:
        client_with(store, key).status(store.item)
    assert caught.value.retry
    assert caught.value.settled


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"token_uri": "http://example.com/token"}, "not an https address"),
        ({"type": "external_account", "credential_source": {"executable": {"command": "/bin/true"}}}, "never from a program"),
        ({"type": "external_account", "credential_source": {"url": "http://example.com"}}, "not an https address"),
        ({"type": "gdch_service_account"}, "no known kind"),
        ({"private_key": "no key"}, "incomplete or broken"),
    ],
)
def test_credentials_that_would_leak_or_run_something_are_refused(store, changes, words):
    info = {**store.add_account("service_account", "publisher"), **changes}
    with pytest.raises(CredentialsRefused, match=words):
        client_with(store, info)
