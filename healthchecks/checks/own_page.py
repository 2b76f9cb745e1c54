"""One page of the extension, opened in a tab, with everything that goes wrong in it."""

import contextlib
from collections.abc import Generator, Iterator
from typing import Any, cast

from playwright.sync_api import ConsoleMessage, Page, Request
from playwright.sync_api import Error as PlaywrightError

from healthchecks.browser import ExtensionBrowser
from healthchecks.inside import place_in
from healthchecks.result import Finding, plain
from webstore.package import Package, field_at

DEVTOOLS = "devtools"
_POPUP_SIZE = {"width": 400, "height": 600}
_CLICK_MS = 1000
_MOST_CLICKS = 12
_TEXT_SECONDS = 5.0
_DRAWN_SECONDS = 2.0
"""A page that shows nothing for so long is blank."""
_PAGES = {
    "popup": ("action.default_popup",),
    "options": ("options_ui.page", "options_page"),
    "side_panel": ("side_panel.default_path",),
    "newtab": ("chrome_url_overrides.newtab",),
    "history": ("chrome_url_overrides.history",),
    "bookmarks": ("chrome_url_overrides.bookmarks",),
    DEVTOOLS: ("devtools_page",),
}
"""By the name that the settings use: the fields of the manifest that may name the page."""
_BUTTONS = "button:visible, [role=button]:visible, input[type=button]:visible, input[type=submit]:visible, summary:visible"
_NO_NETWORK = ("Failed to fetch", "NetworkError", "ERR_INTERNET_DISCONNECTED", "ERR_BLOCKED_BY_CLIENT", "Load failed")
_DEVTOOLS_STUB = """(() => {
  if (!globalThis.chrome || chrome.devtools) return;
  const anything = () => new Proxy(function () {}, {
    get: (_, name) => (name === Symbol.toPrimitive ? () => '' : name === 'then' ? undefined : anything()),
    apply: (_, __, values) => { const last = values.at(-1); if (typeof last === 'function') last(anything()); return anything(); },
  });
  Object.defineProperty(chrome, 'devtools', { value: anything() });
})();"""
"""A devtools page in a tab has no `chrome.devtools`; this one takes every call, and calls back."""
_SHOWS_SOMETHING = """() => {
  const shows = (one) => { const box = one.getBoundingClientRect(); return box.width > 1 && box.height > 1; };
  const drawn = [...document.querySelectorAll('img, svg, canvas, video, input, button, select, textarea, iframe')].some(shows);
  return drawn || Boolean(document.body?.innerText.trim());
}"""
_AT_REST = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => requestIdleCallback(done, { timeout: 500 }))))"
"""Everything that was waiting to be run has run, and been drawn."""


def own_pages(package: Package) -> Iterator[tuple[str, str]]:
    """The pages that the manifest names, by the name that the settings use."""
    for name, fields in _PAGES.items():
        paths = (field_at(package.manifest, field) for field in fields)
        if path := next((path for path in paths if isinstance(path, str) and path), None):
            yield name, path


class OwnPage:
    """A page of the extension, opened in a tab, with what goes wrong in it."""

    def __init__(self, browser: ExtensionBrowser, name: str, url: str) -> None:
        self._browser = browser
        self._name = name
        self._url = url
        self._clicked = ""
        self._seen: set[str] = set()
        self.findings: list[Finding] = []
        self.page = browser.new_page()

    @contextlib.contextmanager
    def opened(self, texts: tuple[str, ...] = ()) -> Generator[None]:
        """Open it and look at it; closed at the end, with whatever it has opened."""
        page = self.page
        page.set_viewport_size(cast("Any", _POPUP_SIZE))
        if self._name == DEVTOOLS:
            page.add_init_script(_DEVTOOLS_STUB)
        page.on("pageerror", self._on_error)
        page.on("requestfailed", self._on_failed)
        page.on("console", self._on_console)
        others: list[Page] = []
        page.on("popup", lambda other: others.append(other))  # noqa: PLW0108 - Playwright marks what it is handed, and cannot mark a built-in
        try:
            page.goto(self._url, wait_until="load")
        except PlaywrightError as error:
            words = f"{self._name} does not open: {plain(error.message.splitlines()[0])}"
            self.findings = [Finding("page_unopened", words, "check the path in the manifest")]
        else:
            self._look(texts)
        yield
        for other in (*others, page):
            other.close()

    @property
    def is_well(self) -> bool:
        """Whether nothing has gone wrong so far."""
        return not any(finding.is_failure for finding in self.findings)

    def _look(self, texts: tuple[str, ...]) -> None:
        self.page.evaluate(_AT_REST)
        if self._name != DEVTOOLS:  # a devtools page only registers panels, and shows nothing
            self._wait_until_drawn()
        for text in texts:
            try:
                self.page.get_by_text(text).first.wait_for(state="visible", timeout=_TEXT_SECONDS * 1000)
            except PlaywrightError:
                self.findings.append(Finding("missing_text", f"{self._name} does not show {text!r}", f"open {self._name} and look"))

    def _wait_until_drawn(self) -> None:
        try:
            self.page.wait_for_function(_SHOWS_SOMETHING, timeout=_DRAWN_SECONDS * 1000)
        except PlaywrightError:
            self.findings.append(Finding("blank_page", f"{self._name} is blank", f"open {self._name} and look at its console"))

    def click_buttons(self) -> None:
        """Click each button that can be seen, once. What a click asks of the network and does not get is not the extension's fault."""
        buttons = self.page.locator(_BUTTONS)
        for index in range(min(buttons.count(), _MOST_CLICKS)):
            if self.page.is_closed() or self.page.url.split("#")[0] != self._url.split("#")[0]:
                return  # the page has closed itself, or gone elsewhere, as it may
            button = buttons.nth(index)
            try:
                self._clicked = plain(button.inner_text(timeout=_CLICK_MS)) or f"button {index + 1}"
                button.click(timeout=_CLICK_MS, no_wait_after=True)
                self.page.evaluate(_AT_REST)
            except PlaywrightError:
                continue  # hidden, covered or gone: not a button that a user could click
        self._clicked = ""

    def add(self, code: str, message: str, hint: str, is_failure: bool = True, place: str = "") -> None:
        """Note something once."""
        if message not in self._seen:
            self._seen.add(message)
            self.findings.append(Finding(code, message, hint, is_failure, place=place))

    def _on_error(self, error: PlaywrightError) -> None:
        words = plain(f"{error.name}: {error.message}" if error.name and not error.message.startswith(error.name) else error.message)
        when = f" when {self._clicked!r} is clicked" if self._clicked else ""
        is_failure = not (self._clicked and any(sign in words for sign in _NO_NETWORK))
        place = place_in(error.stack or "")
        self.add("page_error", f"{self._name} throws{when}: {words}", f"open {self._name} and look at its console", is_failure, place)

    def _on_failed(self, request: Request) -> None:
        if request.url.startswith("chrome-extension:"):
            self.add("missing_resource", f"{self._name} cannot load {plain(request.url)}", "add the file to the package")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not self._browser.is_unheard(message.location.get("url", "")):
            is_failure = "Content Security Policy" in message.text and "inline" in message.text
            hint = "move the script into a file of its own: Chrome runs no inline scripts in extension pages" if is_failure else ""
            self.add("console_error", f"{self._name} logs an error: {plain(message.text)}", hint, is_failure)
