"""What a page of the dashboard shows: the overview, a release, and what a replay of it comes to."""

from typing import Annotated, Any

from pydantic import Field

from guard.dashboard.documents.parts import CheckLine, CheckReportView, Document, DrillView, Moment, Overall, PlanView, SignalState
from guard.dashboard.documents.rows import IncidentRow, OpenIncident, ReleaseRow, RollbackView


class LookView(Document):
    """The last look at an extension."""

    at: Moment
    outcome: str
    sentence: str
    version: str | None = None
    seconds: float


class PauseView(Document):
    """An order that nothing is acted on automatically."""

    item: str | None = None
    """None: for all."""
    item_name: str | None = None
    by: str
    reason: str
    since: Moment


class WatcherView(Document):
    """A process that watches."""

    id: str
    role: str
    seen_at: Moment
    is_alive: bool


class ItemState(Document):
    """An extension on the overview."""

    item: str
    name: str
    mode: str
    release: ReleaseRow | None = None
    """The newest that was seen; none before the first look."""
    baseline: str | None = None
    window_ends_at: Moment | None = None
    """When the rollback window of the newest release is over."""
    look: LookView | None = None
    signals: tuple[SignalState, ...] = ()
    checks: tuple[CheckLine, ...] = ()
    checked_at: Moment | None = None
    drill: DrillView | None = None
    open_incidents: tuple[str, ...] = ()
    waits_for_approval: str | None = None
    """The incident whose proposed rollback waits for a person's yes."""
    automatic_rollbacks_today: int
    max_automatic_rollbacks_a_day: int


class Overview(Document):
    """Everything at a glance."""

    at: Moment
    status: Overall
    items: list[ItemState]
    incidents: list[OpenIncident]
    paused: list[PauseView]
    watchers: list[WatcherView]


class SeriesPoint(Document):
    """A version's rate until a moment, with the band that holds the true rate with 99 % at all times at once."""

    at: Moment
    failures: int
    total: int
    rate: float
    low: float
    high: float


class Series(Document):
    """One version's line in a plot."""

    version: str
    role: str
    """release or baseline."""
    points: list[SeriesPoint]


class SharePlot(Document):
    """A share over the rollback window."""

    signal: str
    unit: str
    limit: float
    series: list[Series]


class Mark(Document):
    """A moment on a plot."""

    at: Moment
    kind: str
    """published, breach, rollback_begun, rollback_done, recovered, or window_over."""
    words: str


class ReleasePage(Document):
    """One release, whole."""

    at: Moment
    item: str
    item_name: str
    release: ReleaseRow
    baseline: str | None = None
    window_starts_at: Moment
    window_ends_at: Moment
    signals: list[SignalState]
    baseline_signals: list[SignalState]
    plots: list[SharePlot]
    marks: list[Mark]
    checks: list[CheckReportView]
    drill: DrillView | None = None
    plan: PlanView | None = None
    """None where nothing has to be done."""
    look: LookView | None = None
    rollbacks: list[RollbackView]
    incidents: list[IncidentRow]
    thresholds: dict[str, float]
    """What `replay` may be asked under: name and configured value."""


class ReplayResult(Document):
    """What the guard would have decided on what it read, under other thresholds."""

    thresholds: dict[str, float]
    verdict: str
    decided_at: Moment | None = None
    seconds_after_publish: float | None = None
    diagnosis: str | None = None
    severity: str | None = None
    strategy: str | None = None
    evidence: list[str]
    curve: list[Annotated[list[float], Field(min_length=2, max_length=2)]]
    """Seconds after the publish, and the evidence (log10 of E) that the release breaches."""
    needed: float
    """log10 of E at which it is a breach."""


class ReportDocument(Document):
    """The report over a period: `report --json`, with the plot's bars."""

    days: int
    report: dict[str, Any]
    by_day: list[dict[str, Any]]
    """A day each: {"day": "2026-11-25", "counts": {"P0": 0, ...}}."""
