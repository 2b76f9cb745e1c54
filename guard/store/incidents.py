"""Incidents and their timeline. Entries of the timeline are inserted and read; nothing here changes or removes one."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from guard.errors import NotRecorded
from guard.incidents.events import Said
from guard.incidents.incident import OPEN_STATES, Incident, IncidentState, TimelineEntry, Trigger, incident_id
from guard.severity import Severity
from guard.store.schema import incidents, timeline
from webstore.models import Item
from webstore.versions import Version

_NUMBERING_TRIES = 20
_IS_OPEN = incidents.c.state.in_([state.value for state in OPEN_STATES])
GUARD = "guard"
"""Who says what nobody else says."""

Event = Said | str
"""A named event, or a person's own words."""


Announce = Callable[[sqlalchemy.Connection, Incident, TimelineEntry, int], None]
"""Puts down whom to tell of an entry, in the transaction that writes it: the incident as it is then, the entry, and its number."""


class IncidentRecords:
    """Questions and answers about incidents, in domain types."""

    def __init__(self, engine: sqlalchemy.Engine, now: Callable[[], datetime], announce: Announce | None = None) -> None:
        """``announce``: is called with each entry of a timeline; none: nobody is told."""
        self._engine = engine
        self._now = now
        self._announce = announce

    def open(self, draft: Incident, entry: TimelineEntry) -> tuple[Incident, bool]:
        """Open an incident, or join the open one of the same fingerprint. True when it is new.

        The number is taken under the database's own uniqueness: of two processes that take it at once, one takes the next.
        """
        for _ in range(_NUMBERING_TRIES):
            if existing := self.open_with(draft.fingerprint):
                return existing, False
            try:
                with self._engine.begin() as connection:
                    numbered = dataclasses.replace(draft, id=self._next_id(connection, draft.opened_at.year))
                    connection.execute(insert(incidents).values(**_row(numbered)))
                    self._append(connection, numbered.id, entry)
            except IntegrityError:
                continue
            return numbered, True
        raise NotRecorded("no incident number could be taken; is something writing incidents in a loop?")

    def open_with(self, mark: str) -> Incident | None:
        """The open incident of a fingerprint."""
        return next(iter(self._where((incidents.c.fingerprint == mark) & _IS_OPEN)), None)

    def open_for(self, item: Item, version: Version) -> Incident | None:
        """The newest open incident of a release, whatever its signals were."""
        return next((incident for incident in self._of(item, version) if incident.state.is_open), None)

    def newest_for(self, item: Item, version: Version) -> Incident | None:
        """The newest incident of a release, open or not."""
        return next(iter(self._of(item, version)), None)

    def move(
        self, incident: Incident, to: IncidentState, event: Event, *, evidence: str = "", resolution: str = "", actor: str = GUARD
    ) -> Incident:
        """Change an incident's state and say so on its timeline, both or neither.

        Raises:
            TransitionRefused: that step makes no sense from where it stands.
        """
        moved = incident.moved(to, self._now(), resolution)
        with self._engine.begin() as connection:
            connection.execute(update(incidents).where(incidents.c.id == moved.id).values(**_row(moved)))
            self._append(connection, moved.id, self.entry(event, evidence, actor))
        return moved

    def update(self, incident: Incident, event: Event, evidence: str = "", *, actor: str = GUARD) -> None:
        """Write what more is known of an incident (severity, users, cause, who took it on) and say so on its timeline."""
        with self._engine.begin() as connection:
            connection.execute(update(incidents).where(incidents.c.id == incident.id).values(**_row(incident)))
            self._append(connection, incident.id, self.entry(event, evidence, actor))

    def note(self, incident: str, event: Event, *, evidence: str = "", actor: str = GUARD) -> None:
        """Add an entry to the timeline."""
        with self._engine.begin() as connection:
            self._append(connection, incident, self.entry(event, evidence, actor))

    def entry(self, event: Event, evidence: str = "", actor: str = GUARD) -> TimelineEntry:
        """An entry of now, not written yet; a person's own words are an event without a name."""
        if isinstance(event, str):
            return TimelineEntry(self._now(), actor, event, evidence)
        return TimelineEntry(self._now(), actor, event.text, evidence, event.kind.value, dict(event.facts))

    def get(self, identifier: str) -> Incident:
        """The incident of that id.

        Raises:
            NotRecorded: there is none.
        """
        found = self._where(func.upper(incidents.c.id) == identifier.upper())
        if not found:
            raise NotRecorded(f"no incident {identifier[:40]} is recorded")
        return found[0]

    def all(self, *, only_open: bool = False) -> list[Incident]:
        """Every incident, the newest first."""
        return self._where(_IS_OPEN if only_open else sqlalchemy.true())

    def timeline(self, incident: str) -> Sequence[TimelineEntry]:
        """All that happened, in the order in which it was written."""
        statement = select(timeline).where(timeline.c.incident_id == incident).order_by(timeline.c.id)
        with self._engine.connect() as connection:
            return [
                TimelineEntry(row["at"], row["actor"], row["event"], row["evidence"], row["kind"], row["facts"] or {})
                for row in connection.execute(statement).mappings()
            ]

    def _of(self, item: Item, version: Version) -> list[Incident]:
        return self._where(
            (incidents.c.publisher == item.publisher) & (incidents.c.item_id == item.id) & (incidents.c.version == str(version))
        )

    def _append(self, connection: sqlalchemy.Connection, incident: str, entry: TimelineEntry) -> None:
        """The one place where entries are written, so that none is written that is not announced."""
        statement = insert(timeline).values(incident_id=incident, **dataclasses.asdict(entry)).returning(timeline.c.id)
        number = connection.execute(statement).scalar_one()
        if self._announce is not None:
            row = connection.execute(select(incidents).where(incidents.c.id == incident)).mappings().one()
            self._announce(connection, _incident(row), entry, number)

    def _next_id(self, connection: sqlalchemy.Connection, year: int) -> str:
        ids = connection.execute(select(incidents.c.id).where(incidents.c.id.like(f"INC-{year}-%"))).scalars()
        return incident_id(year, max((int(found.rsplit("-", 1)[1]) for found in ids), default=0) + 1)

    def _where(self, condition: sqlalchemy.ColumnElement[bool]) -> list[Incident]:
        statement = select(incidents).where(condition).order_by(incidents.c.opened_at.desc(), incidents.c.id.desc())
        with self._engine.connect() as connection:
            return [_incident(row) for row in connection.execute(statement).mappings()]


def _row(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "fingerprint": incident.fingerprint,
        "publisher": incident.item.publisher,
        "item_id": incident.item.id,
        "version": str(incident.version),
        "title": incident.title,
        "severity": incident.severity.name,
        "state": incident.state.value,
        "affected_users": incident.affected_users,
        "cause": incident.cause,
        "resolution": incident.resolution,
        "opened_at": incident.opened_at,
        "resolved_at": incident.resolved_at,
        "trigger": incident.trigger.value,
        "acknowledged_at": incident.acknowledged_at,
        "acknowledged_by": incident.acknowledged_by,
    }


def _incident(row: Any) -> Incident:
    return Incident(
        id=row["id"],
        fingerprint=row["fingerprint"],
        title=row["title"],
        severity=Severity[row["severity"]],
        state=IncidentState(row["state"]),
        item=Item(row["publisher"], row["item_id"]),
        version=Version.parse(row["version"]),
        opened_at=row["opened_at"],
        affected_users=row["affected_users"],
        cause=row["cause"],
        resolution=row["resolution"],
        resolved_at=row["resolved_at"],
        trigger=Trigger(row["trigger"]),
        acknowledged_at=row["acknowledged_at"],
        acknowledged_by=row["acknowledged_by"],
    )
