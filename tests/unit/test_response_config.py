"""[severity], [oncall] and [incidents]: the handbook by default, and what a team says instead."""

from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from guard.config import Config, load
from guard.errors import ConfigurationError
from guard.incidents.clocks import TARGETS
from guard.judge.counted import _proved_above
from guard.judge.shares import Share
from guard.judge.thresholds import Thresholds
from guard.severity import RULES, Facts, Severity, classify

EXTENSION = {"id": "a" * 32, "publisher": "publisher"}


def config(**tables):
    return Config.model_validate({"extension": [EXTENSION], **tables})


def test_by_default_rules_targets_channels_and_urgency_are_the_handbooks():
    table = config().severity
    assert table.rules == RULES
    assert table.targets == TARGETS
    assert {severity.name: table.channels(severity) for severity in Severity} == {
        "P0": ("slack-critical", "email-management", "sms"),
        "P1": ("slack-alerts", "email-team"),
        "P2": ("slack-general",),
        "P3": ("ticket-system",),
    }
    assert [table.urgency(severity).value for severity in sorted(Severity, reverse=True)] == ["critical", "high", "medium", "low"]
    assert config().incident_rules.reopen_within == timedelta(days=1)


@pytest.mark.parametrize(
    ("table", "facts", "severity"),
    [
        ({"P0": {"error_rate": 0.2}}, Facts(error_rate_above=0.2), Severity.P0),
        ({"P0": {"affected_users": 50}}, Facts(affected_users=50), Severity.P0),
        ({"P0": {"availability_below": 0.5}}, Facts(availability=0.9), Severity.P3),
        ({"P2": {"response_seconds": 1.5}}, Facts(response_seconds=1.5), Severity.P2),
        ({"P1": {"text": "login|cart"}}, Facts(texts=["The cart is empty"]), Severity.P1),
        ({"P1": {"text": "login|cart"}}, Facts(texts=["extraction failed"]), Severity.P3),
    ],
)
def test_a_rule_is_data_and_only_what_is_named_changes(table, facts, severity):
    rules = config(severity=table).severity.rules
    assert classify(facts, rules).severity is severity
    assert classify(Facts(texts=["a leak"]), rules).severity is Severity.P0


@pytest.mark.parametrize(("failing", "severity"), [(20, Severity.P2), (55, Severity.P1), (90, Severity.P0)])
def test_an_error_rate_of_a_rule_is_proved_as_such(failing, severity):
    table = config(severity={"P0": {"error_rate": 0.7}, "P1": {"error_rate": 0.35}}).severity
    thresholds = Thresholds(severity_limits=table.error_rates)
    share = Share("sessions", 0.05, None)
    share.new.put(failing * 10, 1000)
    proved = _proved_above(share, thresholds)
    assert proved == {Severity.P2: 0.05, Severity.P1: 0.35, Severity.P0: 0.7}[severity]
    assert classify(Facts(error_rate_above=proved), table.rules).severity is severity


def test_targets_and_escalation_are_data():
    targets = config(severity={"P1": {"respond_minutes": 30, "escalates": True}, "P0": {"escalates": False}}).severity.targets
    assert (targets[Severity.P1].respond, targets[Severity.P1].resolve) == (timedelta(minutes=30), timedelta(hours=4))
    assert [severity.name for severity in Severity if targets[severity].escalates] == ["P1"]


def test_the_on_call_list_is_read_from_toml(tmp_path):
    path = tmp_path / "release-guard.toml"
    path.write_text(
        '[severity.P2]\nchannels = ["slack-alerts"]\n[oncall]\nrotation = ["ann", "bob"]\nstarts_on = 2026-07-06\ndays = 1\n'
        'management = ["dana"]\n[[oncall.person]]\nname = "ann"\ncontacts = { slack = "U01" }\n[incidents]\nreopen_seconds = 60\n'
        f'[[extension]]\nid = "{EXTENSION["id"]}"\npublisher = "publisher"\n'
    )
    found = load(path)
    rules = found.incident_rules
    assert (rules.on_call.rotation, rules.on_call.starts_on, rules.on_call.days) == (("ann", "bob"), date(2026, 7, 6), 1)
    assert (rules.on_call.person("ann").contacts, rules.on_call.management) == ({"slack": "U01"}, ("dana",))
    assert rules.reopen_within == timedelta(minutes=1)
    assert found.severity.channels(Severity.P2) == ("slack-alerts",)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"severity": {"P0": {"text": "("}}}, "regular expression"),
        ({"severity": {"P3": {"error_rate": 0.1}}}, "no conditions"),
        ({"severity": {"P3": {"text": "x"}}}, "no conditions"),
        ({"severity": {"P0": {"respond_minutes": 180}}}, "resolved before anybody has to respond"),
        ({"severity": {"P4": {}}}, "P4"),
        ({"severity": {"P0": {"error_rate": 0}}}, "greater than 0"),
        ({"severity": {"P0": {"channels": ["#general"]}}}, "pattern"),
        ({"oncall": {"rotation": ["ann, bob"]}}, "pattern"),
        ({"oncall": {"days": 0}}, "greater than or equal to 1"),
        ({"oncall": {"person": [{"name": "ann"}, {"name": "ann"}]}}, "ann stands there twice"),
        ({"incidents": {"reopen_seconds": -1}}, "greater than or equal to 0"),
    ],
)
def test_what_makes_no_sense_is_refused_and_says_why(tables, words):
    with pytest.raises(ValidationError, match=words):
        config(**tables)


def test_a_misspelt_key_of_a_severity_names_the_nearest_and_its_line(tmp_path):
    path = tmp_path / "release-guard.toml"
    path.write_text(f'[severity.P0]\nrespond_minuts = 5\n[[extension]]\nid = "{EXTENSION["id"]}"\npublisher = "publisher"\n')
    with pytest.raises(
        ConfigurationError, match=r"release-guard.toml:2: unknown key 'severity.P0.respond_minuts'; did you mean 'respond_minutes'"
    ):
        load(path)
