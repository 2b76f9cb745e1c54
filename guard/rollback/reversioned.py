"""The other way back: the good version's package from the archive, under the plan's new number, uploaded and submitted for everybody.

The store is read before each act. Drafts it does not show, so an upload whose answer was lost is sent again: it replaces the draft. A
submission it does show, so none is sent twice.
"""

import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from guard.decision.safeguards import MAX_ATTEMPTS
from guard.forms import SEPARATOR, Form
from guard.rollback import sentences
from guard.rollback.errors import AttemptsExhausted, NoOtherWay, ReviewPending, SubmissionEnded, Superseded
from guard.rollback.other_way import KeptPackage, kept_target
from guard.rollback.plan import EVERYBODY, Act, ActRecord, ActState, RollbackPlan, StepName
from guard.rollback.reading_back import ReadBack, Records, is_shown
from webstore.client import WebStoreClient
from webstore.models import ItemState, ItemStatus, UploadState
from webstore.store_errors import PackageRefused, RequestRefused, StoreError

_MISSES = 4
"""So often in a row a submission may be missing from what the store shows before it counts as discarded."""
_SUBMISSIONS = (Act.SUBMIT, Act.SKIP_REVIEW)
"""The newer first."""
_ENDED = {
    ItemState.REJECTED: sentences.REJECTED,
    ItemState.CANCELLED: sentences.CANCELLED,
    ItemState.STAGED: sentences.HELD_BACK,
}


class ReversionedPackage:
    """Submits packages of one item in place of the store's own rollback."""

    def __init__(self, store: WebStoreClient, read_back: ReadBack, records: Records, now: Callable[[], datetime]) -> None:
        self._store = store
        self._read_back = read_back
        self._journal = records.journal
        self._records = records
        self._now = now

    def is_begun(self, plan: RollbackPlan) -> bool:
        """Whether this way was taken already: a submission was sent, or one from an earlier attempt at the same is in review."""
        if self._newest(plan):
            return True
        if not any(self._journal.act(plan.id, act) for act in _SUBMISSIONS):
            return False
        status = self._read_back.status(plan)
        is_waiting = status.submitted is not None and status.submitted.version == plan.new_version and status.submitted.is_active
        return is_waiting or is_shown(status, plan)

    def run(self, plan: RollbackPlan, why: str) -> str:
        """Upload, submit, and wait for the end of the review; what shows that it is published.

        ``why``: what the store's own rollback was refused with.

        Raises:
            NoOtherWay: there is no package to submit.
            SubmissionEnded: it was rejected, cancelled or discarded.
            ReviewPending: it is still in review when our patience ends.
            RollbackFailed: the store did not take it.
            StoreError: the store refused it, or cannot be asked.
        """
        is_begun = self.is_begun(plan)
        if not is_begun:
            self._upload(plan, self._kept(plan, why))
        self._submit(plan, is_begun=is_begun)
        how = self._how(plan)
        told = sentences.BY_PACKAGE.say(why=why, target=plan.target, version=plan.new_version, how=how)
        waits = sentences.WAITS_FOR_REVIEW.say(patience=self._read_back.patience.review)
        self._journal.note(plan.id, StepName.PERFORM, SEPARATOR.join((told, waits)))
        self._await_published(plan)
        return SEPARATOR.join((told, sentences.IT_IS_PUBLISHED.say()))

    def _how(self, plan: RollbackPlan) -> str:
        act = self._journal.act(plan.id, Act.SKIP_REVIEW)
        known = {ActState.DONE: sentences.WITHOUT_REVIEW, ActState.REFUSED: sentences.REVIEW_NOT_SKIPPED}
        return known.get(act.state, sentences.REVIEW_UNKNOWN) if act else sentences.FOR_REVIEW

    def _kept(self, plan: RollbackPlan, why: str) -> KeptPackage:
        try:
            return kept_target(self._records.archive, self._records.releases.find(plan.item, plan.target), plan)
        except NoOtherWay as reason:
            raise NoOtherWay(SEPARATOR.join((why, str(reason)))) from reason.__cause__

    def _upload(self, plan: RollbackPlan, kept: KeptPackage) -> None:
        lost: StoreError | None = None
        with tempfile.TemporaryDirectory(prefix="release-guard-") as folder:
            path = Path(folder) / "package.zip"
            with path.open("wb") as file:
                kept.package.for_upload(plan.new_version).write_zip(file)
            while True:
                self._check_free(plan)
                attempt = self._journal.begin_act(plan.id, Act.UPLOAD, kept.digest)
                if attempt > MAX_ATTEMPTS:
                    raise AttemptsExhausted(sentences.NOT_TAKEN.say(thing="package", most=MAX_ATTEMPTS)) from lost
                if attempt > 1:  # drafts are not shown: this only gives the store time
                    self._read_back.appears(lambda: self._read_back.is_settled(plan), attempt)
                try:
                    uploaded = self._store.upload(plan.item, path)
                except StoreError as error:
                    if error.settled and not error.retry:
                        raise
                    lost = error
                    continue
                break
        if uploaded.version not in {None, plan.new_version}:
            raise PackageRefused(sentences.TAKEN_AS_OTHER.say(found=uploaded.version, version=plan.new_version))
        self._await_processed(plan, uploaded.state)
        self._journal.end_act(plan.id, Act.UPLOAD, ActState.DONE)

    def _check_free(self, plan: RollbackPlan) -> None:
        """Nothing of somebody else's may be in review: it would be replaced."""
        submitted = self._read_back.status(plan).submitted
        if submitted and submitted.is_active:
            raise Superseded(sentences.SUBMITTED_BY_SOMEBODY.say(version=submitted.version))

    def _await_processed(self, plan: RollbackPlan, state: UploadState | None) -> None:
        if state is UploadState.IN_PROGRESS:
            patience = self._read_back.patience.processing
            state = self._read_back.wait_until(lambda: _processed(self._read_back.status(plan)), patience) or state
        if state is not UploadState.SUCCEEDED:
            ended = state.value.lower().replace("_", " ") if state else "not found"
            raise PackageRefused(sentences.NO_DRAFT.say(version=plan.new_version, ended=ended))

    def _submit(self, plan: RollbackPlan, *, is_begun: bool) -> None:
        """Submit until the store shows it, and never blindly: first without a review, then with one."""
        error: StoreError | None = None
        if is_begun:
            newest = self._newest(plan)
            if newest is None or newest.state is ActState.DONE or self._is_taken(plan):
                return
            is_unaccounted = newest.state is ActState.OPEN
        else:
            self._journal.begin_act(plan.id, Act.SKIP_REVIEW, _shown(self._read_back.status(plan)))
            error = self._send(plan, Act.SKIP_REVIEW)
            if error is None:
                return
            is_unaccounted = not error.settled
            if error.settled:
                self._journal.end_act(plan.id, Act.SKIP_REVIEW, ActState.REFUSED)
                if not (error.retry or isinstance(error, RequestRefused)):
                    raise error
        self._submit_for_review(plan, error, is_unaccounted=is_unaccounted)

    def _submit_for_review(self, plan: RollbackPlan, error: StoreError | None, *, is_unaccounted: bool) -> None:
        while True:
            attempt = self._journal.begin_act(plan.id, Act.SUBMIT)
            if attempt > MAX_ATTEMPTS:
                raise AttemptsExhausted(sentences.NOT_TAKEN.say(thing="submission", most=MAX_ATTEMPTS)) from error
            if (is_unaccounted or attempt > 1) and self._read_back.appears(lambda: self._is_taken(plan), attempt):
                return
            error = self._send(plan, Act.SUBMIT)
            if error is None:
                return
            is_unaccounted = is_unaccounted or not error.settled
            if error.settled and not error.retry and not is_unaccounted:
                self._journal.end_act(plan.id, Act.SUBMIT, ActState.REFUSED)
                raise error

    def _send(self, plan: RollbackPlan, act: Act) -> StoreError | None:
        """One submission for everybody; the error that it ended in."""
        skip_review = act is Act.SKIP_REVIEW
        try:
            self._store.publish(plan.item, deploy_percentage=EVERYBODY, skip_review=skip_review, version=plan.new_version)
        except StoreError as error:
            return error
        self._journal.end_act(plan.id, act, ActState.DONE)
        return None

    def _is_taken(self, plan: RollbackPlan) -> bool:
        """Whether the store shows our submission, in whatever state, or its end."""
        status = self._read_back.status(plan)
        return is_shown(status, plan) or self._is_ours(status, plan)

    def _is_ours(self, status: ItemStatus, plan: RollbackPlan) -> bool:
        """Whether what is submitted is what we have submitted: what was shown before that, such as an earlier one's end, is not."""
        act = self._journal.act(plan.id, Act.SKIP_REVIEW)
        before = act.words if act else ""
        return status.submitted is not None and status.submitted.version == plan.new_version and _shown(status) != before

    def _await_published(self, plan: RollbackPlan) -> None:
        missed = 0

        def ending() -> Form | str | None:
            nonlocal missed
            status = self._read_back.status(plan)
            if is_shown(status, plan):
                return ""
            missed = 0 if self._is_ours(status, plan) else missed + 1
            if missed >= _MISSES:
                return sentences.DISCARDED
            return _ENDED.get(status.submitted.state) if status.submitted and not missed else None

        patience = self._read_back.patience
        ended = self._read_back.wait_until(ending, self._patience_left(plan), patience.review_poll)
        if ended is None:
            raise ReviewPending(sentences.STILL_IN_REVIEW.say(version=plan.new_version, patience=patience.review))
        if isinstance(ended, Form):
            for act in _SUBMISSIONS:
                if self._journal.act(plan.id, act):
                    self._journal.end_act(plan.id, act, ActState.REFUSED)
            raise SubmissionEnded(ended.say(version=plan.new_version))

    def _patience_left(self, plan: RollbackPlan) -> timedelta:
        """What is left of the patience with a review: the time counts that a process waited which died, or was stopped.

        It begins with the submission, or with the step where that joins the submission of an earlier rollback.
        """
        step = next(one for one in self._journal.get(plan.id).steps if one.name is StepName.PERFORM)
        acts = (self._journal.act(plan.id, name) for name in _SUBMISSIONS)
        since = max((moment for moment in (step.started_at, *(act.at for act in acts if act)) if moment), default=self._now())
        waited = max(self._now() - since, timedelta(0))
        return max(self._read_back.patience.review - waited, timedelta(0))

    def _newest(self, plan: RollbackPlan) -> ActRecord | None:
        """The last submission that this attempt at the rollback has sent."""
        known = (self._journal.act(plan.id, act) for act in _SUBMISSIONS)
        return next((act for act in known if act and act.attempts), None)


def _processed(status: ItemStatus) -> UploadState | None:
    return None if status.upload_state is UploadState.IN_PROGRESS else (status.upload_state or UploadState.NOT_FOUND)


def _shown(status: ItemStatus) -> str:
    return f"{status.submitted.version} {status.submitted.state.value}" if status.submitted else ""
