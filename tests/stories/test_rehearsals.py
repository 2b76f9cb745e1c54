"""Whole incidents on local stand-ins: real Chromium, HTTP, a real database, one test for each story."""

import json
import re

import pytest
from untold import untold

from guard.cli.main import main
from guard.incidents.evidence import evidence_words
from guard.incidents.wording import title_words
from guard.languages import Language
from guard.rehearsal.scenarios import SCENARIOS, scenario

pytestmark = pytest.mark.browser

STEPS = ["validate_target", "prepare", "perform", "propagate", "verify", "update_configuration"]


def tell(capsys, folder, name):
    code = main(["rehearse", "--scenario", name, "--json", "--keep", str(folder)])
    seen = capsys.readouterr()
    document = json.loads(seen.out)
    assert (code, document["as_expected"]) == (0, True), seen.err
    is_told_in_chinese(document["incident"])
    return document


OTHERS_WORDS = re.compile(
    r"(?:Uncaught )?(?:\(in promise\) )?\w*Error: [\w .()']+|Service worker registration failed\. Status code: \d+|Cannot read [\w .()']+"
    r"|The item cannot be rolled back|seen with their own eyes|rehearsing person"
)
"""What Chromium, the sample itself and the store say of their errors, and a person of the order."""


def is_told_in_chinese(incident):
    """Whoever reads Chinese reads no English of ours: not in the title, the evidence, the cause or the end."""
    if incident is None:
        return
    assert title_words(incident["title"], Language.CHINESE) != incident["title"]
    for text in (incident["cause"], incident["resolution"], *(entry["evidence"] for entry in incident["timeline"])):
        told = evidence_words(text, Language.CHINESE)
        assert not untold(OTHERS_WORDS.sub("", told)), (told, text)


def statuses(document, version):
    """Of the four checks; the sample has no tests of its own."""
    found = {check["check"]: check["status"] for check in document["checks"][version]}
    assert found.pop("custom") == "not_configured"
    return found


def signals(document):
    return {signal["signal"]: signal for signal in document["assessment"]["signals"]}


def verdicts(document):
    return {name: signal["verdict"] for name, signal in signals(document).items()}


def events(document):
    return [entry["event"] for entry in document["incident"]["timeline"]]


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
    assert events(document)[0] == "breach seen in 1.3.0"
    assert events(document)[-1] == "resolved: users are well"
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
        pytest.param("error-spike", None, "breach", id="what only some users have, the counts see"),
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
    if name == "error-spike":
        spike = signals(document)["error_rate"]
        assert 0.2 < spike["failures"] / spike["total"] < 0.3
        assert "proved worse than 1.2.0" in spike["evidence"]


def test_two_of_five_users_are_no_verdict_and_the_gate_holds_without_an_incident(tmp_path, capsys):
    document = tell(capsys, tmp_path, "low-traffic")
    assert (document["outcome"], document["assessment"]["verdict"], document["assessment"]["reason"]) == (
        "inconclusive",
        "inconclusive",
        "few_units",
    )
    few = signals(document)["error_rate"]
    assert (few["failures"], few["total"], few["verdict"], few["reason"]) == (2, 5, "inconclusive", "few_units")
    assert "this traffic can show rates above 80 %" in few["evidence"]
    assert verdicts(document)["health"] == "healthy"
    assert [document[name] for name in ("incident", "rollback", "plan", "diagnosis", "postmortem")] == [None] * 5
    assert document["seconds"]["total"] >= scenario("low-traffic").window_seconds, "it was watched to the end of its window"


def test_what_was_as_bad_before_the_release_is_for_a_hotfix_and_not_rolled_back(tmp_path, capsys):
    document = tell(capsys, tmp_path, "pre-existing")
    assert (document["outcome"], document["diagnosis"], document["rollback"]) == ("held", "pre-existing", None)
    assert document["plan"]["strategy"] == "HOTFIX"
    assert "1.2.0 was as bad before the release" in document["assessment"]["diagnosis"]
    assert verdicts(document)["error_rate"] == "breach"
    assert "failed" not in statuses(document, "1.3.0").values()
    assert any("pre-existing" in reason for reason in document["held_because"])
    assert document["incident"]["state"] == "investigating"
    assert "diagnosis: pre-existing" in events(document)
    assert not [event for event in events(document) if "marked bad" in event or "rollback begun" in event]


def test_a_release_that_sends_nothing_is_rolled_back_by_the_silence_alone(tmp_path, capsys):
    document = tell(capsys, tmp_path, "silence")
    assert (document["outcome"], document["diagnosis"]) == ("rolled_back", "deployment")
    assert {name for name, verdict in verdicts(document).items() if verdict == "breach"} == {"silence"}
    assert "1.3.0 reports nothing at all, 1.2.0 still does" in signals(document)["silence"]["evidence"]
    assert verdicts(document)["error_rate"] == "no_data"
    assert set(statuses(document, "1.3.0").values()) == {"passed"}
    assert (document["incident"]["severity"], document["incident"]["state"]) == ("P0", "resolved")
    assert document["rollback"]["state"] == "completed"


def test_a_sentry_that_is_down_is_no_finding_about_the_release(tmp_path, capsys):
    document = tell(capsys, tmp_path, "sentry-down")
    assert (document["outcome"], document["assessment"]["verdict"], document["assessment"]["reason"]) == (
        "inconclusive",
        "no_data",
        "source_error",
    )
    unread = signals(document)["error_rate"]
    assert (unread["verdict"], unread["reason"]) == ("no_data", "source_error")
    assert "sentry could not be read" in unread["evidence"]
    assert set(statuses(document, "1.3.0").values()) == {"passed"}
    assert verdicts(document)["health"] == "healthy"
    assert [document[name] for name in ("incident", "rollback", "plan")] == [None] * 3


def test_every_scenario_has_its_test():
    assert {one.name for one in SCENARIOS} == {
        "bad-release",
        "healthy",
        "site-change",
        "worker-crash",
        "broken-popup",
        "lost-data",
        "unsafe-drill",
        "store-refuses",
        "partial-rollout",
        "crash-during-rollback",
        "manual",
        "error-spike",
        "low-traffic",
        "pre-existing",
        "silence",
        "sentry-down",
    }
