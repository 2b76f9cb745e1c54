"""The store's answers, validated: unknown keys are ignored, unknown states are `unspecified`, nonsense is an error."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from webstore.models import (
    Channel,
    Item,
    ItemState,
    ItemStatus,
    Metric,
    MetricRow,
    RatingSummary,
    Review,
    Revision,
    Submission,
    Upload,
    UploadState,
)
from webstore.rpc_status import to_warning
from webstore.store_errors import UnexpectedAnswer, bounded
from webstore.versions import Version, VersionError


def _state(value: Any) -> Any:
    return value if value in set(ItemState) else ItemState.UNSPECIFIED


def _upload_state(value: Any) -> Any:
    return value if value in set(UploadState) else UploadState.UNSPECIFIED


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class ChannelAnswer(_Answer):
    """`DistributionChannel`."""

    crx_version: str = Field(alias="crxVersion")
    deploy_percentage: int = Field(alias="deployPercentage", default=100, ge=0, le=100)


class RevisionAnswer(_Answer):
    """`ItemRevisionStatus`."""

    state: Annotated[ItemState, BeforeValidator(_state)] = ItemState.UNSPECIFIED
    channels: list[ChannelAnswer] = Field(alias="distributionChannels", default_factory=list[ChannelAnswer])

    def to_domain(self) -> Revision:
        """As the rest of the program takes it."""
        return Revision(
            self.state, tuple(Channel(Version.parse(channel.crx_version), channel.deploy_percentage) for channel in self.channels)
        )


class StatusAnswer(_Answer):
    """`FetchItemStatusResponse`."""

    published: RevisionAnswer | None = Field(alias="publishedItemRevisionStatus", default=None)
    submitted: RevisionAnswer | None = Field(alias="submittedItemRevisionStatus", default=None)
    upload_state: Annotated[UploadState, BeforeValidator(_upload_state)] | None = Field(alias="lastAsyncUploadState", default=None)
    taken_down: bool = Field(alias="takenDown", default=False)
    warned: bool = False
    public_key: str | None = Field(alias="publicKey", default=None)

    def to_domain(self, item: Item) -> ItemStatus:
        """As the rest of the program takes it.

        Raises:
            UnexpectedAnswer: a version in it is none.
        """
        try:
            return ItemStatus(
                item,
                self.published.to_domain() if self.published else None,
                self.submitted.to_domain() if self.submitted else None,
                self.upload_state,
                self.taken_down,
                self.warned,
                self.public_key,
            )
        except VersionError as error:
            raise UnexpectedAnswer("the store's status names a version that is none") from error


class EmptyAnswer(_Answer):
    """An empty response: JSON all the same, which tells it from what something between us and the store may say."""


class UploadAnswer(_Answer):
    """`UploadItemPackageResponse`."""

    state: Annotated[UploadState, BeforeValidator(_upload_state)] = Field(alias="uploadState", default=UploadState.UNSPECIFIED)
    crx_version: str | None = Field(alias="crxVersion", default=None)

    def to_domain(self) -> Upload:
        """As the rest of the program takes it.

        Raises:
            UnexpectedAnswer: the version in it is none.
        """
        try:
            return Upload(self.state, Version.parse(self.crx_version) if self.crx_version else None)
        except VersionError as error:
            raise UnexpectedAnswer("the store's answer to the upload names a version that is none") from error


class WarningAnswer(_Answer):
    """`Warning`."""

    reason: str = ""
    description: str = ""


class WarningsAnswer(_Answer):
    """`WarningsInfo`."""

    warnings: list[WarningAnswer] = []


class PublishAnswer(_Answer):
    """`PublishItemResponse`."""

    state: Annotated[ItemState, BeforeValidator(_state)] = ItemState.UNSPECIFIED
    warning_info: WarningsAnswer = Field(alias="warningInfo", default=WarningsAnswer())

    def to_domain(self) -> Submission:
        """As the rest of the program takes it."""
        return Submission(self.state, tuple(to_warning(one.reason, one.description) for one in self.warning_info.warnings))


class Page(_Answer):
    """One page of several."""

    next_page_token: str = Field(alias="nextPageToken", default="")


class _Day(_Answer):
    year: int
    month: int
    day: int


class _Value(_Answer):
    metric: str
    value: int = 0


class _Row(_Answer):
    day: _Day = Field(alias="date")
    of: list[str] = Field(alias="dimensionValues", default=[])
    values: list[_Value] = Field(alias="metricValues", default=[])


class MetricsAnswer(Page):
    """`QueryItemMetricsResponse`."""

    rows: list[_Row] = Field(alias="metricRows", default=[])

    def to_domain(self) -> Iterator[MetricRow]:
        """As the rest of the program takes them; metrics that are new to us are left out.

        Raises:
            UnexpectedAnswer: a date in it is none.
        """
        for row in self.rows:
            try:
                day = date(row.day.year, row.day.month, row.day.day)
            except ValueError as error:
                raise UnexpectedAnswer("the store's metrics name a date that is none") from error
            counts = {Metric(value.metric): value.value for value in row.values if value.metric in set(Metric)}
            yield MetricRow(day, bounded(row.of[0], 100) if row.of else None, counts)


class _Author(_Answer):
    display_name: str = Field(alias="displayName", default="")


class _Review(_Answer):
    name: str = ""
    rating: int = Field(ge=1, le=5)
    created_at: datetime | None = Field(alias="createTime", default=None)
    author: _Author = Field(alias="authorInfo", default=_Author())
    comment: str = ""


class ReviewsAnswer(Page):
    """`FetchItemReviewsResponse`."""

    reviews: list[_Review] = []

    def to_domain(self) -> Iterator[Review]:
        """As the rest of the program takes them."""
        for one in self.reviews:
            author, comment = bounded(one.author.display_name, 100), bounded(one.comment, 2000)
            yield Review(bounded(one.name.rpartition("/")[2], 100), one.rating, one.created_at, author, comment)


class RatingAnswer(_Answer):
    """`RatingSummary`."""

    rating: float | None = Field(default=None, ge=0, le=5)
    ratings: int = Field(alias="ratingCount", default=0, ge=0)
    reviews: int = Field(alias="nonEmptyReviewCount", default=0, ge=0)
    one: int = Field(alias="oneStarRatingCount", default=0, ge=0)
    two: int = Field(alias="twoStarRatingCount", default=0, ge=0)
    three: int = Field(alias="threeStarRatingCount", default=0, ge=0)
    four: int = Field(alias="fourStarRatingCount", default=0, ge=0)
    five: int = Field(alias="fiveStarRatingCount", default=0, ge=0)

    def to_domain(self) -> RatingSummary:
        """As the rest of the program takes it."""
        stars = {1: self.one, 2: self.two, 3: self.three, 4: self.four, 5: self.five}
        return RatingSummary(self.rating or None, self.ratings, self.reviews, stars)


_Model = TypeVar("_Model", bound=BaseModel)


def read_answer(model: type[_Model], body: bytes) -> _Model:
    """Validate an answer.

    Raises:
        UnexpectedAnswer: it has not the shape that the API describes.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in problem["loc"]) or "the whole"
        raise UnexpectedAnswer(f"the store's answer has not the shape of {model.__doc__} ({where}: {problem['msg']})") from None
