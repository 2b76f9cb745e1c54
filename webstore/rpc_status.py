"""Google's error body, `google.rpc.Status`: its constant, its words, and the details that say why and when to come back.

Source of the detail messages: google/rpc/error_details.proto (ErrorInfo, RetryInfo, BadRequest, PreconditionFailure).
"""

import dataclasses
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webstore.models import StoreWarning
from webstore.store_errors import bounded

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s")
_MOST = 20
"""Violations and warnings that are kept."""


@dataclasses.dataclass(frozen=True)
class RpcStatus:
    """An error as the API tells it; every text is bounded."""

    code: int = 0
    """HTTP status."""
    status: str = ""
    """Such as INVALID_ARGUMENT."""
    message: str = ""
    reason: str = ""
    """Such as SERVICE_DISABLED: finer than the status."""
    violations: tuple[str, ...] = ()
    retry_seconds: float = 0.0
    warnings: tuple[StoreWarning, ...] = ()

    @property
    def words(self) -> str:
        """What the store says, in one line."""
        told = self.message or self.status or f"HTTP {self.code}"
        return f"{told} ({'; '.join(self.violations)})" if self.violations else told


class _Violation(BaseModel):
    field: str = ""
    subject: str = ""
    type: str = ""
    description: str = ""


class _Warning(BaseModel):
    reason: str = ""
    description: str = ""


class _Detail(BaseModel):
    """Any of the details: each has the fields of its kind, and the others stay empty."""

    model_config = ConfigDict(populate_by_name=True)

    reason: str = ""
    retry_delay: str = Field(alias="retryDelay", default="")
    field_violations: list[_Violation] = Field(alias="fieldViolations", default=[])
    violations: list[_Violation] = []
    warnings: list[_Warning] = []


class _Status(BaseModel):
    code: int = 0
    message: str = ""
    status: str = ""
    details: list[Any] = []


class _Body(BaseModel):
    error: _Status


def read_status(code: int, body: bytes) -> RpcStatus:
    """Read an error's body; one that makes no sense still has its HTTP status."""
    try:
        error = _Body.model_validate_json(body).error
    except ValidationError:
        return RpcStatus(code)
    details = [detail for raw in error.details[:_MOST] if (detail := _detail(raw))]
    return RpcStatus(
        code,
        bounded(error.status, 60),
        bounded(error.message),
        next((bounded(detail.reason, 60) for detail in details if detail.reason), ""),
        tuple(_told(violation) for detail in details for violation in (*detail.field_violations, *detail.violations))[:_MOST],
        max((_seconds(detail.retry_delay) for detail in details), default=0.0),
        tuple(to_warning(one.reason, one.description) for detail in details for one in detail.warnings)[:_MOST],
    )


def to_warning(reason: str, description: str) -> StoreWarning:
    """A warning with its texts bounded."""
    return StoreWarning(bounded(reason, 60), bounded(description))


def _detail(raw: Any) -> _Detail | None:
    try:
        return _Detail.model_validate(raw)
    except ValidationError:
        return None


def _told(violation: _Violation) -> str:
    where = violation.field or violation.subject or violation.type
    return bounded(f"{where}: {violation.description}" if where else violation.description)


def _seconds(duration: str) -> float:
    """A protobuf duration in JSON, such as ``1.5s``."""
    found = _DURATION.fullmatch(duration)
    return float(found[1]) if found else 0.0
