"""Blocking work beside the event loop: a few threads and a short queue. What does not fit is refused at once and harms nobody."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from typing import TypeVar

from guard.dashboard.refusals import Overloaded, TooSlow

_Done = TypeVar("_Done")


class Workers:
    """A bounded pool. Work that has begun goes on to its end, whether or not anybody still waits for it, and takes its place until then."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        """``waiting``: how much may be in the queue besides what is being done."""
        self._pool = concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = threads + waiting
        self._lock = threading.Lock()
        self._taken = 0

    async def run(self, work: Callable[[], _Done], seconds: float | None = None) -> _Done:
        """Do it in a thread; ``seconds``: how long is waited for it.

        Raises:
            Overloaded: too much is asked at once.
            TooSlow: it is not done in time.
        """
        with self._lock:
            if self._taken >= self._most:
                raise Overloaded(f"{self._taken} requests are being answered already")
            self._taken += 1
        try:
            begun = self._pool.submit(work)
        except RuntimeError:
            self._release()
            raise Overloaded("the dashboard is being stopped") from None
        begun.add_done_callback(self._release)
        waited = asyncio.wrap_future(begun)
        try:
            return await (waited if seconds is None else asyncio.wait_for(waited, seconds))
        except TimeoutError:
            raise TooSlow(f"no answer within {seconds:g} s") from None

    def _release(self, _done: object = None) -> None:
        with self._lock:
            self._taken -= 1

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being done."""
        with self._lock:
            return not self._taken

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
