"""The decision, its safeguards and strategies, severity, and what a plan may be."""

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from guard.decision.policy import AskHuman, Repair, Wait, decide
from guard.decision.safeguards import Case
from guard.decision.strategies import HOTFIX, INFRASTRUCTURE_SCALE, ROLLBACK, SERVICE_RESTART, choose_strategy
from guard.errors import RollbackRefused
from guard.incidents.incident import TRANSITIONS, Incident, IncidentState, TransitionRefused, fingerprint, incident_id
from guard.judge.assessment import Assessment
from guard.judge.diagnosis import Cause, Diagnosis, Observation
from guard.judge.verdict import Verdict
from guard.model import Provenance, Release, ReleaseState, Signal
from guard.rollback.plan import plan_rollback
from guard.severity import Facts, Severity, classify
from healthchecks.result import Drill, DrillVerdict
from webstore.models import Item
from webstore.versions import Version

NOW = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)
ITEM = Item("publisher", "a" * 32)
NEW, OLD = Version.parse("1.3.0"), Version.parse("1.2.0")


def a_release(version=NEW, **changes):
    return dataclasses.replace(Release(ITEM, version, NOW - timedelta(minutes=20)), **changes)


def a_baseline(**changes):
    return a_release(OLD, state=ReleaseState.GOOD, **changes)


def a_case(verdict=Verdict.BREACH, cause=Cause.DEPLOYMENT, **changes):
    diagnosis = Diagnosis(cause, "because") if verdict is Verdict.BREACH else None
    assessment = Assessment(Observation(NEW, {}), None, verdict, diagnosis)
    return dataclasses.replace(Case(assessment, a_release(), a_baseline(), timedelta(hours=1)), **changes)


LATE = a_release(published_at=NOW - timedelta(hours=2))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(a_case(), Repair, id="a bad deployment inside the window"),
        pytest.param(a_case(Verdict.HEALTHY), Wait, id="healthy"),
        pytest.param(a_case(Verdict.NO_DATA), Wait, id="silence is not evidence"),
        pytest.param(a_case(Verdict.INCONCLUSIVE), Wait, id="nor is too little of it"),
        pytest.param(a_case(release=LATE), AskHuman, id="past the window a person decides"),
        pytest.param(a_case(cause=Cause.EXTERNAL), AskHuman, id="the baseline fails too: going back cures nothing"),
        pytest.param(a_case(cause=Cause.UNKNOWN), AskHuman, id="nobody knows why"),
        pytest.param(a_case(baseline=None), AskHuman, id="nothing to go back to"),
        pytest.param(a_case(baseline=a_release(OLD, state=ReleaseState.ROLLED_BACK)), AskHuman, id="the target was rolled back itself"),
        pytest.param(a_case(baseline=a_release(OLD, state=ReleaseState.BAD)), AskHuman, id="the target is known bad"),
        pytest.param(a_case(drill=Drill(DrillVerdict.UNSAFE, "1.2.0", (), ("books are lost",))), AskHuman, id="going back would lose data"),
        pytest.param(a_case(drill=Drill(DrillVerdict.UNSAFE, "1.2.0", ("books are lost",))), Repair, id="the update loses data: stop it"),
        pytest.param(a_case(drill=Drill(DrillVerdict.UNKNOWN, "1.2.0", reason="nothing is stored")), Repair, id="nobody drilled"),
        pytest.param(a_case(rollback_was_begun=True), AskHuman, id="never the same release twice"),
        pytest.param(a_case(automatic_rollbacks_today=3), AskHuman, id="never more than so many a day"),
        pytest.param(a_case(release=a_release(provenance=Provenance.ROLLBACK)), AskHuman, id="never from a rollback"),
    ],
)
def test_decisions(case, expected):
    assert isinstance(decide(case, Severity.P0, NOW), expected)


def test_every_safeguard_that_forbids_is_named():
    case = a_case(cause=Cause.EXTERNAL, baseline=None, release=LATE, rollback_was_begun=True, automatic_rollbacks_today=9)
    decision = decide(case, Severity.P0, NOW)
    assert isinstance(decision, AskHuman)
    assert len(decision.reasons) == 6


@pytest.mark.parametrize(
    ("cause", "severity", "inside", "expected"),
    [
        (Cause.DEPLOYMENT, Severity.P0, True, ROLLBACK),
        (Cause.DEPLOYMENT, Severity.P2, False, ROLLBACK),
        (Cause.CONFIGURATION, Severity.P1, True, ROLLBACK),
        (Cause.MEMORY_LEAK, Severity.P0, True, SERVICE_RESTART),
        (Cause.CAPACITY, Severity.P1, True, INFRASTRUCTURE_SCALE),
        (Cause.CODE_BUG, Severity.P1, True, HOTFIX),
        (Cause.EXTERNAL, Severity.P0, True, HOTFIX),
    ],
)
def test_strategies(cause, severity, inside, expected):
    assert choose_strategy(Diagnosis(cause, "because"), severity, inside_window=inside).strategy is expected


def test_every_cause_has_a_plan():
    for cause, severity, inside in itertools.product(Cause, Severity, (True, False)):
        assert choose_strategy(Diagnosis(cause, "because"), severity, inside_window=inside).reason


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(Facts(error_rate_above=0.5), Severity.P0, id="half of the users"),
        pytest.param(Facts(availability=0.94), Severity.P0, id="availability below 95 %"),
        pytest.param(Facts(affected_users=1000), Severity.P0, id="a thousand users"),
        pytest.param(Facts(texts=["possible security problem"]), Severity.P0, id="security"),
        pytest.param(Facts(texts=["a data Leak"]), Severity.P0, id="leak, in any case"),
        pytest.param(Facts(error_rate_above=0.2), Severity.P1, id="one in five"),
        pytest.param(Facts(response_seconds=5), Severity.P1, id="five seconds"),
        pytest.param(Facts(texts=["extraction failed"]), Severity.P1, id="extraction"),
        pytest.param(Facts(affected_users=999), Severity.P1, id="just below a thousand"),
        pytest.param(Facts(error_rate_above=0.05), Severity.P2, id="one in twenty"),
        pytest.param(Facts(response_seconds=3), Severity.P2, id="three seconds"),
        pytest.param(Facts(affected_users=10), Severity.P2, id="ten users"),
        pytest.param(Facts(availability=1.0, affected_users=9, response_seconds=2.9, texts=["popup"]), Severity.P3, id="the rest"),
    ],
)
def test_severity(facts, expected):
    assert classify(facts).severity is expected


def test_every_rule_that_matched_is_shown():
    reasons = classify(Facts(error_rate_above=0.5, affected_users=150)).reasons
    assert len(reasons) == 5
    assert any("P1: 150 affected users" in reason for reason in reasons)


def test_severities_are_not_compared_as_text():
    assert max(Severity) is Severity.P0
    assert Severity.P0 > Severity.P1 > Severity.P2 > Severity.P3


@pytest.mark.parametrize(
    ("target", "force", "words"),
    [
        (a_release(Version.parse("1.4.0")), False, "not older"),
        (a_release(NEW), False, "not older"),
        (a_release(OLD, state=ReleaseState.ROLLED_BACK), False, "--force"),
        (a_release(OLD, state=ReleaseState.BAD), False, "--force"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(target, force, words):
    with pytest.raises(RollbackRefused, match=words):
        plan_rollback(a_release(), target, [], reason="x", automatic=False, force=force)


def test_a_person_may_force_a_bad_target_and_the_number_stays_free():
    bad = a_release(OLD, state=ReleaseState.BAD)
    plan = plan_rollback(a_release(), bad, [Version.parse("1.3.0.1")], reason="x", automatic=False, force=True)
    assert str(plan.new_version) == "1.3.0.2"


def test_two_plans_for_one_release_have_one_id():
    one = plan_rollback(a_release(), a_baseline(), [], reason="one", automatic=True)
    other = plan_rollback(a_release(), a_release(Version.parse("1.1.0")), [], reason="other", automatic=False)
    assert one.id == other.id


def test_an_incident_goes_only_where_it_makes_sense():
    incident = Incident(incident_id(2026, 42), "f", "t", Severity.P3, IncidentState.INVESTIGATING, ITEM, NEW, NOW)
    assert incident.id == "INC-2026-0042"
    for start, end in itertools.product(IncidentState, IncidentState):
        standing = dataclasses.replace(incident, state=start)
        if end in TRANSITIONS[start]:
            assert standing.moved(end, NOW).state is end
        else:
            with pytest.raises(TransitionRefused):
                standing.moved(end, NOW)


def test_the_fingerprint_does_not_depend_on_the_order_of_signals():
    assert fingerprint(ITEM, NEW, [Signal.HEALTH, Signal.ERROR_RATE]) == fingerprint(ITEM, NEW, [Signal.ERROR_RATE, Signal.HEALTH])
    assert fingerprint(ITEM, NEW, [Signal.HEALTH]) != fingerprint(ITEM, OLD, [Signal.HEALTH])
