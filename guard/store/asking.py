"""Where a person's no and the guard's call to the store meet: both hold the rollback's row, so that each knows which came first."""

import sqlalchemy
from sqlalchemy import func, select, update

from guard.decision.orders import Proposal, ProposalState
from guard.rollback.plan import Act, RollbackState, StepName
from guard.store.schema import proposals, rollback_acts, rollback_steps, rollbacks
from webstore.models import Item
from webstore.versions import Version

TO_USERS = (Act.STORE_ROLLBACK, Act.UPLOAD, Act.SKIP_REVIEW, Act.SUBMIT)
"""The acts after which users may get another version: from then on, half a rollback is worse than a whole one."""


def hold(connection: sqlalchemy.Connection, rollback_id: str) -> None:
    """Keep every other transaction that holds the rollback waiting until this one ends: on both databases an update does."""
    connection.execute(update(rollbacks).where(rollbacks.c.id == rollback_id).values(state=rollbacks.c.state))


def was_asked(connection: sqlalchemy.Connection, rollback_id: str) -> bool:
    """Whether the store was asked for a rollback, so that it may have reached users already."""
    attempts = select(func.sum(rollback_steps.c.attempts)).where(
        rollback_steps.c.rollback_id == rollback_id, rollback_steps.c.name == StepName.PERFORM.value
    )
    acts = select(func.count()).where(rollback_acts.c.rollback_id == rollback_id, rollback_acts.c.name.in_([act.value for act in TO_USERS]))
    return bool(connection.execute(attempts).scalar_one()) or bool(connection.execute(acts).scalar_one())


def has_ended_short(connection: sqlalchemy.Connection, rollback_id: str) -> bool:
    """Whether it is over, and did not come to its end: then the store is not asked any more unless a person says so."""
    states = (RollbackState.FAILED.value, RollbackState.STOPPED.value)
    row = connection.execute(select(rollbacks.c.id).where(rollbacks.c.id == rollback_id, rollbacks.c.state.in_(states))).first()
    return row is not None


def called_off(connection: sqlalchemy.Connection, rollback_id: str) -> str:
    """Who has called a rollback off, and why; empty when nobody has."""
    of_release = (
        (proposals.c.publisher == rollbacks.c.publisher)
        & (proposals.c.item_id == rollbacks.c.item_id)
        & (proposals.c.version == rollbacks.c.from_version)
    )
    is_no = proposals.c.state == ProposalState.CALLED_OFF.value
    row = connection.execute(select(proposals).join(rollbacks, of_release).where(rollbacks.c.id == rollback_id, is_no)).mappings().first()
    return proposal_of(row).called_off if row else ""


def proposal_of(row: sqlalchemy.RowMapping) -> Proposal:
    """The proposal in a row of its table."""
    return Proposal(
        item=Item(row["publisher"], row["item_id"]),
        version=Version.parse(row["version"]),
        incident=row["incident_id"],
        strategy=row["strategy"],
        target=Version.parse(row["target"]) if row["target"] else None,
        new_version=Version.parse(row["new_version"]) if row["new_version"] else None,
        reason=row["reason"],
        state=ProposalState(row["state"]),
        by=row["by"],
        because=row["because"],
    )
