"""One item of the local store: its draft, its submission, its history, and what time alone changes in it. No HTTP."""

import dataclasses
import enum
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from webstore.models import Item, ItemState, StoreWarning, UploadState
from webstore.package import Package
from webstore.simulator.insights import Insights
from webstore.versions import Version

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

EVERYBODY = 100
"""Deploy percentage of a release that is not rolled out in parts."""
ROLLOUT_USERS = 10_000
"""Only items with more seven-day users may be rolled out in parts (API description, `setPublishedDeployPercentage`)."""

_UPLOAD_SHOWN = timedelta(hours=24)
"""So long an asynchronous upload's state is shown (API description, `lastAsyncUploadState`)."""


class Source(enum.StrEnum):
    """What made a published revision."""

    UPLOAD = "upload"
    ROLLBACK = "rollback"


@dataclasses.dataclass
class Behaviour:
    """How the store treats what comes; a test may change it at any time."""

    review: timedelta = timedelta(0)
    """How long a review takes."""
    approves: bool = True
    """Its verdict."""
    processing: timedelta = timedelta(0)
    """How long an upload is processed after its answer; none: it is done when it is answered."""
    rollback: timedelta = timedelta(0)
    """Until the store shows a rollback; within a minute, by its documentation."""
    offers_rollback: bool = True
    """Whether items can be rolled back at all."""
    propagation: timedelta = timedelta(0)
    """Until the update service offers what the store shows."""


@dataclasses.dataclass(frozen=True)
class PublishedRevision:
    """One entry of an item's history."""

    version: Version
    package: Package
    source: Source
    at: datetime
    deploy_percentage: int = EVERYBODY
    target: Version | None = None
    reason: str = ""


@dataclasses.dataclass
class Submission:
    """What was submitted and is not published."""

    package: Package
    state: ItemState
    submitted_at: datetime
    staged: bool
    deploy_percentage: int

    @property
    def is_active(self) -> bool:
        """Whether it may still become published."""
        return self.state in {ItemState.PENDING_REVIEW, ItemState.STAGED}


@dataclasses.dataclass
class AsyncUpload:
    """An upload that was answered before it was processed."""

    package: Package | None
    """None when it will be found wanting."""
    at: datetime
    ready_at: datetime
    state: UploadState = UploadState.IN_PROGRESS


@dataclasses.dataclass
class Listing:
    """An item with all that the store knows of it."""

    item: Item
    key: "RSAPrivateKey"
    history: list[PublishedRevision]
    draft: Package | None = None
    submission: Submission | None = None
    upload: AsyncUpload | None = None
    rollback: PublishedRevision | None = None
    """On its way; shown from its time on."""
    users_7d: int = 25_000
    warned: bool = False
    taken_down: bool = False
    warnings: Sequence[StoreWarning] = ()
    """What the store warns of at the next publish calls."""
    insights: Insights = dataclasses.field(default_factory=Insights)

    @property
    def published(self) -> PublishedRevision | None:
        """The newest published revision."""
        return self.history[-1] if self.history else None

    def advance(self, now: datetime, behaviour: Behaviour) -> None:
        """Let happen what time alone makes happen: uploads processed, rollbacks live, reviews ended."""
        upload = self.upload
        if upload and upload.state is UploadState.IN_PROGRESS and now >= upload.ready_at:
            upload.state = UploadState.SUCCEEDED if upload.package else UploadState.FAILED
            self.draft = upload.package or self.draft
        if self.rollback and now >= self.rollback.at:
            if self.published is None or self.rollback.version > self.published.version:
                self.history.append(self.rollback)
            self.rollback = None
        waiting = self.submission
        if waiting and waiting.state is ItemState.PENDING_REVIEW and now - waiting.submitted_at >= behaviour.review:
            self.end_review(waiting, waiting.submitted_at + behaviour.review, approved=behaviour.approves)

    def end_review(self, waiting: Submission, at: datetime, *, approved: bool) -> None:
        """Publish it, stage it, or give it back as a draft."""
        if not approved:
            waiting.state = ItemState.REJECTED
            self.draft = self.draft or waiting.package
        elif waiting.staged:
            waiting.state = ItemState.STAGED
        else:
            self.go_live(at)

    def go_live(self, at: datetime) -> None:
        """Publish what is submitted."""
        waiting, self.submission = self.submission, None
        if waiting and (self.published is None or waiting.package.version > self.published.version):
            self.history.append(PublishedRevision(waiting.package.version, waiting.package, Source.UPLOAD, at, waiting.deploy_percentage))

    def upload_state(self, now: datetime) -> UploadState | None:
        """State of the last asynchronous upload, while it is shown."""
        return self.upload.state if self.upload and now - self.upload.at <= _UPLOAD_SHOWN else None

    def fully_deployed_before(self) -> PublishedRevision | None:
        """What a rollback goes back to when no target is named: the newest earlier revision that was for everybody."""
        return next((revision for revision in reversed(self.history[:-1]) if revision.deploy_percentage == EVERYBODY), None)

    def offered_to(self, bucket: int, now: datetime, propagation: timedelta) -> PublishedRevision | None:
        """What a browser gets that stands at ``bucket`` (0-99) of all users."""
        if self.taken_down:
            return None
        spread = (revision for revision in reversed(self.history) if now - revision.at >= propagation)
        return next((revision for revision in spread if revision.deploy_percentage > bucket), None)
