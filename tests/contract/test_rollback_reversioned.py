"""The other way back: where the store refuses its own rollback, the kept package goes up under the new number, once, whatever happens."""

from datetime import timedelta

import pytest

from contract.rollback_world import Killed, Mortal, V, World
from contract.test_store_faults import FAULTS
from factories import a_package
from guard.model import Provenance
from guard.rollback.errors import AttemptsExhausted, NoOtherWay, ReviewPending, SubmissionEnded, Superseded
from guard.rollback.plan import Act, RollbackState, StepName, StepState
from webstore.errors import ReleaseGuardError
from webstore.models import ItemState
from webstore.store_errors import CredentialsRefused, RequestRefused
from webstore.transport import TimeLimits

RULES = '{"manifest_version": 3, "name": "Shelf", "version": "%s", "declarative_net_request": {"rule_resources": [{"path": "rules.json"}]}}'
TO_PERFORM = (StepName.VALIDATE_TARGET, StepName.PREPARE, StepName.PERFORM)


@pytest.fixture
def world(store, clock, tmp_path):
    made = World(store, clock, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def refusing(world):
    world.refuse_rollbacks()
    return world


def test_the_kept_package_is_published_for_everybody_and_the_evidence_names_the_way(refusing):
    evidence = dict(zip(StepName, refusing.run(), strict=True))
    assert refusing.published() == [("1.3.0.1", "upload", 100)]
    assert refusing.is_restored()
    assert refusing.submissions() == [True, False]
    told = evidence[StepName.PERFORM]
    assert told.startswith("re-versioned package: the store's own rollback was refused (the Chrome Web Store refused: The item cannot be")
    assert "submitted for review (the store did not let it skip that), for all users; the store shows it as published" in told
    assert "is the content of 1.2.0" in evidence[StepName.VERIFY]
    restored = refusing.releases.find(refusing.store.item, V("1.3.0.1"))
    assert (restored.provenance, restored.rollback_of) == (Provenance.ROLLBACK, V("1.3.0"))


def test_the_stores_own_way_is_named_where_it_was_taken(world):
    *_, evidence = world.run(*TO_PERFORM)
    assert evidence.startswith("store rollback: the store shows 1.3.0.1")
    assert world.store.calls("upload") == []


def test_what_the_store_adds_to_a_manifest_does_not_go_up_again(refusing):
    manifest = '{"manifest_version": 3, "name": "Shelf", "version": "1.2.0", "key": "AAAA", "update_url": "https://x.example"}'
    package = a_package().with_files({"manifest.json": manifest.encode()})
    assert package.code_digest == refusing.digest
    next(refusing.archive.folder.rglob("*.zip")).write_bytes(package.to_zip())
    refusing.run(*TO_PERFORM)
    assert set(refusing.store.state.history(refusing.store.item)[-1].package.manifest) == {"manifest_version", "name", "version"}


def test_a_change_that_qualifies_skips_the_review(world):
    def package(version, rules):
        return a_package().with_files({"manifest.json": (RULES % version).encode(), "rules.json": rules.encode()})

    for version, rules in (("1.3.1", "[]"), ("1.3.2", "[1]")):
        world.store.state.upload(world.store.item, package(version, rules).to_zip())
        world.store.state.publish(world.store.item)
    world.refuse_rollbacks()
    world.store.state.behaviour.review = timedelta(hours=1)
    digest = world.archive.add(package("1.3.1", "[]"), world.store.item, "test")
    world.plan = type(world.plan)(world.store.item, V("1.3.2"), V("1.3.1"), V("1.3.2.1"), "bad", automatic=False)
    world.journal.create(world.plan)
    *_, evidence = world.run(*TO_PERFORM)
    assert "submitted without a review" in evidence
    assert world.submissions() == [True]
    assert world.store.state.history(world.store.item)[-1].package.code_digest == digest


@pytest.mark.parametrize("fault", ["400", "404", "409", "501"])
def test_each_refusal_of_the_rollback_itself_leads_to_the_other_way(world, fault):
    world.run(StepName.PREPARE)
    world.store.break_next("rollback", **FAULTS[fault])
    world.run(StepName.PERFORM)
    assert world.published() == [("1.3.0.1", "upload", 100)]
    assert world.attempts() == 1


@pytest.mark.parametrize("fault", ["401", "403"])
def test_a_refusal_of_ourselves_is_not_cured_by_another_way(world, fault):
    world.store.break_next("rollback", times=9, **FAULTS[fault])
    with pytest.raises(CredentialsRefused):
        world.run(StepName.PERFORM)
    assert (world.attempts(), world.store.calls("upload")) == (1, [])


@pytest.mark.parametrize("fault", ["500", "cut before", "301"])
def test_lost_answers_are_no_refusal(world, fault):
    world.store.break_next("rollback", times=9, **FAULTS[fault])
    with pytest.raises(AttemptsExhausted):
        world.run(StepName.PERFORM)
    assert (len(world.store.calls("rollback")), world.store.calls("upload")) == (3, [])


def test_a_refusal_after_a_lost_answer_may_come_from_what_was_taken_and_is_waited_out(world):
    """The store says that a rollback is under way: ours."""
    world.store.state.behaviour.rollback = timedelta(minutes=1)
    world.store.break_next("rollback", "lost_answer")
    read, reads = world.store.api.status, 0

    def status(item):
        nonlocal reads
        reads += len(world.store.calls("rollback")) == 2
        if reads == 3:
            world.clock.forward(minutes=2)
        return read(item)

    world.store.api.status = status
    (evidence,) = world.run(StepName.PERFORM)
    assert evidence.startswith("store rollback")
    assert world.published() == [("1.3.0.1", "rollback", 100)]
    assert (len(world.store.calls("rollback")), world.store.calls("upload")) == (2, [])


def test_a_refusal_after_a_lost_answer_is_believed_once_what_was_taken_would_have_shown(world):
    world.refuse_rollbacks()
    world.store.break_next("rollback", "cut")
    world.run(StepName.PERFORM)
    assert world.is_restored()
    assert (len(world.store.calls("rollback")), world.attempts()) == (2, 2)


def test_a_call_that_may_still_be_under_way_is_not_forgotten_by_the_next_attempt(world):
    world.store.break_next("rollback", "cut", times=3)
    with pytest.raises(AttemptsExhausted):
        world.run(StepName.PERFORM)
    world.journal.finish(world.plan.id, RollbackState.FAILED, "x")
    world.journal.restart(world.plan)
    assert world.journal.act(world.plan.id, Act.STORE_ROLLBACK)
    assert world.attempts() == 0


def test_without_a_package_it_ends_with_the_reason_and_what_to_do(refusing):
    next(refusing.archive.folder.rglob("*.zip")).unlink()
    with pytest.raises(NoOtherWay, match=r"cannot be rolled back; the archive holds no package of 1\.2\.0") as failed:
        refusing.run(StepName.PERFORM)
    assert "archive add" in failed.value.advice
    assert refusing.store.calls("upload") == []


def test_a_review_is_awaited_and_the_evidence_says_so(refusing):
    refusing.store.state.behaviour.review = timedelta(hours=1)
    seen = []
    read = refusing.store.api.status

    def status(item):
        step = refusing.journal.get(refusing.plan.id).steps[2]
        if "waiting for it to be published" in step.evidence:
            seen.append(step.evidence)
            refusing.clock.forward(minutes=30)
        return read(item)

    refusing.store.api.status = status
    refusing.run(*TO_PERFORM)
    assert len(seen) > 1
    assert refusing.is_restored()


@pytest.mark.parametrize("end", ["rejected", "cancelled", "discarded", "staged"])
def test_a_submission_that_is_not_published_ends_it_with_its_reason(refusing, end):
    behaviour = refusing.store.state.behaviour
    behaviour.review, behaviour.approves = timedelta(hours=1), end != "rejected"
    read, seen = refusing.store.api.status, 0

    def status(item):
        nonlocal seen
        seen += len(refusing.submissions()) == 2
        if seen == 3:
            with refusing.store.state.listing(item) as listing:
                if end == "rejected":
                    listing.submission.submitted_at -= timedelta(hours=2)
                elif end == "discarded":
                    listing.submission = None
                else:
                    listing.submission.state = ItemState(end.upper())
        return read(item)

    refusing.store.api.status = status
    reasons = {"rejected": "rejected 1.3.0.1 in review", "staged": "approved and is held back"}
    with pytest.raises(SubmissionEnded, match=reasons.get(end, end)) as failed:
        refusing.run(*TO_PERFORM)
    assert failed.value.advice
    assert refusing.published() == []
    with pytest.raises(SubmissionEnded if end != "discarded" else ReleaseGuardError):
        refusing.run(StepName.PERFORM)
    assert len(refusing.submissions()) == 2 or end == "discarded"


def test_a_review_that_outlasts_our_patience_is_joined_by_the_next_attempt(refusing):
    refusing.store.state.behaviour.review = timedelta(hours=1)
    with pytest.raises(ReviewPending, match="still in review") as failed:
        refusing.run(*TO_PERFORM)
    assert "review_timeout_seconds" in failed.value.advice
    refusing.journal.finish(refusing.plan.id, RollbackState.FAILED, "x")
    refusing.journal.restart(refusing.plan)
    _, prepared = refusing.run(StepName.VALIDATE_TARGET, StepName.PREPARE)
    assert "is submitted already by an earlier attempt" in prepared
    refusing.clock.forward(hours=2)
    (evidence,) = refusing.run(StepName.PERFORM)
    assert evidence.startswith("re-versioned package")
    assert refusing.is_restored()
    assert refusing.submissions() == [True, False]
    assert refusing.attempts() == 1


def test_after_a_rejection_a_person_may_try_again_with_a_submission_of_its_own(refusing):
    refusing.store.state.behaviour.approves = False
    with pytest.raises(SubmissionEnded):
        refusing.run(*TO_PERFORM)
    refusing.store.state.behaviour.approves = True
    refusing.journal.finish(refusing.plan.id, RollbackState.FAILED, "x")
    refusing.journal.restart(refusing.plan)
    refusing.run(*TO_PERFORM)
    assert refusing.is_restored()
    assert refusing.submissions() == [True, False] * 2


def test_what_somebody_submits_meanwhile_is_not_replaced(refusing):
    refusing.run(StepName.PREPARE)
    refusing.submit("1.4.0")
    with pytest.raises(Superseded, match=r"1\.4\.0 was submitted by somebody meanwhile"):
        refusing.run(StepName.PERFORM)
    assert refusing.store.calls("upload") == []


@pytest.mark.parametrize("usable", [True, False])
def test_an_upload_that_is_processed_later_is_waited_for(refusing, usable):
    behaviour = refusing.store.state.behaviour
    behaviour.processing = timedelta(minutes=1)
    read = refusing.store.api.status

    def status(item):
        refusing.clock.forward(seconds=20)
        with refusing.store.state.listing(item) as listing:
            if listing.upload and not usable:
                listing.upload.package = None
        return read(item)

    refusing.store.api.status = status
    if usable:
        refusing.run(*TO_PERFORM)
        assert refusing.is_restored()
        assert len(refusing.store.calls("upload")) == 1
    else:
        with pytest.raises(RequestRefused, match=r"did not make a draft of 1\.3\.0\.1: upload failed"):
            refusing.run(*TO_PERFORM)
        assert refusing.submissions() == []


def test_an_upload_that_is_never_processed_ends_in_time(refusing):
    refusing.store.state.behaviour.processing = timedelta(minutes=1)
    with pytest.raises(RequestRefused, match="upload in progress"):
        refusing.run(*TO_PERFORM)


REFUSED = {"400", "401", "403", "404", "409", "501"}
"""What each call may be refused with for good."""


def impatient(world):
    limits = TimeLimits(read=0.8, upload=0.8, attempts=3, total=20.0)
    world.steps = world.process(world.store.client(limits=limits, sleep=world.store.pauses.append))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["upload", "publish", "publish for review", "fetchStatus"])
def test_every_fault_at_every_call(refusing, method, fault):
    impatient(refusing)
    refusing.run(StepName.PREPARE)
    name, skip = {"publish for review": ("publish", 1), "fetchStatus": ("fetchStatus", 3)}.get(method, (method, 0))
    refusing.store.break_next(name, skip=skip, **FAULTS[fault])
    try:
        refusing.run(StepName.PERFORM)
    except ReleaseGuardError as error:
        assert error.advice  # noqa: PT017 - whether it is raised depends on the fault
        assert fault in REFUSED | ({"301", "garbage", "429 for hours"} if method == "fetchStatus" else set())
        assert len(refusing.published()) <= int(method == "fetchStatus")  # what cannot be read may have been published, once
    else:
        assert refusing.is_restored()
        # What the store answers to the wish to skip the review is no end: without it the same is asked once more.
        assert fault not in REFUSED or method == "publish"
    assert len(refusing.store.calls("upload")) <= 2
    assert len(refusing.store.calls("publish")) <= 4
    assert len(refusing.store.calls("rollback")) == 2
    assert sum(refusing.store.pauses) <= 20.0 * 2


@pytest.mark.parametrize("kind", ["status", "cut", "lost_answer", "garbage"])
@pytest.mark.parametrize("method", ["upload", "publish"])
def test_a_fault_that_stays_ends_in_time(refusing, method, kind):
    impatient(refusing)
    refusing.run(StepName.PREPARE)
    refusing.store.break_next(method, kind, times=99)
    has_happened = method == "publish" and kind in {"lost_answer", "garbage"}
    if has_happened:
        refusing.run(StepName.PERFORM)
    else:
        with pytest.raises(AttemptsExhausted):
            refusing.run(StepName.PERFORM)
    assert refusing.published() == ([("1.3.0.1", "upload", 100)] if has_happened else [])
    assert len(refusing.store.calls(method)) <= 4


@pytest.mark.parametrize("before", [True, False], ids=["before the call", "after it was carried out"])
@pytest.mark.parametrize("call", range(1, 16))
def test_a_process_that_dies_at_any_call_is_followed_by_one_that_finishes_it_once(refusing, call, before):
    """Whatever step it died in is begun again, as the workflow does it."""
    deaths = 0
    with Mortal(refusing.store.api, call, before=before):
        for name in StepName:
            try:
                refusing.steps.run(refusing.plan, name)
            except Killed:
                deaths += 1
                refusing.steps = refusing.process(refusing.store.api)
                refusing.steps.run(refusing.plan, name)
    assert deaths == (call <= 11)
    assert refusing.published() == [("1.3.0.1", "upload", 100)]
    assert refusing.is_restored()
    accepted = [one for one in refusing.store.calls("publish") if one["status"] == 200]
    assert len(accepted) == 1
    assert len(refusing.store.calls("publish")) <= 4
    assert len(refusing.store.calls("rollback")) <= 4


def test_a_whole_rollback_of_this_kind_runs_as_a_workflow(refusing):
    from guard.rollback.executor import launched
    from guard.store.executors import Executors

    executors = Executors(refusing.engine, refusing.clock)
    with launched(refusing.engine, refusing.journal, executors, refusing.steps.run) as executor:
        record = executor.execute(refusing.plan)
    assert record.state is RollbackState.COMPLETED
    assert {step.state for step in record.steps} == {StepState.DONE}
    assert record.attempts == 1
