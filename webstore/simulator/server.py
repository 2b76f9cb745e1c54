"""The local Chrome Web Store over HTTP: API v2, the update service, and signed packages.

What it does not imitate: who may do what (any caller is the owner), review by people (a review always ends well, after the time
that was set), quotas, warnings, trusted testers, take-downs, who gets an update in a percentage rollout (the update service offers
the newest version to all), and the daily metrics and reviews (answered with UNIMPLEMENTED). It never invents an answer for these.
"""

import asyncio
import contextlib
import dataclasses
import hashlib
from collections.abc import Callable, Generator
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from webstore.models import Item, ItemStatus, Revision
from webstore.safe_zip import PackageError
from webstore.simulator.faults import Fault, FaultKind, Faults
from webstore.simulator.loopback import serve
from webstore.simulator.requests import REQUESTS, read_request, read_version
from webstore.simulator.state import LocalStore, Refused


@dataclasses.dataclass(frozen=True)
class LocalStoreAddress:
    """Where a local store listens."""

    base_url: str
    update_url: str


@contextlib.contextmanager
def local_store(store: LocalStore, port: int = 0) -> Generator[LocalStoreAddress]:
    """Serve a local store on 127.0.0.1.

    Raises:
        PortTaken: the port is in use.
    """
    faults = Faults()
    with serve(application(store, faults), port) as base_url:
        try:
            yield LocalStoreAddress(base_url, f"{base_url}/service/update2/crx")
        finally:
            faults.released.set()


def application(store: LocalStore, faults: Faults) -> Starlette:
    """The ASGI application."""
    api = _Api(store, faults)
    return Starlette(
        routes=[
            Route("/v2/publishers/{publisher}/items/{call}", api.call, methods=["GET", "POST"]),
            Route("/v2/publishers/{publisher}/items/{item}/ratingSummary", api.unimplemented, methods=["GET"]),
            Route("/upload/v2/publishers/{publisher}/items/{call}", api.call, methods=["POST"]),
            Route("/service/update2/crx", api.update_check, methods=["GET"]),
            Route("/packages/{extension}/{version}.crx", api.package, methods=["GET"]),
            Route("/_local/items", api.list_items, methods=["GET"]),
            Route("/_local/calls", api.list_calls, methods=["GET"]),
            Route("/_local/faults", api.add_faults, methods=["POST"]),
            Route("/_local/release", api.release, methods=["POST"]),
        ]
    )


class _Api:
    """The endpoints. State changes run in a thread, so that a held answer never holds the others."""

    def __init__(self, store: LocalStore, faults: Faults) -> None:
        self._store = store
        self._faults = faults
        self._calls: list[dict[str, Any]] = []
        self._handlers: dict[tuple[str, str], Callable[[Item, Any], Any]] = {
            ("GET", "fetchStatus"): lambda item, _body: _status_json(self._store.status(item)),
            ("POST", "upload"): self._upload,
            ("POST", "publish"): self._publish,
            ("POST", "rollback"): self._rollback,
            ("POST", "cancelSubmission"): lambda item, _body: self._store.cancel(item) or {},
            ("POST", "setPublishedDeployPercentage"): self._set_percentage,
        }

    async def call(self, request: Request) -> Response:
        """One call of the API: `…/items/ITEM:METHOD`."""
        item_id, _, method = str(request.path_params["call"]).partition(":")
        item = Item(str(request.path_params["publisher"]), item_id)
        raw = await request.body()
        fault = self._faults.take(method)
        if fault and fault.kind is FaultKind.STATUS:
            return self._logged(request, method, None, _error(fault.status, "UNAVAILABLE", "A fault that was asked for."))
        handler = self._handlers.get((request.method, method))
        if handler is None:
            if method in {"queryMetrics", "fetchReviews"}:
                return await self.unimplemented(request)
            return self._logged(request, method, None, _error(404, "NOT_FOUND", f"There is no method {method[:60]!r}."))
        body: Any = None
        try:
            body = _archive(request, raw) if method == "upload" else read_request(REQUESTS[method], raw) if method in REQUESTS else None
            answer = await run_in_threadpool(handler, item, body)
        except (Refused, PackageError) as error:
            code, status = (error.code, error.status) if isinstance(error, Refused) else (400, "INVALID_ARGUMENT")
            return self._logged(request, method, body, _error(code, status, str(error)))
        return await self._deliver(request, method, body, answer, fault)

    async def _deliver(self, request: Request, method: str, body: Any, answer: Any, fault: Fault | None) -> Response:
        response = self._logged(request, method, body, JSONResponse(answer))
        if fault and fault.kind is FaultKind.LOST_ANSWER:
            return _Broken()
        if fault and fault.kind is FaultKind.HOLD:
            while not self._faults.released.is_set():  # noqa: ASYNC110 - set from other threads; one that waited could not be stopped
                await asyncio.sleep(0.02)
        return response

    def _logged(self, request: Request, method: str, body: Any, response: Response) -> Response:
        shown = None if isinstance(body, bytes) else body
        self._calls.append({"method": method, "path": request.url.path, "body": shown, "status": response.status_code})
        return response

    async def unimplemented(self, request: Request) -> Response:
        """What this store does not know, it does not invent."""
        return self._logged(request, "unimplemented", None, _error(501, "UNIMPLEMENTED", "The local store does not imitate this."))

    def _upload(self, item: Item, archive: bytes) -> Any:
        version = self._store.upload(item, archive)
        return {"name": item.name, "itemId": item.id, "crxVersion": str(version), "uploadState": "SUCCEEDED"}

    def _publish(self, item: Item, body: dict[str, Any]) -> Any:
        percentages = [info["deployPercentage"] for info in body.get("deployInfos", [])]
        state = self._store.publish(
            item, staged=body.get("publishType") == "STAGED_PUBLISH", deploy_percentage=percentages[0] if percentages else 100
        )
        return {"name": item.name, "itemId": item.id, "state": state.value}

    def _rollback(self, item: Item, body: dict[str, Any]) -> Any:
        self._store.rollback(
            item,
            target=body.get("targetCrxVersion", ""),
            new_version=body.get("newVersion", ""),
            reason=body.get("rollbackReason", ""),
            validate_only=body.get("validateOnly", False),
        )
        return {}

    def _set_percentage(self, item: Item, body: dict[str, Any]) -> Any:
        self._store.set_deploy_percentage(item, body.get("deployPercentage", 0))
        return {}

    async def update_check(self, request: Request) -> Response:
        """The update service: what a browser that asks for one extension is offered."""
        wanted = request.query_params.get("x", "")
        extension = wanted.removeprefix("id=").split("&", 1)[0]
        offered = self._store.offered(extension)
        if request.query_params.get("response") == "redirect":
            if offered is None:
                return Response(status_code=204)
            return RedirectResponse(f"{_origin(request)}/packages/{extension}/{offered.version}.crx")
        crx = await run_in_threadpool(self._store.crx, extension, offered.version) if offered else None
        return Response(_gupdate(_origin(request), extension, str(offered.version) if offered else "", crx), media_type="text/xml")

    async def package(self, request: Request) -> Response:
        """A signed package."""
        version = read_version(str(request.path_params["version"]))
        crx = await run_in_threadpool(self._store.crx, str(request.path_params["extension"]), version) if version else None
        return Response(crx, media_type="application/x-chrome-extension") if crx else Response(status_code=404)

    async def list_items(self, _request: Request) -> Response:
        """For tests: every item with its history."""
        return JSONResponse([_item_json(item, self._store) for item in self._store.items()])

    async def list_calls(self, _request: Request) -> Response:
        """For tests: every call of the API that was received."""
        return JSONResponse(self._calls)

    async def add_faults(self, request: Request) -> Response:
        """For tests: faults to come."""
        for fault in await request.json():
            self._faults.add(
                Fault(fault["method"], FaultKind(fault["kind"]), fault.get("status", 503), fault.get("times", 1), fault.get("skip", 0))
            )
        return JSONResponse({})

    async def release(self, _request: Request) -> Response:
        """For tests: let held answers go."""
        self._faults.released.set()
        return JSONResponse({})


class _Broken(Response):
    """An answer whose connection breaks before a byte of its body: the client cannot know what happened."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


def _archive(request: Request, raw: bytes) -> bytes:
    """The zip of an upload, sent alone or as the second part of `multipart/related`."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/related"):
        return raw
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + raw)
    content = [part.get_payload(decode=True) for part in message.iter_parts()]
    return content[-1] if content and isinstance(content[-1], bytes) else b""


def _origin(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _error(code: int, status: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message, "status": status}}, status_code=code)


def _status_json(status: ItemStatus) -> dict[str, Any]:
    answer: dict[str, Any] = {"name": status.item.name, "itemId": status.item.id, "publicKey": status.public_key}
    if status.published:
        answer["publishedItemRevisionStatus"] = _revision_json(status.published)
    if status.submitted:
        answer["submittedItemRevisionStatus"] = _revision_json(status.submitted)
    if status.upload_state:
        answer["lastAsyncUploadState"] = status.upload_state.value
    return answer


def _revision_json(revision: Revision) -> dict[str, Any]:
    channels = [{"crxVersion": str(channel.version), "deployPercentage": channel.deploy_percentage} for channel in revision.channels]
    return {"state": revision.state.value, "distributionChannels": channels}


def _item_json(item: Item, store: LocalStore) -> dict[str, Any]:
    history = [
        {"version": str(revision.version), "source": revision.source.value, "target": str(revision.target) if revision.target else None}
        for revision in store.history(item)
    ]
    return {"publisher": item.publisher, "id": item.id, "history": history}


def _gupdate(origin: str, extension: str, version: str, crx: bytes | None) -> str:
    """The answer document of the update service."""
    identifier = "".join(letter for letter in extension if "a" <= letter <= "p")[:32]
    if crx is None:
        check = '<updatecheck status="noupdate"/>'
    else:
        digest = hashlib.sha256(crx).hexdigest()
        check = (
            f'<updatecheck status="ok" codebase="{origin}/packages/{identifier}/{version}.crx" version="{version}" '
            f'hash_sha256="{digest}" size="{len(crx)}" fp="1.{digest}"/>'
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<gupdate xmlns="http://www.google.com/update2/response" protocol="2.0" server="local">'
        f'<app appid="{identifier}" cohort="" cohortname="" status="ok">{check}</app></gupdate>'
    )
