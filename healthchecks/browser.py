"""Chromium with an extension in it: loaded by CDP, its errors readable, its storage readable, and always closed again.

Loading by CDP (`Extensions.loadUnpacked`) says why an extension is refused, where the command line is silent; calling it again for
the same id with another folder is a true update, with `onInstalled` and with users' storage kept.
"""

import contextlib
import json
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, CDPSession, Page, Playwright, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from healthchecks.chromium import Chromium
from healthchecks.errors import BrowserFailed, LoadRefused
from healthchecks.inside import (
    FORGET_ERRORS,
    READ_STATE,
    READ_STORAGE,
    READ_STORED,
    WRITE_DATABASES,
    WRITE_STORAGE,
    ExtensionState,
    state_of,
)
from healthchecks.launching import launched
from healthchecks.result import plain
from healthchecks.stored import Database, Stored

_POLL_MS = 40
_CALM_READS = 4
"""The error lists must stay the same for so many reads before they are believed to be complete."""
_SMALL_PAGE = {"width": 800, "height": 600}


class ExtensionBrowser:
    """One Chromium with a profile of its own, deleted at the end."""

    def __init__(
        self,
        chromium: Chromium,
        *,
        headless: bool = True,
        timeout_seconds: float = 30.0,
        playwright: Playwright | None = None,
        context_options: Mapping[str, Any] | None = None,
        unheard: Sequence[str] = (),
    ) -> None:
        """``playwright``: one that runs already; there can be only one in a thread. ``context_options``: as Playwright's contexts take.

        ``unheard``: patterns of hosts that do not exist for it.
        """
        self._chromium = chromium
        self._headless = headless
        self._timeout_seconds = timeout_seconds
        self._playwright = playwright
        self._context_options = {"viewport": _SMALL_PAGE, **(context_options or {})}
        self._unheard = tuple(unheard)
        self._closing = contextlib.ExitStack()
        self._storage_page: tuple[str, Page] | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opening:
            profile = Path(opening.enter_context(tempfile.TemporaryDirectory(prefix="release-guard-", ignore_cleanup_errors=True)))
            (profile / "Default").mkdir()
            preferences = {"extensions": {"ui": {"developer_mode": True}}}  # without it Chromium keeps no error lists
            (profile / "Default" / "Preferences").write_text(json.dumps(preferences), encoding="utf-8")
            playwright = self._playwright or opening.enter_context(sync_playwright())
            self._context = self._launch(playwright, profile)
            opening.callback(self._close_context)
            self._cdp = self._session()
            self._pid = self._browser_pid()
            self._admin = self._context.pages[0]
            self._open_admin_page()
            self._closing = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def context(self) -> BrowserContext:
        """Playwright's own view of it."""
        return self._context

    def _launch(self, playwright: Playwright, profile: Path) -> BrowserContext:
        options, unheard = self._context_options, self._unheard
        context = launched(playwright, self._chromium, profile, headless=self._headless, options=options, unheard=unheard)
        context.set_default_timeout(self._timeout_seconds * 1000)
        return context

    def is_unheard(self, url: str) -> bool:
        """Whether an address is of a host that does not exist for this browser."""
        parts = urlsplit(url)
        return any(fnmatch(name, pattern) for name in (parts.netloc, parts.hostname or "") for pattern in self._unheard)

    def _open_admin_page(self) -> None:
        """A plain text of chrome://extensions: the same API as the page itself, without the half second that it takes to draw."""
        try:
            self._admin.goto("chrome://extensions/strings.m.js")
        except PlaywrightError:  # a Chromium that keeps it elsewhere
            self._admin.goto("chrome://extensions")

    def _session(self) -> CDPSession:
        if self._context.browser is None:
            raise BrowserFailed("the browser gives no debugging session")
        return self._context.browser.new_browser_cdp_session()

    def _browser_pid(self) -> int | None:
        processes = cast("list[dict[str, Any]]", self._cdp.send("SystemInfo.getProcessInfo")["processInfo"])
        return next((int(process["id"]) for process in processes if process["type"] == "browser"), None)

    def _close_context(self) -> None:
        try:
            self._context.close()
        except PlaywrightError:
            self.kill()  # it no longer answers; nothing may stay behind

    def kill(self) -> None:
        """End the browser's process, when it no longer does what it is told."""
        if self._pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    @contextlib.contextmanager
    def limited(self, seconds: float) -> Generator[Callable[[], bool]]:
        """Kill the browser when the block takes longer: a page in an endless loop answers to nothing else.

        Gives a function that says whether that happened.
        """
        fired = threading.Event()

        def end() -> None:
            fired.set()
            self.kill()

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            yield fired.is_set
        finally:
            timer.cancel()

    def load(self, folder: Path) -> str:
        """Load an unpacked extension, or update it when its id is loaded already; the id.

        Raises:
            LoadRefused: Chromium does not take it.
        """
        self.close_storage_page()
        try:
            return str(cast("dict[str, Any]", self._cdp.send("Extensions.loadUnpacked", {"path": str(folder)}))["id"])
        except PlaywrightError as error:
            words = error.message.partition("(Extensions.loadUnpacked): ")[2] or error.message
            raise LoadRefused(plain(words)) from None

    def state(self, extension_id: str) -> ExtensionState:
        """What Chromium says of the extension now.

        Raises:
            BrowserFailed: it is not there.
        """
        found: Mapping[str, Any] | None = self._admin.evaluate(READ_STATE, extension_id)
        if found is None:
            raise BrowserFailed("Chromium does not list the extension that it has loaded")
        return state_of(found)

    def forget_errors(self, extension_id: str) -> None:
        """Empty the error lists, which Chromium keeps over an update."""
        self._admin.evaluate(FORGET_ERRORS, extension_id)

    def settle(
        self, extension_id: str, *, seconds: float, until: Callable[[ExtensionState], bool] | None = None, calm_reads: int = _CALM_READS
    ) -> ExtensionState:
        """Wait until ``until`` holds and the error lists stay the same for ``calm_reads``, at most so long; the state then."""
        deadline = time.monotonic() + seconds
        state, calm = self.state(extension_id), 0
        while time.monotonic() < deadline and (calm < calm_reads or (until is not None and not until(state))):
            self._admin.wait_for_timeout(_POLL_MS)
            before, state = state, self.state(extension_id)
            same = (before.manifest_errors, before.runtime_errors) == (state.manifest_errors, state.runtime_errors)
            calm = calm + 1 if same else 0
        return state

    def syntax_fault(self, name: str, source: str) -> str | None:
        """What Chromium's parser says of a classic script; none when it takes it. Nothing of it is run."""
        session = self._context.new_cdp_session(self._admin)
        try:
            session.send("Runtime.enable")
            asked = {"expression": source, "sourceURL": name, "persistScript": False}
            answer = cast("dict[str, Any]", session.send("Runtime.compileScript", asked))
        finally:
            session.detach()
        details: Mapping[str, Any] | None = answer.get("exceptionDetails")
        if details is None:
            return None
        words = str(cast("Mapping[str, Any]", details.get("exception", {})).get("description", "SyntaxError")).splitlines()[0]
        return plain(f"{words} (line {int(details.get('lineNumber', 0)) + 1})")

    def new_page(self) -> Page:
        """An empty tab."""
        return self._context.new_page()

    def new_tab_behind(self, url: str) -> Page:
        """A tab with a page that is not the active one, as a popup is not: what it asks of "the active tab" is the page before it."""
        with self._context.expect_page() as opened:
            self._cdp.send("Target.createTarget", {"url": url, "background": True})
        opened.value.wait_for_load_state("load")
        return opened.value

    def unload(self, extension_id: str) -> None:
        """Take the extension out, with everything that it has stored."""
        self.close_storage_page()
        self._cdp.send("Extensions.uninstall", {"id": extension_id})

    @property
    def is_alive(self) -> bool:
        """Whether it still does what it is told."""
        try:
            self._admin.evaluate("1")
        except PlaywrightError:
            return False
        return True

    def storage(self, extension_id: str) -> dict[str, Any] | None:
        """All of `chrome.storage.local`; none when the extension has no such storage. It works with a dead worker too."""
        return self.in_extension(extension_id, READ_STORAGE)

    def stored(self, extension_id: str) -> Stored:
        """All that it has stored: `chrome.storage.local`, and every IndexedDB."""
        found: Mapping[str, Mapping[str, Any]] = self.in_extension(extension_id, READ_STORED)
        databases = {name: Database(int(one["version"]), {**one["stores"]}) for name, one in found["databases"].items()}
        return Stored(found["local"] or {}, databases)

    def fill_storage(self, extension_id: str, items: Mapping[str, Any]) -> None:
        """Put items into `chrome.storage.local`."""
        self.in_extension(extension_id, WRITE_STORAGE, dict(items))

    def fill_databases(self, extension_id: str, databases: Mapping[str, Any]) -> None:
        """Put records into IndexedDB, as `DataSettings.databases_file` has them; stores that are not there are made."""
        self.in_extension(extension_id, WRITE_DATABASES, dict(databases))

    def in_extension(self, extension_id: str, script: str, argument: Any = None) -> Any:
        """Run a script of ours with the extension's rights, where none of its own code runs."""
        return self._in_extension(extension_id).evaluate(script, argument)

    def _in_extension(self, extension_id: str) -> Page:
        """A page of the extension's own origin in which none of its code runs: its manifest, shown as text."""
        if self._storage_page is None or self._storage_page[0] != extension_id or self._storage_page[1].is_closed():
            page = self.new_page()
            page.goto(f"chrome-extension://{extension_id}/manifest.json")
            self._storage_page = (extension_id, page)
        return self._storage_page[1]

    def close_storage_page(self) -> None:
        """Close it before an update, which would close it anyway."""
        if self._storage_page and not self._storage_page[1].is_closed():
            self._storage_page[1].close()
        self._storage_page = None
