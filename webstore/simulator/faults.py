"""Faults on request: what goes wrong between a store and its clients, so that a test can make it happen."""

import asyncio
import enum
import threading
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from webstore.simulator.refused import STATUSES, Refused, error_info, retry_info

FAULT_HEADER = "X-Local-Fault"
"""Says of an answer that it is not what the API would send."""

_SLOW_BYTES = 10_000


class FaultKind(enum.StrEnum):
    """What goes wrong."""

    STATUS = "status"
    """The store answers with an error and does nothing."""
    QUOTA = "quota"
    """The same with 429, as Google answers when too much was asked for."""
    CUT = "cut"
    """The connection breaks before the store has done anything."""
    LOST_ANSWER = "lost_answer"
    """The store does what was asked, and the connection breaks before the answer."""
    GARBAGE = "garbage"
    """The store does what was asked, and the answer is no JSON."""
    SLOW_BODY = "slow_body"
    """The store does what was asked, and its answer comes letter by letter, one each ``seconds``."""
    DELAY = "delay"
    """The store does what was asked, and answers after ``seconds``."""
    HOLD = "hold"
    """The store does what was asked, and the answer waits until it is released."""

    @property
    def comes_first(self) -> bool:
        """Whether it comes before the store has done anything."""
        return self in {FaultKind.STATUS, FaultKind.QUOTA, FaultKind.CUT}


class Fault(BaseModel):
    """A fault of one method (by its name in the API: rollback, fetchStatus, …; or token, updateCheck, package), so many times."""

    model_config = ConfigDict(extra="forbid")

    method: str
    kind: FaultKind
    status: Annotated[int, Field(ge=300, le=599)] = 503
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    skip: Annotated[int, Field(ge=0)] = 0
    """So many calls pass before it."""
    seconds: Annotated[float, Field(ge=0, le=3600)] = 1.0
    retry_after: Annotated[int, Field(ge=0, le=86_400)] | None = None
    """Seconds in the header Retry-After."""


class Faults:
    """The faults that wait for their call."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._held: list[str] = []
        self._lock = threading.Lock()
        self.released = threading.Event()
        """Set when held answers may go."""

    def add(self, fault: Fault) -> None:
        """Let it happen at the next call of its method."""
        with self._lock:
            self.released.clear()
            self._waiting.append(fault)

    def waiting(self) -> list[Fault]:
        """Those that have not happened yet."""
        with self._lock:
            return list(self._waiting)

    def held(self) -> list[str]:
        """The methods of the calls that were carried out, and whose answers are held."""
        with self._lock:
            return list(self._held)

    def clear(self) -> None:
        """Forget them all, and let held answers go."""
        with self._lock:
            self._waiting.clear()
            self.released.set()

    async def around(self, method: str, request: Request, perform: Callable[[], Awaitable[Response]]) -> Response:
        """Perform a call, with the fault that is due."""
        fault = self._take(method)
        if fault is None:
            return await perform()
        if fault.kind.comes_first:
            await request.body()
            return _Cut() if fault.kind is FaultKind.CUT else _refusal(fault)
        response = await perform()
        match fault.kind:
            case FaultKind.LOST_ANSWER:
                return _Cut()
            case FaultKind.GARBAGE:
                return Response(b"\x00<html>\xff{", response.status_code, headers={FAULT_HEADER: "garbage"}, media_type="application/json")
            case FaultKind.SLOW_BODY:
                return _Slow(fault.seconds)
            case FaultKind.DELAY:
                await asyncio.sleep(fault.seconds)
            case _:
                await self._hold(method)
        return response

    async def _hold(self, method: str) -> None:
        with self._lock:
            self._held.append(method)
        try:
            while not self.released.is_set():  # noqa: ASYNC110 - set from other threads; one that waited could not be stopped
                await asyncio.sleep(0.02)
        finally:
            with self._lock:
                self._held.remove(method)

    def _take(self, method: str) -> Fault | None:
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


def _refusal(fault: Fault) -> Response:
    code = 429 if fault.kind is FaultKind.QUOTA else fault.status
    wait = fault.retry_after
    details = [retry_info(wait)] if wait is not None else []
    if code == 429:  # noqa: PLR2004 - too many requests
        details.append(error_info("RATE_LIMIT_EXCEEDED", service="chromewebstore.googleapis.com"))
    refused = Refused(code, STATUSES.get(code, "UNKNOWN"), "A fault that was asked for.", details)
    return JSONResponse(refused.to_json(), code, headers={} if wait is None else {"Retry-After": str(wait)})


class _Cut(Response):
    """No answer at all: the connection is reset, and the client cannot know what happened."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del scope, send
        receive.__self__.transport.abort()  # uvicorn's own request object; ASGI has no way to say this


class _Slow(Response):
    """An answer that trickles in."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del scope
        gone = asyncio.ensure_future(_disconnected(receive))
        headers = [(b"content-length", str(_SLOW_BYTES).encode()), (FAULT_HEADER.lower().encode(), b"slow_body")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(_SLOW_BYTES):
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            if (await asyncio.wait({gone}, timeout=self._seconds))[0]:
                return


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
