"""The incident commands as their users have them: exit codes, words in both languages, one JSON document."""

import json
import re
from pathlib import Path

import pytest

from guard.cli.incident_view import clock_words
from guard.cli.incidents import ACTIONS
from guard.cli.main import build_parser, main
from guard.incidents.clocks import TARGETS, Clock, ClockKind
from guard.incidents.events import Language
from guard.severity import Severity

ITEM = "a" * 32
CONFIG = f"""
[oncall]
rotation = ["ann", "bob"]
management = ["dana"]
[[extension]]
id = "{ITEM}"
publisher = "publisher"
name = "shelf"
"""
HOSTILE = "\u202e<b>@everyone</b> **x** \x1b[31m::set-env\nINC-2026-0009 (P0, closed): a line of its own"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("release-guard.toml").write_text(CONFIG)


def run(capsys, *arguments):
    code = main(arguments)
    seen = capsys.readouterr()
    return code, seen.out, seen.err


def told(capsys, *arguments):
    code, out, _ = run(capsys, *arguments, "--json")
    return code, json.loads(out)


def opened(capsys, *more):
    code, document = told(
        capsys, "incident", "open", "--title", "popup is blank", "--severity", "P0", "--version", "1.3.0", "--by", "zoe", *more
    )
    assert code == 0
    return document


def test_an_incident_from_its_opening_to_its_end(here, capsys):
    document = opened(capsys, "--reason", "three users wrote")
    identifier = document["id"]
    commander = document["roles"]["incident_commander"]["name"]
    assert (document["severity"], document["trigger"], commander in {"ann", "bob"}) == ("P0", "person", True)
    assert {name: (clock["missed"], clock["stopped_at"]) for name, clock in document["clocks"].items()} == {
        "respond": (False, None),
        "resolve": (False, None),
    }
    steps = [
        ("ack", "--by", "ann"),
        ("assign", "technical-lead", "carol", "--by", "ann"),
        ("note", "the site is up", "--by", "carol"),
        ("tick", "impact-confirmed", "--by", "carol", "--evidence", "seen in two browsers"),
        ("untick", "impact-confirmed", "--by", "carol", "--reason", "my own build"),
        ("severity", "P1", "--by", "ann", "--reason", "only one page"),
        ("resolve", "--by", "ann", "--reason", "1.3.1 is live"),
        ("reopen", "--by", "ann", "--reason", "it is back"),
        ("resolve", "--by", "ann", "--reason", "1.3.2 is live"),
        ("postmortem-done", "--by", "ann", "--reason", "in the wiki"),
        ("close", "--by", "ann"),
    ]
    for action, *rest in steps:
        code, document = told(capsys, "incident", action, identifier.lower(), *rest)
        assert (code, document["id"]) == (0, identifier), action
    assert (document["state"], document["resolution"]) == ("closed", "1.3.2 is live")
    assert (document["roles"]["technical_lead"]["name"], document["clocks"]["respond"]["stopped_at"] is None) == ("carol", False)
    events = [entry["kind"] for entry in document["timeline"]]
    assert events == [
        "opened_by_hand",
        "role_taken",
        "acknowledged",
        "role_taken",
        "noted",
        "ticked",
        "unticked",
        "severity_set",
        "resolved",
        "reopened_by_hand",
        "resolved",
        "postmortem_done",
        "closed",
    ]
    code, _, err = run(capsys, "incident", "ack", identifier, "--by", "ann")
    assert (code, "closed" in err) == (2, True)


def test_show_says_roles_clocks_left_and_the_checklist_in_both_languages(here, capsys):
    identifier = opened(capsys)["id"]
    run(capsys, "incident", "tick", identifier, "users-told", "--by", "carol", "--evidence", "a banner")
    _, out, _ = run(capsys, "incident", "show", identifier)
    assert f"{identifier} (P0, investigating): popup is blank" in out
    assert "Urgency: critical" in out
    assert re.search(r"Incident commander: (ann|bob)", out)
    assert re.search(r"To respond: 1[45] min.* left, until 20\d\d-", out)
    assert "[ ] impact-confirmed: confirm the impact" in out
    assert "[x] users-told" in out
    assert "carol: a banner" in out
    Path("release-guard.toml").write_text('language = "zh-TW"\n' + CONFIG)
    _, out, _ = run(capsys, "incident", "show", identifier)
    assert "急迫程度：緊急" in out
    assert "技術負責人：無人" in out
    assert "[x] users-told：通知使用者事件經過與因應方式" in out
    assert "人工開立：popup is blank" in out
    assert re.search(r"回應期限：剩 1[45] 分鐘", out)
    assert "完成：通知使用者事件經過與因應方式" in out
    assert "carol：a banner" in out
    assert "目前值班" in out
    assert "on call now" not in out


def test_long_evidence_stands_once_a_line_for_each_sentence_and_is_kept_whole(here, capsys):
    identifier = opened(capsys)["id"]
    plan = "; ".join(f"part {number} of what was seen, told at some length" for number in range(1, 7))
    run(capsys, "incident", "tick", identifier, "impact-confirmed", "--by", "carol", "--evidence", plan)
    _, out, _ = run(capsys, "incident", "show", identifier)
    assert "carol: see the timeline" in out.partition("Timeline")[0]
    lines = out.partition("Timeline")[2].splitlines()
    assert lines.count("    part 1 of what was seen, told at some length;") == 1
    assert lines.count("      part 6 of what was seen, told at some length") == 1
    document = told(capsys, "incident", "show", identifier)[1]
    assert [entry["evidence"] for entry in document["timeline"]].count(plan) == 1
    assert plan in [entry["evidence"] for entry in document["checklist"]]


def test_a_title_of_an_open_incident_is_joined_and_that_is_said(here, capsys):
    identifier = opened(capsys)["id"]
    code, out, err = run(capsys, "incident", "open", "--title", "Popup is blank", "--version", "1.3.0", "--by", "yan")
    assert (code, identifier in out, "it was joined" in err) == (0, True, True)


def test_who_is_on_call_is_said(here, capsys):
    code, document = told(capsys, "incident", "oncall")
    assert code == 0
    assert sorted([document["on_call"], *document["next"]]) == ["ann", "bob"]
    assert (document["management"], bool(document["until"])) == (["dana"], True)
    _, out, _ = run(capsys, "incident", "oncall")
    assert out.startswith(f"on call: {document['on_call']}\n")
    Path("release-guard.toml").write_text(CONFIG[CONFIG.index("[[extension]]") :])
    code, document = told(capsys, "incident", "oncall")
    assert (code, document) == (0, {"on_call": None, "until": None, "next": [], "management": []})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ack", "INC-1999-0001", "--by", "ann"], "no incident INC-1999-0001"),
        (["tick", "INC-{year}-0001", "nonsense", "--by", "ann"], "it has impact-confirmed"),
        (["resolve", "INC-{year}-0001", "--by", "ann", "--reason", " "], "the reason is empty"),
        (["note", "INC-{year}-0001", "x", "--by", "guard"], "what the guard itself is called"),
        (["close", "INC-{year}-0001", "--by", "ann"], "cannot become closed"),
        (["untick", "INC-{year}-0001", "users-told", "--by", "ann", "--reason", "x"], "is not done"),
        (["severity", "INC-{year}-0001", "P0", "--by", "ann", "--reason", "x"], "is P0 already"),
        (["open", "--title", "x", "--by", "ann"], "--version"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_way_on_and_changes_nothing(here, capsys, arguments, words):
    year = opened(capsys)["id"].split("-")[1]
    before = told(capsys, "incident", "show", f"INC-{year}-0001")[1]["timeline"]
    code, out, err = run(capsys, "incident", *(argument.format(year=year) for argument in arguments))
    assert (code, out) == (2, "")
    assert words in " ".join(err.split())
    assert told(capsys, "incident", "show", f"INC-{year}-0001")[1]["timeline"] == before


def test_hostile_words_are_shown_on_a_line_of_their_place_and_kept_as_they_are(here, capsys):
    code, document = told(capsys, "incident", "open", "--title", HOSTILE, "--version", "1.3.0", "--by", "zoe", "--severity", "P2")
    assert (code, document["title"]) == (0, " ".join(HOSTILE.split()))
    identifier = document["id"]
    for arguments in (
        ("note", identifier, HOSTILE),
        ("assign", identifier, "technical-lead", "<b>x</b>"),
        ("tick", identifier, "cause-found", "--evidence", HOSTILE),
    ):
        assert told(capsys, "incident", *arguments, "--by", "zoe")[0] == 0
    for command in (("incident", "show", identifier), ("incident", "list"), ("status",)):
        _, out, err = run(capsys, *command)
        assert not {"\u202e", "\x1b"} & set(out + err)
        assert not [line for line in out.splitlines() if line.startswith("INC-2026-0009")]


def test_every_action_has_its_help_with_the_examples(capsys):
    with pytest.raises(SystemExit):
        main(["incident", "--help"])
    told_by_help = capsys.readouterr().out
    for name in ("list", "show", "oncall", "open", *ACTIONS):
        assert re.search(rf"^    {name}\s", told_by_help, re.MULTILINE), name
    for line in re.findall(r"^  (release-guard incident .+)$", told_by_help, re.MULTILINE):
        parsed = build_parser().parse_args([part.strip('"') for part in re.findall(r'"[^"]*"|\S+', line)][1:])
        assert parsed.by == "ann"


@pytest.mark.parametrize(
    ("after", "stopped", "english", "chinese"),
    [
        (600, False, "5 min left, until 2026-07-01 02:15 UTC", "剩 5 分鐘，至 2026-07-01 02:15 UTC"),
        (1000, False, "missed 1 min ago", "已逾時 1 分鐘"),
        (600, True, "in time, with 5 min left", "如期，尚餘 5 分鐘"),
        (1500, True, "10 min too late", "逾時 10 分鐘"),
    ],
)
def test_how_a_clock_stands_in_words(clock, after, stopped, english, chinese):
    running = Clock.start("i", ClockKind.RESPOND, TARGETS[Severity.P0], clock())
    clock.forward(seconds=after)
    seen = Clock(**{**vars(running), "stopped_at": clock() if stopped else None})
    assert clock_words(seen, Language.ENGLISH, clock()) == english
    assert clock_words(seen, Language.CHINESE, clock()) == chinese
