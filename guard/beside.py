"""Work that a watch does not wait for: browser checks and rollbacks, each in a thread of its own, one of a kind for each extension."""

import concurrent.futures
import functools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

_MOST_AT_ONCE = 64
"""Threads of one kind of work: they mostly wait, for the store or for their turn at a browser."""

_Done = TypeVar("_Done")


class Begin(Protocol):
    """Begins work on an extension's item; what comes of it."""

    def __call__(self, item_id: str, work: Callable[[], _Done]) -> Future[_Done]:
        """The work is done when the future says so."""
        ...


def at_once(item_id: str, work: Callable[[], _Done]) -> Future[_Done]:  # noqa: ARG001 - as `Begin` is called
    """Do it now, and wait for it."""
    done: Future[_Done] = Future()
    try:
        done.set_result(work())
    except Exception as error:  # noqa: BLE001 - handed on: it is raised where the result is asked for
        done.set_exception(error)
    return done


class Beside:
    """One kind of work, beside the watch."""

    def __init__(self, kind: str, ended: Callable[[str, BaseException | None], None]) -> None:
        """``kind`` is what people call it; ``ended`` hears, from any thread, of each item that is done with, and of what failed in it."""
        self._ended = ended
        self._pool = concurrent.futures.ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix=kind)
        self._lock = threading.Lock()
        self._items: dict[str, Future[object]] = {}

    def begin(self, item_id: str, work: Callable[[], _Done]) -> Future[_Done]:
        """Begin it; an item has one such work at a time, which whoever begins makes sure of with `items`."""
        with self._lock:
            begun = self._pool.submit(work)
            self._items[item_id] = begun  # pyright: ignore[reportArgumentType] - only whether it is done is asked of it
        begun.add_done_callback(functools.partial(self._conclude, item_id))
        return begun

    def _conclude(self, item_id: str, done: "Future[_Done]") -> None:
        with self._lock:
            self._items.pop(item_id, None)
        if not done.cancelled():
            self._ended(item_id, done.exception())

    @property
    def items(self) -> frozenset[str]:
        """The items that such work is under way for."""
        with self._lock:
            return frozenset(self._items)

    def close(self, seconds: float) -> frozenset[str]:
        """Begin nothing more, and wait so long for what is under way; the items whose work is not done by then, and goes on."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            under_way = list(self._items.values())
        concurrent.futures.wait(under_way, timeout=seconds)
        return self.items
