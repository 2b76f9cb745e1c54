"""Before the rollback: what waits for review is taken back, and the store is asked for a dry run. Nobody's share of a release is raised."""

from guard.decision.safeguards import MAX_ATTEMPTS
from guard.forms import SEPARATOR
from guard.rollback import sentences
from guard.rollback.dry_run import described, foretell
from guard.rollback.errors import AttemptsExhausted
from guard.rollback.plan import Act, ActState, RollbackPlan
from guard.rollback.reading_back import ReadBack, Records, is_shown
from guard.rollback.reversioned import ReversionedPackage
from webstore.client import WebStoreClient
from webstore.models import ItemStatus, Revision
from webstore.store_errors import StoreError

NOT_NEEDED = sentences.ALREADY_SHOWN.begins
"""How the evidence begins where the store showed the new version before anything was asked of it."""


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
        status = self._read_back.status(plan)
        if is_shown(status, plan):
            return sentences.ALREADY_SHOWN.say(version=plan.new_version)
        if self._reversioned.is_begun(plan):
            return sentences.SUBMITTED_ALREADY.say(version=plan.new_version)
        self._cancel_submission(plan, _active(status))
        forecast = self._read_back.answered(lambda: foretell(self._store, self._records, plan))
        words = [self._cancelled(plan), forecast.words, plan.rollout]
        return SEPARATOR.join(found for found in words if found)

    def _cancel_submission(self, plan: RollbackPlan, waiting: Revision | None) -> None:
        """Take back what waits for review or for its publisher, so that nothing is published over the rollback.

        ``waiting``: what the store showed of it just now; after each call it is read again.
        """
        lost: StoreError | None = None
        while waiting is not None:
            attempt = self._journal.begin_act(plan.id, Act.CANCEL, described(waiting))
            if attempt > MAX_ATTEMPTS:
                tried = sentences.NOT_CANCELLED.say(version=waiting.version, most=MAX_ATTEMPTS)
                raise AttemptsExhausted(tried).advise("cancel it in the developer dashboard, then ask for the rollback again") from lost
            if attempt > 1 and self._read_back.appears(lambda: self._waiting(plan) is None, attempt):
                break
            try:
                self._store.cancel_submission(plan.item)
            except StoreError as error:
                if error.settled and not error.retry and self._waiting(plan) is not None:
                    raise  # a refusal of what has meanwhile ended by itself is none
                lost = error
            waiting = self._waiting(plan)
        if self._journal.act(plan.id, Act.CANCEL):
            self._journal.end_act(plan.id, Act.CANCEL, ActState.DONE)

    def _waiting(self, plan: RollbackPlan) -> Revision | None:
        return _active(self._read_back.status(plan))

    def _cancelled(self, plan: RollbackPlan) -> str:
        act = self._journal.act(plan.id, Act.CANCEL)
        return sentences.CANCELLED_FIRST.say(waiting=act.words) if act else ""


def _active(status: ItemStatus) -> Revision | None:
    """What is submitted and may still be published."""
    return status.submitted if status.submitted and status.submitted.is_active else None
