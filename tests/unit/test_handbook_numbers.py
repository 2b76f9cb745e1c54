"""The handbook's rules of severity, roles and overall status, each by its number (DESIGN, section 6): at the limit, and just short of it."""

from datetime import UTC, datetime

import pytest

from guard.config import Config
from guard.incidents.incident import NEEDS_POSTMORTEM, Incident, IncidentState
from guard.incidents.roles import Role
from guard.severity import Facts, Severity, classify
from guard.statuspage.overall import overall_status
from webstore.models import Item
from webstore.versions import Version

CONFIG = Config.model_validate({"extension": [{"id": "a" * 32, "publisher": "publisher"}]})


def severity_of(**facts):
    return classify(Facts(**facts), CONFIG.severity.rules).severity


def test_p0_error_rate_50_percent():
    assert (severity_of(error_rate_above=0.50), severity_of(error_rate_above=0.49)) == (Severity.P0, Severity.P1)


def test_p0_availability_below_95_percent():
    assert (severity_of(availability=0.949), severity_of(availability=0.95)) == (Severity.P0, Severity.P3)


def test_p0_affected_users_1000():
    assert (severity_of(affected_users=1000), severity_of(affected_users=999)) == (Severity.P0, Severity.P1)


@pytest.mark.parametrize("word", ["security", "breach", "leak", "Leaked", "SECURITY-relevant"])
def test_p0_text_security_breach_or_leak(word):
    assert (severity_of(texts=[f"a {word} of tokens"]), severity_of(texts=["insecurity"])) == (Severity.P0, Severity.P3)


def test_p1_error_rate_20_percent():
    assert (severity_of(error_rate_above=0.20), severity_of(error_rate_above=0.19)) == (Severity.P1, Severity.P2)


def test_p1_response_time_5_s():
    assert (severity_of(response_seconds=5), severity_of(response_seconds=4.9)) == (Severity.P1, Severity.P2)


def test_p1_affected_users_100():
    assert (severity_of(affected_users=100), severity_of(affected_users=99)) == (Severity.P1, Severity.P2)


@pytest.mark.parametrize("word", ["extraction", "core"])
def test_p1_text_extraction_or_core(word):
    assert (severity_of(texts=[f"{word} failed"]), severity_of(texts=["popup failed"])) == (Severity.P1, Severity.P3)


def test_p2_error_rate_5_percent():
    assert (severity_of(error_rate_above=0.05), severity_of(error_rate_above=0.04)) == (Severity.P2, Severity.P3)


def test_p2_response_time_3_s():
    assert (severity_of(response_seconds=3), severity_of(response_seconds=2.9)) == (Severity.P2, Severity.P3)


def test_p2_affected_users_10():
    assert (severity_of(affected_users=10), severity_of(affected_users=9)) == (Severity.P2, Severity.P3)


def test_p3_is_the_rest():
    assert classify(Facts(), CONFIG.severity.rules).severity is Severity.P3


def test_every_rule_that_matched_is_shown_with_its_severity():
    found = classify(Facts(error_rate_above=0.2, affected_users=1000), CONFIG.severity.rules)
    assert [reason[:2] for reason in found.reasons] == ["P0", "P1", "P1", "P2", "P2"]


def test_3_roles_incident_commander_technical_lead_and_communications_lead():
    assert [role.words.english for role in Role] == ["incident commander", "technical lead", "communications lead"]


@pytest.mark.parametrize(
    ("open_ones", "status"),
    [
        (["P0", "P3"], "CRITICAL"),
        (["P1", "P2"], "DEGRADED"),
        (["P2"], "OPERATIONAL"),
        ([], "OPERATIONAL"),
    ],
)
def test_overall_status_critical_with_an_open_p0_degraded_with_an_open_p1_else_operational(open_ones, status):
    at = datetime(2026, 7, 1, tzinfo=UTC)
    item, version = Item("publisher", "a" * 32), Version.parse("1.3.0")
    found = [Incident("INC-2026-0001", "f", "t", Severity[name], IncidentState.INVESTIGATING, item, version, at) for name in open_ones]
    assert overall_status(found) == status


def test_p0_and_p1_need_a_postmortem():
    assert {severity.name for severity in Severity if severity >= NEEDS_POSTMORTEM} == {"P0", "P1"}
