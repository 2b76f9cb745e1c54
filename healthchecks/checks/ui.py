"""ui: the extension's own pages open, show something, throw nothing and can be used by everybody; by day, in the dark, in two languages."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from playwright.sync_api import Error as PlaywrightError

from healthchecks.checks.accessibility import violations
from healthchecks.checks.own_page import DEVTOOLS, OwnPage, own_pages
from healthchecks.result import CheckName, CheckResult, Finding
from healthchecks.trial import Trial
from webstore.package import Package

_NO_PAGE = "the manifest names no page (popup, options, side panel, new tab)"


def check_ui(trial: Trial, package: Package) -> CheckResult:
    """Open each page that the manifest names."""
    settings = trial.settings.ui
    pages = [(name, path) for name, path in own_pages(package) if name not in settings.skip]
    if not pages:
        return CheckResult.absent(CheckName.UI, _NO_PAGE)
    findings: list[Finding] = []
    pictures: list[Path] = []
    for name, path in pages:
        shown = OwnPage(trial.browser, name, _url(trial, path))
        with shown.opened(settings.expect.get(name, ())):
            pictures += _look_at(shown, name, trial)
        findings += shown.findings
    return CheckResult.of(CheckName.UI, findings, pictures)


def _url(trial: Trial, path: str) -> str:
    return f"chrome-extension://{trial.extension_id}/{path.lstrip('/')}"


def _look_at(shown: OwnPage, name: str, trial: Trial) -> Iterator[Path]:
    """By day and in the dark; then its buttons are clicked, if it is well."""
    settings, page = trial.settings.ui, shown.page
    yield from trial.masking.picture(page, trial.evidence / f"ui-{name}.png")
    if not shown.is_well or name == DEVTOOLS:
        return
    try:
        found = violations(page, name, settings)
        if settings.dark:
            page.emulate_media(color_scheme="dark")
            yield from trial.masking.picture(page, trial.evidence / f"ui-{name}-dark.png")
            by_day = {finding.code for finding in found}
            in_dark = violations(page, f"{name} in the dark", settings, contrast_only=True)
            found += [finding for finding in in_dark if finding.code not in by_day]
            page.emulate_media(color_scheme="light")
    except PlaywrightError:
        if not page.is_closed():  # a page may close itself, as popups do that have done their work
            raise
        return
    if shown.is_well:
        shown.click_buttons()
    shown.findings += found


def second_language(package: Package, wanted: str | None) -> str | None:
    """The language to look at besides the default one; none when there is no other."""
    default = package.manifest.get("default_locale")
    folders = sorted({name.split("/")[1] for name in package.files if name.startswith("_locales/") and name.endswith("/messages.json")})
    if not isinstance(default, str) or wanted == "":
        return None
    if wanted is not None:
        return wanted if wanted in folders else None
    return next((folder for folder in folders if folder != default), None)


def in_language(package: Package, language: str) -> Package:
    """The package with every language's messages replaced by one's, and by the default one's where that has none.

    Chromium takes the messages of its own interface's language, and few systems have more than one; so it is the messages that change.
    `chrome.i18n.getUILanguage` still names the interface's.
    """
    default = str(package.manifest.get("default_locale"))
    merged = {**_messages(package, default), **_messages(package, language)}
    content = json.dumps(merged).encode()
    return package.with_files({name: content for name in package.files if name.startswith("_locales/") and name.endswith("/messages.json")})


def check_language(trial: Trial, package: Package, language: str) -> CheckResult:
    """Open each page once more in another language; ``package`` has its own messages, the browser those of `in_language`."""
    findings: list[Finding] = []
    pictures: list[Path] = []
    for name, path in own_pages(package):
        if name in trial.settings.ui.skip or name == DEVTOOLS:
            continue
        shown = OwnPage(trial.browser, f"{name} in {language!r}", _url(trial, path))
        with shown.opened():
            pictures += trial.masking.picture(shown.page, trial.evidence / f"ui-{name}-{language}.png")
        findings += shown.findings
    default = str(package.manifest.get("default_locale"))
    if lacking := sorted(set(_messages(package, default)) - set(_messages(package, language))):
        words = f"{len(lacking)} messages of {default!r} are not translated into {language!r}: {', '.join(lacking[:5])}"
        findings.append(Finding("untranslated", words, f"add them to _locales/{language}/messages.json", is_failure=False))
    return CheckResult.of(CheckName.UI, findings, pictures)


def _messages(package: Package, language: str) -> Mapping[str, Any]:
    try:
        value: Any = json.loads(package.files[f"_locales/{language}/messages.json"])
    except (KeyError, ValueError):
        return {}  # that it is missing or no JSON, the load check says
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
