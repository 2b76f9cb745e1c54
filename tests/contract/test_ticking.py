"""The clockwork beside other work: it goes on while that lasts, whatever goes wrong in it, and what came last is not left."""

import threading

import pytest
from sqlalchemy.exc import OperationalError

from guard.errors import GuardError
from guard.ticking import ticking

SECONDS = 30


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("guard.ticking.EVERY_SECONDS", 0.001)


@pytest.mark.parametrize("fault", [GuardError("a"), OperationalError("b", {}, Exception("secret")), ValueError("c")])
def test_it_goes_on_whatever_goes_wrong(world, quick, fault):
    calls, often = [], threading.Event()

    def due(_engine):
        calls.append(1)
        if len(calls) == 3:
            often.set()
        raise fault

    with ticking(world.engine, due):
        assert often.wait(SECONDS)


def test_what_comes_last_is_still_told(world):
    put_down, told = [], []
    with ticking(world.engine, lambda _engine: told.extend(put_down)):
        put_down.append("resolved")
    assert "resolved" in told


def test_it_ends_with_what_it_is_beside(world):
    with pytest.raises(KeyError), ticking(world.engine, lambda _engine: None):
        raise KeyError
    assert not [thread for thread in threading.enumerate() if thread.name == "clockwork"]
