"""The repair plan says all that a person must know before saying yes: time, risk, data, steps, limits, and why not the others."""

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from guard.decision.orders import Pause
from guard.decision.policy import AskHuman, Repair, decide
from guard.decision.repair import Surroundings, free_for_the_team, in_full
from guard.decision.safeguards import Case
from guard.decision.strategies import HOTFIX, INFRASTRUCTURE_SCALE, ROLLBACK, SERVICE_RESTART, STRATEGIES, choose_strategy
from guard.judge.assessment import Assessment
from guard.judge.diagnosis import Candidate, Cause, Diagnosis, Observation
from guard.judge.verdict import Verdict
from guard.model import Release, ReleaseState
from guard.rollback.plan import STEP_WORDS
from guard.severity import Severity
from healthchecks.result import Drill, DrillVerdict
from webstore.models import Item
from webstore.versions import Version

NOW = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)
ITEM = Item("publisher", "a" * 32)
V = Version.parse
NEW = Release(ITEM, V("1.3.0"), NOW - timedelta(minutes=20))
OLD = Release(ITEM, V("1.2.0"), NOW - timedelta(days=2), state=ReleaseState.GOOD)
PART = dataclasses.replace(NEW, deploy_percentage=5)


def a_plan(cause=Cause.DEPLOYMENT, release=NEW, target=OLD, drill=None, candidates=(), **around):
    chosen = choose_strategy(Diagnosis(cause, "because", candidates), Severity.P1, inside_window=True)
    return in_full(chosen, release, target, drill, Surroundings(**around))


def a_case(**changes):
    assessment = Assessment(Observation(NEW.version, {}), None, Verdict.BREACH, Diagnosis(Cause.DEPLOYMENT, "because"))
    return dataclasses.replace(Case(assessment, NEW, OLD, timedelta(hours=1)), **changes)


def test_every_plan_says_why_each_other_strategy_was_not_chosen():
    for cause, severity, inside in itertools.product(Cause, Severity, (True, False)):
        plan = choose_strategy(Diagnosis(cause, "because"), severity, inside_window=inside)
        assert {plan.strategy, *(other.strategy for other in plan.others)} == set(STRATEGIES)
        assert all(other.why for other in plan.others)


def test_every_plan_has_steps_limits_and_words_on_data():
    for cause, release in itertools.product(Cause, (NEW, PART)):
        plan = a_plan(cause, release)
        assert plan.steps
        assert plan.limits
        assert plan.data.words
        assert plan.reach
        assert plan.to_json()["seconds_to_restore"] == plan.strategy.time_to_restore.total_seconds()


def test_a_cause_that_texts_only_speak_of_is_named_and_proves_nothing():
    plan = a_plan(candidates=(Candidate(Cause.MEMORY_LEAK, "out of memory"),))
    (why,) = [other.why for other in plan.others if other.strategy is SERVICE_RESTART]
    assert "error texts speak of memory-leak, which proves nothing yet" in why


@pytest.mark.parametrize(
    ("drill", "verdict", "words"),
    [
        (Drill(DrillVerdict.SAFE, "1.2.0"), DrillVerdict.SAFE, "nothing is lost"),
        (Drill(DrillVerdict.UNSAFE, "1.2.0", (), ("books go",)), DrillVerdict.UNSAFE, "books go"),
        (Drill(DrillVerdict.UNKNOWN, "1.2.0", reason="nothing is stored"), DrillVerdict.UNKNOWN, "nothing is stored"),
        (None, DrillVerdict.UNKNOWN, "was not drilled"),
    ],
)
def test_whether_data_is_at_risk_comes_from_the_drill(drill, verdict, words):
    plan = a_plan(drill=drill)
    assert plan.data.verdict is verdict
    assert words in plan.data.words


def test_a_rollback_says_its_steps_its_number_and_what_it_does_not_do():
    plan = a_plan(known=(V("1.3.0"), V("1.3.0.1")))
    assert plan.strategy is ROLLBACK
    assert plan.steps[: len(STEP_WORDS)] == tuple(STEP_WORDS.values())
    assert "comes back as 1.3.0.2" in plan.steps[-1]
    assert "1.3.1 stays free" in plan.steps[-1]
    limits = " ".join(plan.limits)
    assert "data that users have lost" in limits
    assert "next updates" in limits
    assert "%" not in limits


@pytest.mark.parametrize(
    ("pending", "words"),
    [
        ("1.4.0 (in review)", "1.4.0 (in review) must be taken back before"),
        ("", "nothing waits for review"),
        (None, "see `release-guard store status --item shelf`"),
    ],
)
def test_a_hotfix_says_the_free_number_the_cancel_and_the_staged_publish(pending, words):
    plan = a_plan(Cause.CODE_BUG, known=(V("1.3.0"), V("1.3.1")), pending=pending, item_flag=" --item shelf")
    text = "\n".join(plan.steps)
    assert plan.strategy is HOTFIX
    assert words in text
    assert "number it 1.3.2, which is free (a rollback would take 1.3.0.1)" in text
    assert "release-guard publish PACKAGE --staged --percent 5 --item shelf" in text
    assert ("release-guard store cancel --item shelf" in text) is (pending != "")


@pytest.mark.parametrize(("cause", "strategy"), [(Cause.MEMORY_LEAK, SERVICE_RESTART), (Cause.CAPACITY, INFRASTRUCTURE_SCALE)])
def test_a_strategy_outside_the_store_names_the_teams_command_or_the_setting_for_one(cause, strategy):
    given = a_plan(cause, commands={strategy.name: ("deploy", "restart it")})
    assert given.strategy is strategy
    assert "`release-guard repair run INCIDENT --yes`, which runs `deploy 'restart it'`" in given.steps[0]
    assert f"{strategy.name.lower()}_command" in a_plan(cause).steps[0]
    assert any("by itself" in limit for limit in given.limits)


def test_a_breach_at_5_percent_says_who_is_reached_and_that_the_share_is_not_raised():
    plan, whole = a_plan(release=PART), a_plan()
    assert plan.reach == "reaches: 1.3.0 is rolled out to 5 % of users; the other 95 % still get 1.2.0"
    assert "all users" in whole.reach
    assert any("reach only the 5 %: the store publishes a rollback to all users" in limit for limit in plan.limits)
    for cause in (Cause.DEPLOYMENT, Cause.CODE_BUG, Cause.CAPACITY):
        assert any("raise the share of 1.3.0 above 5 %" in limit for limit in a_plan(cause, PART).limits), cause
        assert not any("raise the share" in limit for limit in a_plan(cause).limits), cause


@pytest.mark.parametrize(
    ("version", "taken", "free"),
    [
        ("1.3.0", (), "1.3.1"),
        ("1.3", (), "1.3.1"),
        ("1.3.0.7", ("1.3.1", "1.3.2"), "1.3.3"),
        ("1.3.65535", (), "1.4.0"),
        ("1.65535.65535.2", (), "2.0.0"),
        ("65535.65535.65535.3", (), "65535.65535.65535.4"),
    ],
)
def test_the_teams_own_number_is_the_next_one_that_nobody_took(version, taken, free):
    assert str(free_for_the_team(V(version), [V(one) for one in taken])) == free


def test_the_decision_carries_the_plan_in_full():
    decision = decide(a_case(release=PART, around=Surroundings(pending="")), Severity.P0, NOW)
    assert isinstance(decision, Repair)
    assert "5 %" in "\n".join(decision.plan.lines)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pause": Pause(None, "alice", "maintenance", NOW)}, "paused by alice since 2026-07-01 02:30:00 UTC: maintenance"),
        ({"called_off": "the rollback of 1.3.0 was called off by bob: a fix is out"}, "called off by bob"),
        ({"baseline": dataclasses.replace(OLD, blocked="blocked by carol: leaks")}, "1.2.0 is blocked by carol: leaks"),
        (
            {"automatic_rollbacks_today": 2, "max_automatic_rollbacks_a_day": 2},
            "2 automatic rollbacks in the last 24 hours, and 2 a day are allowed (max_automatic_rollbacks_a_day)",
        ),
    ],
)
def test_what_a_person_ordered_stops_the_guard_and_is_said(changes, words):
    decision = decide(a_case(**changes), Severity.P0, NOW)
    assert isinstance(decision, AskHuman)
    (reason,) = decision.reasons
    assert words in reason
