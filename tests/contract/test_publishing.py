"""A package on its way to users, against the local store, with the time in the test's hands."""

from datetime import timedelta

import pytest

from factories import Shop, a_package
from webstore.publishing import Ending, Pace, Publisher, Terms, UploadUnfinished
from webstore.simulator.control import ItemSetting, change_item
from webstore.store_errors import AnswerLost, PackageRefused, StoreUnavailable, WarningsFound, WrongState
from webstore.versions import Version

V = Version.parse("1.3.0")


class Heard:
    """What the publisher tells."""

    def __init__(self):
        self.all = []

    def doing(self, text):
        self.all.append(text)

    done = doing


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def publisher(store: Shop, clock, heard):
    pace = Pace(
        poll=10, timeout=3600, processing=60, sleep=lambda seconds: clock.forward(seconds=seconds), clock=lambda: clock().timestamp()
    )
    return Publisher(store.api, store.item, pace, heard)


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "1.3.0.zip"
    path.write_bytes(a_package("1.3.0").to_zip())
    return path


def publish(publisher, package, terms=None, *, wait=True):
    publisher.upload(package, V)
    return publisher.submit(V, terms or Terms(), wait=wait)


def test_a_review_is_waited_for_to_its_end(store, publisher, package, clock):
    store.state.behaviour.review = timedelta(minutes=20)
    began = clock()
    made = publish(publisher, package)
    assert (made.ending, made.deploy_percentage) == (Ending.PUBLISHED, 100)
    assert timedelta(minutes=20) <= clock() - began <= timedelta(minutes=21)


def test_without_waiting_the_submission_is_told_as_it_stands(store, publisher, package):
    store.state.behaviour.review = timedelta(minutes=20)
    assert publish(publisher, package, wait=False).ending is Ending.PENDING_REVIEW


def test_a_staged_submission_ends_staged_and_is_released_by_another_call(store, publisher, package):
    store.state.behaviour.review = timedelta(minutes=20)
    assert publish(publisher, package, Terms(staged=True, deploy_percentage=5)).ending is Ending.STAGED
    assert publisher.submit(V, Terms(), wait=True).ending is Ending.PUBLISHED


def test_a_rejection_is_told(store, publisher, package):
    store.state.behaviour.review, store.state.behaviour.approves = timedelta(minutes=20), False
    assert publish(publisher, package).ending is Ending.REJECTED


def test_patience_ends_and_the_review_goes_on(store, publisher, package):
    store.state.behaviour.review = timedelta(days=2)
    assert publish(publisher, package).ending is Ending.TIMED_OUT
    assert store.state.status(store.item).submitted.state == "PENDING_REVIEW"


def when_waiting(heard, act):
    """Act once, while the review is waited for."""
    waiting = heard.doing

    def doing(text):
        waiting(text)
        if text.startswith("waiting") and sum(line.startswith("waiting") for line in heard.all) == 2:
            act()

    heard.doing = doing


def test_a_submission_that_a_rollback_discards_has_a_clear_end(store, publisher, package, heard):
    store.publish("1.2.5")
    store.state.behaviour.review = timedelta(minutes=20)
    when_waiting(heard, lambda: store.state.rollback(store.item, target="1.2.0", new_version="1.2.6", reason="x"))
    assert publish(publisher, package).ending is Ending.CANCELLED


def test_a_cancelled_submission_has_a_clear_end(store, publisher, package, heard):
    store.state.behaviour.review = timedelta(minutes=20)
    when_waiting(heard, lambda: store.state.cancel(store.item))
    assert publish(publisher, package).ending is Ending.CANCELLED


def test_an_item_that_is_taken_down_ends_the_wait(store, publisher, package, heard):
    store.state.behaviour.review = timedelta(minutes=20)
    when_waiting(heard, lambda: change_item(store.state, store.item, ItemSetting(taken_down=True)))
    with pytest.raises(WrongState, match="taken the item down"):
        publish(publisher, package)


def test_a_store_that_stumbles_does_not_end_the_wait(store, publisher, package, heard):
    store.state.behaviour.review = timedelta(minutes=20)
    when_waiting(heard, lambda: store.break_next("fetchStatus", "status", status=503, times=3))
    assert publish(publisher, package).ending is Ending.PUBLISHED
    assert any("could not be read" in line for line in heard.all)


def test_an_upload_that_is_processed_later_is_waited_for(store, publisher, package):
    store.state.behaviour.processing = timedelta(seconds=30)
    assert publish(publisher, package).ending is Ending.PUBLISHED


def test_an_upload_that_is_found_wanting_later_is_an_error(store, publisher, tmp_path):
    store.state.behaviour.processing = timedelta(seconds=30)
    wrong = tmp_path / "wrong.zip"
    wrong.write_bytes(b"no zip")
    with pytest.raises(PackageRefused, match="upload failed"):
        publisher.upload(wrong, V)


def test_an_upload_that_is_never_processed_is_given_up(store, publisher, package):
    store.state.behaviour.processing = timedelta(hours=1)
    with pytest.raises(UploadUnfinished, match="60 s"):
        publisher.upload(package, V)


def test_an_upload_whose_answer_is_lost_is_sent_again(store, publisher, package):
    store.break_next("upload", "lost_answer", times=2)
    assert publish(publisher, package).ending is Ending.PUBLISHED
    assert len(store.calls("upload")) == 3
    assert [str(revision.version) for revision in store.state.history(store.item)] == ["1.2.0", "1.3.0"]


def test_an_upload_is_not_sent_for_ever(store, publisher, package):
    store.break_next("upload", "cut", times=99)
    with pytest.raises(AnswerLost):
        publisher.upload(package, V)
    assert len(store.calls("upload")) == 3


def test_a_submission_whose_answer_is_lost_is_settled_by_reading_back(store, publisher, package):
    publisher.upload(package, V)
    store.break_next("publish", "lost_answer")
    assert publisher.submit(V, Terms(), wait=True).ending is Ending.PUBLISHED
    assert len(store.calls("publish")) == 1


def test_a_submission_that_did_not_happen_is_not_taken_for_one(store, publisher, package):
    publisher.upload(package, V)
    store.break_next("publish", "status", status=503)
    with pytest.raises(StoreUnavailable):
        publisher.submit(V, Terms(), wait=True)


def test_warnings_are_shown_or_block(store, publisher, package):
    store.change_item(store.item, warnings=[{"reason": "BROAD", "description": "matches many sites"}])
    publisher.upload(package, V)
    with pytest.raises(WarningsFound) as caught:
        publisher.submit(V, Terms(block_on_warnings=True), wait=True)
    assert caught.value.warnings[0].reason == "BROAD"
    assert publisher.submit(V, Terms(), wait=True).warnings == caught.value.warnings
