"""A real Chromium gets the sample from the local update service by policy, and updates itself as users' browsers do; data survives.

Writes a managed policy file, which only root may, and only Chromium on Linux reads there.
"""

import contextlib
import json
import os
import sys
import time
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from guard.rehearsal import sample
from healthchecks.chromium import find_chromium
from webstore.simulator.running import running_store
from webstore.versions import Version

POLICIES = (Path("/etc/chromium/policies/managed"), Path("/etc/opt/chrome_for_testing/policies/managed"))
"""Where Debian's Chromium looks, and where Playwright's does."""
PATIENCE = 60

pytestmark = [
    pytest.mark.browser,
    pytest.mark.root_on_linux,
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="writes a managed policy, which only root on Linux can"),
]


@contextlib.contextmanager
def installed_by_policy(item_id: str, update_url: str):
    """Every Chromium that starts meanwhile installs the item from there."""
    setting = {"installation_mode": "force_installed", "update_url": update_url, "override_update_url": True}
    name = f"release-guard-test-{uuid.uuid4().hex}.json"
    written, made = [], []
    try:
        for folder in POLICIES:
            made += [parent for parent in (folder, *folder.parents) if not parent.exists()]
            folder.mkdir(parents=True, exist_ok=True)
            written.append(folder / name)
            written[-1].write_text(json.dumps({"ExtensionSettings": {item_id: setting}}))
        yield
    finally:
        for path in written:
            path.unlink()
        for folder in made:
            with contextlib.suppress(OSError):  # somebody else uses it meanwhile
                folder.rmdir()


@contextlib.contextmanager
def a_users_browser(profile: Path):
    """A browser that is not kept from the network or from its extensions."""
    unwanted = ["--disable-extensions", "--disable-background-networking", "--disable-component-extensions-with-background-pages"]
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile), executable_path=str(find_chromium().path), chromium_sandbox=False, ignore_default_args=unwanted
        )
        try:
            yield context
        finally:
            context.close()


class User:
    """Somebody with the sample extension."""

    def __init__(self, context, item_id):
        self.context, self.item_id = context, item_id
        self.extensions = context.new_page()
        self.extensions.goto("chrome://extensions")

    def has(self):
        """The version that is installed and switched on, with what is wrong with it."""
        found = self.extensions.evaluate("() => new Promise(done => chrome.developerPrivate.getExtensionsInfo({}, done))")
        mine = [one for one in found if one["id"] == self.item_id and one["state"] == "ENABLED"]
        return (mine[0]["version"], mine[0]["runtimeErrors"]) if mine else None

    def wait_for(self, version):
        """Ask for updates until the version is there; each answer is awaited, and what is awaited has an end."""
        deadline = time.monotonic() + PATIENCE
        while not (has := self.has()) or has[0] != version:
            assert time.monotonic() < deadline, f"{version} did not come: {has}"
            self.extensions.evaluate("() => new Promise(done => chrome.developerPrivate.autoUpdate(done))")
        assert has == (version, [])

    def books_after_reading(self, *titles):
        """How many books are on the shelf after a library page with these was looked at."""
        books = "".join(f'<article class="book"><h2 class="title">{title}</h2><p class="author">A</p></article>' for title in titles)
        page = self.context.new_page()
        page.route(
            sample.LIBRARY_ADDRESS, lambda route: route.fulfill(content_type="text/html", body=f'<section class="shelf">{books}</section>')
        )
        page.goto(sample.LIBRARY_ADDRESS)
        page.wait_for_selector("html[data-bookshelf-count]", state="attached", timeout=PATIENCE * 1000)
        count = int(page.get_attribute("html", "data-bookshelf-count"))
        page.close()
        return count


def test_an_install_an_update_and_a_rollback_reach_a_browser_and_its_data_survives(tmp_path):
    with running_store() as store:
        item = store.add_item(sample.build(sample.BASE, sample.BASE_VERSION))
        client = store.client()
        with installed_by_policy(item.id, store.update_url), a_users_browser(tmp_path / "profile") as context:
            user = User(context, item.id)
            user.wait_for("1.2.0")
            assert user.books_after_reading("one", "two", "three") == 3
            client.upload(item, sample.build(sample.GOOD, sample.NEXT_VERSION).to_zip())
            client.publish(item)
            user.wait_for("1.3.0")
            assert user.books_after_reading("four") == 4
            client.rollback(item, target=sample.BASE_VERSION, new_version=Version.parse("1.3.0.1"), reason="bad")
            user.wait_for("1.3.0.1")
            assert user.books_after_reading("five") == 5
