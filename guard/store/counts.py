"""How many there are of what is recorded: what a monitor asks again and again, each by one statement that groups in the database."""

import dataclasses
from datetime import date
from typing import Any

import sqlalchemy
from sqlalchemy import Column, func, select

from guard.incidents.action_items import OPEN_STATES, ActionState
from guard.incidents.incident import IncidentState, Trigger
from guard.notify.message import MessageState, Outcome
from guard.rollback.plan import RollbackState
from guard.severity import Severity
from guard.store.schema import incidents, rollbacks
from guard.store.schema_response import action_items, deliveries, messages

ENDED = (RollbackState.COMPLETED, RollbackState.FAILED, RollbackState.STOPPED)
"""How a rollback can have ended."""


@dataclasses.dataclass(frozen=True)
class RollbackCount:
    """Rollbacks of one item that ended alike."""

    item_id: str
    state: RollbackState
    automatic: bool
    count: int
    seconds: float
    """From the plan to the end, of all of them."""


class Counts:
    """Questions about how many, over all that is recorded."""

    def __init__(self, engine: sqlalchemy.Engine) -> None:
        self._engine = engine

    def ended_rollbacks(self) -> list[RollbackCount]:
        """Every rollback that has ended, by item, end, and whether the guard began it by itself."""
        keys = (rollbacks.c.item_id, rollbacks.c.state, rollbacks.c.automatic)
        seconds = func.sum(self._seconds(rollbacks.c.finished_at) - self._seconds(rollbacks.c.created_at))
        is_ended = rollbacks.c.state.in_([state.value for state in ENDED])
        rows = self._rows(select(*keys, func.count(), seconds).where(is_ended).group_by(*keys))
        return [
            RollbackCount(item_id, RollbackState(state), automatic, count, float(took or 0))
            for item_id, state, automatic, count, took in rows
        ]

    def unfinished_rollbacks(self) -> dict[str, int]:
        """Those that are planned or under way, by item."""
        going_on = rollbacks.c.state.not_in([state.value for state in ENDED])
        return dict(self._rows(select(rollbacks.c.item_id, func.count()).where(going_on).group_by(rollbacks.c.item_id)))

    def incidents(self) -> dict[tuple[Severity, IncidentState], int]:
        """Incidents by where they stand."""
        keys = (incidents.c.severity, incidents.c.state)
        rows = self._rows(select(*keys, func.count()).group_by(*keys))
        return {(Severity[severity], IncidentState(state)): count for severity, state, count in rows}

    def opened_incidents(self) -> dict[tuple[str, Trigger], int]:
        """Every incident that was ever opened, by item and by what opened it."""
        keys = (incidents.c.item_id, incidents.c.trigger)
        rows = self._rows(select(*keys, func.count()).group_by(*keys))
        return {(item_id, Trigger(trigger)): count for item_id, trigger, count in rows}

    def deliveries(self) -> dict[tuple[str, Outcome], int]:
        """Every attempt to tell somebody, by channel and what came of it."""
        keys = (messages.c.channel, deliveries.c.outcome)
        joined = deliveries.join(messages, deliveries.c.message_id == messages.c.id)
        rows = self._rows(select(*keys, func.count()).select_from(joined).group_by(*keys))
        return {(channel, Outcome(outcome)): count for channel, outcome, count in rows}

    def waiting_messages(self) -> int:
        """Messages that are not told yet."""
        waits = messages.c.state.in_([MessageState.PENDING.value, MessageState.SENDING.value])
        return self._rows(select(func.count()).select_from(messages).where(waits))[0][0]

    def action_items(self) -> dict[ActionState, int]:
        """Action items by where they stand."""
        rows = self._rows(select(action_items.c.state, func.count()).group_by(action_items.c.state))
        return {ActionState(state): count for state, count in rows}

    def overdue_action_items(self, today: date) -> int:
        """Those that somebody still has to do, and should have done before ``today``."""
        is_open = action_items.c.state.in_([state.value for state in OPEN_STATES])
        late = select(func.count()).select_from(action_items).where(is_open, action_items.c.due_on < today.isoformat())
        return self._rows(late)[0][0]

    def _rows(self, statement: sqlalchemy.Executable) -> list[Any]:
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(statement)]

    def _seconds(self, column: Column[Any]) -> sqlalchemy.ColumnElement[Any]:
        """A time as seconds, of which only differences are used."""
        if self._engine.dialect.name == "sqlite":
            return func.julianday(column) * 86400.0
        return sqlalchemy.extract("epoch", column)
