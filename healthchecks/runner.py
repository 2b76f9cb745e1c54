"""Runs the checks of one version: one browser for what runs on a fresh install, one for the update, and no check lost silently."""

import base64
import dataclasses
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError

from healthchecks.browser import ExtensionBrowser
from healthchecks.checks.data import check_data
from healthchecks.checks.extraction import check_extraction
from healthchecks.checks.load import check_files, check_running
from healthchecks.checks.ui import check_ui
from healthchecks.chromium import Chromium, find_chromium
from healthchecks.errors import BrowserFailed, LoadRefused
from healthchecks.result import FLAKY, CheckName, CheckReport, CheckResult, CheckStatus, Finding, plain
from healthchecks.settings import CheckSettings
from webstore.crx import new_key, public_der
from webstore.package import Package

Progress = Callable[[str], None]


def run_checks(
    package: Package,
    *,
    target: str,
    settings: CheckSettings,
    evidence: Path,
    baseline: Package | None = None,
    only: Collection[CheckName] | None = None,
    progress: Progress | None = None,
) -> CheckReport:
    """Run the checks on a package. What fails is run once more in a fresh browser, and only believed when it fails again.

    Raises:
        ChromiumNotFound: there is no Chromium.
        BrowserFailed: Chromium does not work at all.
    """
    run = _Run(package, settings, evidence, baseline, find_chromium(settings.chromium), progress or _silent)
    wanted = [check for check in CheckName if only is None or check in only]
    first = run.checks(wanted)
    if failed := [result.check for result in first if result.status in {CheckStatus.FAILED, CheckStatus.ERROR}]:
        again = {result.check: result for result in run.checks(failed)}
        first = [_confirmed(result, again.get(result.check)) for result in first]
    return CheckReport(target, str(package.version), tuple(first))


def _confirmed(first: CheckResult, again: CheckResult | None) -> CheckResult:
    """What two runs say together: a failure that does not repeat is told, and is none."""
    if again is None:
        return first
    if again.status is CheckStatus.PASSED:
        findings = [dataclasses.replace(finding, is_failure=False) for finding in first.findings]
        told = Finding(FLAKY, "failed once and passed when it was repeated", "look at the findings of the first run", is_failure=False)
        return dataclasses.replace(again, findings=(*again.findings, told, *findings), seconds=first.seconds + again.seconds)
    return dataclasses.replace(again, seconds=first.seconds + again.seconds, note=again.note or "the same when repeated in a fresh browser")


def _silent(_text: str) -> None:
    """Progress that nobody reads."""


@dataclasses.dataclass(frozen=True)
class _Run:
    package: Package
    settings: CheckSettings
    evidence: Path
    baseline: Package | None
    chromium: Chromium
    progress: Progress

    def checks(self, wanted: Collection[CheckName]) -> list[CheckResult]:
        results: list[CheckResult] = []
        installed = [check for check in wanted if check is not CheckName.DATA]
        if installed:
            results += self._on_fresh_install(installed)
        if CheckName.DATA in wanted:
            results.append(self._after_update())
        return results

    def _browser(self) -> ExtensionBrowser:
        return ExtensionBrowser(self.chromium, headless=self.settings.headless, timeout_seconds=self.settings.check_seconds)

    def _key(self) -> str:
        """The extension's own key, or a new one: an id that both versions share."""
        for package in filter(None, (self.package, self.baseline)):
            if isinstance(key := package.manifest.get("key"), str):
                return key
        return base64.b64encode(public_der(new_key())).decode()

    def _on_fresh_install(self, wanted: Collection[CheckName]) -> list[CheckResult]:
        results: list[CheckResult] = []
        with tempfile.TemporaryDirectory(prefix="release-guard-") as folder, self._browser() as browser:
            self.package.unpack(Path(folder))
            started = time.monotonic()
            findings = check_files(self.package)
            try:
                extension_id = browser.load(Path(folder))
            except LoadRefused as error:
                return self._refused(wanted, findings, error, time.monotonic() - started)
            for check in wanted:
                self.progress(f"{self.package.version}: {check.value} check")
                results.append(self._limited(check, browser, lambda check=check: self._run(check, browser, extension_id, findings)))
        return results

    def _run(self, check: CheckName, browser: ExtensionBrowser, extension_id: str, findings: list[Finding]) -> CheckResult:
        if check is CheckName.LOAD:
            result = check_running(browser, extension_id, self.package, self.baseline)
            return dataclasses.replace(CheckResult.of(check, [*findings, *result.findings]), note=result.note)
        if check is CheckName.EXTRACTION:
            return check_extraction(browser, extension_id, self.settings, self.evidence)
        return check_ui(browser, extension_id, self.package, self.settings, self.evidence)

    def _refused(self, wanted: Collection[CheckName], findings: list[Finding], error: LoadRefused, seconds: float) -> list[CheckResult]:
        refusal = Finding("load_refused", f"Chromium does not load the extension: {error}", error.advice)
        not_run = Finding("not_run", "not run: Chromium does not load the extension", "see the load check")
        return [
            dataclasses.replace(CheckResult.of(check, [*findings, refusal]), seconds=seconds)
            if check is CheckName.LOAD
            else CheckResult(check, CheckStatus.ERROR, (not_run,))
            for check in wanted
        ]

    def _after_update(self) -> CheckResult:
        if self.baseline is None:
            return check_data_absent()
        self.progress(f"{self.package.version}: data check, updating from {self.baseline.version}")
        with self._browser() as browser:
            return self._limited(
                CheckName.DATA, browser, lambda: check_data(browser, self.package, self.baseline, self.settings, self._key())
            )

    def _limited(self, check: CheckName, browser: ExtensionBrowser, run: Callable[[], CheckResult]) -> CheckResult:
        """Run within the time limit; what goes wrong in the harness is an error of this check alone."""
        started = time.monotonic()
        with browser.limited(self.settings.check_seconds) as was_ended:
            try:
                result = run()
            except (PlaywrightError, BrowserFailed, LoadRefused) as error:
                result = _not_finished(check, error, self.settings.check_seconds if was_ended() else None)
        return dataclasses.replace(result, seconds=time.monotonic() - started)


def _not_finished(check: CheckName, error: Exception, limit: float | None) -> CheckResult:
    if limit is not None:
        words = f"did not end within {limit:g} s; the browser was ended"
        return CheckResult(check, CheckStatus.ERROR, (Finding("time_limit", words, "look for an endless loop, or raise `check_seconds`"),))
    if isinstance(error, LoadRefused):
        return CheckResult.of(check, [Finding("load_refused", f"Chromium does not take the update: {error}", error.advice)])
    words = plain(str(error).splitlines()[0] if str(error) else type(error).__name__)
    return CheckResult(
        check, CheckStatus.ERROR, (Finding("harness", f"could not be run to its end: {words}", "run it again; report it if it stays"),)
    )


def check_data_absent() -> CheckResult:
    """The data check without a baseline: no browser is started to say so."""
    return CheckResult.absent(CheckName.DATA, "no baseline to update from: give --baseline")
