"""Fixtures for an extension team's own tests, on top of pytest-playwright: the extension loaded in a real Chromium.

    def test_the_list_is_read(extension, extension_context):
        page = extension_context.new_page()
        page.goto("https://www.example.com/list")
        expect(page.locator("html[data-count]")).to_be_attached()

    def test_the_popup_greets(popup_page):
        expect(popup_page.get_by_text("Hello")).to_be_visible()

The extension is named by ``--extension PATH`` or by ``extension_path`` in the pytest settings: a folder, a .zip or a .crx. The options
of pytest-playwright work here too (``--headed``, ``--tracing``, ``--screenshot``, and ``--video``, for which `playwright install ffmpeg`
is needed). Tests that use its ``page`` and ``context`` get the extension as well where a conftest.py says so:

    @pytest.fixture
    def context(extension_context):
        return extension_context
"""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright, Worker

    from healthchecks.browser import ExtensionBrowser

_WORKER_MS = 10_000


@dataclasses.dataclass(frozen=True)
class Extension:
    """The extension under test, as it is loaded."""

    id: str
    folder: Path
    manifest: Mapping[str, Any]

    def url(self, path: str) -> str:
        """Address of one of its own files."""
        return f"chrome-extension://{self.id}/{path.lstrip('/')}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The extension that is meant."""
    words = "the extension that the fixtures load: a folder, a .zip or a .crx"
    parser.getgroup("release-guard", "browser extensions (release-guard)").addoption("--extension", metavar="PATH", help=words)
    parser.addini("extension_path", words)


@pytest.fixture(scope="session")
def extension_folder(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension, unpacked to a folder of its own."""
    from webstore.errors import ReleaseGuardError  # noqa: PLC0415 - this module is loaded by every pytest there is
    from webstore.package import Package  # noqa: PLC0415 - as above

    named = pytestconfig.getoption("--extension") or pytestconfig.getini("extension_path")
    if not named:
        raise pytest.UsageError("no extension is named: give --extension PATH, or `extension_path` in the pytest settings")
    path = pytestconfig.rootpath / named
    if not path.exists():
        raise pytest.UsageError(f"there is no extension at {path}")
    folder = tmp_path_factory.mktemp("extension")
    try:
        Package.read(path).unpack(folder)
    except ReleaseGuardError as error:
        raise pytest.UsageError(error.explain()) from error
    return folder


@pytest.fixture
def extension_browser(
    playwright: "Playwright",
    browser_context_args: dict[str, Any],
    browser_type_launch_args: dict[str, Any],
    _artifacts_recorder: Any,
) -> "Iterator[ExtensionBrowser]":
    """A Chromium of this test's own, without the extension yet; what goes on in it is recorded as pytest-playwright was told to."""
    from healthchecks.browser import ExtensionBrowser  # noqa: PLC0415 - as above
    from healthchecks.chromium import find_chromium  # noqa: PLC0415 - as above

    headless = bool(browser_type_launch_args.get("headless", True))
    with ExtensionBrowser(find_chromium(), headless=headless, playwright=playwright, context_options=browser_context_args) as browser:
        _artifacts_recorder.on_did_create_browser_context(browser.context)
        yield browser
        _artifacts_recorder.on_will_close_browser_context(browser.context)


@pytest.fixture
def extension(extension_browser: "ExtensionBrowser", extension_folder: Path) -> Extension:
    """The extension, loaded."""
    from healthchecks.errors import LoadRefused  # noqa: PLC0415 - as above
    from webstore.package import Package  # noqa: PLC0415 - as above

    try:
        identity = extension_browser.load(extension_folder)
    except LoadRefused as error:
        pytest.fail(f"Chromium does not load the extension: {error}", pytrace=False)
    return Extension(identity, extension_folder, Package.read(extension_folder).manifest)


@pytest.fixture
def extension_id(extension: Extension) -> str:
    """The id under which it is loaded."""
    return extension.id


@pytest.fixture
def extension_context(extension: Extension, extension_browser: "ExtensionBrowser") -> "BrowserContext":
    """The browser with the extension in it."""
    del extension  # loaded, that is what it is asked for
    return extension_browser.context


@pytest.fixture
def service_worker(extension: Extension, extension_context: "BrowserContext") -> "Worker":
    """The extension's service worker, running."""
    mine = [worker for worker in extension_context.service_workers if worker.url.startswith(extension.url(""))]
    return mine[0] if mine else extension_context.wait_for_event("serviceworker", timeout=_WORKER_MS)


@pytest.fixture
def popup_page(extension: Extension, extension_context: "BrowserContext") -> "Page":
    """The extension's popup, in a tab."""
    from webstore.package import field_at  # noqa: PLC0415 - as above

    path = field_at(extension.manifest, "action.default_popup")
    if not isinstance(path, str):
        pytest.fail("the manifest names no popup (action.default_popup)", pytrace=False)
    page = extension_context.new_page()
    page.goto(extension.url(path))
    return page
