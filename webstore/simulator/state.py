"""The local store's rules: what may be uploaded, published and rolled back, and what users get when. No HTTP."""

import base64
import dataclasses
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, TYPE_CHECKING

from webstore.crx import CrxError, extension_id, new_key, public_der, sign_crx
from webstore.models import Channel, Item, ItemState, ItemStatus, Revision, StoreWarning
from webstore.models import Submission as Submitted
from webstore.package import Package
from webstore.safe_zip import PackageError
from webstore.simulator.listing import EVERYBODY, ROLLOUT_USERS, AsyncUpload, Behaviour, Listing, PublishedRevision, Source, Submission
from webstore.simulator.refused import Refused, invalid, precondition
from webstore.simulator.skip_review import may_skip_review
from webstore.versions import Version, VersionError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_KEPT_CRX = 16


class LocalStore:
    """A store on this machine. Its time is handed in; reviews, uploads and propagation end when the clock says so."""

    def __init__(self, now: Callable[[], datetime], behaviour: Behaviour | None = None) -> None:
        self.now = now
        self.behaviour = behaviour or Behaviour()
        self._listings: dict[str, Listing] = {}
        self._crx: dict[tuple[str, Version], bytes] = {}
        self._lock = threading.RLock()

    def add_item(self, publisher: str, package: Package, *, key: "RSAPrivateKey | None" = None, published: bool = True) -> Item:
        """A new listing whose first version is published to everybody, or still a draft; its id follows from the key."""
        key = key or new_key()
        item = Item(publisher, extension_id(public_der(key)))
        first = PublishedRevision(package.version, package, Source.UPLOAD, self.now() - self.behaviour.propagation)
        with self._lock:
            self._listings[item.id] = Listing(item, key, [first] if published else [], draft=None if published else package)
        return item

    def items(self) -> list[Item]:
        """Every listing."""
        with self._lock:
            return [listing.item for listing in self._listings.values()]

    def history(self, item: Item) -> list[PublishedRevision]:
        """Every revision that was ever published, the oldest first."""
        with self.listing(item) as listing:
            return list(listing.history)

    @contextmanager
    def listing(self, item: Item) -> Generator[Listing]:
        """An item as it stands now, for as long as the block lasts nobody else's.

        Raises:
            Refused: there is none.
        """
        with self._lock:
            found = self._listings.get(item.id)
            if found is None or found.item.publisher != item.publisher:
                raise Refused(404, "NOT_FOUND", f"The item {item.name} was not found.")
            found.advance(self.now(), self.behaviour)
            yield found

    def status(self, item: Item) -> ItemStatus:
        """What `fetchStatus` says."""
        with self.listing(item) as listing:
            published, waiting = listing.published, listing.submission
            return ItemStatus(
                item,
                _revision(ItemState.PUBLISHED, published.version, published.deploy_percentage) if published else None,
                _revision(waiting.state, waiting.package.version, waiting.deploy_percentage) if waiting else None,
                listing.upload_state(self.now()),
                listing.taken_down,
                listing.warned,
                base64.b64encode(public_der(listing.key)).decode(),
            )

    def upload(self, item: Item, archive: bytes | IO[bytes]) -> Version | None:
        """Take a package as the draft; none while it is still processed. An open file is taken over.

        Raises:
            Refused: its version is not above the published one, or a submission waits for review.
            PackageError: it is no package (later, when it is processed later).
            CrxError: it is a CRX whose signature does not hold.
        """
        package = _read(archive)  # outside the lock: a large one takes seconds
        with self.listing(item) as listing:
            if listing.submission and listing.submission.state is ItemState.PENDING_REVIEW:
                raise precondition("The item has a submission pending review. Cancel it before uploading a new package.")
            taken = package if isinstance(package, Exception) else _higher(listing, package)
            if self.behaviour.processing:
                ready_at = self.now() + self.behaviour.processing
                listing.upload = AsyncUpload(taken if isinstance(taken, Package) else None, self.now(), ready_at)
                return None
            if isinstance(taken, Exception):
                raise taken
            listing.draft = taken
            return taken.version

    def publish(
        self,
        item: Item,
        *,
        staged: bool = False,
        deploy_percentage: int = EVERYBODY,
        skip_review: bool = False,
        block_on_warnings: bool = False,
    ) -> Submitted:
        """Submit the draft, or release the staged submission.

        Raises:
            Refused: there is nothing to publish, it may not be published so, or a submission waits for review.
        """
        with self.listing(item) as listing:
            _check_publishable(listing, deploy_percentage)
            if block_on_warnings and listing.warnings:
                raise _blocked_by(listing.warnings)
            warnings = tuple(listing.warnings)
            if listing.submission and listing.submission.state is ItemState.STAGED and listing.draft is None:
                listing.submission.staged = False
                listing.go_live(self.now())
                return Submitted(ItemState.PUBLISHED, warnings)
            if listing.draft is None:
                raise precondition("There is no uploaded package to publish.")
            if skip_review and not (listing.published and may_skip_review(listing.published.package, listing.draft)):
                raise precondition(
                    "The item does not qualify to skip the review: more than static declarativeNetRequest rules has changed."
                )
            listing.submission = Submission(listing.draft, ItemState.PENDING_REVIEW, self.now(), staged, deploy_percentage)
            listing.draft = None
            if skip_review:
                listing.end_review(listing.submission, self.now(), approved=True)
            listing.advance(self.now(), self.behaviour)
            return Submitted(listing.submission.state if listing.submission else ItemState.PUBLISHED, warnings)

    def cancel(self, item: Item) -> None:
        """Take back what is submitted; it is a draft again.

        Raises:
            Refused: nothing is.
        """
        with self.listing(item) as listing:
            if listing.submission is None or not listing.submission.is_active:
                raise precondition("There is no submission to cancel.")
            listing.submission.state = ItemState.CANCELLED
            listing.draft = listing.draft or listing.submission.package

    def set_deploy_percentage(self, item: Item, percentage: int) -> None:
        """Raise the share of users that get the published version.

        Raises:
            Refused: it is not above the present share, or the item has too few users.
        """
        with self.listing(item) as listing:
            published = listing.published
            if published is None:
                raise precondition("The item is not published.")
            if not published.deploy_percentage < percentage <= EVERYBODY:
                raise invalid(f"The deploy percentage must be above {published.deploy_percentage} and at most 100.", "deploy_percentage")
            _check_users(listing)
            listing.history[-1] = dataclasses.replace(published, deploy_percentage=percentage)

    def rollback(self, item: Item, *, target: str, new_version: str, reason: str, validate_only: bool = False) -> None:
        """Put an earlier package back under a higher version: to everybody, without review; what waits for review is discarded.

        Raises:
            Refused: the target was never published, the number is not above the published one, or a field is missing.
        """
        with self.listing(item) as listing:
            made = self._rolled_back(listing, target, new_version, reason)
            if validate_only:
                return
            listing.rollback, listing.submission = made, None
            listing.advance(self.now(), self.behaviour)

    def _rolled_back(self, listing: Listing, target: str, new_version: str, reason: str) -> PublishedRevision:
        published = listing.published
        if published is None:
            raise precondition("The item is not published.")
        if listing.taken_down:
            raise precondition("The item is taken down.")
        if not self.behaviour.offers_rollback:
            raise precondition("The item cannot be rolled back.")
        if listing.rollback:
            raise precondition("A rollback of the item is under way.")
        if not reason.strip():
            raise invalid("The rollback reason is required.", "rollback_reason")
        number = _version(new_version, "new_version")
        found = _target(listing, published, target)
        if number <= published.version:
            raise invalid(f"The new version {number} must be higher than the published version {published.version}.", "new_version")
        package, at = found.package.with_version(number), self.now() + self.behaviour.rollback
        return PublishedRevision(number, package, Source.ROLLBACK, at, target=found.version, reason=reason)

    def offered(self, extension: str, bucket: int = EVERYBODY - 1) -> PublishedRevision | None:
        """What the update service gives now to a browser that stands at ``bucket`` (0-99) of all users."""
        with self._lock:
            found = self._listings.get(extension)
            if found is None:
                return None
            found.advance(self.now(), self.behaviour)
            return found.offered_to(bucket, self.now(), self.behaviour.propagation)

    def crx(self, extension: str, version: Version) -> bytes | None:
        """The signed package of a published version."""
        with self._lock:
            found = self._listings.get(extension)
            revision = next((one for one in reversed(found.history) if one.version == version), None) if found else None
            if found is None or revision is None:
                return None
            place = extension, version
            if place not in self._crx:
                while len(self._crx) >= _KEPT_CRX:
                    del self._crx[next(iter(self._crx))]
                self._crx[place] = sign_crx(revision.package.to_zip(), found.key)
            return self._crx[place]


def _revision(state: ItemState, version: Version, percentage: int) -> Revision:
    return Revision(state, (Channel(version, percentage),))


def _read(archive: bytes | IO[bytes]) -> Package | PackageError | CrxError:
    """A package, or what is wrong with it."""
    try:
        return Package.read(archive)
    except (PackageError, CrxError) as error:
        return error


def _higher(listing: Listing, package: Package) -> Package | Refused:
    """The package, or what is wrong with its version."""
    if listing.published and package.version <= listing.published.version:
        return invalid(f"The version {package.version} must be higher than the published version {listing.published.version}.", "version")
    return package


def _check_publishable(listing: Listing, percentage: int) -> None:
    if listing.taken_down:
        raise precondition("The item is taken down.")
    if listing.submission and listing.submission.state is ItemState.PENDING_REVIEW:
        raise precondition("The item has a submission pending review already.")
    if percentage < EVERYBODY:
        _check_users(listing)


def _check_users(listing: Listing) -> None:
    if listing.users_7d <= ROLLOUT_USERS:
        raise precondition(f"Percentage rollout is only for items with over {ROLLOUT_USERS:,} seven-day active users.")


def _blocked_by(warnings: Sequence[StoreWarning]) -> Refused:
    detail = {
        "@type": "type.googleapis.com/google.chrome.webstore.v2.WarningsInfo",
        "warnings": [dataclasses.asdict(one) for one in warnings],
    }
    return Refused(400, "FAILED_PRECONDITION", "The submission is blocked by warnings.", [detail])


def _target(listing: Listing, published: PublishedRevision, text: str) -> PublishedRevision:
    if not text:
        previous = listing.fully_deployed_before()
        if previous is None:
            raise precondition("There is no earlier version that was published to everybody.")
        return previous
    wanted = _version(text, "target_crx_version")
    found = next((revision for revision in reversed(listing.history) if revision.version == wanted), None)
    if found is None:
        raise precondition(f"The version {wanted} was never published.")
    if wanted == published.version:
        raise precondition(f"The version {wanted} is the published one.")
    return found


def _version(text: str, field: str) -> Version:
    try:
        return Version.parse(text)
    except VersionError as error:
        raise invalid(f"The field {field} is not a version: {text[:40]!r}.", field) from error
