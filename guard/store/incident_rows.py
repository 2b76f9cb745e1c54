"""An incident, its rows and what is done to it while it is held: state, severity, roles, clocks, ticks and timeline in one transaction."""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import func, insert, select, update

from guard.errors import NotRecorded
from guard.incidents.checklist import ENTRIES, RELEASES_LISTED, TEAM_FORMED, Entry
from guard.incidents.clocks import ClockKind
from guard.incidents.events import Kind, Said, said
from guard.incidents.incident import Incident, IncidentState, TimelineEntry, Trigger
from guard.incidents.roles import Holder, Role
from guard.incidents.rules import IncidentRules
from guard.incidents.standing import PROVES, Standing, Tick
from guard.severity import Severity
from guard.store import response
from guard.store.schema import incidents, timeline
from webstore.models import Item
from webstore.versions import Version

GUARD = "guard"
"""Who says what nobody else says."""

Event = Said | str
"""A named event, or a person's own words."""

Announce = Callable[[sqlalchemy.Connection, Incident, TimelineEntry, int], None]
"""Called with each entry of a timeline and its number, in the transaction that writes it: a message that is put down there is not lost."""


class HeldIncident:
    """One incident that nobody else changes until the transaction ends; what is known of it is what the database says now."""

    def __init__(
        self, connection: sqlalchemy.Connection, incident: Incident, now: datetime, rules: IncidentRules, announce: Announce | None
    ) -> None:
        self.connection = connection
        self.incident = incident
        self.now = now
        self._rules = rules
        self._announce = announce

    @property
    def standing(self) -> Standing:
        """The incident with its roles, clocks and ticks."""
        return standing_of(self.connection, self.incident)

    def say(self, event: Event, evidence: str = "", actor: str = GUARD) -> None:
        """Add an entry to the timeline; what it shows to be done is ticked."""
        self.append(entry_of(self.now, event, evidence, actor))

    def append(self, entry: TimelineEntry) -> None:
        """Add an entry that is made already."""
        row = insert(timeline).values(incident_id=self.incident.id, **dataclasses.asdict(entry)).returning(timeline.c.id)
        number = int(self.connection.execute(row).scalar_one())
        if done := PROVES.get(entry.kind):
            response.tick(self.connection, self.incident.id, Tick(done.key, entry.actor, self.now, entry.evidence or entry.event))
        if self._announce:
            self._announce(self.connection, self.incident, entry, number)

    def begin(self, entry: TimelineEntry) -> None:
        """What comes with a new incident: its first entry, its commander, its clocks, and what of the checklist is known already."""
        on_call = self._rules.on_call.at(self.now)
        if on_call:  # before anybody is told of the incident, so that the message can name its commander
            response.give_role(self.connection, self.incident.id, Holder(Role.INCIDENT_COMMANDER, on_call, self.now))
        self.append(entry)
        response.start_clocks(self.connection, self.incident.id, self._rules.targets[self.incident.severity], self.now)
        if on_call:
            self.say(said(Kind.ROLE_TAKEN, holder=on_call, role=Role.INCIDENT_COMMANDER.value), "on call now")
        if listed := response.recent_releases(self.connection, self.incident.item):
            response.tick(self.connection, self.incident.id, Tick(RELEASES_LISTED.key, GUARD, self.now, listed))

    def move(self, to: IncidentState, resolution: str = "") -> None:
        """Another state. Clocks stop when nothing is left to put right, and run anew when something is again.

        Raises:
            TransitionRefused: that step makes no sense from where it stands.
        """
        was_open = self.incident.state.is_open
        self.become(self.incident.moved(to, self.now, resolution))
        if was_open and not to.is_open:
            response.stop_clocks(self.connection, self.incident.id, self.now)
        elif to.is_open and not was_open:
            self.become(dataclasses.replace(self.incident, acknowledged_at=None, acknowledged_by=""))
            response.start_clocks(self.connection, self.incident.id, self._rules.targets[self.incident.severity], self.now)

    def become(self, changed: Incident) -> None:
        """Write another severity, or what more is known; the clocks that run follow the severity."""
        before, self.incident = self.incident, changed
        self.connection.execute(update(incidents).where(incidents.c.id == changed.id).values(**row_of(changed)))
        if changed.severity is not before.severity:
            target, raised = self._rules.targets[changed.severity], changed.severity > before.severity
            running = [clock for clock in response.clocks_of(self.connection, changed.id).values() if clock.is_running]
            response.write_clocks(self.connection, (clock.moved_to(target, self.now, raised=raised) for clock in running))

    def acknowledge(self, by: str) -> None:
        """Somebody has taken it on: the clock of the response stops."""
        self.become(dataclasses.replace(self.incident, acknowledged_at=self.now, acknowledged_by=by))
        response.stop_clocks(self.connection, self.incident.id, self.now, ClockKind.RESPOND)

    def give(self, role: Role, name: str, by: str, why: str) -> str:
        """Give a role to somebody, and say so; who held it before. Where every role is held, the team is formed."""
        before = response.roles_of(self.connection, self.incident.id).get(role)
        response.give_role(self.connection, self.incident.id, Holder(role, name, self.now))
        if before:
            self.say(said(Kind.HANDED_OVER, role=role.value, before=before.name, holder=name), why, by)
        else:
            self.say(said(Kind.ROLE_TAKEN, holder=name, role=role.value), why, by)
        held = response.roles_of(self.connection, self.incident.id)
        if len(held) == len(Role) and TEAM_FORMED in [entry for entry, _ in self.standing.checklist]:
            names = "; ".join(f"{holder.role.words.english}: {holder.name}" for holder in held.values())
            response.tick(self.connection, self.incident.id, Tick(TEAM_FORMED.key, GUARD, self.now, names))
        return before.name if before else ""

    def tick(self, entry: Entry, by: str, evidence: str) -> bool:
        """An item is done; false when it was already, and nothing is said again."""
        new = response.tick(self.connection, self.incident.id, Tick(entry.key, by, self.now, evidence))
        if new:
            self.say(said(Kind.TICKED, entry=entry.key), evidence, by)
        return new

    def untick(self, key: str, by: str, why: str) -> bool:
        """An item is to be done again; false when it was not done."""
        taken = key in ENTRIES and response.untick(self.connection, self.incident.id, key)
        if taken:
            self.say(said(Kind.UNTICKED, entry=key), why, by)
        return taken


def standing_of(connection: sqlalchemy.Connection, incident: Incident) -> Standing:
    """An incident with all that belongs to its response."""
    roles, clocks = response.roles_of(connection, incident.id), response.clocks_of(connection, incident.id)
    return Standing(incident, roles, clocks, response.ticks_of(connection, incident.id))


def entry_of(now: datetime, event: Event, evidence: str = "", actor: str = GUARD) -> TimelineEntry:
    """An entry, not written yet; a person's own words are an event without a name."""
    if isinstance(event, str):
        return TimelineEntry(now, actor, event, evidence)
    return TimelineEntry(now, actor, event.text, evidence, event.kind.value, dict(event.facts))


def read_incident(connection: sqlalchemy.Connection, identifier: str) -> Incident:
    """The incident of that id, however its letters are written.

    Raises:
        NotRecorded: there is none.
    """
    row = connection.execute(select(incidents).where(func.upper(incidents.c.id) == identifier.upper())).mappings().first()
    if row is None:
        raise NotRecorded(f"no incident {identifier[:40]} is recorded")
    return incident_of(row)


def read_timeline(connection: sqlalchemy.Connection, incident_id: str) -> list[TimelineEntry]:
    """All that happened, in the order in which it was written."""
    statement = select(timeline).where(timeline.c.incident_id == incident_id).order_by(timeline.c.id)
    return [
        TimelineEntry(row["at"], row["actor"], row["event"], row["evidence"], row["kind"], row["facts"] or {})
        for row in connection.execute(statement).mappings()
    ]


def row_of(incident: Incident) -> dict[str, Any]:
    """An incident as it is written."""
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


def incident_of(row: Any) -> Incident:
    """An incident as it was read."""
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
