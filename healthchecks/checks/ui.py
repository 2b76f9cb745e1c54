"""ui: the extension's own pages open, show something, and throw nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from playwright.sync_api import ConsoleMessage, Page, Request
from playwright.sync_api import Error as PlaywrightError

from healthchecks.browser import ExtensionBrowser
from healthchecks.checks.extraction import take_picture
from healthchecks.result import CheckName, CheckResult, Finding, plain
from healthchecks.settings import CheckSettings
from webstore.package import Package

_POPUP_SIZE = {"width": 400, "height": 600}
_CALM_MS = 150
_TEXT_SECONDS = 5.0
_IS_BLANK = """() => {
  const shows = (one) => { const box = one.getBoundingClientRect(); return box.width > 1 && box.height > 1; };
  const drawn = [...document.querySelectorAll('img, svg, canvas, video, input, button, select, textarea, iframe')].some(shows);
  return !drawn && !document.body?.innerText.trim();
}"""


def check_ui(browser: ExtensionBrowser, extension_id: str, package: Package, settings: CheckSettings, evidence: Path) -> CheckResult:
    """Open each page that the manifest names."""
    pages = [(name, path) for name, path in own_pages(package) if name not in settings.ui.skip]
    if not pages:
        return CheckResult.absent(CheckName.UI, "the manifest names no page (popup, options, side panel, new tab)")
    findings: list[Finding] = []
    pictures: list[Path] = []
    for name, path in pages:
        page = browser.new_page()
        page.set_viewport_size(cast("Any", _POPUP_SIZE))
        findings += _open(page, f"chrome-extension://{extension_id}/{path.lstrip('/')}", name, settings.ui.expect.get(name, ()))
        pictures.append(take_picture(page, evidence / f"ui-{name}.png"))
        page.close()
    return CheckResult.of(CheckName.UI, findings, pictures)


def own_pages(package: Package) -> Iterator[tuple[str, str]]:
    """The pages that the manifest names, by the name that the settings use."""
    manifest = package.manifest
    for name, table, key in (
        ("popup", "action", "default_popup"),
        ("options", "options_ui", "page"),
        ("side_panel", "side_panel", "default_path"),
        ("newtab", "chrome_url_overrides", "newtab"),
    ):
        value: Any = manifest.get(table)
        path: Any = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
        if name == "options" and not path:
            path = manifest.get("options_page")
        if isinstance(path, str) and path:
            yield name, path


def _open(page: Page, url: str, name: str, texts: tuple[str, ...]) -> list[Finding]:
    findings: list[Finding] = []

    def on_error(error: PlaywrightError) -> None:
        words = plain(f"{error.name}: {error.message}" if error.name and not error.message.startswith(error.name) else error.message)
        findings.append(Finding("page_error", f"{name} throws: {words}", f"open {name} and look at its console"))

    def on_failed(request: Request) -> None:
        if request.url.startswith("chrome-extension:"):
            findings.append(Finding("missing_resource", f"{name} cannot load {plain(request.url)}", "add the file to the package"))

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            findings.append(Finding("console_error", f"{name} logs an error: {plain(message.text)}", "", is_failure=False))

    page.on("pageerror", on_error)
    page.on("requestfailed", on_failed)
    page.on("console", on_console)
    try:
        page.goto(url, wait_until="load")
    except PlaywrightError as error:
        return [Finding("page_unopened", f"{name} does not open: {plain(error.message.splitlines()[0])}", "check the path in the manifest")]
    page.wait_for_timeout(_CALM_MS)  # late rejections of the page's own start
    for text in texts:
        try:
            page.get_by_text(text).first.wait_for(state="visible", timeout=_TEXT_SECONDS * 1000)
        except PlaywrightError:
            findings.append(Finding("missing_text", f"{name} does not show {text!r}", f"open {name} and look"))
    if page.evaluate(_IS_BLANK):
        findings.append(Finding("blank_page", f"{name} is blank", f"open {name} and look at its console"))
    return findings
