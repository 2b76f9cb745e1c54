"""What a story must leave behind can be missed, and each miss is said."""

import dataclasses
from datetime import UTC, datetime

import pytest

from guard.incidents.incident import Incident, IncidentState
from guard.model import Release
from guard.outcome import GuardResult, Outcome, Timings
from guard.rehearsal.proof import Publication, Seen, misses
from guard.rehearsal.scenarios import SCENARIOS, Telling, scenario
from guard.rollback.plan import RollbackPlan, RollbackRecord, RollbackState, StepName, StepRecord, StepState
from guard.severity import Severity
from webstore.models import Item
from webstore.versions import Version

V = Version.parse
NOW = datetime(2026, 7, 1, tzinfo=UTC)
ITEM = Item("p", "i")
GOOD, BAD, BACK = Publication(V("1.2.0"), 100, True), Publication(V("1.3.0"), 100, False), Publication(V("1.3.0.1"), 100, True)


def incident(state=IncidentState.RESOLVED):
    return Incident("INC-2026-0001", "f", "t", Severity.P0, state, ITEM, V("1.3.0"), NOW)


def rolled_back(story, **changes):
    automatic = story.telling is not Telling.BY_HAND
    plan = RollbackPlan(ITEM, V("1.3.0"), V("1.2.0"), V("1.3.0.1"), "bad", automatic, story.percentage)
    step = StepRecord(StepName.PERFORM, StepState.DONE, evidence=f"{story.way.value}: done")
    return RollbackRecord(dataclasses.replace(plan, **changes), RollbackState.COMPLETED, (step,), NOW)


def ended(story):
    """The right end of a story, and what the store has seen of it."""
    is_back, is_held = story.expected is Outcome.ROLLED_BACK, story.expected is Outcome.HELD
    result = GuardResult(
        story.expected,
        Release(ITEM, V("1.3.0"), NOW),
        None,
        None,
        None,
        rolled_back(story) if is_back else None,
        incident() if is_back else incident(IncidentState.INVESTIGATING) if is_held else None,
        (),
        Timings(NOW, NOW),
    )
    bad = dataclasses.replace(BAD, deploy_percentage=story.percentage)
    return result, Seen((GOOD, bad, BACK) if is_back else (GOOD, bad), killed=story.telling is Telling.KILLED)


@pytest.mark.parametrize("story", SCENARIOS, ids=lambda story: story.name)
def test_the_right_end_misses_nothing_and_any_other_outcome_does(story):
    result, seen = ended(story)
    assert misses(story, result, seen) == ()
    for other in set(Outcome) - {story.expected}:
        assert misses(story, dataclasses.replace(result, outcome=other), seen)
    assert misses(story, result, dataclasses.replace(seen, raised=1)) == ("a share of users was raised",)


@pytest.mark.parametrize("story", [one for one in SCENARIOS if one.expected is Outcome.ROLLED_BACK], ids=lambda story: story.name)
def test_each_claim_about_a_rollback_can_be_missed(story):
    result, seen = ended(story)
    good, bad, back = seen.publications
    wrong_way = "re-versioned package" if story.way.value == "store rollback" else "store rollback"
    by_another = not result.rollback.plan.automatic
    steps = (dataclasses.replace(result.rollback.steps[0], evidence=f"{wrong_way}: done"),)
    for changed in (
        {"incident": incident(IncidentState.MONITORING)},
        {"incident": None},
        {"rollback": None},
        {"rollback": dataclasses.replace(result.rollback, steps=steps)},
        {"rollback": rolled_back(story, automatic=by_another)},
        {"rollback": rolled_back(story, from_percentage=50)},
    ):
        assert len(misses(story, dataclasses.replace(result, **changed), seen)) == 1, changed
    for publications in (
        (good, bad),
        (good, bad, back, back),
        (good, bad, dataclasses.replace(back, is_baseline=False)),
        (good, dataclasses.replace(bad, deploy_percentage=50), back),
        (good, bad, dataclasses.replace(back, deploy_percentage=5)),
    ):
        assert len(misses(story, result, dataclasses.replace(seen, publications=publications))) == 1, publications
    assert len(misses(story, result, dataclasses.replace(seen, killed=not seen.killed))) == 1


@pytest.mark.parametrize("name", ["healthy", "unsafe-drill", "low-traffic"])
def test_a_rollback_where_there_must_be_none_is_a_miss(name):
    story = scenario(name)
    result, seen = ended(story)
    assert "there was a rollback" in misses(story, dataclasses.replace(result, rollback=rolled_back(story)), seen)
    assert misses(story, result, dataclasses.replace(seen, publications=(*seen.publications, BACK))) == ("there was a rollback",)
    turned = None if result.incident else incident()
    assert len(misses(story, dataclasses.replace(result, incident=turned), seen)) == 1


def test_a_story_is_found_by_its_other_name():
    assert scenario("one-way") is scenario("unsafe-drill")
