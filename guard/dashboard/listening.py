"""Listens for the dashboard: refuses to be reached by others without knowing who they are, and stops at once when it is told to."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable, Generator

import uvicorn
from starlette.types import ASGIApp

from guard.dashboard.sessions import How
from guard.errors import ConfigurationError
from guard.tables_dashboard import DashboardTable

_STOP_SECONDS = 2
"""So long a request that is being answered may still take when the server is told to stop."""
_MOST_CONNECTIONS = 1000


class OpenToAll(ConfigurationError):
    """The dashboard would be reached by everybody, and nobody would have to say who they are."""

    hint = "leave `host` at 127.0.0.1, or set the token in the environment, or `user_header` and `trusted_proxies` behind a reverse proxy"


class CannotListen(ConfigurationError):
    """The address cannot be listened on."""

    hint = "choose another one with --host and --port; port 0 is a free one"


def must_be_guarded(table: DashboardTable, host: str, how: How, *, has_token: bool) -> None:
    """Refuse to listen beyond this machine where nobody has to say who they are.

    Raises:
        OpenToAll: it would.
    """
    is_behind_proxy = how is How.PROXY and bool(table.trusted_proxies)
    if not (is_loopback(host) or has_token or is_behind_proxy):
        raise OpenToAll(f"{host} is reached from other machines, and there is no token in {table.token_env}")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@contextlib.contextmanager
def bound(host: str, port: int) -> Generator[socket.socket]:
    """A socket that listens.

    Raises:
        CannotListen: the port is taken, or the host is not of this machine.
    """
    bare = host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # The protocol is named because asyncio only turns Nagle's delay off where it is; without it each answer takes 40 ms.
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(f"{host} cannot be listened on: {error.strerror}") from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(256)
        except OSError as error:
            raise CannotListen(f"{host}, port {port}, cannot be listened on: {error.strerror}") from None
        yield listener


def address_of(host: str, listener: socket.socket) -> str:
    """Where a browser finds it."""
    shown = f"[{host.strip('[]')}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"


class Server(uvicorn.Server):
    """Serves until `stop` is called. Streams are ended first, since they have no end of their own."""

    def __init__(self, app: ASGIApp, end_streams: Callable[[], None], started: Callable[[], None] = lambda: None) -> None:
        """``started`` is called, in the server's loop, when it answers."""
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                lifespan="off",
                server_header=False,
                proxy_headers=False,  # who a proxy speaks for is found out where trusted proxies are known
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_graceful_shutdown=_STOP_SECONDS,
            )
        )
        self._end_streams = end_streams
        self._tell_started = started
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to who has started the server."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._tell_started()

    async def main_loop(self) -> None:
        """Until it is told to stop."""
        while not self.should_exit and not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1.0)  # the server's own work each second, such as the Date header

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is under way."""
        self._end_streams()
        await super().shutdown(sockets)

    def stop(self) -> None:
        """Let it end; from any thread, and from a signal's handler."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told.set)
