"""Action items of record: each change is conditional on the state that it starts from, and told on the incidents' timelines with it."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from guard.errors import NotRecorded
from guard.incidents.action_items import OPEN_STATES, ActionItem, ActionRefused, ActionState, IncidentClass, Priority, action_id, key_prefix
from guard.incidents.events import Kind, Said, said
from guard.notify.message import Message, MessageState
from guard.store.messages import put_message
from guard.store.response import hold_incident
from guard.store.schema import timeline
from guard.store.schema_response import action_item_incidents, action_items, messages

_NUMBERING_TRIES = 20
_IS_OPEN = action_items.c.state.in_([state.value for state in OPEN_STATES])


class ActionItems:
    """Questions and answers about action items, in domain types."""

    def __init__(self, engine: sqlalchemy.Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now

    def add(self, draft: ActionItem) -> ActionItem:
        """Write an item down under the next free number, and say so on the timelines of its incidents.

        Raises:
            NotRecorded: one of its incidents is not recorded.
        """
        for _ in range(_NUMBERING_TRIES):
            try:
                with self._engine.begin() as connection:
                    item = dataclasses.replace(draft, id=self._next_id(connection, draft.created_at.year))
                    connection.execute(insert(action_items).values(**_row(item)))
                    for incident in item.incidents:
                        connection.execute(insert(action_item_incidents).values(action_id=item.id, incident_id=incident))
                    self._tell(connection, item, said(Kind.ACTION_ADDED, action=item.id, title=item.title), item.created_by)
            except IntegrityError:  # another process took the number: the next one is tried
                continue
            return item
        raise NotRecorded(
            "no number for the action item could be taken; are its incidents recorded, and is nothing writing items in a loop?"
        )

    def get(self, identifier: str) -> ActionItem:
        """The item of that id.

        Raises:
            NotRecorded: there is none.
        """
        found = self._where(func.upper(action_items.c.id) == identifier.strip().upper())
        if not found:
            raise NotRecorded(f"no action item {identifier[:40]} is recorded").advise("see `release-guard action list --all`")
        return found[0]

    def all(self, *, only_open: bool = False) -> list[ActionItem]:
        """Every item, what is due first at the front."""
        return self._where(_IS_OPEN if only_open else sqlalchemy.true())

    def of(self, incident: str) -> list[ActionItem]:
        """The items of an incident."""
        mine = select(action_item_incidents.c.action_id).where(action_item_incidents.c.incident_id == incident)
        return self._where(action_items.c.id.in_(mine))

    def move(self, item: ActionItem, to: ActionState, by: str, reason: str = "") -> ActionItem:
        """Change an item's state. What ends asks for nothing more: its reminders that were not sent yet are dropped in the same moment.

        Raises:
            ActionRefused: that makes no sense from where it stands, or somebody else was first.
        """
        moved = item.moved(to, self._now(), reason)
        with self._engine.begin() as connection:
            self._change(connection, item, state=moved.state.value, ended_at=moved.ended_at, reason=moved.reason)
            if moved.state.is_open:
                return moved
            dropped = to is ActionState.DROPPED
            event = (
                said(Kind.ACTION_DROPPED, action=item.id, reason=moved.reason)
                if dropped
                else said(Kind.ACTION_DONE, action=item.id, title=item.title)
            )
            self._tell(connection, moved, event, by)
            self._forget_reminders(connection, item.id)
        return moved

    def assign(self, item: ActionItem, owner: str) -> ActionItem:
        """Give an item to somebody.

        Raises:
            ActionRefused: it has ended, or somebody else was first.
        """
        with self._engine.begin() as connection:
            self._change(connection, item, owner=owner)
        return dataclasses.replace(item, owner=owner)

    def postpone(self, item: ActionItem, due_on: date) -> ActionItem:
        """Give an item another last day; reminders of the old one that were not sent yet are dropped.

        Raises:
            ActionRefused: it has ended, or somebody else was first.
        """
        with self._engine.begin() as connection:
            self._change(connection, item, due_on=due_on.isoformat())
            if due_on != item.due_on:
                self._forget_reminders(connection, item.id)
        return dataclasses.replace(item, due_on=due_on)

    def put_reminders(self, item: ActionItem, reminders: Sequence[Message]) -> int:
        """Put down the reminders that are not there yet, if the item still asks for them; how many that were."""
        keys = [message.key for message in reminders]
        with self._engine.connect() as connection:
            there = set(connection.execute(select(messages.c.key).where(messages.c.key.in_(keys))).scalars())
        if there >= set(keys):
            return 0
        with self._engine.begin() as connection:
            # The row is held while they are written: who ends the item or moves its day at the same moment waits, and then drops them.
            if not self._hold(connection, item):
                return 0
            return sum(put_message(connection, message, self._now()) for message in reminders)

    def _change(self, connection: sqlalchemy.Connection, item: ActionItem, **values: Any) -> None:
        """Change what is still as it was read."""
        statement = update(action_items).where(action_items.c.id == item.id, action_items.c.state == item.state.value).where(_IS_OPEN)
        if connection.execute(statement.values(**values).returning(action_items.c.id)).first() is None:
            raise ActionRefused(f"{item.id} has ended, or was changed by somebody else at this moment")

    def _hold(self, connection: sqlalchemy.Connection, item: ActionItem) -> bool:
        same = (action_items.c.id == item.id) & (action_items.c.due_on == item.due_on.isoformat()) & _IS_OPEN
        held = update(action_items).where(same).values(due_on=action_items.c.due_on).returning(action_items.c.id)
        return connection.execute(held).first() is not None

    def _forget_reminders(self, connection: sqlalchemy.Connection, item_id: str) -> None:
        waiting = (messages.c.state == MessageState.PENDING.value) & messages.c.key.startswith(key_prefix(item_id), autoescape=True)
        connection.execute(update(messages).where(waiting).values(state=MessageState.DROPPED.value))

    def _tell(self, connection: sqlalchemy.Connection, item: ActionItem, event: Said, by: str) -> None:
        for incident in sorted(item.incidents):
            hold_incident(
                connection, incident
            )  # entries are written one after the other, so that none is overlooked by who reads on from a number
            entry = {"at": self._now(), "actor": by, "event": event.text, "evidence": ""}
            connection.execute(insert(timeline).values(incident_id=incident, kind=event.kind.value, facts=dict(event.facts), **entry))

    def _next_id(self, connection: sqlalchemy.Connection, year: int) -> str:
        ids = connection.execute(select(action_items.c.id).where(action_items.c.id.like(f"ACT-{year}-%"))).scalars()
        return action_id(year, max((int(found.rsplit("-", 1)[1]) for found in ids), default=0) + 1)

    def _where(self, condition: sqlalchemy.ColumnElement[bool]) -> list[ActionItem]:
        statement = select(action_items).where(condition).order_by(action_items.c.due_on, action_items.c.id)
        with self._engine.connect() as connection:
            rows = connection.execute(statement).mappings().all()
            related: dict[str, list[str]] = {}
            for link in connection.execute(select(action_item_incidents).order_by(action_item_incidents.c.incident_id)).mappings():
                related.setdefault(link["action_id"], []).append(link["incident_id"])
        return [action_of(row, related.get(row["id"], [])) for row in rows]


def _row(item: ActionItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": item.title,
        "owner": item.owner,
        "priority": item.priority.value,
        "state": item.state.value,
        "due_on": item.due_on.isoformat(),
        "prevents": str(item.prevents) if item.prevents else "",
        "estimated_preventions": item.estimated_preventions,
        "created_by": item.created_by,
        "created_at": item.created_at,
        "ended_at": item.ended_at,
        "reason": item.reason,
    }


def action_of(row: Any, related: Sequence[str]) -> ActionItem:
    """The item in a row of its table, with the incidents that it came of."""
    return ActionItem(
        id=row["id"],
        title=row["title"],
        owner=row["owner"],
        priority=Priority(row["priority"]),
        due_on=date.fromisoformat(row["due_on"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        state=ActionState(row["state"]),
        incidents=tuple(related),
        prevents=IncidentClass.parse(row["prevents"]) if row["prevents"] else None,
        estimated_preventions=row["estimated_preventions"],
        ended_at=row["ended_at"],
        reason=row["reason"],
    )
