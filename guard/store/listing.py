"""Long lists of releases, rollbacks, incidents and action items, filtered and a part at a time: each part goes on behind a row's id."""

import dataclasses
from collections.abc import Sequence
from datetime import date
from typing import Any, Generic, TypeVar

import sqlalchemy
from sqlalchemy import and_, case, func, or_, select

from guard.errors import UsageError
from guard.incidents.action_items import OPEN_STATES as OPEN_ACTIONS
from guard.incidents.action_items import ActionItem
from guard.incidents.incident import OPEN_STATES, Incident
from guard.incidents.roles import Role
from guard.model import Release
from guard.rollback.plan import RollbackRecord
from guard.store.action_items import action_of
from guard.store.incident_rows import incident_of
from guard.store.journal import record_of, step_of
from guard.store.releases import release_of, seen
from guard.store.schema import incidents, releases, rollback_steps, rollbacks
from guard.store.schema_response import action_item_incidents, action_items, incident_roles
from webstore.models import Item

_Row = TypeVar("_Row")
_Condition = sqlalchemy.ColumnElement[bool]


class NoSuchPlace(UsageError):
    """A list cannot go on behind a row that is not there."""

    hint = "begin again with the first part of the list"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """Which rows are asked for. What is not said does not matter."""

    item_id: str | None = None
    state: str | None = None
    severity: str | None = None
    owner: str | None = None
    only_open: bool = False
    overdue_on: date | None = None
    """Action items that were not done by this day."""


@dataclasses.dataclass(frozen=True)
class Part(Generic[_Row]):
    """One part of a list."""

    rows: Sequence[_Row]
    total: int
    """Of the whole list."""
    after: str | None
    """The id that the next part goes on behind; none at the end."""


class Listing:
    """Questions about long lists, answered in domain types."""

    def __init__(self, engine: sqlalchemy.Engine) -> None:
        self._engine = engine

    def releases(self, wanted: Wanted, limit: int, after: str | None) -> Part[Release]:
        """Releases, those that were seen last first.

        Raises:
            NoSuchPlace: there is no row ``after``.
        """
        asked = _equal(releases, item_id=wanted.item_id, state=wanted.state)
        order = (releases.c.published_at.desc(), releases.c.id.desc())
        number = None if after is None else _number(after)
        rows, total, last = self._part(seen(), releases, asked, order, limit, number)
        return Part([release_of(row) for row in rows], total, last)

    def incidents(self, wanted: Wanted, limit: int, after: str | None) -> tuple[Part[Incident], dict[str, str]]:
        """Incidents, the newest first; and the commanders of those that have one.

        Raises:
            NoSuchPlace: there is no row ``after``.
        """
        asked = _equal(incidents, item_id=wanted.item_id, state=wanted.state, severity=wanted.severity)
        if wanted.only_open:
            asked.append(incidents.c.state.in_([state.value for state in OPEN_STATES]))
        order = (incidents.c.opened_at.desc(), incidents.c.id.desc())
        rows, total, last = self._part(select(incidents), incidents, asked, order, limit, after)
        ids = [row["id"] for row in rows]
        statement = select(incident_roles.c.incident_id, incident_roles.c.holder).where(
            incident_roles.c.incident_id.in_(ids), incident_roles.c.role == Role.INCIDENT_COMMANDER.value
        )
        with self._engine.connect() as connection:
            commanders = {row.incident_id: row.holder for row in connection.execute(statement)}
        return Part([incident_of(row) for row in rows], total, last), commanders

    def rollbacks(self, wanted: Wanted, limit: int, after: str | None) -> Part[RollbackRecord]:
        """Rollbacks with their steps, the newest first.

        Raises:
            NoSuchPlace: there is no row ``after``.
        """
        asked = _equal(rollbacks, item_id=wanted.item_id, state=wanted.state)
        order = (rollbacks.c.created_at.desc(), rollbacks.c.id.desc())
        rows, total, last = self._part(select(rollbacks), rollbacks, asked, order, limit, after)
        return Part(self._with_steps(rows), total, last)

    def rollbacks_of(self, item: Item, version: str, limit: int = 20) -> list[RollbackRecord]:
        """The rollbacks that a release was part of: away from it, or to a number that it became; the newest first."""
        is_part = or_(rollbacks.c.from_version == version, rollbacks.c.new_version == version)
        mine = (rollbacks.c.publisher == item.publisher) & (rollbacks.c.item_id == item.id) & is_part
        statement = select(rollbacks).where(mine).order_by(rollbacks.c.created_at.desc()).limit(limit)
        with self._engine.connect() as connection:
            rows = connection.execute(statement).mappings().all()
        return self._with_steps(rows)

    def _with_steps(self, rows: Sequence[sqlalchemy.RowMapping]) -> list[RollbackRecord]:
        ids = [row["id"] for row in rows]
        steps: dict[str, list[Any]] = {}
        statement = select(rollback_steps).where(rollback_steps.c.rollback_id.in_(ids)).order_by(rollback_steps.c.position)
        with self._engine.connect() as connection:
            for step in connection.execute(statement).mappings():
                steps.setdefault(step["rollback_id"], []).append(step_of(step))
        return [record_of(row, tuple(steps.get(row["id"], ()))) for row in rows]

    def actions(self, wanted: Wanted, limit: int, after: str | None) -> Part[ActionItem]:
        """Action items: those that are open first, and of them what is due first.

        Raises:
            NoSuchPlace: there is no row ``after``.
        """
        is_open = action_items.c.state.in_([state.value for state in OPEN_ACTIONS])
        asked = _equal(action_items, state=wanted.state, owner=wanted.owner)
        if wanted.overdue_on:
            asked += [is_open, action_items.c.due_on < wanted.overdue_on.isoformat()]
        order = (case((is_open, 0), else_=1), action_items.c.due_on, action_items.c.id)
        rows, total, last = self._part(select(action_items), action_items, asked, order, limit, after)
        ids = [row["id"] for row in rows]
        related: dict[str, list[str]] = {}
        links = (
            select(action_item_incidents).where(action_item_incidents.c.action_id.in_(ids)).order_by(action_item_incidents.c.incident_id)
        )
        with self._engine.connect() as connection:
            for link in connection.execute(links.order_by(action_item_incidents.c.incident_id)).mappings():
                related.setdefault(link["action_id"], []).append(link["incident_id"])
        return Part([action_of(row, related.get(row["id"], [])) for row in rows], total, last)

    def _part(
        self,
        statement: sqlalchemy.Select[Any],
        table: sqlalchemy.Table,
        asked: Sequence[_Condition],
        order: Sequence[Any],
        limit: int,
        after: str | int | None,
    ) -> tuple[Sequence[sqlalchemy.RowMapping], int, str | None]:
        """Rows behind the one of that id, how many there are in all, and the last id where more follow."""
        with self._engine.connect() as connection:
            total = connection.execute(select(func.count()).select_from(table).where(*asked)).scalar_one()
            begun = [*asked, *([] if after is None else [_behind(connection, table, order, after)])]
            rows = connection.execute(statement.where(*begun).order_by(*order).limit(limit + 1)).mappings().all()
        more = len(rows) > limit
        return rows[:limit], total, str(rows[limit - 1]["id"]) if more else None


def _behind(connection: sqlalchemy.Connection, table: sqlalchemy.Table, order: Sequence[Any], after: str | int) -> _Condition:
    """The condition of rows that come after one in an order, whose last column is the row's id."""
    columns = [_plain(column) for column in order]
    place = connection.execute(select(*columns).where(table.c.id == after)).first()
    if place is None:
        raise NoSuchPlace("the list cannot go on there: that row is gone, or never was")
    alternatives: list[_Condition] = []
    for position, (column, wanted) in enumerate(zip(columns, order, strict=True)):
        value = sqlalchemy.literal(place[position], column.type)
        further = column < value if _descends(wanted) else column > value
        same = [one == sqlalchemy.literal(place[number], one.type) for number, one in enumerate(columns[:position])]
        alternatives.append(and_(*same, further))
    return or_(*alternatives)


def _plain(column: Any) -> Any:
    return column.element if _descends(column) else column


def _descends(column: Any) -> bool:
    return isinstance(column, sqlalchemy.UnaryExpression)


def _equal(table: sqlalchemy.Table, **wanted: str | None) -> list[_Condition]:
    return [table.c[name] == value for name, value in wanted.items() if value is not None]


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9:  # noqa: PLR2004 - what fits into a row's id
        raise NoSuchPlace("the list cannot go on there: that is no row's number")
    return int(text)
