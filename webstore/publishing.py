"""A package on its way to users: uploaded, processed, submitted, and watched until its submission comes to an end."""

import dataclasses
import enum
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import tenacity

from webstore.client import WebStoreClient
from webstore.models import Item, ItemState, ItemStatus, StoreWarning, UploadState
from webstore.store_errors import PackageRefused, StoreError, WrongState
from webstore.transport import may_repeat
from webstore.versions import Version

_UPLOADS = 3
"""So often an upload is sent whose answer is lost; a draft is replaced, so that sending it again does no harm."""


class Ending(enum.StrEnum):
    """What became of a submission."""

    PUBLISHED = "published"
    STAGED = "staged"
    """Approved, and waits for its publisher."""
    PENDING_REVIEW = "pending_review"
    """Submitted, and not waited for."""
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    """Taken back, or discarded by a rollback."""
    TIMED_OUT = "timed_out"
    """Still pending when our patience ended; it goes on without us."""


@dataclasses.dataclass(frozen=True)
class Terms:
    """How something is to be published."""

    staged: bool = False
    deploy_percentage: int | None = None
    """Share of users (1-100) that get it first; none: as saved in the developer dashboard."""
    skip_review: bool = False
    block_on_warnings: bool = False


@dataclasses.dataclass(frozen=True)
class Pace:
    """How often the store is asked, and for how long, in seconds."""

    poll: float = 30.0
    timeout: float = 3600.0
    processing: float = 600.0
    """Longest wait for an upload to be processed."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclasses.dataclass(frozen=True)
class Publication:
    """What came of it."""

    version: Version
    ending: Ending
    warnings: tuple[StoreWarning, ...] = ()
    deploy_percentage: int | None = None
    """Of what is published."""


class UploadUnfinished(StoreError):
    """The store still processes an upload."""

    hint = "run the command again later; an upload is replaced by the next one"
    retry = True
    settled = False


class Listener(Protocol):
    """Hears what is being done, and what came of it."""

    def doing(self, text: str) -> None:
        """Something has begun, or still goes on."""
        ...

    def done(self, text: str) -> None:
        """Something is finished."""
        ...


class Publisher:
    """Publishes packages of one item."""

    def __init__(self, client: WebStoreClient, item: Item, pace: Pace, listener: Listener) -> None:
        self._client = client
        self._item = item
        self._pace = pace
        self._listener = listener

    def upload(self, package: Path, version: Version) -> None:
        """Send a package and wait until the store has processed it.

        Raises:
            PackageRefused: the store could not use it.
            UploadUnfinished: it is still processed when our patience ends.
            StoreError: it was refused, or never answered.
        """
        self._listener.doing(f"uploading {version} ({package.stat().st_size:,} bytes)")
        sending = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, StoreError) and not error.settled and error.retry),
            stop=tenacity.stop_after_attempt(_UPLOADS),
            wait=tenacity.wait_fixed(min(self._pace.poll, 5.0)),
            sleep=self._pace.sleep,
            reraise=True,
        )
        state = sending(self._client.upload, self._item, package).state
        deadline = self._pace.clock() + self._pace.processing
        while state is UploadState.IN_PROGRESS:
            if self._pace.clock() >= deadline:
                raise UploadUnfinished(f"the store has not processed the upload within {self._pace.processing:.0f} s")
            self._listener.doing(f"the store processes {version}")
            self._pace.sleep(min(self._pace.poll, 5.0))
            state = self._client.status(self._item).upload_state
        if state is not UploadState.SUCCEEDED:
            raise PackageRefused(
                f"the store could not use the package of {version}: upload {state.value.lower() if state else 'not found'}"
            )
        self._listener.done(f"{version} is uploaded")

    def submit(self, version: Version, terms: Terms, *, wait: bool) -> Publication:
        """Submit the draft, or release what is staged; with ``wait`` until its end.

        Raises:
            WarningsFound: they were to block it, and there are some.
            StoreError: it was refused, or its fate is not known.
        """
        submission = self._client.publish(
            self._item,
            staged=terms.staged,
            deploy_percentage=terms.deploy_percentage,
            skip_review=terms.skip_review,
            block_on_warnings=terms.block_on_warnings,
            version=version,
        )
        self._listener.done(f"{version} is submitted: {submission.state.value.lower().replace('_', ' ')}")
        ending = self._await_end(version, staged=terms.staged) if wait else None
        status = self._client.status(self._item)
        published = status.published
        share = published.deploy_percentage if published and published.version == version else None
        return Publication(version, ending or _ending(status, version) or Ending.PENDING_REVIEW, submission.warnings, share)

    def _await_end(self, version: Version, *, staged: bool) -> Ending:
        """Poll until the submission has an end, through a store that stumbles."""
        deadline, was_pending = self._pace.clock() + self._pace.timeout, False
        while True:
            status = self._status_if_any()
            ending = _ending(status, version) if status else None
            if ending and (ending is not Ending.STAGED or staged):
                return ending
            is_pending = bool(status and status.submitted and status.submitted.version == version)
            if status and was_pending and not is_pending:
                return Ending.CANCELLED  # it was there and is no longer: discarded
            was_pending = was_pending or is_pending
            left = deadline - self._pace.clock()
            if left <= 0:
                return Ending.TIMED_OUT
            self._listener.doing(f"waiting for {version}: pending review, {left / 60:.0f} min of patience left")
            self._pace.sleep(min(self._pace.poll, left))

    def _status_if_any(self) -> ItemStatus | None:
        """What the store shows; none while it stumbles."""
        try:
            status = self._client.status(self._item)
        except StoreError as error:
            if not may_repeat(error, repeatable=True):
                raise
            self._listener.doing(f"the store could not be read: {error}")
            return None
        if status.taken_down:
            raise WrongState("the store has taken the item down for a policy violation", "FAILED_PRECONDITION")
        return status


_ENDINGS = {ItemState.STAGED: Ending.STAGED, ItemState.REJECTED: Ending.REJECTED, ItemState.CANCELLED: Ending.CANCELLED}


def _ending(status: ItemStatus, version: Version) -> Ending | None:
    """The end of that version's submission; none while it has none."""
    if status.published and status.published.version == version:
        return Ending.PUBLISHED
    return _ENDINGS.get(status.submitted.state) if status.submitted and status.submitted.version == version else None
