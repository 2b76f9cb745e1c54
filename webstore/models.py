"""The store's nouns, named as its API v2 names them."""

import dataclasses
import enum

from webstore.versions import Version


class ItemState(enum.StrEnum):
    """State of an item's revision (API: ``ItemRevisionStatus.state``)."""

    UNSPECIFIED = "ITEM_STATE_UNSPECIFIED"
    PENDING_REVIEW = "PENDING_REVIEW"
    STAGED = "STAGED"
    PUBLISHED = "PUBLISHED"
    PUBLISHED_TO_TESTERS = "PUBLISHED_TO_TESTERS"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"


class UploadState(enum.StrEnum):
    """State of an upload (API: ``uploadState``)."""

    UNSPECIFIED = "UPLOAD_STATE_UNSPECIFIED"
    SUCCEEDED = "SUCCEEDED"
    IN_PROGRESS = "IN_PROGRESS"
    FAILED = "FAILED"
    NOT_FOUND = "NOT_FOUND"


@dataclasses.dataclass(frozen=True)
class Item:
    """An extension's listing in the store."""

    publisher: str
    id: str

    @property
    def name(self) -> str:
        """The resource name that the API uses."""
        return f"publishers/{self.publisher}/items/{self.id}"


@dataclasses.dataclass(frozen=True)
class Channel:
    """A distribution channel: a version, and the share of users (percent, 0-100) that gets it."""

    version: Version
    deploy_percentage: int


@dataclasses.dataclass(frozen=True)
class Revision:
    """A published or submitted revision of an item."""

    state: ItemState
    channels: tuple[Channel, ...]

    @property
    def version(self) -> Version | None:
        """The highest version that it distributes; none when the store names none."""
        return max((channel.version for channel in self.channels), default=None)

    @property
    def deploy_percentage(self) -> int:
        """Share of users (percent) that get that version; 100 when the store names none."""
        return min((channel.deploy_percentage for channel in self.channels if channel.version == self.version), default=100)


@dataclasses.dataclass(frozen=True)
class ItemStatus:
    """What the store says of an item at one moment."""

    item: Item
    published: Revision | None
    submitted: Revision | None
    upload_state: UploadState | None
    taken_down: bool
    warned: bool
    public_key: str | None
