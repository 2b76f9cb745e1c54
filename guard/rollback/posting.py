"""Posts a document to an endpoint that is not ours: bounded in time and size, without redirects, and with nothing of it in any log."""

import contextlib
import dataclasses
import logging
import threading
from collections.abc import Callable, Generator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.auth import AuthBase

from webstore.auth import is_loopback
from webstore.time_limit import within

_LONGEST_TEXT = 4096
"""Bytes of an answer that are read."""
_NEVER_CONNECTED = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
"""Why urllib3 gave up before anything was sent."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came of a post. Nothing of what was sent is in it, but for what the endpoint itself says again."""

    status: int | None = None
    """The HTTP status; none where no answer came."""
    text: str = ""
    """How the answer begins."""
    trouble: str = ""
    """The kind of what kept an answer from coming; empty where the time was over."""
    may_have_arrived: bool = True
    retry_after: str = ""
    """The header by which an endpoint says how long it wants to be left alone."""

    @property
    def is_accepted(self) -> bool:
        """Whether the endpoint took it."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - what HTTP calls success


def is_safe(address: str) -> bool:
    """Whether a secret may be sent there: over https, or without leaving this machine.

    Raises:
        ValueError: it is no address.
    """
    return urlsplit(address).scheme == "https" or is_loopback(address)


def post(address: str, document: Mapping[str, Any], *, headers: Mapping[str, str], seconds: float, token: str = "") -> Answer:
    """Post a document once, as JSON; ``token`` is sent as a bearer's. Nothing is raised for what the network or the endpoint does."""
    try:
        return within(seconds, lambda: _send(address, document, headers, seconds, _Bearer(token) if token else None))
    except requests.exceptions.Timeout:
        return Answer()


class _Bearer(AuthBase):
    """The token as a header of this one request. Given as plain headers, requests would let a .netrc take its place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _send(address: str, document: Mapping[str, Any], headers: Mapping[str, str], seconds: float, auth: AuthBase | None) -> Answer:
    try:
        # A redirect would carry the document to where nobody configured it.
        with (
            _unlogged(),
            requests.post(
                address, json=document, headers=headers, auth=auth, timeout=seconds, allow_redirects=False, stream=True
            ) as answer,
        ):
            return Answer(answer.status_code, _beginning(answer), retry_after=answer.headers.get("Retry-After", "")[:40])
    except (requests.exceptions.RequestException, ValueError) as error:  # the words of both may quote the address or a header
        return Answer(trouble=type(error).__name__, may_have_arrived=_may_have_arrived(error))


def _beginning(answer: requests.Response) -> str:
    """What the answer says; how it ended is known already, so nothing that happens here counts."""
    with contextlib.suppress(requests.exceptions.RequestException):
        return next(answer.iter_content(_LONGEST_TEXT), b"").decode("utf-8", errors="replace")
    return ""


def _may_have_arrived(error: Exception) -> bool:
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError):
        return False
    if isinstance(error, requests.exceptions.ConnectionError):
        cause = error.args[0] if error.args else None
        return not isinstance(getattr(cause, "reason", cause), _NEVER_CONNECTED)
    return isinstance(error, requests.exceptions.Timeout | requests.exceptions.ChunkedEncodingError)


@contextlib.contextmanager
def _unlogged() -> Generator[None]:
    """What this thread sends is not logged for as long as the block lasts: urllib3 would write the address's path."""
    me, logger = threading.get_ident(), logging.getLogger("urllib3.connectionpool")

    def is_of_others(record: logging.LogRecord) -> bool:
        return record.thread != me

    wanted: Callable[[logging.LogRecord], bool] = is_of_others
    logger.addFilter(wanted)
    try:
        yield
    finally:
        logger.removeFilter(wanted)
