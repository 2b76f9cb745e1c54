"""What a package shows without being run: what kind it is, what it names and lacks, and what it asks of users. Pure."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from healthchecks.result import Finding
from webstore.package import Package, field_at

_MANIFEST_VERSION = 3


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
        yield from ((field, name) for name in texts_in(field_at(manifest, field)))
    for index, script in enumerate(list_in(manifest.get("content_scripts"))):
        for kind in ("js", "css"):
            yield from ((f"content_scripts[{index}].{kind}", name) for name in texts_in(field_at(script, kind)))
    for index, rules in enumerate(list_in(field_at(manifest, "declarative_net_request.rule_resources"))):
        path = field_at(rules, "path")
        if isinstance(path, str):
            yield f"declarative_net_request.rule_resources[{index}]", path
    locale = manifest.get("default_locale")
    if isinstance(locale, str):
        yield "default_locale", f"_locales/{locale}/messages.json"


def list_in(value: Any) -> list[Any]:
    """A list, where there is one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def texts_in(value: Any) -> list[str]:
    """The texts in a list or among an object's values."""
    found: list[Any] = list(cast("dict[str, Any]", value).values()) if isinstance(value, dict) else list_in(value)
    return [one for one in found if isinstance(one, str)]


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


_USES = re.compile(r"\b(?:chrome|browser)\.([a-zA-Z]+)\.")
_NAMED_LIKE_THEIR_PERMISSION = frozenset(
    {"alarms", "bookmarks", "contextMenus", "cookies", "debugger", "declarativeNetRequest", "downloads", "history", "identity", "idle"}
    | {"notifications", "offscreen", "pageCapture", "power", "privacy", "proxy", "readingList", "scripting", "search", "sessions"}
    | {"sidePanel", "storage", "tabCapture", "tabGroups", "topSites", "tts", "userScripts", "webNavigation", "webRequest"}
)
"""APIs that are not there at all without the permission of their own name (Chrome's documentation, "API reference")."""


def refused_permissions(package: Package) -> list[Finding]:
    """APIs that the worker uses and that the manifest does not ask for; asked for when something of that look was thrown."""
    start = str(field_at(package.manifest, "background.service_worker")).lstrip("/")
    source = package.files[start].decode("utf-8", "replace") if start in package.files else ""
    asked = _asked(package, "permissions") | _asked(package, "optional_permissions")
    return [
        Finding(
            "permission_refused",
            f"{start} uses chrome.{name}, and the manifest does not ask for the permission {name!r}: Chromium does not give it",
            f"add {name!r} to `permissions`",
        )
        for name in sorted({*_USES.findall(source)} & (_NAMED_LIKE_THEIR_PERMISSION - asked))
    ]


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
    return set(texts_in(package.manifest.get(field)))


def _hosts(package: Package) -> set[str]:
    """Every host that the package may reach: by permission, and by its content scripts."""
    scripts = list_in(package.manifest.get("content_scripts"))
    return _asked(package, "host_permissions") | {match for script in scripts for match in texts_in(field_at(script, "matches"))}
