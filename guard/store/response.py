"""Roles, clocks and ticks of an incident, read and written inside the transaction in which the incident is held."""

import dataclasses
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import delete, func, or_, select

from guard.incidents.clocks import Clock, ClockKind, Target
from guard.incidents.roles import Holder, Role
from guard.incidents.standing import Tick
from guard.store.schema import incidents, releases
from guard.store.schema_response import clocks, incident_roles, incident_ticks
from guard.store.upsert import upsert
from webstore.models import Item

_RECENT = 5
_CLOCK = tuple(field.name for field in dataclasses.fields(Clock) if field.name not in {"incident_id", "kind"})


def roles_of(connection: sqlalchemy.Connection, incident_id: str) -> dict[Role, Holder]:
    """Who holds which role."""
    rows = connection.execute(select(incident_roles).where(incident_roles.c.incident_id == incident_id)).mappings()
    held = {Role(row["role"]): Holder(Role(row["role"]), row["holder"], row["since"]) for row in rows}
    return {role: held[role] for role in Role if role in held}


def give_role(connection: sqlalchemy.Connection, incident_id: str, holder: Holder) -> None:
    """Write who holds a role from now on."""
    row = {"incident_id": incident_id, "role": holder.role.value, "holder": holder.name, "since": holder.since}
    upsert(connection, incident_roles, row, key=("incident_id", "role"), update=("holder", "since"))


def ticks_of(connection: sqlalchemy.Connection, incident_id: str) -> dict[str, Tick]:
    """What is done, by the items' keys."""
    rows = connection.execute(select(incident_ticks).where(incident_ticks.c.incident_id == incident_id)).mappings()
    return {row["entry"]: Tick(row["entry"], row["by"], row["at"], row["evidence"]) for row in rows}


def tick(connection: sqlalchemy.Connection, incident_id: str, done: Tick) -> bool:
    """Write that an item is done; false when it was already."""
    row = {"incident_id": incident_id, "entry": done.key, "by": done.by, "at": done.at, "evidence": done.evidence}
    return upsert(connection, incident_ticks, row, key=("incident_id", "entry"))


def untick(connection: sqlalchemy.Connection, incident_id: str, key: str) -> bool:
    """Take a tick back; false when there is none. The timeline keeps both."""
    which = (incident_ticks.c.incident_id == incident_id, incident_ticks.c.entry == key)
    return connection.execute(delete(incident_ticks).where(*which).returning(incident_ticks.c.entry)).first() is not None


def clocks_of(connection: sqlalchemy.Connection, incident_id: str) -> dict[ClockKind, Clock]:
    """The incident's clocks."""
    rows = connection.execute(select(clocks).where(clocks.c.incident_id == incident_id)).mappings()
    found = {ClockKind(row["kind"]): _clock(dict(row)) for row in rows}
    return {kind: found[kind] for kind in ClockKind if kind in found}


def _clock(row: dict[str, Any]) -> Clock:
    values: dict[str, Any] = {**row, "kind": ClockKind(row["kind"])}
    return Clock(**values)


def start_clocks(connection: sqlalchemy.Connection, incident_id: str, target: Target, at: datetime) -> None:
    """Let both run from now: of an incident that is new, or open again."""
    write_clocks(connection, (Clock.start(incident_id, kind, target, at) for kind in ClockKind))


def write_clocks(connection: sqlalchemy.Connection, changed: Iterable[Clock]) -> None:
    """Keep clocks as they are now."""
    for clock in changed:
        row = {**dataclasses.asdict(clock), "kind": clock.kind.value}
        upsert(connection, clocks, row, key=("incident_id", "kind"), update=_CLOCK)


def stop_clocks(connection: sqlalchemy.Connection, incident_id: str, at: datetime, *kinds: ClockKind) -> None:
    """Stop those that run; all of them when none is named."""
    running = [clock for clock in clocks_of(connection, incident_id).values() if clock.is_running and clock.kind in (kinds or ClockKind)]
    write_clocks(connection, (dataclasses.replace(clock, stopped_at=at) for clock in running))


def incidents_with_due_clocks(connection: sqlalchemy.Connection, now: datetime) -> list[str]:
    """The incidents of which a clock has something to say; what is found is looked at again with the incident held."""
    not_missed = clocks.c.missed_at.is_(None)
    due = or_(
        clocks.c.escalate_at <= now,
        sqlalchemy.and_(not_missed, clocks.c.due_at <= now),
        sqlalchemy.and_(not_missed, clocks.c.warned_at.is_(None), clocks.c.warn_at <= now),
    )
    statement = select(clocks.c.incident_id).where(clocks.c.stopped_at.is_(None), due).distinct().order_by(clocks.c.incident_id)
    return list(connection.execute(statement).scalars())


def hold_incident(connection: sqlalchemy.Connection, identifier: str) -> None:
    """Keep every other transaction that holds the incident waiting until this one ends: on both databases an update does."""
    which = func.upper(incidents.c.id) == identifier.upper()
    connection.execute(incidents.update().where(which).values(state=incidents.c.state))


def recent_releases(connection: sqlalchemy.Connection, item: Item) -> str:
    """The newest releases of an extension in words, the newest first; empty when none was seen."""
    of_item = (releases.c.publisher == item.publisher, releases.c.item_id == item.id)
    statement = select(releases).where(*of_item).order_by(releases.c.published_at.desc(), releases.c.id.desc()).limit(_RECENT)
    rows = connection.execute(statement).mappings()
    return "; ".join(f"{row['version']} ({row['state']}) first seen {row['published_at']:%Y-%m-%d %H:%M} UTC" for row in rows)
