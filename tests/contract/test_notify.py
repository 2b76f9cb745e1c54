"""Who is told of what, by which way and when; each test on both databases, against services that listen on this machine."""

import dataclasses
import threading

import pytest

from contract import notify_world
from contract.notify_world import REPEAT, text_of, told
from guard.incidents.events import Kind, said
from guard.incidents.incident import IncidentState
from guard.notify.delivery import deliver_due
from guard.notify.message import Message
from guard.severity import Severity
from guard.store.messages import put_message
from guard.store.silences import SilenceKind


@pytest.fixture(scope="module")
def listening():
    yield from notify_world.listen()


@pytest.fixture
def here(database, clock, listening, monkeypatch):
    return notify_world.guards(database, clock, listening, monkeypatch)


@pytest.mark.parametrize(
    ("severity", "who"),
    [
        pytest.param(Severity.P0, {"slack": 1, "mail": 1, "phone": 1}, id="P0: slack-critical, e-mail to management, SMS"),
        pytest.param(Severity.P1, {"slack": 1, "mail": 1}, id="P1: slack-alerts, team e-mail"),
        pytest.param(Severity.P2, {"general": 1}, id="P2: slack-general"),
        pytest.param(Severity.P3, {"hook": 1}, id="P3: ticket"),
    ],
)
def test_section_6_channels_of_each_severity(here, severity, who):
    world = here()
    world.open(severity)
    assert world.deliver() == sum(who.values())
    assert told(world) == who
    assert world.deliver() == 0, "once"


def test_section_6_p0_mentions_here_and_the_incident_commander(here):
    world = here(oncall={"person": [{"name": "ann"}], "rotation": ["ann"]})
    world.open(Severity.P0)
    world.open(Severity.P1)
    world.deliver()
    first, second = (message["text"] for message in world.services.slack.taken)
    assert first.startswith("<!here> <@U0ANN> P0 INC-2026-0001: ")
    assert second.startswith("<@U0ANN> P1 INC-2026-0002: "), "here is for P0 alone"


def test_channels_of_a_severity_can_be_others(here):
    world = here(severity={"P0": {"channels": ["team"]}})
    world.open(Severity.P0)
    world.deliver()
    assert told(world) == {"hook": 1}


def test_what_one_woken_at_night_needs_stands_in_the_message(here):
    world = here()
    incident = world.open()
    world.say(incident, Kind.PROPOSED, target="1.2.0", version="1.3.0", new_version="1.3.0.1")
    world.deliver()
    opened, proposed = (message["text"] for message in world.services.slack.taken)
    for words in ("error rate over its limit", "shelf, version 1.3.0", "12,345 users", "2026-07-01 02:00 UTC", "31 of 100 fail"):
        assert words in opened
    assert "release-guard incident ack INC-2026-0001 --by NAME" in opened
    assert "release-guard rollback approve INC-2026-0001 --by NAME" in proposed


def test_one_incident_is_one_thread(here):
    world = here()
    incidents = [world.open(), world.open()]
    world.deliver()
    for incident in incidents:
        world.resolve(incident)
    world.deliver()
    roots = [message.get("thread_ts") for message in world.services.slack.taken]
    assert roots == [None, None, "1503435956.000000", "1503435956.000001"]
    subjects = {mail["Subject"] for mail in world.mail.taken}
    references = [mail["References"] for mail in world.mail.taken]
    assert (len(subjects), references[:2]) == (2, references[2:])
    assert references[0] == "<inc-2026-0001.mail@release-guard.invalid>"


class Undone(Exception):
    pass


def raised_and_undone(world, incident):
    with world.engine.incidents.holding(incident.id) as held:
        held.say(said(Kind.SEVERITY_RAISED, before="P1", after="P0"))
        raise Undone


def test_what_is_undone_is_not_told(here):
    world = here()
    incident = world.open()
    world.deliver()
    with pytest.raises(Undone):
        raised_and_undone(world, incident)
    assert world.deliver() == 0


def test_a_fault_in_our_words_undoes_nothing_and_is_told_shortly(here, monkeypatch, caplog):
    world = here()
    monkeypatch.setattr("guard.notify.announcing.words", lambda *_: 1 // 0)
    incident = world.open()
    world.deliver()
    assert world.engine.incidents.get(incident.id) == incident
    assert world.services.slack.taken[0]["text"] == "P0 INC-2026-0001: breach seen in 1.3.0"
    assert "cannot be made" in caplog.text


def test_who_was_told_of_it_is_told_of_its_end(here):
    world = here()
    incident = world.open(Severity.P2)
    raised = world.engine.incidents.get(incident.id)
    with world.engine.incidents.holding(incident.id) as held:
        held.become(dataclasses.replace(raised, severity=Severity.P1))
        held.say(said(Kind.SEVERITY_RAISED, before="P2", after="P1"))
    world.deliver()
    assert told(world) == {"general": 2, "slack": 1, "mail": 1}, "who knew it as P2 hears that it is worse"
    world.say(incident, Kind.ROLLBACK_DONE, new_version="1.3.0.1", target="1.2.0")
    world.resolve(world.engine.incidents.get(incident.id))
    world.deliver()
    assert told(world) == {"general": 3, "slack": 3, "mail": 3}


def test_text_messages_are_spent_on_what_somebody_has_to_do(here):
    world = here()
    incident = world.open()
    world.say(incident, Kind.CLOCK_WARNED, left=180, clock="respond")
    world.say(incident, Kind.ROLLBACK_BEGUN, plan="", new_version="1.3.0.1", version="1.3.0", target="1.2.0")
    world.deliver()
    assert told(world) == {"slack": 3, "mail": 3, "phone": 1}


def test_a_postmortem_is_asked_for_a_day_after_a_p0_unless_it_is_done(here):
    world = here()
    first, second = world.open(), world.open(Severity.P1)
    for incident in (first, second):
        resolved = world.resolve(incident)
    world.deliver()
    world.engine.incidents.move(resolved, IncidentState.POSTMORTEM_DONE, said(Kind.POSTMORTEM_DONE))
    assert world.deliver(seconds=86_000) == 0
    before = told(world)
    world.deliver(seconds=400)
    assert {name: count - before[name] for name, count in told(world).items()} == {"slack": 1, "mail": 1, "phone": 0}
    assert "release-guard postmortem INC-2026-0001" in world.services.slack.taken[-1]["text"]
    assert [outcome for event, outcome in world.log("slack") if event == "postmortem_due"] == ["sent", "dropped"]


@pytest.mark.parametrize("of_all", [True, False])
def test_a_silence_drops_with_a_note_until_it_is_ended(here, of_all):
    world = here()
    item = None if of_all else notify_world.ITEM
    now = world.clock()
    silence = world.engine.silences.add(item, SilenceKind.MAINTENANCE, "ann", "the store moves", now, now.replace(hour=5))
    world.open()
    world.deliver()
    assert told(world) == {}
    (note,) = {one.words for one in world.engine.messages.log()}
    assert note == f"maintenance {silence.id} of {'every item' if of_all else 'a' * 32} until 2026-07-01 05:00 UTC by ann: the store moves"
    assert world.engine.silences.end(silence.id, "bob")[1]
    assert not world.engine.silences.end(silence.id, "bob")[1], "it was over already"
    world.open()
    world.deliver()
    assert told(world) == {"slack": 1, "mail": 1, "phone": 1}


def test_a_silence_of_another_item_or_time_silences_nothing(here):
    world = here()
    now = world.clock()
    other = notify_world.Item("publisher", "b" * 32)
    world.engine.silences.add(other, SilenceKind.SILENCE, "ann", "x", now, now.replace(hour=5))
    world.engine.silences.add(None, SilenceKind.SILENCE, "ann", "x", now.replace(hour=3), now.replace(hour=5))
    world.open(Severity.P2)
    world.deliver()
    assert told(world) == {"general": 1}


def test_quiet_hours_postpone_p2_and_never_p0(here):
    quiet = {"quiet_hours": "22:00-07:00", "time_zone": "Asia/Taipei"}  # it is 10:00 there
    world = here(notify={"target": notify_world.targets(here().services.address, general=quiet, phone=quiet)})
    world.clock.forward(hours=13)
    world.open(Severity.P2)
    world.open(Severity.P0)
    world.deliver()
    assert told(world) == {"slack": 1, "mail": 1, "phone": 1}
    assert [one.words for one in world.engine.messages.log() if one.target == "general"] == ["quiet hours until 2026-07-01 23:00 UTC"]
    world.deliver(seconds=8 * 3600 - 1)
    assert "general" not in told(world)
    world.deliver(seconds=1)
    assert told(world)["general"] == 1
    assert "(10:00" not in world.services.webhook.taken[0]["text"]
    assert "(23:00 Asia/Taipei)" in world.services.webhook.taken[0]["text"]


def test_more_text_messages_than_a_day_may_have_are_dropped(here):
    services_address = here().services.address
    world = here(notify={"target": notify_world.targets(services_address, phone={"sms_per_day": 2})})
    for _ in range(3):
        world.open()
    world.deliver()
    assert told(world) == {"slack": 3, "mail": 3, "phone": 2}
    (note,) = [one.words for one in world.engine.messages.log() if one.outcome.value == "dropped"]
    assert note == "2 text messages went there within 24 hours, and the limit is 2"
    world.clock.forward(days=1, seconds=1)
    world.open()
    world.deliver()
    assert told(world)["phone"] == 3


def test_many_that_deliver_at_once_tell_each_target_once(here):
    world = here()
    for _ in range(6):
        world.open()
    start = threading.Barrier(4)

    def deliver():
        start.wait()
        deliver_due(world.engine)

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while world.deliver():
        pass
    assert told(world) == {"slack": 6, "mail": 6, "phone": 6}
    assert set(world.states().values()) == {"sent"}
    assert len({message["text"] for message in world.services.slack.taken}) == 6


def test_a_target_that_is_configured_no_more_is_dropped(here, database):
    world = here()
    world.open(Severity.P2)
    other = here(notify={"target": notify_world.targets(world.services.address)[:1]})
    other.deliver()
    assert other.states() == {("opened", "general"): "dropped"}
    assert told(world) == {}


def test_without_targets_nothing_is_put_down(here):
    world = here(notify={"target": []})
    world.open()
    assert world.states() == {}


def test_mail_is_text_and_html_and_urgent_where_somebody_is_called(here):
    world = here(language="zh-TW")
    incident = world.open(title="1.3.0: <script>alert(1)</script>")
    world.say(incident, Kind.CLOCK_WARNED, left=180, clock="respond")
    world.deliver()
    opened, warned = world.mail.taken
    assert opened["Importance"] == "high"
    assert warned["Importance"] is None
    page = text_of(opened, "html")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "接下來請執行" in text_of(opened)
    assert not REPEAT.search(text_of(opened))


@pytest.mark.parametrize(
    "to", [pytest.param("ann", id="the next on call"), pytest.param("ann, the boss", id="management, whose channel the severity has not")]
)
def test_an_escalation_reaches_those_who_are_asked_whatever_the_severity(here, to):
    slack = {"channels": ["slack-alerts"]}
    mail = {"channels": ["email-management", "email-team"]} if "boss" in to else {"channels": ["email-team"]}
    alone = {"P1": {"channels": ["slack-alerts"]}} if "boss" in to else {}
    targets = notify_world.targets(here().services.address, slack=slack, mail=mail)
    world = here(notify={"target": targets}, oncall={"management": ["the boss"]}, severity=alone)
    incident = world.open(Severity.P1)
    world.deliver()
    before = told(world).get("mail", 0)
    world.say(incident, Kind.ESCALATED, to=to)
    world.deliver()
    assert told(world)["phone"] == 1
    assert told(world)["mail"] == before + 1
    assert world.services.slack.taken[-1]["text"].startswith("<@U0ANN> P1")


def test_a_reminder_waits_in_quiet_hours(here, database):
    targets = notify_world.targets(here().services.address, general={"quiet_hours": "00:00-06:00"})
    world = here(notify={"target": targets})
    with database.begin() as connection:
        put_message(connection, Message("k", "action_reminder", "slack-general", "general", "s", "b", world.clock()), world.clock())
    world.deliver()
    assert told(world) == {}
    world.deliver(seconds=4 * 3600)
    assert told(world) == {"general": 1}


def test_two_that_open_the_same_incident_at_once_a_hundred_times_make_one_set_of_messages(here):
    world = here()
    both = threading.Barrier(2)

    def opening():
        for number in range(100):
            both.wait()
            notify_world.open_incident(world.engine, f"round {number}")

    threads = [threading.Thread(target=opening) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [(message.incident_id, message.target) for message, _ in world.engine.messages.all()]
    assert len(found) == len(set(found)) == 300
    assert len(world.engine.incidents.all()) == 100
