"""The rollback drill, a team's own tests as a check, and a browser that dies, in a real Chromium."""

import json

import pytest

from browser.extensions import an_extension
from browser.kinds import OPENS_DATABASE, WORKER, package

pytestmark = pytest.mark.browser

SEED = {"data": {"seed": {"items": ["a", "b"], "theme": "dark"}}}
MIGRATES = """chrome.runtime.onInstalled.addListener(async () => {
  const { items = [] } = await chrome.storage.local.get('items');
  %s
});"""
KEEPS = an_extension("1.0.0")


def messages(result):
    return " | ".join(finding.message for finding in result.findings)


def updated(change):
    return an_extension("1.1.0", worker__js=MIGRATES % change)


@pytest.mark.parametrize(
    ("newer", "status", "verdict", "words"),
    [
        pytest.param(an_extension("1.1.0"), "passed", "safe", "nothing is lost", id="nothing changes"),
        pytest.param(updated("await chrome.storage.local.set({ extra: 1 });"), "passed", "safe", "nothing", id="something is added"),
        pytest.param(
            updated("await chrome.storage.local.set({ items: [] });"), "failed", "unsafe", "shrinks 'items'", id="the update loses"
        ),
        pytest.param(
            updated("await chrome.storage.local.set({ items: Object.fromEntries(Object.entries(items)) });"),
            "passed",
            "unsafe",
            "'items' is an object now",
            id="no way back",
        ),
    ],
)
def test_the_drill_says_whether_there_is_a_way_back(check, newer, status, verdict, words):
    _, found = check(newer, baseline=KEEPS, only=["data"], settings=SEED)
    result = found["data"]
    assert (result.status.value, result.drill.verdict.value) == (status, verdict)
    assert words in result.drill.words


def test_a_baseline_that_throws_on_what_it_finds_makes_it_unsafe(check):
    popup = "chrome.storage.local.get('items').then(({ items }) => items?.map((one) => one.toUpperCase()));"
    baseline = an_extension("1.0.0", popup__js=popup)
    newer = an_extension(
        "1.1.0", popup__js="1;", worker__js=MIGRATES % "await chrome.storage.local.set({ items: items.map((name) => ({ name })) });"
    )
    _, found = check(newer, baseline=baseline, only=["data"], settings=SEED)
    assert (found["data"].status.value, found["data"].drill.verdict.value) == ("passed", "unsafe")
    assert "popup throws" in " ".join(found["data"].drill.lost_on_return)


def test_a_database_that_the_baseline_can_no_longer_open_makes_it_unsafe(check):
    baseline = package(WORKER, "1.0.0", worker__js=OPENS_DATABASE % (1, "open.result.createObjectStore('books');"))
    newer = package(
        WORKER,
        "1.1.0",
        worker__js=OPENS_DATABASE % (2, "if (!open.result.objectStoreNames.length) open.result.createObjectStore('books');"),
    )
    _, found = check(newer, baseline=baseline, only=["data"])
    assert (found["data"].status.value, found["data"].drill.verdict.value) == ("passed", "unsafe")
    assert "is at version 2 and the baseline opens version 1" in found["data"].drill.words


def test_records_are_put_into_databases_and_missed_when_they_are_gone(check, tmp_path):
    records = {"shelf": {"version": 1, "stores": {"books": {"keyPath": "id", "records": [{"id": 1}, {"id": 2}]}}}}
    (tmp_path / "databases.json").write_text(json.dumps(records))
    settings = {"data": {"databases_file": tmp_path / "databases.json", "rollback_drill": False}}
    quiet, wipes = package(WORKER, "1.0.0", worker__js="1;"), package(WORKER, "1.1.0", worker__js="indexedDB.deleteDatabase('shelf');")
    _, found = check(wipes, baseline=quiet, only=["data"], settings=settings)
    assert "the update loses the database 'shelf'" in messages(found["data"])
    assert found["data"].drill is None


def test_invariants_hold_before_after_and_on_the_way_back(check):
    invariants = [{"path": "theme", "unchanged": True}, {"path": "$.items[*]", "at_least": 2}, {"path": "none", "at_least": 1}]
    settings = {"data": {**SEED["data"], "invariants": invariants}}
    _, found = check(updated("await chrome.storage.local.set({ theme: 'light' });"), baseline=KEEPS, only=["data"], settings=settings)
    told = {finding.message: finding.is_failure for finding in found["data"].findings}
    assert told == {
        "after the update to 1.1.0, 'theme' is no longer what the baseline stored": True,
        "under 1.0.0 already, so it is not looked at, 'none' holds 0, not at least 1": False,
    }


def test_what_the_new_version_throws_says_nothing_of_the_baseline(check):
    _, found = check(an_extension("1.1.0", worker__js="throw new Error('dead');"), baseline=KEEPS, only=["data"], settings=SEED)
    assert found["data"].drill.words == "safe: nothing is lost on the way back to 1.0.0"


def test_a_baseline_that_does_not_load_is_an_error_and_no_fault_of_the_release(check):
    _, found = check(an_extension("1.1.0"), baseline=an_extension("1.0.0", manifest={"manifest_version": 2}), only=["data"], settings=SEED)
    assert found["data"].status.value == "error"
    assert "does not load the baseline 1.0.0" in messages(found["data"])


TESTS = """
def test_the_popup_greets(popup_page):
    assert popup_page.inner_text("h1") == "{greeting}"

def test_no_secret_is_handed_on():
    import os
    assert not [name for name in os.environ if name.startswith("RELEASE_GUARD_S") or name == "ONCALL_WEBHOOK"]
"""


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        pytest.param(TESTS.format(greeting="Hello"), "passed", "2 of 2 tests passed", id="all pass"),
        pytest.param(TESTS.format(greeting="Bye"), "failed", "test_the_popup_greets: AssertionError", id="one fails"),
        pytest.param("def test_x(:", "error", "pytest could not run the tests", id="no Python"),
        pytest.param("x = 1", "error", "finds no tests", id="none"),
        pytest.param("import pytest\n@pytest.mark.skip\ndef test_x(): pass", "error", "every test was skipped", id="all skipped"),
        pytest.param("import threading\ndef test_x(): threading.Event().wait()", "error", "did not end within", id="one that never ends"),
    ],
)
def test_a_teams_own_tests_are_a_check(check, tmp_path, monkeypatch, text, status, words):
    monkeypatch.setenv("RELEASE_GUARD_SENTRY_TOKEN", "hunter2")
    monkeypatch.setenv("ONCALL_WEBHOOK", "https://hooks.example/hunter2")
    folder = tmp_path / "e2e"
    folder.mkdir()
    (folder / "test_popup.py").write_text(text)
    seconds = 2 if "Event" in text else 60
    _, found = check(an_extension(), only=["custom"], settings={"custom": {"folder": folder, "seconds": seconds}})
    result = found["custom"]
    assert result.status.value == status
    assert words in messages(result) + result.note
    assert result.screenshots == ()


def test_a_browser_that_dies_takes_no_other_check_down(check):
    """The popup's endless loop ends the browser; the data check gets a fresh one, and what was found before stays."""
    looping = an_extension("1.1.0", popup__js="for (;;) {}")
    _, found = check(looping, baseline=an_extension("1.0.0"), settings={**SEED, "check_seconds": 6})
    assert {name: result.status.value for name, result in found.items()} == {
        "load": "passed",
        "extraction": "not_configured",
        "ui": "error",
        "data": "passed",
        "custom": "not_configured",
    }
    assert "did not end within 6 s" in messages(found["ui"])
