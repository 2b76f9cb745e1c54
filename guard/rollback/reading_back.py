"""Reads the store back: before each act, and after it until the store shows what was meant, with patience that ends."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import tenacity

from guard.rollback import sentences
from guard.rollback.errors import Superseded, TakenDown
from guard.rollback.plan import RollbackPlan
from guard.store.journal import Journal
from guard.store.releases import Releases
from webstore.archive import Archive
from webstore.client import WebStoreClient
from webstore.models import ItemStatus
from webstore.store_errors import StoreError, UnexpectedAnswer, UpdateServiceError

_Found = TypeVar("_Found")


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long the steps wait, and how often they look."""

    propagation: timedelta
    settle: timedelta = timedelta(seconds=15)
    """How long a lost answer may take to show in the store before it is asked again; twice as long before each further time."""
    poll: timedelta = timedelta(seconds=5)
    answer: timedelta = timedelta(minutes=1)
    """How long the store may stumble, or answer nonsense, whenever it is read; beyond what its client tries again by itself."""
    processing: timedelta = timedelta(minutes=10)
    """Longest wait for an upload to be processed."""
    review: timedelta = timedelta(hours=24)
    """Longest wait for a review."""
    review_poll: timedelta = timedelta(seconds=30)


@dataclasses.dataclass(frozen=True)
class Records:
    """What the guard itself has written down."""

    journal: Journal
    releases: Releases
    archive: Archive


class ReadBack:
    """What the store shows of one item, as a rollback needs to know it."""

    def __init__(self, store: WebStoreClient, patience: Patience) -> None:
        self._store = store
        self.patience = patience

    def status(self, plan: RollbackPlan) -> ItemStatus:
        """What the store shows.

        Raises:
            Superseded: a third version is published, or none.
            TakenDown: the item is taken down.
            StoreError: the store cannot be read.
        """
        status = self.answered(lambda: self._store.status(plan.item))
        if status.taken_down:
            raise TakenDown(sentences.TAKEN_DOWN.say())
        published = status.published.version if status.published else None
        if published not in {plan.new_version, plan.from_version}:
            found = published or "nothing"
            raise Superseded(sentences.OTHER_PUBLISHED.say(found=found, version=plan.from_version, new_version=plan.new_version))
        return status

    def is_settled(self, plan: RollbackPlan) -> bool:
        """Whether the store shows the new version as published.

        Raises:
            Superseded: it shows a third one.
            TakenDown: the item is taken down.
            StoreError: the store cannot be read.
        """
        return is_shown(self.status(plan), plan)

    def appears(self, has_happened: Callable[[], bool], attempt: int) -> bool:
        """Whether an earlier attempt shows after all: waited for before ``attempt`` (from 2), and longer before each further one."""
        return self.wait_until(lambda: has_happened() or None, self.patience.settle * 2 ** max(attempt - 2, 0)) is not None

    def answered(self, ask: Callable[[], _Found]) -> _Found:
        """The answer to a question that changes nothing; asked again for a while where another answer may come.

        Raises:
            StoreError: that of the last time.
        """
        found = self.wait_until(lambda: (ask(),), self.patience.answer)
        assert found is not None  # noqa: S101 - a tuple ends the waiting, an error is raised
        return found[0]

    def wait_until(self, condition: Callable[[], _Found | None], longest: timedelta, poll: timedelta | None = None) -> _Found | None:
        """Poll until ``condition`` gives something; none when the time is over. A store that stumbles meanwhile is asked again."""

        def is_over(state: tenacity.RetryCallState) -> bool:
            left = longest.total_seconds() - (state.seconds_since_start or 0.0)
            return left <= 0 or _asked_to_wait(state) > left

        pause = tenacity.wait_fixed(min(poll or self.patience.poll, longest))
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda found: found is None) | tenacity.retry_if_exception(_may_pass),
            stop=is_over,
            wait=lambda state: max(pause(state), _asked_to_wait(state)),
        )
        try:
            return retrying(condition)
        except tenacity.RetryError as error:
            if error.last_attempt.failed:
                error.reraise()
            return None


def is_shown(status: ItemStatus, plan: RollbackPlan) -> bool:
    """Whether the new version is published, by what the store showed."""
    return status.published is not None and status.published.version == plan.new_version


def _may_pass(error: BaseException) -> bool:
    """Whether another answer may come: a store that stumbles, or something between us and it that speaks in its place."""
    return isinstance(error, StoreError) and (error.retry or isinstance(error, UnexpectedAnswer | UpdateServiceError))


def _asked_to_wait(state: tenacity.RetryCallState) -> float:
    """Seconds that the store asks us to wait."""
    error = state.outcome.exception() if state.outcome else None
    return error.retry_after if isinstance(error, StoreError) else 0.0
