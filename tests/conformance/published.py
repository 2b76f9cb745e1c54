"""Where descriptions are published and held, and how one is fetched: by https, without redirects, bounded in size and time."""

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity

from conformance.formats import READ_OF_SENTRY, of_discovery, of_sentry
from conformance.parts import Difference, Parts, compare, mapping
from webstore.connections import shared
from webstore.errors import ReleaseGuardError
from webstore.time_limit import within

HELD = Path(__file__).parents[1] / "contract"
_LONGEST = 32 * 1024 * 1024
"""Bytes; Sentry's whole description has 3 MB."""
_TRIES = 3
HEADERS = {"User-Agent": "release-guard-conformance"}

Sleep = Callable[[float], None]


class NotFetched(ReleaseGuardError):
    """What is published could not be read: nothing is known of it."""

    hint = "run the workflow again; when it goes on, see whether the address in tests/conformance/published.py is still right"


@dataclasses.dataclass(frozen=True)
class Description:
    """A description that is published somewhere, and held here for the tests."""

    name: str
    held: Path
    address: str
    parts: Callable[[Any], Parts]
    kept: Callable[[Any, Any], Any]
    """What is held of a published one, given the one that was held before."""
    indent: int
    """Spaces by which the held file indents."""

    def differences(self, published: bytes) -> list[Difference]:
        """Where what is published does not keep what is held.

        Raises:
            NotFetched: it is no such description.
        """
        return compare(self.parts(json.loads(self.held.read_bytes())), self.read(published)[1])

    def read(self, published: bytes) -> tuple[Any, Parts]:
        """What was fetched, as a document and as its parts.

        Raises:
            NotFetched: it is no such description.
        """
        try:
            document = json.loads(published)
            return document, self.parts(document)
        except (ValueError, RecursionError) as error:
            raise NotFetched(f"what is published as {self.name} makes no sense") from error

    def renew(self, published: bytes) -> None:
        """Hold from now on what is published.

        Raises:
            NotFetched: it is no such description.
        """
        before = self.held.read_text(encoding="utf-8")
        document = self.kept(self.read(published)[0], json.loads(before))
        ending = "\n" if before.endswith("\n") else ""
        # Written as before, so that a renewal shows what is new and nothing else.
        self.held.write_text(json.dumps(document, indent=self.indent, ensure_ascii=False) + ending, encoding="utf-8")


def _whole(published: Any, _held: Any) -> Any:
    return published


def _paths_of(published: Any, held: Any) -> Any:
    """The same operations, as they are published now; one that is gone stays until somebody takes it out together with what uses it."""
    there = mapping(published["paths"])
    return {**held, "paths": {path: there.get(path, item) if path in READ_OF_SENTRY else item for path, item in held["paths"].items()}}


DESCRIPTIONS = (
    Description(
        "Chrome Web Store API v2",
        HELD / "chromewebstore.v2.discovery.json",
        "https://chromewebstore.googleapis.com/$discovery/rest?version=v2",
        of_discovery,
        _whole,
        0,
    ),
    Description(
        "Sentry API",
        HELD / "sentry.openapi.subset.json",
        "https://raw.githubusercontent.com/getsentry/sentry-api-schema/main/openapi-derefed.json",
        of_sentry,
        _paths_of,
        1,
    ),
)


def fetch(address: str, *, seconds: float = 60.0, longest: int = _LONGEST, sleep: Sleep = time.sleep) -> bytes:
    """What stands at an address; asked again, twice at most, where the other side or the way to it fails.

    Args:
        address: by https; to this machine itself, where nobody stands between, also by http.
        seconds: how long one exchange may take in all.
        longest: bytes of the greatest answer that is taken.
        sleep: waits so many seconds before it is asked again.

    Raises:
        NotFetched: it could not be read.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and (parts.scheme, parts.hostname) != ("http", "127.0.0.1"):
        raise NotFetched(f"{address} is no https address")
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(requests.exceptions.RequestException),
        stop=tenacity.stop_after_attempt(_TRIES),
        wait=tenacity.wait_exponential(multiplier=2.0, max=20.0),
        sleep=sleep,
        reraise=True,
    )
    with shared(requests.Session(), address) as session:
        try:
            return retrying(within, seconds, lambda: _read(session, address, seconds, longest))
        except requests.exceptions.RequestException as error:
            raise NotFetched(f"{parts.hostname} did not answer as it should") from error


def _read(session: requests.Session, address: str, seconds: float, longest: int) -> bytes:
    with session.get(address, headers=HEADERS, timeout=seconds, allow_redirects=False, stream=True) as answer:
        if answer.status_code >= requests.codes.internal_server_error or answer.status_code == requests.codes.too_many_requests:
            raise requests.exceptions.HTTPError(f"HTTP {answer.status_code}")
        if answer.status_code != requests.codes.ok:
            raise NotFetched(f"{urlsplit(address).hostname} answered with HTTP {answer.status_code}")
        read = b""
        for chunk in answer.iter_content(256 * 1024):
            read += chunk
            if len(read) > longest:
                raise NotFetched(f"what {urlsplit(address).hostname} sends is longer than {longest} bytes")
        return read
