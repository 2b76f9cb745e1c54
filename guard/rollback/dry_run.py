"""What a rollback would come to, found out without changing anything: the store's own dry run, and where it refuses, the kept package."""

import dataclasses
from datetime import timedelta
from typing import Any

from guard.rollback import sentences
from guard.rollback.errors import NoOtherWay
from guard.rollback.other_way import KeptPackage, is_curable, kept_target, said_by
from guard.rollback.plan import RollbackPlan
from guard.rollback.reading_back import Patience, ReadBack, Records
from webstore.client import WebStoreClient
from webstore.models import ItemState, Revision
from webstore.store_errors import StoreError

_NO_PATIENCE = Patience(propagation=timedelta(0), answer=timedelta(0))


@dataclasses.dataclass(frozen=True)
class Forecast:
    """Which way back is open."""

    plan: RollbackPlan
    refusal: str = ""
    """What the store would refuse its own rollback with; empty where it would accept it."""
    kept: KeptPackage | None = None
    """What goes up instead where it would refuse."""

    @property
    def words(self) -> str:
        """In one sentence."""
        plan = self.plan
        if self.kept is None:
            return sentences.WOULD_ACCEPT.say(target=plan.target, version=plan.new_version)
        return sentences.WOULD_REFUSE.say(refusal=self.refusal, target=plan.target, kept=self.kept.words, version=plan.new_version)

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "way": "kept_package" if self.kept else "store_rollback",
            "store_refuses": self.refusal or None,
            "kept_digest": self.kept.digest if self.kept else None,
            "words": self.words,
        }


def foretell(store: WebStoreClient, records: Records, plan: RollbackPlan) -> Forecast:
    """Ask the store for a dry run; where it would refuse and another way cures that, look for the package to submit instead.

    Raises:
        NoOtherWay: the store would refuse its own rollback, and there is no package to submit.
        StoreError: the store refused for a reason that no package cures, or cannot be asked.
    """
    try:
        store.rollback(plan.item, target=plan.target, new_version=plan.new_version, reason=plan.reason, validate_only=True)
    except StoreError as error:
        if not is_curable(error):
            raise
        try:
            kept = kept_target(records.archive, records.releases.find(plan.item, plan.target), plan)
        except NoOtherWay as reason:
            raise NoOtherWay(f"{said_by(error)}; {reason}") from error
        return Forecast(plan, said_by(error), kept)
    return Forecast(plan)


def would_be_cancelled(store: WebStoreClient, plan: RollbackPlan) -> str:
    """What waits for review or for its publisher, and a rollback takes back first; empty where nothing does.

    Raises:
        Superseded: another version is published.
        TakenDown: the store has taken the item down.
        StoreError: the store cannot be read.
    """
    submitted = ReadBack(store, _NO_PATIENCE).status(plan).submitted
    return described(submitted) if submitted and submitted.is_active else ""


def described(waiting: Revision) -> str:
    """A submission in words: its version, and where it waits."""
    form = sentences.STAGED if waiting.state is ItemState.STAGED else sentences.IN_REVIEW
    return form.say(version=waiting.version)
