"""The stream of changes: what another process writes is told within moments, to all, and nobody who is slow holds anybody up."""

import asyncio
import contextlib
import json
import threading
from datetime import timedelta

import pytest
import requests

from guard import incident_life as life
from guard.dashboard.events import Hub
from guard.dashboard.refusals import Overloaded
from guard.engine import Engine
from guard.incidents.action_items import ActionState
from guard.ordering import pause
from guard.outcome import Outcome
from guard.store import changes
from guard.store.action_items import ActionItems
from guard.store.database import open_database
from guard.store.looks import LookRecord

SECONDS = 60


class Stream:
    """One listener; it reads until something is told."""

    def __init__(self, site, last_id=None):
        headers = {"Last-Event-ID": last_id} if last_id else {}
        self._answer = requests.get(f"{site.base}/api/v1/events", headers=headers, stream=True, timeout=SECONDS)
        self.lines = self._answer.iter_lines(chunk_size=1, decode_unicode=True)
        self.status, self.headers, self.last_id = self._answer.status_code, self._answer.headers, None

    def opened(self):
        """Wait until the server listens for it."""
        assert next(self.lines) == "retry: 2000"
        self.last_id = next(self.lines).removeprefix("id: ")
        return self

    def topics(self):
        """What is told next; a stream that only says that it is there has nothing to tell."""
        for line in self.lines:
            assert not line.startswith(":"), "nothing was told for as long as a heartbeat takes"
            if line.startswith("id: "):
                self.last_id = line.removeprefix("id: ")
            if line.startswith("data: "):
                return set(json.loads(line.removeprefix("data: "))["topics"])
        return None

    def until(self, topic):
        """Wait for a topic; all that was told meanwhile."""
        heard = set()
        while topic not in heard:
            told = self.topics()
            assert told is not None, heard
            heard |= told
        return heard

    def close(self):
        self._answer.close()


@pytest.fixture
def listening(site):
    with contextlib.closing(Stream(site).opened()) as stream:
        wait_for_first_look(site)
        yield stream


def wait_for_first_look(site):
    """What was before the first look is told to nobody."""
    while site.dashboard.hub._known is None:
        threading.Event().wait(0.01)


@pytest.fixture
def another(filled):
    """Another process on the same database."""
    engine = open_database(filled.engine.database.url.render_as_string(hide_password=False))
    yield Engine(filled.config, engine, now=filled.clock)
    engine.dispose()


def test_what_another_process_writes_is_told_with_what_it_is_about(site, listening, another):
    assert listening.headers["content-type"].startswith("text/event-stream")
    life.note(another, site.filled.waiting, "hello", "ann")
    heard = listening.until(f"incident:{site.filled.waiting}")
    assert {"overview", "history", f"release:{site.filled.item.id}/2.0.0"} <= heard
    later = site.filled.clock() + timedelta(seconds=30)
    another.looks.record(LookRecord(site.filled.item, "2.0.0", Outcome.HELD, "again", later, 0.1))
    assert listening.until(f"release:{site.filled.item.id}/2.0.0")
    pause(another, site.filled.item, "ann", "x")
    assert listening.until("*")
    items = ActionItems(another.database, another.now)
    items.move(items.all(only_open=True)[0], ActionState.DONE, "bob")
    assert listening.until("history")


def test_every_step_of_a_rollback_is_told(site, listening, another):
    record = another.journal.all(site.filled.config.extension[3].item)[0]
    another.journal.restart(record.plan)
    assert "history" in listening.until(f"release:{record.plan.item.id}/2.0.0")
    for step in [step.name for step in record.steps][:2]:
        another.journal.begin(record.plan.id, step)
        assert any(topic.startswith("incident:") for topic in listening.until(f"release:{record.plan.item.id}/2.0.0"))


def test_who_comes_back_hears_what_was_missed_and_after_long_that_everything_may_have_changed(site, another):
    first = Stream(site).opened()
    wait_for_first_look(site)
    life.note(another, site.filled.waiting, "one", "ann")
    first.until(f"incident:{site.filled.waiting}")
    seen = first.last_id
    life.note(another, site.filled.incidents[0], "two", "ann")
    first.until(f"incident:{site.filled.incidents[0]}")
    first.close()
    with contextlib.closing(Stream(site, seen).opened()) as back:
        assert f"incident:{site.filled.incidents[0]}" in (back.topics() or ())
    for unknown in ("another-process-5", "0-0", f"{seen.partition('-')[0]}-99", "é", "x" * 500):
        with contextlib.closing(Stream(site, unknown.encode().decode("latin-1")).opened()) as back:
            assert back.topics() == {"*"}, unknown


def test_two_browsers_hear_the_same(site, another):
    with contextlib.closing(Stream(site).opened()) as one, contextlib.closing(Stream(site).opened()) as two:
        wait_for_first_look(site)
        life.acknowledge(another, site.filled.waiting, "ann")
        assert one.until(f"incident:{site.filled.waiting}") == two.until(f"incident:{site.filled.waiting}")


def test_when_nobody_listens_the_database_is_not_asked_and_what_happened_meanwhile_is_told(site, listening, another):
    listening.close()
    life.note(another, site.filled.waiting, "wake", "ann")  # a stream ends when it is written to
    while site.dashboard.hub.listeners or site.dashboard.hub._looking is not None:
        threading.Event().wait(0.02)
        life.note(another, site.filled.waiting, "wake", "ann")
    life.note(another, site.filled.incidents[0], "meanwhile", "ann")
    with contextlib.closing(Stream(site, listening.last_id).opened()) as back:
        back.until(f"incident:{site.filled.incidents[0]}")


class Told:
    """A hub without a database: what changes is what a test says."""

    def __init__(self, most=200):
        self.topics, self.looks = [], 0
        self.hub = Hub(self.look, self.ask, most=most)

    def look(self, before):
        self.looks += 1
        return object(), frozenset(self.topics.pop(0) if self.topics and before is not None else ())

    async def ask(self, work):
        return work()


async def begun(hub, last_id=None):
    stream = hub.listen(last_id)
    assert (await anext(stream)).startswith("retry: 2000")
    return stream


def test_a_slow_listener_is_dropped_and_holds_nobody_up(monkeypatch):
    monkeypatch.setattr("guard.dashboard.events._EVERY_SECONDS", 0.0)

    async def story():
        told = Told()
        slow, quick = await begun(told.hub), await begun(told.hub)
        for number in range(100):
            told.topics.append({f"incident:{number}"})
            assert f"incident:{number}" in await anext(quick)
        assert told.hub.listeners == 1
        assert [part async for part in slow] == []
        told.hub.close()

    asyncio.run(asyncio.wait_for(story(), SECONDS))


def test_there_are_only_so_many_listeners_and_none_after_the_end():
    async def story():
        told = Told(most=2)
        streams = [await begun(told.hub) for _ in range(2)]
        with pytest.raises(Overloaded):
            told.hub.must_have_room()
        with pytest.raises(Overloaded):
            await begun(told.hub)
        await streams[0].aclose()
        again = await begun(told.hub)
        told.hub.close()
        assert [part async for part in again] == []
        with pytest.raises(Overloaded):
            told.hub.must_have_room()

    asyncio.run(asyncio.wait_for(story(), SECONDS))


def test_a_database_that_stumbles_ends_no_stream(monkeypatch, caplog):
    monkeypatch.setattr("guard.dashboard.events._EVERY_SECONDS", 0.0)

    async def story():
        told = Told()
        stream = await begun(told.hub)
        look, failures = told.hub._look, [Overloaded("busy")] * 3

        def stumbling(before):
            if failures:
                raise failures.pop()
            return look(before)

        told.hub._look = stumbling
        told.topics.append({"overview"})
        assert "overview" in await anext(stream)
        told.hub.close()

    asyncio.run(asyncio.wait_for(story(), SECONDS))
    assert "changes could not be looked for (Overloaded)" in caplog.text


def test_a_quiet_stream_is_kept_alive_by_comments(monkeypatch):
    monkeypatch.setattr("guard.dashboard.events._HEARTBEAT_SECONDS", 0.01)

    async def story():
        told = Told()
        stream = await begun(told.hub)
        assert (await anext(stream)).startswith(":")
        told.hub.close()

    asyncio.run(asyncio.wait_for(story(), SECONDS))


def test_nothing_has_changed_where_nothing_was_written(filled):
    first, topics = changes.look(filled.engine.database, None)
    assert topics == frozenset()
    assert changes.look(filled.engine.database, first) == (first, frozenset())


def test_so_many_changes_that_naming_them_is_no_use_are_told_as_everything(filled, monkeypatch):
    before, _ = changes.look(filled.engine.database, None)
    monkeypatch.setattr(changes, "_MOST_NAMED", 2)
    for incident in filled.incidents[:3]:
        life.note(filled.engine, incident, "x", "ann")
    _, topics = changes.look(filled.engine.database, before)
    assert "*" in topics
