"""What tests of tickets share: a team's guard with a database, and a repository on GitHub."""

import dataclasses

from contract.github_issues import REPOSITORY, TOKEN, GitHub
from factories import Clock
from guard.config import Config
from guard.engine import Engine
from guard.incidents.action_items import ActionItem, Priority
from guard.incidents.events import Kind, said
from guard.incidents.incident import Incident, IncidentState
from guard.severity import Severity
from guard.store.action_items import ActionItems
from guard.tickets.sync import sync_due
from webstore.models import Item
from webstore.versions import Version

ITEM = Item("publisher", "a" * 32)


class Told:
    """Progress that remembers what it was warned of."""

    def __init__(self):
        self.warnings = []

    def doing(self, text):
        pass

    def done(self, text):
        pass

    def warn(self, text):
        self.warnings.append(text)


@dataclasses.dataclass
class World:
    """One team."""

    engine: Engine
    clock: Clock
    github: GitHub
    warnings: list[str]

    def sync(self, **forward):
        self.clock.forward(**(forward or {"seconds": 30}))
        return sync_due(self.engine)

    def draft(self, fingerprint="f" * 32, title="error rate over its limit", severity=Severity.P3, version="1.3.0"):
        cause = "deployment: only it"
        return Incident(
            "", fingerprint, title, severity, IncidentState.INVESTIGATING, ITEM, Version.parse(version), self.clock(), 120, cause
        )  # fmt: skip

    def incident(self, title="error rate over its limit", severity=Severity.P3, mark="f"):
        records = self.engine.incidents
        entry = records.entry(said(Kind.BREACH_SEEN, version="1.3.0"), "breach: error_rate: above 5 %")
        return records.open(self.draft(mark * 32, title, severity), entry)[0]

    def raise_to(self, incident, severity):
        with self.engine.incidents.holding(incident.id) as held:
            before = held.incident.severity
            held.become(dataclasses.replace(held.incident, severity=severity))
            held.say(said(Kind.SEVERITY_RAISED, before=before.name, after=severity.name))

    def action(self, title="add a canary", due=None, **more):
        due = due or self.clock().date()
        draft = ActionItem("", title, "alice", Priority.HIGH, due, "bob", self.clock(), **more)
        return ActionItems(self.engine.database, self.clock).add(draft)

    def actions(self):
        return ActionItems(self.engine.database, self.clock)


def a_world(database, clock, github, tmp_path, monkeypatch, **settings):
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    tickets = {"repository": REPOSITORY, "base_url": github.base_url, **settings.pop("tickets", {})}
    config = Config.model_validate(
        {"state": str(tmp_path), "tickets": tickets, "extension": [{"id": ITEM.id, "publisher": ITEM.publisher}], **settings}
    )
    told = Told()
    return World(Engine(config, database, now=clock, progress=told), clock, github, told.warnings)
