"""The pytest plugin, as an extension team has it: an outside project, its options, its traces, its failures."""

import json

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.browser

TESTS = """
from playwright.sync_api import expect

def test_the_popup_greets(popup_page, extension_id):
    expect(popup_page.get_by_text("Hello")).to_be_visible()
    assert extension_id in popup_page.url

def test_the_worker_answers(service_worker):
    assert service_worker.evaluate("self.answer") == 42

def test_a_page_is_read(extension_context):
    page = extension_context.new_page()
    page.route("https://shop.example/*", lambda route: route.fulfill(content_type="text/html", body="<h1>shop</h1>"))
    page.goto("https://shop.example/list")
    expect(page.locator("html[data-read=yes]")).to_be_attached()
"""
BROKEN = """
def test_what_fails(popup_page):
    assert popup_page.title() == "another"
"""


@pytest.fixture
def project(pytester):
    """A small project of somebody else's."""
    manifest = {
        "manifest_version": 3,
        "name": "Mine",
        "version": "1.0",
        "action": {"default_popup": "popup.html"},
        "background": {"service_worker": "worker.js"},
        "content_scripts": [{"matches": ["https://shop.example/*"], "js": ["content.js"]}],
    }
    folder = pytester.mkdir("ext")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "popup.html").write_text("<!doctype html><title>Popup</title><h1>Hello</h1>")
    (folder / "worker.js").write_text("self.answer = 42;")
    (folder / "content.js").write_text("document.documentElement.dataset.read = 'yes';")
    return pytester


def test_fixtures_give_the_extension_in_a_real_browser(project):
    project.makeini("[pytest]\nextension_path = ext")
    project.makepyfile(TESTS)
    project.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)


def test_traces_and_pictures_are_kept_as_pytest_playwright_is_told(project):
    project.makepyfile(BROKEN)
    done = project.runpytest_subprocess(
        "-p", "no:cacheprovider", "--extension", "ext", "--tracing", "retain-on-failure", "--screenshot", "only-on-failure"
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*AssertionError*"])
    kept = {path.suffix for path in (project.path / "test-results").rglob("*") if path.is_file()}
    assert {".zip", ".png"} <= kept


def test_tests_that_use_playwrights_own_page_become_checks(project):
    project.makeconftest("import pytest\n@pytest.fixture\ndef context(extension_context):\n    return extension_context\n")
    project.makepyfile(
        """
        def test_as_it_was_before(page):
            page.route("https://shop.example/*", lambda route: route.fulfill(content_type="text/html", body="<h1>shop</h1>"))
            page.goto("https://shop.example/list")
            page.wait_for_selector("html[data-read=yes]", state="attached")
        """
    )
    project.runpytest_subprocess("-p", "no:cacheprovider", "--extension", "ext").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "*no extension is named: give --extension PATH*"),
        (["--extension", "none"], "*there is no extension at*none*"),
        (["--extension", "broken"], "*manifest.json is not valid JSON*"),
        (["--extension", "refused"], "*Chromium does not load the extension: *"),
    ],
)
def test_what_is_wrong_with_the_extension_is_said(project, arguments, words):
    (project.mkdir("broken") / "manifest.json").write_text("{")
    refused = {"manifest_version": 3, "name": "x", "version": "1", "content_scripts": [{"matches": ["x"], "js": ["a.js"]}]}
    (project.mkdir("refused") / "manifest.json").write_text(json.dumps(refused))
    project.makepyfile("def test_it(extension): pass")
    done = project.runpytest_subprocess("-p", "no:cacheprovider", *arguments)
    done.assert_outcomes(failed=0, errors=1)
    done.stdout.fnmatch_lines([words])
