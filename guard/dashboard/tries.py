"""Counts wrong tokens, so that nobody guesses one: few from one address, and not many from all together."""

import collections
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from guard.dashboard.refusals import TooManyTries

_TRIES = 5
_TRIES_IN_ALL = 50
_TRIES_WITHIN = timedelta(minutes=1)
_MOST_ADDRESSES = 1000


class Tries:
    """Wrong tokens lately, by address and in all."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._wrong: collections.OrderedDict[str, list[datetime]] = collections.OrderedDict()

    def must_be_left(self, address: str) -> None:
        """Refuse those that have tried too often.

        Raises:
            TooManyTries: too many wrong ones came from there, or from everywhere.
        """
        since = self._now() - _TRIES_WITHIN
        with self._lock:
            mine = sum(at > since for at in self._wrong.get(address, ()))
            everybody = sum(at > since for tries in self._wrong.values() for at in tries)
        if mine >= _TRIES or everybody >= _TRIES_IN_ALL:
            raise TooManyTries("too many wrong tokens were sent")

    def count(self, address: str) -> None:
        """One more."""
        with self._lock:
            self._wrong[address] = [*self._wrong.get(address, ())[-_TRIES:], self._now()]
            self._wrong.move_to_end(address)
            while len(self._wrong) > _MOST_ADDRESSES:
                self._wrong.popitem(last=False)
