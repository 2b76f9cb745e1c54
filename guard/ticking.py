"""The clockwork beside other work: people are told while a rollback runs, and a mail server that hangs keeps nobody from watching."""

import contextlib
import logging
import threading
from collections.abc import Callable, Generator

from sqlalchemy.exc import SQLAlchemyError

from guard.clockwork import run_due
from guard.engine import Engine
from webstore.errors import ReleaseGuardError

_LOG = logging.getLogger(__name__)
EVERY_SECONDS = 2.0
"""How often is looked for what is due: another process may have put it down, so that there is nothing here to wait on."""


@contextlib.contextmanager
def ticking(engine: Engine, due: Callable[[Engine], object] = run_due) -> Generator[None]:
    """Do what is due as long as the block lasts, in a thread beside it, and what came last once more at its end."""
    stop = threading.Event()

    def tick() -> None:
        is_last = False
        while not is_last:
            is_last = stop.is_set()
            _once(engine, due)
            stop.wait(EVERY_SECONDS)

    thread = threading.Thread(target=tick, name="clockwork")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _once(engine: Engine, due: Callable[[Engine], object]) -> None:
    """Once; what goes wrong is told, and keeps nobody from the next time."""
    try:
        due(engine)
    except ReleaseGuardError as error:
        engine.progress.warn(f"people could not be told what is due: {error}")
    except SQLAlchemyError as error:  # a database that stumbles; its words can quote the address with its password
        _LOG.warning("what is due could not be looked for (%s)", type(error).__name__)
    except Exception as error:  # noqa: BLE001 - what is told wrongly must not end the telling
        _LOG.exception("what is due could not be done")
        engine.progress.warn(f"people could not be told what is due: unexpected {type(error).__name__}, a fault of the guard itself")
