"""Opens the database: SQLite in WAL mode by default, PostgreSQL by its URL, brought up to the newest schema."""

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

BUSY_SECONDS = 15
"""How long a writer waits for another on SQLite."""


class DatabaseUnreachable(GuardError):
    """The database does not answer, or its file cannot be opened."""

    hint = "check --database or RELEASE_GUARD_DATABASE_URL, that the server runs, and that the folder can be written"


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
        DatabaseUnreachable: nothing answers there.
    """
    url = parse_url(text)
    shown = url.render_as_string(hide_password=True)
    engine = _sqlite(url) if url.drivername == "sqlite" else sqlalchemy.create_engine(url, pool_pre_ping=True)
    try:
        _migrate(engine)
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        # The driver's own words can quote the address with its password.
        raise DatabaseUnreachable(f"the database {shown} cannot be opened ({type(error).__name__})") from None
    return engine


def _sqlite(url: URL) -> sqlalchemy.Engine:
    try:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnreachable(f"the folder of {url.database} cannot be made: {error.strerror}") from error
    engine = sqlalchemy.create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    def set_pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    sqlalchemy.event.listen(engine, "connect", set_pragmas)
    return engine


def _migrate(engine: sqlalchemy.Engine) -> None:
    """Upgrade to the newest revision; two processes at once are held apart by the database's own lock."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    newest = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == newest:
            return
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7262746)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
