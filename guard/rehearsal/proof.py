"""What a story must have left behind: at the gate, on the incident, and in the store. Each claim can fail, and says so."""

import dataclasses

from guard.incidents.incident import IncidentState
from guard.outcome import GuardResult, Outcome
from guard.rehearsal.scenarios import Scenario, Telling
from guard.rollback.plan import EVERYBODY, StepName
from webstore.simulator.running import RunningStore
from webstore.versions import Version


@dataclasses.dataclass(frozen=True)
class Publication:
    """Something that the store published."""

    version: Version
    deploy_percentage: int
    is_baseline: bool
    """Whether it is the code that users had before the story."""


@dataclasses.dataclass(frozen=True)
class Seen:
    """What the store has seen of the guard."""

    publications: tuple[Publication, ...]
    """Every one, the oldest first."""
    raised: int = 0
    """How often it was asked to raise a share of users."""
    killed: bool = False
    """Whether a guard was killed inside its rollback."""


def look(store: RunningStore, *, killed: bool) -> Seen:
    """Read the local store of a story, which has one item."""
    (item,) = store.state.items()
    history = store.state.history(item)
    good = history[0].package.code_digest
    publications = tuple(Publication(one.version, one.deploy_percentage, one.package.code_digest == good) for one in history)
    return Seen(publications, len(store.calls("setPublishedDeployPercentage")), killed)


def misses(scenario: Scenario, result: GuardResult, seen: Seen) -> tuple[str, ...]:
    """Everything that is not as the story must end, in words; nothing when all is."""
    found = [] if result.outcome is scenario.expected else [f"it ended {result.outcome.value}, not {scenario.expected.value}"]
    if seen.raised:
        found.append("a share of users was raised")
    if scenario.expected is Outcome.ROLLED_BACK:
        return (*found, *_not_rolled_back(scenario, result, seen))
    if result.rollback is not None or any(one.is_baseline for one in seen.publications[1:]):
        found.append("there was a rollback")
    if (result.incident is not None) != (scenario.expected is Outcome.HELD):
        found.append("an incident was opened" if result.incident else "no incident was opened")
    return tuple(found)


def _not_rolled_back(scenario: Scenario, result: GuardResult, seen: Seen) -> list[str]:
    """A rollback leaves one publication of the good code for everybody, by the right way, and a resolved incident."""
    incident, rollback = result.incident, result.rollback
    found: list[str] = []
    if incident is None or incident.state is not IncidentState.RESOLVED:
        found.append("the incident is not resolved")
    shares = [one.deploy_percentage for one in seen.publications[1:]]
    if [one.is_baseline for one in seen.publications[1:]] != [False, True]:
        found.append("the good code was not published exactly once after the bad one")
    elif shares != [scenario.percentage, EVERYBODY]:
        found.append(f"the shares of users were {shares}")
    way = next((step.evidence for step in rollback.steps if step.name is StepName.PERFORM), "") if rollback else ""
    if not way.startswith(scenario.way.value):
        found.append(f"the way back was not the {scenario.way.value}: {way or 'none'}")
    if seen.killed != (scenario.telling is Telling.KILLED):
        found.append("a guard was killed" if seen.killed else "no guard was killed")
    if rollback and rollback.plan.automatic == (scenario.telling is Telling.BY_HAND):
        found.append("the guard rolled back by itself" if rollback.plan.automatic else "the guard did not roll back by itself")
    if rollback and rollback.plan.from_percentage != scenario.percentage:
        found.append(f"the rollback was planned from {rollback.plan.from_percentage} % of users")
    return found
