"""Rollback drills: whether a release could be rolled back to a baseline without losing users' data."""

import sqlalchemy as sa
from alembic import op

from guard.store.schema import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "drills",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publisher", sa.String(length=200), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=23), nullable=False),
        sa.Column("baseline", sa.String(length=23), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("lost_in_update", sa.JSON(), nullable=False),
        sa.Column("lost_on_return", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("drilled_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drills")),
        sa.UniqueConstraint("publisher", "item_id", "version", "baseline", name=op.f("uq_drills_publisher_item_id_version_baseline")),
    )
