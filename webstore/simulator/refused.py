"""A request that the local store refuses, as Google would put it (`google.rpc.Status`)."""

from collections.abc import Mapping, Sequence
from typing import Any

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""Google's constant for each HTTP code (google/rpc/code.proto)."""

_TYPES = "type.googleapis.com/google.rpc."


class Refused(Exception):
    """A refusal with its HTTP code, Google's constant, and details."""

    def __init__(self, code: int, status: str, message: str, details: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.details = details

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        error: dict[str, Any] = {"code": self.code, "message": str(self), "status": self.status}
        return {"error": {**error, "details": list(self.details)} if self.details else error}


def invalid(message: str, field: str = "") -> Refused:
    """Something in the request is wrong, whatever the item's state."""
    details = [{"@type": f"{_TYPES}BadRequest", "fieldViolations": [{"field": field, "description": message}]}] if field else []
    return Refused(400, "INVALID_ARGUMENT", message, details)


def precondition(message: str) -> Refused:
    """The item is not in a state in which this can be done."""
    return Refused(400, "FAILED_PRECONDITION", message)


def error_info(reason: str, **metadata: str) -> dict[str, Any]:
    """The detail that names the cause."""
    return {"@type": f"{_TYPES}ErrorInfo", "reason": reason, "domain": "googleapis.com", "metadata": metadata}


def retry_info(seconds: float) -> dict[str, Any]:
    """The detail that says when to come back."""
    return {"@type": f"{_TYPES}RetryInfo", "retryDelay": f"{seconds:g}s"}
