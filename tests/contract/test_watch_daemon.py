"""The daemon: neither browser checks nor a rollback keep it from looking, and it looks again as soon as they have ended. In one process."""

import contextlib
import queue
import threading

import pytest

from contract.gate_world import V
from guard.assessor import Assessor
from guard.incidents.incident import IncidentState
from guard.manual import Request, plan_by_hand
from guard.model import Signal
from guard.outcome import Outcome
from guard.rollback.acting import Acting
from guard.rollback.plan import RollbackState
from guard.watcher import Watcher

SECONDS = 30
"""Nothing takes so long, unless it never comes."""


@pytest.fixture
def settings():
    return {"mode": "act", "watch": {"propagation_timeout_seconds": 2, "poll_seconds": 3600}}


@contextlib.contextmanager
def running(world, left=None):
    """The daemon in a thread; what each of its looks came to, as they come. With an hour between ticks, only what ends calls it."""
    watcher, told = Watcher(world.engine), queue.Queue()
    left = [] if left is None else left

    def report(ticks):
        for tick in ticks:
            told.put(tick)

    thread = threading.Thread(target=lambda: left.append(watcher.run(report)))
    thread.start()
    try:
        yield watcher, lambda: told.get(timeout=SECONDS)
    finally:
        watcher.stop()
        thread.join(SECONDS)
        assert not thread.is_alive()


class Slow:
    """Checks that take until they are let go."""

    def __init__(self, world):
        self.begun, self.go = threading.Event(), threading.Event()
        self.world = world
        world.guarded.passing_time = self.wait

    def wait(self):
        self.begun.set()
        assert self.go.wait(SECONDS)


def test_a_look_does_not_wait_for_browsers_and_is_repeated_when_they_are_done(world):
    world.store.publish("1.3.0", a__js="1")
    slow = Slow(world)
    with running(world) as (_, next_tick):
        first = next_tick()
        assert (first.outcome, first.sentence) == (Outcome.INCONCLUSIVE, "1.3.0 is being checked in browsers")
        slow.go.set()
        assert next_tick().outcome is Outcome.HEALTHY


def test_checks_that_fail_to_run_are_told_and_run_again_at_the_next_tick(world):
    world.store.publish("1.3.0", a__js="1")
    world.guarded.broken = RuntimeError("no browser")
    with running(world) as (_, next_tick):
        next_tick()
        assert (tick := next_tick()).outcome is Outcome.FAILED
        assert "unexpected RuntimeError" in tick.sentence


def test_a_look_does_not_wait_for_a_rollback(world):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0"})
    world.store.break_next("rollback", "hold", skip=1)  # the first is the dry run
    with running(world) as (watcher, next_tick):
        assert next_tick().outcome is Outcome.INCONCLUSIVE
        begun = next_tick()
        assert (begun.outcome, begun.exit_code) == (Outcome.ROLLING_BACK, 1)
        watcher._calls.put(world.guarded.extension.id)
        assert next_tick().outcome is Outcome.ROLLING_BACK
        world.store.release()
        ended = next_tick()
        assert (ended.outcome, ended.version) == (Outcome.HEALTHY, "1.3.0.1")
    assert world.store.rollbacks() == [V("1.3.0.1")]
    (incident,) = world.engine.incidents.all()
    assert incident.state.value == "resolved"


def test_to_stop_is_to_wait_for_the_rollback_in_hand(world):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0"})
    world.store.break_next("rollback", "hold", skip=1)
    with running(world) as (watcher, next_tick):
        while next_tick().outcome is not Outcome.ROLLING_BACK:
            pass
        watcher.stop()
        world.store.release()
    (record,) = world.engine.journal.all(world.store.item)
    assert record.state is RollbackState.COMPLETED


@pytest.mark.parametrize("settings", [{"mode": "act", "watch": {"poll_seconds": 3600, "stop_seconds": 0}}])
def test_a_rollback_that_takes_too_long_to_wait_for_is_left_where_it_stands(world):
    world.store.publish("1.3.0", a__js="bad")
    world.guarded.failing = frozenset({"1.3.0"})
    world.store.break_next("rollback", "hold", skip=1)
    left = []
    with running(world, left) as (watcher, next_tick):
        while next_tick().outcome is not Outcome.ROLLING_BACK:
            pass
        watcher.stop()
    assert left == [frozenset({world.guarded.extension.id})]
    world.store.release()
    for thread in threading.enumerate():
        if thread.name.startswith("rollback"):
            thread.join(SECONDS)
    (incident,) = world.engine.incidents.all()
    assert incident.state is IncidentState.MONITORING


def test_what_a_dead_process_left_is_taken_over_beside_the_looks(world):
    world.store.publish("1.3.0", a__js="bad")
    plan = plan_by_hand(world.engine, world.guarded, Request("by hand", "alice"))
    world.engine.journal.create(plan)
    with running(world) as (_, next_tick):
        first = next_tick()
        assert first.outcome is Outcome.ROLLING_BACK
        assert "1.3.0 is being rolled back to 1.2.0 as 1.3.0.1" in first.sentence
        assert next_tick().version == "1.3.0.1"
    assert world.store.rollbacks() == [V("1.3.0.1")]


def test_many_share_one_executor_which_closes_with_the_last():
    opened = []

    @contextlib.contextmanager
    def launch():
        opened.append("open")
        yield object()
        opened.append("closed")

    acting = Acting(launch)
    both, done = threading.Barrier(3), threading.Barrier(3)
    found = []

    def act():
        with acting.executor() as executor:
            both.wait(SECONDS)
            found.append(executor)
            done.wait(SECONDS)

    threads = [threading.Thread(target=act) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert (opened, len(set(map(id, found)))) == (["open", "closed"], 1)
    with acting.executor():
        assert opened == ["open", "closed", "open"]


def test_one_that_cannot_open_leaves_the_next_free_to_try():
    tries = []

    @contextlib.contextmanager
    def launch():
        tries.append(1)
        if len(tries) == 1:
            raise OSError("busy")
        yield object()

    acting = Acting(launch)
    with pytest.raises(OSError, match="busy"), acting.executor():
        pass
    with acting.executor() as executor:
        assert executor is not None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_release_that_too_few_use_to_be_proved_is_judged_seldom_after_a_day(world, monkeypatch):
    extension = world.guarded.extension.model_copy(update={"required_signals": (Signal.HEALTH, Signal.ERROR_RATE)})
    monkeypatch.setattr(world.guarded, "extension", extension)
    judged = []
    assess = Assessor.assess
    monkeypatch.setattr(Assessor, "assess", lambda assessor: judged.append(world.clock()) or assess(assessor))
    world.store.publish("1.3.0", a__js="1")
    watcher = Watcher(world.engine)
    ticks = []
    for _ in range(3):
        ticks += watcher.tick()
        world.clock.forward(seconds=30)
    assert ([one.outcome for one in ticks], len(judged)) == ([Outcome.INCONCLUSIVE] * 3, 3)

    world.clock.forward(days=1)
    judged.clear()
    for _ in range(41):
        assert watcher.tick() == ticks[-1:]
        world.clock.forward(seconds=30)
    assert len(judged) == 3  # at once, and after ten minutes each

    world.guarded.failing = frozenset({"1.3.0"})
    world.clock.forward(minutes=20)
    assert watcher.tick()[0].outcome is Outcome.HELD
    judged.clear()
    watcher.tick()
    assert len(judged) == 1
