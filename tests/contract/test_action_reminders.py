"""Reminders of action items are put down once each, on both databases, however many processes look and however often they restart."""

import random
import threading
from collections import Counter
from datetime import date, timedelta

import pytest
import sqlalchemy

from factories import Clock
from guard.config import Config
from guard.engine import Engine
from guard.incidents.action_items import ActionItem, ActionRefused, ActionState, Priority
from guard.reminding import remind_due
from guard.store.action_items import ActionItems
from guard.store.schema_response import messages

SEED = 20261125
MAIL = {"name": "team", "kind": "email", "channels": ["email-team"], "url_env": "TEAM_URL"}
SLACK = {
    "name": "general",
    "kind": "slack-webhook",
    "channels": ["slack-general", "slack-alerts"],
    "url_env": "SLACK_URL",
    "language": "zh-TW",
}
SMS = {"name": "phone", "kind": "sms", "channels": ["on-call"], "url_env": "SMS_URL"}


def an_engine(database, clock, tmp_path, **settings):
    """A process of its own, as far as the database can tell."""
    extension = {"id": "a" * 32, "publisher": "publisher"}
    config = Config.model_validate({"state": str(tmp_path), "notify": {"target": [MAIL, SLACK, SMS]}, "extension": [extension], **settings})
    return Engine(config, database, now=clock)


@pytest.fixture
def engine(database, clock, tmp_path):
    return an_engine(database, clock, tmp_path)


def an_item(engine, days, title="add a canary"):
    due = engine.now().date() + timedelta(days=days)
    return ActionItems(engine.database, engine.now).add(ActionItem("", title, "alice", Priority.HIGH, due, "bob", engine.now()))


def rows(database):
    with database.connect() as connection:
        return connection.execute(sqlalchemy.select(messages).order_by(messages.c.id)).mappings().all()


def test_each_target_is_told_once_in_its_own_language(engine, clock, database):
    item = an_item(engine, 7, "tell *everybody* <now>")
    assert [remind_due(engine) for _ in range(3)] == [2, 0, 0]
    mail, slack = rows(database)
    assert (mail["target"], mail["channel"], mail["event"], mail["state"]) == ("team", "email-team", "action_reminder", "pending")
    assert mail["subject"] == f"{item.id} is due in 7 days: tell *everybody* <now>"
    assert "還有 7 天到期" in slack["subject"]
    assert "*everybody*" not in slack["body"]
    assert "&lt;now&gt;" in slack["body"]
    clock.forward(days=3)
    assert remind_due(engine) == 0
    clock.forward(days=1)
    assert remind_due(engine) == 2
    assert {row["key"].split(":")[2] for row in rows(database)} == {"7-days-before", "3-days-before"}


def test_a_month_with_restarts_and_two_processes_reminds_of_each_day_once(database, clock, tmp_path):
    chance = random.Random(SEED)
    begun = clock().date()
    due = {an_item(an_engine(database, clock, tmp_path), days).id: begun + timedelta(days=days) for days in (2, 5, 7, 12, 20, 29)}
    ended = {}
    for _ in range(31 * 4):
        engines = [an_engine(database, clock, tmp_path) for _ in range(chance.choice([1, 2]))]  # each a new process
        threads = [threading.Thread(target=remind_due, args=(engine,)) for engine in engines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if chance.random() < 0.03 and len(ended) < 3:
            name = chance.choice(sorted(set(due) - set(ended)))
            records = ActionItems(database, clock)
            records.move(records.get(name), ActionState.DONE, "alice")
            ended[name] = clock().date()
        clock.forward(hours=6)
    expected = Counter()
    for name, last in due.items():
        for day in (begun + timedelta(days=offset) for offset in range(31)):
            if day > ended.get(name, date.max):
                continue
            expected[name] += (last - day).days in {7, 3} or day > last
    told = Counter(row["key"].split(":")[0] for row in rows(database) if row["target"] == "team")
    assert ended
    assert told == +expected
    assert len({row["key"] for row in rows(database)}) == len(rows(database)) == 2 * sum(told.values())


@pytest.mark.parametrize("end", [ActionState.DONE, ActionState.DROPPED])
def test_what_has_ended_asks_for_nothing_more_and_what_waits_to_be_sent_is_dropped(engine, clock, database, end):
    item, other = an_item(engine, 3), an_item(engine, 3, "another")
    assert remind_due(engine) == 4
    records = ActionItems(database, clock)
    records.move(item, end, "alice", "not worth it")
    assert {(row["key"].split(":")[0], row["state"]) for row in rows(database)} == {(item.id, "dropped"), (other.id, "pending")}
    clock.forward(days=9)
    assert remind_due(engine) == 2
    with pytest.raises(ActionRefused):
        records.move(item, ActionState.DONE, "bob")  # as it was read before


def test_the_end_of_an_item_and_its_reminder_at_once_leave_nothing_to_send(engine, clock, database):
    records = ActionItems(database, clock)
    for _ in range(20):
        item = an_item(engine, 3)
        start = threading.Barrier(2)

        def remind(start=start):
            start.wait()
            remind_due(engine)

        def end(item=item, start=start):
            start.wait()
            records.move(item, ActionState.DONE, "alice")

        threads = [threading.Thread(target=remind), threading.Thread(target=end)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {row["state"] for row in rows(database)} <= {"dropped"}


def test_a_new_due_date_drops_what_was_to_be_said_of_the_old_one_and_is_reminded_of_itself(engine, clock, database):
    item = an_item(engine, 3)
    remind_due(engine)
    ActionItems(database, clock).postpone(item, item.due_on + timedelta(days=10))
    assert {row["state"] for row in rows(database)} == {"dropped"}
    assert remind_due(engine) == 0
    clock.forward(days=6)
    assert remind_due(engine) == 2


def test_channels_are_configured_and_a_text_message_is_short(database, clock, tmp_path):
    engine = an_engine(database, clock, tmp_path, actions={"channels": ["on-call", "nobody"]})
    an_item(engine, -2, "x" * 200)
    assert remind_due(engine) == 1
    (row,) = rows(database)
    assert (row["target"], "\n" in row["body"], len(row["body"]) <= 306) == ("phone", False, True)
    assert row["subject"].startswith("ACT-2026-0001 is overdue by 2 days: ")
    assert remind_due(an_engine(database, Clock(), tmp_path, actions={"channels": []})) == 0
