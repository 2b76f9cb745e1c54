"""The pages' shells, what they are made of, and whether the process is well. All that they show they ask the API for."""

from pathlib import Path

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from guard.incidents.events import Language

_HERE = Path(__file__).parent
_STATIC = _HERE / "static"
_TEMPLATES = _HERE / "templates"
_FRESH = "no-cache"
"""A browser keeps a file, and asks each time by its ETag whether it is still so: modules name each other without a version."""
PAGES = (
    ("/", "overview"),
    ("/items/{item}/releases/{version}", "release"),
    ("/incidents/{id}", "incident"),
    ("/history", "history"),
)
"""The address of each page, and its template's name."""


class Static(StaticFiles):
    """Files of the package, with an ETag each."""

    def __init__(self) -> None:
        super().__init__(directory=_STATIC, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file."""
        found = await super().get_response(path, scope)
        found.headers["Cache-Control"] = _FRESH
        return found


class Shells:
    """Renders shells. Nothing of a request stands in one: a page reads its own address."""

    def __init__(self, language: Language) -> None:
        loader = jinja2.FileSystemLoader(_TEMPLATES)
        self._environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
        self._language = language.value

    def page(self, name: str, status: int = 200) -> Response:
        """The shell of one page."""
        text = self._environment.get_template(f"{name}.html").render(language=self._language)
        return HTMLResponse(text, status)


async def healthz(_request: Request) -> Response:
    """The process answers."""
    return Response("ok\n", media_type="text/plain")
