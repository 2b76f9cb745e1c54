"""One actor a rollback, on both databases: of many that ask at once one gets it, and the dead lose theirs."""

import threading

import pytest

from guard.store.claims import Claims


@pytest.fixture
def claims(database, clock):
    return Claims(database, clock)


def test_the_first_takes_it_and_a_living_one_keeps_it(claims):
    assert claims.take("r", "a", ["a", "b"]) == 1
    assert claims.take("r", "b", ["a", "b"]) is None
    assert claims.holder("r") == "a"
    assert claims.held() == {"a": ["r"]}


def test_what_the_dead_held_is_taken_and_they_are_told_so_when_they_wake(claims):
    assert claims.take("r", "a", ["a"]) == 1
    assert claims.take("r", "b", ["b"]) == 2
    assert not claims.holds("r", "a", 1)
    assert claims.holds("r", "b", 2)
    assert claims.take("r", "a", ["a", "b"]) is None


def test_its_holder_takes_it_again_and_that_counts(claims):
    assert [claims.take("r", "a", ["a"]) for _ in range(3)] == [1, 2, 3]
    assert not claims.holds("r", "a", 1)


def test_of_many_at_once_one_gets_it(claims):
    names = [f"process-{number}" for number in range(8)]
    ready, won = threading.Barrier(len(names)), []

    def ask(name):
        ready.wait()
        if claims.take("r", name, names) is not None:
            won.append(name)

    threads = [threading.Thread(target=ask, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert claims.holder("r") == won[0]
