"""Action items: what may become of them, what class of incidents they prevent, and the handbook's reminders."""

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest

from guard.errors import UsageError
from guard.incidents.action_items import (
    ActionItem,
    ActionRefused,
    ActionState,
    IncidentClass,
    Priority,
    class_of,
    reminders_due,
    signals_of,
    title_of,
)
from guard.incidents.events import Language
from guard.incidents.incident import Incident, IncidentState, TimelineEntry
from guard.incidents.wording_actions import reminder_body, reminder_subject
from guard.judge.diagnosis import Cause
from guard.model import Signal
from guard.severity import Severity
from webstore.models import Item
from webstore.versions import Version

NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)
DUE = date(2026, 7, 20)
ITEM = ActionItem("ACT-2026-0001", "add a canary", "alice", Priority.HIGH, DUE, "bob", NOW, incidents=("INC-2026-0001",))
INCIDENT = Incident(
    "INC-2026-0001", "f" * 32, "error rate over its limit", Severity.P1, IncidentState.RESOLVED, Item("publisher", "a" * 32),
    Version.parse("1.3.0"), NOW, cause="deployment: only the release shows it",
)  # fmt: skip


def day(offset):
    return DUE + timedelta(days=offset)


def whichs(item, *days):
    return [reminder.which for one in days for reminder in reminders_due(item, one)]


@pytest.mark.parametrize(
    ("offset", "which"),
    [
        (-8, []),
        (-7, ["7-days-before"]),
        (-6, ["7-days-before"]),
        (-4, ["7-days-before"]),
        (-3, ["3-days-before"]),
        (0, ["3-days-before"]),
        (1, ["overdue-2026-07-21"]),
        (2, ["overdue-2026-07-22"]),
        (400, ["overdue-2027-08-24"]),
    ],
)
def test_an_action_item_is_reminded_of_7_days_before_3_days_before_and_daily_once_it_is_overdue(offset, which):
    assert whichs(ITEM, day(offset)) == which


def test_however_often_is_asked_each_reminder_has_one_key_and_a_new_due_date_new_ones():
    asked = [reminder.key for offset in range(-10, 4) for _ in range(3) for reminder in reminders_due(ITEM, day(offset))]
    assert set(asked) == {
        "ACT-2026-0001:2026-07-20:7-days-before",
        "ACT-2026-0001:2026-07-20:3-days-before",
        "ACT-2026-0001:2026-07-20:overdue-2026-07-21",
        "ACT-2026-0001:2026-07-20:overdue-2026-07-22",
        "ACT-2026-0001:2026-07-20:overdue-2026-07-23",
    }
    later = dataclasses.replace(ITEM, due_on=day(10))
    assert not set(asked) & {reminder.key for offset in range(-10, 14) for reminder in reminders_due(later, day(offset))}


def test_a_reminder_whose_day_was_over_before_the_item_was_there_is_not_made_up_for():
    late = dataclasses.replace(ITEM, created_at=datetime(2026, 7, 18, tzinfo=UTC))
    assert whichs(late, day(-2), day(0)) == []
    assert whichs(late, day(1)) == ["overdue-2026-07-21"]
    assert whichs(dataclasses.replace(ITEM, created_at=datetime(2026, 7, 17, 23, tzinfo=UTC)), day(-3)) == ["3-days-before"]


@pytest.mark.parametrize("state", [ActionState.DONE, ActionState.DROPPED])
def test_what_is_done_or_dropped_asks_for_nothing_more(state):
    ended = ITEM.moved(state, NOW, "not worth it")
    assert whichs(ended, *(day(offset) for offset in range(-8, 30))) == []
    assert (ended.ended_at, ended.is_overdue(day(30)), ITEM.is_overdue(day(1)), ITEM.is_overdue(day(0))) == (NOW, False, True, False)


def test_an_item_moves_forward_and_is_dropped_only_with_a_reason():
    begun = ITEM.moved(ActionState.IN_PROGRESS, NOW)
    assert (begun.state, begun.ended_at) == (ActionState.IN_PROGRESS, None)
    with pytest.raises(ActionRefused, match="in progress already"):
        begun.moved(ActionState.IN_PROGRESS, NOW)
    with pytest.raises(ActionRefused, match="only with a reason"):
        begun.moved(ActionState.DROPPED, NOW, "  ")
    with pytest.raises(ActionRefused, match="is done and stays so"):
        begun.moved(ActionState.DONE, NOW).moved(ActionState.IN_PROGRESS, NOW)


def test_a_class_is_written_as_item_signal_cause_and_covers_what_is_alike():
    found = IncidentClass.parse(f"{'a' * 32}/error_rate/deployment")
    assert str(found) == f"{'a' * 32}/error_rate/deployment"
    assert found.covers(INCIDENT, [Signal.HEALTH, Signal.ERROR_RATE])
    assert not found.covers(INCIDENT, [Signal.HEALTH])
    assert not found.covers(dataclasses.replace(INCIDENT, item=Item("publisher", "b" * 32)), [Signal.ERROR_RATE])
    assert not found.covers(dataclasses.replace(INCIDENT, cause="external: the site"), [Signal.ERROR_RATE])
    assert IncidentClass.parse("*/*/*").covers(INCIDENT, [])


@pytest.mark.parametrize("text", ["", "*", "*/*", "*/*/*/*", "shelf/*/*", "*/errors/*", "*/*/aliens", "*//*"])
def test_a_class_that_is_none_is_refused_with_what_there_is(text):
    with pytest.raises(UsageError, match="ITEM/SIGNAL/CAUSE") as refused:
        IncidentClass.parse(text)
    assert "error_rate" in refused.value.advice


def test_the_class_of_an_incident_comes_from_its_timeline_and_cause():
    headline = "breach (may be shared): api_failures: 12 of 30; health: extraction failed: a: b; error_rate: proved above 5 %"
    seen = [
        TimelineEntry(NOW, "guard", "breach seen in 1.3.0", headline, "breach_seen"),
        TimelineEntry(NOW, "bob", "rating: bad", "rating: bad"),
    ]
    assert signals_of(seen) == (Signal.API_FAILURES, Signal.HEALTH, Signal.ERROR_RATE)
    assert class_of(INCIDENT, seen) == IncidentClass("a" * 32, Signal.API_FAILURES, Cause.DEPLOYMENT)
    assert class_of(dataclasses.replace(INCIDENT, cause="somebody said so"), []) == IncidentClass("a" * 32)


@pytest.mark.parametrize(
    ("offset", "english", "chinese"),
    [
        (-7, "is due in 7 days: ", "還有 7 天到期："),
        (-1, "is due in 1 day: ", "還有 1 天到期："),
        (0, "is due today: ", "今天到期："),
        (1, "is overdue by 1 day: ", "已逾期 1 天："),
        (9, "is overdue by 9 days: ", "已逾期 9 天："),
    ],
)
def test_a_reminder_says_in_both_languages_how_much_time_is_left_and_what_to_do(offset, english, chinese):
    (reminder,) = reminders_due(ITEM, day(offset))
    for language, words in ((Language.ENGLISH, english), (Language.CHINESE, chinese)):
        assert words in reminder_subject(reminder, language, str)
        body = reminder_body(reminder, language, str.upper)
        for part in ("ADD A CANARY", "ALICE", "2026-07-20", "INC-2026-0001", "release-guard action done ACT-2026-0001"):
            assert part in body


def test_a_title_is_one_line_without_what_cannot_be_seen():
    assert title_of("  add\n::error::a canary\u202e \x1b[2J ") == "add ::error::a canary [2J"
    for wrong in ("", " \n\u200b", "x" * 201):
        with pytest.raises(UsageError, match="1 to 200"):
            title_of(wrong)
