"""The durable engine's clock is there on every SQLite, and is right."""

import sqlite3
import time

import pytest
import sqlalchemy
import sqlalchemy.event
from sqlalchemy.exc import OperationalError

from guard.rollback import sqlite_clock


@pytest.fixture(autouse=True)
def untaught():
    """Whatever another test has taught in this process; a rollback teaches it anew."""
    if sqlalchemy.event.contains(sqlalchemy.Engine, "connect", sqlite_clock._teach):
        sqlalchemy.event.remove(sqlalchemy.Engine, "connect", sqlite_clock._teach)


@pytest.fixture
def connection(monkeypatch, untaught):
    """A connection of an SQLite that says it is the one of Debian 12."""
    monkeypatch.setattr(sqlite_clock.sqlite3, "sqlite_version_info", (3, 40, 1))
    sqlite_clock.teach_clock()
    sqlite_clock.teach_clock()
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as opened:
        yield opened
    engine.dispose()
    sqlalchemy.event.remove(sqlalchemy.Engine, "connect", sqlite_clock._teach)


def test_an_old_sqlite_knows_the_time_by_parts_of_a_second(connection):
    before = time.time()
    said = connection.execute(sqlalchemy.text("SELECT unixepoch('subsec') * 1000")).scalar() / 1000
    assert before - 0.001 <= said <= time.time()
    assert isinstance(connection.execute(sqlalchemy.text("SELECT unixepoch()")).scalar(), int)


def test_a_row_that_says_no_time_gets_that_of_its_writing(connection):
    connection.execute(sqlalchemy.text("CREATE TABLE t (a TEXT, at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000))"))
    connection.execute(sqlalchemy.text("INSERT INTO t (a) VALUES ('x')"))
    assert connection.execute(sqlalchemy.text("SELECT at FROM t")).scalar() == pytest.approx(time.time() * 1000, abs=60_000)


def test_another_moment_is_refused_and_never_made_up(connection):
    with pytest.raises(OperationalError):
        connection.execute(sqlalchemy.text("SELECT unixepoch('2026-01-01', 'subsec')"))


def test_a_newer_sqlite_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 42, 0))
    sqlite_clock.teach_clock()
    assert not sqlalchemy.event.contains(sqlalchemy.Engine, "connect", sqlite_clock._teach)
