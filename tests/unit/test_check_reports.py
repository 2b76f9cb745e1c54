"""What two versions say of each other, and the reports that CI systems and people read."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from healthchecks.differential import Origin, compare
from healthchecks.inside import place_in
from healthchecks.junit import junit
from healthchecks.page import page
from healthchecks.result import FLAKY, CheckName, CheckReport, CheckResult, CheckStatus, Finding

PASSED = CheckResult(CheckName.UI, CheckStatus.PASSED)
ERROR = CheckResult(CheckName.UI, CheckStatus.ERROR, (Finding("harness", "the browser died"),))


def failed(*codes):
    return CheckResult(CheckName.UI, CheckStatus.FAILED, tuple(Finding(code, f"<b>{code}</b> & so on", "look") for code in codes))


def report(version, *results):
    return CheckReport("shelf", version, results)


@pytest.mark.parametrize(
    ("new", "old", "origin"),
    [
        (PASSED, PASSED, Origin.NONE),
        (failed("a"), PASSED, Origin.DEPLOYMENT),
        (failed("a"), failed("a", "b"), Origin.EXTERNAL),
        (failed("a"), failed("b"), Origin.UNKNOWN),
        (PASSED, failed("a"), Origin.FIXED),
        (ERROR, PASSED, Origin.UNKNOWN),
        (failed("a"), ERROR, Origin.UNKNOWN),
    ],
)
def test_who_fails_says_where_the_cause_lies(new, old, origin):
    differential = compare(report("1.3.0", new), report("1.2.0", old))
    assert differential.origin is origin
    assert "1.3.0" in differential.words
    assert differential.to_json()["checks"] == {"ui": origin.value}


def test_the_gravest_cause_counts_and_the_data_check_is_of_the_new_version_alone():
    lost = CheckResult(CheckName.DATA, CheckStatus.FAILED, (Finding("data_lost", "lost"),))
    differential = compare(report("1.3.0", failed("a"), lost), report("1.2.0", failed("a")))
    assert [difference.origin for difference in differential.differences] == [Origin.EXTERNAL, Origin.DEPLOYMENT]
    assert differential.origin is Origin.DEPLOYMENT
    assert "(data)" in differential.words


def test_a_failure_that_did_not_repeat_is_told_as_such():
    flaky = CheckResult(CheckName.UI, CheckStatus.PASSED, (Finding(FLAKY, "failed once", is_failure=False),))
    assert flaky.is_flaky
    assert flaky.to_json()["flaky"]
    assert not PASSED.is_flaky


def test_junit_has_a_case_for_each_check():
    absent = CheckResult.absent(CheckName.DATA, "give --baseline")
    text = junit(
        report(
            "1.3.0",
            failed("a"),
            absent,
            CheckResult(CheckName.LOAD, CheckStatus.ERROR),
            CheckResult(CheckName.EXTRACTION, CheckStatus.PASSED),
        )
    )
    suite = ET.fromstring(text).find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    (failure,) = suite.iter("failure")
    assert failure.get("message") == "<b>a</b> & so on"
    assert "look" in str(failure.text)


def test_the_page_needs_no_other_file_and_escapes_what_it_shows(tmp_path):
    picture = tmp_path / "ui-popup.png"
    picture.write_bytes(b"png")
    shown = CheckResult(CheckName.UI, CheckStatus.FAILED, failed("a").findings, screenshots=(picture, Path("/gone.png")))
    text = page(report("1.3.0", shown), compare(report("1.3.0", shown), report("1.2.0", PASSED)))
    assert "&lt;b&gt;a&lt;/b&gt; &amp; so on" in text
    assert "<b>a" not in text
    assert "data:image/png;base64,cG5n" in text
    assert "gone" not in text
    assert "Side by side" in text
    assert "deployment" in text
    assert "Side by side" not in page(report("1.3.0", shown))


OWN = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"TypeError: x\n    at show ({OWN}/popup.js:4:17)\n    at {OWN}/other.js:9:1", "popup.js:4"),
        (f"{OWN}/lib/worker.js", "lib/worker.js"),
        (f"{OWN}/page.html?q=1#top:3", "page.html:3"),
        ("https://example.com/app.js:3:1", ""),
        (f"{OWN}/", ""),
        (f"{OWN}/{'a' * 5000}:1", "a" * 200),
        (f"{OWN}/a\x1b[31m.js:2", "a [31m.js:2"),
    ],
)
def test_a_place_is_the_first_own_file_of_a_stack_and_nothing_of_anybody_else(text, place):
    assert place_in(text) == place


def test_a_finding_says_where_it_is_when_that_is_known():
    assert Finding("x", "it throws", place="popup.js:4").words == "it throws (popup.js:4)"
    assert Finding("x", "it throws").words == "it throws"
