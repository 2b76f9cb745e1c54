"""What a watch sees and judges, for those who look from another process; and the newest of an item without reading all."""

import sqlalchemy as sa
from alembic import op

from guard.store.schema import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and the indexes."""
    op.create_table(
        "standings",
        sa.Column("publisher", sa.String(length=200), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("release", sa.String(length=23), nullable=False),
        sa.Column("version", sa.String(length=23), nullable=False),
        sa.Column("signal", sa.String(length=30), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("limit", sa.Float(), nullable=True),
        sa.Column("log_evidence", sa.Float(), nullable=False),
        sa.Column("is_measured", sa.Boolean(), nullable=False),
        sa.Column("recent", sa.JSON(), nullable=False),
        sa.Column("judged_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("publisher", "item_id", "release", "version", "signal", name=op.f("pk_standings")),
    )
    op.create_index("ix_standings_newest", "standings", ["publisher", "item_id", "judged_at"])
    op.create_table(
        "looks",
        sa.Column("publisher", sa.String(length=200), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=23), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("failed_looks", sa.Integer(), nullable=False),
        sa.Column("seconds_sum", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("publisher", "item_id", name=op.f("pk_looks")),
    )
    op.create_table(
        "check_reports",
        sa.Column("publisher", sa.String(length=200), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=23), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("publisher", "item_id", "version", name=op.f("pk_check_reports")),
    )
    op.create_index("ix_releases_item", "releases", ["publisher", "item_id", "published_at"])
    op.create_index("ix_releases_newest", "releases", ["published_at"])
    op.create_index("ix_incidents_item", "incidents", ["publisher", "item_id", "opened_at"])
    op.create_index("ix_incidents_newest", "incidents", ["opened_at"])
    op.create_index("ix_rollbacks_item", "rollbacks", ["publisher", "item_id", "created_at"])
    op.create_index("ix_rollbacks_newest", "rollbacks", ["created_at"])
