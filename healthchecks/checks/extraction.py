"""extraction: on a page that is configured, the extension does what it is for."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from healthchecks.browser import ExtensionBrowser
from healthchecks.checks.load import runtime_findings
from healthchecks.result import CheckName, CheckResult, Finding, plain
from healthchecks.settings import CheckSettings, ExtractionScenario, PageExpectation, StorageExpectation

_NOTE = "no page is configured: add [[extension.checks.extraction]] with `open` and what must be there"
_COMPARE = "open the page with the extension, and compare its markup with what the content script looks for"
_POLL_MS = 40


def check_extraction(browser: ExtensionBrowser, extension_id: str, settings: CheckSettings, evidence: Path) -> CheckResult:
    """Run every scenario; each unmet expectation and each new exception is a finding."""
    if not settings.extraction:
        return CheckResult.absent(CheckName.EXTRACTION, _NOTE)
    known = set(browser.state(extension_id).runtime_errors)
    findings: list[Finding] = []
    pictures: list[Path] = []
    for scenario in settings.extraction:
        unmet, page = run_scenario(browser, extension_id, scenario)
        findings += unmet
        pictures.append(take_picture(page, evidence / f"extraction-{_file_name(scenario.name)}.png"))
        page.close()
    new = tuple(error for error in browser.settle(extension_id, seconds=2).runtime_errors if error not in known)
    return CheckResult.of(CheckName.EXTRACTION, findings + runtime_findings(new), pictures)


def run_scenario(browser: ExtensionBrowser, extension_id: str, scenario: ExtractionScenario) -> tuple[list[Finding], Page]:
    """Open the page and wait for what is expected; what stayed out, and the page as it is then."""
    page = browser.open(scenario.open, scenario.page)
    deadline = time.monotonic() + scenario.within_seconds
    findings = [
        Finding(
            "page_expectation",
            f"{scenario.name}: {missing}",
            _COMPARE,
        )
        for expectation in scenario.expect_page
        if (missing := _missing_on_page(page, expectation, deadline))
    ]
    findings += [
        Finding("storage_expectation", f"{scenario.name}: {missing}", "look at what the extension stores after the page was read")
        for expectation in scenario.expect_storage
        if (missing := _missing_in_storage(browser, extension_id, page, expectation, deadline))
    ]
    return findings, page


def _missing_on_page(page: Page, expectation: PageExpectation, deadline: float) -> str | None:
    wanted = page.locator(expectation.selector) if expectation.selector else page.get_by_text(str(expectation.text))
    try:
        wanted.nth(expectation.at_least - 1).wait_for(state="attached", timeout=max(1.0, (deadline - time.monotonic()) * 1000))
    except PlaywrightError:
        return f"expected {expectation.words} on the page, found {wanted.count()}"
    return None


def _missing_in_storage(
    browser: ExtensionBrowser, extension_id: str, page: Page, expectation: StorageExpectation, deadline: float
) -> str | None:
    while True:
        stored = browser.storage(extension_id)
        if stored is None:
            return "the extension has no chrome.storage.local (is the permission `storage` missing?)"
        found = size_at(stored, expectation.path)
        if found is not None and found >= expectation.at_least:
            return None
        if time.monotonic() >= deadline:
            return f"expected {expectation.words}, found {'nothing' if found is None else found}"
        page.wait_for_timeout(_POLL_MS)


def size_at(stored: Mapping[str, Any], path: str) -> int | None:
    """How much stands at a dotted path: entries of a list or object, 1 for anything else; none when nothing does."""
    value: Any = stored
    for part in path.split("."):
        if isinstance(value, dict) and part in value:
            value = cast("dict[str, Any]", value)[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(cast("list[Any]", value)):
            value = cast("list[Any]", value)[int(part)]
        else:
            return None
    return len(cast("list[Any]", value)) if isinstance(value, list | dict) else None if value is None else 1


def take_picture(page: Page, path: Path) -> Path:
    """A screenshot of a tab."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, animations="disabled")
    return path


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in plain(name).lower())[:60]
