"""The local store's rules, with the time in the test's hands."""

from datetime import timedelta

import pytest

from factories import a_package
from webstore.models import Item, ItemState, StoreWarning, UploadState
from webstore.package import Package
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


def test_a_rejected_submission_is_a_draft_again(listed, clock):
    state, item = listed
    state.behaviour.approves = False
    state.upload(item, a_package("1.3.0").to_zip())
    state.publish(item)
    clock.forward(hours=2)
    assert state.status(item).submitted.state is ItemState.REJECTED
    assert published(state, item) == "1.2.0"
    state.behaviour.approves = True
    assert state.publish(item).state is ItemState.PENDING_REVIEW
    clock.forward(hours=2)
    assert published(state, item) == "1.3.0"


def test_what_is_cancelled_can_be_submitted_again_without_another_upload(listed):
    state, item = listed
    state.upload(item, a_package("1.3.0").to_zip())
    state.publish(item, staged=True)
    state.cancel(item)
    assert state.publish(item).state is ItemState.PENDING_REVIEW


def test_uploads_that_are_processed_later(listed, clock):
    state, item = listed
    state.behaviour.processing = timedelta(minutes=5)
    assert state.upload(item, a_package("1.3.0").to_zip()) is None
    assert state.status(item).upload_state is UploadState.IN_PROGRESS
    with pytest.raises(Refused, match="no uploaded package"):
        state.publish(item)
    clock.forward(minutes=5)
    assert state.status(item).upload_state is UploadState.SUCCEEDED
    assert state.publish(item).state is ItemState.PENDING_REVIEW
    state.cancel(item)
    for wrong in (b"no zip", a_package("1.0.0").to_zip()):
        assert state.upload(item, wrong) is None
        clock.forward(minutes=5)
        assert state.status(item).upload_state is UploadState.FAILED
    clock.forward(hours=25)
    assert state.status(item).upload_state is None


def test_an_item_that_was_never_published(clock):
    state = LocalStore(clock)
    item = state.add_item("publisher", a_package("0.1"), published=False)
    assert state.status(item).published is None
    assert state.offered(item.id) is None
    with pytest.raises(Refused, match="not published"):
        state.rollback(item, target="0.0.1", new_version="1", reason="x")
    with pytest.raises(Refused, match="not published"):
        state.set_deploy_percentage(item, 100)
    assert state.publish(item).state is ItemState.PUBLISHED
    assert published(state, item) == "0.1"


def test_warnings_block_only_who_wants_to_be_blocked(listed):
    state, item = listed
    warning = StoreWarning("BROAD", "matches many sites")
    with state.listing(item) as listing:
        listing.warnings = (warning,)
    state.upload(item, a_package("1.3.0").to_zip())
    with pytest.raises(Refused) as caught:
        state.publish(item, block_on_warnings=True)
    assert caught.value.details[0]["warnings"] == [{"reason": "BROAD", "description": "matches many sites"}]
    assert state.publish(item).warnings == (warning,)


RULES = '{"manifest_version": 3, "name": "Shelf", "version": "%s", "declarative_net_request": {"rule_resources": [{"id": "r", "enabled": true, "path": "/rules.json"}]}}'


@pytest.mark.parametrize(
    ("changes", "skips"),
    [
        pytest.param({"rules.json": b"[1]"}, True, id="only rules"),
        pytest.param({"rules.json": b"[1]", "a.js": b"2"}, False, id="rules and code"),
        pytest.param({"a.js": b"2"}, False, id="code"),
        pytest.param({"b.js": b"new"}, False, id="a new file"),
        pytest.param({}, False, id="nothing"),
    ],
)
def test_only_a_change_of_rules_may_skip_the_review(clock, changes, skips):
    state = LocalStore(clock, Behaviour(review=timedelta(hours=2)))
    files = {"rules.json": b"[]", "a.js": b"1"}
    item = state.add_item("publisher", Package.of({"manifest.json": (RULES % "1.0").encode(), **files}))
    state.upload(item, Package.of({"manifest.json": (RULES % "1.1").encode(), **files, **changes}).to_zip())
    if skips:
        assert state.publish(item, skip_review=True).state is ItemState.PUBLISHED
    else:
        with pytest.raises(Refused, match="does not qualify"):
            state.publish(item, skip_review=True)


def test_only_items_with_over_ten_thousand_users_are_rolled_out_in_parts(listed, clock):
    state, item = listed
    state.upload(item, a_package("1.3.0").to_zip())
    with state.listing(item) as listing:
        listing.users_7d = 10_000
    with pytest.raises(Refused, match="over 10,000"):
        state.publish(item, deploy_percentage=50)
    with state.listing(item) as listing:
        listing.users_7d = 10_001
    state.publish(item, deploy_percentage=50)
    clock.forward(hours=2)
    assert published(state, item) == "1.3.0"
    with state.listing(item) as listing:
        listing.users_7d = 10_000
    with pytest.raises(Refused, match="over 10,000"):
        state.set_deploy_percentage(item, 60)


def two_rollouts(state, item, clock):
    for version, percentage in (("1.3.0", 50), ("1.4.0", 5)):
        state.upload(item, a_package(version).to_zip())
        state.publish(item, deploy_percentage=percentage)
        clock.forward(hours=3)


def test_who_gets_a_rollout_depends_on_the_place_among_all_users(listed, clock):
    state, item = listed
    two_rollouts(state, item, clock)
    got = {bucket: str(state.offered(item.id, bucket).version) for bucket in (0, 4, 5, 49, 50, 99)}
    assert got == {0: "1.4.0", 4: "1.4.0", 5: "1.3.0", 49: "1.3.0", 50: "1.2.0", 99: "1.2.0"}


def test_a_rollback_without_a_target_abandons_every_rollout(listed, clock):
    state, item = listed
    two_rollouts(state, item, clock)
    state.rollback(item, target="", new_version="1.4.1", reason="x")
    clock.forward(hours=1)
    made = state.history(item)[-1]
    assert (str(made.target), made.deploy_percentage) == ("1.2.0", 100)
    assert {str(state.offered(item.id, bucket).version) for bucket in (0, 99)} == {"1.4.1"}


def test_rollbacks_in_a_row_go_back_and_forth_between_two_versions(listed, clock):
    state, item = listed
    state.upload(item, a_package("1.3.0").to_zip())
    state.publish(item)
    clock.forward(hours=2)
    for number, target in (("1.4", "1.2.0"), ("1.5", "1.3.0"), ("1.6", "1.4")):
        state.rollback(item, target="", new_version=number, reason="x")
        assert str(state.history(item)[-1].target) == target


def test_a_rollback_is_live_when_its_time_has_come_and_no_second_one_starts_before(listed, clock):
    state, item = listed
    state.upload(item, a_package("1.3.0").to_zip())
    state.publish(item)
    clock.forward(hours=2)
    state.behaviour.rollback = timedelta(seconds=40)
    state.rollback(item, target="1.2.0", new_version="1.3.0.1", reason="x")
    assert published(state, item) == "1.3.0"
    with pytest.raises(Refused, match="under way"):
        state.rollback(item, target="1.2.0", new_version="1.3.0.2", reason="x")
    clock.forward(seconds=40)
    assert published(state, item) == "1.3.0.1"


def test_what_is_taken_down_is_offered_to_nobody_and_cannot_be_published(listed):
    state, item = listed
    state.upload(item, a_package("1.3.0").to_zip())
    with state.listing(item) as listing:
        listing.taken_down = True
    assert state.status(item).taken_down
    assert state.offered(item.id) is None
    with pytest.raises(Refused, match="taken down"):
        state.publish(item)
    with pytest.raises(Refused, match="taken down"):
        state.rollback(item, target="1.2.0", new_version="1.3", reason="x")
