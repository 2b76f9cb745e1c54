"""data: users' stored data survives the update from the baseline, and the rollback drill says whether it would survive the way back."""

import contextlib
import dataclasses
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

from healthchecks.browser import ExtensionBrowser
from healthchecks.checks.extraction import GOLDEN_DIFFERS, played
from healthchecks.checks.own_page import OwnPage, own_pages
from healthchecks.errors import BrowserFailed, LoadRefused
from healthchecks.result import CheckName, CheckResult, Drill, DrillVerdict, Finding
from healthchecks.stored import Stored, broken_invariants, lost_in_update, lost_on_return
from healthchecks.trial import Trial
from webstore.package import Package, field_at
from webstore.versions import lowest_free_above

NO_BASELINE = "no baseline to update from: give --baseline"
_NO_DATA = (
    "nothing is stored under the baseline: give [extension.checks.data] `seed` or `databases_file`, or a scenario that stores something"
)
_MIGRATION_SECONDS = 5.0
_CALM_READS = 5
_CALM_READS_AFTER_UPDATE = 8
"""About half a second: so long a migration may take to begin."""
_POLL_MS = 40


def check_data(trial: Trial, package: Package, baseline: Package, key: str) -> CheckResult:
    """Fill the storage under the baseline, update, and compare; then go back, and compare again. Nothing may be loaded in the browser.

    ``key`` is what gives all three the same id.
    """
    if "theme" in package.manifest:
        return CheckResult.absent(CheckName.DATA, "a theme stores nothing")
    # An update needs a higher number; a target that is older or the same is checked under the next one.
    newer = package if package.version > baseline.version else package.with_version(lowest_free_above(baseline.version))
    returned = baseline.with_version(lowest_free_above(newer.version))
    settings = trial.settings.data
    with unpacked(baseline, newer, returned, key=key) as (before, after, back):
        trial = dataclasses.replace(trial, extension_id=_load_baseline(trial.browser, before, baseline))
        well_before = _fill(trial, baseline)
        stored = _calm(trial.browser, trial.extension_id, reads=2)  # its scenarios have waited for what they store
        if not stored.is_there:
            unknown = Drill(DrillVerdict.UNKNOWN, str(baseline.version), reason=_NO_DATA)
            return dataclasses.replace(CheckResult.absent(CheckName.DATA, _NO_DATA), drill=unknown)
        trial.browser.load(after)
        _await_worker(trial, newer)
        updated = _calm(trial.browser, trial.extension_id, reads=_CALM_READS_AFTER_UPDATE)
        never_held = [one for one in settings.invariants if broken_invariants([one], stored, stored, "")]
        invariants = [one for one in settings.invariants if one not in never_held]
        findings = [
            *lost_in_update(stored, updated, settings.may_shrink),
            *broken_invariants(invariants, updated, stored, f"after the update to {newer.version}"),
        ]
        drill = _drill(trial, back, baseline, stored, updated, findings, well_before) if settings.rollback_drill else None
        told = broken_invariants(never_held, stored, stored, f"under {baseline.version} already, so it is not looked at")
        findings += [dataclasses.replace(finding, is_failure=False) for finding in told]
    if drill and drill.verdict is DrillVerdict.UNSAFE and drill.lost_on_return:
        hint = "the guard will not roll this release back by itself; a person may, with --force"
        findings.append(Finding("rollback_unsafe", f"a rollback to {drill.baseline} would do harm: see the drill", hint, is_failure=False))
    databases = f" and {len(stored.databases)} databases" if stored.databases else ""
    words = f"{len(stored.local)} keys{databases} stored under {baseline.version}, updated to {newer.version}"
    drilled = f"; rollback drill {drill.verdict.value}" if drill else ""
    return dataclasses.replace(CheckResult.of(CheckName.DATA, findings, note=words + drilled), drill=drill)


@contextlib.contextmanager
def unpacked(*packages: Package, key: str) -> Generator[list[Path]]:
    """A folder for each package, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="release-guard-") as folder:
        places = [Path(folder, str(number)) for number, _ in enumerate(packages)]
        for package, place in zip(packages, places, strict=True):
            package.unpack(place, key=key)
        yield places


def _drill(
    trial: Trial, back: Path, baseline: Package, before: Stored, updated: Stored, lost: list[Finding], well_before: set[str]
) -> Drill:
    """Go back to the baseline's code under the higher number: what is lost, and does the baseline still work with what it finds?"""
    trial.browser.forget_errors(trial.extension_id)  # what the new version threw says nothing of the baseline
    trial.browser.load(back)
    _await_worker(trial, baseline)
    faults = _page_faults(trial, baseline)  # which takes as long as a migration may take to begin
    returned = _calm(trial.browser, trial.extension_id)
    settings = trial.settings.data
    # An invariant that the update has broken already is the update's; only what still held then can be lost on the way back.
    held = [one for one in settings.invariants if not broken_invariants([one], updated, before, "")]
    found = [
        *lost_on_return(before, updated, returned, settings.may_shrink),
        *broken_invariants(held, returned, before, "after going back"),
    ]
    on_return = [finding.message for finding in found]
    faults = (faults | _scenario_faults(trial, baseline)) - well_before
    if faults:  # once more: a site that did not answer just now is not what the profile holds
        faults &= _faults(trial, baseline)
    on_return += [f"the baseline fails on what it finds: {fault}" for fault in sorted(faults)]
    verdict = DrillVerdict.UNSAFE if on_return or lost else DrillVerdict.SAFE
    return Drill(verdict, str(baseline.version), tuple(finding.message for finding in lost), tuple(on_return))


def _load_baseline(browser: ExtensionBrowser, folder: Path, baseline: Package) -> str:
    """The id under which the baseline is loaded.

    Raises:
        BrowserFailed: Chromium does not take it, so nothing can be said of an update from it.
    """
    try:
        return browser.load(folder)
    except LoadRefused as error:
        raise BrowserFailed(f"Chromium does not load the baseline {baseline.version}: {error}") from None


def _fill(trial: Trial, baseline: Package) -> set[str]:
    """Store what is configured, and what the scenarios make the baseline store; what is wrong with the baseline already."""
    browser, extension_id, settings = trial.browser, trial.extension_id, trial.settings
    _await_worker(trial, baseline)
    seed, databases = settings.seed(), settings.databases()
    if seed or databases:
        _calm(browser, extension_id)  # what the baseline writes at its first start comes before what users have added
    if databases:
        browser.fill_databases(extension_id, databases)
    if seed and browser.storage(extension_id) is not None:
        browser.fill_storage(extension_id, seed)
    return _faults(trial, baseline)


def _faults(trial: Trial, package: Package) -> set[str]:
    """What goes wrong in the loaded version with the profile as it is: its scenarios, its own pages, and what it throws."""
    return _scenario_faults(trial, package) | _page_faults(trial, package)


def _scenario_faults(trial: Trial, package: Package) -> set[str]:
    found: list[Finding] = []
    for scenario in trial.settings.extraction:
        with played(trial, package, scenario) as (_, unmet):
            found += unmet
    # A golden file is of a fresh profile; what an update has added to this one is no fault.
    failed = {finding.message for finding in found if finding.is_failure and finding.code != GOLDEN_DIFFERS}
    return failed | set(trial.browser.state(trial.extension_id).runtime_errors)


def _page_faults(trial: Trial, package: Package) -> set[str]:
    found: list[Finding] = []
    for name, path in own_pages(package):
        if name in trial.settings.ui.skip:
            continue
        shown = OwnPage(trial.browser, name, f"chrome-extension://{trial.extension_id}/{path.lstrip('/')}")
        with shown.opened(trial.settings.ui.expect.get(name, ())):
            found += shown.findings
    failed = {finding.message for finding in found if finding.is_failure}
    return failed | set(trial.browser.state(trial.extension_id).runtime_errors)


def _await_worker(trial: Trial, package: Package) -> None:
    """Until the worker runs, or is known not to; the storage is read until it is calm after that."""
    has_worker = isinstance(field_at(package.manifest, "background.service_worker"), str)
    trial.browser.settle(
        trial.extension_id,
        seconds=_MIGRATION_SECONDS,
        until=lambda state: not has_worker or state.has_worker or bool(state.manifest_errors),
        calm_reads=0,
    )


def _calm(browser: ExtensionBrowser, extension_id: str, reads: int = _CALM_READS) -> Stored:
    """What is stored once several reads in a row are the same, or the time is over."""
    deadline = time.monotonic() + _MIGRATION_SECONDS
    stored, calm = browser.stored(extension_id), 0
    while calm < reads and time.monotonic() < deadline:
        time.sleep(_POLL_MS / 1000)  # nothing announces that a migration has ended; its silence is what is read
        before, stored = stored, browser.stored(extension_id)
        calm = calm + 1 if before == stored else 0
    return stored
