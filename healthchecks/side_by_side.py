"""Both versions checked at the same time, each in a browser of its own, and what they share taken into account."""

import dataclasses
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from healthchecks.checks.accessibility import ACCESSIBILITY
from healthchecks.differential import Differential, compare
from healthchecks.pictures import with_differences
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus, Finding
from healthchecks.runner import run_checks
from healthchecks.settings import CheckSettings
from webstore.package import Package


def run_side_by_side(
    package: Package,
    baseline: Package,
    *,
    target: str,
    settings: CheckSettings,
    evidence: Path,
    only: Collection[CheckName] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Differential:
    """Check a package and its baseline at once: a site that changes between two runs must not be taken for a difference between versions.

    Raises:
        ChromiumNotFound: there is no Chromium.
        BrowserFailed: Chromium does not work at all.
        CheckSettingsError: a file that the settings name cannot be used.
    """
    wanted = list(CheckName) if only is None else list(only)
    alone = [check for check in wanted if check is not CheckName.DATA]  # which updates from the baseline by itself

    def run(of: Package, compared: Package | None, checks: Collection[CheckName], folder: Path) -> CheckReport:
        return run_checks(of, target=target, settings=settings, evidence=folder, baseline=compared, only=checks, progress=progress)

    with ThreadPoolExecutor(max_workers=2) as pool:
        of_new = pool.submit(run, package, baseline, wanted, evidence / "new")
        of_old = pool.submit(run, baseline, None, alone, evidence / "old")
        new, old = of_new.result(), of_old.result()
    new, old = without_old_faults(new, old), without_old_faults(old, old)
    return compare(with_differences(new, old, settings.ui, evidence), old)


def without_old_faults(report: CheckReport, old: CheckReport) -> CheckReport:
    """A report in which a fault of accessibility that the old version has is told and fails nothing: no release has brought it."""
    known = {finding.code for result in old.checks for finding in result.findings if finding.code.startswith(ACCESSIBILITY)}
    since = f" (since {old.version} or before)"
    return dataclasses.replace(report, checks=tuple(_without(result, known, since) for result in report.checks))


def _without(result: CheckResult, known: set[str], since: str) -> CheckResult:
    findings = tuple(
        Finding(one.code, one.message + since, one.hint, is_failure=False, detail=one.detail)
        if one.is_failure and one.code in known
        else one
        for one in result.findings
    )
    if result.status is not CheckStatus.FAILED or findings == result.findings:
        return result
    status = CheckStatus.FAILED if any(finding.is_failure for finding in findings) else CheckStatus.PASSED
    return dataclasses.replace(result, status=status, findings=findings)
