"""Faults on request: what goes wrong between a store and its clients, so that a test can make it happen."""

import dataclasses
import enum
import threading


class FaultKind(enum.StrEnum):
    """What goes wrong."""

    STATUS = "status"
    """The store answers with an error and does nothing."""
    LOST_ANSWER = "lost_answer"
    """The store does what was asked, and the connection breaks before the answer."""
    HOLD = "hold"
    """The store does what was asked, and the answer waits until it is released."""


@dataclasses.dataclass
class Fault:
    """A fault of one API method (by its name in the API: rollback, fetchStatus, …), so many times."""

    method: str
    kind: FaultKind
    status: int = 503
    times: int = 1
    skip: int = 0
    """So many calls pass before it."""


class Faults:
    """The faults that wait for their call."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()
        self.released = threading.Event()
        """Set when held answers may go."""

    def add(self, fault: Fault) -> None:
        """Let it happen at the next call of its method."""
        with self._lock:
            self.released.clear()
            self._waiting.append(fault)

    def take(self, method: str) -> Fault | None:
        """The fault that is due now."""
        with self._lock:
            fault = next((fault for fault in self._waiting if fault.method == method), None)
            if fault and fault.skip > 0:
                fault.skip -= 1
                return None
            if fault:
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
            return fault
