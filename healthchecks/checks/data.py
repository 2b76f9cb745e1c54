"""data: users' stored data survives the update from the baseline, by Chromium's own update."""

import dataclasses
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from healthchecks.browser import ExtensionBrowser
from healthchecks.checks.extraction import run_scenario
from healthchecks.result import CheckName, CheckResult, Finding, plain
from healthchecks.settings import CheckSettings
from webstore.package import Package
from webstore.versions import lowest_free_above

_NO_BASELINE = "no baseline to update from: give --baseline"
_NO_DATA = "nothing is stored under the baseline: give [extension.checks.data] `seed`, or an extraction scenario that stores something"
_MIGRATION_SECONDS = 5.0
_CALM_READS = 5
_POLL_MS = 60


def check_data(browser: ExtensionBrowser, package: Package, baseline: Package | None, settings: CheckSettings, key: str) -> CheckResult:
    """Fill the storage under the baseline, update, and compare. The browser must be a fresh one."""
    if baseline is None:
        return CheckResult.absent(CheckName.DATA, _NO_BASELINE)
    if "theme" in package.manifest:
        return CheckResult.absent(CheckName.DATA, "a theme stores nothing")
    # An update needs a higher number; a target that is older or the same is checked under the next one.
    newer = package if package.version > baseline.version else package.with_version(lowest_free_above(baseline.version))
    with tempfile.TemporaryDirectory(prefix="release-guard-") as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        baseline.unpack(before, key=key)
        newer.unpack(after, key=key)
        extension_id = browser.load(before)
        stored = _fill(browser, extension_id, settings)
        if not stored.is_there:
            return CheckResult.absent(CheckName.DATA, _NO_DATA)
        browser.load(after)
        kept = _after_migration(browser, extension_id)
    findings = compare(stored.local, kept.local, settings.data.may_shrink) + compare_databases(stored.databases, kept.databases)
    databases = f" and {len(stored.databases)} databases" if stored.databases else ""
    words = f"{len(stored.local)} keys{databases} stored under {baseline.version}, updated to {newer.version}"
    return CheckResult.of(CheckName.DATA, findings, note=words)


@dataclasses.dataclass(frozen=True)
class Stored:
    """What an extension has stored at one moment."""

    local: Mapping[str, Any]
    """`chrome.storage.local`."""
    databases: Mapping[str, Mapping[str, int]]
    """Records in each store of each IndexedDB."""

    @property
    def is_there(self) -> bool:
        """Whether there is anything that could be lost."""
        return bool(self.local or any(self.databases.values()))


def _fill(browser: ExtensionBrowser, extension_id: str, settings: CheckSettings) -> Stored:
    browser.settle(extension_id, seconds=2)
    if (seed := settings.seed()) and browser.storage(extension_id) is not None:
        browser.fill_storage(extension_id, seed)
    for scenario in settings.extraction:
        run_scenario(browser, extension_id, scenario)[1].close()
    return _calm(browser, extension_id)


def _after_migration(browser: ExtensionBrowser, extension_id: str) -> Stored:
    """What is stored when the update's own changes have ended."""
    browser.settle(extension_id, seconds=_MIGRATION_SECONDS, until=lambda state: state.has_worker or bool(state.manifest_errors))
    return _calm(browser, extension_id)


def _calm(browser: ExtensionBrowser, extension_id: str) -> Stored:
    """What is stored once several reads in a row are the same, or the time is over."""
    deadline = time.monotonic() + _MIGRATION_SECONDS
    stored, calm = _read(browser, extension_id), 0
    while calm < _CALM_READS and time.monotonic() < deadline:
        time.sleep(_POLL_MS / 1000)  # nothing announces that a migration has ended; its silence is what is read
        before, stored = stored, _read(browser, extension_id)
        calm = calm + 1 if before == stored else 0
    return stored


def _read(browser: ExtensionBrowser, extension_id: str) -> Stored:
    return Stored(browser.storage(extension_id) or {}, browser.databases(extension_id))


def compare_databases(before: Mapping[str, Mapping[str, int]], after: Mapping[str, Mapping[str, int]]) -> list[Finding]:
    """What was lost of IndexedDB: databases and stores that vanished or hold less."""
    findings: list[Finding] = []
    hint = "compare `onupgradeneeded` of both versions: a new version number must take the old records along"
    for name, stores in before.items():
        if name not in after:
            findings.append(Finding("data_lost", f"the update loses the database {plain(name)!r}", hint))
            continue
        for store, records in stores.items():
            left = after[name].get(store)
            place = plain(f"{name}/{store}")
            if left is None:
                findings.append(Finding("data_lost", f"the update loses the store {place!r} ({records} records)", hint))
            elif left < records:
                findings.append(Finding("data_lost", f"the update shrinks {place!r} from {records} to {left} records", hint))
    return findings


def compare(before: Mapping[str, Any], after: Mapping[str, Any], may_shrink: tuple[str, ...] = ()) -> list[Finding]:
    """What was lost: keys that vanished, lists and objects that shrank. Names and sizes only, never what users stored."""
    findings: list[Finding] = []
    hint = "compare the migration in `runtime.onInstalled` with what the baseline stores; list a mere cache under `may_shrink`"
    for key, value in before.items():
        if key in may_shrink:
            continue
        shown = plain(key)
        if key not in after:
            findings.append(Finding("data_lost", f"the update loses {shown!r} ({_size(value)})", hint))
        elif _count(after[key]) < _count(value):
            words = f"the update shrinks {shown!r} from {_size(value)} to {_size(after[key])}"
            findings.append(Finding("data_lost", words, hint))
    return findings


def _count(value: Any) -> int:
    """Entries of a list or object; anything else that is there counts 1, and null 0."""
    return len(cast("list[Any]", value)) if isinstance(value, list | dict) else 0 if value is None else 1


def _size(value: Any) -> str:
    count = _count(value)
    return f"{count} entr{'y' if count == 1 else 'ies'}" if isinstance(value, list | dict) else "nothing" if value is None else "a value"
