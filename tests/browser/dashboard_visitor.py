"""Somebody who looks at the dashboard in a real Chromium, and hears whatever its pages complain of."""

import contextlib
from collections.abc import Generator
from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page

WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
_POLICY = "document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"
_READY = "#page[aria-busy=false] h1"
_AXE = "async () => (await axe.run(document)).violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`)"
_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Visitor:
    """Opens pages."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.faults: list[str] = []
        """Errors and warnings on a console, exceptions, violations of the policy, and dialogs that a page has opened."""

    def open(self, address: str, *, viewport: Any = WIDE, scheme: Any = "light", context: BrowserContext | None = None) -> Page:
        """A page that has drawn its document, and hears of changes."""
        page = self.raw(address, viewport=viewport, scheme=scheme, context=context)
        page.wait_for_selector(_READY, state="attached")
        page.wait_for_selector("#fresh .on")
        return page

    def raw(self, address: str, *, viewport: Any = WIDE, scheme: Any = "light", context: BrowserContext | None = None) -> Page:
        """A page that may still be loading."""
        if context is None:
            context = self._browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
            context.add_init_script(_POLICY)
            self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", self._asked)
        page.goto(address)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(f"{message.text} ({message.location.get('url', '')})")

    def _asked(self, dialog: Dialog) -> None:
        self.faults.append(f"a page has opened a dialog: {dialog.message}")
        dialog.dismiss()

    def forgive(self, part: str) -> None:
        """Take what was expected out of the faults."""
        self.faults = [fault for fault in self.faults if part not in fault]

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@contextlib.contextmanager
def visiting(browser: Browser) -> Generator[Visitor]:
    """A visitor whose pages are closed at the end."""
    visitor = Visitor(browser)
    try:
        yield visitor
    finally:
        visitor.close()


def barriers(page: Page) -> list[str]:
    """What axe-core finds, of every level."""
    page.evaluate(f"() => {{ {AXE_FILE_PATH.read_text(encoding='utf-8')} }}")
    return page.evaluate(_AXE)


def overflow(page: Page) -> int:
    """By how many pixels the page scrolls sideways."""
    return page.evaluate(_OVERFLOW)
