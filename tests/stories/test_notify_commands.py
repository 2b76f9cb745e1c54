"""notify, silence and what doctor says of targets, as their users have them: exit codes, words, one JSON document."""

import json
import re
from pathlib import Path

import pytest
from contract import notify_world

from guard.cli.main import main
from guard.config import load
from guard.doctor.targets import notify_targets
from guard.engine import Engine
from guard.notify.delivery import deliver_due

ITEM = notify_world.ITEM
START = f'[[extension]]\nid = "{ITEM.id}"\npublisher = "publisher"\nname = "shelf"\n'


@pytest.fixture(scope="module")
def listening():
    yield from notify_world.listen()


@pytest.fixture
def here(tmp_path, listening, monkeypatch):
    """A folder whose configuration has targets of every kind."""
    monkeypatch.chdir(tmp_path)
    make = notify_world.guards(None, None, listening, monkeypatch)
    Path("release-guard.toml").write_text(START + toml_of(notify_world.targets(listening[0].address)))
    return make


def toml_of(targets):
    lines = []
    for target in targets:
        plain = {key: value for key, value in target.items() if key != "mentions"}
        lines.append("[[notify.target]]\n" + "".join(f"{key} = {value!r}\n" for key, value in plain.items()))
    return "".join(lines)


def run(capsys, *arguments):
    code = main(arguments)
    seen = capsys.readouterr()
    return code, seen.out, seen.err


def told(capsys, *arguments):
    code, out, _ = run(capsys, *arguments, "--json")
    return code, json.loads(out)


def with_incident():
    engine = Engine.open(load(Path("release-guard.toml")))
    incident = notify_world.open_incident(engine)
    deliver_due(engine)
    engine.database.dispose()
    return incident.id


def test_notify_test_sends_to_each_and_says_what_came_of_it(here, capsys, listening):
    services, mail = listening
    services.webhook.fault(404, "no_service")
    code, document = told(capsys, "notify", "test")
    assert code == 4
    assert {one["target"]: one["outcome"] for one in document["targets"]} == {
        "slack": "sent", "general": "failed", "mail": "sent", "phone": "sent", "hook": "sent"
    }  # fmt: skip
    assert "nothing is wrong" in services.slack.taken[0]["text"]
    assert mail.taken[0]["Subject"] == "release-guard: test"
    code, out, _ = run(capsys, "notify", "test", "--target", "general")
    assert (code, "taken by Slack" in out) == (0, True)


def test_notify_test_names_what_is_not_configured(here, capsys):
    code, _, err = run(capsys, "notify", "test", "--target", "nobody")
    assert (code, "no target 'nobody' is configured; there are: slack, general" in err) == (2, True)
    Path("release-guard.toml").write_text(START)
    code, _, err = run(capsys, "notify", "test")
    assert (code, "no [[notify.target]] is configured" in err) == (2, True)


def test_the_log_shows_every_attempt(here, capsys):
    assert run(capsys, "notify", "log")[1] == "no message was delivered yet, or tried to be\n"
    incident = with_incident()
    code, document = told(capsys, "notify", "log", "--incident", incident.lower())
    assert code == 0
    assert {(one["target"], one["event"], one["outcome"]) for one in document["deliveries"]} == {
        (name, "opened", "sent") for name in ("slack", "mail", "phone")
    }
    out = run(capsys, "notify", "log")[1]
    assert f"{incident} opened to mail (email-management), attempt 1: sent: taken by the service" in out
    assert run(capsys, "notify", "log", "--incident", "INC-2026-9999")[0] == 2
    assert f"{incident} opened to mail (email-management), attempt 1: sent" in run(capsys, "incident", "show", incident)[1]
    assert told(capsys, "incident", "show", incident)[1]["deliveries"] == document["deliveries"]


def test_a_silence_is_added_listed_and_ended(here, capsys):
    assert run(capsys, "silence", "list")[1] == "no silence holds, and none is to come\n"
    arguments = ("--item", "shelf", "--for", "2h", "--by", "ann", "--reason", "the store moves", "--maintenance")
    code, document = told(capsys, "silence", "add", *arguments)
    (added,) = document["silences"]
    assert (code, added["id"], added["item"], added["kind"], added["by"]) == (0, 1, ITEM.id, "maintenance", "ann")
    incident = with_incident()
    assert {one["outcome"] for one in told(capsys, "notify", "log", "--incident", incident)[1]["deliveries"]} == {"dropped"}
    code, out, _ = run(capsys, "silence", "end", "1", "--by", "bob")
    assert (code, "ended by bob" in out) == (0, True)
    assert "it was over already" in run(capsys, "silence", "end", "1", "--by", "bob")[1]
    assert told(capsys, "silence", "list") == (0, {"silences": []})
    assert len(told(capsys, "silence", "list", "--all")[1]["silences"]) == 1
    assert run(capsys, "silence", "end", "7", "--by", "bob")[0] == 2


def test_a_silence_is_on_the_timeline_of_open_incidents(here, capsys):
    incident = with_incident()
    run(capsys, "silence", "add", "--for", "1h", "--by", "ann", "--reason", "known")
    run(capsys, "silence", "end", "1", "--by", "bob")
    timeline = told(capsys, "incident", "show", incident)[1]["timeline"]
    assert [(entry["actor"], entry["evidence"]) for entry in timeline[-2:]] == [("ann", "known"), ("bob", "known")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--for", "2h", "--by", " ", "--reason", "x"], "a name has"),
        (["--for", "2h", "--by", "ann", "--reason", " "], "the reason is empty"),
        (["--until", "2020-01-01T00:00", "--by", "ann", "--reason", "x"], "over before it begins"),
        (["--for", "91d", "--by", "ann", "--reason", "x"], "90 days at most"),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(here, capsys, arguments, words):
    code, _, err = run(capsys, "silence", "add", *arguments)
    assert (code, words in err) == (2, True)


@pytest.mark.parametrize(
    "arguments", [["--for", "2 hours"], ["--for", "0h"], ["--until", "soon"], ["--for", "2h", "--until", "2027-01-01"], []]
)
def test_a_time_that_cannot_be_read_is_2(here, capsys, arguments):
    with pytest.raises(SystemExit) as error:
        main(["silence", "add", *arguments, "--by", "ann", "--reason", "x"])
    assert error.value.code == 2


def test_doctor_finds_targets_in_order(here, monkeypatch):
    (finding,) = notify_targets(load(Path("release-guard.toml")))
    assert (finding.status.value, finding.message[:24]) == ("ok", "slack, general, mail, ph")


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        pytest.param("T_SLACK", "", "slack cannot be reached: T_SLACK is not set", id="a variable that is not set"),
        pytest.param("T_SLACK", "two words", "T_SLACK holds nothing that a slack-bot target takes", id="no token"),
        pytest.param("T_WEBHOOK", "http://hooks.example/x", "T_WEBHOOK holds nothing that a slack-webhook", id="a webhook without https"),
        pytest.param("T_WEBHOOK", "http://[x", "T_WEBHOOK holds nothing that a slack-webhook", id="no address"),
        pytest.param("T_MAIL", "mail to ann", "T_MAIL holds nothing that a email target takes", id="nothing that apprise knows"),
        pytest.param("T_SMS_FILE", "/nowhere/at/all", "T_SMS_FILE names cannot be read", id="a file that is missing"),
    ],
)
def test_doctor_finds_a_target_that_cannot_be_reached(here, monkeypatch, variable, value, words):
    monkeypatch.delenv(variable.removesuffix("_FILE"))
    monkeypatch.setenv(variable, value)
    (finding,) = notify_targets(load(Path("release-guard.toml")))
    assert (finding.status.value, words in finding.message) == ("problem", True)
    assert not value or value == "/nowhere/at/all" or value not in finding.message + finding.hint, "it may be a secret"


def test_doctor_warns_of_a_severity_that_nobody_is_told_of(here, listening):
    Path("release-guard.toml").write_text(START + toml_of(notify_world.targets(listening[0].address)[:1]))
    findings = list(notify_targets(load(Path("release-guard.toml"))))
    assert [finding.message for finding in findings if finding.status.value == "warning"] == [
        "nobody is told of P2: no target serves slack-general"
    ]
    Path("release-guard.toml").write_text(START)
    assert [finding.status.value for finding in notify_targets(load(Path("release-guard.toml")))] == ["not checked"]


def test_a_key_that_is_wrong_is_named_with_its_line(here, capsys):
    Path("release-guard.toml").write_text(START + '[[notify.target]]\nname = "a"\nkindd = "sms"\nchannels = ["sms"]\nurl_env = "X"\n')
    code, _, err = run(capsys, "notify", "log")
    assert (code, "unknown key 'notify.target.0.kindd'; did you mean 'kind'?" in err) == (2, True)


def test_what_a_person_opens_and_ends_is_told_by_the_command_itself(here, capsys, listening):
    code, _, _ = run(
        capsys, "incident", "open", "--title", "popup <!here> is blank", "--severity", "P0", "--by", "ann", "--version", "1.3.0"
    )
    assert code == 0
    services, mail = listening
    assert (len(services.slack.taken), len(services.twilio.taken), len(mail.taken)) == (1, 1, 1)
    assert "popup &lt;!here&gt; is blank" in services.slack.taken[0]["text"]
    assert run(capsys, "incident", "false-alarm", "INC-2026-0001", "--by", "ann", "--reason", "a test")[0] == 0
    assert len(services.slack.taken) == 2
    assert "counts it against the detector" in services.slack.taken[1]["text"]


def test_the_target_that_init_shows_can_be_used_as_it_stands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("manifest.json").write_text('{"manifest_version": 3, "name": "x", "version": "1.0"}')
    assert run(capsys, "init", "--id", "a" * 32, "--publisher", "p")[0] == 0
    written = Path("release-guard.toml").read_text()
    (block,) = re.findall(r"# \[\[notify.target\]\]\n(?:# .*\n)+", written)
    Path("release-guard.toml").write_text(written.replace(block, re.sub("^# ", "", block, flags=re.MULTILINE)))
    (target,) = load(Path("release-guard.toml")).notify.target
    assert (target.name, target.to) == ("crew", "C0123ABCD")
