"""The four checks in a real Chromium: what is well passes, and each fault is found by its own check, with its reason."""

import contextlib
import os
import tempfile
from pathlib import Path

import pytest

from browser.extensions import PAGE, SHOP, an_extension
from healthchecks.browser import ExtensionBrowser
from healthchecks.chromium import VARIABLE, find_chromium
from healthchecks.errors import ChromiumNotFound
from healthchecks.result import CheckStatus

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(tmp_path):
    page = tmp_path / "shop.html"
    page.write_text(SHOP)
    scenario = {
        "name": "shop",
        "open": "https://shop.example/list",
        "page": page,
        "expect_page": [{"selector": "html[data-items='3']"}, {"text": "two"}],
        "expect_storage": [{"path": "items", "at_least": 3}, {"path": "items.0"}],
        "within_seconds": 3,
    }
    return {"extraction": [scenario]}


def messages(result):
    return " | ".join(finding.message for finding in result.findings)


@pytest.fixture
def browsers_left(tmp_path, monkeypatch):
    """Chromium processes of this test that still run: their profiles lie in its own folder."""
    folder = tmp_path / "profiles"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    def count():
        commands = [_read(entry / "cmdline") for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return sum(f"user-data-dir={folder}".encode() in command for command in commands)

    return count


def _read(file):
    try:
        return file.read_bytes()
    except OSError:  # the process ended meanwhile
        return b""


def test_a_good_extension_passes_and_leaves_nothing_behind(check, shop, browsers_left):
    report, found = check(an_extension("1.1.0"), baseline=an_extension("1.0.0"), settings=shop)
    assert {name: result.status.value for name, result in found.items()} == dict.fromkeys(
        ("load", "extraction", "ui", "data"), "passed"
    ) | {"custom": "not_configured"}
    assert report.status == "passed"
    assert all(picture.stat().st_size > 500 for result in found.values() for picture in result.screenshots)
    assert browsers_left() == 0


def test_a_browser_is_there_while_it_is_used_and_gone_even_after_an_error(browsers_left):
    seen: list[int] = []
    with contextlib.suppress(ZeroDivisionError), ExtensionBrowser(find_chromium()):
        seen.append(browsers_left())
        raise ZeroDivisionError
    assert seen[0] > 0
    assert browsers_left() == 0


SECRETS = {
    "RELEASE_GUARD_STORE_CREDENTIALS": "hunter2-store",
    "RELEASE_GUARD_DATABASE_URL": "postgresql://alice:hunter2@db/guard",
    "GITHUB_TOKEN": "hunter2-github",
    "ONCALL_WEBHOOK": "https://hooks.example/hunter2",
    "SIGNING_KEY": "hunter2-key",
}


def test_no_process_of_the_browser_is_handed_a_secret(monkeypatch, tmp_path):
    """As Linux tells what each was started with; all but the first write their titles over theirs, and inherit from it."""
    for name, value in {**SECRETS, "SHELF_LANGUAGE": "de"}.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "profiles"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with ExtensionBrowser(find_chromium()):
        commands = {entry: _read(entry / "cmdline") for entry in Path("/proc").iterdir() if entry.name.isdigit()}
        mine = {entry: command for entry, command in commands.items() if f"user-data-dir={folder}".encode() in command}
        (browser,) = (_read(entry / "environ").split(b"\0") for entry, command in mine.items() if b"--type=" not in command)
        everything = b"".join(_read(entry / "environ") for entry in mine)
    assert b"hunter2" not in everything
    assert b"SHELF_LANGUAGE=de" in browser
    assert {f"{name}={os.environ[name]}".encode() for name in ("HOME", "PATH")} <= set(browser)


def test_without_any_configuration_load_and_ui_are_checked_and_the_rest_says_how(check):
    report, found = check(an_extension())
    assert [result.status.value for result in found.values()] == ["passed", "not_configured", "passed", "not_configured", "not_configured"]
    assert report.status == "passed"
    assert "extension.checks.extraction" in found["extraction"].note
    assert "--baseline" in found["data"].note


@pytest.mark.parametrize(
    ("package", "words"),
    [
        pytest.param(an_extension(worker__js="this is ("), "does not start", id="the worker has a syntax error"),
        pytest.param(
            an_extension(worker__js="throw new Error('at start')"), "Uncaught Error: at start", id="the worker throws at its start"
        ),
        pytest.param(
            an_extension(worker__js="Promise.reject(new Error('late'))"),
            "(in promise) Error: late",
            id="a promise is rejected at the start",
        ),
        pytest.param(an_extension(worker__js=None), "names worker.js, which is not in the package", id="the worker's file is missing"),
        pytest.param(an_extension(content__js=None), "names content.js, which is not in the package", id="a content script is missing"),
        pytest.param(an_extension(manifest={"manifest_version": 2}), "Manifest V2, which Chrome no longer runs", id="Manifest V2"),
        pytest.param(
            an_extension(manifest={"content_scripts": [{"matches": ["nonsense"], "js": ["content.js"]}]}),
            "content_scripts[0].matches[0]",
            id="a bad pattern",
        ),
        pytest.param(an_extension(manifest={"icons": {"16": "no.png"}}), "icons names no.png", id="an icon is missing"),
    ],
)
def test_the_load_check_finds(check, package, words):
    report, found = check(package, only=["load"])
    assert found["load"].status is CheckStatus.FAILED
    assert words in messages(found["load"])
    assert report.status == "failed"


def test_an_unknown_permission_is_told_and_breaks_nothing(check):
    _, found = check(an_extension(manifest={"permissions": ["storage", "nonsense"]}), only=["load"])
    assert found["load"].status is CheckStatus.PASSED
    assert "'nonsense' is unknown" in messages(found["load"])


def test_new_permissions_are_told(check):
    newer = an_extension("1.1.0", manifest={"permissions": ["storage", "tabs", "alarms"], "host_permissions": ["https://new.example/*"]})
    _, found = check(newer, baseline=an_extension(), only=["load"])
    assert "disabled for users until they accept: tabs, https://new.example/*" in messages(found["load"])
    assert "without a warning to users: alarms" in messages(found["load"])
    assert found["load"].status is CheckStatus.PASSED


def test_what_only_logs_an_error_does_not_fail(check):
    _, found = check(an_extension(worker__js="console.error('only said')"), only=["load"])
    assert found["load"].status is CheckStatus.PASSED


def test_the_extraction_check_finds_what_is_not_read(check, shop):
    _, found = check(an_extension(content__js="const none = 1;"), only=["extraction"], settings=shop)
    assert found["extraction"].status is CheckStatus.FAILED
    assert "expected 1 of \"html[data-items='3']\" on the page, found 0" in messages(found["extraction"])
    assert "expected 3 in storage at 'items', found nothing" in messages(found["extraction"])
    assert found["extraction"].note == "the same when repeated in a fresh browser"


def test_the_extraction_check_finds_what_is_thrown_though_all_is_there(check, shop):
    good = an_extension().files["content.js"].decode()
    _, found = check(an_extension(content__js=good + "throw new Error('afterwards');"), only=["extraction"], settings=shop)
    assert found["extraction"].status is CheckStatus.FAILED
    assert messages(found["extraction"]) == "Uncaught Error: afterwards"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        pytest.param({"popup__js": "undefined.x"}, "popup throws: TypeError", id="the popup throws"),
        pytest.param({"popup__js": "Promise.reject(new Error('lost'))"}, "popup throws: Error: lost", id="a promise is rejected"),
        pytest.param({"popup__html": "<!doctype html><p>  </p>"}, "popup is blank", id="the popup is blank"),
        pytest.param({"popup__js": None}, "popup cannot load", id="a script of the popup is missing"),
        pytest.param(
            {"popup__html": PAGE.format(words="Bye", script="popup.js")}, "does not show 'Hello'", id="an expected text is missing"
        ),
    ],
)
def test_the_ui_check_finds(check, files, words):
    _, found = check(an_extension(**files), only=["ui"], settings={"ui": {"expect": {"popup": ["Hello"]}}})
    assert found["ui"].status is CheckStatus.FAILED
    assert words in messages(found["ui"])


def updating(code):
    return an_extension(
        "1.1.0", worker__js=f"chrome.runtime.onInstalled.addListener(async (d) => {{ if (d.reason === 'update') {{ {code} }} }});"
    )


@pytest.mark.parametrize(
    ("newer", "words"),
    [
        pytest.param(updating("await chrome.storage.local.remove('books')"), "loses 'books' (3 entries)", id="a key vanishes"),
        pytest.param(
            updating("await new Promise((r) => setTimeout(r, 150)); await chrome.storage.local.set({books: [1]})"),
            "shrinks 'books' from 3 entries to 1 entry",
            id="a list shrinks a little later",
        ),
        pytest.param(updating("await chrome.storage.local.set({settings: null})"), "shrinks 'settings'", id="a value becomes nothing"),
    ],
)
def test_the_data_check_finds(check, newer, words):
    seed = {"data": {"seed": {"books": [1, 2, 3], "settings": {"dark": True}, "cache": [1]}}}
    _, found = check(newer, baseline=an_extension(), only=["data"], settings=seed)
    assert found["data"].status is CheckStatus.FAILED
    assert words in messages(found["data"])


def test_data_that_grows_or_may_shrink_is_well(check):
    newer = updating("await chrome.storage.local.set({books: [1, 2, 3, 4], more: 1, cache: []})")
    seed = {"data": {"seed": {"books": [1, 2, 3], "cache": [1, 2]}, "may_shrink": ["cache"]}}
    _, found = check(newer, baseline=an_extension(), only=["data"], settings=seed)
    assert found["data"].status is CheckStatus.PASSED, messages(found["data"])


def test_nothing_stored_is_not_configured_and_not_passed(check):
    report, found = check(an_extension("1.1.0"), baseline=an_extension(), only=["data"])
    assert found["data"].status is CheckStatus.NOT_CONFIGURED
    assert report.status == "error"


def test_an_endless_loop_is_ended_and_takes_no_other_check_down(check, browsers_left):
    report, found = check(
        an_extension("1.1.0", popup__js="for (;;) {}"),
        baseline=an_extension(),
        only=["load", "ui", "data"],
        settings={"check_seconds": 7, "data": {"seed": {"books": [1]}}},
    )
    assert [found[name].status.value for name in ("load", "ui", "data")] == [
        "passed",
        "error" if found["ui"].status is CheckStatus.ERROR else "failed",
        "passed",
    ]
    assert report.status in {"error", "failed"}
    assert browsers_left() == 0


def test_a_chromium_that_is_configured_wrongly_is_never_replaced_in_silence(tmp_path):
    with pytest.raises(ChromiumNotFound, match="RELEASE_GUARD_CHROMIUM"):
        find_chromium(environment={VARIABLE: str(tmp_path / "none"), "PATH": os.environ["PATH"]})
    with pytest.raises(ChromiumNotFound, match=r"release-guard\.toml"):
        find_chromium(tmp_path, environment={})
    with pytest.raises(ChromiumNotFound):
        find_chromium(environment={"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)})


def test_the_configured_one_comes_first_then_playwrights_then_the_systems(tmp_path):
    def an_executable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
        return path

    system = an_executable(tmp_path / "bin" / "chromium")
    environment = {"PATH": str(system.parent), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "pw")}
    assert find_chromium(environment=environment).path == system
    an_executable(tmp_path / "pw" / "chromium-999" / "chrome-linux" / "chrome")
    newest = an_executable(tmp_path / "pw" / "chromium-1200" / "chrome-linux" / "chrome")
    assert find_chromium(environment=environment).path == newest
    named = an_executable(tmp_path / "mine")
    assert find_chromium(environment={**environment, VARIABLE: str(named)}).path == named
    assert find_chromium(named, environment=environment).source == "configured in release-guard.toml"
