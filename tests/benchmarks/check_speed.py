"""All checks of the sample against a bare script that opens the same pages in the same Chromium: what the evidence costs.

    make benchmark

Not part of the tests: a machine that does something else at the same time would fail it.
"""

import json
import tempfile
import time
from base64 import b64encode
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.steady_checks import SETTINGS
from guard.rehearsal import sample
from healthchecks.chromium import find_chromium
from healthchecks.inside import READ_STATE, READ_STORAGE
from healthchecks.runner import run_checks
from healthchecks.side_by_side import run_side_by_side
from webstore.crx import new_key, public_der
from webstore.versions import lowest_free_above

RUNS = 3
MOST = 1.5
"""Times the bare script's."""
MOST_SIDE_BY_SIDE = 1.3
"""Times the checks of one version, on two cores."""
NEW, OLD = sample.build(sample.GOOD, sample.NEXT_VERSION), sample.build(sample.BASE, sample.BASE_VERSION)
BACK = OLD.with_version(lowest_free_above(NEW.version))
PAGES = ("popup.html", "options.html")


class Bare:
    """A script as a team would write it: open, wait for what is expected, go on. It looks at nothing else, and keeps no evidence."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self) -> None:
        profile = self.folder / "profile" / "Default"
        profile.mkdir(parents=True)
        (profile / "Preferences").write_text(json.dumps({"extensions": {"ui": {"developer_mode": True}}}))
        with sync_playwright() as playwright:
            self.context = playwright.chromium.launch_persistent_context(
                str(profile.parent),
                executable_path=str(find_chromium().path),
                ignore_default_args=["--disable-extensions"],
                args=["--enable-unsafe-extension-debugging", "--disable-background-networking"],
                chromium_sandbox=False,
            )
            self.cdp = self.context.browser.new_browser_cdp_session()
            self.admin = self.context.pages[0]
            self.admin.goto("chrome://extensions/strings.m.js")
            identity = self.loaded(NEW, "new")
            self.library(identity)
            self.pages(identity)
            self.cdp.send("Extensions.uninstall", {"id": identity})
            key = b64encode(public_der(new_key())).decode()
            identity = self.loaded(OLD, "old", key)
            self.library(identity)
            self.pages(identity)
            self.books(self.loaded(NEW, "updated", key))
            self.books(self.loaded(BACK, "back", key))
            self.pages(identity)  # first, as the checks do: right after an update a page may still miss its content script
            self.library(identity)
            self.context.close()

    def loaded(self, package, name, key=None) -> str:
        package.unpack(self.folder / name, key=key)
        identity = self.cdp.send("Extensions.loadUnpacked", {"path": str(self.folder / name)})["id"]
        while not self.runs(identity, str(package.version)):
            self.admin.wait_for_timeout(20)
        return identity

    def runs(self, identity: str, version: str) -> bool:
        state = self.admin.evaluate(READ_STATE, identity)
        return state["version"] == version and any(view["type"].endswith("BACKGROUND") for view in state["views"])

    def library(self, identity: str) -> None:
        page = self.context.new_page()
        page.route("**/*", lambda route: route.fulfill(path=sample.library_page()))
        page.goto(sample.LIBRARY_ADDRESS)
        page.locator("html[data-bookshelf-count]").wait_for(state="attached")
        self.books(identity)
        page.close()

    def books(self, identity: str) -> None:
        page = self.context.new_page()
        page.goto(f"chrome-extension://{identity}/manifest.json")
        while len(page.evaluate(READ_STORAGE).get("books", ())) < sample.BOOKS_ON_PAGE:
            page.wait_for_timeout(20)
        page.close()

    def pages(self, identity: str) -> None:
        for name in PAGES:
            page = self.context.new_page()
            page.goto(f"chrome-extension://{identity}/{name}")
            page.locator("h1").wait_for()
            page.screenshot()
            page.close()


def timed(act) -> float:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        act(Path(folder))
    return time.perf_counter() - started


def alone(folder: Path) -> None:
    report = run_checks(NEW, target="sample", settings=SETTINGS, evidence=folder, baseline=OLD)
    assert report.status == "passed"


def both(folder: Path) -> None:
    differential = run_side_by_side(NEW, OLD, target="sample", settings=SETTINGS, evidence=folder)
    assert differential.origin == "none"


def main() -> int:
    """Print the ratios; 1 when one of them is too large."""
    bare, one, two = (min(timed(act) for _ in range(RUNS)) for act in (lambda folder: Bare(folder).run(), alone, both))
    print(f"bare {bare:.2f} s, all checks {one:.2f} s ({one / bare:.2f} x), side by side {two:.2f} s ({two / one:.2f} x)")
    return int(one / bare > MOST or two / one > MOST_SIDE_BY_SIDE)


if __name__ == "__main__":
    raise SystemExit(main())
