"""What a steady poll of one item may cost: thousands are polled, so one question or statement more is thousands."""

import contextlib
from collections import Counter
from urllib.parse import urlsplit

import pytest
import sqlalchemy.event
from requests.adapters import HTTPAdapter

from guard.sources.sentry import QUESTIONS_A_POLL
from guard.watcher import Watcher


@pytest.fixture
def settings(visitors):
    return visitors.settings()


@pytest.fixture
def calls(monkeypatch):
    """Every HTTP request by the last part of its path."""
    found, send = Counter(), HTTPAdapter.send

    def counted(adapter, request, **options):
        found[urlsplit(request.url).path.rstrip("/").rpartition("/")[2].rpartition(":")[2]] += 1
        return send(adapter, request, **options)

    monkeypatch.setattr(HTTPAdapter, "send", counted)
    return found


@pytest.fixture
def statements(world):
    """The first word of every statement."""
    found = []

    def seen(_connection, _cursor, statement, *_rest):
        found.append(statement.split()[0])

    sqlalchemy.event.listen(world.engine.database, "before_cursor_execute", seen)
    yield found
    sqlalchemy.event.remove(world.engine.database, "before_cursor_execute", seen)


def use(visitors):
    """Both versions are used, and fail at times."""
    for version in ("1.2.0", "1.3.0"):
        visitors.reports.count(version, {"ok": 40, "error": 1})
        visitors.reports.span(version, number=10, failing=1)
        visitors.reports.span(version, number=10, failing=1, request=True)
        visitors.reports.fail(version, "boom", handled=True)


def test_a_steady_poll_asks_little_and_writes_what_it_read_and_what_it_judged(published, visitors, calls, statements):
    watcher = Watcher(published.engine)
    for _ in range(2):
        use(visitors)
        watcher.tick()
        published.clock.forward(seconds=60)
    use(visitors)
    calls.clear()
    statements.clear()
    (tick,) = watcher.tick()
    assert tick.version == "1.3.0"
    assert calls == {"fetchStatus": 1, "events": 6, "events-timeseries": 1}
    assert calls.total() - 1 <= QUESTIONS_A_POLL
    assert statements.count("INSERT") == 3  # the samples, then the verdicts with the look itself
    assert statements.count("UPDATE") == 0
    assert statements.count("SELECT") <= 8


def test_forty_threads_may_use_the_database_at_once(world):
    with contextlib.ExitStack() as held:
        for _ in range(40):
            connection = held.enter_context(world.engine.database.connect())
            assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
