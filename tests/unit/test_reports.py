"""What people read: bounded, escaped for where it stands, and with the figures that were measured."""

import dataclasses
from datetime import UTC, datetime

import pytest

from guard.cli.console import Console, clean
from guard.cli.watching import Told
from guard.engine import Engine
from guard.incidents.incident import Incident, IncidentState, TimelineEntry
from guard.incidents.postmortem import escape
from guard.judge.assessment import Assessment, judge_health
from guard.judge.diagnosis import Cause, Diagnosis, Observation
from guard.judge.verdict import Verdict
from guard.look import Tick
from guard.model import Release, Signal
from guard.outcome import GuardResult, Outcome, iso
from guard.outcome import Timings as ResultTimings
from guard.reporting import write_report
from guard.responder import facts_of, title_of
from guard.severity import Severity, classify
from healthchecks.result import CheckName, CheckReport, CheckResult, CheckStatus, Finding, plain
from healthchecks.stored import compare
from healthchecks.values import size_at
from webstore.models import Item
from webstore.versions import Version

NOW = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)
ITEM = Item("publisher", "a" * 32)
NEW = Version.parse("1.3.0")
EVIL = "<script>alert(1)</script> [x](javascript:1) | `a` \x1b[31m"


def an_incident(**changes):
    incident = Incident(
        "INC-2026-0001", "f", f"title {EVIL}", Severity.P0, IncidentState.RESOLVED, ITEM, NEW, NOW, 12, f"deployment: {EVIL}", EVIL, NOW
    )
    return dataclasses.replace(incident, **changes)


def a_result(finding=EVIL):
    report = CheckReport("t", "1.3.0", (CheckResult.of(CheckName.EXTRACTION, [Finding("x", finding, "hint")]),))
    assessment = Assessment(
        Observation(NEW, {Signal.HEALTH: judge_health(report)}, report), None, Verdict.BREACH, Diagnosis(Cause.UNKNOWN, EVIL)
    )
    entry = TimelineEntry(NOW, "guard", EVIL, EVIL)
    return GuardResult(
        Outcome.HELD, Release(ITEM, NEW, NOW), None, assessment, None, None, an_incident(), (entry,), ResultTimings(NOW, NOW)
    )


def test_the_report_escapes_what_comes_from_outside(tmp_path, database):
    from guard.config import Config

    config = Config.model_validate({"state": str(tmp_path), "extension": [{"id": "a" * 32, "publisher": "p"}]})
    engine = Engine(config, database, now=lambda: NOW)
    opened, _ = engine.incidents.open(an_incident(state=IncidentState.INVESTIGATING), TimelineEntry(NOW, "guard", EVIL))
    written = write_report(engine, dataclasses.replace(a_result(), incident=opened), tmp_path / "out")
    page = written.report.read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "default-src 'none'" in page
    assert "<script" not in written.postmortem.read_text()


def test_markdown_is_escaped_and_stays_on_one_line():
    assert escape("a\n# b | c <i> [x](y)") == r"a \# b \| c &lt;i&gt; \[x\]\(y\)"
    assert len(escape("x" * 5000)) < 700


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("@everyone look", "@everyone"),
        ("https://evil.example/x", "https://"),
        ("www.evil.example", "www."),
        ("&lt;img&gt;", "&lt;img"),
        ("a\u202eb\x1b[31m\u2028c", "\u202e"),
        ("<!-- guard:end summary -->", "<!--"),
        ("::set-output name=x::y\n::error::z", "\n"),
    ],
)
def test_markdown_of_ours_mentions_links_and_marks_nothing_from_outside(text, never):
    assert never not in escape(text)
    assert all(letter.isprintable() or letter == "\u200b" for letter in escape(text))


def test_the_terminal_takes_no_orders_from_outside():
    assert "\x1b" not in clean("\x1b]0;title\x07 red \x9b31m")
    assert len(clean("x" * 9999)) < 2100
    assert plain("a\x1b[31m\n b") == "a [31m b"


def test_our_own_word_breach_makes_no_p0_but_a_finding_about_security_does():
    assert classify(facts_of(a_result("popup throws").assessment)).severity is Severity.P1  # the extraction check failed
    assert classify(facts_of(a_result("security token leaked").assessment)).severity is Severity.P0


def test_an_extension_that_does_not_load_is_not_available():
    report = CheckReport("t", "1.3.0", (CheckResult.of(CheckName.LOAD, [Finding("x", "worker", "")]),))
    assessment = Assessment(Observation(NEW, {Signal.HEALTH: judge_health(report)}, report), None, Verdict.BREACH, None)
    assert facts_of(assessment).availability == 0
    assert title_of(assessment) == "1.3.0: load check failed"


def test_times_are_utc_and_to_the_millisecond():
    assert iso(datetime(2026, 7, 1, 2, 3, 4, 5678, tzinfo=UTC)) == "2026-07-01T02:03:04.005Z"


def test_lost_data_is_named_with_sizes_and_never_with_content():
    before = {"books": ["secret title", "b"], "map": {"a": 1}, "flag": True, "gone": "secret", "cache": [1]}
    after = {"books": ["b"], "map": {}, "flag": None, "cache": [], "new": 1}
    findings = compare(before, after, may_shrink=("cache",))
    assert [finding.code for finding in findings] == ["data_lost"] * 4
    assert "secret" not in str(findings)
    assert compare(before, {**before, "books": ["x", "y", "z"]}) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("books", 2),
        ("books.0", 1),
        ("books.0.title", 1),
        ("books.2", None),
        ("none", None),
        ("empty", 0),
        ("null", None),
        ("books.x", None),
    ],
)
def test_paths_into_storage(path, expected):
    assert size_at({"books": [{"title": "x"}, {}], "empty": [], "null": None}, path) == expected


def test_a_report_of_absent_checks_is_not_a_passed_one():
    absent = CheckResult.absent(CheckName.DATA, "why")
    passed = CheckResult(CheckName.LOAD, CheckStatus.PASSED)
    error = CheckResult(CheckName.UI, CheckStatus.ERROR)
    failed = CheckResult(CheckName.UI, CheckStatus.FAILED)
    assert CheckReport("t", "1", (absent,)).status == "error"
    assert CheckReport("t", "1", (absent, passed)).status == "passed"
    assert CheckReport("t", "1", (error, passed)).status == "error"
    assert CheckReport("t", "1", (error, failed)).status == "failed"


def test_a_daemon_shows_what_has_changed_and_counts_what_has_not(capsys):
    told = Told(Console())
    ticks = [Tick(f"shelf-{number}", "1.3.0", Outcome.HEALTHY, "3 of 100 sessions") for number in range(7)]
    told.show(ticks)
    assert capsys.readouterr().out.count("shelf-") == 7
    ticks[3] = dataclasses.replace(ticks[3], outcome=Outcome.ROLLING_BACK, sentence="breach")
    told.show(ticks)
    assert capsys.readouterr().out.splitlines() == [
        "shelf-3 1.3.0: rolling back: breach",
        "6 extensions are as they were: 6 healthy",
    ]
    told.show(ticks[:2])
    assert capsys.readouterr().out.splitlines() == [f"shelf-{number} 1.3.0: healthy: 3 of 100 sessions" for number in range(2)]
