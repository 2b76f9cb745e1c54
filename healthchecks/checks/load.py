"""load: the extension is taken by Chromium, its files are there, its worker starts, and nothing throws at the start."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, cast

from healthchecks.browser import ExtensionBrowser, ExtensionState
from healthchecks.result import CheckName, CheckResult, Finding
from webstore.package import Package

_MANIFEST_VERSION = 3
_WORKER_SECONDS = 5.0
_REGISTRATION_FAILED = "Service worker registration failed"

UNCAUGHT = ("Uncaught", "Error in event handler", _REGISTRATION_FAILED)
"""How Chromium begins the errors that stop code; others in its list are only logged by the extension itself."""


def check_files(package: Package) -> list[Finding]:
    """What the manifest alone shows: its version, and files that it names and that are not there."""
    findings: list[Finding] = []
    if package.manifest.get("manifest_version") != _MANIFEST_VERSION:
        found = package.manifest.get("manifest_version")
        findings.append(Finding("manifest_version", f"manifest_version is {found!r}; Chrome only takes 3", "move to Manifest V3"))
    for field, name in named_files(package.manifest):
        path = posixpath.normpath(name.split("?")[0].split("#")[0].lstrip("/"))
        if path not in package.files:
            findings.append(
                Finding("missing_file", f"{field} names {name}, which is not in the package", f"add {path}, or correct {field}")
            )
    return findings


def named_files(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every file that a manifest names, with the field that names it."""
    for field, path in (
        ("background.service_worker", ("background", "service_worker")),
        ("action.default_popup", ("action", "default_popup")),
        ("options_page", ("options_page",)),
        ("options_ui.page", ("options_ui", "page")),
        ("side_panel.default_path", ("side_panel", "default_path")),
        ("devtools_page", ("devtools_page",)),
        ("chrome_url_overrides.newtab", ("chrome_url_overrides", "newtab")),
    ):
        value = _at(manifest, path)
        if isinstance(value, str) and value:
            yield field, value
    icons = _at(manifest, ("icons",))
    if isinstance(icons, dict):
        yield from (("icons", name) for name in cast("dict[str, Any]", icons).values() if isinstance(name, str))
    scripts = manifest.get("content_scripts")
    for index, script in enumerate(cast("list[Any]", scripts) if isinstance(scripts, list) else []):
        for kind in ("js", "css"):
            names = _at(script, (kind,))
            for name in cast("list[Any]", names) if isinstance(names, list) else []:
                if isinstance(name, str):
                    yield f"content_scripts[{index}].{kind}", name
    locale = manifest.get("default_locale")
    if isinstance(locale, str):
        yield "default_locale", f"_locales/{locale}/messages.json"


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
    return value


def check_running(browser: ExtensionBrowser, extension_id: str, package: Package, baseline: Package | None) -> CheckResult:
    """What Chromium says of the loaded extension: manifest errors, its worker, exceptions at the start, new permissions."""
    has_worker = isinstance(_at(package.manifest, ("background", "service_worker")), str)

    def is_decided(state: ExtensionState) -> bool:
        return not has_worker or state.has_worker or any(_REGISTRATION_FAILED in error for error in state.manifest_errors)

    state = browser.settle(extension_id, seconds=_WORKER_SECONDS, until=is_decided)
    findings: list[Finding] = []
    if not state.is_enabled:
        findings.append(Finding("disabled", "Chromium disabled the extension", "look at it at chrome://extensions"))
    if not is_decided(state):
        words = f"the service worker did not start within {_WORKER_SECONDS:.0f} s"
        findings.append(Finding("worker_silent", words, "open the worker's console at chrome://extensions"))
    for error in state.manifest_errors:
        if _REGISTRATION_FAILED in error:
            findings.append(Finding("worker_failed", f"the service worker does not start: {error}", "the exception below says where"))
        else:
            findings.append(
                Finding("manifest_warning", f"Chromium's word on the manifest: {error}", "correct the manifest", is_failure=False)
            )
    findings += runtime_findings(state.runtime_errors)
    if baseline is not None and (added := sorted(_permissions(package) - _permissions(baseline))):
        words = f"asks for more than {baseline.version} did: {', '.join(added)}"
        findings.append(Finding("permissions_added", words, "Chrome may disable it until users accept", is_failure=False))
    return CheckResult.of(CheckName.LOAD, findings)


def runtime_findings(errors: tuple[str, ...]) -> list[Finding]:
    """A finding for each runtime error; what the extension only logged is not a failure."""
    findings: list[Finding] = []
    for error in dict.fromkeys(errors):
        is_failure = error.startswith(UNCAUGHT)
        code = "runtime_error" if is_failure else "logged_error"
        findings.append(Finding(code, error, "the extension's console says where it was thrown" if is_failure else "", is_failure))
    return findings


def _permissions(package: Package) -> set[str]:
    asked: set[str] = set()
    for field in ("permissions", "host_permissions"):
        value = package.manifest.get(field)
        asked.update(str(item) for item in cast("list[Any]", value) if isinstance(item, str)) if isinstance(value, list) else None
    return asked
