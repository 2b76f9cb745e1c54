"""What may be asked: each question with its parameters, and the function that answers it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from guard.dashboard.documents.incident import ApprovalPlan, IncidentPage
from guard.dashboard.documents.pages import Overview, ReleasePage, ReplayResult, ReportDocument
from guard.dashboard.documents.rows import (
    ActionList,
    ActionRow,
    IncidentList,
    IncidentRow,
    Page,
    ReleaseList,
    ReleaseRow,
    RollbackList,
    RollbackView,
)
from guard.dashboard.operations import Answer, Call, File, Flag, Operation, Query
from guard.dashboard.reading import lists
from guard.dashboard.reading.incident import incident_page
from guard.dashboard.reading.lists import Asked, item_id_of
from guard.dashboard.reading.overview import overview
from guard.dashboard.refusals import NotHere
from guard.dashboard.spreadsheet import as_csv
from guard.incidents.action_items import ActionState
from guard.incidents.incident import IncidentState
from guard.model import ReleaseState
from guard.rollback.plan import RollbackState
from guard.store.listing import Wanted
from guard.tables import ThresholdsTable

_MOST_ROWS = 1000
_PLAN_SECONDS = 30.0
_LONGEST_NUMBER = 6
_CSV = ("text/csv",)


class ListQuery(Query):
    """A part of a list."""

    limit: int = Field(50, ge=1, le=_MOST_ROWS, description="So many rows at most.")
    after: Annotated[str, Field(max_length=400)] | None = Field(None, description="From a list's `next`: go on behind this row.")
    format: Literal["json", "csv"] = Field("json", description="JSON, or CSV for a spreadsheet.")


class ItemListQuery(ListQuery):
    """A list that may be of one extension."""

    item: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(None, description="Of this extension: its id or its name.")


class ReleaseQuery(ItemListQuery):
    """Which releases."""

    state: ReleaseState | None = Field(None, description="Only those that the guard holds to be this.")


class RollbackQuery(ItemListQuery):
    """Which rollbacks."""

    state: RollbackState | None = Field(None, description="Only those that stand so.")


class IncidentQuery(ItemListQuery):
    """Which incidents."""

    state: IncidentState | None = Field(None, description="Only those that stand so.")
    severity: Literal["P0", "P1", "P2", "P3"] | None = Field(None, description="Only those of this severity.")
    open: Flag = Field("false", description="Only those that are not over.")


class ActionQuery(ListQuery):
    """Which action items."""

    state: ActionState | None = Field(None, description="Only those that stand so.")
    owner: Annotated[str, Field(min_length=1, max_length=120)] | None = Field(None, description="Only those of this person.")
    overdue: Flag = Field("false", description="Only those whose last day is over.")


class ReportQuery(Query):
    """Which period."""

    days: int = Field(30, ge=1, le=366, description="So many days up to now.")


def _replay_query() -> type[Query]:
    """The thresholds of `[thresholds]`, each of which may be another."""
    fields: dict[str, Any] = {
        name: (float | None, Field(None, description=f"In place of the configured `{name}`.")) for name in ThresholdsTable.model_fields
    }
    return create_model("ReplayQuery", __base__=Query, **fields)


def _overview(call: Call) -> Answer:
    return overview(call.engine, call.reader)


def _listed(call: Call, name: str, kind: type[Any], page: Page, rows: Sequence[Any]) -> Answer:
    return as_csv(name, kind, rows) if call.query.format == "csv" else page


def _asked(call: Call) -> Asked:
    return Asked(call.query.limit, call.query.after, call.address)


def _item(call: Call) -> str | None:
    return item_id_of(call.engine.config, call.query.item)


def _releases(call: Call) -> Answer:
    wanted = Wanted(item_id=_item(call), state=call.query.state)
    page = lists.releases(call.engine, call.reader, wanted, _asked(call))
    return _listed(call, "releases", ReleaseRow, page, page.rows)


def _rollbacks(call: Call) -> Answer:
    wanted = Wanted(item_id=_item(call), state=call.query.state)
    page = lists.rollbacks(call.engine, call.reader, wanted, _asked(call))
    return _listed(call, "rollbacks", RollbackView, page, page.rows)


def _incidents(call: Call) -> Answer:
    query = call.query
    wanted = Wanted(item_id=_item(call), state=query.state, severity=query.severity, only_open=query.open == "true")
    page = lists.incidents(call.engine, call.reader, wanted, _asked(call))
    return _listed(call, "incidents", IncidentRow, page, page.rows)


def _actions(call: Call) -> Answer:
    overdue_on = lists.today_of(call.engine) if call.query.overdue == "true" else None
    page = lists.actions(call.engine, Wanted(state=call.query.state, owner=call.query.owner, overdue_on=overdue_on), _asked(call))
    return _listed(call, "actions", ActionRow, page, page.rows)


def _report(call: Call) -> Answer:
    return call.desk.reports.of(call.query.days, call.reader.language)


def _release(call: Call) -> Answer:
    return call.desk.releases.page(call.reader, call.path["item"], call.path["version"])


def _replay(call: Call) -> Answer:
    changed = {name: value for name, value in call.query.model_dump(exclude={"lang"}).items() if value is not None}
    return call.desk.releases.replay(call.reader, call.path["item"], call.path["version"], changed)


def _picture(call: Call) -> Answer:
    number = call.path["number"]
    if not (number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER):
        raise NotHere("pictures have numbers, from 0 on")
    file = call.desk.releases.picture(call.path["item"], call.path["version"], int(number))
    return File(file.read_bytes(), "image/png")


def _incident(call: Call) -> Answer:
    return incident_page(call.engine, call.reader, call.path["id"])


def _postmortem(call: Call) -> Answer:
    from guard.postmortems import draft, material_of  # noqa: PLC0415 - its templates are needed by this question only

    incident = call.engine.incidents.get(call.path["id"])
    text = draft(material_of(call.engine, incident), call.reader.language)
    return File(text.encode(), "text/markdown")


def _plan(call: Call) -> Answer:
    return call.desk.carrying.plan(call.reader, call.path["id"], call.by)


def _never(_call: Call) -> Answer:
    raise NotHere("this is answered by the server itself")


QUESTIONS: tuple[Operation, ...] = (
    Operation("GET", "/overview", "overview", "Everything at a glance", Overview, _overview, is_shared=True),
    Operation("GET", "/releases", "releases", "Releases, the newest first", ReleaseList, _releases, ReleaseQuery, media_types=_CSV),
    Operation("GET", "/rollbacks", "rollbacks", "Rollbacks, the newest first", RollbackList, _rollbacks, RollbackQuery, media_types=_CSV),
    Operation("GET", "/incidents", "incidents", "Incidents, the newest first", IncidentList, _incidents, IncidentQuery, media_types=_CSV),
    Operation("GET", "/actions", "actions", "Action items, the most urgent first", ActionList, _actions, ActionQuery, media_types=_CSV),
    Operation("GET", "/report", "report", "What a period says", ReportDocument, _report, ReportQuery, is_dear=True),
    Operation(
        "GET", "/items/{item}/releases/{version}", "release", "One release, whole", ReleasePage, _release, refusals=(404,), is_shared=True
    ),
    Operation(
        "GET",
        "/items/{item}/releases/{version}/replay",
        "replay",
        "What would have been decided under other thresholds",
        ReplayResult,
        _replay,
        _replay_query(),
        refusals=(404,),
    ),
    Operation(
        "GET",
        "/items/{item}/releases/{version}/pictures/{number}",
        "picture",
        "A screenshot of the release's checks",
        None,
        _picture,
        media_types=("image/png",),
        refusals=(404,),
    ),
    Operation("GET", "/incidents/{id}", "incident", "One incident, whole", IncidentPage, _incident, refusals=(404,), is_shared=True),
    Operation(
        "GET",
        "/incidents/{id}/postmortem",
        "postmortem",
        "The draft of its postmortem",
        None,
        _postmortem,
        media_types=("text/markdown",),
        refusals=(404,),
    ),
    Operation(
        "GET",
        "/incidents/{id}/rollback",
        "rollback_plan",
        "What an approval would do, planned now from what the store shows",
        ApprovalPlan,
        _plan,
        refusals=(401, 403, 404, 409, 429),
        asks_who=True,
        seconds=_PLAN_SECONDS,
    ),
    Operation(
        "GET",
        "/events",
        "events",
        "What changes, as it changes (server-sent events; `Last-Event-ID` resumes)",
        None,
        _never,
        media_types=("text/event-stream",),
        streams=True,
    ),
)
