"""The store's nouns, named as its API v2 names them."""

import dataclasses
import enum
from collections.abc import Mapping
from datetime import date, datetime

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


class Metric(enum.StrEnum):
    """A daily count that the store keeps of an item (API: ``queryMetrics``, ``metrics``)."""

    INSTALLS = "installs"
    INSTALLS_7D = "installs-7d"
    UNINSTALLS = "uninstalls"
    USERS = "users"
    """Active on the day."""
    USERS_7D = "users-7d"
    """Active in the seven days up to it."""
    IMPRESSIONS = "impressions"
    PAGE_VIEWS = "page-views"


class Dimension(enum.StrEnum):
    """What a metric can be divided by (API: ``queryMetrics``, ``dimensions``)."""

    OS = "os"
    APP_VERSION = "app-version"
    COUNTRY = "country"
    INSTALL_SOURCE = "install-source"
    INSTALL_TYPE = "install-type"
    LANGUAGE = "language"
    ENABLED = "enabled"
    UTM_CAMPAIGN = "utm-campaign"
    UTM_CONTENT = "utm-content"
    UTM_MEDIUM = "utm-medium"
    UTM_SOURCE = "utm-source"
    UTM_TERM = "utm-term"


class ReviewOrder(enum.StrEnum):
    """In what order reviews come (API: ``fetchReviews``, ``orderBy``)."""

    NEWEST = "create_time desc"
    WORST = "rating"
    BEST = "rating desc"
    WORST_NEWEST = "rating, create_time desc"


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
    def is_active(self) -> bool:
        """Whether, once submitted, it may still become published."""
        return self.state in {ItemState.PENDING_REVIEW, ItemState.STAGED}

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


@dataclasses.dataclass(frozen=True)
class StoreWarning:
    """What the store warns of when something is published (API: ``Warning``); its words are untrusted, bounded text."""

    reason: str
    description: str


@dataclasses.dataclass(frozen=True)
class Submission:
    """What came of a publish call."""

    state: ItemState
    warnings: tuple[StoreWarning, ...] = ()


@dataclasses.dataclass(frozen=True)
class Upload:
    """What came of an upload; the version is unknown while the store still processes it."""

    state: UploadState
    version: Version | None


@dataclasses.dataclass(frozen=True)
class MetricRow:
    """The counts of one day, of all or of one value of the dimension that was asked for."""

    day: date
    of: str | None
    """Value of the dimension, such as a version; none when no dimension was asked for."""
    counts: Mapping[Metric, int]


@dataclasses.dataclass(frozen=True)
class Review:
    """A user's review; author and comment are untrusted, bounded text."""

    id: str
    rating: int
    """Stars, 1 to 5."""
    created_at: datetime | None
    author: str
    comment: str


@dataclasses.dataclass(frozen=True)
class RatingSummary:
    """All ratings of an item."""

    rating: float | None
    """Mean as the store shows it, 1 to 5; none without ratings."""
    ratings: int
    reviews: int
    """Ratings with words."""
    stars: Mapping[int, int]
    """Ratings by their stars."""
