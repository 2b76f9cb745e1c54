"""Around every request: our own name and no other, a bounded body, and the headers that tell a browser what it may do with the answer."""

import ipaddress
from collections.abc import Awaitable, Callable, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guard.dashboard.refusals import TooLarge, WrongHost

MOST_BYTES = 64 * 1024
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_OURS = "localhost"


Refuse = Callable[[Exception, Scope, Receive, Send], Awaitable[None]]
"""Answers a refusal in place of the application."""


class Hardened:
    """An application that is only reached by its own names, and whose answers carry the headers."""

    def __init__(self, app: ASGIApp, names: Sequence[str], refuse: Refuse) -> None:
        self._app = app
        self._names = {name.lower() for name in (_OURS, *names)}
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        given = Headers(scope=scope)
        if not self._is_ours(given.getlist("host")):
            await self._refuse(WrongHost("this server is called by a name that is not its own"), scope, receive, with_headers)
            return
        length = given.get("content-length", "0")
        if not length.isdecimal() or int(length[:12]) > MOST_BYTES:
            await self._refuse(TooLarge(f"the body is longer than {MOST_BYTES // 1024} KB"), scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)

    def _is_ours(self, hosts: Sequence[str]) -> bool:
        if len(hosts) != 1:
            return False
        name = _name_of(hosts[0])
        return name in self._names or _is_address(name)  # only a name can be made to mean another machine's address


def _name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    lowered = host.strip().lower()
    if lowered.startswith("["):
        return lowered[1:].partition("]")[0]
    return lowered.rpartition(":")[0] if lowered.count(":") == 1 else lowered


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
