"""Incidents and their timeline. Entries of the timeline are inserted and read; nothing here changes or removes one."""

import contextlib
import dataclasses
from collections.abc import Callable, Generator, Sequence
from datetime import datetime

import sqlalchemy
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from guard.errors import NotRecorded
from guard.incidents.events import Kind, Said, said
from guard.incidents.incident import OPEN_STATES, Incident, IncidentState, TimelineEntry, incident_id
from guard.incidents.rules import IncidentRules
from guard.incidents.standing import Standing, given_by_guard
from guard.severity import Severity
from guard.store import response
from guard.store.incident_rows import (
    GUARD,
    Announce,
    Event,
    HeldIncident,
    entry_of,
    incident_of,
    read_incident,
    read_timeline,
    row_of,
    standing_of,
)
from guard.store.schema import incidents
from webstore.models import Item
from webstore.versions import Version

_NUMBERING_TRIES = 20
_IS_OPEN = incidents.c.state.in_([state.value for state in OPEN_STATES])
_MAY_COME_BACK = incidents.c.state.in_([IncidentState.RESOLVED.value, IncidentState.POSTMORTEM_DONE.value])
"""A false alarm is none that comes back, and what is closed stays closed."""


class IncidentRecords:
    """Questions and answers about incidents, in domain types. Whoever changes one holds it, and sees what others wrote before."""

    def __init__(
        self, engine: sqlalchemy.Engine, now: Callable[[], datetime], announce: Announce | None = None, rules: IncidentRules | None = None
    ) -> None:
        """``announce``: who puts down what an entry of a timeline calls for; ``rules``: by default the handbook's."""
        self._engine = engine
        self._now = now
        self._rules = rules or IncidentRules()
        self._announce = announce

    def open(self, draft: Incident, entry: TimelineEntry) -> tuple[Incident, bool]:
        """Open an incident; or join the open one of the same fingerprint, or reopen the one that was resolved lately. True when it is new.

        The number is taken under the database's own uniqueness: of two processes that take it at once, one takes the next.
        """
        for _ in range(_NUMBERING_TRIES):
            if existing := self.open_with(draft.fingerprint):
                return existing, False
            try:
                if (known := self._resolved_lately(draft.fingerprint)) and (again := self._reopen(known.id, entry)):
                    return again, False
                if known is None:
                    return self._insert(draft, entry), True
            except IntegrityError:
                continue
        raise NotRecorded("no incident number could be taken; is something writing incidents in a loop?")

    def _insert(self, draft: Incident, entry: TimelineEntry) -> Incident:
        with self._engine.begin() as connection:
            numbered = dataclasses.replace(draft, id=self._next_id(connection, draft.opened_at.year))
            connection.execute(insert(incidents).values(**row_of(numbered)))
            held = self._held(connection, numbered)
            held.begin(entry)
            return held.incident

    def _reopen(self, identifier: str, entry: TimelineEntry) -> Incident | None:
        """None where somebody else has done so, or closed it, meanwhile."""
        with self.holding(identifier) as held:
            if held.incident.state not in {IncidentState.RESOLVED, IncidentState.POSTMORTEM_DONE}:
                return None
            held.move(IncidentState.INVESTIGATING)
            held.say(said(Kind.REOPENED), entry.evidence, entry.actor)
            return held.incident

    def open_with(self, mark: str) -> Incident | None:
        """The open incident of a fingerprint."""
        return next(iter(self._where((incidents.c.fingerprint == mark) & _IS_OPEN)), None)

    def false_alarm_of(self, seen: Incident) -> Incident | None:
        """The false alarm that this is again: of the same fingerprint, lately, and no worse than it was."""
        since = incidents.c.resolved_at >= self._now() - self._rules.reopen_within
        is_one = incidents.c.state == IncidentState.FALSE_ALARM.value
        found = next(iter(self._where((incidents.c.fingerprint == seen.fingerprint) & is_one & since)), None)
        return found if found and seen.severity <= found.severity else None

    def say_once(self, identifier: str, event: Said, evidence: str) -> None:
        """Add an entry to a timeline whose last one says something else."""
        with self.holding(identifier) as held:
            if read_timeline(held.connection, identifier)[-1].kind != event.kind:
                held.say(event, evidence)

    def open_for(self, item: Item, version: Version) -> Incident | None:
        """The newest open incident of a release, whatever its signals were."""
        return next((incident for incident in self.of(item, version) if incident.state.is_open), None)

    def newest_for(self, item: Item, version: Version) -> Incident | None:
        """The newest incident of a release, open or not."""
        return next(iter(self.of(item, version)), None)

    @contextlib.contextmanager
    def holding(self, identifier: str) -> Generator[HeldIncident]:
        """One incident as it is now; all that is done to it inside happens, or nothing, and nobody else's change comes in between.

        Raises:
            NotRecorded: there is none of that id.
        """
        with self._engine.begin() as connection:
            response.hold_incident(connection, identifier)
            yield self._held(connection, read_incident(connection, identifier))

    def move(
        self,
        incident: Incident,
        to: IncidentState,
        event: Event,
        *,
        evidence: str = "",
        resolution: str = "",
        actor: str = GUARD,
        severity: Severity | None = None,
    ) -> Incident:
        """Change an incident's state, and its severity where one is given, and say so on its timeline, both or neither.

        Raises:
            TransitionRefused: that step makes no sense from where it stands now.
        """
        with self.holding(incident.id) as held:
            held.move(to, resolution)
            if severity is not None:
                held.become(dataclasses.replace(held.incident, severity=severity))
            held.say(event, evidence, actor)
            return held.incident

    def renew(self, incident: Incident, seen: Incident, evidence: str) -> Incident:
        """What a breach that repeats makes of its incident: worse when the evidence is, never better.

        A person's word on the severity stands, until the evidence is worse than all that the guard had found by then.
        """
        if seen.severity <= incident.severity:
            return incident
        with self.holding(incident.id) as held:
            known = held.incident
            found = given_by_guard(read_timeline(held.connection, known.id)) or known.severity
            if seen.severity <= max(known.severity, found):
                return known
            users = max(seen.affected_users, known.affected_users)
            held.become(dataclasses.replace(known, severity=seen.severity, affected_users=users, cause=seen.cause))
            held.say(said(Kind.SEVERITY_RAISED, before=known.severity.name, after=seen.severity.name), evidence)
            return held.incident

    def note(self, incident: str, event: Event, *, evidence: str = "", actor: str = GUARD) -> None:
        """Add an entry to the timeline."""
        with self.holding(incident) as held:
            held.say(event, evidence, actor)

    def entry(self, event: Event, evidence: str = "", actor: str = GUARD) -> TimelineEntry:
        """An entry of now, not written yet; a person's own words are an event without a name."""
        return entry_of(self._now(), event, evidence, actor)

    def get(self, identifier: str) -> Incident:
        """The incident of that id.

        Raises:
            NotRecorded: there is none.
        """
        with self._engine.connect() as connection:
            return read_incident(connection, identifier)

    def standing(self, identifier: str) -> Standing:
        """The incident of that id with its roles, clocks and ticks.

        Raises:
            NotRecorded: there is none.
        """
        with self._engine.connect() as connection:
            return standing_of(connection, read_incident(connection, identifier))

    def with_due_clocks(self) -> list[str]:
        """The incidents of which a clock has something to say now."""
        with self._engine.connect() as connection:
            return response.incidents_with_due_clocks(connection, self._now())

    def all(self, *, only_open: bool = False) -> list[Incident]:
        """Every incident, the newest first."""
        return self._where(_IS_OPEN if only_open else sqlalchemy.true())

    def timeline(self, incident: str) -> Sequence[TimelineEntry]:
        """All that happened, in the order in which it was written."""
        with self._engine.connect() as connection:
            return read_timeline(connection, incident)

    def _held(self, connection: sqlalchemy.Connection, incident: Incident) -> HeldIncident:
        return HeldIncident(connection, incident, self._now(), self._rules, self._announce)

    def _resolved_lately(self, mark: str) -> Incident | None:
        since = incidents.c.resolved_at >= self._now() - self._rules.reopen_within
        return next(iter(self._where((incidents.c.fingerprint == mark) & _MAY_COME_BACK & since)), None)

    def of(self, item: Item, version: Version) -> list[Incident]:
        """The incidents of a release, the newest first."""
        return self._where(
            (incidents.c.publisher == item.publisher) & (incidents.c.item_id == item.id) & (incidents.c.version == str(version))
        )

    def _next_id(self, connection: sqlalchemy.Connection, year: int) -> str:
        ids = connection.execute(select(incidents.c.id).where(incidents.c.id.like(f"INC-{year}-%"))).scalars()
        return incident_id(year, max((int(found.rsplit("-", 1)[1]) for found in ids), default=0) + 1)

    def _where(self, condition: sqlalchemy.ColumnElement[bool]) -> list[Incident]:
        statement = select(incidents).where(condition).order_by(incidents.c.opened_at.desc(), incidents.c.id.desc())
        with self._engine.connect() as connection:
            return [incident_of(row) for row in connection.execute(statement).mappings()]
