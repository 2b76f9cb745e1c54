"""The heart of a process that watches or acts: beats beside its work, and stops with it."""

import contextlib
import logging
import threading
from collections.abc import Generator

from sqlalchemy.exc import SQLAlchemyError

from guard.store.executors import BEAT, Executor, Executors

_LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def alive(executors: Executors, role: str) -> Generator[Executor]:
    """Be known as alive as long as the block lasts. A process that is killed in it is found dead by the others."""
    me = executors.join(role)
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(BEAT.total_seconds()):
            try:
                executors.beat(me)
            except SQLAlchemyError:  # a database that stumbles: others may take over meanwhile, which does no harm
                _LOG.warning("the heartbeat could not be written", exc_info=True)

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield me
    finally:
        stop.set()
        thread.join()
        with contextlib.suppress(SQLAlchemyError):  # then it is found dead a little later
            executors.leave(me)
