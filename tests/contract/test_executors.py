"""Processes that share a database: who is alive, and how the extensions are spread over those that watch. On both databases."""

import threading
from datetime import timedelta

import pytest

from guard.store.executors import DEAD_AFTER, Executors
from webstore.models import Item

ITEMS = [Item("publisher", letter * 32) for letter in "abcdefghij"]


@pytest.fixture
def executors(database, clock):
    return Executors(database, clock)


def held(executors, *processes):
    return [executors.hold(process, ITEMS) for process in processes]


def test_one_alone_watches_everything(executors):
    me = executors.join("watch")
    assert executors.hold(me, ITEMS) == ITEMS
    assert executors.watched() == {me.id: ITEMS}


def test_one_that_joins_gets_its_share_and_no_item_is_watched_by_two(executors):
    first = executors.join("watch")
    executors.hold(first, ITEMS)
    second, third = executors.join("watch"), executors.join("watch")
    held(executors, first, second, third)
    shares = held(executors, first, second, third)
    assert sorted(len(share) for share in shares) == [2, 4, 4]
    assert sorted(item.id for share in shares for item in share) == [item.id for item in ITEMS]


def test_what_the_dead_watched_is_taken_over(executors, clock):
    first, second = executors.join("watch"), executors.join("watch")
    assert [len(share) for share in held(executors, first, second)] == [5, 5]
    clock.forward(seconds=DEAD_AFTER.total_seconds() - 1)
    executors.beat(second)
    assert len(executors.hold(second, ITEMS)) == 5
    clock.forward(seconds=2)
    assert executors.hold(second, ITEMS) == ITEMS
    assert [one.id for one in executors.alive()] == [second.id]


def test_one_that_leaves_gives_back_at_once(executors):
    first, second = executors.join("watch"), executors.join("watch")
    held(executors, first, second)
    executors.leave(first)
    assert executors.hold(second, ITEMS) == ITEMS
    assert [one.id for one in executors.all()] == [second.id]


def test_a_process_of_another_role_takes_no_share(executors):
    me = executors.join("watch")
    executors.join("gate")
    assert executors.hold(me, ITEMS) == ITEMS


def test_an_item_that_is_no_longer_configured_is_given_back(executors):
    me = executors.join("watch")
    executors.hold(me, ITEMS)
    assert executors.hold(me, ITEMS[:3]) == ITEMS[:3]
    assert executors.watched() == {me.id: ITEMS[:3]}


def test_one_that_was_forgotten_is_entered_again_by_its_next_beat(executors, clock):
    me = executors.join("watch")
    clock.forward(hours=30)
    executors.join("watch")
    assert me.id not in {one.id for one in executors.all()}
    executors.beat(me)
    assert next(one for one in executors.all() if one.id == me.id).seen_at == clock()


def test_many_at_once_never_hold_the_same_item(executors):
    processes = [executors.join("watch") for _ in range(4)]
    ready = threading.Barrier(len(processes))
    shares = {}

    def take(process):
        ready.wait()
        shares[process.id] = executors.hold(process, ITEMS)

    threads = [threading.Thread(target=take, args=(process,)) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [item for share in shares.values() for item in share]
    assert len(taken) == len(set(taken))
    assert set(held(executors, *processes)[0]) <= set(ITEMS)


def test_life_is_counted_from_the_last_beat(executors, clock):
    me = executors.join("watch")
    assert me.is_alive(clock() + DEAD_AFTER)
    assert not me.is_alive(clock() + DEAD_AFTER + timedelta(seconds=1))
