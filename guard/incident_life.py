"""The life of an incident by hand: each thing that a person does to it, with who and why on the timeline, whole or not at all."""

import contextlib
import dataclasses
import hashlib
from collections.abc import Generator

from sqlalchemy.exc import IntegrityError

from guard.engine import Engine
from guard.errors import UsageError
from guard.incidents.checklist import entry_of
from guard.incidents.events import Kind, Said, said
from guard.incidents.incident import Incident, IncidentState, Trigger
from guard.incidents.roles import Role
from guard.model import Release, ReleaseState
from guard.ordering import name_of, reason_of
from guard.severity import Facts, Severity, classify
from guard.store.incident_rows import HeldIncident
from webstore.models import Item
from webstore.versions import Version

_LONGEST_TITLE = 300
_LONGEST_TEXT = 4000


class AlreadySo(UsageError):
    """Somebody else was sooner, or it was so before."""

    hint = "see `release-guard incident show ID` for who did what"


class NothingSeen(UsageError):
    """No version of the extension is known that an incident could be about."""

    hint = "name the version that users have with --version"


@dataclasses.dataclass(frozen=True)
class Report:
    """What a person opens an incident with."""

    item: Item
    title: str
    by: str
    severity: Severity | None = None
    """By default what the rules make of the title."""
    version: Version | None = None
    """By default the newest that was seen."""
    reason: str = ""


def open_by_hand(engine: Engine, report: Report) -> tuple[Incident, bool]:
    """Open an incident that a person reports, or join the open one of the same title. True when it is new.

    Raises:
        UsageError: the title or the name is empty.
        NothingSeen: no version is named, and none is known.
    """
    by, title = name_of(report.by), _one_line(_reason(report.title))[:_LONGEST_TITLE]
    version = report.version or _newest(engine, report.item).version
    found = classify(Facts(texts=[title]), engine.config.severity.rules)
    severity = report.severity or found.severity
    mark = "\n".join([report.item.name, str(version), "by hand", title.casefold()])
    draft = Incident(
        id="",
        fingerprint=hashlib.sha256(mark.encode()).hexdigest()[:32],
        title=title,
        severity=severity,
        state=IncidentState.INVESTIGATING,
        item=report.item,
        version=version,
        opened_at=engine.now(),
        trigger=Trigger.PERSON,
    )
    why = f"{severity.name}, says {by}" if report.severity else "; ".join(found.reasons)
    evidence = "; ".join(part for part in (why, _bounded(report.reason)) if part)
    return engine.incidents.open(draft, engine.incidents.entry(said(Kind.OPENED_BY_HAND, title=title), evidence, by))


def acknowledge(engine: Engine, identifier: str, by: str, why: str = "") -> Incident:
    """Say that somebody has taken the incident on; who does so when nobody commands it is its commander.

    Raises:
        NotRecorded: there is no such incident.
        AlreadySo: somebody has already, or nothing is left to take on.
    """
    name = name_of(by)
    with _open(engine, identifier) as held:
        if held.incident.acknowledged_at:
            raise AlreadySo(f"{held.incident.id} was acknowledged by {held.incident.acknowledged_by} already")
        held.acknowledge(name)
        held.say(said(Kind.ACKNOWLEDGED, by=name), _bounded(why), name)
        if not held.standing.commander:
            held.give(Role.INCIDENT_COMMANDER, name, name, "has taken it on, and nobody commanded it")
        return held.incident


def assign(engine: Engine, identifier: str, role: Role, to: str, by: str, why: str = "") -> str:
    """Give a role to somebody, or hand it over; who held it before.

    Raises:
        NotRecorded: there is no such incident.
        AlreadySo: that person holds it already, or the incident is closed.
    """
    name, holder = name_of(by), name_of(to)
    with _unclosed(engine, identifier) as held:
        known = held.standing.roles.get(role)
        if known and known.name == holder:
            raise AlreadySo(f"{holder} is the {role.words.english} of {held.incident.id} already")
        return held.give(role, holder, name, _bounded(why))


def tick(engine: Engine, identifier: str, key: str, by: str, evidence: str = "") -> Incident:
    """Say that an item of the checklist is done.

    Raises:
        NotRecorded: there is no such incident.
        NoSuchEntry: its checklist has no such item.
        AlreadySo: it was done already, or the incident is closed.
    """
    name = name_of(by)
    with _unclosed(engine, identifier) as held:
        entry = entry_of(held.incident.severity, key)
        if not held.tick(entry, name, _bounded(evidence)):
            raise AlreadySo(f"{key} was done already, by {held.standing.ticks[key].by}")
        return held.incident


def untick(engine: Engine, identifier: str, key: str, by: str, why: str) -> Incident:
    """Say that an item is to be done again; the timeline keeps that it was done.

    Raises:
        NotRecorded: there is no such incident.
        NoSuchEntry: its checklist has no such item.
        AlreadySo: it is not done, or the incident is closed.
    """
    name, reason = name_of(by), _reason(why)
    with _unclosed(engine, identifier) as held:
        if key not in held.standing.ticks:
            entry_of(held.incident.severity, key)
        if not held.untick(key, name, reason):
            raise AlreadySo(f"{key} is not done")
        return held.incident


def set_severity(engine: Engine, identifier: str, severity: Severity, by: str, why: str) -> Incident:
    """Raise or lower the severity; the clocks follow. The guard only raises it again when the evidence gets worse than it was.

    Raises:
        NotRecorded: there is no such incident.
        AlreadySo: it has that severity, or is closed.
    """
    name, reason = name_of(by), _reason(why)
    with _unclosed(engine, identifier) as held:
        before = held.incident.severity
        if before is severity:
            raise AlreadySo(f"{held.incident.id} is {severity.name} already")
        held.become(dataclasses.replace(held.incident, severity=severity))
        held.say(said(Kind.SEVERITY_SET, before=before.name, after=severity.name, by=name), reason, name)
        return held.incident


def note(engine: Engine, identifier: str, text: str, by: str) -> Incident:
    """Add a person's words to the timeline, of a closed incident too: a correction is an entry.

    Raises:
        NotRecorded: there is no such incident.
        UsageError: text or name are empty.
    """
    name, words = name_of(by), _reason(text)
    with engine.incidents.holding(identifier) as held:
        held.say(said(Kind.NOTED, text=words), "", name)
        return held.incident


def resolve(engine: Engine, identifier: str, by: str, how: str) -> Incident:
    """Say that users are well again, and how that came.

    Raises:
        NotRecorded: there is no such incident.
        TransitionRefused: it cannot be resolved as it stands: a rollback is under way, or it is over.
    """
    return _move(engine, identifier, IncidentState.RESOLVED, said(Kind.RESOLVED, by=name_of(by)), by, how)


def false_alarm(engine: Engine, identifier: str, by: str, why: str) -> Incident:
    """Say that nothing was wrong; it counts against the detector. A version that was marked bad for it is watched like any other again.

    Raises:
        NotRecorded: there is no such incident.
        TransitionRefused: it cannot be one as it stands.
    """
    ended = _move(engine, identifier, IncidentState.FALSE_ALARM, said(Kind.FALSE_ALARM, by=name_of(by)), by, why)
    release = engine.releases.find(ended.item, ended.version)
    if release and release.state is ReleaseState.BAD:
        engine.releases.mark(ended.item, ended.version, ReleaseState.WATCHED)
    return ended


def reopen(engine: Engine, identifier: str, by: str, why: str) -> Incident:
    """Say that it is not over; both clocks run anew.

    Raises:
        NotRecorded: there is no such incident.
        AlreadySo: it is open, or another one of its fingerprint is.
        TransitionRefused: it is closed.
    """
    try:
        return _reopen(engine, identifier, name_of(by), _reason(why))
    except IntegrityError:
        known = engine.incidents.open_with(engine.incidents.get(identifier).fingerprint)
        raise AlreadySo(f"{known.id if known else 'another one'} is open already, for the same") from None


def _reopen(engine: Engine, identifier: str, by: str, why: str) -> Incident:
    with engine.incidents.holding(identifier) as held:
        if held.incident.state.is_open:
            raise AlreadySo(f"{held.incident.id} is open: {held.incident.state.value}")
        held.move(IncidentState.INVESTIGATING)
        held.say(said(Kind.REOPENED_BY_HAND, by=by), why, by)
        return held.incident


def end_postmortem(engine: Engine, identifier: str, by: str, where: str = "") -> Incident:
    """Say that the postmortem is written and agreed on; ``where`` it is kept.

    Raises:
        NotRecorded: there is no such incident.
        TransitionRefused: it is not resolved.
    """
    return _move(engine, identifier, IncidentState.POSTMORTEM_DONE, said(Kind.POSTMORTEM_DONE), by, where)


def close(engine: Engine, identifier: str, by: str, why: str = "") -> Incident:
    """Put the incident away; what is closed stays closed.

    Raises:
        NotRecorded: there is no such incident.
        TransitionRefused: it is open, or is so bad that its postmortem comes first.
    """
    return _move(engine, identifier, IncidentState.CLOSED, said(Kind.CLOSED, by=name_of(by)), by, why)


def _move(engine: Engine, identifier: str, to: IncidentState, event: Said, by: str, why: str) -> Incident:
    """One step with its reason. Where it is the end of the response, the reason is what became of it."""
    ends = to in {IncidentState.RESOLVED, IncidentState.FALSE_ALARM}
    reason = _reason(why) if ends else _bounded(why)
    with engine.incidents.holding(identifier) as held:
        held.move(to, reason if ends else "")
        held.say(event, reason, name_of(by))
        return held.incident


@contextlib.contextmanager
def _open(engine: Engine, identifier: str) -> Generator[HeldIncident]:
    with engine.incidents.holding(identifier) as held:
        if not held.incident.state.is_open:
            raise AlreadySo(f"{held.incident.id} is {held.incident.state.value}: nothing is left to take on")
        yield held


@contextlib.contextmanager
def _unclosed(engine: Engine, identifier: str) -> Generator[HeldIncident]:
    with engine.incidents.holding(identifier) as held:
        if held.incident.state is IncidentState.CLOSED:
            raise AlreadySo(f"{held.incident.id} is closed, and stays as it is; a note can still be added")
        yield held


def _newest(engine: Engine, item: Item) -> Release:
    seen = engine.releases.all(item)
    if not seen:
        raise NothingSeen("no version of this extension was seen by the guard yet")
    return seen[0]


def _reason(text: str) -> str:
    return _bounded(reason_of(text))


def _bounded(text: str) -> str:
    kept = text.strip()
    return kept if len(kept) <= _LONGEST_TEXT else kept[:_LONGEST_TEXT] + "…"


def _one_line(text: str) -> str:
    return " ".join(text.split())
