"""A dashboard over HTTP, and who asks it: nobody, a program with the token, or a browser with a session. Every answer is held to the document."""

import contextlib
from collections.abc import Generator
from typing import Any

import jsonschema
import requests
from dashboard_data import Filled

from guard.dashboard import openapi
from guard.dashboard.server import Dashboard, Settings
from webstore.simulator.loopback import serve

TOKEN = "a-token-that-nobody-guesses"
_DOCUMENT = openapi.document()


class Site:
    """A dashboard that is being served."""

    def __init__(self, filled: Filled, dashboard: Dashboard, base: str) -> None:
        self.filled, self.dashboard, self.base = filled, dashboard, base
        self.answers: list[requests.Response] = []
        """All that was answered so far."""

    def ask(self, method: str, path: str, session: requests.Session | None = None, **options: Any) -> requests.Response:
        """Ask, and hold the answer to what the document says of it."""
        send = session.request if session else requests.request
        answer = send(method, f"{self.base}{path}", timeout=30, allow_redirects=False, **options)
        self.answers.append(answer)
        if path.startswith("/api/v1/") and path != "/api/v1/openapi.json" and method != "HEAD":
            must_be_described(method, path.removeprefix("/api/v1"), answer)
        return answer

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.ask("GET", f"/api/v1{path}", **options)

    def post(self, path: str, body: Any, *, by: str = "mia", session: requests.Session | None = None, **headers: str) -> requests.Response:
        """An act of a program that has the token, or of a browser's session."""
        given = {} if session else {"Authorization": f"Bearer {TOKEN}", "X-Release-Guard-User": by}
        return self.ask("POST", f"/api/v1{path}", session, json=body, headers={**given, **headers})

    def browser(self, name: str = "mia") -> requests.Session:
        """A browser that has logged in, and sends its CSRF token."""
        session = requests.Session()
        answer = self.ask("POST", "/api/v1/session", session, json={"token": TOKEN, "name": name})
        assert answer.status_code == 200, answer.text
        session.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return session


@contextlib.contextmanager
def served(filled: Filled, settings: Settings | None = None) -> Generator[Site]:
    """Serve what was filled in."""
    dashboard = Dashboard(filled.engine, settings or Settings(token=TOKEN))
    with serve(dashboard.app) as base:
        try:
            yield Site(filled, dashboard, base)
        finally:
            dashboard.close(20)


def must_be_described(method: str, path: str, answer: requests.Response) -> None:
    """The answer is one that the OpenAPI document describes."""
    found = _operation_of(path.partition("?")[0])
    if found is None or method.lower() not in found:
        assert answer.status_code in {404, 405, 421}, (method, path, answer.status_code)
        return
    responses = found[method.lower()]["responses"]
    assert str(answer.status_code) in responses, (method, path, answer.status_code, answer.text[:300])
    kind = answer.headers["content-type"].split(";")[0]
    content = responses[str(answer.status_code)]["content"]
    assert kind in content, (path, kind)
    if kind == "application/json":
        schema = {**content[kind]["schema"], "components": _DOCUMENT["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json())


def _operation_of(path: str) -> dict[str, Any] | None:
    parts = path.split("/")
    for template, found in _DOCUMENT["paths"].items():
        wanted = template.removeprefix("/api/v1").split("/")
        if len(parts) == len(wanted) and all(want.startswith("{") or want == part for want, part in zip(wanted, parts, strict=True)):
            return found
    return None
