"""The browser of a run: one for all checks of a version, replaced when it has died, with what went on in it recorded."""

import collections
import contextlib
import dataclasses
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Self

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError
from playwright.sync_api import Error as PlaywrightError

from healthchecks.browser import ExtensionBrowser
from healthchecks.chromium import Chromium
from healthchecks.masking import Masking
from healthchecks.network import Refused, policy_of
from healthchecks.result import CheckName, CheckResult, plain
from healthchecks.settings import CheckSettings, Network
from healthchecks.trial import Trial
from webstore.package import Package

_MOST_LINES = 200


@dataclasses.dataclass
class Recorded:
    """What went on during a check."""

    console: collections.deque[str] = dataclasses.field(default_factory=lambda: collections.deque[str](maxlen=_MOST_LINES))
    trace: Path | None = None

    def of_result(self, result: CheckResult) -> CheckResult:
        """A result with it."""
        return dataclasses.replace(result, console=tuple(self.console), trace=self.trace)


class Lab:
    """One Chromium at a time, with one extension in it at a time."""

    def __init__(self, chromium: Chromium, settings: CheckSettings, evidence: Path, *, traced: bool, write_golden: bool = False) -> None:
        """``traced``: keep Playwright's trace of each check. It holds pages as they were, so there is none where something is masked."""
        self.settings = settings
        self.evidence = evidence
        self.masking = Masking(settings.mask)
        self._chromium = chromium
        self._traced = traced and not settings.mask
        self._write_golden = write_golden
        self._closing = contextlib.ExitStack()
        self._browser: ExtensionBrowser | None = None
        self._loaded: tuple[Package, str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def browser(self) -> ExtensionBrowser:
        """The browser; a fresh one the first time.

        Raises:
            BrowserFailed: it does not start.
        """
        if self._browser is None:
            self._loaded = None
            headless, seconds, unheard = self.settings.headless, self.settings.check_seconds, self.settings.unheard
            fresh = ExtensionBrowser(self._chromium, headless=headless, timeout_seconds=seconds, unheard=unheard)
            self._browser = self._closing.enter_context(fresh)
            if self._traced:
                self._browser.context.tracing.start(screenshots=True, snapshots=True)
        return self._browser

    def revived(self) -> ExtensionBrowser:
        """The browser, and a fresh one where it has died; asked for before each check.

        Raises:
            BrowserFailed: it does not start.
        """
        if self._browser is not None and not self._browser.is_alive:
            self._closing.close()
            self._browser = None
        return self.browser()

    def installed(self, package: Package) -> Trial:
        """The browser with this package in it, and no other.

        Raises:
            LoadRefused: Chromium does not take it.
        """
        if self._loaded is None or self._loaded[0] is not package:
            trial = self.emptied()
            folder = Path(self._closing.enter_context(tempfile.TemporaryDirectory(prefix="release-guard-", ignore_cleanup_errors=True)))
            package.unpack(folder)
            self._loaded = (package, trial.browser.load(folder))
        return self._trial(self._loaded[1])

    def emptied(self) -> Trial:
        """The browser without the extension, and without what it had stored."""
        browser = self.browser()
        if self._loaded is not None:
            browser.unload(self._loaded[1])
            self._loaded = None
        return self._trial("")

    def policy(self, check: CheckName) -> contextlib.AbstractContextManager[Refused]:
        """Hold the browser to the network policy of a check."""
        named: Network | None = getattr(self.settings.network, check.value)
        return policy_of(self.browser().context, named or Network.LIVE, self.settings.recording)

    @contextlib.contextmanager
    def recording(self, check: CheckName) -> Generator[Recorded]:
        """Note what pages log and throw, and keep the trace, as long as the block lasts."""
        context = self.browser().context
        recorded = Recorded()

        def on_console(message: ConsoleMessage) -> None:
            recorded.console.append(plain(f"{message.type}: {message.text}"))

        def on_error(error: WebError) -> None:
            recorded.console.append(plain(f"thrown: {error.error}"))

        context.on("console", on_console)
        context.on("weberror", on_error)
        if self._traced:
            context.tracing.start_chunk(title=check.value)
        try:
            yield recorded
        finally:
            context.remove_listener("console", on_console)
            context.remove_listener("weberror", on_error)
            recorded.trace = self._kept_trace(context, check) if self._traced else None

    def _kept_trace(self, context: BrowserContext, check: CheckName) -> Path | None:
        path = self.evidence / f"{check.value}-trace.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            context.tracing.stop_chunk(path=path)
        except PlaywrightError:
            return None  # the browser has died, and its trace with it
        return path

    def _trial(self, extension_id: str) -> Trial:
        return Trial(self.browser(), extension_id, self.settings, self.evidence, self.masking, self._write_golden)
