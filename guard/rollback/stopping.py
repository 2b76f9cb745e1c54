"""What stops a rollback that is under way: a person's order, obeyed until the store has been asked. Afterwards it is taken to its end.

Orders are looked for before each step. A no that comes later still is met where the call to the store is counted (`Journal.count_attempt`).
"""

from guard.decision.orders import STOPPED
from guard.rollback.errors import Stopped
from guard.rollback.plan import RollbackPlan, StepName
from guard.store.journal import Journal
from guard.store.orders import Orders
from guard.store.releases import Releases

_BEFORE_THE_END = (StepName.VALIDATE_TARGET, StepName.PREPARE, StepName.PERFORM)


def must_not_be_stopped(plan: RollbackPlan, step: StepName, orders: Orders, journal: Journal, releases: Releases) -> None:
    """Go on only where no person has said otherwise; asked before each step, so that every process obeys at once.

    Raises:
        Stopped: it was called off; or it is automatic, and the guard is paused or the target blocked.
    """
    if step not in _BEFORE_THE_END or journal.was_asked(plan.id):
        return
    proposal = orders.proposal_for(plan.item, plan.from_version)
    if proposal and proposal.called_off:
        raise Stopped(f"{STOPPED}: {proposal.called_off}")
    if not plan.automatic:
        return
    if pause := orders.pause_of(plan.item):
        raise Stopped(f"{STOPPED}: {pause.words}")
    target = releases.find(plan.item, plan.target)
    if target and target.blocked:
        raise Stopped(f"{STOPPED}: {plan.target} is {target.blocked}")
