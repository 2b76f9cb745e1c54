"""Finds out cheaply what has changed in the database since the last look, whichever process wrote it: newest ids, times and counts."""

import dataclasses
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import case, func, select

from guard.rollback.plan import RollbackState
from guard.store.schema import blocks, executors, incidents, pauses, proposals, releases, rollback_steps, rollbacks, timeline
from guard.store.schema_response import action_items, deliveries, messages
from guard.store.schema_watch import looks

OVERVIEW = "overview"
HISTORY = "history"
_MOST_NAMED = 100
"""So many incidents or releases are named at most; where more have changed, the topic of all is."""
EVERYTHING = "*"
"""The topic that stands for all: what happened is not known in full."""


@dataclasses.dataclass(frozen=True)
class Fingerprint:
    """What was newest at one look."""

    timeline: int
    deliveries: int
    messages: int
    looked_at: datetime | None
    rollbacks: tuple[Any, ...]
    orders: tuple[Any, ...]
    """Of people: pauses, blocks, proposals."""
    releases: tuple[Any, ...]
    actions: tuple[Any, ...]
    watchers: tuple[Any, ...]


def look(engine: sqlalchemy.Engine, before: Fingerprint | None) -> tuple[Fingerprint, frozenset[str]]:
    """What is newest now, and the topics that have changed since ``before``; none at the first look."""
    with engine.connect() as connection:
        now = _fingerprint(connection)
        return now, frozenset(_changed(connection, before, now)) if before is not None and before != now else frozenset()


def _fingerprint(connection: sqlalchemy.Connection) -> Fingerprint:
    def row(*columns: Any, where: Any = None) -> tuple[Any, ...]:
        statement = select(*columns) if where is None else select(*columns).where(where)
        return tuple(connection.execute(statement).one())

    is_open = rollbacks.c.state.in_([RollbackState.PLANNED.value, RollbackState.RUNNING.value])
    open_ids = select(rollbacks.c.id).where(is_open)
    steps = row(
        func.sum(case((rollback_steps.c.started_at.is_(None), 0), else_=1)),
        func.sum(case((rollback_steps.c.finished_at.is_(None), 0), else_=1)),
        func.sum(rollback_steps.c.attempts),
        func.sum(func.length(rollback_steps.c.evidence)),
        where=rollback_steps.c.rollback_id.in_(open_ids),
    )
    ended = row(func.count(), func.max(rollbacks.c.created_at), func.max(rollbacks.c.finished_at))
    states = [tuple(found) for found in connection.execute(_states_of_releases())]
    items = action_items.c
    return Fingerprint(
        timeline=row(func.max(timeline.c.id))[0] or 0,
        deliveries=row(func.max(deliveries.c.id))[0] or 0,
        messages=row(func.max(messages.c.id))[0] or 0,
        looked_at=row(func.max(looks.c.looked_at))[0],
        rollbacks=(*ended, *steps),
        orders=(
            *row(func.max(pauses.c.id), func.max(pauses.c.resumed_at)),
            *row(func.count(), func.max(blocks.c.blocked_at)),
            *row(func.max(proposals.c.proposed_at), func.max(proposals.c.decided_at)),
        ),
        releases=tuple(sorted(states)),
        actions=row(
            func.count(),
            func.max(items.created_at),
            func.max(items.ended_at),
            func.sum(case((items.state == "open", 1), else_=0)),
            func.max(items.due_on),
            func.sum(func.length(items.owner)),
        ),
        watchers=row(func.count(), func.max(executors.c.started_at)),
    )


def _of(*columns: Any) -> sqlalchemy.Select[Any]:
    statement: sqlalchemy.Select[Any] = select(*columns)  # pyright: ignore[reportAssignmentType] - however many columns
    return statement


def _states_of_releases() -> sqlalchemy.Select[Any]:
    return _of(releases.c.state, func.count(), func.sum(releases.c.deploy_percentage)).group_by(releases.c.state)


def _changed(connection: sqlalchemy.Connection, before: Fingerprint, now: Fingerprint) -> Iterable[str]:
    """The topics of what differs."""
    yield OVERVIEW
    if before.timeline != now.timeline:
        told = select(timeline.c.incident_id).where(timeline.c.id > before.timeline)
        yield from _incidents(connection, told)
        yield from _releases_of(connection, told)
        yield HISTORY
    if before.deliveries != now.deliveries or before.messages != now.messages:
        since = select(deliveries.c.message_id).where(deliveries.c.id > before.deliveries)
        is_new = (messages.c.id > before.messages) | messages.c.id.in_(since)
        yield from _incidents(connection, select(messages.c.incident_id).where(is_new, messages.c.incident_id.is_not(None)))
    if before.looked_at != now.looked_at and before.looked_at is not None:
        seen = _of(looks.c.item_id, looks.c.version).where(looks.c.looked_at > before.looked_at, looks.c.version.is_not(None))
        yield from _named(connection, seen, lambda row: f"release:{row[0]}/{row[1]}")
    if before.rollbacks != now.rollbacks:
        yield from _rollbacks(connection)
    if (before.orders, before.releases, before.actions) != (now.orders, now.releases, now.actions):
        yield HISTORY
        yield EVERYTHING


def _rollbacks(connection: sqlalchemy.Connection) -> Iterable[str]:
    """Those that are under way, and the one that ended last."""
    newest = select(rollbacks).order_by(rollbacks.c.finished_at.desc().nulls_first(), rollbacks.c.created_at.desc()).limit(_MOST_NAMED)
    rows = connection.execute(newest).mappings().all()
    recent = [row for row in rows if row["finished_at"] is None] + [row for row in rows if row["finished_at"] is not None][:1]
    for row in recent:
        yield f"release:{row['item_id']}/{row['from_version']}"
        mine = (incidents.c.publisher == row["publisher"]) & (incidents.c.item_id == row["item_id"])
        statement = select(incidents.c.id).where(mine, incidents.c.version == row["from_version"])
        yield from _named(connection, statement, lambda found: f"incident:{found[0]}")
    yield HISTORY


def _incidents(connection: sqlalchemy.Connection, ids: sqlalchemy.Select[Any]) -> Iterable[str]:
    return _named(connection, ids, lambda row: f"incident:{row[0]}")


def _releases_of(connection: sqlalchemy.Connection, ids: sqlalchemy.Select[Any]) -> Iterable[str]:
    statement = _of(incidents.c.item_id, incidents.c.version).where(incidents.c.id.in_(ids))
    return _named(connection, statement, lambda row: f"release:{row[0]}/{row[1]}")


def _named(connection: sqlalchemy.Connection, statement: sqlalchemy.Select[Any], name: Callable[[Any], str]) -> Iterable[str]:
    rows = connection.execute(statement.distinct().limit(_MOST_NAMED + 1)).all()
    return [EVERYTHING] if len(rows) > _MOST_NAMED else [name(row) for row in rows]
