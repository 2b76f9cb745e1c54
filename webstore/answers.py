"""The store's answers, validated: unknown keys are ignored, unknown states are `unspecified`, nonsense is an error."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from webstore.models import Channel, Item, ItemState, ItemStatus, Revision, UploadState
from webstore.store_errors import UnexpectedAnswer
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


class UploadAnswer(_Answer):
    """`UploadItemPackageResponse`."""

    state: Annotated[UploadState, BeforeValidator(_upload_state)] = Field(alias="uploadState", default=UploadState.UNSPECIFIED)
    crx_version: str | None = Field(alias="crxVersion", default=None)


class PublishAnswer(_Answer):
    """`PublishItemResponse`."""

    state: Annotated[ItemState, BeforeValidator(_state)] = ItemState.UNSPECIFIED


class ErrorDetail(_Answer):
    """What stands under `error`."""

    message: str = ""
    status: str = ""


class ErrorAnswer(_Answer):
    """Google's error body."""

    error: ErrorDetail


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
