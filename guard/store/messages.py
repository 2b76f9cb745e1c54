"""Messages that wait, are in hand or were delivered, with every attempt. Written with what they tell of: none is lost or told twice."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy
from sqlalchemy import func, insert, or_, select, update

from guard.notify.message import Attempt, Message, MessageState, Outcome
from guard.store.schema_response import deliveries, messages
from guard.store.upsert import upsert

IN_HAND = timedelta(minutes=1)
"""So long a process may have a message in hand; after that it is dead."""
_OPEN = (MessageState.PENDING.value, MessageState.SENDING.value)
_DIED = "the process that had it in hand ended before it could say what came of it"


@dataclasses.dataclass(frozen=True)
class Queued:
    """A message in the outbox, as it was read."""

    id: int
    message: Message
    state: MessageState
    attempts: int
    created_at: datetime
    claimed_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether somebody should send it now: it waits and its time has come, or whoever had it in hand is dead."""
        if self.state is MessageState.SENDING:
            return self.claimed_at is not None and self.claimed_at <= now - IN_HAND
        return self.message.not_before <= now


@dataclasses.dataclass(frozen=True)
class Delivery:
    """One line of the delivery log."""

    at: datetime
    incident_id: str | None
    event: str
    channel: str
    target: str
    attempt: int
    outcome: Outcome
    words: str


def put_message(connection: sqlalchemy.Connection, message: Message, now: datetime) -> bool:
    """Put a message down in a transaction that is under way; false when one of that key is there already."""
    row = {
        "key": message.key,
        "incident_id": message.incident_id,
        "event": message.event,
        "channel": message.channel,
        "target": message.target,
        "subject": message.subject,
        "body": message.body,
        "state": MessageState.PENDING.value,
        "attempts": 0,
        "created_at": now,
        "not_before": message.not_before,
    }
    return upsert(connection, messages, row, key=("key",))


def targets_told(connection: sqlalchemy.Connection, incident: str) -> dict[str, str]:
    """Every target that a message of an incident was put down for, with its channel."""
    statement = select(messages.c.target, messages.c.channel).where(messages.c.incident_id == incident).order_by(messages.c.id)
    return {row.target: row.channel for row in connection.execute(statement)}


class Messages:
    """The outbox, and the log of what came of it."""

    def __init__(self, engine: sqlalchemy.Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now

    def waiting(self) -> list[Queued]:
        """Everything that is not at its end, in the order in which it happened."""
        statement = select(messages).where(messages.c.state.in_(_OPEN)).order_by(messages.c.id)
        with self._engine.connect() as connection:
            return [_queued(row) for row in connection.execute(statement).mappings()]

    def claim(self, queued: Queued, me: str) -> Queued | None:
        """Take a message in hand; none where another process was first. The update is the lock, so no lock is held."""
        taken = {"state": MessageState.SENDING.value, "claimed_by": me, "claimed_at": self._now(), "attempts": queued.attempts + 1}
        with self._engine.begin() as connection:
            if connection.execute(update(messages).where(*_as_read(queued)).values(**taken).returning(messages.c.id)).first() is None:
                return None
            if queued.state is MessageState.SENDING:
                self._log(connection, queued.id, queued.attempts, Attempt(Outcome.UNSURE, _DIED))
        return dataclasses.replace(queued, state=MessageState.SENDING, attempts=queued.attempts + 1, claimed_at=self._now())

    def may_have_arrived(self, queued: Queued) -> bool:
        """Whether it is not known of an earlier attempt that it failed."""
        doubts = select(deliveries.c.id).where(deliveries.c.message_id == queued.id, deliveries.c.outcome == Outcome.UNSURE.value)
        with self._engine.connect() as connection:
            return connection.execute(doubts).first() is not None

    def finish(self, queued: Queued, me: str, attempt: Attempt, state: MessageState, not_before: datetime | None = None) -> None:
        """Write what came of an attempt, and where that leaves the message, if it is still in this process's hands."""
        now = self._now()
        values: dict[str, Any] = {"state": state.value}
        if state in {MessageState.SENT, MessageState.UNSURE}:
            values |= {"sent_at": now, "thread": attempt.thread}
        if not_before is not None:
            values["not_before"] = not_before
        mine = (*_as_read(queued), messages.c.claimed_by == me)
        with self._engine.begin() as connection:
            self._log(connection, queued.id, queued.attempts, attempt)
            connection.execute(update(messages).where(*mine).values(**values))

    def postpone(self, queued: Queued, until: datetime, words: str) -> None:
        """Leave a message that waits for later, and say why in the log."""
        statement = update(messages).where(*_as_read(queued)).values(not_before=until).returning(messages.c.id)
        with self._engine.begin() as connection:
            if connection.execute(statement).first() is not None:
                self._log(connection, queued.id, queued.attempts, Attempt(Outcome.POSTPONED, words))

    def thread(self, queued: Queued) -> str:
        """What the first message of the same incident is known by at the same target; empty when there is none."""
        statement = (
            select(messages.c.thread)
            .where(messages.c.incident_id == queued.message.incident_id, messages.c.target == queued.message.target)
            .where(messages.c.thread != "")
            .order_by(messages.c.id)
        )
        with self._engine.connect() as connection:
            return connection.execute(statement.limit(1)).scalar_one_or_none() or ""

    def sent_since(self, target: str, since: datetime, before: Queued) -> int:
        """How many messages a target got since a time, and those in hand that come before another."""
        in_hand = (messages.c.state == MessageState.SENDING.value) & (messages.c.id < before.id)
        statement = select(func.count()).where(messages.c.target == target, or_(messages.c.sent_at > since, in_hand))
        with self._engine.connect() as connection:
            return connection.execute(statement).scalar_one()

    def log(self, incident: str | None = None, limit: int = 500) -> list[Delivery]:
        """Every attempt to deliver, of one incident or of all, the oldest of the newest ``limit`` first."""
        statement = select(deliveries, messages.c.incident_id, messages.c.event, messages.c.channel, messages.c.target).join_from(
            deliveries, messages, deliveries.c.message_id == messages.c.id
        )
        if incident is not None:
            statement = statement.where(messages.c.incident_id == incident)
        with self._engine.connect() as connection:
            rows = connection.execute(statement.order_by(deliveries.c.id.desc()).limit(limit)).mappings().all()
        return [_delivery(row) for row in reversed(rows)]

    def all(self, incident: str | None = None) -> Sequence[tuple[Message, MessageState]]:
        """Every message with where it stands, of one incident or of all."""
        statement = select(messages).order_by(messages.c.id)
        if incident is not None:
            statement = statement.where(messages.c.incident_id == incident)
        with self._engine.connect() as connection:
            return [(_queued(row).message, MessageState(row["state"])) for row in connection.execute(statement).mappings()]

    def _log(self, connection: sqlalchemy.Connection, message_id: int, attempt: int, what: Attempt) -> None:
        row = {"message_id": message_id, "attempt": attempt, "at": self._now(), "outcome": what.outcome.value, "words": what.words}
        connection.execute(insert(deliveries).values(**row))


def _as_read(queued: Queued) -> tuple[sqlalchemy.ColumnElement[bool], ...]:
    """The condition that nobody has moved the message on since."""
    return messages.c.id == queued.id, messages.c.state == queued.state.value, messages.c.attempts == queued.attempts


def _queued(row: Any) -> Queued:
    fields = {field.name: row[field.name] for field in dataclasses.fields(Message)}
    return Queued(row["id"], Message(**fields), MessageState(row["state"]), row["attempts"], row["created_at"], row["claimed_at"])


def _delivery(row: Any) -> Delivery:
    told = {name: row[name] for name in ("incident_id", "event", "channel", "target", "words")}
    return Delivery(at=row["at"], attempt=row["attempt"], outcome=Outcome(row["outcome"]), **told)
