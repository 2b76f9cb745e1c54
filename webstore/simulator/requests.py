"""What clients may send to the local store: as strict as the real one about fields and parameters it does not know."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from webstore.models import Dimension, Metric
from webstore.simulator.refused import invalid

_SYSTEM_PARAMETERS = frozenset(
    {"$.xgafv", "access_token", "alt", "callback", "fields", "key", "oauth_token", "prettyPrint", "quotaUser"}
    | {"uploadType", "upload_protocol"}
)
"""What every method takes (API description, `parameters`)."""
_DATES = frozenset(f"timeSpec.{end}.{part}" for end in ("firstDate", "lastDate") for part in ("year", "month", "day"))
_PARAMETERS: Mapping[str, frozenset[str]] = {
    "queryMetrics": _DATES | {"metrics", "dimensions", "pageSize", "pageToken"},
    "fetchReviews": frozenset({"filter", "orderBy", "pageSize", "pageToken"}),
}
_FILTER = re.compile(r"\s*rating\s*=\s*([1-5])\s*")
_ORDERS = {"rating": ("rating", False), "rating asc": ("rating", False), "rating desc": ("rating", True)}
_ORDERS["create_time desc"] = ("create_time", True)


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

    targetCrxVersion: StrictStr = ""  # noqa: N815 - as above
    newVersion: StrictStr = ""  # noqa: N815 - as above
    rollbackReason: StrictStr = ""  # noqa: N815 - as above
    validateOnly: StrictBool = False  # noqa: N815 - as above


class SetPublishedDeployPercentageRequest(_Request):
    """`SetPublishedDeployPercentageRequest`."""

    deployPercentage: StrictInt = 0  # noqa: N815 - as above


class CancelSubmissionRequest(_Request):
    """`CancelSubmissionRequest`."""


REQUESTS: dict[str, type[BaseModel]] = {
    "publish": PublishItemRequest,
    "rollback": RollbackItemRequest,
    "setPublishedDeployPercentage": SetPublishedDeployPercentageRequest,
    "cancelSubmission": CancelSubmissionRequest,
}


def read_request(method: str, raw: bytes) -> Any:
    """The validated body.

    Raises:
        Refused: it is no JSON object, or has a field that is unknown or wrong.
    """
    try:
        return REQUESTS[method].model_validate_json(raw or b"{}")
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise invalid(f'Invalid JSON payload received. Field "{field}": {problem["msg"]}.', field) from error


class Query:
    """The parameters of a reading call."""

    def __init__(self, method: str, pairs: Sequence[tuple[str, str]]) -> None:
        """Take them.

        Raises:
            Refused: one is not known to the method.
        """
        known = _SYSTEM_PARAMETERS | _PARAMETERS.get(method, frozenset())
        for name, _ in pairs:
            if name not in known:
                raise invalid(f'Invalid JSON payload received. Unknown name "{name[:60]}": Cannot bind query parameter.', name[:60])
        self._pairs = pairs

    def one(self, name: str, default: str = "") -> str:
        """The last value of a parameter."""
        return next((value for key, value in reversed(self._pairs) if key == name), default)

    def metrics(self) -> list[Metric]:
        """The metrics that are asked for."""
        names = [value for key, value in self._pairs if key == "metrics"]
        if not names:
            raise invalid("The field metrics is required.", "metrics")
        return [_member(Metric, name, "metrics") for name in names]

    def dimension(self) -> Dimension | None:
        """The one dimension that may be asked for."""
        names = [value for key, value in self._pairs if key == "dimensions"]
        if len(names) > 1:
            raise invalid("At most one dimension can be specified.", "dimensions")
        return _member(Dimension, names[0], "dimensions") if names else None

    def day(self, end: str) -> date | None:
        """The first or last date that is asked for."""
        parts = [self.one(f"timeSpec.{end}.{part}") for part in ("year", "month", "day")]
        if not any(parts):
            return None
        try:
            return date(*(int(part) for part in parts))
        except ValueError as error:
            raise invalid(f"The field time_spec.{end} is not a date.", f"time_spec.{end}") from error

    def rating(self) -> int | None:
        """The rating that is asked for."""
        text = self.one("filter")
        if text and not _FILTER.fullmatch(text):
            raise invalid("Only equality comparison on rating is supported.", "filter")
        found = _FILTER.fullmatch(text)
        return int(found[1]) if found else None

    def order(self) -> list[tuple[str, bool]]:
        """Fields to sort by, each with whether it descends."""
        parts = [" ".join(part.split()) for part in self.one("orderBy").split(",") if part.strip()]
        if unknown := [part for part in parts if part not in _ORDERS]:
            raise invalid(f"The order {unknown[0][:40]!r} is not supported.", "order_by")
        return [_ORDERS[part] for part in parts]

    def page(self, default: int, largest: int) -> tuple[int, int]:
        """Where the page begins, and how many rows it may have.

        Raises:
            Refused: the token is not of a call with the same parameters.
        """
        size = self.one("pageSize")
        if size and not size.removeprefix("-").isdecimal():
            raise invalid("The field page_size is not a number.", "page_size")
        token = self.one("pageToken")
        start = self._start(token) if token else 0
        return start, min(int(size) if size and int(size) > 0 else default, largest)

    def token(self, start: int) -> str:
        """A token for the page that begins there."""
        return base64.urlsafe_b64encode(json.dumps([start, self._same()]).encode()).decode()

    def _start(self, token: str) -> int:
        try:
            start, same = json.loads(base64.urlsafe_b64decode(token.encode()))
        except (ValueError, TypeError, binascii.Error) as error:
            raise invalid("The page token is invalid.", "page_token") from error
        if same != self._same() or not isinstance(start, int) or start < 0:
            raise invalid("The page token is of a call with other parameters.", "page_token")
        return start

    def _same(self) -> str:
        """What must be the same in every call for the pages of one answer."""
        kept = sorted((name, value) for name, value in self._pairs if name not in _SYSTEM_PARAMETERS | {"pageToken"})
        return hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:16]


_Member = TypeVar("_Member", Metric, Dimension)


def _member(kind: type[_Member], name: str, field: str) -> _Member:
    try:
        return kind(name)
    except ValueError as error:
        raise invalid(f"The value {name[:40]!r} of {field} is not supported.", field) from error
