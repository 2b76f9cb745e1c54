"""A server that says what a test puts into its documents, for the dashboard's pages: every state of them, without the guard behind it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import jinja2
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import guard.dashboard
from guard.dashboard.documents.incident import Done, Whoami
from guard.dashboard.documents.parts import Trouble
from webstore.simulator.loopback import serve

FOLDER = Path(guard.dashboard.__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
READ_ONLY = Whoami(may_act=False, how="read_only", language="en", version="0.1.0")
MAY_ACT = Whoami(name="Alice", may_act=True, how="token", csrf="a-csrf-token", language="en", version="0.1.0")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8cfc0f01f00050001ff89993d1d0000000049454e44ae426082"
)


Said = BaseModel | Mapping[str, Any] | tuple[int, Trouble]
"""A document, one that breaks its model on purpose, or a refusal with its status."""


class Stage:
    """What the server says, and what it was told."""

    def __init__(self) -> None:
        self.documents: dict[str, Said] = {"/whoami": READ_ONLY}
        self.told: list[tuple[str, str, Any]] = []
        """Every action: method, path and body."""
        self.asked: list[str] = []
        """Every address that was asked for, with its query."""
        self.react: Callable[[str, Any], Said] = lambda _path, _body: Done(words="done")
        self.tokens: list[str] = []
        """The CSRF token of every action."""
        self.listeners: list[asyncio.Queue[str | None]] = []
        self.is_down = False
        self.address = ""
        self._loop: asyncio.AbstractEventLoop | None = None

    def changed(self, *topics: str) -> None:
        """Tell every open page that something is new."""
        text = f"event: changed\ndata: {json.dumps({'topics': topics})}\n\n"
        self._tell(text)

    def fall(self) -> None:
        """Answer nothing any more."""
        self.is_down = True
        self._tell(None)

    def _tell(self, text: str | None) -> None:
        assert self._loop is not None
        for queue in list(self.listeners):
            self._loop.call_soon_threadsafe(queue.put_nowait, text)

    async def document(self, request: Request) -> Response:
        self._loop = asyncio.get_running_loop()
        path = "/" + request.path_params["path"]
        if self.is_down:
            return Response(status_code=503)
        if request.method in {"POST", "DELETE"}:
            body = json.loads(await request.body() or b"null")
            self.told.append((request.method, path, body))
            self.tokens.append(request.headers.get("X-CSRF-Token", ""))
            return _answer(self.react(path, body))
        self.asked.append(f"{path}?{request.url.query}")
        return _answer(self.documents.get(path, (404, Trouble(error=f"{path} is not there", hint="look elsewhere"))))

    async def events(self, _request: Request) -> Response:
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self.listeners.append(queue)

        async def stream() -> AsyncGenerator[str]:
            try:
                yield "retry: 200\n\n"
                while (text := await queue.get()) is not None:
                    yield text
            finally:
                self.listeners.remove(queue)

        return Response(status_code=503) if self.is_down else StreamingResponse(stream(), media_type="text/event-stream")


def _answer(found: Said) -> Response:
    status, document = found if isinstance(found, tuple) else (200, found)
    return JSONResponse(document.model_dump(mode="json") if isinstance(document, BaseModel) else document, status_code=status)


def _pages() -> list[Route]:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )

    def page(name: str, status: int = 200) -> Callable[[Request], Response]:
        def answer(_request: Request) -> Response:
            shell = environment.get_template(f"{name}.html").render(language="en")
            return HTMLResponse(shell, status_code=status, headers={"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"})

        return answer

    return [
        Route("/", page("overview")),
        Route("/items/{item}/releases/{version}", page("release")),
        Route("/incidents/{id}", page("incident")),
        Route("/history", page("history")),
        Route("/{path:path}", page("missing", 404)),
    ]


@contextlib.contextmanager
def staged() -> Generator[Stage]:
    """A stage that is served."""
    stage = Stage()

    def picture(_request: Request) -> Response:
        return Response(PIXEL, media_type="image/png")

    app = Starlette(
        routes=[
            Route("/api/v1/events", stage.events),
            Route("/api/v1/items/{item}/releases/{version}/pictures/{number}", picture),
            Route("/api/v1/{path:path}", stage.document, methods=["GET", "POST", "DELETE"]),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
            *_pages(),
        ]
    )
    with serve(app) as address:
        stage.address = address
        yield stage
