"""How Sentry is asked: by GETs at a pace, repeated where that may help, with answers bounded and validated.

The token only ever goes to the configured host, or from the bare service to the region that the organization lives in.
"""

import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import requests
import tenacity
from pydantic import BaseModel, ValidationError
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict

from guard.errors import SourceError, SourceRefused, SourceUnreachable
from guard.sources.sentry_pace import Pace
from webstore.store_errors import bounded

_MAX_ANSWER = 16 * 1024 * 1024
_LONGEST_WAIT = 30.0
_LONGEST_ANSWER_SECONDS = 60.0
_MOST_PAGES = 10
_TOO_MANY = 429
_MINIMUM_INTERVAL = re.compile(r"multiple of the minimum interval of (one hour|one minute|ten seconds)")
SERVICE = "sentry.io"

Parameters = Sequence[tuple[str, str]]


class QuestionRefused(SourceError):
    """Sentry does not answer this question: it has no such dataset, field or project, or cannot read the search."""

    hint = "check the project and the searches under [sentry]; `release-guard doctor` says what this Sentry can answer"


class IntervalTooSmall(QuestionRefused):
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


class SentryTransport:
    """Asks with one token, from any number of threads, and rests when it is told to."""

    def __init__(
        self,
        token: str,
        session: requests.Session,
        *,
        pace: Pace | None = None,
        timeout_seconds: float = 15.0,
        attempts: int = 3,
        sleep: Callable[[float], None] | None = None,
        now: Callable[[], float] = lambda: datetime.now(UTC).timestamp(),
    ) -> None:
        """``pace``: shared by all that ask with the token; none: as fast as may be. ``now``: seconds since 1970."""
        self._session = session
        self._headers = {name: str(value) for name, value in session.headers.items()} | {"Authorization": f"Bearer {token}"}
        self._pace = pace or Pace(math.inf)
        self._timeout = timeout_seconds
        self._now = now
        self._sleep = sleep or tenacity.nap.sleep
        self._rests_until = 0.0
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((SentryPassing, SourceUnreachable)),
            stop=tenacity.stop_after_attempt(attempts),
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )

    def get(self, model: type[_Model], home: str, path: str, parameters: Parameters) -> _Model:
        """One answer.

        Raises:
            SourceError: Sentry is out of reach or refused, or its answer makes no sense.
        """
        return next(self.pages(model, home, path, parameters))

    def pages(self, model: type[_Model], home: str, path: str, parameters: Parameters) -> Iterator[_Model]:
        """Page after page, of a bounded number.

        Only the cursor is taken from an answer, never an address: a token must not be led elsewhere.

        Raises:
            SourceError: Sentry is out of reach or refused, or its answer makes no sense.
        """
        cursor: Parameters = ()
        for _ in range(_MOST_PAGES):
            answer, body = self._retrying(self._send, f"{home}/api/0/{path}", [*parameters, *cursor])
            try:
                yield model.model_validate_json(body)
            except ValidationError:
                raise SourceError(f"Sentry's answer has not the shape of {model.__doc__}") from None
            following = answer.links.get("next", {})
            if following.get("results") != "true" or not following.get("cursor"):
                return
            cursor = [("cursor", following["cursor"])]

    def _send(self, url: str, parameters: Parameters) -> tuple[requests.Response, bytes]:
        self._rest()
        try:
            with (
                self._pace.turn(),
                self._session.send(
                    self._prepared(url, parameters),
                    timeout=self._timeout,
                    allow_redirects=False,  # a token must not be carried to another host
                    stream=True,
                    proxies=self._session.proxies,
                    verify=self._session.verify,
                ) as answer,
            ):
                body = b"".join(_bounded_chunks(answer))
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema):
            raise SourceError("Sentry's address cannot be used").advise("correct `base_url` under [sentry]") from None
        except requests.exceptions.RequestException as error:
            raise SourceUnreachable("Sentry cannot be reached") from ConnectionError(type(error).__name__)
        if answer.status_code == _TOO_MANY or answer.headers.get("X-Sentry-Rate-Limit-Remaining") == "0":
            self._rests_until = max(self._rests_until, self._now() + self._wait_told(answer))
        if answer.status_code == requests.codes.ok:
            return answer, body
        raise self._refusal(answer, body)

    def _prepared(self, url: str, parameters: Parameters) -> requests.PreparedRequest:
        """The question, without what `requests` would find out anew each time: that the address is one, and that there are no cookies."""
        found = requests.PreparedRequest()
        found.method, found.headers = "GET", CaseInsensitiveDict(self._headers)
        found.url = f"{url}?{urlencode(parameters)}" if parameters else url
        found.hooks = default_hooks()
        return found

    def _rest(self) -> None:
        """An answer to anybody said that the limit is used up: the next questions wait for its end, and are not turned away."""
        waits = self._rests_until - self._now()
        if 0 < waits <= _LONGEST_WAIT:
            self._sleep(waits)

    def _refusal(self, answer: requests.Response, body: bytes) -> SourceError:
        words = bounded(body.decode("utf-8", "replace"))
        code = answer.status_code
        if code == _TOO_MANY:  # the body has no fixed content type
            return SentryPassing(f"Sentry's rate limit is used up: {words}", self._wait_told(answer))
        if code >= 500:  # noqa: PLR2004 - the server's own failures
            return SentryPassing(f"Sentry failed: HTTP {code}")
        if code in {401, 403, 404}:
            return SourceRefused(f"Sentry refused (HTTP {code}): {words}")
        if 300 <= code < 400:  # noqa: PLR2004 - redirects
            elsewhere = SourceError(f"Sentry's address leads elsewhere (HTTP {code}), where the token is not sent")
            return elsewhere.advise("set `base_url` under [sentry] to the address that answers itself")
        if smallest := _MINIMUM_INTERVAL.search(words):
            return IntervalTooSmall({"one hour": "1h", "one minute": "1m", "ten seconds": "10s"}[smallest[1]])
        return QuestionRefused(f"Sentry refused the question (HTTP {code}): {words}")

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


def checked_region(base_url: str, region: str) -> str:
    """The address of a region that Sentry names, when a token for the configured address may go there.

    From the service to a host of the service, over TLS; from anywhere else nowhere but to the configured address itself.

    Raises:
        SourceError: it is another host.
    """
    host = urlsplit(base_url).hostname or ""
    try:
        theirs = urlsplit(region)
        scheme, named, port = theirs.scheme, theirs.hostname or "", theirs.port
    except ValueError:
        scheme, named, port = "", "", None
    if scheme == "https" and port in {None, 443} and _is_service(host) and _is_service(named):
        return f"https://{named}"  # nothing else of what was named is used
    if named == host:
        return base_url
    foreign = SourceError(f"Sentry names {bounded(named, 100) or 'no host'} as the organization's region, which is no host of {host}")
    raise foreign.advise("set `base_url` under [sentry] to the region's own address; the token is sent to no other")


def _is_service(host: str) -> bool:
    return host == SERVICE or re.fullmatch(rf"[a-z0-9-]+(\.[a-z0-9-]+)*\.{re.escape(SERVICE)}", host) is not None


def _bounded_chunks(answer: requests.Response) -> Iterator[bytes]:
    size, deadline = 0, time.monotonic() + _LONGEST_ANSWER_SECONDS
    for chunk in answer.iter_content(256 * 1024):
        size += len(chunk)
        if size > _MAX_ANSWER:
            raise SourceError(f"Sentry's answer is longer than {_MAX_ANSWER} bytes")
        if time.monotonic() > deadline:
            raise SourceUnreachable("Sentry's answer does not come to an end")
        yield chunk
