"""What comes of services that are down, slow to take messages, refuse them or lose their answers; each test on both databases."""

import logging

import pytest

from contract import notify_world
from contract.notify_world import REPEAT, text_of, told
from guard.incidents.events import Kind
from guard.notify import delivery
from guard.notify.delivery import deliver_due, wait_after
from guard.notify.message import Attempt, Outcome
from guard.severity import Severity


@pytest.fixture(scope="module")
def listening():
    yield from notify_world.listen()


@pytest.fixture
def here(database, clock, listening, monkeypatch):
    return notify_world.guards(database, clock, listening, monkeypatch)


def test_one_that_is_down_loses_nothing_for_the_others_and_is_told_when_it_returns(here):
    world = here()
    world.mail.stop()
    try:
        incident = world.open()
        world.say(incident, Kind.CLOCK_WARNED, left=180, clock="respond")
        world.deliver()
        assert told(world) == {"slack": 2, "phone": 1}
        for _ in range(8):
            world.deliver(seconds=600)
    finally:
        world.mail.start()
    assert told(world) == {"slack": 2, "phone": 1}
    world.deliver(seconds=600)
    assert told(world) == {"slack": 2, "mail": 2, "phone": 1}
    assert [REPEAT.search(text_of(mail)) for mail in world.mail.taken] == [None, None], "it is certain that nothing arrived before"
    assert ["breach seen" in text_of(mail) for mail in world.mail.taken] == [True, False], "in the order in which it happened"
    assert world.log("mail").count(("opened", "failed")) == 9


def test_everything_that_is_down_at_once_is_told_when_it_returns(here):
    world = here()
    world.services.stop()
    try:
        world.open()
        world.open(Severity.P3)
        world.deliver()
        assert told(world) == {"mail": 1}
    finally:
        world.services.start()
    world.deliver(seconds=11)
    assert told(world) == {"slack": 1, "mail": 1, "phone": 1, "hook": 1}
    assert set(world.states().values()) == {"sent"}


def test_the_wait_grows_from_ten_seconds_to_two_minutes(here):
    assert [wait_after(attempt) for attempt in (1, 2, 3, 4, 5, 8, 5000)] == [10, 20, 40, 80, 120, 120, 120]
    world = here()
    world.services.webhook.fault(403, "invalid_token")
    world.services.webhook.fault(429, "", Retry_After="42")
    world.open(Severity.P2)
    for seconds, outcomes in ((0, 1), (119, 1), (1, 2), (41, 2), (1, 3)):
        world.deliver(seconds=seconds)
        assert len(world.log()) == outcomes
    assert [outcome for _, outcome in world.log()] == ["failed", "failed", "sent"]
    assert told(world) == {"general": 1}


@pytest.mark.parametrize(
    ("fault", "words", "wait"),
    [
        pytest.param(
            (429, {"ok": False, "error": "ratelimited"}, {"Retry_After": "30"}),
            "Slack asks for fewer messages (HTTP 429)",
            30,
            id="too many",
        ),
        pytest.param((429, "", {"Retry_After": "tomorrow"}), "Slack asks for fewer messages (HTTP 429)", 10, id="too many, and no number"),
        pytest.param(
            (200, {"ok": False, "error": "invalid_auth"}, {}), "refused by Slack (invalid_auth)", 120, id="a token that is withdrawn"
        ),
        pytest.param(
            (200, {"ok": False, "error": "channel_not_found"}, {}), "refused by Slack (channel_not_found)", 120, id="a channel that is gone"
        ),
        pytest.param((200, {"ok": False}, {}), "refused by Slack (without a reason)", 120, id="no reason"),
        pytest.param(
            (302, "", {"Location": "http://127.0.0.1:1/"}),
            "what answered is no answer of Slack (HTTP 302)",
            10,
            id="a redirect is not followed",
        ),
    ],
)
def test_slack_answers_something_else(here, fault, words, wait):
    world = here()
    status, body, headers = fault
    world.services.slack.fault(status, body, **headers)
    world.open(Severity.P1)
    world.deliver()
    (first,) = [one for one in world.engine.messages.log() if one.target == "slack"]
    assert first.words == words
    world.deliver(seconds=wait - 1)
    assert "slack" not in told(world)
    world.deliver(seconds=1)
    assert told(world)["slack"] == 1


def test_a_message_that_is_refused_for_good_is_given_up_and_the_timeline_says_so(here):
    world = here()
    world.services.slack.fault(200, {"ok": False, "error": "msg_too_long"})
    incident = world.open(Severity.P1)
    world.deliver()
    assert world.states() == {("opened", "slack"): "failed", ("opened", "mail"): "sent"}
    assert world.engine.incidents.timeline(incident.id)[-1].event == "slack-alerts could not be told: opened"
    assert world.deliver(seconds=3600) == 0


def test_what_cannot_be_delivered_for_days_is_given_up(here, monkeypatch):
    world = here(notify={"target": notify_world.targets(here().services.address), "give_up_hours": 2})
    monkeypatch.delenv("T_WEBHOOK")
    incident = world.open(Severity.P2)
    world.deliver()
    assert world.engine.messages.log()[0].words == "its variable T_WEBHOOK is not set"
    world.deliver(seconds=2 * 3600)
    assert world.states() == {("opened", "general"): "failed"}
    assert world.engine.incidents.timeline(incident.id)[-1].kind == "message_failed"


@pytest.mark.parametrize("name", ["slack", "webhook", "twilio", "hook"])
def test_a_message_whose_answer_was_lost_is_told_again_and_says_so(here, name):
    world = here()
    service = getattr(world.services, name)
    service.fault(500, "", after=True)
    severity = {"slack": Severity.P1, "webhook": Severity.P2, "twilio": Severity.P0, "hook": Severity.P3}[name]
    world.open(severity)
    world.deliver()
    if name in {"twilio", "hook"}:  # apprise takes 500 for a refusal, and so do we
        service.taken.clear()
    world.deliver(seconds=10)
    texts = [str(message.get("text") or message.get("Body") or message.get("message")) for message in service.taken]
    assert [bool(REPEAT.search(text)) for text in texts] == ([False] if name in {"twilio", "hook"} else [False, True])
    if name == "hook":
        assert len(set(world.services.keys)) == 1, "the same key each time"


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_whoever_dies_with_a_message_in_hand_is_followed_after_a_minute_and_the_second_says_so(here, monkeypatch, language):
    world = here(language=language)
    world.open(Severity.P0)

    class Killed(BaseException):
        pass

    def die(target, parcel):
        delivery.send(target, parcel)
        raise Killed

    with pytest.raises(Killed):
        deliver_due(world.engine, die)
    assert told(world) == {"slack": 1, "mail": 1, "phone": 1}
    world.deliver(seconds=59)
    assert told(world) == {"slack": 1, "mail": 1, "phone": 1}, "it might still be at work"
    world.deliver(seconds=1)
    assert told(world) == {"slack": 2, "mail": 2, "phone": 2}
    texts = [world.services.slack.taken[1]["text"], text_of(world.mail.taken[1]), world.services.twilio.taken[1]["Body"]]
    assert all(REPEAT.search(text) for text in texts)
    assert set(world.states().values()) == {"unsure"}
    assert world.log("slack") == [("opened", "unsure"), ("opened", "sent")]


def test_who_comes_back_from_the_dead_changes_nothing_that_another_wrote(here):
    world = here()
    world.open(Severity.P2)
    (queued,) = world.engine.messages.waiting()
    slow = world.engine.messages.claim(queued, "slow")
    world.deliver(seconds=61)
    world.engine.messages.finish(slow, "slow", Attempt(Outcome.PASSING, "x"), delivery.MessageState.PENDING, world.clock())
    assert world.states() == {("opened", "general"): "unsure"}
    assert world.deliver() == 0


def test_a_fault_of_ours_in_one_way_of_sending_keeps_nobody_else_from_being_told(here, caplog):
    world = here()

    def sending(target, parcel):
        if target.name == "slack":
            raise RuntimeError(f"at https://hooks.example/{notify_world.TOKEN}")
        return delivery.send(target, parcel)

    world.open()
    deliver_due(world.engine, sending)
    assert told(world) == {"mail": 1, "phone": 1}
    assert "RuntimeError" in caplog.text
    assert notify_world.TOKEN not in caplog.text + str(world.engine.messages.log())


@pytest.fixture
def written():
    """What a program that logs everything would write; caplog also hears loggers that keep what they say to themselves."""
    lines = []

    class Listening(logging.Handler):
        def emit(self, record):
            if not record.name.startswith("mail.log"):  # the mail server's own
                lines.append(record.getMessage())

    handler = Listening(0)
    root, quiet = logging.getLogger(), logging.getLogger("urllib3")  # the command line, run by an earlier test, has quieted that one
    levels = {logger: logger.level for logger in (root, quiet)}
    root.addHandler(handler)
    for logger in levels:
        logger.setLevel(0)
    yield lines
    for logger, level in levels.items():
        logger.setLevel(level)
    root.removeHandler(handler)


def test_no_secret_is_logged_or_kept_whatever_goes_wrong(here, written):
    logging.getLogger("urllib3.connectionpool").debug("heard")
    assert written == ["heard"]
    world = here()
    for service in (world.services.slack, world.services.webhook, world.services.twilio, world.services.hook):
        service.fault(404, "secret of the service: xoxb-a-token")
    world.mail.answers.append("550 no such user ann@example.org")
    for severity in Severity:
        world.open(severity)
    world.deliver()
    said = "\n".join(written) + str(world.engine.messages.log())
    for secret in (notify_world.TOKEN, notify_world.TWILIO, "T0/B0/secret", "ann@example.org", "15551231111"):
        assert secret not in said
    words = {one.target: one.words for one in world.engine.messages.log() if one.outcome is not Outcome.SENT}
    assert words["mail"] == "refused by the service (550)"
    assert words["phone"] == "refused by the service (404)"
