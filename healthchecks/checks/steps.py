"""The steps of an extraction scenario, done in the browser: click, type, popup, shortcut, message, and waiting for what comes of it."""

import json
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Worker

from healthchecks.browser import ExtensionBrowser
from healthchecks.errors import StepFailed
from healthchecks.result import Finding, plain
from healthchecks.scenario import ExtractionScenario, Step
from healthchecks.values import holds, size_at

_POLL_MS = 40
_LISTEN = "() => { globalThis.heard = []; chrome.runtime.onMessage.addListener((message) => { heard.push(message); }); }"
_HEARD = "() => globalThis.heard ?? []"
_SEND = "(message) => chrome.runtime.sendMessage(message)"
_SEND_TO_PAGE = """async (message) => {
  const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
  return await chrome.tabs.sendMessage(tab.id, message);
}"""
_PRESS = "(name) => { chrome.commands.onCommand.dispatch(name); }"


class Stage:
    """The tab of a scenario, its popup once it is open, and the time that is left."""

    def __init__(self, browser: ExtensionBrowser, extension_id: str, popup_path: str | None, scenario: ExtractionScenario) -> None:
        self._browser = browser
        self._id = extension_id
        self._popup_path = popup_path
        self._scenario = scenario
        self._deadline = time.monotonic() + scenario.within_seconds
        self.page = browser.new_page()
        self.popup: Page | None = None
        self._acting = self.page

    @property
    def left_ms(self) -> float:
        """Time left for what is waited for; never 0, which would mean for ever."""
        return max(1.0, (self._deadline - time.monotonic()) * 1000)

    def open(self) -> None:
        """Go to the scenario's page.

        Raises:
            StepFailed: it cannot be opened.
        """
        if any(step.wait_for_message is not None for step in self._scenario.steps):
            self._browser.in_extension(self._id, _LISTEN)
            self.page.bring_to_front()
        self._go(self._scenario.open)

    def close(self) -> None:
        """Close what is open."""
        for page in filter(None, (self.popup, self.page)):
            page.close()

    def perform(self, step: Step) -> None:
        """Do one step.

        Raises:
            StepFailed: it could not be done in the time that is left.
        """
        try:
            getattr(self, f"_{step.action}")(step)
        except PlaywrightError as error:
            raise StepFailed(plain(error.message.splitlines()[0])) from None

    def stored(self, missing: Callable[[dict[str, Any]], Finding | None]) -> Finding | None:
        """Wait until ``missing`` finds no failure in storage; what it finds then, or when the time is over."""
        while True:
            stored = self._browser.storage(self._id)
            if stored is None:
                words = "the extension has no chrome.storage.local (is the permission `storage` missing?)"
                return Finding("storage_expectation", words, "ask for the permission, or expect nothing in storage")
            found = missing(stored)
            if found is None or not found.is_failure or time.monotonic() >= self._deadline:
                return found
            self.page.wait_for_timeout(_POLL_MS)

    def _go(self, address: str) -> None:
        try:
            self.page.goto(address, wait_until="load")
        except PlaywrightError as error:
            raise StepFailed(f"{plain(address)} cannot be opened: {plain(error.message.splitlines()[0])}") from None

    def _open(self, step: Step) -> None:
        self._go(str(step.open))

    def _click(self, step: Step) -> None:
        self._acting.locator(str(step.click)).first.click(timeout=self.left_ms)

    def _type(self, step: Step) -> None:
        self._acting.locator(str(step.into)).first.fill(str(step.type), timeout=self.left_ms)

    def _press(self, step: Step) -> None:
        self._acting.keyboard.press(str(step.press))

    def _open_popup(self, _step: Step) -> None:
        if self._popup_path is None:
            raise StepFailed("the manifest names no popup (action.default_popup)")
        self.page.bring_to_front()
        self.popup = self._acting = self._browser.new_tab_behind(f"chrome-extension://{self._id}/{self._popup_path.lstrip('/')}")

    def _back_to_page(self, _step: Step) -> None:
        self.page.bring_to_front()
        self._acting = self.page

    def _shortcut(self, step: Step) -> None:
        """The keys themselves reach no extension that is loaded for a test: its listeners are told as Chromium would tell them."""
        commands = self._browser.in_extension(self._id, "async () => (await chrome.commands?.getAll() ?? []).map((one) => one.name)")
        if step.shortcut not in commands:
            raise StepFailed(f"the manifest names no command {step.shortcut!r}; it names {', '.join(commands) or 'none'}")
        self._worker().evaluate(_PRESS, step.shortcut)

    def _worker(self) -> Worker:
        """The extension's worker, which an event of another kind wakes when it sleeps."""
        mine = [worker for worker in self._browser.context.service_workers if worker.url.startswith(f"chrome-extension://{self._id}/")]
        if not mine:
            raise StepFailed("the extension has no service worker that runs")
        return mine[-1]

    def _send(self, step: Step) -> None:
        script = _SEND_TO_PAGE if step.to == "page" else _SEND
        if step.to == "page":
            self.page.bring_to_front()
        answer = self._browser.in_extension(self._id, script, step.send)
        if step.answer is not None and not holds(answer, step.answer):
            raise StepFailed(f"the answer is {plain(json.dumps(answer))}, which does not hold {plain(json.dumps(step.answer))}")

    def _wait_for(self, step: Step) -> None:
        self._acting.locator(str(step.wait_for)).first.wait_for(state="visible", timeout=self.left_ms)

    def _wait_for_text(self, step: Step) -> None:
        self._acting.get_by_text(str(step.wait_for_text)).first.wait_for(state="visible", timeout=self.left_ms)

    def _wait_for_storage(self, step: Step) -> None:
        path = str(step.wait_for_storage)
        absent = Finding("absent", f"nothing is stored at {path!r}")
        if found := self.stored(lambda stored: None if size_at(stored, path) is not None else absent):
            raise StepFailed(found.message)

    def _wait_for_message(self, step: Step) -> None:
        while not any(holds(heard, step.wait_for_message) for heard in self._browser.in_extension(self._id, _HEARD)):
            if time.monotonic() >= self._deadline:
                raise StepFailed("no such message was sent")
            self.page.wait_for_timeout(_POLL_MS)
