"""The Chrome Web Store API v2: one method per call, a time limit on each, and only what may be repeated is repeated."""

import contextlib
import dataclasses
from collections.abc import Callable, Generator
from typing import Any

import requests
import tenacity

from webstore.answers import ErrorAnswer, ErrorDetail, PublishAnswer, StatusAnswer, UploadAnswer, read_answer
from webstore.models import Item, ItemState, ItemStatus, UploadState
from webstore.store_errors import (
    AnswerLost,
    CredentialsRefused,
    ItemNotFound,
    QuotaExceeded,
    RequestRefused,
    StoreError,
    StoreUnavailable,
    StoreUnreachable,
    UnexpectedAnswer,
    bounded,
)
from webstore.versions import Version, VersionError

_LONGEST_RETRY_AFTER = 60.0
_UPLOAD_SECONDS = 300.0
_MAX_ANSWER = 4 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Upload:
    """What came of an upload; the version is unknown while the store still processes it."""

    state: UploadState
    version: Version | None


class WebStoreClient:
    """The store as one service account sees it.

    Reading calls and dry runs are repeated with back-off, at most ``attempts`` times. Of the calls that change something only those
    are repeated of which nothing was sent; otherwise an error with ``settled = False`` says that the store must be read back.
    """

    def __init__(
        self,
        base_url: str,
        session: requests.Session,
        *,
        connect_seconds: float = 5.0,
        read_seconds: float = 30.0,
        attempts: int = 4,
        wait: tenacity.wait.wait_base | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._session = session
        self._timeouts = (connect_seconds, read_seconds)
        self._stop = tenacity.stop_after_attempt(attempts)
        self._wait = wait or tenacity.wait_exponential_jitter(multiplier=0.5, max=8)
        self._sleep = sleep or tenacity.nap.sleep

    def status(self, item: Item) -> ItemStatus:
        """What is published and submitted.

        Raises:
            StoreError: the store cannot be read.
        """
        return read_answer(StatusAnswer, self._call("GET", f"v2/{item.name}:fetchStatus", repeat=True)).to_domain(item)

    def upload(self, item: Item, archive: bytes) -> Upload:
        """Upload a zip as the item's next package.

        Raises:
            StoreError: it was refused, or its fate is not known (``settled`` is False).
        """
        body = self._call("POST", f"upload/v2/{item.name}:upload", params={"uploadType": "media"}, data=archive)
        answer = read_answer(UploadAnswer, body)
        try:
            return Upload(answer.state, Version.parse(answer.crx_version) if answer.crx_version else None)
        except VersionError as error:
            raise UnexpectedAnswer("the store's answer to the upload names a version that is none") from error

    def publish(self, item: Item, *, staged: bool = False, deploy_percentage: int | None = None, skip_review: bool = False) -> ItemState:
        """Submit the uploaded package; the state of the submission, which is seldom "published" at once.

        Raises:
            StoreError: it was refused, or its fate is not known (``settled`` is False).
        """
        request: dict[str, Any] = {"publishType": "STAGED_PUBLISH" if staged else "DEFAULT_PUBLISH"}
        if deploy_percentage is not None:
            request["deployInfos"] = [{"deployPercentage": deploy_percentage}]
        if skip_review:
            request["skipReview"] = True
        return read_answer(PublishAnswer, self._call("POST", f"v2/{item.name}:publish", json=request)).state

    def rollback(self, item: Item, *, target: Version, new_version: Version, reason: str, validate_only: bool = False) -> None:
        """Put the package of ``target`` back under ``new_version``; with ``validate_only`` only ask whether that would be taken.

        Raises:
            StoreError: it was refused, or its fate is not known (``settled`` is False).
        """
        request: dict[str, Any] = {"targetCrxVersion": str(target), "newVersion": str(new_version), "rollbackReason": reason}
        if validate_only:
            request["validateOnly"] = True
        self._call("POST", f"v2/{item.name}:rollback", repeat=validate_only, json=request)

    def cancel_submission(self, item: Item) -> None:
        """Take back what is pending review.

        Raises:
            StoreError: it was refused, or its fate is not known (``settled`` is False).
        """
        self._call("POST", f"v2/{item.name}:cancelSubmission", json={})

    def set_deploy_percentage(self, item: Item, percentage: int) -> None:
        """Raise the share of users (0-100) that get the published version.

        Raises:
            StoreError: it was refused, or its fate is not known (``settled`` is False).
        """
        self._call("POST", f"v2/{item.name}:setPublishedDeployPercentage", json={"deployPercentage": percentage})

    def _call(self, method: str, path: str, *, repeat: bool = False, **request: Any) -> bytes:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: _may_repeat(error, repeatable=repeat)),
            stop=self._stop,
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._send, method, path, **request)

    def _send(self, method: str, path: str, **request: Any) -> bytes:
        connect, read = self._timeouts
        timeout = (connect, _UPLOAD_SECONDS if "data" in request else read)
        with _mapped_errors():
            # Never follow a redirect: a token must not be carried to another host.
            answer = self._session.request(
                method, f"{self._base_url}/{path}", timeout=timeout, allow_redirects=False, stream=True, **request
            )
            body = answer.raw.read(_MAX_ANSWER + 1, decode_content=True)
        if len(body) > _MAX_ANSWER:
            raise UnexpectedAnswer(f"the store's answer is longer than {_MAX_ANSWER} bytes")
        if answer.status_code != requests.codes.ok:
            raise _refusal(answer, body)
        return body

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return max(self._wait(state), float(getattr(error, "retry_after", 0.0)))


def _may_repeat(error: BaseException, *, repeatable: bool) -> bool:
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
    except GoogleAuthError:
        # Google's words can quote the assertion that we signed.
        raise CredentialsRefused("Google refused the service account's credentials") from None


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
    code = answer.status_code
    try:
        detail = read_answer(ErrorAnswer, body).error
    except UnexpectedAnswer:
        detail = ErrorDetail()
    words = bounded(detail.message) or f"HTTP {code}"
    match code:
        case 401 | 403:
            return CredentialsRefused(f"the Chrome Web Store refused our credentials: {words}")
        case 404:
            return ItemNotFound(f"the Chrome Web Store does not know the item: {words}")
        case 429:
            error: StoreError = QuotaExceeded(f"the Chrome Web Store's quota is used up: {words}")
        case 501:
            return RequestRefused(f"the Chrome Web Store does not do that: {words}", bounded(detail.status))
        case _ if code >= 500:  # noqa: PLR2004 - the server's own failures
            error = StoreUnavailable(f"the Chrome Web Store failed: {words}")
        case _:
            return RequestRefused(f"the Chrome Web Store refused: {words}", bounded(detail.status))
    error.__dict__["retry_after"] = _retry_after(answer)
    return error


def _retry_after(answer: requests.Response) -> float:
    """Seconds that the store asks us to wait, bounded; dates and nonsense count as nothing."""
    text = answer.headers.get("Retry-After", "")
    return min(float(text), _LONGEST_RETRY_AFTER) if text.isdecimal() else 0.0
