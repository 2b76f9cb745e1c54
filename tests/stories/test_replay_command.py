"""replay as its users have it: a line a release, other thresholds, lines that cannot be used, and a recording of a rehearsal."""

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from guard.cli.main import main
from guard.tables import ThresholdsTable

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def at(seconds):
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def opening(release, baseline):
    return {"release": release, "baseline": baseline, "published_at": at(0), "window_seconds": 3600}


def polls(version, failures, total, number=20):
    return [
        {"at": at(30 * k), "version": version, "signal": "error_rate", "failures": failures, "total": total} for k in range(1, number + 1)
    ]


BAD = [opening("1.3.0", "1.2.0"), *(line for both in zip(polls("1.3.0", 8, 100), polls("1.2.0", 2, 900), strict=True) for line in both)]
GOOD = [opening("1.4.0", "1.2.0"), *polls("1.4.0", 1, 250)]
FEW = [opening("1.5.0", None), *polls("1.5.0", 2, 5, 1)]


def written(*lines):
    return "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("three.jsonl").write_text(written(*BAD, *GOOD, *FEW))
    return tmp_path


def run(capsys, *arguments):
    code = main(arguments)
    seen = capsys.readouterr()
    return code, seen.out, seen.err


def replayed(capsys, *arguments):
    """The one release of a recording, as JSON."""
    code, out, err = run(capsys, "replay", "--json", *arguments)
    assert (code, err) == (0, "")
    (line,) = out.splitlines()
    return json.loads(line)


def test_as_json_each_release_is_a_line_and_nothing_else_is_said(here, capsys):
    code, out, err = run(capsys, "replay", "three.jsonl", "--json")
    assert (code, err) == (0, "")
    bad, good, few = [json.loads(line) for line in out.splitlines()]
    assert [(one["release"], one["verdict"], one["reason"]) for one in (bad, good, few)] == [
        ("1.3.0", "breach", None),
        ("1.4.0", "healthy", None),
        ("1.5.0", "inconclusive", "few_units"),
    ]
    assert (bad["diagnosis"], bad["strategy"], bad["baseline"]) == ("deployment", "ROLLBACK", "1.2.0")
    assert bad["severity"] in {"P0", "P1", "P2", "P3"}
    assert bad["decided_at"] == at(bad["seconds_after_publish"])
    assert 0 < bad["seconds_after_publish"] < 600
    assert bad["samples_used"] == {"error_rate": bad["seconds_after_publish"] // 30 * 100}
    assert (few["decided_at"], few["seconds_after_publish"], few["severity"], few["strategy"]) == (None, None, None, None)


def test_for_people_it_says_what_when_and_why_and_draws_the_evidence(here, capsys):
    code, out, err = run(capsys, "replay", "three.jsonl")
    assert (code, err) == (0, "")
    lines = [line.rstrip() for line in out.splitlines()]
    seconds = replayed(capsys, only(here, *BAD))["seconds_after_publish"]
    assert lines[0] == f"1.3.0: breach after {seconds} s"
    assert lines[1].startswith("  diagnosis deployment, severity P")
    assert lines[1].endswith("strategy ROLLBACK")
    assert any(line.startswith("  evidence") and "a breach from 100" in line for line in lines)
    assert any(line.startswith("1.4.0: healthy after ") for line in lines)
    assert "1.5.0: inconclusive (few units)" in lines
    with pytest.raises(json.JSONDecodeError):
        json.loads(lines[0])


def only(folder, *lines):
    (folder / "only.jsonl").write_text(written(*lines))
    return "only.jsonl"


def test_another_threshold_gives_another_verdict(here, capsys):
    recording = only(here, *BAD)
    assert replayed(capsys, recording)["verdict"] == "breach"
    lenient = ("--set", "error_rate=0.2", "--set", "against_baseline=0")
    assert replayed(capsys, recording, *lenient)["verdict"] == "healthy"
    stricter = replayed(capsys, recording, "--set", "alpha=0.0001")["seconds_after_publish"]
    assert stricter > replayed(capsys, recording)["seconds_after_publish"], "a surer verdict takes longer"


def test_the_thresholds_of_the_configuration_are_the_ones_that_hold_and_set_goes_before_them(here, capsys):
    recording = only(here, *BAD)
    text = f'[thresholds]\nerror_rate = 0.2\nagainst_baseline = 0\n[[extension]]\nid = "{"a" * 32}"\npublisher = "p"\n'
    Path("other.toml").write_text(text)
    assert replayed(capsys, recording, "--config", "other.toml")["verdict"] == "healthy"
    Path("release-guard.toml").write_text(text)
    assert replayed(capsys, recording)["verdict"] == "healthy"
    assert replayed(capsys, recording, "--set", "error_rate=0.05")["verdict"] == "breach"


def test_the_severities_rules_of_the_configuration_are_the_ones_that_hold(here, capsys):
    recording = only(here, opening("1.3.0", None), *polls("1.3.0", 30, 100))
    assert replayed(capsys, recording)["severity"] == "P2"
    Path("release-guard.toml").write_text(f'[severity.P0]\nerror_rate = 0.1\n[[extension]]\nid = "{"a" * 32}"\npublisher = "p"\n')
    assert replayed(capsys, recording)["severity"] == "P0"


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("luck=3", "there is no threshold 'luck'"),
        ("", "there is no threshold ''"),
        ("error_rate=much", "--set error_rate: "),
        ("error_rate", "--set error_rate: "),
        ("error_rate=2", "--set error_rate: "),
        ("error_rate=nan", "--set error_rate: "),
        ("against_baseline=0.5", "must be 0, or at least 1"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_2_before_anything_is_played(here, capsys, assignment, words):
    code, out, err = run(capsys, "replay", "three.jsonl", "--json", "--set", assignment)
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_an_unknown_threshold_is_answered_with_the_names_of_all(here, capsys):
    _, _, err = run(capsys, "replay", "three.jsonl", "--set", "eror_rate=0.1")
    for name in ThresholdsTable.model_fields:
        assert name in err


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_line_that_cannot_be_used_is_2_with_its_place_and_what_was_decided_before_it_is_out(here, capsys, form):
    broken = {**FEW[1], "failures": "two"}
    Path("broken.jsonl").write_text(written(*BAD, *GOOD, FEW[0], broken, FEW[1]))
    code, out, err = run(capsys, "replay", "broken.jsonl", *form)
    assert code == 2
    assert f"line {len(BAD) + len(GOOD) + 2}, field 'failures': is missing or no whole number" in err
    assert "to fix:" in err
    assert [version for version in ("1.3.0: ", "1.4.0: ", '"release": "1.3.0"', '"release": "1.4.0"') if version in out] == (
        ['"release": "1.3.0"', '"release": "1.4.0"'] if form else ["1.3.0: ", "1.4.0: "]
    )
    assert "1.5.0" not in out


def test_what_is_no_json_or_opens_no_release_is_2_with_its_line(here, capsys):
    for lines, words in (((opening("1.3.0", None), "{"), "line 2: is no JSON"), ((BAD[1],), "line 1, field 'release'")):
        code, out, err = run(capsys, "replay", only(here, *lines), "--json")
        assert (code, out) == (2, "")
        assert words in err


@pytest.mark.parametrize(
    ("line", "field", "problem"),
    [
        ({**FEW[1], "unit": {"a": 1}}, "unit", "must be a text"),
        ({**FEW[1], "unit": "\ud800users"}, "unit", "must be a text"),
        (
            {"at": at(30), "version": "1.5.0", "signal": "silence", "events": 4, "expected": 9, "dispersion": "much"},
            "dispersion",
            "no number",
        ),
        ({**FEW[1], "at": "9999-12-31T23:59:59-14:00"}, "at", "must lie between 1970 and 2999"),
    ],
)
def test_a_field_that_only_some_samples_have_is_named_as_well(here, capsys, line, field, problem):
    code, out, err = run(capsys, "replay", only(here, FEW[0], line), "--json")
    assert (code, out) == (2, "")
    assert f"line 2, field {field!r}: " in err
    assert problem in err


def test_units_are_shown_in_every_script(here, capsys):
    assert "5 пользователей on 1.5.0" in replayed(capsys, only(here, FEW[0], {**FEW[1], "unit": "пользователей"}))["evidence"][0]


def test_a_line_without_end_is_not_read_whole(here, capsys):
    Path("long.jsonl").write_text(written(opening("1.3.0", None)) + "x" * 200_000)
    code, _, err = run(capsys, "replay", "long.jsonl")
    assert code == 2
    assert "line 2: is longer than 65536 characters" in err


def test_a_file_that_cannot_be_read_is_2_by_its_name(here, capsys):
    code, out, err = run(capsys, "replay", "none.jsonl")
    assert (code, out) == (2, "")
    assert "none.jsonl cannot be read: No such file" in err
    Path("latin.jsonl").write_bytes(written(opening("1.3.0", None)).encode() + '{"at": "é"}\n'.encode("latin-1"))
    code, _, err = run(capsys, "replay", "latin.jsonl")
    assert code == 2
    assert "latin.jsonl is not UTF-8 text" in err
    code, _, err = run(capsys, "replay")
    assert code == 2
    assert "name a recording to replay" in err


def test_a_dash_is_standard_input(here, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(Path("three.jsonl").read_text()))
    code, out, _ = run(capsys, "replay", "-", "--json")
    assert (code, out) == run(capsys, "replay", "three.jsonl", "--json")[:2]
    assert len(out.splitlines()) == 3


def test_an_empty_recording_says_nothing(here, capsys):
    Path("empty.jsonl").write_text("\n")
    assert run(capsys, "replay", "empty.jsonl", "--json") == (0, "", "")


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_same_recording_gives_the_same_bytes_in_every_process(here, form):
    def bytes_with(seed, zone):
        return subprocess.run(
            [sys.executable, "-c", "from guard.cli.main import run; run()", "replay", "three.jsonl", *form],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "COLUMNS": "100"},
            capture_output=True,
            check=True,
        ).stdout

    first = bytes_with("0", "UTC")
    assert first.count(b"1.3.0") >= 1
    assert [bytes_with("0", "UTC"), bytes_with("1", "UTC"), bytes_with("random", "Pacific/Auckland")] == [first] * 3


def test_bytes_that_are_no_text_on_standard_input_are_a_users_mistake(here):
    done = subprocess.run(
        [sys.executable, "-c", "from guard.cli.main import run; run()", "replay", "-"],
        env={**os.environ, "PYTHONUTF8": "1"},
        input=written(opening("1.3.0", None)).encode() + b'{"at": "\xe9"}\n',
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"not UTF-8" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_release_that_nobody_watched_has_no_recording(here, capsys):
    Path("release-guard.toml").write_text(f'[[extension]]\nid = "{"a" * 32}"\npublisher = "p"\n')
    code, out, err = run(capsys, "replay", "--record", "--version", "1.3.0")
    assert (code, out) == (2, "")
    assert "no release 1.3.0" in err
    assert "Traceback" not in err


@pytest.mark.browser
def test_what_a_rehearsal_kept_is_recorded_and_played_to_the_same_end(here, capsys):
    code, out, err = run(capsys, "rehearse", "--scenario", "error-spike", "--json", "--keep", "told")
    assert code == 0, err
    told = json.loads(out)
    code, recording, _ = run(capsys, "--config", "told/release-guard.toml", "replay", "--record", "--version", "1.3.0")
    assert code == 0
    first = json.loads(recording.splitlines()[0])
    assert (first["release"], first["window_seconds"]) == ("1.3.0", 300)
    Path("seen.jsonl").write_text(recording)
    found = replayed(capsys, "seen.jsonl", "--config", "told/release-guard.toml")
    assert (found["verdict"], found["diagnosis"], found["strategy"], found["severity"]) == (
        "breach",
        told["diagnosis"],
        told["plan"]["strategy"],
        told["incident"]["severity"],
    )
    assert found["baseline"] == told["release"]["baseline"]
    lenient = ("--set", "error_rate=0.5", "--set", "against_baseline=0", "--set", "crashes_per_hour=100000")
    assert replayed(capsys, "seen.jsonl", *lenient)["verdict"] != "breach"
