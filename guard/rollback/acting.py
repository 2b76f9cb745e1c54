"""The right to act, shared by the threads of one process: the durable executor opens with the first rollback and closes with the last."""

import contextlib
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack

from guard.rollback.executor import RollbackExecutor

Launch = Callable[[], AbstractContextManager[RollbackExecutor]]


class Acting:
    """One durable executor for any number of rollbacks at once. Between them it is closed, so that another process may act on a file."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._lock = threading.Lock()
        self._held = ExitStack()
        self._executor: RollbackExecutor | None = None
        self._users = 0

    @contextlib.contextmanager
    def executor(self) -> Generator[RollbackExecutor]:
        """The executor, opened when nobody of this process has it open.

        Raises:
            ActorBusy: it is an SQLite file, and another process is acting on it.
        """
        with self._lock:
            if self._executor is None:
                self._executor = self._held.enter_context(self._launch())
            executor = self._executor
            self._users += 1
        try:
            yield executor
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._executor = None
                    self._held.close()
