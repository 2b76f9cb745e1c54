"""The handbook's four repair strategies as data, and the choice among them (DESIGN, section 6)."""

import dataclasses
import enum
from datetime import timedelta

from guard.judge.diagnosis import Cause, Diagnosis
from guard.severity import Severity


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
class RepairPlan:
    """What to do, and why this."""

    strategy: Strategy
    reason: str


def choose_strategy(diagnosis: Diagnosis, severity: Severity, *, inside_window: bool) -> RepairPlan:
    """The fastest strategy that cures the cause; HOTFIX where none does.

    A P0 whose cause is the deployment takes the rollback first while the window is open: the fastest recovery comes before the cure.
    """
    if severity is Severity.P0 and diagnosis.cause is Cause.DEPLOYMENT and inside_window:
        return RepairPlan(ROLLBACK, f"P0 inside the rollback window, and the release is the cause: {diagnosis.reason}")
    applicable = [strategy for strategy in STRATEGIES if diagnosis.cause in strategy.cures]
    if not applicable:
        return RepairPlan(HOTFIX, f"no other strategy cures {diagnosis.cause.value}: {diagnosis.reason}")
    fastest = min(applicable, key=lambda strategy: strategy.time_to_restore)
    seconds = fastest.time_to_restore.total_seconds()
    return RepairPlan(fastest, f"it restores soonest ({seconds:.0f} s) after {diagnosis.cause.value}: {diagnosis.reason}")
