"""What the dashboard asks of the store of record beside what others ask: parts of lists, an incident's dossier, what is newest of many items."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert

from guard.decision.orders import ProposalState
from guard.model import Provenance, Release, ReleaseState
from guard.ordering import block, unblock
from guard.store.dossiers import Dossiers
from guard.store.glance import Glance
from guard.store.listing import Listing, NoSuchPlace, Wanted
from guard.store.schema import releases
from guard.store.schema_response import tickets
from webstore.versions import Version

V = Version.parse


def test_a_list_goes_on_behind_a_row_and_says_so_when_that_is_gone(filled):
    database = filled.engine.database
    listing = Listing(database)
    first = listing.releases(Wanted(), 3, None)
    with database.begin() as connection:  # meanwhile a newer one comes, which shifts no part
        newer = {"publisher": filled.item.publisher, "item_id": filled.item.id, "version": "9.9.9", "published_at": filled.clock.at}
        connection.execute(insert(releases).values(**newer, deploy_percentage=1, provenance="upload", state="watched"))
    second = listing.releases(Wanted(), 3, first.after)
    assert second.total == first.total + 1
    assert not {one.version for one in first.rows if one.item == filled.item} & {
        one.version for one in second.rows if one.item == filled.item
    }
    with database.begin() as connection:
        connection.execute(delete(releases).where(releases.c.id == int(second.after)))
    with pytest.raises(NoSuchPlace):
        listing.releases(Wanted(), 3, second.after)
    for nonsense in ("x", "-1", "9" * 30, "", "1.0", "²"):
        with pytest.raises(NoSuchPlace):
            listing.releases(Wanted(), 3, nonsense)
    with pytest.raises(NoSuchPlace):
        listing.incidents(Wanted(), 3, "INC-1999-0001")


def test_rollbacks_of_a_release_are_those_away_from_it_and_those_that_made_it(filled):
    item = filled.config.extension[1].item
    listing = Listing(filled.engine.database)
    away, made = (listing.rollbacks_of(item, version) for version in ("2.0.0", "2.0.0.1"))
    assert away == made == filled.engine.journal.all(item)
    assert listing.rollbacks_of(item, "1.9.0") == []


def test_a_dossier_has_tickets_messages_with_their_last_words_and_the_proposal(filled):
    database, incident = filled.engine.database, filled.engine.incidents.get(filled.waiting)
    dossiers = Dossiers(database)
    assert dossiers.tickets(incident.id) == []
    with database.begin() as connection:
        row = {"subject_id": incident.id, "state": "open", "digest": "", "updated_at": filled.clock.at}
        connection.execute(insert(tickets).values(repository="o/wanted", **row))
        connection.execute(insert(tickets).values(repository="o/name", number=7, **row))
    assert dossiers.tickets(incident.id) == ["o/name#7"]
    told = {one.last_words: one.state for one in dossiers.messages(incident.id)}
    assert told == {"": "pending", "the channel answered": told["the channel answered"]}
    proposed = dossiers.proposed(incident)
    assert (proposed.proposal.state, str(proposed.proposal.target)) == (ProposalState.PROPOSED, "1.9.0")
    assert proposed.proposed_at == incident.opened_at
    assert dossiers.proposed(filled.engine.incidents.get(filled.incidents[0])) is None
    assert dossiers.messages("INC-1999-0001") == []


def test_a_baseline_at_a_glance_is_what_a_rollback_would_go_back_to_whatever_people_forbid(filled):
    engine, item = filled.engine, filled.item
    glance = Glance(engine.database, engine.now)

    def must_agree():
        newest = glance.newest()[item]
        expected = engine.releases.all(item)[0]
        baseline = engine.releases.baseline_of(item, expected.version)
        assert (newest.release, newest.baseline) == (expected, baseline)
        return newest.baseline and str(newest.baseline.version)

    assert must_agree() == "1.9.0"
    for version in ("1.9.0", "1.7.0"):
        block(engine, item, V(version), "ann", "x")
    assert must_agree() == "1.6.0"
    unblock(engine, item, V("1.9.0"), "ann")
    assert must_agree() == "1.9.0"
    engine.releases.mark(item, V("1.9.0"), ReleaseState.BAD)
    made = Release(item, V("1.9.0.1"), filled.clock.at - timedelta(days=1), provenance=Provenance.ROLLBACK, state=ReleaseState.GOOD)
    engine.releases.record(made)  # it carries an older version's code, which stands for it
    assert must_agree() == "1.6.0"
    for release in engine.releases.all(item):
        engine.releases.mark(item, release.version, ReleaseState.BAD)
    assert must_agree() is None


def test_what_was_never_asked_of_is_answered_with_nothing(filled):
    glance = Glance(filled.engine.database, filled.engine.now)
    nobody = (filled.item, V("99.0"))
    assert (glance.drills([]), glance.check_reports([nobody]), glance.incidents_of([nobody])) == ({}, {}, {})
    assert glance.automatic_since(filled.clock.at) == {}
