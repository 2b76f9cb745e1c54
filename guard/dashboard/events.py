"""Tells listeners what has changed: one look at the database twice a second for all of them, and only while somebody listens."""

import asyncio
import collections
import dataclasses
import json
import logging
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from sqlalchemy.exc import SQLAlchemyError

from guard.dashboard.refusals import Overloaded
from guard.store.changes import EVERYTHING, Fingerprint
from webstore.errors import ReleaseGuardError

_LOG = logging.getLogger(__name__)
MOST_LISTENERS = 200
_EVERY_SECONDS = 0.5
_HEARTBEAT_SECONDS = 15.0
_REMEMBERED = 256
"""So many events may be resumed behind; who was away for longer is told that everything may have changed."""
_MOST_WAITING = 32
"""A listener that is so many events behind is dropped: it comes back, and resumes."""

Look = Callable[[Fingerprint | None], tuple[Fingerprint, frozenset[str]]]
Ask = Callable[[Callable[[], tuple[Fingerprint, frozenset[str]]]], Awaitable[tuple[Fingerprint, frozenset[str]]]]


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that changed."""

    number: int
    topics: tuple[str, ...]


class Hub:
    """All listeners of one process. Everything here happens in one event loop."""

    def __init__(self, look: Look, ask: Ask, *, most: int = MOST_LISTENERS) -> None:
        """``look`` reads the database, blocking; ``ask`` runs it beside the loop."""
        self._look = look
        self._ask = ask
        self._most = most
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._past: collections.deque[Event] = collections.deque(maxlen=_REMEMBERED)
        self._listeners: dict[int, asyncio.Queue[Event | None]] = {}
        self._next_listener = 0
        self._looking: asyncio.Task[None] | None = None
        self._known: Fingerprint | None = None
        self._is_closed = False

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._listeners)

    def must_have_room(self) -> None:
        """Refuse one listener too many.

        Raises:
            Overloaded: there are as many as there may be, or the dashboard is being stopped.
        """
        if self._is_closed or len(self._listeners) >= self._most:
            raise Overloaded(f"{len(self._listeners)} listen already")

    async def listen(self, last_id: str | None) -> AsyncGenerator[str]:
        """The stream of one listener, from behind the event that it heard last."""
        self.must_have_room()
        queue: asyncio.Queue[Event | None] = asyncio.Queue(_MOST_WAITING)
        me, self._next_listener = self._next_listener, self._next_listener + 1
        self._listeners[me] = queue
        missed = self._missed(last_id)
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look_on())
        try:
            yield f"retry: 2000\nid: {self._id(self._number)}\n\n"
            for event in missed:
                yield self._told(event)
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), _HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if event is None:
                    return
                yield self._told(event)
        finally:
            self._listeners.pop(me, None)

    def close(self) -> None:
        """End every stream, and listen to nobody any more."""
        self._is_closed = True
        for queue in list(self._listeners.values()):
            _end(queue)
        if self._looking is not None:
            self._looking.cancel()

    def _missed(self, last_id: str | None) -> list[Event]:
        """What was told since an event; that everything may have changed, where this is not known any more."""
        if not last_id:
            return []
        epoch, _, text = last_id.partition("-")
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else -1  # noqa: PLR2004 - no number of ours is longer
        oldest = self._past[0].number if self._past else self._number + 1
        is_known = epoch == self._epoch and oldest - 1 <= number <= self._number
        if not is_known:
            return [Event(self._number, (EVERYTHING,))]
        return [event for event in self._past if event.number > number]

    async def _look_on(self) -> None:
        """Look for changes until nobody listens. What was before the first look nobody has to be told."""
        try:
            if self._known is not None:  # nobody listened meanwhile; who comes back is told by number, so a number must stand for it
                await self._look_once()
            while self._listeners:
                await self._look_once()
                await asyncio.sleep(_EVERY_SECONDS)
        finally:
            self._looking = None

    async def _look_once(self) -> None:
        before = self._known
        try:
            self._known, topics = await self._ask(lambda: self._look(before))
        except (SQLAlchemyError, ReleaseGuardError) as error:  # a database that stumbles is asked again; its words can quote its address
            _LOG.warning("changes could not be looked for (%s)", type(error).__name__)
            return
        if topics and before is not None:
            self._tell(sorted(topics))

    def _tell(self, topics: Sequence[str]) -> None:
        self._number += 1
        event = Event(self._number, tuple(topics))
        self._past.append(event)
        for me, queue in list(self._listeners.items()):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                self._listeners.pop(me, None)
                _end(queue)

    def _id(self, number: int) -> str:
        return f"{self._epoch}-{number}"

    def _told(self, event: Event) -> str:
        return f"id: {self._id(event.number)}\nevent: changed\ndata: {json.dumps({'topics': event.topics})}\n\n"


def _end(queue: asyncio.Queue[Event | None]) -> None:
    """Let a stream end now, whatever waits in it."""
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)
