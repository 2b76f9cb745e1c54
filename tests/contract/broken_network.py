"""A network that breaks as a test's script says, in time that only the test moves: a stall of 30 s takes none, and is 30 s all the same."""

import contextlib
import dataclasses
import io
import json
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from factories import Clock

LATENCY = 0.3
"""Seconds that a call takes which nothing breaks."""
LATE = 10.0
"""Seconds after the client has given a call up until the store carries it out after all."""
_FOR_EVER = 7 * 24 * 3600.0
_PAGE = b"\x00<html>\xff{"

STATUSES = (400, 401, 403, 404, 408, 409, 412, 429, 500, 501, 502, 503, 504)
_CONSTANTS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ABORTED"}


class Killed(BaseException):
    """The process died."""


class HeldForEver(BaseException):
    """The client waits for an answer that will never be whole, and nothing ends it."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """What goes wrong with one call."""

    kind: str
    reaches: bool = False
    """Whether the store carries the call out."""
    status: int = 0
    retry_after: int | None = None


def _statuses() -> Iterator[tuple[str, Fault]]:
    for status in STATUSES:
        yield str(status), Fault("status", status=status)
    for status, seconds in ((429, 20), (429, 7200), (503, 30)):
        yield f"{status} with Retry-After {seconds}", Fault("status", status=status, retry_after=seconds)


FAULTS: Mapping[str, Fault] = {
    **dict(_statuses()),
    "nobody listens": Fault("nobody listens"),
    "connecting stalls": Fault("connecting stalls"),
    "reset before it is done": Fault("reset"),
    "reset after it is done": Fault("reset", reaches=True),
    "stalls and is not done": Fault("stall"),
    "stalls and is done": Fault("stall", reaches=True),
    "stalls and is done later": Fault("late"),
    "trickles": Fault("trickle", reaches=True),
    "breaks off": Fault("broken off", reaches=True),
    "garbage of a proxy": Fault("garbage"),
    "garbage after it is done": Fault("garbage", reaches=True),
    "empty": Fault("empty", reaches=True),
    "endless": Fault("endless", reaches=True),
    "redirect": Fault("redirect"),
    "redirect that trickles": Fault("redirect that trickles"),
    "redirect to nonsense": Fault("redirect to nonsense"),
}

DUE = ("status", "dry run", "rollback", "cancel", "upload", "skip review", "submit", "update check", "package")
"""Every call that a rollback makes, by what it is for."""
_METHODS = {"fetchStatus": "status", "cancelSubmission": "cancel", "upload": "upload"}


def purpose_of(request: requests.PreparedRequest) -> str:
    """What a call is for."""
    path = urlsplit(str(request.url)).path
    if path.startswith("/packages/"):
        return "package"
    if path.startswith("/service/"):
        return "update check"
    method = path.rpartition(":")[2]
    body: dict[str, Any] = json.loads(request.body or b"{}") if method in {"rollback", "publish"} else {}
    match method:
        case "rollback":
            return "dry run" if body.get("validateOnly") else "rollback"
        case "publish":
            return "skip review" if body.get("skipReview") else "submit"
        case _:
            return _METHODS.get(method, "elsewhere")


@dataclasses.dataclass
class Sent:
    """One call as it was sent."""

    purpose: str
    fault: Fault | None

    @property
    def was_read(self) -> bool:
        """Whether it reached the store, and the store did not turn it away unread."""
        return self.fault is None or not (self.fault.status == 429 or self.fault.kind in {"nobody listens", "connecting stalls"})


Script = Callable[[str, int], Fault | None]
"""The fault of a call, by its purpose and by how many calls were sent before it."""


class BrokenNetwork(HTTPAdapter):
    """Carries calls to a local store, with the faults that the script says."""

    def __init__(self, clock: Clock, script: Script) -> None:
        super().__init__()
        self.clock, self.script = clock, script
        self.sent: list[Sent] = []
        self.before: Callable[[int], None] = lambda _number: None
        """Told of each call before it is sent, and of how many there were before."""
        self.after: Callable[[int], None] = lambda _number: None
        self._late: list[tuple[float, requests.PreparedRequest]] = []
        self._began = clock.moment

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return (self.clock.moment - self._began).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.forward(seconds=seconds)

    @property
    def time(self) -> SimpleNamespace:
        """What stands in for the module `time` where something waits."""
        return SimpleNamespace(monotonic=self.monotonic, sleep=self.sleep)

    def session(self) -> requests.Session:
        """A session over this network."""
        made = requests.Session()
        made.mount("http://", self)
        return made

    def count(self, *purposes: str, read: bool = False) -> int:
        """How many calls were sent; with ``read`` those that the store did not turn away unread."""
        return sum(one.purpose in purposes and (one.was_read or not read) for one in self.sent)

    def settle(self) -> None:
        """Let the store carry out what it has not yet."""
        self.clock.forward(seconds=LATE)
        self._carry_out_late(everything=True)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send one call, as `requests` does."""
        purpose, number = purpose_of(request), len(self.sent)
        fault = self.script(purpose, number)
        self.sent.append(Sent(purpose, fault))
        self.before(number)
        self.sleep(LATENCY)
        self._carry_out_late()
        longest = options.get("timeout") or 0.0
        connect, read = longest if isinstance(longest, tuple) else (longest, longest)
        request.body = _whole(request.body)
        options["timeout"] = 5
        if fault is None:
            answer = super().send(request, *args, **options)
            with contextlib.ExitStack() as on_death:
                on_death.callback(answer.close)
                self.after(number)
                on_death.pop_all()
            return answer
        if fault.reaches:
            super().send(request, *args, **options).close()
        elif fault.kind == "late":
            self._late.append((self.monotonic() + read + LATE, request))
        self.after(number)
        return self._broken(request, fault, connect, read)

    def _carry_out_late(self, *, everything: bool = False) -> None:
        due = [one for one in self._late if everything or one[0] <= self.monotonic()]
        for one in due:
            self._late.remove(one)
            super().send(one[1], stream=True, timeout=5).close()

    def _broken(self, request: requests.PreparedRequest, fault: Fault, connect: float, read: float) -> requests.Response:
        match fault.kind:
            case "nobody listens":
                refused = urllib3.exceptions.NewConnectionError(None, "refused")  # pyright: ignore[reportArgumentType]
                raise requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "x", refused))  # pyright: ignore[reportArgumentType]
            case "connecting stalls":
                self.sleep(connect)
                raise requests.exceptions.ConnectTimeout
            case "reset":
                raise requests.ConnectionError(urllib3.exceptions.ProtocolError("reset", ConnectionResetError()))
            case "stall" | "late":
                self.sleep(read)
                raise requests.exceptions.ReadTimeout
            case _:
                return self._odd(request, fault)

    def _odd(self, request: requests.PreparedRequest, fault: Fault) -> requests.Response:
        """An answer that is none."""
        location = {"Location": "http://127.0.0.1:9/elsewhere"}
        odd: dict[str, tuple[int, Any, dict[str, str]]] = {
            "status": (fault.status, io.BytesIO(_refusal(fault.status)), _wait(fault)),
            "trickle": (200, _Trickle(self), {}),
            "broken off": (200, _BrokenOff(), {}),
            "garbage": (200, io.BytesIO(_PAGE), {}),
            "empty": (200, io.BytesIO(), {}),
            "endless": (200, _Endless(), {}),
            "redirect": (301, io.BytesIO(_PAGE), location),
            "redirect that trickles": (301, _Trickle(self), location),
            "redirect to nonsense": (301, io.BytesIO(_PAGE), {"Location": "http://[::1"}),
        }
        status, body, headers = odd[fault.kind]
        return self.build_response(request, urllib3.HTTPResponse(body, headers, status, preload_content=False))  # pyright: ignore[reportArgumentType]


class _Trickle(io.BytesIO):
    """A body of which a letter comes every five seconds, for ever."""

    def __init__(self, network: BrokenNetwork) -> None:
        super().__init__()
        self._network, self._passed = network, 0.0

    def read1(self, size: int | None = -1, /) -> bytes:
        self._network.sleep(5.0)
        self._passed += 5.0
        if self._passed > _FOR_EVER:
            raise HeldForEver
        return b" "

    def read(self, size: int | None = -1, /) -> bytes:
        """As a socket's file does: not before there is as much as was asked for."""
        return b"".join(iter(self.read1, b"") if size in {None, -1} else (self.read1() for _ in range(size or 0)))


class _BrokenOff(io.BytesIO):
    """A body whose connection breaks in the middle."""

    def read1(self, size: int | None = -1, /) -> bytes:
        raise ConnectionResetError

    def read(self, size: int | None = -1, /) -> bytes:
        return self.read1(size)


class _Endless(io.BytesIO):
    """A body that comes fast, and has no end."""

    def read1(self, size: int | None = -1, /) -> bytes:
        return b" " * max(size or 0, 1)

    def read(self, size: int | None = -1, /) -> bytes:
        if size in {None, -1}:
            raise HeldForEver
        return self.read1(size)


def _refusal(status: int) -> bytes:
    return json.dumps({"error": {"code": status, "status": _CONSTANTS.get(status, "UNKNOWN"), "message": "As the script says."}}).encode()


def _wait(fault: Fault) -> dict[str, str]:
    return {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}


def _whole(body: Any) -> Any:
    return body if body is None or isinstance(body, bytes | str) else b"".join(body)
