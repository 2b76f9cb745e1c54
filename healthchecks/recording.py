"""check record: a page and all that it loads, kept as a HAR file that later answers in its place."""

import contextlib
import dataclasses
import json
import os
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from healthchecks.chromium import find_chromium
from healthchecks.environment import without_secrets
from healthchecks.errors import BrowserFailed, RecordingFailed
from healthchecks.result import plain
from healthchecks.scenario import web_address
from healthchecks.settings import CheckSettings

_SECRET_HEADERS = frozenset({"cookie", "set-cookie", "authorization", "proxy-authorization", "x-api-key", "x-csrf-token", "x-xsrf-token"})
_FIRST_ERROR = 400
_QUIET_MS = 10_000
"""A page that never falls silent is recorded so far."""


@dataclasses.dataclass(frozen=True)
class Recorded:
    """What a recording holds."""

    requests: int
    hosts: tuple[str, ...]
    bytes: int


def record_page(address: str, path: Path, settings: CheckSettings) -> Recorded:
    """Open a page without the extension, and keep every answer, without cookies and authorization headers.

    Raises:
        RecordingFailed: the address is none, the page does not open or answers with an error, or the file cannot be written.
        ChromiumNotFound: there is no Chromium.
        BrowserFailed: it does not start.
    """
    try:
        web_address(address)
    except ValueError as error:
        raise RecordingFailed(f"{plain(address)}: {error}") from None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _record(address, path, settings)
        har: Any = json.loads(path.read_text(encoding="utf-8"))
        _clean(har)
        path.write_text(json.dumps(har, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise RecordingFailed(f"{path} cannot be written: {error.strerror}") from error
    entries = cast("list[dict[str, Any]]", har["log"]["entries"])
    hosts = dict.fromkeys(str(urlsplit(str(entry["request"]["url"])).hostname) for entry in entries)
    return Recorded(len(entries), tuple(hosts), path.stat().st_size)


def _record(address: str, path: Path, settings: CheckSettings) -> None:
    chromium = find_chromium(settings.chromium)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=str(chromium.path),
                headless=settings.headless,
                chromium_sandbox=os.geteuid() != 0,
                env=cast("Any", without_secrets(os.environ)),
            )
        except PlaywrightError as error:
            raise BrowserFailed(f"{chromium.path} did not start: {plain(error.message.splitlines()[0])}") from None
        context = browser.new_context(record_har_path=path, record_har_content="embed", service_workers="block")
        page = context.new_page()
        try:
            answer = page.goto(address, wait_until="load", timeout=settings.check_seconds * 1000)
        except PlaywrightError as error:
            raise RecordingFailed(f"{plain(address)} cannot be opened: {plain(error.message.splitlines()[0])}") from None
        if answer is not None and answer.status >= _FIRST_ERROR:
            raise RecordingFailed(f"{plain(address)} answers with {answer.status}")
        with contextlib.suppress(PlaywrightError):  # a page that never falls silent: what was answered so far is kept
            page.wait_for_load_state("networkidle", timeout=_QUIET_MS)
        context.close()
        browser.close()


def _clean(har: dict[str, Any]) -> None:
    """Take out what lets another act as the one who recorded."""
    for entry in har["log"]["entries"]:
        for side in (entry["request"], entry["response"]):
            side["cookies"] = []
            side["headers"] = [one for one in side["headers"] if one["name"].lower() not in _SECRET_HEADERS]
