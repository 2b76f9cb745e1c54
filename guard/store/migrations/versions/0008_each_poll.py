"""Readings of two polls whose intervals end at the same moment, as in the first minute and a half, are two."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_OF = ("publisher", "item_id", "version", "signal", "unit", "ended_at")
_NAME = f"uq_samples_{'_'.join(_OF)}"


def upgrade() -> None:
    """Let the poll count among what tells readings apart. SQLite changes no constraint in place, so the table is made anew there."""
    with op.batch_alter_table("samples") as batch:
        batch.drop_constraint(_NAME, type_="unique")
        batch.create_unique_constraint("uq_samples_reading_of_poll", [*_OF, "polled_at"])  # a name that PostgreSQL need not cut
