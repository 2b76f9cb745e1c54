"""A request budget per item, so that polling many items never uses up the quota that all of them share."""

import threading
import time
from collections.abc import Callable

from webstore.store_errors import BudgetSpent


class RequestBudget:
    """A token bucket for each item: it depends on nothing but time, and is full again after a minute.

    Reading waits for its turn. What changes something never waits (a rollback must not stand behind our own polling), but is counted.
    """

    def __init__(
        self,
        per_minute: float,
        *,
        longest_wait: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``per_minute``: calls of one item. ``longest_wait``: seconds that a call may wait for its turn."""
        self._capacity = max(per_minute, 1.0)
        self._rate = self._capacity / 60.0
        self._longest_wait = longest_wait
        self._clock = clock
        self._sleep = sleep
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, item: str, *, reading: bool) -> None:
        """Count one call of an item, and wait for its turn when it is a reading one.

        Raises:
            BudgetSpent: its turn is too far away.
        """
        pause = self._reserve(item, reading=reading)
        if pause > 0 and reading:
            self._sleep(pause)

    def _reserve(self, item: str, *, reading: bool) -> float:
        """Take a token, perhaps one that is still to come; seconds until it is there."""
        with self._lock:
            now = self._clock()
            left, at = self._left.get(item, (self._capacity, now))
            left = min(self._capacity, left + (now - at) * self._rate) - 1
            pause = max(0.0, -left / self._rate)
            if reading and pause > self._longest_wait:
                raise BudgetSpent(f"{self._capacity:.0f} calls a minute are the limit for one item, and they are used up")
            self._left[item] = (max(left, -self._capacity), now)
        return pause
