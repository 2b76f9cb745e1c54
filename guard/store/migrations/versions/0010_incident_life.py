"""The life of an incident: what opened it, who took it on, roles, checklists, clocks, silences; named events on the timeline."""

import sqlalchemy as sa
from alembic import op

from guard.store.schema import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INDEX = "uq_incidents_open_fingerprint"
_OPEN = sa.text("state IN ('investigating', 'identified', 'mitigating', 'monitoring')")


def upgrade() -> None:
    """Add the columns and create the tables. One open incident for a fingerprint, now that there are more ends than one."""
    op.add_column("incidents", sa.Column("trigger", sa.String(length=10), server_default="breach", nullable=False))
    op.add_column("incidents", sa.Column("acknowledged_at", UtcDateTime(), nullable=True))
    op.add_column("incidents", sa.Column("acknowledged_by", sa.String(length=120), server_default="", nullable=False))
    op.add_column("timeline", sa.Column("kind", sa.String(length=40), server_default="", nullable=False))
    op.add_column("timeline", sa.Column("facts", sa.JSON(), nullable=True))
    op.drop_index(_INDEX, table_name="incidents")
    op.create_index(_INDEX, "incidents", ["fingerprint"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
    _create_tables()


def _create_tables() -> None:
    op.create_table(
        "incident_roles",
        sa.Column("incident_id", sa.String(length=30), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_roles_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "role", name=op.f("pk_incident_roles")),
    )
    op.create_table(
        "incident_ticks",
        sa.Column("incident_id", sa.String(length=30), nullable=False),
        sa.Column("entry", sa.String(length=60), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_ticks_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "entry", name=op.f("pk_incident_ticks")),
    )
    op.create_table(
        "clocks",
        sa.Column("incident_id", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("warn_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("warned_at", UtcDateTime(), nullable=True),
        sa.Column("missed_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("escalations", sa.Integer(), server_default="0", nullable=False),
        sa.Column("escalate_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_clocks_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "kind", name=op.f("pk_clocks")),
    )
    op.create_table(
        "silences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publisher", sa.String(length=200), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=120), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )
