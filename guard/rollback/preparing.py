"""Before the rollback: what waits for review is taken back, and the store is asked for a dry run. Nobody's share of a release is raised."""

from guard.decision.safeguards import MAX_ATTEMPTS
from guard.rollback.errors import AttemptsExhausted, NoOtherWay
from guard.rollback.other_way import is_curable, kept_target, said_by
from guard.rollback.plan import Act, ActState, RollbackPlan
from guard.rollback.reading_back import ReadBack, Records
from guard.rollback.reversioned import ReversionedPackage
from webstore.client import WebStoreClient
from webstore.models import ItemState, Revision
from webstore.store_errors import StoreError


class Preparation:
    """The second step of a rollback."""

    def __init__(self, store: WebStoreClient, read_back: ReadBack, records: Records, reversioned: ReversionedPackage) -> None:
        self._store = store
        self._read_back = read_back
        self._journal = records.journal
        self._records = records
        self._reversioned = reversioned

    def run(self, plan: RollbackPlan) -> str:
        """Clear the way, and find out which way is open; what shows it.

        Raises:
            NoOtherWay: the store would refuse its own rollback, and there is no package to submit.
            AttemptsExhausted: a submission that waits for review could not be cancelled.
            RollbackRefused: something else is published.
            StoreError: the store refused, or cannot be asked.
        """
        if self._read_back.is_settled(plan):
            return f"not needed: the store already shows {plan.new_version}"
        if self._reversioned.is_begun(plan):
            return f"{plan.new_version} is submitted already by an earlier attempt, and is left where it is"
        self._cancel_submission(plan)
        words = [self._cancelled(plan), self._dry_run(plan), plan.rollout]
        return "; ".join(found for found in words if found)

    def _cancel_submission(self, plan: RollbackPlan) -> None:
        """Take back what waits for review or for its publisher, so that nothing is published over the rollback."""
        lost: StoreError | None = None
        while (waiting := self._waiting(plan)) is not None:
            attempt = self._journal.begin_act(plan.id, Act.CANCEL, f"{waiting.version} ({_place(waiting.state)})")
            if attempt > MAX_ATTEMPTS:
                tried = f"the submission of {waiting.version} could not be cancelled in {MAX_ATTEMPTS} attempts"
                raise AttemptsExhausted(tried).advise("cancel it in the developer dashboard, then ask for the rollback again") from lost
            if attempt > 1 and self._read_back.appears(lambda: self._waiting(plan) is None, attempt):
                break
            try:
                self._store.cancel_submission(plan.item)
            except StoreError as error:
                if error.settled and not error.retry and self._waiting(plan) is not None:
                    raise  # a refusal of what has meanwhile ended by itself is none
                lost = error
        if self._journal.act(plan.id, Act.CANCEL):
            self._journal.end_act(plan.id, Act.CANCEL, ActState.DONE)

    def _waiting(self, plan: RollbackPlan) -> Revision | None:
        submitted = self._read_back.status(plan).submitted
        return submitted if submitted and submitted.is_active else None

    def _cancelled(self, plan: RollbackPlan) -> str:
        act = self._journal.act(plan.id, Act.CANCEL)
        return f"the submission of {act.words} was cancelled first; submit it again when users are well" if act else ""

    def _dry_run(self, plan: RollbackPlan) -> str:
        try:
            self._store.rollback(plan.item, target=plan.target, new_version=plan.new_version, reason=plan.reason, validate_only=True)
        except StoreError as error:
            if not is_curable(error):
                raise
            try:
                kept = kept_target(self._records.archive, self._records.releases.find(plan.item, plan.target), plan)
            except NoOtherWay as reason:
                raise NoOtherWay(f"{said_by(error)}; {reason}") from error
            return (
                f"the store would refuse its own rollback ({said_by(error)}); the kept package of {plan.target} ({kept.words}) "
                f"can be submitted as {plan.new_version} instead"
            )
        return f"the store would accept {plan.target} under {plan.new_version} (validateOnly)"


def _place(state: ItemState) -> str:
    return "approved and staged" if state is ItemState.STAGED else "in review"
