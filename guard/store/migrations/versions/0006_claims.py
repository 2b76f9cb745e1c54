"""Who acts on which rollback, where several processes may."""

import sqlalchemy as sa
from alembic import op

from guard.store.schema import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "claims",
        sa.Column("rollback_id", sa.String(length=300), nullable=False),
        sa.Column("executor_id", sa.String(length=120), nullable=False),
        sa.Column("takes", sa.Integer(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("rollback_id", name=op.f("pk_claims")),
    )
