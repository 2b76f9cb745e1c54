"""The handbook's four repair strategies as data, and the choice among them (DESIGN, section 6)."""

import dataclasses
import enum
from datetime import timedelta
from typing import Any

from guard.decision import sentences
from guard.forms import SEPARATOR
from guard.judge.diagnosis import Cause, Diagnosis
from guard.severity import Severity
from healthchecks.result import DrillVerdict


class Risk(enum.StrEnum):
    """What a strategy may break."""

    LOW = "low"
    MEDIUM = "medium"


@dataclasses.dataclass(frozen=True)
class Strategy:
    """A way to repair: how long it takes to restore service, its risk, and the causes that it cures."""

    name: str
    time_to_restore: timedelta
    risk: Risk
    cures: frozenset[Cause]

    @property
    def seconds(self) -> str:
        """The time to restore in seconds, for a sentence."""
        return f"{self.time_to_restore.total_seconds():.0f}"


SERVICE_RESTART = Strategy(
    "SERVICE_RESTART",
    timedelta(seconds=120),
    Risk.LOW,
    frozenset({Cause.MEMORY_LEAK, Cause.CONNECTION_ISSUE, Cause.RESOURCE_EXHAUSTION}),
)
ROLLBACK = Strategy("ROLLBACK", timedelta(seconds=300), Risk.LOW, frozenset({Cause.DEPLOYMENT, Cause.CONFIGURATION}))
INFRASTRUCTURE_SCALE = Strategy("INFRASTRUCTURE_SCALE", timedelta(seconds=600), Risk.LOW, frozenset({Cause.CAPACITY, Cause.PERFORMANCE}))
HOTFIX = Strategy("HOTFIX", timedelta(seconds=1800), Risk.MEDIUM, frozenset({Cause.CODE_BUG, Cause.LOGIC_ERROR}))

STRATEGIES = (SERVICE_RESTART, ROLLBACK, INFRASTRUCTURE_SCALE, HOTFIX)


@dataclasses.dataclass(frozen=True)
class DataRisk:
    """Whether following the plan puts users' data at risk, and what says so."""

    verdict: DrillVerdict = DrillVerdict.UNKNOWN
    words: str = sentences.NOBODY_LOOKED.say()


@dataclasses.dataclass(frozen=True)
class NotChosen:
    """A strategy that the plan is not, and why."""

    strategy: Strategy
    why: str


@dataclasses.dataclass(frozen=True)
class RepairPlan:
    """What to do, and why this: all that a person must know before saying yes."""

    strategy: Strategy
    reason: str
    data: DataRisk = DataRisk()
    reach: str = ""
    """Who is reached by the release that is to be repaired."""
    steps: tuple[str, ...] = ()
    """What will be done, in its order; of a strategy that is left to people, what they have to do."""
    limits: tuple[str, ...] = ()
    """What it will not do."""
    others: tuple[NotChosen, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The plan for people, a line each."""
        return (
            sentences.RESTORES.say(seconds=self.strategy.seconds, risk=self.strategy.risk.value, rest=self.data.words),
            *((self.reach,) if self.reach else ()),
            *(sentences.NUMBERED.say(number=number, rest=step) for number, step in enumerate(self.steps, start=1)),
            *(sentences.WILL_NOT.say(rest=limit) for limit in self.limits),
            *(sentences.NOT_CHOSEN.say(strategy=other.strategy.name, rest=other.why) for other in self.others),
        )

    def to_json(self) -> dict[str, Any]:
        """For `--json`. Later versions add keys, none goes away."""
        return {
            "strategy": self.strategy.name,
            "reason": self.reason,
            "seconds_to_restore": self.strategy.time_to_restore.total_seconds(),
            "risk": self.strategy.risk.value,
            "data": {"verdict": self.data.verdict.value, "words": self.data.words},
            "reach": self.reach,
            "steps": list(self.steps),
            "will_not": list(self.limits),
            "not_chosen": [{"strategy": other.strategy.name, "why": other.why} for other in self.others],
        }


def choose_strategy(diagnosis: Diagnosis, severity: Severity, *, inside_window: bool) -> RepairPlan:
    """The fastest strategy that cures the cause; HOTFIX where none does.

    A P0 whose cause is the deployment takes the rollback first while the window is open: the fastest recovery comes before the cure.
    """
    if severity is Severity.P0 and diagnosis.cause is Cause.DEPLOYMENT and inside_window:
        reason = sentences.FASTEST_FIRST.say(rest=diagnosis.reason)
        return RepairPlan(ROLLBACK, reason, others=_others(ROLLBACK, diagnosis))
    applicable = [strategy for strategy in STRATEGIES if diagnosis.cause in strategy.cures]
    if not applicable:
        reason = sentences.NO_OTHER.say(cause=diagnosis.cause.value, rest=diagnosis.reason)
        return RepairPlan(HOTFIX, reason, others=_others(HOTFIX, diagnosis))
    fastest = min(applicable, key=lambda strategy: strategy.time_to_restore)
    reason = sentences.SOONEST.say(seconds=fastest.seconds, cause=diagnosis.cause.value, rest=diagnosis.reason)
    return RepairPlan(fastest, reason, others=_others(fastest, diagnosis))


def _others(chosen: Strategy, diagnosis: Diagnosis) -> tuple[NotChosen, ...]:
    return tuple(NotChosen(strategy, _why_not(strategy, chosen, diagnosis)) for strategy in STRATEGIES if strategy is not chosen)


def _why_not(strategy: Strategy, chosen: Strategy, diagnosis: Diagnosis) -> str:
    times = {"seconds": strategy.seconds, "chosen": chosen.name, "fastest": chosen.seconds}
    if diagnosis.cause in strategy.cures:
        return sentences.SLOWER.say(cause=diagnosis.cause.value, **times)
    if strategy is HOTFIX:
        return sentences.LAST_RESORT.say(**times)
    spoken = sorted(candidate.cause.value for candidate in diagnosis.candidates if candidate.cause in strategy.cures)
    cures = ", ".join(sorted(cause.value for cause in strategy.cures))
    why = sentences.OTHER_CAUSE.say(cures=cures, cause=diagnosis.cause.value)
    return SEPARATOR.join((why, sentences.ONLY_SPOKEN_OF.say(causes=", ".join(spoken)))) if spoken else why
