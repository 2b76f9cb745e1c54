"""`release-guard action` as its users have it: exit codes, words, one JSON document."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from guard.cli.main import main
from guard.config import load
from guard.engine import Engine
from guard.incidents.incident import Incident, IncidentState, TimelineEntry
from guard.severity import Severity
from webstore.models import Item
from webstore.versions import Version

ITEM = "a" * 32


@pytest.fixture
def incident(tmp_path, monkeypatch):
    """The id of an incident in a folder with a configuration."""
    monkeypatch.chdir(tmp_path)
    Path("release-guard.toml").write_text(f'[[extension]]\nid = "{ITEM}"\npublisher = "publisher"\nname = "shelf"\n')
    engine = Engine.open(load(Path("release-guard.toml")))
    draft = Incident(
        "", "f" * 32, "errors", Severity.P1, IncidentState.INVESTIGATING, Item("publisher", ITEM), Version.parse("1.3.0"), engine.now(),
        cause="deployment: only the release shows it",
    )  # fmt: skip
    entry = TimelineEntry(engine.now(), "guard", "breach seen", "breach: error_rate: proved above 5 %", "breach_seen", {"version": "1.3.0"})
    found, _ = engine.incidents.open(draft, entry)
    engine.database.dispose()
    return found.id


@pytest.fixture
def days():
    """Dates from today on, as the command line takes them."""
    from guard.engine import utc_now

    return lambda count: (utc_now().date() + timedelta(days=count)).isoformat()


def run(capsys, *arguments):
    code = main(arguments)
    seen = capsys.readouterr()
    return code, seen.out, seen.err


def told(capsys, *arguments):
    code, out, _ = run(capsys, *arguments, "--json")
    return code, json.loads(out)


ADD = ("action", "add", "test the popup in German", "--owner", "ann", "--by", "bob")


def test_an_item_is_added_shown_changed_and_done(incident, capsys, days):
    code, document = told(capsys, *ADD, "--due", days(30), "--incident", incident, "--estimate", "2", "--priority", "high")
    assert code == 0
    assert document == {
        "id": document["id"],
        "title": "test the popup in German",
        "owner": "ann",
        "priority": "high",
        "state": "open",
        "due_on": days(30),
        "overdue": False,
        "incidents": [incident],
        "prevents": f"{ITEM}/error_rate/deployment",
        "estimated_preventions": 2,
        "created_by": "bob",
        "created_at": document["created_at"],
        "ended_at": None,
        "reason": "",
    }
    name = document["id"]
    assert told(capsys, "action", "start", name)[1]["state"] == "in_progress"
    assert told(capsys, "action", "assign", name, "carol")[1]["owner"] == "carol"
    assert told(capsys, "action", "due", name, days(40))[1]["due_on"] == days(40)
    code, document = told(capsys, "action", "done", name, "--by", "carol", "--reason", "in CI since 1.4.0")
    assert (code, document["state"], document["reason"], document["ended_at"] is not None) == (0, "done", "in CI since 1.4.0", True)
    code, out, _ = run(capsys, "action", "show", name)
    words = " ".join(out.split())
    assert code == 0
    for part in (
        f"{name} (done): test the popup in German",
        "Owner: carol; priority high",
        f"Prevents: {ITEM}/error_rate/deployment, about 2 a year",
    ):
        assert part in words
    _, out, _ = run(capsys, "incident", "show", incident)
    assert f"carol: action item {name} is done: test the popup in German" in out


def test_the_list_shows_what_is_open_and_what_was_asked_for(incident, capsys, days):
    first = told(capsys, *ADD, "--due", days(9))[1]["id"]
    late = told(capsys, *ADD, "--due", days(-2), "--incident", incident)[1]
    gone = told(capsys, *ADD, "--due", days(1))[1]["id"]
    run(capsys, "action", "drop", gone, "--reason", "not worth it")
    assert late["overdue"] is True

    def listed(*arguments):
        code, document = told(capsys, "action", "list", *arguments)
        assert code == 0
        return [item["id"] for item in document["action_items"]]

    assert listed() == [late["id"], first]
    assert listed("--all") == [late["id"], gone, first]
    assert listed("--overdue") == listed("--incident", incident) == [late["id"]]
    assert listed("--owner", "nobody") == []
    _, out, _ = run(capsys, "action", "list")
    assert "open, overdue" in out
    _, out, _ = run(capsys, "action", "list", "--owner", "nobody")
    assert "`release-guard action add` writes one down" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "ACT-1999-0001"), "no action item ACT-1999-0001"),
        (("add", " ", "--owner", "ann", "--due", "2026-12-01"), "a title has 1 to 200 letters"),
        (("add", "x", "--owner", "ann", "--due", "tomorrow"), "'tomorrow' is no date"),
        (("add", "x", "--owner", " ", "--due", "2026-12-01"), "a name has 1 to 120 letters"),
        (("add", "x", "--owner", "ann", "--due", "2026-12-01", "--prevents", "everything"), "ITEM/SIGNAL/CAUSE"),
        (("add", "x", "--owner", "ann", "--due", "2026-12-01", "--incident", "INC-1999-0001"), "no incident INC-1999-0001"),
        (("add", "x", "--owner", "ann", "--due", "2026-12-01", "--estimate", "-1"), "the estimate is between"),
    ],
)
def test_what_makes_no_sense_is_2_with_what_to_do_and_writes_nothing(incident, capsys, arguments, words):
    code, out, err = run(capsys, "action", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "to fix:" in err
    assert told(capsys, "action", "list", "--all")[1]["action_items"] == []


def test_what_has_ended_stays_so(incident, capsys, days):
    name = told(capsys, *ADD, "--due", days(9))[1]["id"]
    run(capsys, "action", "done", name)
    for arguments in (("start", name), ("drop", name, "--reason", "x"), ("due", name, days(20)), ("assign", name, "dan")):
        code, _, err = run(capsys, "action", *arguments)
        assert (code, "to fix:" in err) == (2, True), arguments


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["action", "add", "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "release-guard action add" in out
    assert "--prevents '*/error_rate/deployment'" in out
