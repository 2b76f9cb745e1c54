"""Metrics, reviews and ratings, page after page; the page for people; what a test sets; the fixture for other projects."""

import html
import json
from datetime import date

import pytest
import requests

from factories import a_package
from webstore.models import Dimension, Metric, ReviewOrder

pytest_plugins = ["pytester"]


def test_metrics_come_over_all_pages_divided_by_version(store):
    days = [date(2026, 1, 1 + n) for n in range(25)]
    counts = [
        {"day": str(day), "metric": "users", "value": 1000 * n, "dimension": "app-version", "of": f"1.{n}"}
        for day in days
        for n in range(100)
    ]
    totals = [{"day": str(day), "metric": metric, "value": 7} for day in days for metric in ("users", "installs")]
    store.change_item(store.item, counts=counts + totals)
    rows = list(store.api.metrics(store.item, [Metric.USERS], by=Dimension.APP_VERSION))
    assert len(rows) == 2500
    assert len({(row.day, row.of) for row in rows}) == 2500
    assert len(store.calls("queryMetrics")) == 3
    some = list(store.api.metrics(store.item, [Metric.INSTALLS, Metric.USERS, Metric.UNINSTALLS], first=days[3], last=days[5]))
    assert [row.day for row in some] == days[3:6]
    assert all(row.counts == {Metric.INSTALLS: 7, Metric.USERS: 7} and row.of is None for row in some)


def test_reviews_come_over_all_pages_in_the_order_that_is_asked_for(store):
    reviews = [
        {"id": str(n), "rating": 1 + n % 5, "created_at": f"2026-06-01T00:{n // 60:02}:{n % 60:02}Z", "author": "A", "comment": f"c{n}"}
        for n in range(450)
    ]
    store.change_item(store.item, reviews=[*reviews, {"id": "silent", "rating": 3, "created_at": "2026-06-02T00:00:00Z"}])
    newest = list(store.api.reviews(store.item))
    assert [review.comment for review in newest] == [f"c{n}" for n in reversed(range(450))]
    assert len(store.calls("fetchReviews")) == 3
    assert {review.rating for review in store.api.reviews(store.item, rating=2)} == {2}
    worst = [(review.rating, review.created_at) for review in store.api.reviews(store.item, order=ReviewOrder.WORST_NEWEST)]
    assert worst == sorted(worst, key=lambda one: (one[0], -one[1].timestamp()))
    summary = store.api.rating_summary(store.item)
    assert (summary.ratings, summary.reviews, summary.rating, summary.stars[3]) == (451, 450, 3.0, 91)


def test_a_users_words_are_bounded_and_plain(store):
    store.change_item(
        store.item,
        reviews=[{"id": "1", "rating": 1, "created_at": "2026-06-01T00:00:00Z", "author": "\x1b[31m" * 99, "comment": "a\nb\u202e" * 9999}],
    )
    (review,) = store.api.reviews(store.item)
    assert len(review.author) < 110
    assert len(review.comment) < 2010
    assert all(letter.isprintable() for letter in review.author + review.comment)


@pytest.mark.parametrize(
    ("call", "parameters", "words"),
    [
        ("queryMetrics", "metrics=money", "not supported"),
        ("queryMetrics", "metrics=users&dimensions=os&dimensions=country", "At most one dimension"),
        ("queryMetrics", "metrics=users&timeSpec.firstDate.year=2026&timeSpec.firstDate.month=13&timeSpec.firstDate.day=1", "not a date"),
        ("queryMetrics", "metrics=users&pageToken=nonsense", "page token"),
        ("fetchReviews", "filter=rating%20%3E%203", "equality"),
        ("fetchReviews", "orderBy=create_time", "not supported"),
        ("fetchReviews", "pageToken=WzEsICJ4Il0%3D", "other parameters"),
    ],
)
def test_questions_that_make_no_sense_are_refused(store, call, parameters, words):
    answer = requests.get(f"{store.base_url}/v2/{store.item.name}:{call}?{parameters}", timeout=5)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert words in answer.json()["error"]["message"]


def test_a_page_token_belongs_to_the_call_that_gave_it(store):
    store.change_item(store.item, counts=[{"day": f"2026-01-{n + 1:02}", "metric": "users", "value": 1} for n in range(3)])
    url = f"{store.base_url}/v2/{store.item.name}:queryMetrics"
    token = requests.get(url, {"metrics": "users", "pageSize": 1}, timeout=5).json()["nextPageToken"]
    assert requests.get(url, {"metrics": "users", "pageSize": 1, "pageToken": token}, timeout=5).status_code == 200
    assert requests.get(url, {"metrics": "installs", "pageSize": 1, "pageToken": token}, timeout=5).status_code == 400


def test_the_page_shows_what_there_is_and_escapes_it(store):
    name = "<script>alert(1)</script>"
    package = a_package("2.0").with_files({"manifest.json": json.dumps({"manifest_version": 3, "name": name, "version": "2.0"}).encode()})
    other = store.add_item(package, published=False)
    store.publish("1.3.0", percentage=5)
    store.state.rollback(store.item, target="1.2.0", new_version="1.3.0.1", reason="<img src=x onerror=y>")
    store.break_next("publish", "lost_answer", times=2)
    store.api.status(store.item)
    answer = requests.get(store.base_url, timeout=5)
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert html.escape(name) in answer.text
    for words in (other.id, "rollback to 1.2.0", "1.3.0.1", "never", "publish: lost answer, 2 times", "fetchStatus", "does not imitate"):
        assert words in answer.text, words
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_another_host_name_is_not_answered(store):
    """A page of anybody's in a browser of this machine must not reach the store under a name of its own."""
    answer = requests.get(store.base_url, headers={"Host": "evil.example"}, timeout=5)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "faults", [{"method": "publish", "kind": "explode"}]),
        ("POST", "faults", {"method": "publish"}),
        ("PATCH", "behaviour", {"review_seconds": -1}),
        ("PATCH", "behaviour", {"mood": "good"}),
        ("PATCH", "items/nothing", {}),
        ("POST", "accounts", {"kind": "service_account", "publishers": []}),
        ("GET", "secrets", None),
    ],
)
def test_what_cannot_be_set_is_an_error_with_words(store, method, path, body):
    answer = requests.request(method, f"{store.base_url}/_local/{path}", json=body, timeout=5)
    assert answer.status_code in {400, 404}
    assert answer.json()["error"]["message"]


def test_behaviour_and_items_are_set_over_http(store):
    url = f"{store.base_url}/_local"
    requests.patch(f"{url}/behaviour", json={"review_seconds": 60, "approves": False}, timeout=5).raise_for_status()
    made = requests.post(f"{url}/items?publisher=other&published=false", data=a_package("0.1").to_zip(), timeout=5).json()
    assert (made["publisher"], made["draft"], made["history"]) == ("other", "0.1", [])
    assert store.state.behaviour.review.total_seconds() == 60
    assert {item["id"] for item in requests.get(f"{url}/items", timeout=5).json()} == {made["id"], store.item.id}
    store.break_next("publish", "cut")
    requests.delete(f"{url}/faults", timeout=5).raise_for_status()
    assert requests.get(f"{url}/faults", timeout=5).json() == []


def test_other_projects_get_the_store_as_a_fixture(pytester):
    pytester.makepyfile(
        """
        from pathlib import Path
        import json, requests

        def test_my_release_script(local_web_store, tmp_path):
            tmp_path.joinpath("manifest.json").write_text(json.dumps({"manifest_version": 3, "name": "Mine", "version": "1.0"}))
            item = local_web_store.add_item(tmp_path)
            answer = requests.get(f"{local_web_store.base_url}/v2/{item.name}:fetchStatus", timeout=5).json()
            assert answer["publishedItemRevisionStatus"]["distributionChannels"][0]["crxVersion"] == "1.0"
            assert local_web_store.client().status(item).published
            assert local_web_store.updates().offered(item.id)
            assert len(local_web_store.calls("fetchStatus")) == 2

        def test_it_is_empty_each_time(local_web_store):
            assert local_web_store.state.items() == []
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)
