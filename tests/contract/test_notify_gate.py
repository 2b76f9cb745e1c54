"""What people read of a whole story: a bad release, found and rolled back by the gate, or proposed and left to a person."""

import pytest

from contract import notify_world
from contract.notify_world import text_of
from guard.notify.delivery import deliver_due


@pytest.fixture(scope="module")
def listening():
    yield from notify_world.listen()


@pytest.fixture(params=["en", "zh-TW"])
def language(request):
    return request.param


@pytest.fixture(params=["act", "propose"])
def mode(request):
    return request.param


@pytest.fixture
def settings(listening, monkeypatch, language, mode):
    notify_world.guards(None, None, listening, monkeypatch)
    services = listening[0]
    every = {"channels": ["everything"]}
    targets = notify_world.targets(services.address, slack=every, mail=every)
    told = {f"P{number}": {"channels": ["everything"]} for number in range(4)}
    return {"mode": mode, "language": language, "notify": {"target": targets}, "severity": told}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_bad_release_is_told_step_by_step(world, listening, language, mode):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0"})
    world.gate()
    deliver_due(world.engine)
    services, mail = listening
    events = [message.event for message, _ in world.engine.messages.all() if message.target == "slack"]
    acted = ["opened", "rollback_begun", "rollback_done", "resolved"]
    assert events == (acted if mode == "act" else ["opened", "rollback_proposed"])
    assert [message["text"] for message in services.slack.taken] == [
        message.body for message, _ in world.engine.messages.all() if message.target == "slack"
    ]
    assert [bool(message.get("thread_ts")) for message in services.slack.taken] == [False] + [True] * (len(events) - 1)
    assert len(mail.taken) == len(events)
    assert all(("What is broken" if language == "en" else "出問題的項目") in text_of(one) for one in mail.taken)
