"""A budget of requests that all items share, so that polling many never uses up the quota."""

import threading
import time
from collections.abc import Callable

from webstore.store_errors import BudgetSpent

_BURST = 1 / 6
"""The share of a minute's calls that may be made at once, after a rest."""


def per_minute_for(steady: float) -> float:
    """The budget that allows so many calls in each minute, one minute after the other."""
    return steady / (1 - _BURST)


class RequestBudget:
    """A token bucket: it depends on nothing but time, and lets no minute have more calls than were agreed, however many items there are.

    Reading waits for its turn, in the order of asking. What cannot wait (what changes something, and all that a rollback asks) never
    stands behind our own polling, but is counted.
    """

    def __init__(
        self,
        per_minute: float,
        *,
        longest_wait: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``per_minute``: calls of all items together. ``longest_wait``: seconds that a call may wait for its turn."""
        self._per_minute = per_minute
        self._capacity = max(per_minute * _BURST, 1.0)
        # Whatever was saved up comes on top of what is added within a minute: both together are what was agreed.
        self._rate = max(per_minute - self._capacity, per_minute / 2) / 60.0
        self._longest_wait = longest_wait
        self._clock = clock
        self._sleep = sleep
        self._left, self._at = self._capacity, clock()
        self._lock = threading.Lock()

    def take(self, *, waits: bool) -> None:
        """Count one call; ``waits``: for its turn.

        Raises:
            BudgetSpent: its turn is too far away.
        """
        pause = self._reserve(waits=waits)
        if pause > 0 and waits:
            self._sleep(pause)

    def _reserve(self, *, waits: bool) -> float:
        """Take a token, perhaps one that is still to come; seconds until it is there."""
        with self._lock:
            now = self._clock()
            left = min(self._capacity, self._left + (now - self._at) * self._rate) - 1
            pause = max(0.0, -left / self._rate)
            if waits and pause > self._longest_wait:
                raise BudgetSpent(f"{self._per_minute:.0f} calls a minute are the limit for all items, and they are used up")
            # What did not wait can put off the others only so far.
            self._left, self._at = max(left, -self._rate * self._longest_wait), now
        return pause
