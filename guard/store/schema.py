"""The tables, the same on SQLite and PostgreSQL. Changes to them are migrations, beside this file."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite forgets the zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; store the rest in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give aware UTC times, whatever the database gave."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _item() -> list[Column[Any]]:
    return [Column("publisher", String(200), nullable=False), Column("item_id", String(64), nullable=False)]


releases = Table(
    "releases",
    metadata,
    Column("id", Integer, primary_key=True),
    *_item(),
    Column("version", String(23), nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
    Column("deploy_percentage", Integer, nullable=False),
    Column("provenance", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("digest", String(64)),
    Column("rollback_of", String(23)),
    Column("restores", String(23)),
    UniqueConstraint("publisher", "item_id", "version"),
    Index("ix_releases_item", "publisher", "item_id", "published_at"),
    Index("ix_releases_newest", "published_at"),
)

samples = Table(
    "samples",
    metadata,
    Column("id", Integer, primary_key=True),
    *_item(),
    Column("version", String(23), nullable=False),
    Column("signal", String(30), nullable=False),
    Column("unit", String(30), nullable=False),
    Column("source", String(60), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("polled_at", UtcDateTime),
    Column("reading", JSON, nullable=False),
    UniqueConstraint("publisher", "item_id", "version", "signal", "unit", "ended_at", "polled_at", name="uq_samples_reading_of_poll"),
)

drills = Table(
    "drills",
    metadata,
    Column("id", Integer, primary_key=True),
    *_item(),
    Column("version", String(23), nullable=False),
    Column("baseline", String(23), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("lost_in_update", JSON, nullable=False),
    Column("lost_on_return", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("drilled_at", UtcDateTime, nullable=False),
    UniqueConstraint("publisher", "item_id", "version", "baseline"),
)

rollbacks = Table(
    "rollbacks",
    metadata,
    Column("id", String(300), primary_key=True),
    *_item(),
    Column("from_version", String(23), nullable=False),
    Column("target", String(23), nullable=False),
    Column("new_version", String(23), nullable=False),
    Column("reason", Text, nullable=False),
    Column("automatic", Boolean, nullable=False),
    Column("from_percentage", Integer, nullable=False, server_default="100"),
    Column("state", String(20), nullable=False),
    Column("failure", Text, nullable=False, server_default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Index("ix_rollbacks_item", "publisher", "item_id", "created_at"),
    Index("ix_rollbacks_newest", "created_at"),
)

rollback_steps = Table(
    "rollback_steps",
    metadata,
    Column("rollback_id", String(300), ForeignKey("rollbacks.id"), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("evidence", Text, nullable=False, server_default=""),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
)

rollback_acts = Table(
    "rollback_acts",
    metadata,
    Column("rollback_id", String(300), ForeignKey("rollbacks.id"), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

_OPEN = "state IN ('investigating', 'identified', 'mitigating', 'monitoring')"

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(30), primary_key=True),
    Column("fingerprint", String(32), nullable=False),
    *_item(),
    Column("version", String(23), nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", String(2), nullable=False),
    Column("state", String(20), nullable=False),
    Column("affected_users", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("resolution", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("trigger", String(10), nullable=False, server_default="breach"),
    Column("acknowledged_at", UtcDateTime),
    Column("acknowledged_by", String(120), nullable=False, server_default=""),
    # One open incident for a fingerprint, however many watchers open it at once.
    Index(
        "uq_incidents_open_fingerprint",
        "fingerprint",
        unique=True,
        sqlite_where=text(_OPEN),
        postgresql_where=text(_OPEN),
    ),
    Index("ix_incidents_item", "publisher", "item_id", "opened_at"),
    Index("ix_incidents_newest", "opened_at"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident_id", String(30), ForeignKey("incidents.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("event", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("kind", String(40), nullable=False, server_default=""),
    Column("facts", JSON),
)

executors = Table(
    "executors",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("host", String(60), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("publisher", String(200), primary_key=True),
    Column("item_id", String(64), primary_key=True),
    Column("executor_id", String(120), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
)

claims = Table(
    "claims",
    metadata,
    Column("rollback_id", String(300), primary_key=True),
    Column("executor_id", String(120), nullable=False),
    Column("takes", Integer, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
)

pauses = Table(
    "pauses",
    metadata,
    Column("id", Integer, primary_key=True),
    *_item(),
    Column("by", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    Column("paused_at", UtcDateTime, nullable=False),
    Column("resumed_by", String(120)),
    Column("resumed_at", UtcDateTime),
)

blocks = Table(
    "blocks",
    metadata,
    Column("publisher", String(200), primary_key=True),
    Column("item_id", String(64), primary_key=True),
    Column("version", String(23), primary_key=True),
    Column("by", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    Column("blocked_at", UtcDateTime, nullable=False),
)

proposals = Table(
    "proposals",
    metadata,
    Column("publisher", String(200), primary_key=True),
    Column("item_id", String(64), primary_key=True),
    Column("version", String(23), primary_key=True),
    Column("incident_id", String(30), ForeignKey("incidents.id"), nullable=False),
    Column("strategy", String(30), nullable=False),
    Column("target", String(23)),
    Column("new_version", String(23)),
    Column("reason", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("by", String(120), nullable=False),
    Column("because", Text, nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
)
