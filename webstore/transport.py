"""Calls of the store over HTTP: bounded in time and size, foreign errors made ours, and only what may be repeated repeated."""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Generator, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import requests
import tenacity

from webstore.budget import RequestBudget
from webstore.files import CHUNK
from webstore.refusals import refused_by_api, refused_by_token_service
from webstore.rpc_status import RpcStatus, read_status
from webstore.store_errors import (
    AnswerLost,
    ItemNotFound,
    QuotaExceeded,
    RequestInvalid,
    RequestRefused,
    StoreError,
    StoreUnavailable,
    StoreUnreachable,
    UnexpectedAnswer,
    WarningsFound,
    WrongState,
)
from webstore.time_limit import within

_MAX_ANSWER = 4 * 1024 * 1024
_PIECE = 64 * 1024
_REFUSALS = {
    "INVALID_ARGUMENT": RequestInvalid,
    "OUT_OF_RANGE": RequestInvalid,
    "FAILED_PRECONDITION": WrongState,
    "ABORTED": WrongState,
    "ALREADY_EXISTS": WrongState,
}
_QUOTA_REASONS = frozenset({"RATE_LIMIT_EXCEEDED", "RESOURCE_QUOTA_EXCEEDED"})


@dataclasses.dataclass(frozen=True)
class TimeLimits:
    """How long a call may take, in seconds, and how often it may be tried."""

    connect: float = 5.0
    read: float = 30.0
    """Until an answer is whole."""
    upload: float = 1800.0
    """Until a package is sent and answered."""
    attempts: int = 4
    total: float = 120.0
    """All attempts and the pauses between them: no new attempt is begun after it."""


class Transport:
    """Sends calls with credentials, again where that is safe, within the budget of all."""

    def __init__(
        self,
        base_url: str,
        session: requests.Session,
        *,
        limits: TimeLimits | None = None,
        budget: RequestBudget | None = None,
        is_urgent: bool = False,
        wait: tenacity.wait.wait_base | None = None,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``is_urgent``: its calls never wait for the budget's turn."""
        self._base_url = base_url.rstrip("/")
        self._session = session
        self._limits = limits or TimeLimits()
        self._budget = budget
        self._is_urgent = is_urgent
        self._wait = wait or tenacity.wait_exponential_jitter(multiplier=0.5, max=8)
        self._sleep = sleep or tenacity.nap.sleep
        self._clock = clock

    def call(self, method: str, path: str, *, repeat: bool, **request: Any) -> bytes:
        """Make one call; the answer's body. ``repeat``: it may be sent again although it may have been carried out.

        Raises:
            StoreError: it was refused, or failed for good; ``settled`` says whether its fate is known.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: may_repeat(error, repeatable=repeat)),
            stop=self._is_over,
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._send, method, path, reading=repeat, **request)

    def _send(self, method: str, path: str, *, reading: bool, **request: Any) -> bytes:
        if self._budget:
            self._budget.take(waits=reading and not self._is_urgent)
        longest = self._limits.upload if "data" in request else self._limits.read
        deadline = self._clock() + longest
        if isinstance(package := request.get("data"), Path):
            request["data"] = _Streamed(package, deadline, self._clock)

        def exchange() -> tuple[requests.Response, bytes]:
            # Never follow a redirect: a token must not be carried to another host.
            with self._session.request(
                method,
                f"{self._base_url}/{path}",
                timeout=(self._limits.connect, longest),
                allow_redirects=False,
                hooks={"response": _unfollowed},
                stream=True,
                **request,
            ) as answer:
                return answer, self._body(answer, deadline)

        with _mapped_errors():
            answer, body = within(self._limits.connect + longest, exchange)
        if answer.status_code != requests.codes.ok:
            raise _refusal(answer, body)
        return body

    def _body(self, answer: requests.Response, deadline: float) -> bytes:
        """The answer's body, piece by piece, so that one that trickles in cannot hold us longer than was agreed."""
        body = bytearray()
        while piece := answer.raw.read1(_PIECE, decode_content=True):
            body += piece
            if len(body) > _MAX_ANSWER:
                raise UnexpectedAnswer(f"the store's answer is longer than {_MAX_ANSWER} bytes")
            if self._clock() > deadline:
                raise AnswerLost("the Chrome Web Store's answer did not come to an end in time")
        return bytes(body)

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """Seconds until the next attempt: jittered back-off, or longer where the store asks for it."""
        error = state.outcome.exception() if state.outcome else None
        return max(self._wait(state), error.retry_after if isinstance(error, StoreError) else 0.0)

    def _is_over(self, state: tenacity.RetryCallState) -> bool:
        """Whether no further attempt may begin: too many, or too late after the next pause."""
        spent = max(state.seconds_since_start or 0.0, state.idle_for)
        return state.attempt_number >= self._limits.attempts or spent + state.upcoming_sleep > self._limits.total


class _Streamed:
    """A file as a request's body: read in pieces, from its beginning each time that it is sent."""

    def __init__(self, path: Path, deadline: float, clock: Callable[[], float]) -> None:
        self._path = path
        self._deadline = deadline
        self._clock = clock

    def __len__(self) -> int:
        return self._path.stat().st_size

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while chunk := file.read(CHUNK):
                if self._clock() > self._deadline:
                    raise requests.exceptions.Timeout("the upload took too long")
                yield chunk


def _unfollowed(answer: requests.Response, *_: object, **__: object) -> None:
    """Redirects are not even looked at: `requests` reads the body of one to its end, however slowly that comes."""
    answer.headers.pop("Location", None)


def may_repeat(error: BaseException, *, repeatable: bool) -> bool:
    """Repeat what may pass; a call that changes something only when it was certainly not carried out."""
    return isinstance(error, StoreError) and error.retry and (repeatable or error.settled)


@contextlib.contextmanager
def _mapped_errors() -> Generator[None]:
    """The one place where foreign errors become ours."""
    import urllib3.exceptions  # noqa: PLC0415 - what requests is built on; its errors surface when a body is read raw
    from google.auth.exceptions import GoogleAuthError, TransportError  # noqa: PLC0415 - quick, and only when the store is called

    try:
        yield
    except requests.exceptions.ConnectTimeout as error:
        raise StoreUnreachable("the Chrome Web Store did not answer in time") from _plain(error)
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise AnswerLost("the Chrome Web Store's answer did not come in time") from _plain(error)
    except requests.exceptions.ConnectionError as error:
        if _never_connected(error):
            raise StoreUnreachable("the Chrome Web Store cannot be reached") from _plain(error)
        raise AnswerLost("the connection to the Chrome Web Store broke before its answer came") from _plain(error)
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise AnswerLost("the Chrome Web Store's answer broke off") from _plain(error)
    except TransportError as error:
        raise StoreUnreachable("Google's token service cannot be reached") from _plain(error)
    except GoogleAuthError as error:
        # Google's words can quote the assertion that we signed, so they are neither shown nor chained.
        raise refused_by_token_service(error) from None


def _plain(error: BaseException) -> Exception:
    """The kind of a network error without the address and query that its text carries."""
    root: BaseException = error
    while root.__cause__ or root.__context__:
        root = root.__cause__ or root.__context__ or root
    return ConnectionError(type(root).__name__ + (f": {root.strerror}" if isinstance(root, OSError) and root.strerror else ""))


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    import urllib3.exceptions  # noqa: PLC0415 - as above

    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.NameResolutionError)


def _refusal(answer: requests.Response, body: bytes) -> StoreError:
    """The error that an answer other than 200 is."""
    status = read_status(answer.status_code, body)
    error = _error_of(status)
    error.retry_after = max(status.retry_seconds, _retry_after(answer))
    if error.retry_after and error.retry:
        error.advise(f"the store asks to wait {error.retry_after:.0f} s; then run the command again")
    return error


def _error_of(status: RpcStatus) -> StoreError:
    code = status.code
    if code == 429 or (code == 403 and status.reason in _QUOTA_REASONS):  # noqa: PLR2004 - too many requests; forbidden
        return QuotaExceeded(f"the Chrome Web Store's quota is used up: {status.words}")
    if code in {401, 403}:
        return refused_by_api(status)
    if code == 404:  # noqa: PLR2004 - not found
        return ItemNotFound(f"the Chrome Web Store does not know the item: {status.words}")
    if code == 408 or (code >= 500 and code != 501):  # noqa: PLR2004 - the server's own failures, and its giving up on us
        return StoreUnavailable(f"the Chrome Web Store failed: {status.words}")
    if code < 400:  # noqa: PLR2004 - neither an answer nor an error
        return UnexpectedAnswer(f"the Chrome Web Store's address answered HTTP {code}, which the API never does")
    return _request_refused(status)


def _request_refused(status: RpcStatus) -> RequestRefused:
    refused = f"the Chrome Web Store refused: {status.words}"
    if status.warnings:
        told = "".join(f"\n  {warning.reason}: {warning.description}" for warning in status.warnings)
        return WarningsFound(refused + told, status.warnings)
    return _REFUSALS.get(status.status, RequestRefused)(refused, status.status)


def _retry_after(answer: requests.Response) -> float:
    """Seconds that the store asks us to wait, given as such or as a date; nonsense counts as nothing."""
    text = answer.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text[:9])
    try:
        asked, now = parsedate_to_datetime(text), parsedate_to_datetime(answer.headers.get("Date", ""))
        return max(0.0, (asked - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0
