"""How fast one Sentry is asked with one token: its limits are per caller, so all items that share the token share the pace."""

import contextlib
import threading
import time
from collections.abc import Callable, Generator

AT_ONCE = 10
"""Questions that may be under way at the same time; Sentry's service refuses more than 15 to 25, by endpoint."""


class Pace:
    """So many questions a second, and so many at once; whoever asks waits for a turn, in the order of asking."""

    def __init__(
        self,
        per_second: float,
        at_once: int = AT_ONCE,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``per_second``: on average over each second; infinite: only ``at_once`` counts."""
        self._gap = 1.0 / per_second
        self._places = threading.BoundedSemaphore(at_once)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = clock()

    @contextlib.contextmanager
    def turn(self) -> Generator[None]:
        """Wait for a turn, and hold a place while the question is under way."""
        with self._lock:
            now = self._clock()
            # No turn is saved up: Sentry counts by the second, and a burst after a rest would be turned away.
            at = max(self._next, now)
            self._next = at + self._gap
        if at > now:
            self._sleep(at - now)
        with self._places:
            yield
