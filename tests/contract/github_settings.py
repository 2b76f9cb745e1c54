"""A stand-in for what GitHub's REST API says of one repository's settings, as far as the guard asks.

Held to GitHub's documentation: paths; `total_count` beside each list, and pages of 30, or 100 at most; the shapes of the repository, of
`actions/permissions`, `selected-actions` (409 where none are selected), `actions/permissions/workflow`, environments with their protection rules
and branch policy, workflows with their state, secrets by name; 401 for another token, 403 with GitHub's words for a permission that a fine-grained
token lacks, 404 for a repository that a token may not see, 301 for one that was renamed, 429 and 403 with the headers of the limits.

What it does not imitate: tokens of other kinds (a classic token's scopes, whose refusals are worded differently), a public repository asked
without a token, the permission that GitHub names in `X-Accepted-GitHub-Permissions`, conditional requests, the limits' own counting, HTTP's
`Link` header, and everything that writes.
"""

import contextlib
import dataclasses
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from webstore.simulator.loopback import serve

TOKEN = "github_pat_of-the-tests"
REPOSITORY = "team/shelf"
ALL_PERMISSIONS = {"administration", "actions", "environments", "secrets"}
NOT_FOUND = JSONResponse({"message": "Not Found", "status": "404"}, 404)
_REFUSED = {
    "message": "Resource not accessible by personal access token",
    "documentation_url": "https://docs.github.com/rest",
    "status": "403",
}


@dataclasses.dataclass
class Environment:
    """An environment as it is set up."""

    name: str
    reviewers: int = 1
    any_branch: bool = False
    secrets: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        people = [{"type": "User", "reviewer": {"login": f"person-{number}", "id": number}} for number in range(self.reviewers)]
        rules: list[dict[str, Any]] = [{"id": 2, "node_id": "x", "type": "wait_timer", "wait_timer": 0}]
        if people:
            rules.append({"id": 1, "node_id": "y", "type": "required_reviewers", "prevent_self_review": False, "reviewers": people})
        policy = None if self.any_branch else {"protected_branches": False, "custom_branch_policies": True}
        return {"id": 1, "node_id": "z", "name": self.name, "protection_rules": rules, "deployment_branch_policy": policy}


@dataclasses.dataclass
class GitHub:
    """One repository, and what a token may see of it."""

    permissions: set[str] = dataclasses.field(default_factory=lambda: set(ALL_PERMISSIONS))
    owner_type: str = "Organization"
    archived: bool = False
    enabled: bool = True
    allowed_actions: str = "all"
    sha_pinning_required: bool = False
    selected: dict[str, Any] = dataclasses.field(
        default_factory=lambda: {"github_owned_allowed": True, "verified_allowed": True, "patterns_allowed": []}
    )
    default_permissions: str = "read"
    environments: list[Environment] = dataclasses.field(default_factory=lambda: [Environment("release-guard-rollback")])
    workflows: dict[str, str] = dataclasses.field(
        default_factory=lambda: {f"release-{name}.yml": "active" for name in ("gate", "canary", "rollback")}
    )
    secrets: list[str] = dataclasses.field(default_factory=lambda: ["RELEASE_GUARD_STORE_CREDENTIALS", "RELEASE_GUARD"])
    shared: list[str] = dataclasses.field(default_factory=list)
    """Secrets of the organization that the repository may use."""
    fault: Response | None = None
    """What every question is answered with instead."""
    calls: list[str] = dataclasses.field(default_factory=list)
    base_url: str = ""

    async def answer(self, request: Request) -> Response:
        path = request.path_params.get("path", "")
        self.calls.append(f"{request.method} {path}")
        if self.fault:
            return self.fault
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"message": "Bad credentials", "status": "401"}, 401)
        if "{owner}/{name}".format(**request.path_params) != REPOSITORY:
            return NOT_FOUND
        permission, found = self.found(path, request.query_params)
        if permission and permission not in self.permissions:
            return JSONResponse(_REFUSED, 403)
        return found

    def found(self, path, asked) -> tuple[str, Response]:
        """The permission that an answer needs, and the answer."""
        if path.startswith("environments/"):
            name = path.removeprefix("environments/").removesuffix("/secrets")
            kept = next((one.secrets for one in self.environments if one.name.lower() == name.lower()), None)
            return "environments", NOT_FOUND if kept is None else listed("secrets", named(kept), asked)
        shown = [{"id": 1, "name": name, "path": f".github/workflows/{name}", "state": state} for name, state in self.workflows.items()]
        actions = {"enabled": self.enabled, "allowed_actions": self.allowed_actions, "sha_pinning_required": self.sha_pinning_required}
        conflict = JSONResponse({"message": "Conflict", "status": "409"}, 409)
        defaults = {"default_workflow_permissions": self.default_permissions, "can_approve_pull_request_reviews": False}
        answers: dict[str, tuple[str, Response]] = {
            "": ("", JSONResponse(self.about())),
            "actions/permissions": ("administration", JSONResponse(actions)),
            "actions/permissions/selected-actions": (
                "administration",
                JSONResponse(self.selected) if self.allowed_actions == "selected" else conflict,
            ),
            "actions/permissions/workflow": ("administration", JSONResponse(defaults)),
            "environments": ("actions", listed("environments", [one.shown() for one in self.environments], asked)),
            "actions/workflows": ("actions", listed("workflows", shown, asked)),
            "actions/secrets": ("secrets", listed("secrets", named(self.secrets), asked)),
            "actions/organization-secrets": ("secrets", listed("secrets", named(self.shared), asked)),
        }
        return answers.get(path, ("", NOT_FOUND))

    def about(self) -> dict[str, Any]:
        owner = {"login": REPOSITORY.partition("/")[0], "id": 1, "type": self.owner_type}
        flags = {"private": True, "archived": self.archived, "disabled": False}
        return {"id": 1, "name": "shelf", "full_name": REPOSITORY, "owner": owner, "default_branch": "trunk", **flags}


def named(names):
    return [{"name": name, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"} for name in names]


def listed(key, found, asked):
    size, page = min(int(asked.get("per_page", 30)), 100), int(asked.get("page", 1))
    return JSONResponse({"total_count": len(found), key: found[(page - 1) * size : page * size]})


def moved(base_url):
    """A repository that was renamed."""
    return JSONResponse(
        {"message": "Moved Permanently", "url": f"{base_url}/repositories/1"}, 301, {"Location": f"{base_url}/repositories/1"}
    )


@contextlib.contextmanager
def github_settings():
    """A repository's settings on 127.0.0.1."""
    github = GitHub()
    routes = [
        Route("/repos/{owner}/{name}", github.answer, methods=["GET"]),
        Route("/repos/{owner}/{name}/{path:path}", github.answer, methods=["GET"]),
    ]
    with serve(Starlette(routes=routes)) as github.base_url:
        yield github
