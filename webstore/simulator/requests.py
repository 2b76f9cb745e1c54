"""What clients may send to the local store: as strict as the real one about fields it does not know."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from webstore.simulator.state import Refused
from webstore.versions import Version, VersionError


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DeployInfo(_Request):
    """`DeployInfo`."""

    deployPercentage: StrictInt = Field(ge=0, le=100)  # noqa: N815 - the API's own name


class PublishItemRequest(_Request):
    """`PublishItemRequest`."""

    publishType: Literal["PUBLISH_TYPE_UNSPECIFIED", "DEFAULT_PUBLISH", "STAGED_PUBLISH"] = "DEFAULT_PUBLISH"  # noqa: N815 - as above
    skipReview: StrictBool = False  # noqa: N815 - as above
    blockOnWarnings: StrictBool = False  # noqa: N815 - as above
    deployInfos: list[DeployInfo] = []  # noqa: N815 - as above


class RollbackItemRequest(_Request):
    """`RollbackItemRequest`."""

    targetCrxVersion: StrictStr  # noqa: N815 - as above
    newVersion: StrictStr  # noqa: N815 - as above
    rollbackReason: StrictStr  # noqa: N815 - as above
    validateOnly: StrictBool = False  # noqa: N815 - as above


class SetPublishedDeployPercentageRequest(_Request):
    """`SetPublishedDeployPercentageRequest`."""

    deployPercentage: StrictInt  # noqa: N815 - as above


class CancelSubmissionRequest(_Request):
    """`CancelSubmissionRequest`."""


REQUESTS: dict[str, type[BaseModel]] = {
    "publish": PublishItemRequest,
    "rollback": RollbackItemRequest,
    "setPublishedDeployPercentage": SetPublishedDeployPercentageRequest,
    "cancelSubmission": CancelSubmissionRequest,
}


def read_request(model: type[BaseModel], raw: bytes) -> dict[str, Any]:
    """The validated body, only with what was really sent.

    Raises:
        Refused: it is no JSON object, or has a field that is unknown or wrong.
    """
    try:
        return model.model_validate_json(raw or b"{}").model_dump(exclude_unset=True)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        words = f'Invalid JSON payload received. Field "{field}": {problem["msg"]}.'
        raise Refused(400, "INVALID_ARGUMENT", words) from error


def read_version(text: str) -> Version | None:
    """A version in an address; none when it is none."""
    try:
        return Version.parse(text)
    except VersionError:
        return None
