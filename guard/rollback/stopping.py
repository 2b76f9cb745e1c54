"""What stops a rollback that is under way: a person's order, obeyed until the store has been asked. Afterwards it is taken to its end."""

from guard.decision.orders import STOPPED
from guard.errors import RollbackRefused
from guard.rollback.plan import Act, RollbackPlan, StepName
from guard.store.journal import Journal
from guard.store.orders import Orders
from guard.store.releases import Releases

_BEFORE_THE_END = (StepName.VALIDATE_TARGET, StepName.PREPARE, StepName.PERFORM)
_TO_USERS = (Act.STORE_ROLLBACK, Act.UPLOAD, Act.SKIP_REVIEW, Act.SUBMIT)
"""The acts after which users may get another version: from then on, half a rollback is worse than a whole one."""


class Stopped(RollbackRefused):
    """A person's order stopped a rollback before the store was asked for it."""

    hint = "nothing was rolled back; a person may still do it with `release-guard rollback --reason TEXT`"


def store_was_asked(journal: Journal, rollback_id: str) -> bool:
    """Whether a rollback may have reached users already."""
    return journal.get(rollback_id).attempts > 0 or any(journal.act(rollback_id, act) for act in _TO_USERS)


def must_not_be_stopped(plan: RollbackPlan, step: StepName, orders: Orders, journal: Journal, releases: Releases) -> None:
    """Go on only where no person has said otherwise; asked before each step, so that every process obeys at once.

    Raises:
        Stopped: it was called off; or it is automatic, and the guard is paused or the target blocked.
    """
    if step not in _BEFORE_THE_END or store_was_asked(journal, plan.id):
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
