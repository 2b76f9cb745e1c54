"""The local store's rules: what may be uploaded, published and rolled back, and what users get when. No HTTP."""

import base64
import dataclasses
import enum
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from webstore.crx import extension_id, new_key, public_der, sign_crx
from webstore.models import Channel, Item, ItemState, ItemStatus, Revision, UploadState
from webstore.package import Package
from webstore.versions import Version, VersionError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


class Source(enum.StrEnum):
    """What made a published revision."""

    UPLOAD = "upload"
    ROLLBACK = "rollback"


@dataclasses.dataclass(frozen=True)
class PublishedRevision:
    """One entry of an item's history."""

    version: Version
    package: Package
    source: Source
    at: datetime
    deploy_percentage: int = 100
    target: Version | None = None
    reason: str = ""


class Refused(Exception):
    """A request that the store refuses, with Google's HTTP code and constant."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def _invalid(message: str) -> Refused:
    return Refused(400, "INVALID_ARGUMENT", message)


def _precondition(message: str) -> Refused:
    return Refused(400, "FAILED_PRECONDITION", message)


@dataclasses.dataclass
class _Submission:
    package: Package
    state: ItemState
    submitted_at: datetime
    staged: bool
    deploy_percentage: int


@dataclasses.dataclass
class _Listing:
    item: Item
    key: "RSAPrivateKey"
    history: list[PublishedRevision]
    uploaded: Package | None = None
    submission: _Submission | None = None
    upload_state: UploadState | None = None


class LocalStore:
    """A store on this machine. Its time is handed in; reviews and propagation end when the clock says so."""

    def __init__(self, now: Callable[[], datetime], *, review: timedelta = timedelta(0), propagation: timedelta = timedelta(0)) -> None:
        self._now = now
        self._review = review
        self._propagation = propagation
        self._listings: dict[str, _Listing] = {}
        self._lock = threading.RLock()

    def add_item(self, publisher: str, package: Package, *, key: "RSAPrivateKey | None" = None) -> Item:
        """A new listing whose first version is published to everybody; its id follows from the key."""
        key = key or new_key()
        item = Item(publisher, extension_id(public_der(key)))
        first = PublishedRevision(package.version, package, Source.UPLOAD, self._now() - self._propagation)
        with self._lock:
            self._listings[item.id] = _Listing(item, key, [first])
        return item

    def items(self) -> list[Item]:
        """Every listing."""
        return [listing.item for listing in self._listings.values()]

    def history(self, item: Item) -> list[PublishedRevision]:
        """Every revision that was ever published, the oldest first."""
        with self._lock:
            return list(self._listing(item).history)

    def status(self, item: Item) -> ItemStatus:
        """What `fetchStatus` says."""
        with self._lock:
            listing = self._listing(item)
            published, submission = listing.history[-1], listing.submission
            return ItemStatus(
                item,
                Revision(ItemState.PUBLISHED, (Channel(published.version, published.deploy_percentage),)),
                Revision(submission.state, (Channel(submission.package.version, submission.deploy_percentage),)) if submission else None,
                listing.upload_state,
                taken_down=False,
                warned=False,
                public_key=base64.b64encode(public_der(listing.key)).decode(),
            )

    def upload(self, item: Item, archive: bytes) -> Version:
        """Take a zip as the next package.

        Raises:
            Refused: it cannot be read, its version is not above the published one, or a submission waits for review.
            PackageError: it is no package.
        """
        with self._lock:
            listing = self._listing(item)
            if listing.submission and listing.submission.state is ItemState.PENDING_REVIEW:
                raise _precondition("The item has a submission pending review. Cancel it before uploading a new package.")
            listing.upload_state = UploadState.FAILED
            package = Package.read(archive)
            if package.version <= listing.history[-1].version:
                raise _invalid(f"The version {package.version} must be higher than the published version {listing.history[-1].version}.")
            listing.uploaded, listing.upload_state = package, UploadState.SUCCEEDED
            return package.version

    def publish(self, item: Item, *, staged: bool = False, deploy_percentage: int = 100) -> ItemState:
        """Submit the uploaded package, or release the staged one.

        Raises:
            Refused: there is nothing to publish, or a submission waits for review.
        """
        with self._lock:
            listing = self._listing(item)
            waiting = listing.submission
            if waiting and waiting.state is ItemState.STAGED and listing.uploaded is None:
                waiting.staged = False
                self._advance(listing)
                return ItemState.PUBLISHED
            if waiting and waiting.state is ItemState.PENDING_REVIEW:
                raise _precondition("The item has a submission pending review already.")
            if listing.uploaded is None:
                raise _precondition("There is no uploaded package to publish.")
            listing.submission = _Submission(listing.uploaded, ItemState.PENDING_REVIEW, self._now(), staged, deploy_percentage)
            listing.uploaded = None
            self._advance(listing)
            return listing.submission.state if listing.submission else ItemState.PUBLISHED

    def cancel(self, item: Item) -> None:
        """Take back what is submitted.

        Raises:
            Refused: nothing is.
        """
        with self._lock:
            listing = self._listing(item)
            if listing.submission is None or listing.submission.state is not ItemState.PENDING_REVIEW:
                raise _precondition("There is no submission to cancel.")
            listing.submission.state = ItemState.CANCELLED

    def set_deploy_percentage(self, item: Item, percentage: int) -> None:
        """Raise the share of users that get the published version.

        Raises:
            Refused: it is not above the present share.
        """
        with self._lock:
            listing = self._listing(item)
            published = listing.history[-1]
            if not published.deploy_percentage < percentage <= 100:  # noqa: PLR2004 - percent
                raise _invalid(f"The deploy percentage must be above {published.deploy_percentage} and at most 100.")
            listing.history[-1] = dataclasses.replace(published, deploy_percentage=percentage)

    def rollback(self, item: Item, *, target: str, new_version: str, reason: str, validate_only: bool = False) -> None:
        """Put an earlier package back under a higher version: at once, to everybody, without review; what waits for review is discarded.

        Raises:
            Refused: the target was never published, the number is not above the published one, or a field is missing.
        """
        with self._lock:
            listing = self._listing(item)
            if not reason.strip():
                raise _invalid("The rollback reason is required.")
            wanted, number, published = _version(target, "target_crx_version"), _version(new_version, "new_version"), listing.history[-1]
            found = next((revision for revision in reversed(listing.history) if revision.version == wanted), None)
            if found is None:
                raise _precondition(f"The version {wanted} was never published.")
            if wanted == published.version:
                raise _precondition(f"The version {wanted} is the published one.")
            if number <= published.version:
                raise _invalid(f"The new version {number} must be higher than the published version {published.version}.")
            if not validate_only:
                package = found.package.with_version(number)
                made = PublishedRevision(number, package, Source.ROLLBACK, self._now(), target=wanted, reason=reason)
                listing.history.append(made)
                listing.submission = None

    def offered(self, extension: str) -> PublishedRevision | None:
        """What the update service gives to browsers now: the newest revision that has had time to spread."""
        with self._lock:
            listing = self._listings.get(extension)
            if listing is None:
                return None
            self._advance(listing)
            spread = [revision for revision in listing.history if self._now() - revision.at >= self._propagation]
            return spread[-1] if spread else None

    def crx(self, extension: str, version: Version) -> bytes | None:
        """The signed package of a published version."""
        with self._lock:
            listing = self._listings.get(extension)
            revision = next((r for r in reversed(listing.history) if r.version == version), None) if listing else None
            return sign_crx(revision.package.to_zip(), listing.key) if listing and revision else None

    def _listing(self, item: Item) -> _Listing:
        listing = self._listings.get(item.id)
        if listing is None or listing.item.publisher != item.publisher:
            raise Refused(404, "NOT_FOUND", f"The item {item.name} was not found.")
        self._advance(listing)
        return listing

    def _advance(self, listing: _Listing) -> None:
        """Let the review end when its time is over."""
        submission = listing.submission
        if submission is None or submission.state not in {ItemState.PENDING_REVIEW, ItemState.STAGED}:
            return
        if submission.state is ItemState.PENDING_REVIEW and self._now() - submission.submitted_at < self._review:
            return
        if submission.staged:
            submission.state = ItemState.STAGED
            return
        listing.submission = None
        if submission.package.version > listing.history[-1].version:
            listing.history.append(
                PublishedRevision(submission.package.version, submission.package, Source.UPLOAD, self._now(), submission.deploy_percentage)
            )


def _version(text: str, field: str) -> Version:
    try:
        return Version.parse(text)
    except VersionError as error:
        raise _invalid(f"The field {field} is not a version: {text[:40]!r}.") from error
