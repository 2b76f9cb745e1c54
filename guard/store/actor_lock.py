"""One process acts on a database at a time. The lock dies with its holder, so a killed guard never blocks the next."""

import contextlib
import fcntl
from collections.abc import Generator
from pathlib import Path

import sqlalchemy

from guard.errors import ActorBusy

_ADVISORY_KEY = 7_262_747


@contextlib.contextmanager
def acting(engine: sqlalchemy.Engine) -> Generator[None]:
    """Hold the right to act.

    Raises:
        ActorBusy: another process holds it.
    """
    held = _hold_file(engine) if engine.dialect.name == "sqlite" else _hold_advisory(engine)
    with held:
        yield


@contextlib.contextmanager
def _hold_file(engine: sqlalchemy.Engine) -> Generator[None]:
    path = Path(f"{engine.url.database}.acting")
    with path.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ActorBusy(f"another release-guard process is acting on {path.stem}") from error
        yield


@contextlib.contextmanager
def _hold_advisory(engine: sqlalchemy.Engine) -> Generator[None]:
    with engine.connect() as connection:
        if not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_ADVISORY_KEY})").scalar_one():
            raise ActorBusy("another release-guard process is acting on this database")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_ADVISORY_KEY})")
