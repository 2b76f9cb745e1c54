"""What each step of a rollback does. A step that changes the world asks the world first whether it has happened already."""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar, assert_never

import tenacity

from guard.decision.safeguards import MAX_ATTEMPTS
from guard.errors import RollbackRefused
from guard.model import Provenance, Release, ReleaseState
from guard.rollback.errors import AttemptsExhausted, NotPropagated, NotVerified, Superseded
from guard.rollback.plan import RollbackPlan, StepName
from guard.store.journal import Journal
from guard.store.releases import Releases
from healthchecks.result import CheckReport
from webstore.archive import Archive
from webstore.client import WebStoreClient
from webstore.package import Package
from webstore.store_errors import StoreError
from webstore.updates import OfferedUpdate, UpdateService
from webstore.versions import Version

_Found = TypeVar("_Found")


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long the steps wait, and how often they look."""

    propagation: timedelta
    settle: timedelta = timedelta(seconds=15)
    """How long a lost answer may take to show in the store before it is asked again."""
    poll: timedelta = timedelta(seconds=5)


CheckVersion = Callable[[Package, Package | None], CheckReport]
"""Runs the health checks on a package, with its baseline when there is one."""


class RollbackSteps:
    """The steps of rollbacks of one item."""

    def __init__(
        self,
        store: WebStoreClient,
        updates: UpdateService,
        releases: Releases,
        archive: Archive,
        journal: Journal,
        check: CheckVersion,
        now: Callable[[], datetime],
        patience: Patience,
    ) -> None:
        self._store = store
        self._updates = updates
        self._releases = releases
        self._archive = archive
        self._journal = journal
        self._check = check
        self._now = now
        self._patience = patience

    def run(self, plan: RollbackPlan, step: StepName) -> str:
        """Run one step; what shows that it is done.

        Raises:
            RollbackRefused: the rollback must not go on.
            RollbackFailed: it could not.
            StoreError: the store could not be asked.
        """
        match step:
            case StepName.VALIDATE_TARGET:
                return self._validate_target(plan)
            case StepName.PREPARE:
                return self._prepare(plan)
            case StepName.PERFORM:
                return self._perform(plan)
            case StepName.PROPAGATE:
                return self._propagate(plan)
            case StepName.VERIFY:
                return self._verify(plan)
            case StepName.UPDATE_CONFIGURATION:
                return self._update_configuration(plan)
            case _:
                assert_never(step)

    def _validate_target(self, plan: RollbackPlan) -> str:
        target = self._releases.find(plan.item, plan.target)
        if target is None and plan.automatic:
            raise RollbackRefused(f"{plan.target} was never seen as published")
        self._is_settled(plan)
        if target is None:
            return f"{plan.target} was never seen by the guard; a person named it, and the store's dry run decides"
        return f"{plan.target} was seen published on {target.published_at:%Y-%m-%d %H:%M:%S} UTC and is recorded as {target.state.value}"

    def _prepare(self, plan: RollbackPlan) -> str:
        if self._is_settled(plan):
            return f"not needed: the store already shows {plan.new_version}"
        self._ask_store(plan, validate_only=True)
        return f"the store would accept {plan.target} under {plan.new_version} (validateOnly)"

    def _perform(self, plan: RollbackPlan) -> str:
        """Ask until the store shows the new version, at most three times, and never blindly: what it shows is read before each."""
        lost: StoreError | None = None
        while not self._is_settled(plan):
            attempt = self._journal.count_attempt(plan.id, StepName.PERFORM)
            if attempt > MAX_ATTEMPTS:
                raise AttemptsExhausted(f"the store did not take the rollback in {MAX_ATTEMPTS} attempts") from lost
            if attempt > 1 and self._appears(plan):  # an earlier attempt may only be slow to show
                break
            try:
                lost = self._ask_store(plan, validate_only=False) or lost
            except StoreError as error:
                if not error.retry and error.settled and lost is None:
                    raise
                lost = error
            else:
                self._await_taken(plan)
        return f"the store shows {plan.new_version} as published" + (f"; an answer was lost on the way: {lost}" if lost else "")

    def _await_taken(self, plan: RollbackPlan) -> None:
        """What the store has taken is live within a minute by its documentation; it is never asked a second time."""
        if self._wait_until(lambda: self._is_settled(plan) or None, self._patience.propagation) is None:
            raise NotPropagated(f"the store took the rollback and did not show {plan.new_version} within {self._patience.propagation}")

    def _ask_store(self, plan: RollbackPlan, *, validate_only: bool) -> StoreError | None:
        return self._store.rollback(
            plan.item, target=plan.target, new_version=plan.new_version, reason=plan.reason, validate_only=validate_only
        )

    def _is_settled(self, plan: RollbackPlan) -> bool:
        """Whether the store shows the new version.

        Raises:
            Superseded: it shows a third one.
        """
        published = self._published(plan)
        if published not in {plan.new_version, plan.from_version}:
            raise Superseded(f"{published or 'nothing'} is published, neither {plan.from_version} nor {plan.new_version}")
        return published == plan.new_version

    def _appears(self, plan: RollbackPlan) -> bool:
        return self._wait_until(lambda: self._is_settled(plan) or None, self._patience.settle) is not None

    def _published(self, plan: RollbackPlan) -> Version | None:
        published = self._store.status(plan.item).published
        return published.version if published else None

    def _propagate(self, plan: RollbackPlan) -> str:
        def reaches_users() -> OfferedUpdate | None:
            offered = self._updates.offered(plan.item.id)
            return offered if offered and offered.version == plan.new_version and self._is_settled(plan) else None

        if self._wait_until(reaches_users, self._patience.propagation) is None:
            raise NotPropagated(f"the update service did not offer {plan.new_version} within {self._patience.propagation}")
        return f"the store and its update service both show {plan.new_version}"

    def _verify(self, plan: RollbackPlan) -> str:
        offered = self._updates.offered(plan.item.id)
        if offered is None or offered.version != plan.new_version:
            raise NotVerified(f"the update service no longer offers {plan.new_version}")
        package = self._updates.download(offered, plan.item.id)
        target = self._releases.find(plan.item, plan.target)
        if target and target.digest and package.code_digest != target.digest:
            raise NotVerified(f"what users get as {plan.new_version} is not the content of {plan.target}")
        kept = self._archive.get(target.digest) if target and target.digest else None
        report = self._check(package, kept)
        if report.status != "passed":
            checks = ", ".join(f"{result.check} {result.status}" for result in report.checks)
            raise NotVerified(f"the health checks of {plan.new_version} did not pass: {checks}")
        same = f"is the content of {plan.target}" if target and target.digest else "could not be compared (no digest was recorded)"
        passed = ", ".join(f"{result.check.value} {result.status.value}" for result in report.checks)
        return f"what users get {same}; {passed}"

    def _update_configuration(self, plan: RollbackPlan) -> str:
        self._releases.record(restored_release(plan, self._now(), self._releases.find(plan.item, plan.target)))
        self._releases.mark(plan.item, plan.from_version, ReleaseState.ROLLED_BACK)
        return f"{plan.new_version} is recorded as a rollback of {plan.from_version} to {plan.target}; {plan.from_version} is blocked"

    def _wait_until(self, condition: Callable[[], _Found | None], longest: timedelta) -> _Found | None:
        """Poll until ``condition`` gives something; none when the time is over. A store that stumbles meanwhile is asked again."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda found: found is None) | tenacity.retry_if_exception(_may_pass),
            stop=tenacity.stop_after_delay(longest),
            wait=tenacity.wait_fixed(min(self._patience.poll, longest)),
        )
        try:
            return retrying(condition)
        except tenacity.RetryError as error:
            if error.last_attempt.failed:
                error.reraise()
            return None


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, StoreError) and error.retry


def restored_release(plan: RollbackPlan, now: datetime, target: Release | None) -> Release:
    """The release that a rollback makes, with where it comes from: never to be taken for a new upload."""
    return Release(
        plan.item,
        plan.new_version,
        now,
        provenance=Provenance.ROLLBACK,
        digest=target.digest if target else None,
        rollback_of=plan.from_version,
        restores=plan.target,
    )
