"""Runs the checks of one version: one browser for all of them, a fresh one where it died, and no check lost silently."""

import base64
import contextlib
import dataclasses
import secrets
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import assert_never

from playwright.sync_api import Error as PlaywrightError

from healthchecks.checks.custom import check_custom
from healthchecks.checks.data import NO_BASELINE, check_data
from healthchecks.checks.extraction import check_extraction
from healthchecks.checks.load import check_running
from healthchecks.checks.manifest import check_files
from healthchecks.checks.ui import check_language, check_ui, in_language, second_language
from healthchecks.chromium import find_chromium
from healthchecks.errors import BrowserFailed, LoadRefused
from healthchecks.lab import Lab
from healthchecks.result import FLAKY, CheckName, CheckReport, CheckResult, CheckStatus, Finding, plain
from healthchecks.settings import CheckSettings
from healthchecks.trial import Trial
from webstore.package import Package

_KEY_BYTES = 294
"""As long as a public RSA key. An id is made of whatever stands there, and nothing is signed with it; making a real one takes time."""

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
    write_golden: bool = False,
) -> CheckReport:
    """Run the checks on a package. What fails is run once more in a fresh browser, and only believed when it fails again.

    Raises:
        ChromiumNotFound: there is no Chromium.
        BrowserFailed: Chromium does not work at all.
        CheckSettingsError: a file that the settings name cannot be used.
    """
    chromium = find_chromium(settings.chromium)
    tell = progress or _silent
    wanted = [check for check in CheckName if only is None or check in only]

    def run(checks: Collection[CheckName], *, traced: bool) -> list[CheckResult]:
        with Lab(chromium, settings, evidence, traced=traced, write_golden=write_golden) as lab:
            return _Run(lab, package, baseline, tell).checks(checks)

    first = run(wanted, traced=False)
    if failed := [result.check for result in first if result.status in {CheckStatus.FAILED, CheckStatus.ERROR}]:
        tell(f"{package.version}: once more in a fresh browser: {', '.join(failed)}")
        with contextlib.suppress(BrowserFailed):  # then the first run is all there is to say
            again = {result.check: result for result in run(failed, traced=True)}
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


class _Run:
    """The checks in one lab, in their order."""

    def __init__(self, lab: Lab, package: Package, baseline: Package | None, progress: Progress) -> None:
        self._lab = lab
        self._package = package
        self._baseline = baseline
        self._progress = progress
        self._refusal: LoadRefused | None = None

    def checks(self, wanted: Collection[CheckName]) -> list[CheckResult]:
        """One result for each.

        Raises:
            BrowserFailed: no browser starts for the first of them.
        """
        results: list[CheckResult] = []
        for check in wanted:
            try:
                results.append(self._limited(check))
            except BrowserFailed as error:
                if not results:
                    raise
                results.append(_not_finished(check, error, None))
        return results

    def _limited(self, check: CheckName) -> CheckResult:
        """Run within the time limit; what goes wrong in the harness is an error of this check alone."""
        if (absent := self._absent(check)) is not None:
            return absent
        self._progress(f"{self._package.version}: {check.value} check")
        limit = self._lab.settings.check_seconds
        started = time.monotonic()
        if check is CheckName.CUSTOM:
            result = check_custom(self._package, self._lab.settings, self._lab.evidence)
            return dataclasses.replace(result, seconds=time.monotonic() - started)
        browser = self._lab.revived()
        with browser.limited(limit) as was_ended, self._lab.recording(check) as recorded:
            try:
                with self._lab.policy(check) as refused:
                    result = self._run(check)
            except (PlaywrightError, BrowserFailed, LoadRefused) as error:
                result, refused = _not_finished(check, error, limit if was_ended() else None), None
        told = tuple(refused.finding()) if refused else ()
        result = dataclasses.replace(result, findings=(*result.findings, *told), seconds=time.monotonic() - started)
        return self._lab.masking.of_result(recorded.of_result(result))

    def _absent(self, check: CheckName) -> CheckResult | None:
        """What needs no browser to be said."""
        settings = self._lab.settings
        if check is CheckName.DATA and self._baseline is None:
            return CheckResult.absent(check, NO_BASELINE)
        if check is CheckName.CUSTOM and settings.custom is None:
            return CheckResult.absent(check, "no tests are named: give [extension.checks.custom] `folder`, with pytest tests of your own")
        return None

    def _run(self, check: CheckName) -> CheckResult:
        match check:
            case CheckName.LOAD:
                return self._load()
            case CheckName.EXTRACTION:
                return self._installed(lambda trial: check_extraction(trial, self._package), check)
            case CheckName.UI:
                return self._installed(self._ui, check)
            case CheckName.DATA:
                return self._data()
            case CheckName.CUSTOM:
                raise AssertionError("it has a process of its own")
            case _:
                assert_never(check)

    def _load(self) -> CheckResult:
        findings = check_files(self._package)
        started = time.monotonic()
        try:
            trial = self._lab.installed(self._package)
        except LoadRefused as error:
            self._refusal = error
            refusal = Finding("load_refused", f"Chromium does not load the extension: {error}", error.advice)
            return CheckResult.of(CheckName.LOAD, [*findings, refusal])
        running = check_running(trial.browser, trial.extension_id, self._package, self._baseline, started)
        whole = CheckResult.of(CheckName.LOAD, [*findings, *running.findings], note=running.note)
        return dataclasses.replace(whole, ready_seconds=running.ready_seconds)

    def _installed(self, run: Callable[[Trial], CheckResult], check: CheckName) -> CheckResult:
        try:
            if self._refusal is None:
                return run(self._lab.installed(self._package))
        except LoadRefused as error:
            self._refusal = error
        not_run = Finding("not_run", "not run: Chromium does not load the extension", "see the load check")
        return CheckResult(check, CheckStatus.ERROR, (not_run,))

    def _ui(self, trial: Trial) -> CheckResult:
        result = check_ui(trial, self._package)
        language = second_language(self._package, trial.settings.ui.language)
        if language is None or result.status is CheckStatus.NOT_CONFIGURED:
            return result
        other = check_language(self._lab.installed(in_language(self._package, language)), self._package, language)
        findings = [*result.findings, *other.findings]
        return CheckResult.of(CheckName.UI, findings, [*result.screenshots, *other.screenshots], result.note)

    def _data(self) -> CheckResult:
        if self._baseline is None:
            return CheckResult.absent(CheckName.DATA, NO_BASELINE)
        return check_data(self._lab.emptied(), self._package, self._baseline, self._key())

    def _key(self) -> str:
        """The extension's own key, or a new one: an id that both versions share."""
        for package in filter(None, (self._package, self._baseline)):
            if isinstance(key := package.manifest.get("key"), str):
                return key
        return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


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
