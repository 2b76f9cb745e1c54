"""The local store's rules, with the time in the test's hands."""

from datetime import timedelta

import pytest

from factories import a_package
from webstore.models import Item, ItemState
from webstore.simulator.listing import Behaviour
from webstore.simulator.refused import Refused
from webstore.simulator.state import LocalStore
from webstore.versions import Version


@pytest.fixture
def listed(clock):
    state = LocalStore(clock, Behaviour(review=timedelta(hours=2), propagation=timedelta(minutes=1)))
    return state, state.add_item("publisher", a_package("1.2.0"))


def published(state, item):
    return str(state.status(item).published.version)


def test_a_submission_waits_for_its_review(listed, clock):
    state, item = listed
    state.upload(item, a_package("1.3.0").to_zip())
    assert state.publish(item).state is ItemState.PENDING_REVIEW
    clock.forward(hours=1)
    assert published(state, item) == "1.2.0"
    clock.forward(hours=1)
    assert published(state, item) == "1.3.0"


def test_users_get_a_release_when_it_has_spread(listed, clock):
    state, item = listed
    state.upload(item, a_package("1.3.0").to_zip())
    state.publish(item)
    clock.forward(hours=2)
    assert str(state.offered(item.id).version) == "1.2.0"
    clock.forward(minutes=1)
    assert str(state.offered(item.id).version) == "1.3.0"


def test_a_staged_submission_waits_for_its_publisher(listed, clock):
    state, item = listed
    state.upload(item, a_package("1.3.0").to_zip())
    state.publish(item, staged=True)
    clock.forward(hours=2)
    assert state.status(item).submitted.state is ItemState.STAGED
    assert published(state, item) == "1.2.0"
    assert state.publish(item).state is ItemState.PUBLISHED
    assert published(state, item) == "1.3.0"


def test_what_waits_for_review_blocks_another_until_it_is_cancelled(listed):
    state, item = listed
    state.upload(item, a_package("1.3.0").to_zip())
    state.publish(item)
    with pytest.raises(Refused, match="pending review"):
        state.upload(item, a_package("1.3.1").to_zip())
    state.cancel(item)
    assert state.status(item).submitted.state is ItemState.CANCELLED
    state.upload(item, a_package("1.3.1").to_zip())


@pytest.mark.parametrize(
    ("target", "number", "reason", "status"),
    [
        pytest.param("1.1.0", "1.4.0", "x", "FAILED_PRECONDITION", id="never published"),
        pytest.param("1.3.0", "1.4.0", "x", "FAILED_PRECONDITION", id="the published one itself"),
        pytest.param("1.2.0", "1.3.0", "x", "INVALID_ARGUMENT", id="a number that is not higher"),
        pytest.param("1.2.0", "1.3.0.x", "x", "INVALID_ARGUMENT", id="no number"),
        pytest.param("1.2.0", "1.3.0.1", " ", "INVALID_ARGUMENT", id="no reason"),
    ],
)
def test_rollbacks_that_are_refused(listed, clock, target, number, reason, status):
    state, item = listed
    state.upload(item, a_package("1.3.0").to_zip())
    state.publish(item)
    clock.forward(hours=2)
    with pytest.raises(Refused) as caught:
        state.rollback(item, target=target, new_version=number, reason=reason)
    assert caught.value.status == status
    assert published(state, item) == "1.3.0"


def test_a_rollback_needs_no_review_and_a_dry_run_changes_nothing(listed, clock):
    state, item = listed
    state.upload(item, a_package("1.3.0").to_zip())
    state.publish(item)
    clock.forward(hours=2)
    state.rollback(item, target="1.2.0", new_version="1.3.0.1", reason="x", validate_only=True)
    assert published(state, item) == "1.3.0"
    state.rollback(item, target="1.2.0", new_version="1.3.0.1", reason="x")
    assert published(state, item) == "1.3.0.1"
    assert state.history(item)[-1].package.code_digest == a_package("1.2.0").code_digest


def test_a_rollback_discards_what_waits_for_review_and_reaches_everybody(listed, clock):
    state, item = listed
    state.upload(item, a_package("1.3.0").to_zip())
    state.publish(item, deploy_percentage=5)
    clock.forward(hours=2)
    state.upload(item, a_package("1.4.0").to_zip())
    state.publish(item)
    state.rollback(item, target="1.2.0", new_version="1.3.0.1", reason="x")
    clock.forward(hours=2)
    status = state.status(item)
    assert status.submitted is None
    assert (published(state, item), status.published.channels[0].deploy_percentage) == ("1.3.0.1", 100)


def test_a_version_must_rise_and_a_percentage_too(listed):
    state, item = listed
    with pytest.raises(Refused, match="higher"):
        state.upload(item, a_package("1.2.0").to_zip())
    with pytest.raises(Refused, match="above 100"):
        state.set_deploy_percentage(item, 50)
    with pytest.raises(Refused, match="no uploaded package"):
        state.publish(item)
    with pytest.raises(Refused, match="no submission"):
        state.cancel(item)


def test_another_publisher_does_not_see_the_item(listed):
    state, item = listed
    with pytest.raises(Refused) as caught:
        state.status(Item("someone", item.id))
    assert caught.value.code == 404
    assert state.offered("p" * 32) is None
    assert state.crx(item.id, Version.parse("9")) is None
