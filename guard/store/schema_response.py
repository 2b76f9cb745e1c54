"""The tables of the response to incidents: roles, checklists, clocks, messages, silences, tickets and action items."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from guard.store.schema import UtcDateTime, metadata

_INCIDENT = 30
_PERSON = 120

incident_roles = Table(
    "incident_roles",
    metadata,
    Column("incident_id", String(_INCIDENT), ForeignKey("incidents.id"), primary_key=True),
    Column("role", String(30), primary_key=True),
    Column("holder", String(_PERSON), nullable=False),
    Column("since", UtcDateTime, nullable=False),
)

incident_ticks = Table(
    "incident_ticks",
    metadata,
    Column("incident_id", String(_INCIDENT), ForeignKey("incidents.id"), primary_key=True),
    Column("entry", String(60), primary_key=True),
    Column("by", String(_PERSON), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("evidence", Text, nullable=False),
)

clocks = Table(
    "clocks",
    metadata,
    Column("incident_id", String(_INCIDENT), ForeignKey("incidents.id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("warn_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("warned_at", UtcDateTime),
    Column("missed_at", UtcDateTime),
    Column("stopped_at", UtcDateTime),
    Column("escalations", Integer, nullable=False, server_default="0"),
    Column("escalate_at", UtcDateTime),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(250), nullable=False),
    Column("incident_id", String(_INCIDENT), ForeignKey("incidents.id"), index=True),
    Column("event", String(40), nullable=False),
    Column("channel", String(60), nullable=False),
    Column("target", String(60), nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("not_before", UtcDateTime, nullable=False),
    Column("claimed_by", String(_PERSON)),
    Column("claimed_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Column("thread", String(250), nullable=False, server_default=""),
    UniqueConstraint("key"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", Integer, ForeignKey("messages.id"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("words", Text, nullable=False),
)

silences = Table(
    "silences",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("publisher", String(200), nullable=False),
    Column("item_id", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("by", String(_PERSON), nullable=False),
    Column("reason", Text, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("ended_by", String(_PERSON)),
    Column("ended_at", UtcDateTime),
)

tickets = Table(
    "tickets",
    metadata,
    Column("subject_id", String(_INCIDENT), primary_key=True),
    Column("repository", String(200), primary_key=True),
    Column("number", Integer),
    Column("state", String(20), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("said", Integer, nullable=False, server_default="0"),
    Column("saying", Integer),
    Column("asked_at", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", UtcDateTime),
    Column("trouble", Text, nullable=False, server_default=""),
    Column("claimed_by", String(_PERSON)),
    Column("claimed_at", UtcDateTime),
    Column("updated_at", UtcDateTime, nullable=False),
)

action_items = Table(
    "action_items",
    metadata,
    Column("id", String(_INCIDENT), primary_key=True),
    Column("title", Text, nullable=False),
    Column("owner", String(_PERSON), nullable=False),
    Column("priority", String(10), nullable=False),
    Column("state", String(20), nullable=False),
    Column("due_on", String(10), nullable=False),
    Column("prevents", String(120), nullable=False),
    Column("estimated_preventions", Integer, nullable=False, server_default="0"),
    Column("created_by", String(_PERSON), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("reason", Text, nullable=False, server_default=""),
)

action_item_incidents = Table(
    "action_item_incidents",
    metadata,
    Column("action_id", String(_INCIDENT), ForeignKey("action_items.id"), primary_key=True),
    Column("incident_id", String(_INCIDENT), ForeignKey("incidents.id"), primary_key=True),
)
