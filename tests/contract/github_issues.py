"""A stand-in for GitHub's issues over REST, as far as the guard uses them.

Held to GitHub's documentation: paths, fields, 201 for what is made, labels by name that replace each other in a change and are made when they
are not known, `state_reason`, the lists' `labels`, `state`, `since`, `sort`, `direction` and pages, pull requests among the issues, `\\r\\n` kept
as it is sent, 422 for what is too long or empty, 401 for another token, 403 and 429 with the headers of both limits, 410 for what is deleted
and where issues are switched off, 301 for what was moved.

What it does not imitate: users and permissions beyond one token (with one exception: `drops_labels`, for a token without push access), assignees,
milestones, reactions, events, notifications, search, GraphQL, conditional requests, the limits' own counting (a test says when one is used up),
rendering, the delay until a new issue is listed (a test can set one), locked issues, and HTTP's `Link` header.
"""

import contextlib
import dataclasses
import json
import threading
from collections.abc import Callable
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from webstore.simulator.loopback import serve

TOKEN = "ghs_a-token-of-the-tests"
REPOSITORY = "owner/name"


@dataclasses.dataclass
class Kept:
    """An issue as it is kept."""

    number: int
    title: str
    body: str
    labels: list[str]
    state: str = "open"
    state_reason: str | None = None
    updated_at: str = ""
    comments: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    """Each with its time."""
    is_pull_request: bool = False
    is_deleted: bool = False
    is_moved: bool = False


@dataclasses.dataclass
class GitHub:
    """One repository."""

    clock: Callable[[], datetime]
    issues: list[Kept] = dataclasses.field(default_factory=list)
    calls: list[str] = dataclasses.field(default_factory=list)
    faults: list[tuple[str, object]] = dataclasses.field(default_factory=list)
    """What goes wrong next: the method that it waits for ("" for any), and the answer, or "lost before", "lost after", "500 after"."""
    drops_labels: bool = False
    hides: set[int] = dataclasses.field(default_factory=set)
    """Numbers that are not listed yet."""
    base_url: str = ""
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def open(self, title="by hand", body="", labels=(), **more):
        found = Kept(len(self.issues) + 1, title, body, list(labels), updated_at=self.now(), **more)
        self.issues.append(found)
        return found

    def now(self):
        return f"{self.clock():%Y-%m-%dT%H:%M:%SZ}"

    def fails(self, method, how):
        self.faults.append((method, how))

    def writes(self):
        return [call for call in self.calls if not call.startswith("GET")]

    def fault_for(self, method):
        for fault in self.faults:
            if fault[0] in {"", method}:
                self.faults.remove(fault)
                return fault[1]
        return None

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        with self._lock:
            self.calls.append(f"{request.method} {request.url.path.removeprefix(f'/repos/{REPOSITORY}')}")
            fault = self.fault_for(request.method)
            if isinstance(fault, Response):
                return fault
            if fault == "lost before":
                return _Cut()
            answer = self.carry_out(request, json.loads(body) if body else {})
        if fault == "lost after":
            return _Cut()
        return JSONResponse({"message": "Server Error"}, 500) if fault == "500 after" else answer

    def carry_out(self, request, sent):
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"message": "Bad credentials"}, 401)
        number = request.path_params.get("number")
        found = next((issue for issue in self.issues if issue.number == number), None)
        if request.path_params["repository"] != REPOSITORY.split("/")[1] or (number is not None and found is None):
            return JSONResponse({"message": "Not Found"}, 404)
        if found is None:
            return self.make(sent) if request.method == "POST" else self.listed(request.query_params)
        if found.is_deleted or found.is_moved:
            elsewhere = JSONResponse({"message": "Moved Permanently"}, 301, {"Location": f"{self.base_url}/elsewhere"})
            return elsewhere if found.is_moved else JSONResponse({"message": "This issue was deleted"}, 410)
        if request.url.path.endswith("/comments"):
            return self.commented(found, request, sent)
        return self.changed(found, sent) if request.method == "PATCH" else JSONResponse(self.shown(found))

    def make(self, sent):
        if refused := _refusal(sent, ("title", "body")):
            return refused
        made = self.open(sent["title"], sent.get("body") or "", [] if self.drops_labels else sent.get("labels", []))
        return JSONResponse(self.shown(made), 201)

    def listed(self, asked):
        wanted = set(filter(None, asked.get("labels", "").split(",")))
        state, since = asked.get("state", "open"), asked.get("since", "")
        fits = [
            issue
            for issue in self.issues
            if wanted <= set(issue.labels)
            and state in {"all", issue.state}
            and issue.updated_at >= since
            and issue.number not in self.hides
            and not (issue.is_deleted or issue.is_moved)
        ]
        if asked.get("direction", "desc") == "desc":
            fits.reverse()
        return JSONResponse([self.shown(issue) for issue in _page(fits, asked)])

    def changed(self, found, sent):
        if refused := _refusal({"title": found.title, **sent}, ("title", "body")):
            return refused
        before = found.state
        for name in ("title", "body", "state"):
            setattr(found, name, sent.get(name, getattr(found, name)))
        if "labels" in sent and not self.drops_labels:
            found.labels = list(sent["labels"])
        if found.state != before:  # ignored otherwise
            found.state_reason = sent.get("state_reason")
        found.updated_at = self.now()
        return JSONResponse(self.shown(found))

    def commented(self, found, request, sent):
        if request.method == "GET":
            since = request.query_params.get("since", "")
            fits = [{"body": body} for at, body in found.comments if at >= since]
            return JSONResponse(_page(fits, request.query_params))
        if refused := _refusal(sent, ("body",)):
            return refused
        found.comments.append((self.now(), sent["body"]))
        found.updated_at = self.now()
        return JSONResponse({"id": len(found.comments), "body": sent["body"]}, 201)

    def shown(self, issue):
        shown = {
            "id": 1000 + issue.number,
            "number": issue.number,
            "title": issue.title,
            "body": issue.body or None,
            "state": issue.state,
            "state_reason": issue.state_reason,
            "labels": [{"id": 1, "name": name, "color": "ededed"} for name in issue.labels],
            "updated_at": issue.updated_at,
            "html_url": f"https://github.com/{REPOSITORY}/issues/{issue.number}",
        }
        return {**shown, "pull_request": {"url": "https://…"}} if issue.is_pull_request else shown


class _Cut(Response):
    """An answer that promises more than comes."""

    def __init__(self):
        super().__init__(b'{"num', 201, {"Content-Length": "1000"}, media_type="application/json")

    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b'{"num', "more_body": True})
        raise ConnectionError  # the server closes the connection


def _page(found, asked):
    size, page = int(asked.get("per_page", 30)), int(asked.get("page", 1))
    return found[(page - 1) * size : page * size]


def _refusal(sent, fields):
    for field, longest in (("title", 256), ("body", 65_536)):
        text = sent.get(field)
        if field in fields and text is not None and len(text) > longest:
            error = {
                "resource": "Issue",
                "code": "custom",
                "field": field,
                "message": f"{field} is too long (maximum is {longest} characters)",
            }
            return JSONResponse({"message": "Validation Failed", "errors": [error]}, 422)
    if fields[0] in {"title", "body"} and not sent.get(fields[0]):
        return JSONResponse({"message": "Validation Failed", "errors": [{"code": "missing_field", "field": fields[0]}]}, 422)
    return None


def limited(status=403, *, words="API rate limit exceeded for installation ID 1.", **headers):
    """One of the limits' answers; a header's name with underscores."""
    return JSONResponse({"message": words}, status, {name.replace("_", "-"): str(value) for name, value in headers.items()})


@contextlib.contextmanager
def github_issues(clock):
    """A repository on 127.0.0.1."""
    github = GitHub(clock)
    home = "/repos/owner/{repository}/issues"
    routes = [
        Route(home, github.answer, methods=["GET", "POST"]),
        Route(home + "/{number:int}", github.answer, methods=["GET", "PATCH"]),
        Route(home + "/{number:int}/comments", github.answer, methods=["GET", "POST"]),
    ]
    with serve(Starlette(routes=routes)) as github.base_url:
        yield github
