"""The REST endpoints that the guard reads, and those that it writes releases and deploys to."""

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guard.localsentry import places
from guard.localsentry.faults import limit_headers
from guard.localsentry.issues import DEFAULT_QUERY, issues
from guard.localsentry.outcomes import stats
from guard.localsentry.places import ORGANIZATION, PROJECT, PROJECT_SUMMARY
from guard.localsentry.questions import MOST_ROWS, Query, QueryRefused
from guard.localsentry.sessions import PROJECT_ID, sessions
from guard.localsentry.state import LocalSentry
from guard.localsentry.tables import events, timeseries

_LARGEST_BODY = 64 * 1024
_DATASETS = ("errors", "spans", "tracemetrics")
_DEEPEST_OFFSET = 1_000_000

# The published parameters that are understood here, and those that change nothing here. Others are refused: one that was silently
# ignored, such as `metricName`, would give an answer to another question.
_PARAMETERS = frozenset(
    {
        *("field", "yAxis", "groupBy", "query", "dataset", "sort", "orderBy", "per_page", "limit", "cursor", "topEvents"),
        *("start", "end", "statsPeriod", "interval", "environment", "project", "includeTotals", "includeSeries"),
        *("category", "outcome", "reason", "excludeOther", "disableAggregateExtrapolation", "preventMetricAggregates"),
        *("detailed", "visibility", "groupStatsPeriod", "collapse", "expand", "health", "adoptionStages", "project_id"),
        *("summaryStatsPeriod", "healthStatsPeriod", "allowAggregateConditions"),
    }
)

Answer = Callable[[Request], Response]


class RestApi:
    """The endpoints, each behind the token and the faults."""

    def __init__(self, sentry: LocalSentry, token: str, smallest_step: int) -> None:
        self._sentry = sentry
        self._token = token
        self._smallest_step = smallest_step

    def routes(self) -> list[Route]:
        """Where they stand."""
        organization, projects = "/api/0/organizations/{organization}", "/api/0/projects/{organization}"
        release = f"{organization}/releases/{{version:path}}"
        read: list[tuple[str, Answer]] = [
            (f"{organization}/", lambda request: JSONResponse(places.organization(_base(request)))),
            (f"{organization}/projects/", lambda _request: JSONResponse([places.project(self._sentry)])),
            (f"{organization}/environments/", self._environments),
            (f"{organization}/sessions/", self._sessions),
            (f"{organization}/events/", self._events),
            (f"{organization}/events-timeseries/", self._timeseries),
            (f"{organization}/issues/", self._issues),
            (f"{organization}/stats_v2/", self._stats),
            (f"{organization}/releases/", self._releases),
            (f"{organization}/monitors/{{slug}}/checkins/", self._check_ins),
            (f"{release}/deploys/", lambda request: self._page(request, self._sentry.releases.deploys(request.path_params["version"]))),
            (f"{release}/", lambda request: JSONResponse(self._sentry.releases.tell(request.path_params["version"], PROJECT_SUMMARY))),
            (f"{projects}/{{project}}/filters/", lambda _request: JSONResponse(places.filters(self._sentry))),
            (f"{projects}/{{project}}/", lambda request: JSONResponse(places.project_in_full(self._sentry, _base(request)))),
        ]
        write = [(f"{release}/deploys/", self._deploy), (f"{organization}/releases/", self._create_release)]
        return [
            *(Route(path, self._behind_the_token(answer), methods=["GET"]) for path, answer in read),
            *(Route(path, self._behind_the_token(answer), methods=["POST"]) for path, answer in write),
        ]

    def _behind_the_token(self, answer: Answer) -> Any:
        """An endpoint as Starlette wants it: refusals, faults, and the headers that every answer carries."""

        async def endpoint(request: Request) -> Response:
            now = self._sentry.now()
            fault = self._sentry.faults.instead_of_answer(now, self_hosted=self._sentry.self_hosted)
            if fault is not None:
                return fault
            try:
                self._authorize(request)
                request.state.body = await _body(request)
                with self._sentry.reading():
                    response = answer(request)
            except QueryRefused as error:
                response = JSONResponse({"detail": str(error)}, error.code)
            if not self._sentry.self_hosted:
                response.headers.update(limit_headers(now))
            return response

        return endpoint

    def _authorize(self, request: Request) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise QueryRefused("Invalid token", 401)
        if request.path_params["organization"] != ORGANIZATION or request.path_params.get("project", PROJECT) not in {PROJECT, "1"}:
            raise QueryRefused("The requested resource does not exist", 404)
        if not set(request.query_params.getlist("project")) <= {PROJECT, str(PROJECT_ID), "-1"}:
            raise QueryRefused("Invalid project")
        for name in request.query_params:
            if name not in _PARAMETERS:
                raise QueryRefused(f"The local Sentry does not know the parameter {name[:40]}")

    def _environments(self, _request: Request) -> Response:
        names = places.environments(self._sentry)
        return JSONResponse([{"id": str(number), "name": name} for number, name in enumerate(names, 1)])

    def _sessions(self, request: Request) -> Response:
        smallest = max(self._smallest_step, self._sentry.faults.smallest_step_seconds)
        return JSONResponse(sessions(self._sentry, _query(request, order="orderBy"), smallest))

    def _events(self, request: Request) -> Response:
        query = self._of_dataset(request)
        answer, has_more = events(self._sentry, query)
        return JSONResponse(answer, headers=_link(request, query, has_more))

    def _timeseries(self, request: Request) -> Response:
        return JSONResponse(timeseries(self._sentry, self._of_dataset(request, fields="yAxis")))

    def _of_dataset(self, request: Request, fields: str = "field") -> Query:
        known = _DATASETS[:1] if self._sentry.faults.only_errors else _DATASETS
        dataset = request.query_params.get("dataset", "")
        if dataset not in known:
            raise QueryRefused(f"dataset must be one of: {', '.join(known)}")
        return _query(request, fields=fields, dataset=dataset)

    def _issues(self, request: Request) -> Response:
        query = _query(request, query=request.query_params.get("query", DEFAULT_QUERY), page="limit")
        found, has_more = issues(self._sentry, query, PROJECT_SUMMARY, _base(request))
        return JSONResponse(found, headers=_link(request, query, has_more))

    def _stats(self, request: Request) -> Response:
        wanted = {name: request.query_params.getlist(name) for name in ("category", "outcome", "reason")}
        return JSONResponse(stats(self._sentry, _query(request), wanted))

    def _releases(self, request: Request) -> Response:
        return self._page(request, self._sentry.releases.found(request.query_params.get("query", ""), PROJECT_SUMMARY))

    def _check_ins(self, request: Request) -> Response:
        found = self._sentry.monitors.listed(request.path_params["slug"])
        if found is None:
            raise QueryRefused("The requested resource does not exist", 404)
        return self._page(request, found)

    def _page(self, request: Request, found: Sequence[Mapping[str, Any]]) -> Response:
        query = _query(request)
        end = query.offset + query.per_page
        return JSONResponse(found[query.offset : end], headers=_link(request, query, len(found) > end))

    def _create_release(self, request: Request) -> Response:
        values = request.state.body
        is_new = self._sentry.releases.create(values, PROJECT)
        return JSONResponse(self._sentry.releases.tell(values["version"], PROJECT_SUMMARY), 201 if is_new else 208)

    def _deploy(self, request: Request) -> Response:
        return JSONResponse(self._sentry.releases.deploy(request.path_params["version"], request.state.body), 201)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


async def _body(request: Request) -> Mapping[str, Any]:
    """The object that was posted.

    Raises:
        QueryRefused: there is none, or it is too large.
    """
    if request.method != "POST":
        return {}
    text = b""
    async for chunk in request.stream():
        text += chunk
        if len(text) > _LARGEST_BODY:
            raise QueryRefused("The body is too large", 413)
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise QueryRefused("JSON parse error") from error
    if not isinstance(value, dict):
        raise QueryRefused("JSON parse error: no object")
    return cast("Mapping[str, Any]", value)


def _query(
    request: Request,
    *,
    fields: str = "field",
    order: str = "sort",
    page: str = "per_page",
    dataset: str = "errors",
    query: str | None = None,
) -> Query:
    values = request.query_params
    return Query(
        fields=tuple(values.getlist(fields)),
        group_by=tuple(values.getlist("groupBy")),
        query=values.get("query", "") if query is None else query,
        environments=tuple(values.getlist("environment")),
        interval=values.get("interval", "1h"),
        start=values.get("start"),
        end=values.get("end"),
        stats_period=values.get("statsPeriod"),
        dataset=dataset,
        order=values.get(order, ""),
        per_page=_count(values.get(page), MOST_ROWS, MOST_ROWS, page),
        offset=_offset(values.get("cursor")),
        top=_count(values.get("topEvents"), 0, MOST_ROWS, "topEvents"),
        has_totals=values.get("includeTotals", "1") != "0",
        has_series=values.get("includeSeries", "1") != "0",
    )


def _count(text: str | None, default: int, most: int, name: str) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= most):  # noqa: PLR2004 - digits enough for the most
        raise QueryRefused(f"Invalid {name} value. Must be between 1 and {most}.")
    return int(text)


def _offset(cursor: str | None) -> int:
    """A cursor is `value:offset:is_previous`; only the offset says anything here."""
    if cursor is None:
        return 0
    parts = cursor.split(":")
    three = 3
    if len(parts) != three or not parts[1].isascii() or not parts[1].isdecimal() or len(parts[1]) > 7 or int(parts[1]) > _DEEPEST_OFFSET:  # noqa: PLR2004 - as above
        raise QueryRefused("Invalid cursor parameter.")
    return int(parts[1])


def _link(request: Request, query: Query, has_more: bool) -> dict[str, str]:
    """Both parts are always there, and each says whether it leads anywhere."""
    plain = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    before = f"0:{max(query.offset - query.per_page, 0)}:1"
    after = f"0:{query.offset + query.per_page}:0"
    parts = [("previous", query.offset > 0, before), ("next", has_more, after)]
    base = str(request.url.replace(query=""))
    return {
        "Link": ", ".join(
            f'<{base}?{urlencode([*plain, ("cursor", cursor)])}>; rel="{name}"; results="{str(leads).lower()}"; cursor="{cursor}"'
            for name, leads, cursor in parts
        )
    }
