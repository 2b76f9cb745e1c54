"""The schema goes upward from every one that there ever was, with data in every table, on SQLite and PostgreSQL; nothing is lost."""

import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from guard.store import database as schema
from guard.store.database import DatabaseNewer, DatabaseUnreachable, open_database, schema_status
from guard.store.incidents import IncidentRecords
from guard.store.journal import Journal
from guard.store.releases import Releases
from guard.store.schema import UtcDateTime, metadata
from webstore.models import Item
from webstore.versions import Version

ITEM = Item("publisher", "a" * 32)
AT = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
REVISIONS = [script.revision for script in ScriptDirectory.from_config(schema._scripts()).walk_revisions()][::-1]

WORDS = {
    "publisher": ITEM.publisher,
    "item_id": ITEM.id,
    "version": "1.3.0",
    "from_version": "1.3.0",
    "target": "1.2.0",
    "new_version": "1.3.0.1",
    "baseline": "1.2.0",
    "rollback_of": "1.2.5",
    "restores": "1.2.0",
    "severity": "P1",
    "signal": "error_rate",
    "provenance": "upload",
    "verdict": "safe",
    "reading": {"failures": 1, "total": 2, "unit": "users"},
    "rollback_id": "rollback-1",
    "incident_id": "INC-2026-0001",
    "rollbacks.id": "rollback-1",
    "incidents.id": "INC-2026-0001",
    "rollback_steps.name": "perform",
    "rollback_acts.name": "cancel",
    "releases.state": "good",
    "rollbacks.state": "failed",
    "rollback_steps.state": "done",
    "rollback_acts.state": "open",
    "incidents.state": "identified",
    "proposals.state": "proposed",
}
"""What means something; everything else is any value of its type."""


def a_value(table, column):
    for name in (f"{table}.{column.name}", column.name):
        if name in WORDS:
            return WORDS[name]
    if isinstance(column.type, sqlalchemy.JSON):
        return ["words"]
    if isinstance(column.type, UtcDateTime | sqlalchemy.DateTime):
        return AT
    return {int: 7, bool: True, str: "text", float: 0.5}[column.type.python_type]


def fill(connection):
    """One row in every table that there is, with every column set; what was written."""
    written = {}
    reflected = sqlalchemy.MetaData()
    reflected.reflect(connection)
    for table in reflected.sorted_tables:
        if table.name == "alembic_version":
            continue
        known = metadata.tables[table.name].columns
        columns = [sqlalchemy.column(one.name, known[one.name].type if one.name in known else one.type) for one in table.columns]
        row = {column.name: a_value(table.name, column) for column in columns}
        connection.execute(sqlalchemy.table(table.name, *columns).insert().values(**row))
        written[table.name] = row
    return written


def goes_back_to(engine, revision):
    """An empty database with an old schema."""
    config = schema._scripts()
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def url_of(engine):
    return engine.url.render_as_string(hide_password=False)


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_row_of_every_table_outlives_the_upgrade(database, revision):
    goes_back_to(database, revision)
    with database.begin() as connection:
        written = fill(connection)
    assert len(written) >= 6
    assert schema_status(url_of(database)).current == revision
    upgraded = open_database(url_of(database))
    try:
        with upgraded.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            for name, row in written.items():
                (found,) = connection.execute(metadata.tables[name].select()).mappings().all()
                assert {key: found[key] for key in row if key in found} == {key: value for key, value in row.items() if key in found}, name
    finally:
        upgraded.dispose()


def test_what_the_first_schema_held_is_read_as_the_program_reads_it(database, clock):
    goes_back_to(database, "0001")
    with database.begin() as connection:
        fill(connection)
    upgraded = open_database(url_of(database))
    try:
        (release,) = Releases(upgraded).all(ITEM)
        assert (release.version, release.blocked, release.published_at) == (Version.parse("1.3.0"), "", AT)
        (record,) = Journal(upgraded, clock).all(ITEM)
        assert (record.plan.from_percentage, record.steps[0].evidence) == (100, "text")
        (incident,) = IncidentRecords(upgraded, clock).all()
        assert len(IncidentRecords(upgraded, clock).timeline(incident.id)) == 1
    finally:
        upgraded.dispose()


def test_what_a_person_had_stopped_is_no_longer_called_failed(database, clock):
    goes_back_to(database, "0008")
    ended = {
        "1.1.0": "stopped by a person's order: the rollback of 1.1.0 was called off by bob: no",
        "1.2.0": "the store did not take it; it was not stopped by a person's order",
        "1.3.0": "",
    }
    with database.begin() as connection:
        row = {column.name: a_value("rollbacks", column) for column in metadata.tables["rollbacks"].columns}
        for version, failure in ended.items():
            state = "failed" if failure else "completed"
            changed = {"id": version, "from_version": version, "failure": failure, "state": state}
            connection.execute(metadata.tables["rollbacks"].insert().values(**{**row, **changed}))
    upgraded = open_database(url_of(database))
    try:
        states = {str(record.plan.from_version): record.state.value for record in Journal(upgraded, clock).all(ITEM)}
        assert states == {"1.1.0": "stopped", "1.2.0": "failed", "1.3.0": "completed"}
    finally:
        upgraded.dispose()


def test_two_processes_that_upgrade_at_once_do_it_once(database):
    goes_back_to(database, "0001")
    with database.begin() as connection:
        fill(connection)
    trouble = []

    def open_it():
        try:
            open_database(url_of(database)).dispose()
        except Exception as error:  # noqa: BLE001 - of another thread: told below
            trouble.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert trouble == []
    assert schema_status(url_of(database)).pending == ()


def test_the_status_names_what_an_upgrade_would_do_and_does_nothing(database):
    goes_back_to(database, REVISIONS[-3])
    for _ in range(2):
        status = schema_status(url_of(database))
        assert (status.current, [revision for revision, _ in status.pending]) == (REVISIONS[-3], REVISIONS[-2:])
        assert all(words for _, words in status.pending)


def test_a_schema_that_is_newer_than_the_program_is_left_alone(database):
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for look in (open_database, schema_status):
        with pytest.raises(DatabaseNewer, match="9999"):
            look(url_of(database))


def test_the_status_of_a_file_that_is_not_there_makes_none(tmp_path):
    status = schema_status(f"sqlite:///{tmp_path / 'guard.db'}")
    assert (status.current, len(status.pending)) == (None, len(REVISIONS))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DatabaseUnreachable):
        schema_status("postgresql://guard@127.0.0.1:9/guard")
