"""What is known of tickets, and who works on which: one process at a time, so that two that want the same ticket make one.

A claim is a lease. Whoever died with it is followed by another when it is over; whoever only slept finds its next write refused.
"""

import dataclasses
import enum
import os
import secrets
import socket
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy
from sqlalchemy import func, or_, select, update

from guard.incidents.incident import NEEDS_POSTMORTEM, IncidentState, TimelineEntry
from guard.severity import Severity
from guard.store.response import hold_incident
from guard.store.schema import incidents, timeline
from guard.store.schema_response import tickets
from guard.store.upsert import upsert

LEASE = timedelta(minutes=3)
"""How long one process works on a ticket at most; its calls are over long before."""
_WHOLE_REPOSITORY = "*"
"""Stands in place of a subject: what holds for every ticket of the repository."""


class TicketState(enum.StrEnum):
    """Where a ticket stands, as far as the guard knows."""

    WANTED = "wanted"
    """It is not there yet, or nobody knows whether it is."""
    OPEN = "open"
    CLOSED = "closed"
    GONE = "gone"
    """Somebody deleted or moved it: it is left alone."""


@dataclasses.dataclass(frozen=True)
class TicketRecord:
    """A ticket of one subject in one repository."""

    subject_id: str
    repository: str
    number: int | None = None
    state: TicketState = TicketState.WANTED
    digest: str = ""
    """Of what was last written to it."""
    said: int = 0
    """The number of the last timeline entry that it was told."""
    saying: int | None = None
    """The number of the last entry of a comment whose answer was not seen: it may have arrived."""
    asked_at: datetime | None = None
    """When something was last sent whose answer was not seen."""
    attempts: int = 0
    """How often in a row it went wrong."""
    not_before: datetime | None = None
    trouble: str = ""
    """What went wrong the last time."""
    updated_at: datetime | None = None
    """When something was last written here."""

    @property
    def name(self) -> str:
        """How people find it."""
        return f"{self.repository}#{self.number}"


class Tickets:
    """Questions and answers about tickets of one repository."""

    def __init__(self, engine: sqlalchemy.Engine, repository: str, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._repository = repository
        self._now = now
        self._me = f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(6)}"

    def all(self) -> dict[str, TicketRecord]:
        """Every ticket, by its subject."""
        return {row["subject_id"]: _record(row) for row in self._rows() if row["subject_id"] != _WHOLE_REPOSITORY}

    def get(self, subject: str) -> TicketRecord | None:
        """The ticket of a subject."""
        return self.of([subject]).get(subject)

    def of(self, subjects: Collection[str]) -> dict[str, TicketRecord]:
        """The tickets of some subjects."""
        statement = select(tickets).where(tickets.c.repository == self._repository, tickets.c.subject_id.in_(subjects))
        with self._engine.connect() as connection:
            return {row["subject_id"]: _record(row) for row in connection.execute(statement).mappings()}

    def unfinished(self) -> list[str]:
        """The subjects whose tickets are not closed yet, as far as is known."""
        states = [TicketState.WANTED.value, TicketState.OPEN.value]
        statement = select(tickets.c.subject_id).where(tickets.c.repository == self._repository, tickets.c.state.in_(states))
        with self._engine.connect() as connection:
            return [name for name in connection.execute(statement).scalars() if name != _WHOLE_REPOSITORY]

    def without_postmortem(self) -> list[str]:
        """The incidents that are resolved, and bad enough to need a postmortem that is not done."""
        severities = [severity.name for severity in Severity if severity >= NEEDS_POSTMORTEM]
        needs = (incidents.c.state == IncidentState.RESOLVED.value) & incidents.c.severity.in_(severities)
        with self._engine.connect() as connection:
            return list(connection.execute(select(incidents.c.id).where(needs)).scalars())

    def newest_entries(self, subjects: Collection[str]) -> dict[str, int]:
        """The number of the newest entry on each timeline: where that is known, the rest need not be read again."""
        statement = select(timeline.c.incident_id, func.max(timeline.c.id)).where(timeline.c.incident_id.in_(subjects))
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(statement.group_by(timeline.c.incident_id))}

    def take(self, subject: str) -> TicketRecord | None:
        """Take a ticket to work on it; none where another process has it in hand."""
        now = self._now()
        row = {
            "subject_id": subject,
            "repository": self._repository,
            "state": TicketState.WANTED.value,
            "digest": "",
            "claimed_by": self._me,
            "claimed_at": now,
            "updated_at": now,
        }
        free = or_(tickets.c.claimed_by.is_(None), tickets.c.claimed_at <= now - LEASE)
        with self._engine.begin() as connection:
            upsert(connection, tickets, row, key=("subject_id", "repository"))
            mine = update(tickets).where(self._is(subject)).where(or_(free, tickets.c.claimed_by == self._me))
            taken = connection.execute(mine.values(claimed_by=self._me, claimed_at=now).returning(tickets)).mappings().first()
        return _record(taken) if taken else None

    def write(self, record: TicketRecord) -> bool:
        """Write what is known of a ticket that is in hand; false where another process has taken it over meanwhile."""
        with self._engine.begin() as connection:
            return self._write(connection, record)

    def write_with(self, record: TicketRecord, entry: TimelineEntry) -> bool:
        """The same, and tell it on the incident's timeline: both or neither."""
        with self._engine.begin() as connection:
            if not self._write(connection, record):
                return False
            hold_incident(connection, record.subject_id)
            connection.execute(timeline.insert().values(incident_id=record.subject_id, **dataclasses.asdict(entry)))
            return True

    def give_back(self, subject: str) -> None:
        """Let others work on it."""
        with self._engine.begin() as connection:
            mine = update(tickets).where(self._is(subject), tickets.c.claimed_by == self._me)
            connection.execute(mine.values(claimed_by=None, claimed_at=None))

    def rest(self, until: datetime, trouble: str) -> None:
        """Leave the whole repository alone until then: every process does."""
        now = self._now()
        row = {
            "subject_id": _WHOLE_REPOSITORY,
            "repository": self._repository,
            "state": TicketState.WANTED.value,
            "digest": "",
            "not_before": until,
            "trouble": trouble,
            "updated_at": now,
        }
        shorter = or_(tickets.c.not_before.is_(None), tickets.c.not_before < until)
        with self._engine.begin() as connection:
            if not upsert(connection, tickets, row, key=("subject_id", "repository")):
                longer = update(tickets).where(self._is(_WHOLE_REPOSITORY), shorter)  # another's longer rest holds
                connection.execute(longer.values(not_before=until, trouble=trouble, updated_at=now))

    def rests_until(self) -> tuple[datetime, str] | None:
        """Until when the repository is left alone, and why; none when it is not."""
        with self._engine.connect() as connection:
            row = connection.execute(select(tickets).where(self._is(_WHOLE_REPOSITORY))).mappings().first()
        return (row["not_before"], row["trouble"]) if row and row["not_before"] and row["not_before"] > self._now() else None

    def entries(self, incident: str) -> list[tuple[int, TimelineEntry]]:
        """An incident's timeline, each entry with its number."""
        statement = select(timeline).where(timeline.c.incident_id == incident).order_by(timeline.c.id)
        with self._engine.connect() as connection:
            return [
                (row["id"], TimelineEntry(row["at"], row["actor"], row["event"], row["evidence"], row["kind"], row["facts"] or {}))
                for row in connection.execute(statement).mappings()
            ]

    def _write(self, connection: sqlalchemy.Connection, record: TicketRecord) -> bool:
        now = self._now()
        values = {**dataclasses.asdict(record), "state": record.state.value, "updated_at": now, "claimed_at": now}
        mine = update(tickets).where(self._is(record.subject_id), tickets.c.claimed_by == self._me)
        return connection.execute(mine.values(**values).returning(tickets.c.subject_id)).first() is not None

    def _rows(self) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.execute(select(tickets).where(tickets.c.repository == self._repository)).mappings())

    def _is(self, subject: str) -> sqlalchemy.ColumnElement[bool]:
        return (tickets.c.subject_id == subject) & (tickets.c.repository == self._repository)


def _record(row: Any) -> TicketRecord:
    known: dict[str, Any] = {field.name: row[field.name] for field in dataclasses.fields(TicketRecord)}
    known["state"] = TicketState(known["state"])
    return TicketRecord(**known)
