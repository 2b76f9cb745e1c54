"""What belongs to one incident besides itself, for who reads it: what people were told and how that went, its tickets, its proposal."""

import dataclasses
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import func, select

from guard.decision.orders import Proposal
from guard.incidents.incident import Incident
from guard.store.asking import proposal_of
from guard.store.schema import proposals
from guard.store.schema_response import deliveries, messages, tickets

_MOST_MESSAGES = 300


@dataclasses.dataclass(frozen=True)
class ToldMessage:
    """A message of an incident, and what came of it."""

    event: str
    channel: str
    target: str
    subject: str
    state: str
    attempts: int
    created_at: datetime
    last_words: str
    """Of the last attempt; empty before the first."""


@dataclasses.dataclass(frozen=True)
class ProposedPlan:
    """The plan that was shown to people."""

    proposal: Proposal
    proposed_at: datetime


class Dossiers:
    """Questions about one incident, answered in domain types."""

    def __init__(self, engine: sqlalchemy.Engine) -> None:
        self._engine = engine

    def messages(self, incident_id: str) -> list[ToldMessage]:
        """What was put down for people, the oldest of the newest few hundred first."""
        newest = select(messages).where(messages.c.incident_id == incident_id).order_by(messages.c.id.desc()).limit(_MOST_MESSAGES)
        with self._engine.connect() as connection:
            rows = connection.execute(newest).mappings().all()
            ids = [row["id"] for row in rows]
            last = select(func.max(deliveries.c.id)).where(deliveries.c.message_id.in_(ids)).group_by(deliveries.c.message_id)
            said = select(deliveries.c.message_id, deliveries.c.words).where(deliveries.c.id.in_(last))
            words = {row.message_id: row.words for row in connection.execute(said)}
        return [_told(row, words.get(row["id"], "")) for row in reversed(rows)]

    def tickets(self, subject_id: str) -> list[str]:
        """The tickets of an incident or an action item, as people name them: OWNER/NAME#NUMBER."""
        statement = select(tickets).where(tickets.c.subject_id == subject_id, tickets.c.number.is_not(None)).order_by(tickets.c.repository)
        with self._engine.connect() as connection:
            return [f"{row['repository']}#{row['number']}" for row in connection.execute(statement).mappings()]

    def proposed(self, incident: Incident) -> ProposedPlan | None:
        """The plan for the incident's release that was put to people; none where there was none."""
        statement = select(proposals).where(
            proposals.c.publisher == incident.item.publisher,
            proposals.c.item_id == incident.item.id,
            proposals.c.version == str(incident.version),
        )
        with self._engine.connect() as connection:
            row = connection.execute(statement).mappings().first()
        return ProposedPlan(proposal_of(row), row["proposed_at"]) if row else None


def _told(row: Any, words: str) -> ToldMessage:
    told = {name: row[name] for name in ("event", "channel", "target", "subject", "state", "attempts", "created_at")}
    return ToldMessage(**told, last_words=words)
