"""Ninety-five days of three extensions with the incidents that they had, played in order by a seed: what a status page is made from."""

import random
from datetime import UTC, datetime, timedelta

from factories import Clock
from guard.config import Config
from guard.engine import Engine
from guard.incident_life import acknowledge, false_alarm, note, reopen, resolve, set_severity
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, IncidentState, Trigger
from guard.model import Provenance, Release
from guard.outcome import Outcome
from guard.severity import Severity
from guard.store.looks import LookRecord
from webstore.models import Item
from webstore.versions import Version

SEED = 20261125
NOW = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)
START = NOW - timedelta(days=95)
SHELF, CLIPPER, READER = (Item("publisher", letter * 32) for letter in "abc")
V = Version.parse
A_PLAN = {"plan": "to 1.30.0", "target": "1.30.0", "new_version": "1.31.0.1", "version": "1.31.0"}


def a_config(state, *, names=("Bookshelf", "Web Clipper", "Quiet Reader"), **more):
    items = (SHELF, CLIPPER, READER)[: len(names)]
    extensions = [{"id": item.id, "publisher": item.publisher, "name": name} for item, name in zip(items, names, strict=True)]
    return Config.model_validate({"state": str(state), "extension": extensions, **more})


def an_engine(database, config, at=START):
    clock = Clock()
    clock.moment = at
    return Engine(config, database, now=clock), clock


def looked(engine, item, *, at=None, outcome=Outcome.HEALTHY):
    engine.looks.record(LookRecord(item, "1.0.0", outcome, "all is well", at or engine.now(), 0.5))


def seen(engine, item, version, at=None):
    engine.releases.record(Release(item, V(version), at or engine.now(), provenance=Provenance.UPLOAD))


def opened(engine, item, severity, version="1.3.0", **more):
    """Open an incident as the guard does; its id."""
    draft = Incident(
        "",
        f"{item.id[0]}{version}{engine.now():%m%d%H%M%S}",
        f"{version}: error_rate over its limit",
        severity,
        IncidentState.INVESTIGATING,
        item,
        V(version),
        engine.now(),
        trigger=Trigger.BREACH,
        **more,
    )
    incident, _ = engine.incidents.open(draft, engine.incidents.entry(said(Kind.BREACH_SEEN, version=version), "12 of 20 sessions failed"))
    engine.incidents.note(incident.id, said(Kind.SEVERITY_GIVEN, severity=severity.name))
    return incident.id


def moved(engine, identifier, to, kind, **facts):
    return engine.incidents.move(engine.incidents.get(identifier), to, said(kind, **facts), evidence="secret evidence")


def rolled_back(engine, clock, identifier, target="1.2.0", new_version="1.3.0.1"):
    """Begun now, done four minutes later."""
    plan = {"plan": f"to {target}", "target": target, "new_version": new_version, "version": "1.3.0"}
    moved(engine, identifier, IncidentState.MITIGATING, Kind.ROLLBACK_BEGUN, **plan)
    clock.forward(minutes=4)
    moved(engine, identifier, IncidentState.MONITORING, Kind.ROLLBACK_DONE, **plan)


def recovered(engine, identifier):
    moved(engine, identifier, IncidentState.RESOLVED, Kind.RECOVERED)


def ninety_days(database, config, *, now=NOW, open_now=(Severity.P1,), asleep=()):
    """A history with every kind of thing in it; at its end the clock says ``now``. ``asleep``: items that nobody looks at any more."""
    engine, clock = an_engine(database, config)
    rng = random.Random(SEED)
    seen(engine, SHELF, "1.0.0")
    seen(engine, CLIPPER, "4.0.0", at=START + timedelta(days=3))
    seen(engine, READER, "0.9.0", at=now - timedelta(days=41))
    plan = sorted(rng.sample(range(4, 88), 9))
    severities = [Severity.P1, Severity.P2, Severity.P0, Severity.P3, Severity.P1, Severity.P2, Severity.P0, Severity.P1, Severity.P2]
    for number, (day, severity) in enumerate(zip(plan, severities, strict=True)):
        clock.moment = START + timedelta(days=day, minutes=rng.randrange(1440))
        item = (SHELF, CLIPPER)[number % 2]
        version = f"{'1' if item is SHELF else '4'}.{number + 1}.0"
        seen(engine, item, version)
        clock.forward(minutes=6)
        identifier = opened(engine, item, severity, version)
        clock.forward(minutes=rng.randrange(2, 20))
        acknowledge(engine, identifier, "alice")
        if severity >= Severity.P1:
            rolled_back(engine, clock, identifier)
        clock.forward(minutes=rng.randrange(5, 900))
        if number == 4:
            resolve(engine, identifier, "alice", "all quiet")
            clock.forward(minutes=30)
            reopen(engine, identifier, "bob", "not over")
            clock.forward(minutes=55)
        if number == 5:
            false_alarm(engine, identifier, "bob", "a test account")
        else:
            recovered(engine, identifier)
    clock.moment = now - timedelta(minutes=17)
    for place, severity in enumerate(open_now):
        item = (SHELF, CLIPPER, READER)[place]
        seen(engine, item, "1.31.0")
        identifier = opened(engine, item, severity, "1.31.0")
        clock.forward(minutes=3)
        note(engine, identifier, "a note of Alice's", "alice")
        moved(engine, identifier, IncidentState.MITIGATING, Kind.ROLLBACK_BEGUN, **A_PLAN)
    for item in (SHELF, CLIPPER, READER):
        looked(engine, item, at=now - (timedelta(days=2, hours=5) if item in asleep else timedelta(minutes=1)))
    clock.moment = now
    return engine


def worse(engine, identifier, severity):
    set_severity(engine, identifier, severity, "alice", "it is worse")
