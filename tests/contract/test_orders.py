"""People's orders in the database: every process reads them, and they are the same on SQLite and PostgreSQL."""

import dataclasses
import threading

import pytest

from guard.decision.orders import Proposal, ProposalState
from guard.incidents.incident import Incident, IncidentState, TimelineEntry
from guard.model import Release, ReleaseState
from guard.rollback.errors import Stopped
from guard.rollback.plan import Act, RollbackPlan, RollbackState, StepName
from guard.severity import Severity
from guard.store.incidents import IncidentRecords
from guard.store.journal import Journal
from guard.store.orders import Orders
from guard.store.releases import Releases
from webstore.models import Item
from webstore.versions import Version

ITEM, OTHER = Item("publisher", "a" * 32), Item("publisher", "b" * 32)
V = Version.parse


@pytest.fixture
def orders(database, clock):
    return Orders(database, clock)


@pytest.fixture
def proposal(database, clock):
    draft = Incident("", "f" * 32, "title", Severity.P1, IncidentState.INVESTIGATING, ITEM, V("1.3.0"), clock())
    incident, _ = IncidentRecords(database, clock).open(draft, TimelineEntry(clock(), "guard", "opened"))
    return Proposal(ITEM, V("1.3.0"), incident.id, "ROLLBACK", V("1.2.0"), V("1.3.0.1"), "bad")


def test_a_pause_of_all_holds_for_every_item_until_it_is_ended(orders):
    assert orders.pause_of(ITEM) is None
    pause, is_new = orders.pause(None, "alice", "store maintenance")
    assert is_new
    assert orders.pause_of(ITEM) == orders.pause_of(OTHER) == pause
    assert "paused by alice" in pause.words
    assert orders.pause(None, "bob", "again") == (pause, False)
    assert orders.resume(None, "bob") == [pause]
    assert (orders.pause_of(ITEM), orders.pauses(), orders.resume(None, "bob")) == (None, [], [])


def test_a_pause_of_one_item_holds_for_it_alone_and_ends_alone(orders):
    mine, _ = orders.pause(ITEM, "alice", "mine")
    everybody, _ = orders.pause(None, "bob", "all")
    assert orders.pauses() == [mine, everybody]
    assert orders.pause_of(OTHER) == everybody
    assert orders.resume(ITEM, "alice") == [mine]
    assert orders.pause_of(ITEM) == everybody
    orders.pause(ITEM, "alice", "mine again")
    assert len(orders.resume(None, "carol")) == 2


def test_a_blocked_version_is_no_baseline_until_it_is_unblocked_and_keeps_its_state(orders, database, clock):
    releases = Releases(database)
    for version in ("1.1.0", "1.2.0"):
        releases.record(Release(ITEM, V(version), clock(), state=ReleaseState.GOOD))
    orders.block(ITEM, V("1.2.0"), "alice", "leaks")
    found = releases.find(ITEM, V("1.2.0"))
    assert (found.state, "blocked by alice" in found.forbidden, "leaks" in found.forbidden) == (ReleaseState.GOOD, True, True)
    assert releases.baseline_of(ITEM, V("1.3.0")).version == V("1.1.0")
    assert orders.unblock(ITEM, V("1.2.0"))
    assert not orders.unblock(ITEM, V("1.2.0"))
    assert releases.find(ITEM, V("1.2.0")).forbidden == ""
    assert releases.baseline_of(ITEM, V("1.3.0")).version == V("1.2.0")


def test_a_version_that_was_never_seen_can_be_blocked_and_the_newest_order_counts(orders):
    orders.block(ITEM, V("1.0.0"), "alice", "old")
    orders.block(ITEM, V("1.0.0"), "bob", "older")
    assert [(block.version, block.by) for block in orders.blocks(ITEM).values()] == [(V("1.0.0"), "bob")]
    assert orders.blocks(OTHER) == {}


def test_a_plan_is_proposed_once_and_again_only_when_it_changed(orders, proposal):
    assert orders.proposal_for(ITEM, V("1.3.0")) is None
    assert orders.propose(proposal)
    assert not orders.propose(proposal)
    assert orders.proposal_for(ITEM, V("1.3.0")) == proposal
    other = dataclasses.replace(proposal, strategy="HOTFIX", target=None, new_version=None)
    assert orders.propose(other)
    assert orders.proposal_for(ITEM, V("1.3.0")) == other


def test_what_a_person_has_said_to_a_release_no_new_plan_undoes(orders, proposal):
    orders.propose(proposal)
    orders.decide(proposal, ProposalState.CALLED_OFF, "alice", "a fix is out")
    assert not orders.propose(dataclasses.replace(proposal, target=V("1.1.0")))
    found = orders.proposal_for(ITEM, V("1.3.0"))
    assert (found.target, found.called_off) == (V("1.2.0"), "the rollback of 1.3.0 was called off by alice: a fix is out")


def test_a_release_without_a_proposal_can_be_called_off_as_well(orders, proposal):
    orders.decide(dataclasses.replace(proposal, strategy="HOTFIX", target=None), ProposalState.CALLED_OFF, "alice", "no")
    assert orders.proposal_for(ITEM, V("1.3.0")).state is ProposalState.CALLED_OFF


def a_rollback(database, clock, version):
    """A rollback that is about to ask the store, and its proposal."""
    journal, plan = Journal(database, clock), RollbackPlan(ITEM, V(version), V("1.2.0"), V(f"{version}.1"), "bad", automatic=False)
    journal.create(plan)
    draft = Incident("", version.rjust(32, "f"), "title", Severity.P1, IncidentState.INVESTIGATING, ITEM, V(version), clock())
    incident, _ = IncidentRecords(database, clock).open(draft, TimelineEntry(clock(), "guard", "opened"))
    return journal, plan, Proposal(ITEM, V(version), incident.id, "ROLLBACK", V("1.2.0"), V(f"{version}.1"), "bad")


def test_after_a_no_the_store_is_not_asked_and_after_it_was_asked_a_no_is_too_late(database, clock):
    orders = Orders(database, clock)
    journal, plan, proposal = a_rollback(database, clock, "1.3.0")
    assert orders.call_off(proposal, plan.id, "bob", "wait")
    with pytest.raises(Stopped, match=r"stopped by a person's order: the rollback of 1\.3\.0 was called off by bob: wait"):
        journal.count_attempt(plan.id, StepName.PERFORM)
    assert (journal.was_asked(plan.id), journal.get(plan.id).attempts) == (False, 0)
    assert not orders.approve(proposal, "alice")
    orders.decide(proposal, ProposalState.APPROVED, "alice")  # a new order of its own overrules
    assert journal.count_attempt(plan.id, StepName.PERFORM) == 1
    assert not orders.call_off(proposal, plan.id, "bob", "wait")
    assert orders.proposal_for(ITEM, V("1.3.0")).state is ProposalState.APPROVED
    journal.finish(plan.id, RollbackState.FAILED, "not taken")
    assert orders.call_off(proposal, plan.id, "bob", "wait")  # nothing asks for it any more


@pytest.mark.parametrize("act", [Act.STORE_ROLLBACK, Act.UPLOAD, Act.SKIP_REVIEW, Act.SUBMIT])
def test_what_may_have_reached_users_is_too_late_to_call_off(database, clock, act):
    journal, plan, proposal = a_rollback(database, clock, "1.3.0")
    journal.begin_act(plan.id, Act.CANCEL)
    assert not journal.was_asked(plan.id)
    journal.begin_act(plan.id, act)
    assert journal.was_asked(plan.id)
    assert not Orders(database, clock).call_off(proposal, plan.id, "bob", "wait")


def test_a_no_and_the_call_to_the_store_at_once_never_both_count(database, clock):
    orders = Orders(database, clock)
    for number in range(25):
        journal, plan, proposal = a_rollback(database, clock, f"1.{number + 3}.0")
        start, heard, asked = threading.Barrier(2), [], []

        def ask(plan=plan, start=start, asked=asked, journal=journal):
            start.wait()
            try:
                asked.append(journal.count_attempt(plan.id, StepName.PERFORM))
            except Stopped:
                asked.append(0)

        def call_off(plan=plan, start=start, heard=heard, proposal=proposal):
            start.wait()
            heard.append(orders.call_off(proposal, plan.id, "bob", "wait"))

        threads = [threading.Thread(target=ask), threading.Thread(target=call_off)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (asked, heard) in [([1], [False]), ([0], [True])]
