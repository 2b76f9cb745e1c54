"""The endpoints of the API v2, as the local store answers them. State changes run in a thread, so that a held answer holds no other."""

import threading
from collections.abc import Callable
from typing import IO, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from webstore.crx import CrxError
from webstore.models import Item
from webstore.safe_zip import PackageError
from webstore.simulator import answers, uploads
from webstore.simulator.accounts import Accounts
from webstore.simulator.faults import Faults
from webstore.simulator.refused import Refused, invalid
from webstore.simulator.requests import (
    PublishItemRequest,
    Query,
    RollbackItemRequest,
    SetPublishedDeployPercentageRequest,
    read_request,
)
from webstore.simulator.state import LocalStore

_KEPT_CALLS = 10_000


class Api:
    """Every method of the API."""

    def __init__(self, store: LocalStore, faults: Faults, accounts: Accounts) -> None:
        self._store = store
        self._faults = faults
        self._accounts = accounts
        self._calls: list[dict[str, Any]] = []
        self._calls_lock = threading.Lock()
        self._reading: dict[str, Callable[[Item, Query], Any]] = {
            "fetchStatus": lambda item, _query: answers.status_json(self._store.status(item)),
            "queryMetrics": self._query_metrics,
            "fetchReviews": self._fetch_reviews,
            "getRatingSummary": self._rating_summary,
        }
        self._changing: dict[str, Callable[[Item, Any], Any]] = {
            "upload": self._upload,
            "publish": self._publish,
            "rollback": self._rollback,
            "cancelSubmission": lambda item, _body: self._store.cancel(item) or {},
            "setPublishedDeployPercentage": self._set_percentage,
        }

    def calls(self) -> list[dict[str, Any]]:
        """Every call that was received, the oldest first; its status is none while it is not answered."""
        with self._calls_lock:
            return [dict(call) for call in self._calls]

    async def call(self, request: Request) -> Response:
        """One call: `…/items/ITEM:METHOD`."""
        item_id, _, method = str(request.path_params["call"]).partition(":")
        return await self._answer(request, item_id, method)

    async def rating_summary(self, request: Request) -> Response:
        """`…/items/ITEM/ratingSummary`."""
        return await self._answer(request, str(request.path_params["item"]), "getRatingSummary")

    async def _answer(self, request: Request, item_id: str, method: str) -> Response:
        item = Item(str(request.path_params["publisher"]), item_id)
        seen: dict[str, Any] = {"method": method, "path": request.url.path, "body": None, "status": None}

        async def perform() -> Response:
            try:
                return JSONResponse(await self._perform(request, item, method, seen))
            except (Refused, PackageError, CrxError) as error:
                refused = error if isinstance(error, Refused) else invalid(str(error))
                return JSONResponse(refused.to_json(), refused.code)

        with self._calls_lock:
            self._calls.append(seen)
            del self._calls[:-_KEPT_CALLS]
        response = await self._faults.around(method, request, perform)
        seen["status"] = response.status_code
        return response

    async def _perform(self, request: Request, item: Item, method: str, seen: dict[str, Any]) -> Any:
        reading = method in self._reading
        known = self._reading if reading else self._changing
        if method not in known or request.method != ("GET" if reading else "POST"):
            raise Refused(404, "NOT_FOUND", f"There is no method {method[:60]!r}.")
        query = Query(method, request.query_params.multi_items())
        bearer = query.one("access_token") or query.one("oauth_token")
        header = request.headers.get("authorization", "") or (f"Bearer {bearer}" if bearer else "")
        self._accounts.check(header, item.publisher, writing=not reading)
        if reading:
            return await run_in_threadpool(self._reading[method], item, query)
        if method == "upload":
            if not request.url.path.startswith("/upload/"):
                raise invalid("The package is uploaded at /upload/v2/….")
            return await run_in_threadpool(self._upload, item, await uploads.receive(request))
        body = read_request(method, await request.body())
        seen["body"] = body.model_dump(exclude_unset=True)
        return await run_in_threadpool(self._changing[method], item, body)

    def _upload(self, item: Item, archive: IO[bytes]) -> Any:
        version = self._store.upload(item, archive)
        answer = {"name": item.name, "itemId": item.id}
        return answer | ({"crxVersion": str(version), "uploadState": "SUCCEEDED"} if version else {"uploadState": "IN_PROGRESS"})

    def _publish(self, item: Item, body: PublishItemRequest) -> Any:
        submission = self._store.publish(
            item,
            staged=body.publishType == "STAGED_PUBLISH",
            deploy_percentage=body.deployInfos[0].deployPercentage if body.deployInfos else 100,
            skip_review=body.skipReview,
            block_on_warnings=body.blockOnWarnings,
        )
        return answers.submission_json(item, submission)

    def _rollback(self, item: Item, body: RollbackItemRequest) -> Any:
        self._store.rollback(
            item,
            target=body.targetCrxVersion,
            new_version=body.newVersion,
            reason=body.rollbackReason,
            validate_only=body.validateOnly,
        )
        return {}

    def _set_percentage(self, item: Item, body: SetPublishedDeployPercentageRequest) -> Any:
        self._store.set_deploy_percentage(item, body.deployPercentage)
        return {}

    def _query_metrics(self, item: Item, query: Query) -> Any:
        wanted = query.metrics()
        with self._store.listing(item) as listing:
            rows = listing.insights.rows(wanted, query.dimension(), query.day("firstDate"), query.day("lastDate"))
        start, size = query.page(100, 1000)
        return _page("metricRows", answers.metrics_json(rows[start : start + size], wanted), query, start + size, len(rows))

    def _fetch_reviews(self, item: Item, query: Query) -> Any:
        with self._store.listing(item) as listing:
            found = listing.insights.reviews(query.rating(), query.order())
        start, size = query.page(50, 200)
        shown = [answers.review_json(item, one) for one in found[start : start + size]]
        return _page("reviews", shown, query, start + size, len(found))

    def _rating_summary(self, item: Item, _query: Query) -> Any:
        with self._store.listing(item) as listing:
            return answers.rating_json(item, listing.insights)


def _page(name: str, rows: list[dict[str, Any]], query: Query, end: int, total: int) -> dict[str, Any]:
    """One page; with a token while there is more."""
    answer: dict[str, Any] = {name: rows} if rows else {}
    return answer | ({"nextPageToken": query.token(end)} if end < total else {})
