"""Stands between every local store of the tests and its clients, whoever wrote them, and holds all traffic to the description."""

from typing import Any
from urllib.parse import urlsplit

import jsonschema

from contract import discovery
from webstore.simulator.faults import FAULT_HEADER

_API = ("/v2/", "/upload/v2/")
_LONGEST = 1_000_000


class Witness:
    """An ASGI application around another. What is not as described is kept, and fails the test at its end."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.seen: set[str] = set()
        """Methods that were called."""

    def around(self, app: Any) -> Any:
        """The application with the witness before it."""

        async def witnessed(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or not scope["path"].startswith(_API):
                await app(scope, receive, send)
                return
            exchange = _Exchange(scope, receive, send, lambda: self._judge(scope, exchange))
            await app(scope, exchange.receive, exchange.send)
            if not exchange.is_judged:  # no answer ever went out
                self._judge(scope, exchange)

        return witnessed

    def take(self) -> list[str]:
        """What was not as described so far; it is forgotten."""
        taken, self.violations = self.violations, []
        return taken

    def _judge(self, scope: Any, exchange: "_Exchange") -> None:
        url = f"http://store{scope['path']}?{scope['query_string'].decode()}"
        try:
            method = discovery.check_request(scope["method"], url, bytes(exchange.sent))
            self.seen.add(method["id"].rpartition(".")[2])
            if exchange.is_whole:
                discovery.check_answer(method, exchange.status, bytes(exchange.answered))
        except (AssertionError, jsonschema.ValidationError, ValueError) as error:
            self.violations.append(f"{scope['method']} {urlsplit(url).path}: {str(error)[:500]}")


class _Exchange:
    """One request and its answer, copied as they pass."""

    def __init__(self, scope: Any, receive: Any, send: Any, judge: Any) -> None:
        self._judge = judge
        self._keeps_body = not scope["path"].startswith("/upload/")
        self._receive = receive
        self._send = send
        self.sent = bytearray()
        self.answered = bytearray()
        self.status = 0
        self.is_whole = False
        self.is_judged = False
        self._is_fault = False

    @property
    def receive(self) -> Any:
        copied = self

        class Receive:
            """Keeps what faults need of the original: its owner."""

            __self__ = getattr(copied._receive, "__self__", None)

            async def __call__(self) -> Any:
                message = await copied._receive()
                if copied._keeps_body and len(copied.sent) < _LONGEST:
                    copied.sent += message.get("body", b"")
                return message

        return Receive()

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._is_fault = any(name.lower() == FAULT_HEADER.lower().encode() for name, _ in message["headers"])
        else:
            self.answered += message.get("body", b"")
            if not message.get("more_body"):  # judged before its client can have it, so that a test sees the outcome
                self.is_whole, self.is_judged = not self._is_fault, True
                self._judge()
        await self._send(message)
