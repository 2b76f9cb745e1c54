"""People's orders, and the proposals that wait for them: rows that every process reads before it acts."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import delete, insert, or_, select, update

from guard.decision.orders import Block, Pause, Proposal, ProposalState
from guard.store.asking import has_ended_short, hold, proposal_of, was_asked
from guard.store.schema import blocks, pauses, proposals
from guard.store.upsert import upsert
from webstore.models import Item
from webstore.versions import Version

_ALL = ""
"""Publisher and id of a pause that holds for every item."""
_KEY = ("publisher", "item_id", "version")
_PLAN = ("incident_id", "strategy", "target", "new_version", "reason")


class Orders:
    """Questions and answers about orders, in domain types."""

    def __init__(self, engine: sqlalchemy.Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now

    def pause(self, item: Item | None, by: str, reason: str) -> tuple[Pause, bool]:
        """Pause an item, or all. False when it was paused already: that pause stands, with its own reason."""
        ordered = Pause(item, by, reason, self._now())
        row = {**_scope(item), "by": by, "reason": reason, "paused_at": ordered.paused_at}
        with self._engine.begin() as connection:
            standing = connection.execute(_standing().where(*_equal(item))).mappings().first()
            if standing is not None:
                return _pause(standing), False
            connection.execute(insert(pauses).values(**row))
        return ordered, True

    def resume(self, item: Item | None, by: str) -> list[Pause]:
        """End the pause of one item, or every pause that there is; those that ended."""
        which = _standing() if item is None else _standing().where(*_equal(item))
        with self._engine.begin() as connection:
            rows = connection.execute(which).mappings().all()
            ids = [row["id"] for row in rows]
            connection.execute(update(pauses).where(pauses.c.id.in_(ids)).values(resumed_by=by, resumed_at=self._now()))
        return [_pause(row) for row in rows]

    def pauses(self) -> list[Pause]:
        """Every pause that stands, the oldest first."""
        with self._engine.connect() as connection:
            return [_pause(row) for row in connection.execute(_standing()).mappings()]

    def pause_of(self, item: Item) -> Pause | None:
        """The pause that holds for an item: its own, or that of all."""
        statement = _standing().where(or_(sqlalchemy.and_(*_equal(item)), sqlalchemy.and_(*_equal(None))))
        with self._engine.connect() as connection:
            row = connection.execute(statement).mappings().first()
        return _pause(row) if row else None

    def block(self, item: Item, version: Version, by: str, reason: str) -> Block:
        """Forbid to go back to a version, whether or not it was ever seen. The newest order counts."""
        ordered = Block(version, by, reason, self._now())
        row = {"publisher": item.publisher, "item_id": item.id, "version": str(version), "by": by, "reason": reason}
        row_at = {**row, "blocked_at": ordered.blocked_at}
        with self._engine.begin() as connection:
            upsert(connection, blocks, row_at, key=_KEY, update=("by", "reason", "blocked_at"))
        return ordered

    def unblock(self, item: Item, version: Version) -> bool:
        """Take the order back; False when there was none."""
        statement = delete(blocks).where(*_release(blocks, item, version)).returning(blocks.c.version)
        with self._engine.begin() as connection:
            return connection.execute(statement).first() is not None

    def blocks(self, item: Item) -> dict[Version, Block]:
        """Every version of an item that is forbidden."""
        statement = select(blocks).where(blocks.c.publisher == item.publisher, blocks.c.item_id == item.id)
        with self._engine.connect() as connection:
            found = [block_of(row) for row in connection.execute(statement).mappings()]
        return {block.version: block for block in found}

    def propose(self, proposal: Proposal) -> bool:
        """Write a plan for people to decide on; False when that very plan is there, or a person has decided on the release already."""
        row = {
            **_release_row(proposal.item, proposal.version),
            "incident_id": proposal.incident,
            "strategy": proposal.strategy,
            "target": _text(proposal.target),
            "new_version": _text(proposal.new_version),
            "reason": proposal.reason,
            "state": ProposalState.PROPOSED.value,
            "by": "",
            "because": "",
            "proposed_at": self._now(),
        }
        with self._engine.begin() as connection:
            if upsert(connection, proposals, row, key=_KEY):
                return True
            changed = or_(*(proposals.c[name].is_distinct_from(row[name]) for name in _PLAN))
            statement = (
                update(proposals)
                .where(*_release(proposals, proposal.item, proposal.version), proposals.c.state == ProposalState.PROPOSED.value, changed)
                .values({name: row[name] for name in (*_PLAN, "proposed_at")})
            )
            return connection.execute(statement.returning(proposals.c.version)).first() is not None

    def decide(self, proposal: Proposal, state: ProposalState, by: str, because: str = "") -> None:
        """Write what a person said to a proposal; for a release that has none, the order alone. It overrules what was said before."""
        with self._engine.begin() as connection:
            self._decide(connection, proposal, state, by, because)

    def approve(self, proposal: Proposal, by: str) -> bool:
        """Write a yes to a proposal; False where a person has called it off, whose word then stands."""
        statement = (
            update(proposals)
            .where(*_release(proposals, proposal.item, proposal.version), proposals.c.state != ProposalState.CALLED_OFF.value)
            .values(state=ProposalState.APPROVED.value, by=by, because="", decided_at=self._now())
        )
        with self._engine.begin() as connection:
            return connection.execute(statement.returning(proposals.c.version)).first() is not None

    def call_off(self, proposal: Proposal, rollback_id: str, by: str, because: str) -> bool:
        """Write a no, unless the store was asked for the rollback first: False then. After a True it is not asked any more."""
        with self._engine.begin() as connection:
            hold(connection, rollback_id)
            if was_asked(connection, rollback_id) and not has_ended_short(connection, rollback_id):
                return False
            self._decide(connection, proposal, ProposalState.CALLED_OFF, by, because)
            return True

    def _decide(self, connection: sqlalchemy.Connection, proposal: Proposal, state: ProposalState, by: str, because: str) -> None:
        decided = {"state": state.value, "by": by, "because": because, "decided_at": self._now()}
        row = {
            **_release_row(proposal.item, proposal.version),
            "incident_id": proposal.incident,
            "strategy": proposal.strategy,
            "target": _text(proposal.target),
            "new_version": _text(proposal.new_version),
            "reason": proposal.reason,
            "proposed_at": self._now(),
            **decided,
        }
        upsert(connection, proposals, row, key=_KEY, update=tuple(decided))

    def proposal_for(self, item: Item, version: Version) -> Proposal | None:
        """The proposal for a release."""
        with self._engine.connect() as connection:
            row = connection.execute(select(proposals).where(*_release(proposals, item, version))).mappings().first()
        return proposal_of(row) if row else None


def _scope(item: Item | None) -> dict[str, str]:
    return {"publisher": item.publisher if item else _ALL, "item_id": item.id if item else _ALL}


def _equal(item: Item | None) -> tuple[sqlalchemy.ColumnElement[bool], ...]:
    return tuple(pauses.c[name] == value for name, value in _scope(item).items())


def _standing() -> sqlalchemy.Select[Any]:
    return select(pauses).where(pauses.c.resumed_at.is_(None)).order_by(pauses.c.id)


def _release(table: sqlalchemy.Table, item: Item, version: Version) -> tuple[sqlalchemy.ColumnElement[bool], ...]:
    return tuple(table.c[name] == value for name, value in _release_row(item, version).items())


def _release_row(item: Item, version: Version) -> dict[str, str]:
    return {"publisher": item.publisher, "item_id": item.id, "version": str(version)}


def _text(version: Version | None) -> str | None:
    return str(version) if version else None


def _pause(row: Any) -> Pause:
    item = Item(row["publisher"], row["item_id"]) if row["item_id"] != _ALL else None
    return Pause(item, row["by"], row["reason"], row["paused_at"])


def block_of(row: Any) -> Block:
    """The order in a row that has its columns."""
    return Block(Version.parse(row["version"]), row["by"], row["reason"], row["blocked_at"])
