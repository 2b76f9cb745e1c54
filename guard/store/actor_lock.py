"""One process acts on an SQLite file at a time. The lock dies with its holder, so a killed guard never blocks the next."""

import contextlib
import fcntl
from collections.abc import Generator
from pathlib import Path

import sqlalchemy

from guard.errors import ActorBusy


@contextlib.contextmanager
def acting(engine: sqlalchemy.Engine) -> Generator[None]:
    """Hold the right to act.

    Raises:
        ActorBusy: another process holds it.
    """
    path = Path(f"{engine.url.database}.acting")
    with path.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ActorBusy(f"another release-guard process is acting on {path.stem}") from error
        yield
