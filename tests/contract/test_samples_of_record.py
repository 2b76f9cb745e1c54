"""Samples in the store of record: every kind of reading, poll by poll, and those from before polls were told apart. On both databases."""

import dataclasses
from datetime import date, timedelta
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

import guard.store as store_of_record
from guard.model import Absence, CheckOutcome, Counted, Daily, Events, Expected, Interval, NoData, Release, Sample, Signal, Value
from guard.store.database import open_database
from guard.store.samples import Samples
from guard.store.schema import UtcDateTime, metadata, samples
from webstore.models import Item
from webstore.versions import Version

ITEM = Item("publisher", "a" * 32)
V = Version.parse

READINGS = (
    (Signal.ERROR_RATE, Counted(3, 812, "users")),
    (Signal.ERROR_RATE, Counted(5, 2000, "sessions")),
    (Signal.EXTENSION_CRASHES, Events(7)),
    (Signal.SILENCE, Expected(40, 90.5, 1.25)),
    (Signal.ACTIVE_USERS, Daily(date(2026, 6, 30), 11800.0, (12000.0, 11950.5))),
    (Signal.RESPONSE_TIME, Value(1.75, "s, 95th percentile")),
    (Signal.HEALTH, CheckOutcome("load", passed=True)),
    (Signal.HEALTH, CheckOutcome("ui", passed=False)),
)
ABSENT = tuple((signal, NoData(f"because {kind}", kind)) for signal, kind in zip(Signal, Absence, strict=False))


def test_readings_of_every_kind_come_back_equal_by_poll_in_order(database, clock):
    kept, release = Samples(database), Release(ITEM, V("1.3.0"), clock())
    polls = []
    for _ in range(3):
        clock.forward(seconds=30, microseconds=7)
        since = Interval(release.published_at, clock())
        found = [Sample(signal, V("1.3.0"), since, reading, f"test {signal}") for signal, reading in READINGS]
        found += [Sample(signal, V("1.2.0"), since, reading, "test") for signal, reading in ABSENT]
        polls.append((clock(), found))
    before = Interval(release.published_at - timedelta(hours=1), release.published_at)
    polls[0][1].append(Sample(Signal.ERROR_RATE, V("1.2.0"), before, Counted(9, 900, "users"), "test"))
    assert {type(sample.reading) for sample in polls[0][1]} == {Counted, Events, Expected, Daily, Value, CheckOutcome, NoData}
    assert {reading.kind for _, reading in ABSENT} == set(Absence)
    for polled_at, found in polls:
        kept.record(ITEM, found, polled_at)
    assert kept.polls(release, V("1.2.0")) == polls


def test_of_two_readings_of_one_thing_in_one_poll_the_last_counts(database, clock):
    kept, release = Samples(database), Release(ITEM, V("1.3.0"), clock())
    clock.forward(seconds=30)
    first = Sample(Signal.ERROR_RATE, V("1.3.0"), Interval(release.published_at, clock()), Counted(1, 2, "users"), "test")
    last = dataclasses.replace(first, reading=Counted(2, 4, "users"))
    kept.record(ITEM, [first, last], clock())
    assert kept.polls(release, None) == [(clock(), [last])]
    kept.record(ITEM, [first], clock())
    assert kept.polls(release, None) == [(clock(), [first])]


def test_polls_are_of_one_release_and_its_baseline_alone(database, clock):
    kept, release = Samples(database), Release(ITEM, V("1.3.0"), clock())
    clock.forward(seconds=30)
    since, reading = Interval(release.published_at, clock()), Counted(1, 2, "users")
    mine = Sample(Signal.ERROR_RATE, V("1.3.0"), since, reading, "test")
    kept.record(ITEM, [mine, dataclasses.replace(mine, version=V("1.2.0")), dataclasses.replace(mine, version=V("1.1.0"))], clock())
    earlier = Interval(release.published_at - timedelta(days=1), clock())
    kept.record(ITEM, [dataclasses.replace(mine, version=V("1.2.0"), interval=earlier, reading=Counted(8, 9, "sessions"))], clock())
    kept.record(Item("publisher", "b" * 32), [mine], clock())
    assert kept.polls(release, None) == [(clock(), [mine])]
    assert kept.polls(release, V("1.2.0")) == [(clock(), [mine, dataclasses.replace(mine, version=V("1.2.0"))])]


def test_samples_of_a_database_from_before_polls_were_told_apart_keep_their_place(database, clock):
    """At revision 0002 nothing said in which poll a sample was read: it was when its interval ended."""
    config = Config()
    config.set_main_option("script_location", str(Path(store_of_record.__file__).parent / "migrations"))
    release = Release(ITEM, V("1.3.0"), clock())
    with database.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(sqlalchemy.text("DROP TABLE alembic_version"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for minutes in (2, 1):
            row = {"item": ITEM.id, "start": release.published_at, "end": release.published_at + timedelta(minutes=minutes)}
            statement = sqlalchemy.text(
                "INSERT INTO samples (publisher, item_id, version, signal, unit, source, started_at, ended_at, reading) VALUES "
                """('publisher', :item, '1.3.0', 'extension_crashes', '', 'test', :start, :end, '{"count": 4}')"""
            ).bindparams(sqlalchemy.bindparam("start", type_=UtcDateTime), sqlalchemy.bindparam("end", type_=UtcDateTime))
            connection.execute(statement, row)
    assert "polled_at" not in {column["name"] for column in sqlalchemy.inspect(database).get_columns("samples")}
    migrated = open_database(database.url.render_as_string(hide_password=False))
    try:
        found = Samples(migrated).polls(release, None)
        assert [(at - release.published_at, [one.reading for one in read]) for at, read in found] == [
            (timedelta(minutes=1), [Events(4)]),
            (timedelta(minutes=2), [Events(4)]),
        ]
        with migrated.connect() as connection:
            assert all(row["polled_at"] == row["ended_at"] for row in connection.execute(samples.select()).mappings())
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    finally:
        migrated.dispose()
