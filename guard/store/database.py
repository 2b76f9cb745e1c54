"""Opens the database: SQLite in WAL mode by default, PostgreSQL by its URL, brought up to the newest schema."""

import contextlib
import dataclasses
from collections.abc import Generator
from pathlib import Path
from typing import Any

import sqlalchemy
import sqlalchemy.event
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from guard.errors import ConfigurationError, GuardError
from guard.progress import Progress
from webstore.extras import needed

_POOL: dict[str, int] = {"pool_size": 10, "max_overflow": 40}
"""Connections: each look and each rollback, of which many go on at once, holds one while it reads or writes; ten are kept open."""
BUSY_SECONDS = 15
"""How long a writer waits for another on SQLite."""


class DatabaseUnreachable(GuardError):
    """The database does not answer, or its file cannot be opened."""

    hint = "check --database or RELEASE_GUARD_DATABASE_URL, that the server runs, and that the folder can be written"


class DatabaseNewer(GuardError):
    """The schema is one that this program does not know: a newer one has upgraded it."""

    hint = "install the release-guard that the others on this database use; a schema never goes back"


@dataclasses.dataclass(frozen=True)
class SchemaStatus:
    """Where a database's schema stands."""

    shown: str
    """Its address, without a password."""
    current: str | None
    """Its revision; none when it holds no schema yet."""
    pending: tuple[tuple[str, str], ...]
    """What an upgrade would do: each revision with its words, in their order."""


def default_url(folder: Path) -> str:
    """The SQLite file of a project whose state lives in ``folder``."""
    return f"sqlite:///{folder / 'release-guard.db'}"


def parse_url(text: str) -> URL:
    """Read a database URL; plain ``postgresql://`` gets the driver that is installed.

    Raises:
        ConfigurationError: it is no URL of a database that we support.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ConfigurationError("the database URL cannot be read; it looks like sqlite:///FILE or postgresql://USER@HOST/NAME") from error
    if url.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        return url
    raise ConfigurationError(f"the database {url.drivername!r} is not supported; use sqlite:///FILE or postgresql://USER@HOST/NAME")


def open_database(text: str) -> sqlalchemy.Engine:
    """Connect, and bring the schema up to date.

    Raises:
        ConfigurationError: the URL cannot be used.
        ExtraMissing: it is a PostgreSQL, whose driver is not installed.
        DatabaseUnreachable: nothing answers there.
        DatabaseNewer: its schema is newer than this program.
    """
    engine, shown = _connect(text)
    try:
        _migrate(engine)
    except GuardError:
        engine.dispose()
        raise
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        # The driver's own words can quote the address with its password.
        raise DatabaseUnreachable(f"the database {shown} cannot be opened ({type(error).__name__})") from None
    return engine


def schema_status(text: str) -> SchemaStatus:
    """Where the schema stands; nothing is changed, and no file is made.

    Raises:
        ConfigurationError: the URL cannot be used.
        ExtraMissing: it is a PostgreSQL, whose driver is not installed.
        DatabaseUnreachable: nothing answers there.
        DatabaseNewer: its schema is newer than this program.
    """
    url = parse_url(text)
    if url.drivername == "sqlite" and not Path(str(url.database)).exists():
        return SchemaStatus(url.render_as_string(hide_password=True), None, _after(None))
    engine, shown = _connect(text)
    try:
        current = _revision(engine)
    except SQLAlchemyError as error:
        raise DatabaseUnreachable(f"the database {shown} cannot be opened ({type(error).__name__})") from None
    finally:
        engine.dispose()
    return SchemaStatus(shown, current, _after(current))


@contextlib.contextmanager
def only_shown(progress: Progress) -> Generator[None]:
    """What is written only to be shown stands in nobody's way: a database that refuses it is told, and the work goes on.

    The driver's own words are left out: they can quote the address with its password.
    """
    try:
        yield
    except SQLAlchemyError as error:
        progress.warn(f"the dashboard does not see this: the database refused it ({type(error).__name__})")


def _connect(text: str) -> tuple[sqlalchemy.Engine, str]:
    """An engine, not connected yet, and its address without a password."""
    url = parse_url(text)
    return (_sqlite(url) if url.drivername == "sqlite" else _postgresql(url)), url.render_as_string(hide_password=True)


def _postgresql(url: URL) -> sqlalchemy.Engine:
    with needed("postgres", "a PostgreSQL database"):
        return sqlalchemy.create_engine(url, pool_pre_ping=True, **_POOL)


def _sqlite(url: URL) -> sqlalchemy.Engine:
    try:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnreachable(f"the folder of {url.database} cannot be made: {error.strerror}") from error
    engine = sqlalchemy.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **_POOL)

    def set_pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    sqlalchemy.event.listen(engine, "connect", set_pragmas)
    return engine


def _scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _revision(engine: sqlalchemy.Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _after(current: str | None) -> tuple[tuple[str, str], ...]:
    """The revisions that come after one, the next one first.

    Raises:
        DatabaseNewer: this program does not know that one.
    """
    known = [(script.revision, script.doc.split("\n")[0]) for script in ScriptDirectory.from_config(_scripts()).walk_revisions()]
    names = [revision for revision, _ in known]
    if current is None:
        return tuple(reversed(known))
    if current not in names:
        raise DatabaseNewer(f"the database has schema {current}, and this release-guard knows schemas up to {names[0]}")
    return tuple(reversed(known[: names.index(current)]))


def _migrate(engine: sqlalchemy.Engine) -> None:
    """Upgrade to the newest revision; two processes at once are held apart by the database's own lock."""
    if not _after(_revision(engine)):
        return
    config = _scripts()
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7262746)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
