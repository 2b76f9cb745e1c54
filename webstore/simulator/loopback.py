"""Serves an ASGI application on 127.0.0.1 from a thread, and stops it for certain."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp

from webstore.errors import ReleaseGuardError


class PortTaken(ReleaseGuardError):
    """The port that was asked for is in use."""

    hint = "choose another --port, or leave it out for a free one"


class _Server(uvicorn.Server):
    """Says when it has started, and stops when it is told to, where uvicorn would look ten times a second."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1))
        self.has_started = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()
        self.has_started.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1.0)  # uvicorn's own work each second, such as the Date header

    def stop(self) -> None:
        """Let it end; from any thread."""
        self.should_exit = True
        self._loop.call_soon_threadsafe(self._told.set)


@contextlib.contextmanager
def serve(app: ASGIApp, port: int = 0) -> Generator[str]:
    """Serve ``app`` on 127.0.0.1 (port 0: a free one) and give its base URL, without a slash at its end.

    Only loopback is ever bound: the stand-ins ask for no credentials, so nobody else may reach them.

    Raises:
        PortTaken: the port is in use.
    """
    with _bound_socket(port) as listener:
        server = _Server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="loopback-server", daemon=True)
        thread.start()
        server.has_started.wait()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.stop()
            thread.join()


@contextlib.contextmanager
def _bound_socket(port: int) -> Generator[socket.socket]:
    # The protocol is named because asyncio only turns Nagle's delay off where it is; without it each answer takes 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTaken(f"port {port} on 127.0.0.1 is in use") from error
        yield listener
