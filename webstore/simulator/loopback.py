"""Serves an ASGI application on 127.0.0.1 from a thread, and stops it for certain."""

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


@contextlib.contextmanager
def serve(app: ASGIApp, port: int = 0) -> Generator[str]:
    """Serve ``app`` on 127.0.0.1 (port 0: a free one) and give its base URL, without a slash at its end.

    Only loopback is ever bound: the stand-ins ask for no credentials, so nobody else may reach them.

    Raises:
        PortTaken: the port is in use.
    """
    with _bound_socket(port) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1))
        started = threading.Event()
        startup = server.startup

        async def announce(sockets: list[socket.socket] | None = None) -> None:
            await startup(sockets)
            started.set()

        server.startup = announce
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="loopback-server", daemon=True)
        thread.start()
        started.wait()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
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
