"""load: the extension is taken by Chromium, its files are there, its worker starts, and nothing throws at the start."""

import dataclasses
import time
from collections.abc import Mapping

from healthchecks.browser import ExtensionBrowser
from healthchecks.checks.manifest import list_in, missing_imports, permission_findings, refused_permissions, texts_in
from healthchecks.inside import ExtensionState
from healthchecks.result import CheckName, CheckResult, Finding
from webstore.package import Package, field_at

_WORKER_SECONDS = 5.0
_WATCHED_SECONDS = 0.4
"""So long a worker is watched at least: what throws a moment after the start has not started well."""
_REGISTRATION_FAILED = "Service worker registration failed"


def check_scripts(browser: ExtensionBrowser, package: Package) -> list[Finding]:
    """Content scripts that Chromium's own parser refuses: they would only be found on a page that they match."""
    scripts = list_in(package.manifest.get("content_scripts"))
    names = dict.fromkeys(name.lstrip("/") for script in scripts for name in texts_in(field_at(script, "js")))
    return [
        Finding("script_syntax", f"the content script {name} cannot be parsed: {fault}", "correct the script")
        for name in names
        if name in package.files and (fault := browser.syntax_fault(name, package.files[name].decode("utf-8", "replace")))
    ]


def check_running(
    browser: ExtensionBrowser, extension_id: str, package: Package, baseline: Package | None, loaded_at: float
) -> CheckResult:
    """What Chromium says of the loaded extension: manifest errors, its worker, exceptions at the start, new permissions.

    ``loaded_at``: when loading it began, by the monotonic clock.
    """
    if "theme" in package.manifest:
        return CheckResult.of(CheckName.LOAD, [], note="a theme: Chromium has taken it, and there is nothing in it that runs")
    has_worker = isinstance(field_at(package.manifest, "background.service_worker"), str)

    def is_decided(state: ExtensionState) -> bool:
        return not has_worker or state.has_worker or any(_REGISTRATION_FAILED in error for error in state.manifest_errors)

    findings = check_scripts(browser, package)
    decided_at: list[float] = []

    def was_watched(state: ExtensionState) -> bool:
        if is_decided(state) and not decided_at:
            decided_at.append(time.monotonic())
        return bool(decided_at) and time.monotonic() - decided_at[0] >= (_WATCHED_SECONDS if has_worker else 0.0)

    state = browser.settle(extension_id, seconds=_WORKER_SECONDS, until=was_watched)
    findings += _findings_of(state, package)
    if not is_decided(state):
        words = f"the service worker did not start within {_WORKER_SECONDS:.0f} s"
        findings.append(Finding("worker_silent", words, "open the worker's console at chrome://extensions"))
    if baseline is not None:
        findings += permission_findings(package, baseline)
    ready = (decided_at[0] if decided_at else time.monotonic()) - loaded_at
    note = f"ready in {ready:.2f} s" if decided_at else ""
    return dataclasses.replace(CheckResult.of(CheckName.LOAD, findings, note=note), ready_seconds=ready if decided_at else None)


def _findings_of(state: ExtensionState, package: Package) -> list[Finding]:
    """What Chromium's own lists say, each kind of fault told apart."""
    findings: list[Finding] = []
    if not state.is_enabled:
        findings.append(Finding("disabled", "Chromium disabled the extension", "look at it at chrome://extensions"))
    for error in state.manifest_errors:
        if _REGISTRATION_FAILED in error:
            findings += missing_imports(package)
            findings.append(Finding("worker_failed", f"the service worker does not start: {error}", "the exception below says where"))
        else:
            words = f"Chromium's word on the manifest: {error}"
            findings.append(Finding("manifest_warning", words, "correct the manifest", is_failure=False))
    findings += runtime_findings(state.runtime_errors, state.places)
    if any("TypeError" in error for error in state.runtime_errors):
        findings += refused_permissions(package)
    return findings


_KINDS = (
    ("Uncaught (in promise)", "unhandled_rejection", "catch the rejection, or await the promise where it can be caught"),
    ("Uncaught SyntaxError", "syntax_error", "correct the script"),
    ("Error in event handler", "listener_threw", "the extension's console says where it was thrown"),
    (_REGISTRATION_FAILED, "worker_failed", "the exception beside it says where"),
    ("Uncaught", "exception", "the extension's console says where it was thrown"),
)
"""How Chromium begins an error that stops code, with its code here and what to do."""


def runtime_findings(errors: tuple[str, ...], places: Mapping[str, str]) -> list[Finding]:
    """A finding for each runtime error; what the extension only logged is not a failure."""
    findings: list[Finding] = []
    for error in dict.fromkeys(errors):
        code, hint = next(((code, hint) for start, code, hint in _KINDS if error.startswith(start)), ("logged_error", ""))
        findings.append(Finding(code, error, hint, is_failure=code != "logged_error", place=places.get(error, "")))
    return findings
