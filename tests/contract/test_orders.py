"""People's orders in the database: every process reads them, and they are the same on SQLite and PostgreSQL."""

import dataclasses

import pytest

from guard.decision.orders import Proposal, ProposalState
from guard.incidents.incident import Incident, IncidentState, TimelineEntry
from guard.model import Release, ReleaseState
from guard.severity import Severity
from guard.store.incidents import IncidentRecords
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
