"""People's orders: pauses, forbidden versions, and what was said to a proposed plan."""

import sqlalchemy as sa
from alembic import op

from guard.store.schema import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publisher", sa.String(length=200), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=False),
        sa.Column("resumed_by", sa.String(length=120), nullable=True),
        sa.Column("resumed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
    )
    op.create_table(
        "blocks",
        sa.Column("publisher", sa.String(length=200), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=23), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("blocked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("publisher", "item_id", "version", name=op.f("pk_blocks")),
    )
    op.create_table(
        "proposals",
        sa.Column("publisher", sa.String(length=200), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=23), nullable=False),
        sa.Column("incident_id", sa.String(length=30), nullable=False),
        sa.Column("strategy", sa.String(length=30), nullable=False),
        sa.Column("target", sa.String(length=23), nullable=True),
        sa.Column("new_version", sa.String(length=23), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_proposals_incident_id")),
        sa.PrimaryKeyConstraint("publisher", "item_id", "version", name=op.f("pk_proposals")),
    )
