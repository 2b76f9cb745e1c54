"""One of many: releases, incidents, rollbacks and action items, and the lists of them."""

from guard.dashboard.documents.parts import Document, Moment


class ReleaseRow(Document):
    """A release in a list."""

    item: str
    item_name: str
    version: str
    state: str
    provenance: str
    rollback_of: str | None = None
    restores: str | None = None
    deploy_percentage: int
    first_seen_at: Moment
    blocked: str = ""
    """By whom and why it may not be gone back to; empty when it may."""
    drill: str | None = None
    incidents: tuple[str, ...] = ()


class IncidentRow(Document):
    """An incident in a list."""

    id: str
    title: str
    severity: str
    state: str
    is_open: bool
    item: str
    item_name: str
    version: str
    affected_users: int
    cause: str
    opened_at: Moment
    resolved_at: Moment | None = None
    acknowledged_by: str = ""
    commander: str = ""


class ClockView(Document):
    """A clock of an incident."""

    kind: str
    """respond or resolve."""
    words: str
    started_at: Moment
    due_at: Moment
    stopped_at: Moment | None = None
    missed: bool
    escalations: int


class OpenIncident(IncidentRow):
    """An open incident with its clocks."""

    clocks: list[ClockView]


class RollbackStepView(Document):
    """One step of a rollback."""

    name: str
    words: str
    state: str
    attempts: int
    seconds: float
    evidence: str


class RollbackView(Document):
    """A rollback with its steps."""

    id: str
    item: str
    item_name: str
    incident: str | None = None
    state: str
    is_finished: bool
    automatic: bool
    from_version: str
    target: str
    new_version: str
    reason: str
    failure: str
    created_at: Moment
    finished_at: Moment | None = None
    steps: list[RollbackStepView]


class ActionRow(Document):
    """An action item."""

    id: str
    title: str
    owner: str
    priority: str
    state: str
    due_on: str
    is_overdue: bool
    incidents: list[str]
    created_at: Moment
    ended_at: Moment | None = None


class Page(Document):
    """One part of a long list."""

    total: int
    next: str | None = None
    """The query string of the next part; none at the end."""


class ReleaseList(Page):
    """Releases, the newest first."""

    rows: list[ReleaseRow]


class IncidentList(Page):
    """Incidents, the newest first."""

    rows: list[IncidentRow]


class RollbackList(Page):
    """Rollbacks, the newest first."""

    rows: list[RollbackView]


class ActionList(Page):
    """Action items, the most urgent first."""

    rows: list[ActionRow]
