"""Whole incidents on local stand-ins: real Chromium, HTTP, a real database, one test for each story."""

import json

import pytest

from guard.cli.main import main
from guard.rehearsal.scenarios import SCENARIOS

pytestmark = pytest.mark.browser

STEPS = ["validate_target", "prepare", "perform", "propagate", "verify", "update_configuration"]


def tell(capsys, folder, name):
    code = main(["rehearse", "--scenario", name, "--json", "--keep", str(folder)])
    seen = capsys.readouterr()
    document = json.loads(seen.out)
    assert (code, document["as_expected"]) == (0, True), seen.err
    return document


def statuses(document, version):
    """Of the four checks; the sample has no tests of its own."""
    found = {check["check"]: check["status"] for check in document["checks"][version]}
    assert found.pop("custom") == "not_configured"
    return found


def verdicts(document):
    return {signal["signal"]: signal["verdict"] for signal in document["assessment"]["signals"]}


def test_a_bad_release_is_seen_rolled_back_and_proved_well(tmp_path, capsys):
    document = tell(capsys, tmp_path, "bad-release")
    assert document["outcome"] == "rolled_back"
    assert document["release"] == {"version": "1.3.0", "baseline": "1.2.0"}
    assert verdicts(document)["error_rate"] == "breach"
    assert verdicts(document)["rating"] == "no_data"
    assert statuses(document, "1.3.0") == {"load": "passed", "extraction": "failed", "ui": "passed", "data": "passed"}
    assert statuses(document, "1.2.0") == {"load": "passed", "extraction": "passed", "ui": "passed"}
    assert document["drill"]["verdict"] == "safe"
    assert set(statuses(document, "1.3.0.1").values()) == {"passed"}
    assert document["diagnosis"] == "deployment"
    assert document["plan"]["strategy"] == "ROLLBACK"
    rollback = document["rollback"]
    assert (rollback["state"], rollback["target"], rollback["new_version"], rollback["attempts"]) == ("completed", "1.2.0", "1.3.0.1", 1)
    assert [(step["name"], step["state"]) for step in rollback["steps"]] == [(name, "done") for name in STEPS]
    incident = document["incident"]
    assert (incident["severity"], incident["state"]) == ("P0", "resolved")
    events = [entry["event"] for entry in incident["timeline"]]
    assert events[0] == "breach seen in 1.3.0"
    assert events[-1] == "resolved: users are well"
    assert all(document["seconds"][name] is not None for name in ("to_detect", "to_roll_back", "to_verify", "total"))
    assert (tmp_path / "report.html").exists()
    assert incident["id"] in (tmp_path / "postmortem.md").read_text()


def test_a_good_release_is_left_alone(tmp_path, capsys):
    document = tell(capsys, tmp_path, "healthy")
    assert (document["outcome"], document["rollback"], document["incident"]) == ("healthy", None, None)
    assert document["assessment"]["verdict"] == "healthy"
    assert verdicts(document)["error_rate"] == "healthy"


def test_a_changed_site_is_no_reason_to_go_back(tmp_path, capsys):
    document = tell(capsys, tmp_path, "site-change")
    assert (document["outcome"], document["diagnosis"], document["rollback"]) == ("held", "external", None)
    assert statuses(document, "1.2.0")["extraction"] == "failed"
    assert document["incident"]["state"] == "investigating"
    assert document["plan"]["strategy"] == "HOTFIX"
    assert any("external" in reason for reason in document["held_because"])


def test_where_going_back_would_cost_users_their_data_a_person_decides(tmp_path, capsys):
    document = tell(capsys, tmp_path, "one-way")
    assert (document["outcome"], document["diagnosis"], document["rollback"]) == ("held", "deployment", None)
    assert document["drill"]["verdict"] == "unsafe"
    assert "'books' is an object now, and was a list under the baseline" in document["drill"]["lost_on_return"]
    assert document["held_because"] == [f"the rollback drill was {document['drill']['words']}"]


@pytest.mark.parametrize(
    ("name", "check", "error_rate"),
    [
        pytest.param("worker-crash", "load", "no_data", id="a worker that dies is silent, and a check sees it"),
        pytest.param("broken-popup", "ui", None, id="a popup that throws"),
        pytest.param("lost-data", "data", None, id="a migration that loses books"),
        pytest.param("some-users", None, "breach", id="what only some users have, the counts see"),
    ],
)
def test_each_way_to_break_is_seen(tmp_path, capsys, name, check, error_rate):
    document = tell(capsys, tmp_path, name)
    assert document["outcome"] == "rolled_back"
    failed = {found for found, status in statuses(document, "1.3.0").items() if status == "failed"}
    assert check in failed if check else not failed
    if name == "lost-data":
        assert (document["drill"]["verdict"], document["drill"]["lost_on_return"]) == ("unsafe", [])
    if error_rate:
        assert verdicts(document)["error_rate"] == error_rate


def test_every_scenario_has_its_test():
    assert {one.name for one in SCENARIOS} == {
        "bad-release",
        "healthy",
        "site-change",
        "worker-crash",
        "broken-popup",
        "lost-data",
        "one-way",
        "some-users",
    }
