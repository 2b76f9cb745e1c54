"""The store's own numbers as a source: a day's users beside the same weekday, new reviews, and few calls."""

from datetime import date, timedelta
from typing import Any

import pytest

from factories import Shop
from guard.errors import SourceError, SourceRefused, SourceUnreachable
from guard.model import Absence, Counted, Daily, Interval, NoData, Signal
from guard.sources.contract import gather, gather_overall
from guard.sources.store_metrics import StoreMetrics
from webstore.models import Item
from webstore.store_errors import CredentialsMissing, StoreUnavailable, StoreUnreachable
from webstore.versions import Version

NEW = Version.parse("1.3.0")


@pytest.fixture
def source(store: Shop, clock):
    return StoreMetrics(lambda: store.api, store.item, clock)


def users(store, clock, days, count):
    first = clock().date()
    store.change_item(store.item, counts=[{"day": str(first - timedelta(days=n)), "metric": "users", "value": count(n)} for n in days])


def read(source, clock, days_ago=3.0) -> dict[Signal, Any]:
    samples = gather_overall([source], NEW, Interval(clock() - timedelta(days=days_ago), clock()))
    return {sample.signal: sample.reading for sample in samples}


def test_a_whole_day_stands_beside_the_same_weekday_of_eight_weeks(source, store, clock):
    users(store, clock, range(80), lambda n: 700 if n == 1 else 1000 + n % 7)
    found = read(source, clock)[Signal.ACTIVE_USERS]
    assert found == Daily(date(2026, 6, 30), 700, (1001,) * 8)  # today's number is not whole yet
    assert source.active_users() == 700


def test_a_number_that_comes_late_is_the_newest_all_the_same(source, store, clock):
    users(store, clock, range(2, 40), lambda _n: 1000)
    assert read(source, clock)[Signal.ACTIVE_USERS] == Daily(date(2026, 6, 29), 1000, (1000,) * 5)
    early = read(source, clock, days_ago=2)[Signal.ACTIVE_USERS]
    assert (early.kind, "2026-06-29" in early.reason) == (Absence.NOT_MEASURABLE, True)


def test_inside_the_window_a_daily_number_is_not_even_asked_for(source, store, clock):
    users(store, clock, range(40), lambda _n: 1000)
    assert read(source, clock, days_ago=0.04)[Signal.ACTIVE_USERS].kind is Absence.NOT_MEASURABLE
    assert store.calls("queryMetrics") == []


def test_an_item_without_numbers_has_no_data(source, clock):
    assert {type(reading) for reading in read(source, clock).values()} == {NoData}
    assert source.active_users() is None


def test_reviews_since_the_release_are_counted_and_older_ones_are_not(source, store, clock):
    def review(n, stars, hours):
        at = clock() - timedelta(hours=hours)
        return {"id": str(n), "rating": stars, "created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "author": "A", "comment": f"c{n}"}

    store.change_item(store.item, reviews=[review(n, stars, hours) for n, (stars, hours) in enumerate([(1, 5), (2, 9), (4, 20), (1, 80)])])
    assert read(source, clock)[Signal.RATING] == Counted(2, 3, "reviews")


def test_polling_costs_the_store_nothing_for_ten_minutes(source, store, clock):
    users(store, clock, range(40), lambda _n: 1000)
    published = clock() - timedelta(days=3)
    for _ in range(20):
        source.read_overall(NEW, Interval(published, clock()))
        clock.forward(seconds=30)
    assert (len(store.calls("queryMetrics")), len(store.calls("fetchReviews"))) == (1, 1)
    source.read_overall(NEW, Interval(published, clock()))
    assert (len(store.calls("queryMetrics")), len(store.calls("fetchReviews"))) == (2, 2)


def test_of_one_version_it_says_nothing_and_is_not_asked(source, store, clock):
    assert gather([source], [NEW], Interval(clock() - timedelta(days=3), clock())) == []
    assert (source.probe(), source.error_texts(NEW, Interval(clock(), clock()))) == ([], [])
    assert store.calls("queryMetrics") == []


@pytest.mark.parametrize(
    ("error", "kind", "asked"),
    [
        (CredentialsMissing("none"), SourceRefused, 1),
        (StoreUnreachable("nothing there"), SourceUnreachable, 2),
        (StoreUnavailable("HTTP 503"), SourceError, 2),
    ],
)
def test_the_stores_failures_are_the_sources_and_only_refusals_are_remembered(clock, error, kind, asked):
    times = []

    def refusing():
        times.append(1)
        raise error

    source = StoreMetrics(refusing, Item("p", "a" * 32), clock)
    for _ in range(2):
        with pytest.raises(kind, match=str(error)) as caught:
            source.active_users()
        assert caught.value.advice == error.advice
    assert len(times) == asked
