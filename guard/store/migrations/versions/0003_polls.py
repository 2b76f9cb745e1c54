"""Samples know the poll that they were read in, so that a watch can be taken up again, and replayed."""

import sqlalchemy as sa
from alembic import op

from guard.store.schema import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was read before it was read when its interval ended."""
    op.add_column("samples", sa.Column("polled_at", UtcDateTime(), nullable=True))
    op.execute(sa.text("UPDATE samples SET polled_at = ended_at"))
