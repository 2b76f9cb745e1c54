"""The rollback itself: by the store's own call; where the store refuses that and another way cures it, by the kept package."""

from collections.abc import Callable
from datetime import datetime, timedelta

from guard.decision.safeguards import MAX_ATTEMPTS
from guard.forms import SEPARATOR
from guard.rollback import sentences
from guard.rollback.errors import AttemptsExhausted, NotPropagated, StoreRefused
from guard.rollback.other_way import is_curable, said_by
from guard.rollback.plan import Act, ActState, RollbackPlan, StepName, StepState
from guard.rollback.preparing import NOT_NEEDED
from guard.rollback.reading_back import ReadBack, Records
from guard.rollback.reversioned import ReversionedPackage
from webstore.client import WebStoreClient
from webstore.store_errors import StoreError

_JUST_NOW = timedelta(seconds=5)
"""So old what the store showed may be before it is asked for the first time."""


class Performance:
    """The third step of a rollback."""

    def __init__(
        self,
        store: WebStoreClient,
        read_back: ReadBack,
        records: Records,
        reversioned: ReversionedPackage,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._read_back = read_back
        self._journal = records.journal
        self._reversioned = reversioned
        self._now = now

    def run(self, plan: RollbackPlan) -> str:
        """Take one way or the other to its end; which, and what shows it.

        Raises:
            RollbackFailed: neither came to its end.
            RollbackRefused: something else is published.
            StoreError: the store refused, or cannot be asked.
        """
        if self._reversioned.is_begun(plan):
            self._count_joined(plan)
            return self._reversioned.run(plan, self._why(plan))
        try:
            return sentences.BY_THE_STORE.say(rest=self._ask(plan))
        except StoreRefused as refused:
            return self._reversioned.run(plan, str(refused))

    def _why(self, plan: RollbackPlan) -> str:
        act = self._journal.act(plan.id, Act.STORE_ROLLBACK)
        return act.words if act and act.state is ActState.REFUSED else sentences.EARLIER_ATTEMPT.say()

    def _count_joined(self, plan: RollbackPlan) -> None:
        """Joining an earlier attempt's submission is an attempt too: what becomes published is known by it to be a rollback."""
        if not self._journal.get(plan.id).attempts:
            self._journal.count_attempt(plan.id, StepName.PERFORM)

    def _ask(self, plan: RollbackPlan) -> str:
        """Ask until the store shows the new version, at most three times, and never blindly: what it shows is read before each.

        Raises:
            StoreRefused: it will not, and there may be another way.
        """
        if (earlier := self._journal.act(plan.id, Act.STORE_ROLLBACK)) and earlier.state is ActState.REFUSED:
            raise StoreRefused(earlier.words)
        lost: StoreError | None = None
        is_unaccounted = self._is_unaccounted(plan)
        is_shown = not self._was_just_read(plan) and self._read_back.is_settled(plan)
        while not is_shown:
            if self._journal.get(plan.id).attempts >= MAX_ATTEMPTS:
                raise AttemptsExhausted(sentences.NOT_TAKEN.say(thing="rollback", most=MAX_ATTEMPTS)) from lost
            attempt = self._journal.count_attempt(plan.id, StepName.PERFORM)
            # An earlier attempt may only be slow to show.
            if attempt > 1 and self._read_back.appears(lambda: self._read_back.is_settled(plan), attempt):
                break
            try:
                lost = self._send(plan) or lost
            except StoreError as error:
                is_unaccounted = is_unaccounted or not error.settled
                if is_unaccounted and error.settled and not error.retry:
                    # It may be refused because the call before it was taken: if so, that shows in a while.
                    if self._shows_in_time(plan):
                        break
                    is_unaccounted = False
                if error.settled and not is_unaccounted:
                    self._refused(plan, error)
                lost = error
            else:
                self._await_taken(plan)
                break
            is_shown = self._read_back.is_settled(plan)
        shown = sentences.SHOWN_AS_PUBLISHED.say(version=plan.new_version)
        return SEPARATOR.join((shown, sentences.ANSWER_LOST.say(rest=lost))) if lost else shown

    def _was_just_read(self, plan: RollbackPlan) -> bool:
        """Whether the preparation read a moment ago that the bad version is still published, and no rollback was asked for yet.

        Then no call is unaccounted for, and reading once more would only keep users waiting.
        """
        record = self._journal.get(plan.id)
        if record.attempts or self._journal.act(plan.id, Act.STORE_ROLLBACK):
            return False
        prepared = next(step for step in record.steps if step.name is StepName.PREPARE)
        if prepared.state is not StepState.DONE or prepared.started_at is None or prepared.evidence.startswith(NOT_NEEDED):
            return False
        return timedelta(0) <= self._now() - prepared.started_at <= _JUST_NOW

    def _send(self, plan: RollbackPlan) -> StoreError | None:
        self._journal.begin_act(plan.id, Act.STORE_ROLLBACK)
        return self._store.rollback(plan.item, target=plan.target, new_version=plan.new_version, reason=plan.reason)

    def _refused(self, plan: RollbackPlan, error: StoreError) -> None:
        """A refusal while no call is unaccounted for: nothing has happened. It is asked again only where that may help.

        Raises:
            StoreRefused: another way may cure it.
            StoreError: the refusal, when nothing cures it.
        """
        self._journal.end_act(plan.id, Act.STORE_ROLLBACK, ActState.REFUSED if is_curable(error) else ActState.DONE, said_by(error))
        if is_curable(error):
            raise StoreRefused(said_by(error)) from error
        if not error.retry:
            raise error

    def _is_unaccounted(self, plan: RollbackPlan) -> bool:
        """Whether an earlier process may have been heard by the store; by its documentation that shows within a minute."""
        act = self._journal.act(plan.id, Act.STORE_ROLLBACK)
        if act is None:
            return self._journal.get(plan.id).attempts > 0
        return act.state is ActState.OPEN and self._now() - act.at <= self._read_back.patience.propagation

    def _await_taken(self, plan: RollbackPlan) -> None:
        """What the store has taken is live within a minute by its documentation; it is never asked a second time."""
        if not self._shows_in_time(plan):
            patience = self._read_back.patience.propagation
            raise NotPropagated(sentences.NOT_SHOWN_IN_TIME.say(version=plan.new_version, patience=patience))

    def _shows_in_time(self, plan: RollbackPlan) -> bool:
        patience = self._read_back.patience.propagation
        return self._read_back.wait_until(lambda: self._read_back.is_settled(plan) or None, patience) is not None
