"""What a rollback will do, all known before anything is done."""

import dataclasses
import enum
from collections.abc import Collection
from datetime import datetime

from guard.decision.orders import STOPPED
from guard.errors import RollbackRefused
from guard.model import Release, ReleaseState
from guard.rollback.sentences import HEADLINE, ROLLOUT
from guard.rollback.sentences import STEP_WORDS as STEP_FORMS
from healthchecks.result import Drill
from webstore.models import Item
from webstore.versions import Version, lowest_free_above


class StepName(enum.StrEnum):
    """The steps of a rollback, in their order (DESIGN, section 6)."""

    VALIDATE_TARGET = "validate_target"
    PREPARE = "prepare"
    PERFORM = "perform"
    PROPAGATE = "propagate"
    VERIFY = "verify"
    UPDATE_CONFIGURATION = "update_configuration"


STEP_WORDS = {step: STEP_FORMS[step.value].say() for step in StepName}

EVERYBODY = 100
"""Deploy percentage of a release that is not rolled out in parts."""


class Act(enum.StrEnum):
    """What a rollback does to the world: each is written before it is done, so that whoever resumes it knows what may have happened."""

    CANCEL = "cancel"
    STORE_ROLLBACK = "store_rollback"
    UPLOAD = "upload"
    SKIP_REVIEW = "skip_review"
    """The submission without review, which is tried first, and once."""
    SUBMIT = "submit"
    WEBHOOK = "webhook"
    DISPATCH = "dispatch"
    """The start of a GitHub workflow."""


class ActState(enum.StrEnum):
    """What is known of an act."""

    OPEN = "open"
    """Begun; whether it happened must be read from the world."""
    DONE = "done"
    REFUSED = "refused"
    """It has certainly not happened."""


@dataclasses.dataclass(frozen=True)
class ActRecord:
    """An act as the journal has it."""

    state: ActState
    attempts: int
    words: str
    """What has to be known to go on: what the store said, or what it showed before."""
    at: datetime
    """When it was last begun or ended."""


class RollbackState(enum.StrEnum):
    """Where a rollback stands."""

    PLANNED = "planned"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"
    """A person's order ended it before the store was asked: users have what they had, and nobody's help is needed."""


class StepState(enum.StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


def rollback_id(item: Item, from_version: Version) -> str:
    """The id of the one rollback that a release can have at a time."""
    return f"rollback-{item.publisher}-{item.id}-{from_version}"


@dataclasses.dataclass(frozen=True)
class RollbackPlan:
    """One rollback: from which version, to whose code, under which number, and why."""

    item: Item
    from_version: Version
    target: Version
    new_version: Version
    reason: str
    automatic: bool
    from_percentage: int = EVERYBODY
    """Share of users (percent) that ``from_version`` was rolled out to when this was planned."""

    @property
    def id(self) -> str:
        """The same for the same release, whoever plans it: so it can only ever be started once."""
        return rollback_id(self.item, self.from_version)

    @property
    def headline(self) -> str:
        """The plan in one sentence."""
        whole = HEADLINE.say(target=self.target, version=self.from_version, new_version=self.new_version)
        return whole if self.from_percentage >= EVERYBODY else f"{whole}; {self.rollout}"

    @property
    def facts(self) -> dict[str, str]:
        """What an event of a timeline tells of it."""
        numbers = {"version": str(self.from_version), "target": str(self.target), "new_version": str(self.new_version)}
        return {"plan": self.headline, **numbers}

    @property
    def rollout(self) -> str:
        """What happens to a rollout in parts; empty where there is none.

        The API's own words on `rollback` are "publishes it to all users": there is no rollback for only those who have the bad version.
        """
        if self.from_percentage >= EVERYBODY:
            return ""
        return ROLLOUT.say(version=self.from_version, share=self.from_percentage, target=self.target, new_version=self.new_version)


@dataclasses.dataclass(frozen=True)
class StepRecord:
    """A step as the journal has it."""

    name: StepName
    state: StepState
    attempts: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    evidence: str = ""

    @property
    def seconds(self) -> float:
        """How long it took, 0 when it has not ended."""
        return (self.finished_at - self.started_at).total_seconds() if self.started_at and self.finished_at else 0.0


@dataclasses.dataclass(frozen=True)
class RollbackRecord:
    """A rollback as the journal has it."""

    plan: RollbackPlan
    state: RollbackState
    steps: tuple[StepRecord, ...]
    created_at: datetime
    finished_at: datetime | None = None
    failure: str = ""

    @property
    def is_unfinished(self) -> bool:
        """Whether somebody still has to take it to its end."""
        return self.state in {RollbackState.PLANNED, RollbackState.RUNNING}

    @property
    def may_be_tried_again(self) -> bool:
        """Whether it ended short of its end, so that a person may ask for it anew."""
        return self.state in {RollbackState.FAILED, RollbackState.STOPPED}

    @property
    def attempts(self) -> int:
        """How often the store was asked for the rollback itself."""
        return next((step.attempts for step in self.steps if step.name is StepName.PERFORM), 0)


def short_of_its_end(failure: str) -> RollbackState:
    """The state of a rollback that a step has ended, by the words that the step ended in."""
    return RollbackState.STOPPED if failure.startswith(STOPPED) else RollbackState.FAILED


def plan_rollback(
    release: Release,
    target: Release,
    known: Collection[Version],
    *,
    reason: str,
    automatic: bool,
    force: bool = False,
    drill: Drill | None = None,
) -> RollbackPlan:
    """Plan the rollback of ``release`` to the code of ``target``; ``known`` are the version numbers already used.

    Raises:
        RollbackRefused: the target makes no sense; or it is known to be bad, or to lose users' data, and ``force`` was not said.
    """
    if target.version >= release.version:
        raise RollbackRefused(f"{target.version} is not older than {release.version}, which users have now")
    if target.state in {ReleaseState.BAD, ReleaseState.ROLLED_BACK} and not force:
        raise RollbackRefused(f"{target.version} is recorded as {target.state.value.replace('_', ' ')}; going back to it needs --force")
    if drill is not None and drill.lost_on_return and not force:
        raise RollbackRefused(f"the rollback drill was {drill.words}").advise("say --force to go back all the same, or publish a fix")
    if not reason.strip():
        raise RollbackRefused("the store asks for a reason: give one with --reason")
    new_version = lowest_free_above(release.version, known)
    return RollbackPlan(release.item, release.version, target.version, new_version, reason.strip(), automatic, release.deploy_percentage)
