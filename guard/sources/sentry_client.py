"""Sentry's REST API: the two questions that the guard asks, repeated where that may help, with answers validated."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import requests
import tenacity
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from guard.errors import SourceError, SourceRefused
from webstore.store_errors import bounded

_MAX_ANSWER = 16 * 1024 * 1024
_LONGEST_WAIT = 30.0
_MINIMUM_INTERVAL = re.compile(r"multiple of the minimum interval of (one hour|one minute|ten seconds)")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class SessionGroup(_Answer):
    """One group of the sessions endpoint. Rates and counts may be null: then there is no data."""

    by: dict[str, str | int]
    totals: dict[str, float | None] = Field(default_factory=dict[str, float | None])
    series: dict[str, list[float | None]] = Field(default_factory=dict[str, list[float | None]])


class SessionsAnswer(_Answer):
    """The sessions endpoint."""

    intervals: list[datetime] = Field(default_factory=list[datetime])
    groups: list[SessionGroup]


class EventsAnswer(_Answer):
    """The events endpoint: rows whose keys repeat the fields' texts."""

    data: list[dict[str, Any]]


class Filter(_Answer):
    """One inbound filter."""

    id: str
    active: bool | list[str]


class FiltersAnswer(RootModel[list[Filter]]):
    """The project filters endpoint."""


class IntervalTooSmall(SourceError):
    """This Sentry only answers in larger steps; ``interval`` is the one to ask for."""

    def __init__(self, interval: str) -> None:
        super().__init__(f"Sentry only answers in steps of {interval}")
        self.interval = interval


class SentryPassing(SourceError):
    """Sentry could not answer now, and may later."""

    def __init__(self, message: str, wait_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


_Model = TypeVar("_Model", bound=BaseModel)


class SentryClient:
    """Sentry as one token sees it."""

    def __init__(
        self,
        base_url: str,
        token: str,
        session: requests.Session | None = None,
        *,
        timeout_seconds: float = 15.0,
        attempts: int = 3,
        sleep: Callable[[float], None] | None = None,
        now: Callable[[], float] = lambda: datetime.now(UTC).timestamp(),
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._session = session or requests.Session()
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = timeout_seconds
        self._now = now
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(SentryPassing),
            stop=tenacity.stop_after_attempt(attempts),
            wait=self._pause,
            sleep=sleep or tenacity.nap.sleep,
            reraise=True,
        )

    def sessions(self, organization: str, parameters: Sequence[tuple[str, str]]) -> SessionsAnswer:
        """Sessions, grouped as the parameters say.

        Raises:
            IntervalTooSmall: ask again with its interval.
            SourceError: Sentry is out of reach or refused.
        """
        return self._get(SessionsAnswer, f"organizations/{organization}/sessions/", parameters)

    def events(self, organization: str, parameters: Sequence[tuple[str, str]]) -> EventsAnswer:
        """Events as a table.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return self._get(EventsAnswer, f"organizations/{organization}/events/", parameters)

    def filters(self, organization: str, project: str) -> dict[str, bool | list[str]]:
        """The project's inbound filters by id: on or off, or a list of what is filtered.

        Raises:
            SourceError: Sentry is out of reach or refused.
        """
        return {found.id: found.active for found in self._get(FiltersAnswer, f"projects/{organization}/{project}/filters/", ()).root}

    def _get(self, model: type[_Model], path: str, parameters: Sequence[tuple[str, str]]) -> _Model:
        body = self._retrying(self._send, path, parameters)
        try:
            return model.model_validate_json(body)
        except ValidationError:
            raise SourceError(f"Sentry's answer has not the shape of {model.__doc__}") from None

    def _send(self, path: str, parameters: Sequence[tuple[str, str]]) -> bytes:
        try:
            with self._session.get(
                f"{self._base_url}/api/0/{path}",
                params=list(parameters),
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,  # a token must not be carried to another host
                stream=True,
            ) as answer:
                body = b"".join(_bounded_chunks(answer))
                if answer.status_code == requests.codes.ok:
                    return body
                raise self._refusal(answer, body)
        except requests.exceptions.RequestException as error:
            raise SentryPassing("Sentry cannot be reached") from ConnectionError(type(error).__name__)

    def _refusal(self, answer: requests.Response, body: bytes) -> SourceError:
        words = bounded(body.decode("utf-8", "replace"))
        code = answer.status_code
        if code == 429:  # noqa: PLR2004 - too many requests; the body has no fixed content type
            return SentryPassing(f"Sentry's rate limit is used up: {words}", self._wait_told(answer))
        if code >= 500:  # noqa: PLR2004 - the server's own failures
            return SentryPassing(f"Sentry failed: HTTP {code}")
        if code in {401, 403, 404}:
            return SourceRefused(f"Sentry refused (HTTP {code}): {words}")
        if smallest := _MINIMUM_INTERVAL.search(words):
            return IntervalTooSmall({"one hour": "1h", "one minute": "1m", "ten seconds": "10s"}[smallest[1]])
        return SourceError(f"Sentry refused the question (HTTP {code}): {words}")

    def _wait_told(self, answer: requests.Response) -> float:
        """Seconds until Sentry wants to be asked again; self-hosted ones say nothing."""
        retry_after = answer.headers.get("Retry-After", "")
        reset = answer.headers.get("X-Sentry-Rate-Limit-Reset", "")
        told = float(retry_after) if retry_after.isdecimal() else float(reset) - self._now() if reset.isdecimal() else 0.0
        return min(max(told, 0.0), _LONGEST_WAIT)

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        own = min(2.0 ** (state.attempt_number - 1), 8.0) * 0.5
        return max(own, error.wait_seconds) if isinstance(error, SentryPassing) else own


def _bounded_chunks(answer: requests.Response) -> list[bytes]:
    chunks: list[bytes] = []
    size = 0
    for chunk in answer.iter_content(256 * 1024):
        size += len(chunk)
        if size > _MAX_ANSWER:
            raise SourceError(f"Sentry's answer is longer than {_MAX_ANSWER} bytes")
        chunks.append(chunk)
    return chunks
