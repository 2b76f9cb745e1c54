"""Answers that many ask for at once are made twice at the most: when something changes, every open browser asks for the same page."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from guard.dashboard.documents.parts import Document
from guard.dashboard.operations import Answer, File

_JSON = "application/json"


class Shared:
    """Who asks while an answer is being made gets the next one, which is begun after all who wait for it have asked: none is stale.

    Everything here happens in one event loop.
    """

    def __init__(self) -> None:
        self._making: dict[Hashable, asyncio.Task[Any]] = {}
        self._next: dict[Hashable, asyncio.Task[Any]] = {}

    async def run(self, key: Hashable, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to ``key``; ``make`` makes it, for everybody who gets it. One who goes away leaves it to the others."""
        making = self._making.get(key)
        if making is None:
            task = self._begin(key, self._made(key, make))
            self._making[key] = task
        elif (waiting := self._next.get(key)) is not None:
            task = waiting
        else:
            task = self._begin(key, self._made_after(making, key, make))
            self._next[key] = task
        return await asyncio.shield(task)

    def _begin(self, key: Hashable, made: Any) -> asyncio.Task[Answer]:
        task = asyncio.get_running_loop().create_task(made, name=f"shared answer {key}")
        task.add_done_callback(_heard)
        return task

    async def _made_after(self, earlier: asyncio.Task[Any], key: Hashable, make: Callable[[], Awaitable[Answer]]) -> Answer:
        await asyncio.wait([earlier])
        self._making[key] = self._next.pop(key)
        return await self._made(key, make)

    async def _made(self, key: Hashable, make: Callable[[], Awaitable[Answer]]) -> Answer:
        me = asyncio.current_task()
        try:
            return await make()
        finally:
            if self._making.get(key) is me:
                del self._making[key]


def _heard(task: asyncio.Task[Any]) -> None:
    """What went wrong is told to those who wait; where all have gone away, to nobody."""
    if not task.cancelled():
        task.exception()


def rendered(answer: Answer) -> Answer:
    """A document as the bytes that it is sent as: made in the worker's thread, once for all who get it."""
    return File(answer.model_dump_json().encode(), _JSON) if isinstance(answer, Document) else answer
