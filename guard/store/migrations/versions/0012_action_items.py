"""Tickets, and what is done after an incident."""

import sqlalchemy as sa
from alembic import op

from guard.store.schema import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "tickets",
        sa.Column("subject_id", sa.String(length=30), nullable=False),
        sa.Column("repository", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("said", sa.Integer(), server_default="0", nullable=False),
        sa.Column("saying", sa.Integer(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("claimed_by", sa.String(length=120), nullable=True),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "repository", name=op.f("pk_tickets")),
    )
    op.create_table(
        "action_items",
        sa.Column("id", sa.String(length=30), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("priority", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_on", sa.String(length=10), nullable=False),
        sa.Column("prevents", sa.String(length=120), nullable=False),
        sa.Column("estimated_preventions", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_items")),
    )
    op.create_table(
        "action_item_incidents",
        sa.Column("action_id", sa.String(length=30), nullable=False),
        sa.Column("incident_id", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action_items.id"], name=op.f("fk_action_item_incidents_action_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_action_item_incidents_incident_id")),
        sa.PrimaryKeyConstraint("action_id", "incident_id", name=op.f("pk_action_item_incidents")),
    )
