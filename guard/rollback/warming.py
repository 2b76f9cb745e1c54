"""Loads what a rollback needs before one is due, beside the watch: users must not wait for imports, nor for tables to be made."""

import importlib
import logging
import threading

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

_LOG = logging.getLogger(__name__)


def warm_up(engine: sqlalchemy.Engine) -> threading.Thread:
    """Begin to load the durable engine, in a thread of its own, in a process that may have to act on this database.

    What fails in it fails again where it is needed, and is said there.
    """
    load_before_threads()
    thread = threading.Thread(target=_load, args=(engine,), name="warming")
    thread.start()
    return thread


def load_before_threads() -> None:
    """Load the part of SQLAlchemy that a rollback needs, in a process that will ask the database in several threads, before it does.

    Whoever builds a question while another thread is in the middle of loading that part finds it half made, and fails.
    """
    importlib.import_module("sqlalchemy.orm")


def _load(engine: sqlalchemy.Engine) -> None:
    from dbos import DBOS  # noqa: PLC0415 - heavy: this is where it is loaded
    from dbos import error as dbos_errors  # noqa: PLC0415 - as above

    if engine.dialect.name == "sqlite":  # its tables are made under the lock of the one that acts, and in a moment
        return
    try:
        DBOS.migrate(engine.url.render_as_string(hide_password=False))
    except (SQLAlchemyError, dbos_errors.DBOSException) as error:  # their words can quote the address with its password
        _LOG.info("the durable engine could not be prepared (%s)", type(error).__name__)
