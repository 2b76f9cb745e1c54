"""What must not be seen: painted over in screenshots, and taken out of every text of a report."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from healthchecks.result import CheckResult

_PICTURE_MS = 5000
_COVER = "•••"
_SHORTEST = 3
"""Shorter texts are in too many words to be taken out of all of them."""
_TEXTS = """(all) => all.flatMap((one) => [one.value, one.innerText, ...(one.innerText ?? '').split('\\n')])
  .filter((text) => typeof text === 'string').map((text) => text.trim())"""


@dataclasses.dataclass
class Masking:
    """The configured selectors, and what was seen under them."""

    selectors: tuple[str, ...] = ()
    secrets: set[str] = dataclasses.field(default_factory=set[str])

    def picture(self, page: Page, path: Path) -> list[Path]:
        """A screenshot of a tab with what is masked painted over; its texts are remembered.

        None when it cannot be taken in time, or Chromium has nothing drawn to take (a tab on its way to an error page): that evidence
        is missing says nothing of the extension.

        Raises:
            PlaywrightError: the tab is gone, or a selector is none.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.learn(page)
        covered = [page.locator(selector) for selector in self.selectors]
        try:
            page.screenshot(path=path, animations="disabled", mask=covered, timeout=_PICTURE_MS)
        except PlaywrightTimeout:
            return []
        except PlaywrightError:
            page.evaluate("1")  # raises where the tab is gone: that is more than a picture that is missing
            return []
        return [path]

    def learn(self, page: Page) -> None:
        """Remember what stands in masked places now."""
        for selector in self.selectors:
            self.secrets |= {text for text in page.locator(selector).evaluate_all(_TEXTS) if len(text) >= _SHORTEST}

    def covered(self, text: str) -> str:
        """A text without what was masked."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, _COVER)
        return text

    def of_result(self, result: CheckResult) -> CheckResult:
        """A result whose texts say nothing of what was masked."""
        if not self.secrets:
            return result
        findings = (
            dataclasses.replace(finding, message=self.covered(finding.message), detail=self.covered(finding.detail))
            for finding in result.findings
        )
        return dataclasses.replace(result, findings=tuple(findings), console=self._all(result.console), note=self.covered(result.note))

    def _all(self, texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.covered(text) for text in texts)
