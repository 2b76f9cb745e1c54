"""The tables of what a watch sees and judges, kept for those who look from another process: the dashboard and the metrics."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text

from guard.store.schema import UtcDateTime
from guard.store.schema_response import metadata

standings = Table(
    "standings",
    metadata,
    Column("publisher", String(200), primary_key=True),
    Column("item_id", String(64), primary_key=True),
    Column("release", String(23), primary_key=True),
    Column("version", String(23), primary_key=True),
    Column("signal", String(30), primary_key=True),
    Column("verdict", String(20), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("evidence", Text, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("limit", Float),
    Column("log_evidence", Float, nullable=False),
    Column("is_measured", Boolean, nullable=False),
    Column("recent", JSON, nullable=False),
    Column("judged_at", UtcDateTime, nullable=False),
    # Which release of an item was judged last is asked for each page.
    Index("ix_standings_newest", "publisher", "item_id", "judged_at"),
)

looks = Table(
    "looks",
    metadata,
    Column("publisher", String(200), primary_key=True),
    Column("item_id", String(64), primary_key=True),
    Column("version", String(23)),
    Column("outcome", String(20), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("looked_at", UtcDateTime, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("plan", JSON),
    Column("looks", Integer, nullable=False),
    Column("failed_looks", Integer, nullable=False),
    Column("seconds_sum", Float, nullable=False),
)

check_reports = Table(
    "check_reports",
    metadata,
    Column("publisher", String(200), primary_key=True),
    Column("item_id", String(64), primary_key=True),
    Column("version", String(23), primary_key=True),
    Column("report", JSON, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("checked_at", UtcDateTime, nullable=False),
)
