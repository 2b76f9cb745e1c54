"""load: the extension is taken by Chromium, its files are there, its worker starts, and nothing throws at the start."""

import posixpath
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, cast

from healthchecks.browser import ExtensionBrowser
from healthchecks.inside import ExtensionState
from healthchecks.result import CheckName, CheckResult, Finding
from webstore.package import Package, field_at

_MANIFEST_VERSION = 3
_WORKER_SECONDS = 5.0
_WATCHED_SECONDS = 0.5
"""So long a worker is watched at least: what throws a moment after the start has not started well."""
_REGISTRATION_FAILED = "Service worker registration failed"

UNCAUGHT = ("Uncaught", "Error in event handler", _REGISTRATION_FAILED)
"""How Chromium begins the errors that stop code; others in its list are only logged by the extension itself."""


def check_files(package: Package) -> list[Finding]:
    """What the manifest alone shows: what kind of package it is, and files that it names and that are not there."""
    findings = [*_kind_findings(package.manifest), *_type_findings(package.manifest)]
    for field, name in named_files(package.manifest):
        path = posixpath.normpath(name.split("?")[0].split("#")[0].lstrip("/"))
        if path not in package.files:
            findings.append(
                Finding("missing_file", f"{field} names {name}, which is not in the package", f"add {path}, or correct {field}")
            )
    return findings


def _kind_findings(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Packages that Chrome no longer runs at all."""
    version = manifest.get("manifest_version")
    if "app" in manifest:
        yield Finding("chrome_app", "this is a Chrome App, which Chrome no longer runs", "make it an extension, or a web app")
    elif version in {1, 2}:
        yield Finding("manifest_version", f"this is Manifest V{version}, which Chrome no longer runs", "move to Manifest V3")
    elif version != _MANIFEST_VERSION:
        yield Finding("manifest_version", f"manifest_version is {version!r}; Chrome only takes 3", "write 3")


_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("background", "action", "icons", "commands", "options_ui", "side_panel", "chrome_url_overrides"), dict),
    **dict.fromkeys(("permissions", "host_permissions", "content_scripts", "web_accessible_resources"), list),
}
_JSON_TYPES = {dict: "an object", list: "a list"}


def _type_findings(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Fields of the wrong type: some of them Chromium ignores without a word."""
    for field, expected in _TYPES.items():
        if field in manifest and not isinstance(manifest[field], expected):
            yield Finding(
                "wrong_type", f"{field} is not {_JSON_TYPES[expected]}, so Chrome ignores it", f"correct {field} in manifest.json"
            )


_ONE_FILE = (
    "background.service_worker",
    "action.default_popup",
    "action.default_icon",
    "options_page",
    "options_ui.page",
    "side_panel.default_path",
    "devtools_page",
    "chrome_url_overrides.newtab",
    "chrome_url_overrides.history",
    "chrome_url_overrides.bookmarks",
    "storage.managed_schema",
)
_MANY_FILES = ("icons", "action.default_icon", "theme.images", "sandbox.pages")
"""Fields whose values, or the values in them, are files."""


def named_files(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every file that a manifest names, with the field that names it."""
    for field in _ONE_FILE:
        value = field_at(manifest, field)
        if isinstance(value, str) and value:
            yield field, value
    for field in _MANY_FILES:
        yield from ((field, name) for name in _texts(field_at(manifest, field)))
    for index, script in enumerate(_list(manifest.get("content_scripts"))):
        for kind in ("js", "css"):
            yield from ((f"content_scripts[{index}].{kind}", name) for name in _texts(field_at(script, kind)))
    for index, rules in enumerate(_list(field_at(manifest, "declarative_net_request.rule_resources"))):
        path = field_at(rules, "path")
        if isinstance(path, str):
            yield f"declarative_net_request.rule_resources[{index}]", path
    locale = manifest.get("default_locale")
    if isinstance(locale, str):
        yield "default_locale", f"_locales/{locale}/messages.json"


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    """The texts in a list or among an object's values."""
    found: list[Any] = list(cast("dict[str, Any]", value).values()) if isinstance(value, dict) else _list(value)
    return [one for one in found if isinstance(one, str)]


def check_scripts(browser: ExtensionBrowser, package: Package) -> list[Finding]:
    """Content scripts that Chromium's own parser refuses: they would only be found on a page that they match."""
    scripts = _list(package.manifest.get("content_scripts"))
    names = dict.fromkeys(name.lstrip("/") for script in scripts for name in _texts(field_at(script, "js")))
    return [
        Finding("script_syntax", f"the content script {name} cannot be parsed: {fault}", "correct the script")
        for name in names
        if name in package.files and (fault := browser.syntax_fault(name, package.files[name].decode("utf-8", "replace")))
    ]


def check_running(browser: ExtensionBrowser, extension_id: str, package: Package, baseline: Package | None) -> CheckResult:
    """What Chromium says of the loaded extension: manifest errors, its worker, exceptions at the start, new permissions."""
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
    if not state.is_enabled:
        findings.append(Finding("disabled", "Chromium disabled the extension", "look at it at chrome://extensions"))
    if not is_decided(state):
        words = f"the service worker did not start within {_WORKER_SECONDS:.0f} s"
        findings.append(Finding("worker_silent", words, "open the worker's console at chrome://extensions"))
    for error in state.manifest_errors:
        if _REGISTRATION_FAILED in error:
            findings += missing_imports(package)
            findings.append(Finding("worker_failed", f"the service worker does not start: {error}", "the exception below says where"))
        else:
            findings.append(
                Finding("manifest_warning", f"Chromium's word on the manifest: {error}", "correct the manifest", is_failure=False)
            )
    findings += runtime_findings(state.runtime_errors)
    if baseline is not None:
        findings += permission_findings(package, baseline)
    return CheckResult.of(CheckName.LOAD, findings)


_IMPORT = re.compile(r"""(?:^|[;\s}])(?:import|export)\b[^'"`;]*?['"](\.{1,2}/[^'"]+|/[^'"]+)['"]""")


def missing_imports(package: Package) -> list[Finding]:
    """Modules that the worker imports, at first or further hand, and that are not in the package: Chromium does not say which.

    Found by their look, so only asked for when the worker is known not to start.
    """
    start = str(field_at(package.manifest, "background.service_worker")).lstrip("/")
    waiting, seen = [start], {start}
    findings: list[Finding] = []
    while waiting:
        name = waiting.pop()
        source = package.files[name].decode("utf-8", "replace") if name in package.files else ""
        for specifier in _IMPORT.findall(source):
            path = posixpath.normpath(posixpath.join("" if specifier.startswith("/") else posixpath.dirname(name), specifier.lstrip("/")))
            if path not in package.files:
                words = f"{name} imports {specifier}, which is not in the package"
                findings.append(Finding("missing_import", words, f"add {path}, or correct the import"))
            elif path not in seen:
                seen.add(path)
                waiting.append(path)
    return findings


def runtime_findings(errors: tuple[str, ...]) -> list[Finding]:
    """A finding for each runtime error; what the extension only logged is not a failure."""
    findings: list[Finding] = []
    for error in dict.fromkeys(errors):
        is_failure = error.startswith(UNCAUGHT)
        code = "runtime_error" if is_failure else "logged_error"
        findings.append(Finding(code, error, "the extension's console says where it was thrown" if is_failure else "", is_failure))
    return findings


_WARNED_OF = frozenset(
    {"accessibilityFeatures.modify", "accessibilityFeatures.read", "bookmarks", "clipboardRead", "clipboardWrite", "contentSettings"}
    | {"debugger", "declarativeNetRequest", "declarativeNetRequestFeedback", "desktopCapture", "downloads", "downloads.open", "favicon"}
    | {"geolocation", "history", "identity.email", "management", "nativeMessaging", "notifications", "pageCapture", "privacy", "proxy"}
    | {"readingList", "sessions", "system.storage", "tabCapture", "tabGroups", "tabs", "topSites", "ttsEngine", "userScripts"}
    | {"vpnProvider", "webAuthenticationProxy", "webNavigation"}
)
"""Permissions with a warning to users (Chrome's documentation, "Permissions list"): an update that adds one disables the extension."""


def permission_findings(package: Package, baseline: Package) -> list[Finding]:
    """What the package asks for and the baseline did not; apart, what users must accept before the extension runs again."""
    added = _asked(package, "permissions") - _asked(baseline, "permissions")
    hosts = _hosts(package) - _hosts(baseline)
    asks_again = sorted(added & _WARNED_OF) + sorted(hosts)
    findings: list[Finding] = []
    if asks_again:
        words = f"the update is disabled for users until they accept: {', '.join(asks_again)}, which {baseline.version} did not ask for"
        findings.append(Finding("permissions_disable", words, "ask for it as an optional permission, when it is needed", is_failure=False))
    if quiet := sorted(added - _WARNED_OF):
        words = f"asks for more than {baseline.version} did, without a warning to users: {', '.join(quiet)}"
        findings.append(Finding("permissions_added", words, "", is_failure=False))
    return findings


def _asked(package: Package, field: str) -> set[str]:
    return set(_texts(package.manifest.get(field)))


def _hosts(package: Package) -> set[str]:
    """Every host that the package may reach: by permission, and by its content scripts."""
    scripts = _list(package.manifest.get("content_scripts"))
    return _asked(package, "host_permissions") | {match for script in scripts for match in _texts(field_at(script, "matches"))}
