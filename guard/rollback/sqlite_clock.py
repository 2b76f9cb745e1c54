"""The clock that the durable engine reads from SQLite, for an SQLite that does not have it.

From Python 3.12 on the engine takes SQLite to be 3.42 or newer. Many a system's own is older and answers NULL: no rollback could begin.
"""

import sqlite3
import time
from typing import Any

import sqlalchemy
import sqlalchemy.event

_SINCE = (3, 42)
"""The first SQLite whose `unixepoch` knows parts of a second."""


def teach_clock() -> None:
    """Give every SQLite connection of this process, from now on, what it lacks; nothing where it lacks nothing."""
    if sqlite3.sqlite_version_info < _SINCE and not sqlalchemy.event.contains(sqlalchemy.Engine, "connect", _teach):
        sqlalchemy.event.listen(sqlalchemy.Engine, "connect", _teach)


def _teach(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.create_function("unixepoch", -1, _unixepoch)


def _unixepoch(*asked: object) -> float:
    """Seconds since 1970 now, with their parts where these are asked for.

    Raises:
        ValueError: another moment is asked for, which nobody does: better no answer than a wrong one.
    """
    if asked in {("subsec",), ("now", "subsec")}:
        return time.time()
    if asked in {(), ("now",)}:
        return int(time.time())
    raise ValueError(f"unixepoch{asked} is not known here")
