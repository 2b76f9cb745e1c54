"""Who is on call when, whom an incident is escalated to, and the handbook's checklists in both languages."""

from datetime import UTC, date, datetime, timedelta

import pytest

from guard.incidents.checklist import CHECKLISTS, ENTRIES, Entry, NoSuchEntry, Phase, entry_of
from guard.incidents.events import Kind, Language, said, words_of
from guard.incidents.roles import OnCall, Person, Role
from guard.incidents.terms import length
from guard.severity import Severity

TEAM = OnCall((Person("alice", {"slack": "U01"}),), ("alice", "bob", "carol"), date(2026, 7, 6), 7, ("dana", "erin"))


def at(day, hour=12, month=7):
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        (at(6, 0), "alice"),
        (at(12, 23), "alice"),
        (at(13, 0), "bob"),
        (at(20), "carol"),
        (at(27), "alice"),
        (at(5, 23), "carol"),  # before the first day it went round as well
        (at(13, 1).astimezone(datetime.strptime("+0800", "%z").tzinfo), "bob"),
    ],
)
def test_the_rotation_goes_round_at_midnight_utc(moment, name):
    assert TEAM.at(moment) == name


def test_the_next_hand_over_is_known_where_there_is_one():
    assert TEAM.changes_at(at(8)) == at(13, 0)
    assert OnCall(rotation=("alice",)).changes_at(at(8)) is None
    assert (OnCall().at(at(8)), OnCall().changes_at(at(8))) == (None, None)


def test_each_of_the_rotation_is_on_call_equally_long():
    days = [TEAM.at(at(6) + timedelta(days=day)) for day in range(210)]
    assert {name: days.count(name) for name in TEAM.rotation} == {"alice": 70, "bob": 70, "carol": 70}


@pytest.mark.parametrize(
    ("commander", "asked"),
    [("alice", [("bob",), ("dana", "erin"), ()]), ("bob", [("alice",), ("dana", "erin"), ()]), ("zoe", [("alice",), ("dana", "erin"), ()])],
)
def test_p0_escalates_to_the_next_on_call_then_to_management_then_to_nobody(commander, asked):
    assert [TEAM.escalation(at(8), commander, step) for step in (1, 2, 3)] == asked


def test_where_nobody_else_is_on_call_management_is_asked_at_once_and_where_nobody_is_named_nobody():
    assert OnCall(rotation=("alice",), management=("dana",)).escalation(at(8), "alice", 1) == ("dana",)
    assert OnCall().escalation(at(8), "", 1) == ()


def test_who_is_not_in_the_list_is_reached_by_the_name_alone():
    assert (TEAM.person("alice").contacts, TEAM.person("zoe")) == ({"slack": "U01"}, Person("zoe"))


def keys(severity, phase):
    return [entry.key for entry in CHECKLISTS[severity] if entry.phase is phase]


def test_p0_0_to_15_min_confirms_impact_forms_the_team_and_opens_communication():
    assert keys(Severity.P0, Phase.CONFIRM) == ["impact-confirmed", "users-counted", "team-formed", "communication-opened"]


def test_p0_15_to_60_min_collects_diagnostics_finds_the_root_cause_and_weighs_fixes():
    assert keys(Severity.P0, Phase.DIAGNOSE) == ["logs-linked", "releases-listed", "cause-found", "fixes-weighed"]


def test_p0_1_to_2_h_executes_and_tells_users():
    assert keys(Severity.P0, Phase.REPAIR) == ["fix-executed", "recovery-verified", "users-told"]


@pytest.mark.parametrize("severity", [Severity.P1, Severity.P2, Severity.P3])
def test_p1_to_p3_have_a_list_of_their_own_without_minutes(severity):
    entries = CHECKLISTS[severity]
    assert entries
    assert {entry.phase for entry in entries} == {Phase.ALWAYS}
    assert len({entry.key for entry in entries}) == len(entries)


def test_an_item_of_another_list_is_refused_with_the_names_of_this_one():
    assert isinstance(entry_of(Severity.P0, "team-formed"), Entry)
    with pytest.raises(NoSuchEntry, match="impact-confirmed, cause-found, in-plan"):
        entry_of(Severity.P3, "team-formed")


@pytest.mark.parametrize(
    "text", [*(entry.words for entry in ENTRIES.values()), *(phase.words for phase in Phase), *(role.words for role in Role)]
)
def test_everything_is_said_in_both_languages(text):
    assert text.in_language(Language.ENGLISH).isascii()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text.in_language(Language.CHINESE))


def test_an_event_says_names_and_lengths_in_its_readers_language():
    missed = said(Kind.CLOCK_MISSED, clock="respond", allowed=900)
    assert missed.text == "the target to respond within 15 min is missed"
    assert words_of(missed.kind, missed.facts, Language.CHINESE) == "未能在 15 分鐘 內回應"
    taken = said(Kind.ROLE_TAKEN, holder="alice", role="incident_commander")
    assert words_of(taken.kind, taken.facts, Language.CHINESE) == "alice 擔任事件指揮官"
    assert taken.text == "alice is the incident commander"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (6000, "1 h 40 min"), (86_400 + 60, "1 d 1 min"), (-5, "0 s")]
)
def test_a_length_of_time_in_words(seconds, words):
    assert length(seconds, Language.ENGLISH) == words
