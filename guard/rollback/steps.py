"""What each step of a rollback does. A step that changes the world asks the world first whether it has happened already."""

from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from guard.errors import RollbackRefused
from guard.forms import SEPARATOR
from guard.model import Provenance, Release, ReleaseState
from guard.rollback import sentences
from guard.rollback.errors import NoOtherWay, NotPropagated, NotVerified
from guard.rollback.other_way import kept_target
from guard.rollback.performing import Performance
from guard.rollback.plan import RollbackPlan, StepName
from guard.rollback.preparing import Preparation
from guard.rollback.reading_back import Patience, ReadBack, Records
from guard.rollback.reversioned import ReversionedPackage
from healthchecks.result import CheckReport
from webstore.client import WebStoreClient
from webstore.package import Package
from webstore.updates import OfferedUpdate, UpdateService

Tell = Callable[[RollbackPlan], str]
"""Tells the world outside of a rollback that is done; what came of it."""
CheckVersion = Callable[[Package, Package | None], CheckReport]
"""Runs the health checks on a package, with its baseline when there is one."""


class RollbackSteps:
    """The steps of rollbacks of one item."""

    def __init__(
        self,
        store: WebStoreClient,
        updates: UpdateService,
        records: Records,
        check: CheckVersion,
        now: Callable[[], datetime],
        patience: Patience,
        tell: Tell | None = None,
    ) -> None:
        self._read_back = ReadBack(store, patience)
        reversioned = ReversionedPackage(store, self._read_back, records, now)
        self._preparation = Preparation(store, self._read_back, records, reversioned)
        self._performance = Performance(store, self._read_back, records, reversioned, now)
        self._updates = updates
        self._releases = records.releases
        self._archive = records.archive
        self._check = check
        self._now = now
        self._tell = tell

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
                return self._preparation.run(plan)
            case StepName.PERFORM:
                return self._performance.run(plan)
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
            raise RollbackRefused(sentences.NEVER_SEEN.say(target=plan.target))
        kept = self._kept_words(plan, target)
        if target is None:
            return SEPARATOR.join((sentences.NAMED_BY_A_PERSON.say(target=plan.target), kept))
        at = f"{target.published_at:%Y-%m-%d %H:%M:%S}"
        return SEPARATOR.join((sentences.WAS_SEEN.say(target=plan.target, at=at, state=target.state.value), kept))

    def _kept_words(self, plan: RollbackPlan, target: Release | None) -> str:
        """Whether there is a package to fall back on; without one the store's own rollback is the only way."""
        try:
            return sentences.IS_KEPT.say(kept=kept_target(self._archive, target, plan).words)
        except NoOtherWay as reason:
            return sentences.ONLY_THE_STORES.say(reason=reason)

    def _propagate(self, plan: RollbackPlan) -> str:
        def reaches_users() -> OfferedUpdate | None:
            offered = self._updates.offered(plan.item.id)
            return offered if offered and offered.version == plan.new_version and self._read_back.is_settled(plan) else None

        patience = self._read_back.patience.propagation
        if self._read_back.wait_until(reaches_users, patience) is None:
            raise NotPropagated(sentences.NOT_OFFERED.say(version=plan.new_version, patience=patience))
        return sentences.BOTH_SHOW.say(version=plan.new_version)

    def _verify(self, plan: RollbackPlan) -> str:
        offered = self._read_back.answered(lambda: self._updates.offered(plan.item.id))
        if offered is None or offered.version != plan.new_version:
            raise NotVerified(sentences.NO_LONGER_OFFERED.say(version=plan.new_version))
        package = self._read_back.answered(lambda: self._updates.download(offered, plan.item.id))
        wanted, kept = self._wanted(plan)
        if wanted and package.code_digest != wanted:
            raise NotVerified(sentences.OTHER_CONTENT.say(version=plan.new_version, target=plan.target))
        report = self._check(package, kept)
        if report.status != "passed":
            checks = ", ".join(f"{result.check} {result.status}" for result in report.checks)
            raise NotVerified(sentences.CHECKS_FAILED.say(version=plan.new_version, checks=checks))
        passed = ", ".join(f"{result.check.value} {result.status.value}" for result in report.checks)
        form = sentences.VERIFIED if wanted else sentences.VERIFIED_BY_CHECKS
        return form.say(target=plan.target, checks=passed)

    def _wanted(self, plan: RollbackPlan) -> tuple[str | None, Package | None]:
        """The digest that users must get, and the package to compare with, as far as they are known."""
        target = self._releases.find(plan.item, plan.target)
        try:
            kept = kept_target(self._archive, target, plan)
        except NoOtherWay:  # what was done is judged all the same
            return target.digest if target else None, None
        return kept.digest, kept.package

    def _update_configuration(self, plan: RollbackPlan) -> str:
        self._releases.record(restored_release(plan, self._now(), self._releases.find(plan.item, plan.target)))
        self._releases.mark(plan.item, plan.from_version, ReleaseState.ROLLED_BACK)
        done = sentences.RECORDED.say(version=plan.new_version, bad=plan.from_version, target=plan.target)
        return SEPARATOR.join((done, self._tell(plan))) if self._tell else done


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
