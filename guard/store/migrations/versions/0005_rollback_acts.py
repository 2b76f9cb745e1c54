"""What a rollback has begun to do to the world is written before it is done; and from which share of users it comes."""

import sqlalchemy as sa
from alembic import op

from guard.store.schema import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; rollbacks that are recorded already came from releases for everybody, as far as anybody knows."""
    op.create_table(
        "rollback_acts",
        sa.Column("rollback_id", sa.String(length=300), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["rollback_id"], ["rollbacks.id"], name=op.f("fk_rollback_acts_rollback_id")),
        sa.PrimaryKeyConstraint("rollback_id", "name", name=op.f("pk_rollback_acts")),
    )
    op.add_column("rollbacks", sa.Column("from_percentage", sa.Integer(), nullable=False, server_default="100"))
