"""The decision: wait, ask a person, or repair. Total, and each decision carries its reason."""

import dataclasses
from datetime import datetime
from typing import assert_never

from guard.decision import sentences
from guard.decision.repair import in_full
from guard.decision.safeguards import SAFEGUARDS, Case
from guard.decision.strategies import ROLLBACK, RepairPlan, choose_strategy
from guard.judge.diagnosis import Cause, Diagnosis
from guard.judge.sentences import NO_DIAGNOSIS
from guard.judge.verdict import Verdict
from guard.severity import Severity


@dataclasses.dataclass(frozen=True)
class Wait:
    """Nothing is done now."""

    reason: str


@dataclasses.dataclass(frozen=True)
class AskHuman:
    """An incident for a person, with the plan that the guard does not follow by itself, and why not."""

    plan: RepairPlan
    reasons: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Repair:
    """The guard may follow this plan by itself."""

    plan: RepairPlan


Decision = Wait | AskHuman | Repair


def decide(case: Case, severity: Severity, now: datetime) -> Decision:
    """What to do about an assessed release. Each case gets one decision, and each decision its reason."""
    match case.assessment.verdict:
        case Verdict.HEALTHY:
            return Wait(sentences.ALL_HEALTHY.say())
        case Verdict.NO_DATA | Verdict.INCONCLUSIVE:
            return Wait(sentences.NOT_ENOUGH.say(rest=case.assessment.headline))
        case Verdict.BREACH:
            pass
        case _:
            assert_never(case.assessment.verdict)

    diagnosis = case.assessment.diagnosis or Diagnosis(Cause.UNKNOWN, NO_DIAGNOSIS.say())
    chosen = choose_strategy(diagnosis, severity, inside_window=case.is_inside_window(now))
    plan = in_full(chosen, case.release, case.baseline, case.drill, case.around)
    reasons = tuple(why for forbids in SAFEGUARDS if (why := forbids(case, now)))
    if plan.strategy is not ROLLBACK:
        reasons += (sentences.BY_PEOPLE.say(strategy=plan.strategy.name),)
    return AskHuman(plan, reasons) if reasons else Repair(plan)
