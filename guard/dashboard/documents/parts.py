"""What every document is made of."""

import enum
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

from guard.outcome import iso

Moment = Annotated[datetime, PlainSerializer(iso, return_type=str, when_used="json")]
"""As every output shows a time: UTC, ISO 8601, with milliseconds."""


class Document(BaseModel):
    """The base of all: what is not declared is not said."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_enum_values=True)


class Trouble(Document):
    """An answer that is a refusal."""

    error: str
    """What went wrong."""
    hint: str = ""
    """What to do next."""


class Overall(enum.StrEnum):
    """How everything stands (DESIGN, section 6)."""

    OPERATIONAL = "OPERATIONAL"
    DEGRADED = "DEGRADED"
    CRITICAL = "CRITICAL"


class Point(Document):
    """What was counted until a moment."""

    at: Moment
    failures: int = 0
    total: int = 0
    """0 where the signal is no share: then `failures` are events so far."""
    value: float | None = None
    """Of a signal that counts nothing: the number itself; of `silence` the share of what is normal."""


class SignalState(Document):
    """One signal of one version, as it was last judged."""

    signal: str
    version: str
    verdict: str
    """healthy, no_data, inconclusive or breach."""
    reason: str = ""
    """Why it is open or without data, as a constant."""
    evidence: str
    """In one sentence."""
    failures: int = 0
    total: int = 0
    limit: float | None = None
    """A ratio for shares, events an hour for crashes, a drop for active users."""
    is_measured: bool = True
    judged_at: Moment
    recent: tuple[Point, ...] = ()
    """The newest points, the oldest first: for a sparkline."""


class CheckLine(Document):
    """One browser check, without its findings."""

    check: str
    status: str
    """passed, failed, not_configured or error."""
    flaky: bool = False


class Picture(Document):
    """A screenshot."""

    name: str
    address: str
    """Where it is to be had, below the dashboard's own address."""


class FindingView(Document):
    """One thing that a check has found."""

    code: str
    message: str
    hint: str = ""
    is_failure: bool = True
    detail: str = ""


class CheckView(CheckLine):
    """One browser check with all that it found."""

    seconds: float = 0.0
    note: str = ""
    findings: tuple[FindingView, ...] = ()
    pictures: tuple[Picture, ...] = ()


class CheckReportView(Document):
    """The browser checks of one version."""

    version: str
    status: str
    """passed, failed or error."""
    checked_at: Moment
    checks: list[CheckView]


class DrillView(Document):
    """The rollback drill: whether going back would cost users their data."""

    verdict: str
    baseline: str
    words: str


class PlanView(Document):
    """What would be done now."""

    strategy: str
    reason: str
    data: str
    reach: str = ""
    steps: list[str]
    will_not: list[str]
    not_chosen: list[str]
    held_because: tuple[str, ...] = ()
    """Why a person is asked instead."""
    seconds_to_restore: float
    risk: str
