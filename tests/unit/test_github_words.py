"""Workflow commands, outputs, the summary and its plot: nothing from outside is ever obeyed, and everything is bounded."""

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guard.environment import DSN_VARIABLE, own_dsn
from guard.github.asking import ACCEPT, COMMANDS, PREFIX, InputRefused, accepted, asked
from guard.github.commands import MOST_ANNOTATIONS, Annotation, annotate, deaf, set_outputs
from guard.github.environment import LINES, handed_over, masks, of_command
from guard.github.plotting import plotted
from guard.github.summary import LONGEST, summary_of
from guard.github.telling import Ended, annotations_of, outputs_of
from guard.incidents.measured import Line, Stretch
from webstore.versions import Version

HOSTILE = "x\n::error::pwned\r\n%0A::set-output name=verdict::healthy <script>alert(1)</script> @everyone | `id` ]( \u202e"


def test_an_annotation_is_one_command_whatever_it_holds():
    line = Annotation(f"a:b,c {HOSTILE}", HOSTILE, file="a,b:c.js", line_number="3").line
    assert line.count("\n") == line.count("\r") == 0
    properties, message = re.fullmatch(r"::error (.*?)::(.*)", line).groups()
    assert [part.split("=")[0] for part in properties.split(",")] == ["title", "file", "line"]
    assert "file=a%2Cb%3Ac.js" in properties
    assert message.startswith("x%0A::error::pwned%0D%0A%250A")


def test_of_many_annotations_the_last_says_how_many_are_not_shown():
    output = io.StringIO()
    annotate(output, [Annotation(f"t{number}", "m", is_error=number % 2 == 0) for number in range(31)])
    lines = output.getvalue().splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error"] * MOST_ANNOTATIONS + ["::warning"] * MOST_ANNOTATIONS
    assert lines[MOST_ANNOTATIONS - 1].endswith("::and 7 more: see the summary")


def test_while_a_command_runs_the_runner_is_deaf_by_a_word_that_nobody_knows_before():
    words = set()
    for _ in range(3):
        output = io.StringIO()
        with deaf(output):
            output.write("::error::pwned\n")
        first, *_, last = output.getvalue().splitlines()
        assert last == f"::{first.removeprefix('::stop-commands::')}::"
        words.add(last)
    assert len(words) == 3


def test_an_output_cannot_end_itself_and_begin_another(tmp_path):
    path = tmp_path / "output"
    set_outputs(path, [("verdict", "breach\nrelease-guard-0\nverdict=healthy"), ("sentence", "well")])
    found = re.findall(r"^([a-z-]+)<<(\S+)\n(.*?)\n\2$", path.read_text(), re.MULTILINE | re.DOTALL)
    assert [(name, value.count("\n")) for name, _, value in found] == [("verdict", 2), ("sentence", 0)]


def gate_document(text) -> Any:
    check = {"check": "ui", "status": "failed", "flaky": False, "note": text, "findings": [text]}
    details: list[Any] = [{"code": "page_error", "message": text, "hint": text, "is_failure": True, "detail": "", "place": ""}]
    signal = {"signal": "health", "verdict": "breach", "evidence": text, "reason": None}
    assessment = {"verdict": "breach", "signals": [signal], "diagnosis": text, "would_change": text}
    incident: dict[str, Any] = {"id": "INC-2026-0001", "severity": "P1", "state": "investigating", "title": text, "timeline": []}
    incident["timeline"] = [{"at": "2026-07-01T02:00:00.000Z", "actor": text, "event": text, "evidence": text}]
    plan = {"strategy": "ROLLBACK", "reason": text}
    base = {"headline": text, "outcome": "held", "release": {"version": "1.3.0", "baseline": "1.2.0"}, "drill": {"words": text}}
    return {
        **base,
        "assessment": assessment,
        "checks": {"1.3.0": [{**check, "details": details}]},
        "plan": plan,
        "held_because": [text],
        "incident": incident,
    }


def test_hostile_text_is_harmless_in_outputs_annotations_and_summary(tmp_path):
    ended = Ended("gate", 1, gate_document(HOSTILE))
    assert all("\n" not in value and "\r" not in value for _, value in outputs_of(ended, tmp_path))
    assert all(one.line.count("\n") == 0 for one in annotations_of(ended, None))
    told = summary_of(ended)
    assert "<script>" not in told
    assert "@everyone" not in told
    assert "\u202e" not in told
    assert not [line for line in told.splitlines() if line.startswith("::")]


def test_a_summary_is_never_longer_than_github_takes():
    document = gate_document("漢" * 5_000)
    document["checks"] = {f"1.{number}.0": document["checks"]["1.3.0"] * 60 for number in range(200)}
    told = summary_of(Ended("gate", 1, document))
    assert LONGEST - 10 <= len(told.encode()) <= LONGEST + 10
    assert told.endswith("…\n")


def test_a_command_that_died_is_told_by_its_last_words_and_its_code(tmp_path):
    ended = Ended("gate", -9, {}, "the machine is going down")
    (only,) = annotations_of(ended, None)
    assert "ended by signal or fault (-9)" in only.title
    assert only.message == "the machine is going down"
    assert dict(outputs_of(ended, tmp_path))["verdict"] == ""


def test_a_finding_is_shown_only_beside_a_file_of_the_extension_itself(tmp_path):
    (tmp_path / "extension").mkdir()
    (tmp_path / "extension" / "popup.js").write_text("")
    (tmp_path / "secret.js").write_text("")
    for place, expected in (("popup.js:7", "popup.js"), ("../secret.js:1", ""), ("gone.js:1", ""), ("", "")):
        document = gate_document("it throws")
        document["checks"]["1.3.0"][0]["details"][0]["place"] = place
        found = list(annotations_of(Ended("gate", 1, document), tmp_path / "extension"))[-1]
        assert found.file.removeprefix(f"{tmp_path}/extension/") == expected
        assert found.line_number == ("7" if expected else "")


def test_every_command_takes_what_it_says_and_nothing_else(tmp_path):
    for name, command in COMMANDS.items():
        given = {f"{PREFIX}COMMAND": name}
        given |= {PREFIX + each.upper().replace("-", "_"): "v" for each in (*command.options, *command.places)}
        given |= {PREFIX + each.upper().replace("-", "_"): "true" for each in command.switches}
        line = asked(given, tmp_path).arguments
        assert line[: len(command.words)] == command.words
        assert all(f"--{each}=v" in line for each in command.options)
        assert all(f"--{each}" in line for each in command.switches)
        with pytest.raises(InputRefused, match="takes no input `unheard-of`"):
            asked({**given, f"{PREFIX}UNHEARD_OF": "x"}, tmp_path)


def test_a_plot_holds_the_rates_of_both_versions_and_the_limit():
    start = datetime(2026, 7, 1, 2, tzinfo=UTC)

    def line(version, failures):
        stretches = [Stretch(start + timedelta(minutes=at), start + timedelta(minutes=at + 1), failures, 100) for at in range(10)]
        return Line(Version.parse(version), "sessions", tuple(stretches))

    told = plotted([line("1.3.0", 12), line("1.2.0", 1)], start, 0.05)
    assert "1.3.0, then 1.2.0; the last line is the limit of 5 %" in told
    lines = re.findall(r"^  line \[(.*)\]$", told, re.MULTILINE)
    assert [set(found.split(", ")) for found in lines] == [{"12.00"}, {"1.00"}, {"5.00"}]
    assert '  x-axis "minutes" 0 --> 10.00' in told


def test_secrets_reach_the_command_under_their_names_and_are_masked_one_by_one():
    given = {
        LINES: "# for the night\n\nRELEASE_GUARD_SENTRY_TOKEN=abc=def+ghi\n  RELEASE_GUARD_X=short\n",
        f"{PREFIX}COMMAND": "gate",
        "HOME": "/h",
    }
    secrets = handed_over(given)
    assert secrets == {"RELEASE_GUARD_SENTRY_TOKEN": "abc=def+ghi", "RELEASE_GUARD_X": "short"}
    assert of_command(given, secrets) == {"HOME": "/h", **secrets}
    assert masks(secrets) == ["::add-mask::abc=def+ghi"]


def test_a_line_may_name_the_file_of_a_secret(tmp_path):
    (tmp_path / "dsn").write_text("https://key@sentry.example/1\n")
    given = {LINES: f"{DSN_VARIABLE}_FILE={tmp_path / 'dsn'}"}
    assert own_dsn(of_command(given, handed_over(given))) == "https://key@sentry.example/1"


@pytest.mark.parametrize(
    "line", ["PATH=/evil", "LD_PRELOAD=x", "RELEASE_GUARD_INPUT_COMMAND=rollback", f"{LINES}=x", "hunter2", "=x", "release_guard_x=y"]
)
def test_a_line_that_sets_what_it_must_not_is_named_by_its_number_and_never_shown(line):
    with pytest.raises(InputRefused) as refused:
        handed_over({LINES: f"RELEASE_GUARD_A=hunter2\n{line}"})
    assert "line 2 of the secret" in refused.value.explain()
    assert line not in refused.value.explain()
    assert "hunter2" not in refused.value.explain()


def test_a_job_may_pass_with_an_exit_code_that_it_names_and_with_no_other():
    assert accepted({}) == accepted({ACCEPT: " , "}) == frozenset()
    assert accepted({ACCEPT: "1, 3"}) == {1, 3}
    for text in ("0x3", "5", "-1", "three", "1;3"):
        with pytest.raises(InputRefused, match="the input `accept`"):
            accepted({ACCEPT: text})


SEEN = [
    {"extension": "a", "version": "1.0.0", "verdict": "healthy", "headline": "1.0.0 is healthy", "incident": None},
    {"extension": "b", "verdict": None, "failure": "the store does not answer"},
    {"extension": "c", "version": "3.0.0", "verdict": "breach", "headline": "the popup throws", "incident": "INC-2026-0003"},
    {"extension": "d", "version": "4.0.0", "verdict": "inconclusive", "headline": "too little"},
]


@pytest.mark.parametrize(
    ("seen", "verdict", "version"),
    [(SEEN, "breach", "3.0.0"), (SEEN[:2], "", ""), (SEEN[::3], "inconclusive", "4.0.0"), (SEEN[:1], "healthy", "1.0.0")],
)
def test_of_several_extensions_the_gravest_is_told(tmp_path, seen, verdict, version):
    ended = Ended("canary", 1, {"extensions": seen})
    told = dict(outputs_of(ended, tmp_path))
    assert (told["verdict"], told["version"]) == (verdict, version)
    assert all(one["extension"] in told["sentence"] for one in seen)
    assert summary_of(ended).count("\n| ") == len(seen) + 1


@pytest.mark.parametrize(
    ("name", "document", "sentence", "expected"),
    [
        (
            "publish",
            {"version": "1.3.0", "ending": "timed_out"},
            "publish of 1.3.0: timed out",
            {"outcome": "timed_out", "version": "1.3.0"},
        ),
        ("snapshot", {"releases": [{"version": "1.2.0", "state": "good"}]}, "1.2.0 is recorded as good", {"version": "1.2.0"}),
        (
            "watch",
            {"extensions": [{"extension": "a", "version": "1.3.0", "outcome": "held", "sentence": "it is bad"}]},
            "a 1.3.0: it is bad",
            {"outcome": "held", "version": "1.3.0"},
        ),
        (
            "status",
            {
                "status": "DEGRADED",
                "extensions": [
                    {"name": "a", "releases": [{"version": "1.3.0", "state": "watched"}], "waits_for_approval": "INC-2026-0001"}
                ],
            },
            "DEGRADED: a 1.3.0: the rollback of INC-2026-0001 waits for a yes",
            {"outcome": "DEGRADED", "version": "1.3.0", "incident": "INC-2026-0001"},
        ),
        (
            "status",
            {"status": "CRITICAL", "extensions": [{"name": "a", "releases": [], "failed_rollback": "INC-2026-0002"}]},
            "CRITICAL: a: the rollback of INC-2026-0002 failed",
            {"outcome": "CRITICAL", "incident": "INC-2026-0002"},
        ),
        ("status", {"status": "OPERATIONAL", "extensions": [{"name": "a", "releases": []}]}, "OPERATIONAL: a", {"version": ""}),
        ("doctor", {"ok": True, "findings": []}, "what was looked at is in order", {"outcome": ""}),
    ],
)
def test_every_command_says_how_it_ended(tmp_path, name, document, sentence, expected):
    ended = Ended(name, 0, document)
    told = dict(outputs_of(ended, tmp_path))
    assert ended.sentence == sentence
    assert expected.items() <= told.items()


def test_what_doctor_finds_wrong_is_annotated_and_all_of_it_is_in_the_summary(tmp_path):
    findings = [
        {"id": "browser", "extension": None, "status": "ok", "message": "Chromium", "hint": ""},
        {"id": "store_access", "extension": "a", "status": "problem", "message": HOSTILE, "hint": "ask"},
    ]
    ended = Ended("doctor", 4, {"ok": False, "findings": findings})
    first, second = annotations_of(ended, None)
    assert (first.title, second.title) == ("release-guard doctor: the guard could not do its work", "release-guard doctor: store_access")
    assert (second.line.count("\n"), "::error::pwned" in ended.sentence) == (0, True)
    assert "| store\\_access | a | 🛑 problem |" in summary_of(ended)
    assert "<script>" not in summary_of(ended)
