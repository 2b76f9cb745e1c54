"""Rollbacks that do not go the straight way, each a whole story: real Chromium, HTTP, a real database."""

import json

import pytest

from guard.cli.main import main

pytestmark = pytest.mark.browser

STEPS = ["validate_target", "prepare", "perform", "propagate", "verify", "update_configuration"]


def tell(capsys, folder, name):
    code = main(["rehearse", "--scenario", name, "--json", "--keep", str(folder)])
    seen = capsys.readouterr()
    document = json.loads(seen.out)
    assert (code, document["as_expected"], document["not_as_expected"]) == (0, True, []), seen.err
    return document


def evidence(document):
    return {step["name"]: step["evidence"] for step in document["rollback"]["steps"]}


def events(document):
    return [entry["event"] for entry in document["incident"]["timeline"]]


def test_where_the_store_refuses_the_kept_package_brings_users_back(tmp_path, capsys):
    document = tell(capsys, tmp_path, "store-refuses")
    assert (document["outcome"], document["rollback"]["new_version"], document["rollback"]["attempts"]) == ("rolled_back", "1.3.0.1", 1)
    said = evidence(document)
    assert "would refuse its own rollback" in said["prepare"]
    assert said["perform"].startswith("re-versioned package: the store's own rollback was refused")
    assert "submitted for review" in said["perform"]
    assert "is the content of 1.2.0" in said["verify"]
    assert [step["state"] for step in document["rollback"]["steps"]] == ["done"] * len(STEPS)
    assert document["incident"]["state"] == "resolved"


def test_a_rollout_to_a_few_is_rolled_back_from_there(tmp_path, capsys):
    document = tell(capsys, tmp_path, "partial-rollout")
    assert document["outcome"] == "rolled_back"
    assert "1.3.0 is rolled out to 5 % of users, and a rollback publishes to everybody" in evidence(document)["prepare"]
    assert any("rolled out to 5 % of users" in event for event in events(document) if event.startswith("rollback begun"))
    (rate,) = [one for one in document["assessment"]["signals"] if one["signal"] == "error_rate"]
    assert rate["verdict"] == "breach"
    assert document["checks"].keys() == {"1.3.0.1"}, "a rollout in parts is not offered to the guard's own browser"


def test_a_guard_that_is_killed_inside_its_rollback_is_followed_by_one_that_finishes_it(tmp_path, capsys):
    document = tell(capsys, tmp_path, "crash-during-rollback")
    assert (document["outcome"], document["rollback"]["state"], document["incident"]["state"]) == ("rolled_back", "completed", "resolved")
    assert [event for event in events(document) if event.startswith("rollback")] == [
        "rollback begun: put the code of 1.2.0 back in place of 1.3.0, as version 1.3.0.1",
        "rollback completed and verified: users get 1.3.0.1, the code of 1.2.0",
    ]
    assert "rollback: prepare" in (tmp_path / "killed-guard.log").read_text()


def test_a_person_rolls_back_what_the_guard_only_proposed(tmp_path, capsys):
    document = tell(capsys, tmp_path, "manual")
    assert (document["outcome"], document["incident"]["state"]) == ("rolled_back", "resolved")
    asked = [entry for entry in document["incident"]["timeline"] if entry["event"].startswith("rollback asked for by hand")]
    assert [entry["actor"] for entry in asked] == ["rehearsing person"]
    assert document["assessment"]["verdict"] == "breach"


def test_where_the_drill_is_unsafe_a_person_is_asked(tmp_path, capsys):
    document = tell(capsys, tmp_path, "unsafe-drill")
    assert (document["outcome"], document["rollback"], document["drill"]["verdict"]) == ("held", None, "unsafe")
