"""Accessibility of a page by axe-core, which comes with the package: violations of level serious or critical."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from playwright.sync_api import Page

from healthchecks.result import Finding, plain
from healthchecks.settings import Severity, UiSettings

ACCESSIBILITY = "accessibility"
"""How the code of such a finding begins; the rule's name follows."""
_GRAVE = ("serious", "critical")
_CONTRAST = ["color-contrast"]
_MOST_PLACES = 3
_RUN = "async (options) => (await axe.run(document, options)).violations"


@functools.cache
def _script() -> str:
    from axe_playwright_python.base import AXE_FILE_PATH  # noqa: PLC0415 - half a megabyte, that only this needs

    return f"() => {{ {Path(AXE_FILE_PATH).read_text(encoding='utf-8')} }}"


def violations(page: Page, name: str, settings: UiSettings, *, contrast_only: bool = False) -> list[Finding]:
    """What axe-core finds on a page; ``contrast_only`` where nothing but the colours has changed since it was looked at."""
    if settings.accessibility is Severity.OFF or (contrast_only and set(_CONTRAST) <= set(settings.accessibility_ignore)):
        return []
    if not page.evaluate("() => Boolean(globalThis.axe)"):
        page.evaluate(_script())
    options: dict[str, Any] = {
        "resultTypes": ["violations"],
        "rules": {rule: {"enabled": False} for rule in settings.accessibility_ignore},
    }
    if contrast_only:
        options["runOnly"] = {"type": "rule", "values": _CONTRAST}
    found = cast("list[Mapping[str, Any]]", page.evaluate(_RUN, options))
    return [_finding(one, name, settings) for one in found if one.get("impact") in _GRAVE]


def _finding(violation: Mapping[str, Any], name: str, settings: UiSettings) -> Finding:
    rule = str(violation.get("id", ""))
    nodes = cast("list[Mapping[str, Any]]", violation.get("nodes", []))
    places = ", ".join(plain(" ".join(str(part) for part in node.get("target", []))) for node in nodes[:_MOST_PLACES])
    more = f" and {len(nodes) - _MOST_PLACES} more" if len(nodes) > _MOST_PLACES else ""
    return Finding(
        f"{ACCESSIBILITY}:{rule}",
        f"{name}: {plain(str(violation.get('help', rule)))} ({violation.get('impact')}, {rule}): {places}{more}",
        f"see axe-core's rule {rule}; `accessibility_ignore` of [extension.checks.ui] leaves it out",
        is_failure=settings.accessibility is Severity.FAIL,
    )
