"""What is done before a rollback: what waits for review is taken back first, whatever the store does meanwhile."""

import pytest

from contract.rollback_world import Killed, Mortal, V, World
from contract.test_store_faults import FAULTS
from guard.rollback.errors import AttemptsExhausted, NoOtherWay, Superseded, TakenDown
from guard.rollback.plan import Act, ActState, StepName
from webstore.errors import ReleaseGuardError
from webstore.models import ItemState
from webstore.store_errors import CredentialsRefused
from webstore.transport import TimeLimits

CALLS = 3 * 3
"""Three attempts, each sent at most three times where the store turned it away unread."""


@pytest.fixture
def world(store, clock, tmp_path):
    made = World(store, clock, tmp_path)
    yield made
    made.engine.dispose()


def submitted(world):
    return world.store.state.status(world.store.item).submitted


@pytest.mark.parametrize(("staged", "place"), [(False, "in review"), (True, "approved and staged")])
def test_what_waits_is_cancelled_before_the_store_is_asked_for_a_dry_run(world, staged, place):
    world.submit("1.4.0", staged=staged)
    (evidence,) = world.run(StepName.PREPARE)
    assert submitted(world).state is ItemState.CANCELLED
    assert f"the submission of 1.4.0 ({place}) was cancelled first; submit it again" in evidence
    assert "would accept 1.2.0 under 1.3.0.1" in evidence
    order = [call["method"] for call in world.store._local("GET", "calls") if call["method"] != "fetchStatus"]
    assert order == ["cancelSubmission", "rollback"]


def test_where_nothing_waits_nothing_is_cancelled(world):
    (evidence,) = world.run(StepName.PREPARE)
    assert "cancel" not in evidence
    assert world.store.calls("cancelSubmission") == []


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("call", range(1, 6))
def test_a_process_that_dies_while_it_prepares_is_followed_by_one_that_knows_what_was_cancelled(world, call, before):
    world.submit("1.4.0")
    with Mortal(world.store.api, call, before=before):
        try:
            world.run(StepName.PREPARE)
        except Killed:
            died = True
        else:
            died = False
    assert died == (call < 5)
    (evidence,) = world.run(StepName.PREPARE)
    assert "the submission of 1.4.0 (in review) was cancelled first" in evidence
    assert submitted(world).state is ItemState.CANCELLED


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_at_the_cancelling(world, fault):
    world.submit("1.4.0")
    client = world.store.client(limits=TimeLimits(read=0.8, upload=0.8, attempts=3, total=20.0), sleep=world.store.pauses.append)
    world.steps = world.process(client)
    world.store.break_next("cancelSubmission", **FAULTS[fault])
    refusals = {"400", "401", "403", "404", "409", "501"}
    if fault in refusals:
        with pytest.raises(ReleaseGuardError) as failed:
            world.run(StepName.PREPARE)
        assert failed.value.advice
        assert submitted(world).state is ItemState.PENDING_REVIEW
        assert len(world.store.calls("cancelSubmission")) == 1
    else:
        world.run(StepName.PREPARE)
        assert submitted(world).state is ItemState.CANCELLED
    assert len(world.store.calls("cancelSubmission")) <= CALLS
    assert world.published() == []


def test_a_submission_that_cannot_be_cancelled_ends_it_after_three_attempts(world):
    world.submit("1.4.0")
    world.store.break_next("cancelSubmission", "status", status=503, times=99)
    with pytest.raises(AttemptsExhausted, match=r"1\.4\.0 could not be cancelled in 3 attempts") as failed:
        world.run(StepName.PREPARE)
    assert "developer dashboard" in failed.value.advice
    assert len(world.store.calls("cancelSubmission")) == 3


def test_a_submission_that_ends_by_itself_meanwhile_is_no_failure(world):
    world.submit("1.4.0")
    cancel = world.store.api.cancel_submission

    def too_late(item):
        world.store.state.cancel(item)
        cancel(item)

    world.store.api.cancel_submission = too_late
    world.run(StepName.PREPARE)
    assert submitted(world).state is ItemState.CANCELLED


def test_a_submission_that_is_published_meanwhile_ends_it(world):
    world.submit("1.4.0")
    cancel = world.store.api.cancel_submission

    def too_late(item):
        world.clock.forward(hours=2)
        cancel(item)

    world.store.api.cancel_submission = too_late
    with pytest.raises(Superseded, match=r"1\.4\.0 is published"):
        world.run(StepName.PREPARE)
    assert world.store.calls("rollback") == []


def test_an_item_that_is_taken_down_is_said(world):
    world.store.change_item(world.store.item, taken_down=True)
    with pytest.raises(TakenDown):
        world.run(StepName.PREPARE)


def test_a_dry_run_that_is_refused_is_answered_by_the_kept_package_or_ends_it(world):
    world.refuse_rollbacks()
    (evidence,) = world.run(StepName.PREPARE)
    assert "would refuse its own rollback (the Chrome Web Store refused: The item cannot be rolled back)" in evidence
    assert f"the kept package of 1.2.0 (digest {world.digest[:12]} verified) can be submitted as 1.3.0.1" in evidence
    world.releases.set_digest(world.store.item, V("1.2.0"), "0" * 64)
    with pytest.raises(NoOtherWay, match=r"cannot be rolled back; the archive holds other code as 1\.2\.0 than was published"):
        world.run(StepName.PREPARE)
    world.store.break_next("rollback", "status", status=403)
    with pytest.raises(CredentialsRefused):
        world.run(StepName.PREPARE)


def test_a_submission_of_an_earlier_attempt_at_the_same_is_left_where_it_is(world):
    world.submit("1.3.0.1")
    world.journal.begin_act(world.plan.id, Act.SKIP_REVIEW)
    world.journal.end_act(world.plan.id, Act.SKIP_REVIEW, ActState.DONE)
    (evidence,) = world.run(StepName.PREPARE)
    assert "1.3.0.1 is submitted already" in evidence
    assert world.store.calls("cancelSubmission") == []


def test_the_target_is_validated_with_what_the_archive_holds(world):
    (evidence,) = world.run(StepName.VALIDATE_TARGET)
    assert f"its package is kept (digest {world.digest[:12]} verified)" in evidence
    path = next(world.archive.folder.rglob("*.zip"))
    path.write_bytes(b"no zip")
    (evidence,) = world.run(StepName.VALIDATE_TARGET)
    assert "the archive's package of 1.2.0 is damaged" in evidence
    path.unlink()
    (evidence,) = world.run(StepName.VALIDATE_TARGET)
    assert "the archive holds no package of 1.2.0" in evidence
    assert "only the store's own rollback can be asked for" in evidence


def test_a_rollout_in_parts_is_never_raised_and_what_happens_to_it_is_said(store, clock, tmp_path):
    world = World(store, clock, tmp_path, percentage=5)
    evidence = dict(zip(StepName, world.run(), strict=True))
    said = "1.3.0 is rolled out to 5 % of users, and a rollback publishes to everybody"
    assert said in evidence[StepName.PREPARE]
    assert said in world.plan.headline
    assert world.plan.id == "rollback-publisher-" + world.store.item.id + "-1.3.0"
    assert world.journal.get(world.plan.id).plan == world.plan
    assert store.calls("setPublishedDeployPercentage") == []
    assert [(one.version, one.deploy_percentage) for one in store.state.history(store.item)] == [
        (V("1.2.0"), 100),
        (V("1.3.0"), 5),
        (V("1.3.0.1"), 100),
    ]
    world.engine.dispose()
