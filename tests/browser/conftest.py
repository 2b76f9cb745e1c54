"""What the browser tests share."""

import pytest
from playwright.sync_api import sync_playwright

from browser.dashboard_stage import staged
from browser.dashboard_visitor import visiting
from healthchecks.chromium import find_chromium
from healthchecks.result import CheckName
from healthchecks.runner import run_checks
from healthchecks.settings import CheckSettings


@pytest.fixture
def check(tmp_path):
    """Run the checks and give each one's result by name."""

    def run(package, *, baseline=None, only=None, settings=None, **options):
        report = run_checks(
            package,
            target="test",
            settings=CheckSettings.model_validate({"check_seconds": 30, **(settings or {})}),
            evidence=tmp_path / "evidence",
            baseline=baseline,
            only=[CheckName(name) for name in only] if only else None,
            **options,
        )
        return report, {result.check.value: result for result in report.checks}

    return run


@pytest.fixture
def stage():
    """A server whose documents a test writes (`browser.dashboard_stage`)."""
    with staged() as stage:
        yield stage


@pytest.fixture(scope="module")
def chromium():
    """A Chromium for the dashboard's pages. A module's own: the checks start theirs in the same thread."""
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=str(find_chromium().path)) as browser:
        yield browser


@pytest.fixture
def visitor(chromium, stage):
    """Opens pages, and leaves before the server does; what one of them complains of fails the test, unless the test has forgiven it."""
    with visiting(chromium) as visitor:
        yield visitor
    assert visitor.faults == []
