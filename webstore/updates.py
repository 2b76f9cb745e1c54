"""The update service: what browsers are offered, and the signed package that they would get."""

import contextlib
import dataclasses
import hashlib
import hmac
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import IO
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3.exceptions

from webstore.auth import is_loopback
from webstore.crx import CrxError, open_crx
from webstore.files import CHUNK
from webstore.package import Package
from webstore.safe_zip import PackageError, SafeZip
from webstore.store_errors import StoreError, StoreUnavailable, StoreUnreachable, UpdateServiceError
from webstore.time_limit import within
from webstore.versions import Version, VersionError

BROWSER_VERSION = "150.0.0.0"
"""Said to the service, which withholds packages that a browser is too old for."""

_MAX_ANSWER = 1024 * 1024
_MAX_PACKAGE = 2 * 1024**3 + 16 * 1024**2
"""What the store takes (2 GiB) and a CRX header."""

_PASSING = frozenset({408, 429})
"""Answers below 500 that say nothing of what was asked."""
_NAMESPACE = "{http://www.google.com/update2/response}"


@dataclasses.dataclass(frozen=True)
class OfferedUpdate:
    """A version that the service offers to every browser that asks."""

    version: Version
    codebase: str
    """Address of the CRX."""
    sha256: str | None
    size: int | None


class UpdateService:
    """Asks as a browser would."""

    def __init__(
        self,
        update_url: str,
        session: requests.Session | None = None,
        *,
        timeout_seconds: float = 30.0,
        package_seconds: float = 1800.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``timeout_seconds``: until an answer is whole; ``package_seconds``: until a package is."""
        self._url = update_url
        self._session = session or requests.Session()
        self._timeout = timeout_seconds
        self._package_timeout = package_seconds
        self._clock = clock

    def offered(self, extension_id: str) -> OfferedUpdate | None:
        """What a browser without the extension is offered; none when nothing is.

        Raises:
            StoreError: the service is out of reach, or its answer makes no sense.
        """
        params = {
            "response": "updatecheck",
            "acceptformat": "crx3",
            "prodversion": BROWSER_VERSION,
            "x": f"id={extension_id}&uc",
        }
        with self._get(self._url, _MAX_ANSWER, self._timeout, params).file as answer:
            return parse_answer(answer.read(), extension_id)

    def download(self, offered: OfferedUpdate, extension_id: str) -> Package:
        """Fetch an offered package, and hold it to what was said of it: length, SHA-256, signature and id.

        Raises:
            StoreError: it cannot be fetched, or it is not what was offered.
        """
        scheme = urlsplit(offered.codebase).scheme
        if scheme != "https" and not (scheme == "http" and is_loopback(offered.codebase)):
            raise UpdateServiceError("the update service names an address that is neither https nor on this machine")
        data = self._get(offered.codebase, _MAX_PACKAGE, self._package_timeout, None)
        with data.file:
            return _as_offered(data, offered, extension_id)

    @tenacity.retry(
        retry=tenacity.retry_if_exception(lambda error: isinstance(error, StoreError) and error.retry),
        stop=tenacity.stop_after_attempt(4),
        wait=tenacity.wait_exponential_jitter(multiplier=0.3, max=4),
        reraise=True,
    )
    def _get(self, url: str, longest: int, seconds: float, params: dict[str, str] | None) -> "_Download":
        deadline = self._clock() + seconds
        hooks = {"response": _without_body_of_redirect}

        def exchange() -> _Download:
            with self._session.get(url, params=params, timeout=self._timeout, stream=True, hooks=hooks) as answer:
                if answer.status_code in _PASSING or answer.status_code >= 500:  # noqa: PLR2004 - the server's own failures
                    raise StoreUnavailable(f"the update service failed: HTTP {answer.status_code}")
                if answer.status_code != requests.codes.ok:
                    raise UpdateServiceError(f"the update service answered HTTP {answer.status_code}")
                return _received(answer, longest, lambda: self._clock() > deadline)

        try:
            return within(self._timeout + seconds, exchange, lambda late: late.file.close())
        # The last: an address that it redirects to, and that is none.
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            raise StoreUnreachable("the update service cannot be reached") from ConnectionError(type(error).__name__)


@dataclasses.dataclass(frozen=True)
class _Download:
    file: IO[bytes]
    sha256: str


def _as_offered(data: _Download, offered: OfferedUpdate, extension_id: str) -> Package:
    """The package, when it is what was said of it."""
    if offered.sha256 and not hmac.compare_digest(data.sha256, offered.sha256.lower()):
        raise UpdateServiceError("the downloaded package has not the SHA-256 that the update service named")
    try:
        crx, archive = open_crx(data.file)
        package = Package.of(SafeZip(archive))
    except (CrxError, PackageError) as error:
        raise UpdateServiceError("the downloaded package cannot be used") from error
    if crx.extension_id != extension_id:
        raise UpdateServiceError(f"the downloaded package is signed for {crx.extension_id}, not for {extension_id}")
    if package.version != offered.version:
        raise UpdateServiceError(f"the downloaded package is {package.version}, not {offered.version} as offered")
    return package


def _without_body_of_redirect(answer: requests.Response, *_: object, **__: object) -> None:
    """What a redirect says besides its address is read by `requests` to its end, however slowly that comes: it is not let."""
    if answer.is_redirect:
        answer.raw.close()


def _received(answer: requests.Response, longest: int, is_late: Callable[[], bool]) -> _Download:
    """An answer's body: in memory while it is small, then on disk."""
    file = tempfile.SpooledTemporaryFile(max_size=8 * CHUNK)  # noqa: SIM115 - closed by who takes it over
    digest, size = hashlib.sha256(), 0
    with contextlib.ExitStack() as on_error:
        on_error.callback(file.close)
        while chunk := answer.raw.read1(CHUNK, decode_content=True):  # what is there: one that trickles in must not hold us
            size += len(chunk)
            if is_late():
                raise StoreUnavailable("the update service's answer did not come to an end in time")
            if size > longest:
                raise UpdateServiceError(f"the update service's answer is longer than {longest} bytes")
            digest.update(chunk)
            file.write(chunk)
        file.seek(0)
        on_error.pop_all()
    return _Download(file, digest.hexdigest())


def parse_answer(body: bytes, extension_id: str) -> OfferedUpdate | None:
    """Read a `gupdate` document.

    Raises:
        UpdateServiceError: it is none, or says nothing of this extension.
    """
    if b"<!" in body:  # no entity or document type is ever needed here, and both can be made to hurt
        raise UpdateServiceError("the update service's answer holds a document type")
    try:
        root = ET.fromstring(body)  # noqa: S314 - bounded in size, and without entities (see above)
    except ET.ParseError as error:
        raise UpdateServiceError("the update service's answer is not XML") from error
    app = next((app for app in root.iter(f"{_NAMESPACE}app") if app.get("appid") == extension_id), None)
    if app is None:
        raise UpdateServiceError("the update service's answer says nothing of this extension")
    check = app.find(f"{_NAMESPACE}updatecheck")
    if check is None or check.get("status", "ok") != "ok" or not check.get("codebase"):
        return None
    try:
        size = check.get("size")
        return OfferedUpdate(
            Version.parse(check.get("version", "")),
            check.get("codebase", ""),
            check.get("hash_sha256"),
            int(size) if size else None,
        )
    except (VersionError, ValueError) as error:
        raise UpdateServiceError("the update service's answer names a version or size that is none") from error
