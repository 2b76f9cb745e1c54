"""A rollback that a person stopped is stored as stopped, and no longer as failed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_WORDS = "stopped by a person's order"
"""How the failure of such a rollback has always begun; written out, since the program's own words may change."""


def upgrade() -> None:
    """Give the old ones their state. A program that does not know it finds a newer schema, and leaves it alone."""
    rollbacks = sa.table("rollbacks", sa.column("state", sa.String), sa.column("failure", sa.Text))
    stopped = (rollbacks.c.state == "failed") & rollbacks.c.failure.startswith(_WORDS, autoescape=True)
    op.execute(rollbacks.update().where(stopped).values(state="stopped"))
