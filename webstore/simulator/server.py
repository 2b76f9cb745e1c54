"""The local Chrome Web Store over HTTP: API v2, its token services, the update service with signed packages, and a page to look at.

What it does not imitate is told in full by `webstore.simulator.limits`.
"""

import contextlib
import dataclasses
import json
from collections.abc import Callable, Generator
from typing import Any, cast
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from webstore.simulator.accounts import Accounts, TokenRefused
from webstore.simulator.api import Api
from webstore.simulator.control import Control
from webstore.simulator.faults import Faults
from webstore.simulator.loopback import serve
from webstore.simulator.page import store_page
from webstore.simulator.refused import Refused, invalid
from webstore.simulator.state import LocalStore
from webstore.simulator.update_service import UpdateEndpoints


@dataclasses.dataclass(frozen=True)
class LocalStoreAddress:
    """Where a local store listens."""

    base_url: str
    update_url: str


@contextlib.contextmanager
def local_store(store: LocalStore, port: int = 0, *, accounts: Accounts | None = None) -> Generator[LocalStoreAddress]:
    """Serve a local store on 127.0.0.1. ``accounts``: who may use it; none, and every caller is the owner.

    Raises:
        PortTaken: the port is in use.
    """
    faults, accounts = Faults(), accounts or Accounts()
    api = Api(store, faults, accounts)
    control = Control(store, faults, accounts, api)
    app = _application(store, faults, accounts, api, control)
    with contextlib.closing(control), serve(app, port) as base_url:
        try:
            yield LocalStoreAddress(base_url, f"{base_url}/service/update2/crx")
        finally:
            faults.clear()


def _application(store: LocalStore, faults: Faults, accounts: Accounts, api: Api, control: Control) -> Starlette:
    updates, tokens = UpdateEndpoints(store, faults), _TokenEndpoints(accounts, faults)

    async def page(_request: Request) -> Response:
        return store_page(store, api.calls(), faults.waiting(), accounts_required=accounts.are_required)

    return Starlette(
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
        routes=[
            Route("/", page),
            Route("/v2/publishers/{publisher}/items/{call}", api.call, methods=["GET", "POST"]),
            Route("/v2/publishers/{publisher}/items/{item}/ratingSummary", api.rating_summary),
            Route("/upload/v2/publishers/{publisher}/items/{call}", api.call, methods=["POST"]),
            Route("/service/update2/crx", updates.check),
            Route("/packages/{extension}/{version}.crx", updates.package),
            *(Route(path, tokens.token, methods=["POST"]) for path in ("/token", "/oauth2/v4/token", "/o/oauth2/token")),
            Route("/v1/token", tokens.exchange, methods=["POST"]),
            Route("/v1/projects/-/serviceAccounts/{call}", tokens.impersonate, methods=["POST"]),
            Route("/_local/{what}", control.call, methods=["GET", "POST", "PATCH", "DELETE"]),
            Route("/_local/{what}/{item}", control.call, methods=["PATCH"]),
        ],
    )


class _TokenEndpoints:
    """Google's three token services."""

    def __init__(self, accounts: Accounts, faults: Faults) -> None:
        self._accounts = accounts
        self._faults = faults

    async def token(self, request: Request) -> Response:
        """The OAuth token endpoint."""
        return await self._answered(request, lambda form: self._accounts.token(form, str(request.url)))

    async def exchange(self, request: Request) -> Response:
        """The security token service."""
        return await self._answered(request, self._accounts.exchange)

    async def _answered(self, request: Request, answer: Callable[[dict[str, str]], dict[str, Any]]) -> Response:
        async def perform() -> Response:
            try:
                return JSONResponse(answer(await _form(request)))
            except TokenRefused as refused:
                return JSONResponse({"error": refused.error, "error_description": str(refused)}, refused.code)

        return await self._faults.around("token", request, perform)

    async def impersonate(self, request: Request) -> Response:
        """`…:generateAccessToken`."""
        email, _, method = str(request.path_params["call"]).partition(":")
        if method != "generateAccessToken":
            return JSONResponse(Refused(404, "NOT_FOUND", "There is no such method.").to_json(), 404)
        try:
            scopes: Any = json.loads(await request.body()).get("scope", [])
            return JSONResponse(self._accounts.impersonate(email, request.headers.get("authorization", ""), scopes))
        except ValueError:
            return JSONResponse(invalid("The body is no JSON.").to_json(), 400)
        except Refused as refused:
            return JSONResponse(refused.to_json(), refused.code)


async def _form(request: Request) -> dict[str, str]:
    """What a client sends for a token: as a form (RFC 6749), or as JSON, which Google takes as well."""
    body = await request.body()
    if not request.headers.get("content-type", "").startswith("application/json"):
        return dict(parse_qsl(body.decode(errors="replace")))
    try:
        value: Any = json.loads(body)
    except ValueError as error:
        raise TokenRefused("invalid_request", "The body is no JSON.") from error
    given = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    return {key: str(one) for key, one in given.items()}
