"""The nouns of the program: releases, signals, samples. All frozen; times are aware UTC."""

import dataclasses
import enum
from datetime import date, datetime, timedelta

from webstore.models import Item
from webstore.versions import Version


class Signal(enum.StrEnum):
    """One thing that is watched."""

    ERROR_RATE = "error_rate"
    RESPONSE_TIME = "response_time"
    ACTIVE_USERS = "active_users"
    EXTENSION_CRASHES = "extension_crashes"
    API_FAILURES = "api_failures"
    HEALTH = "health"
    RATING = "rating"
    SILENCE = "silence"
    """All versions together report far less than they normally do."""


class Provenance(enum.StrEnum):
    """Where a release came from."""

    UPLOAD = "upload"
    ROLLBACK = "rollback"
    UNKNOWN = "unknown"


class ReleaseState(enum.StrEnum):
    """What the guard holds of a release."""

    WATCHED = "watched"
    GOOD = "good"
    BAD = "bad"
    ROLLED_BACK = "rolled_back"


@dataclasses.dataclass(frozen=True)
class Release:
    """A version seen as published at a time."""

    item: Item
    version: Version
    published_at: datetime
    deploy_percentage: int = 100
    provenance: Provenance = Provenance.UNKNOWN
    state: ReleaseState = ReleaseState.WATCHED
    digest: str | None = None
    """Version-free digest of its package's content (`webstore.package.Package.code_digest`), when the package was seen."""
    rollback_of: Version | None = None
    """For a release that a rollback made: the version that it replaced."""
    restores: Version | None = None
    """For a release that a rollback made: the version whose code it carries."""
    blocked: str = ""
    """Who ordered that nobody goes back to it, and why; empty when nobody did."""

    @property
    def forbidden(self) -> str:
        """Why it is no version to go back to; empty when it may be one."""
        if self.state in {ReleaseState.BAD, ReleaseState.ROLLED_BACK}:
            return f"was itself {self.state.value.replace('_', ' ')}"
        return f"is {self.blocked}" if self.blocked else ""


@dataclasses.dataclass(frozen=True)
class Interval:
    """From ``start`` (inclusive) to ``end`` (exclusive)."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


@dataclasses.dataclass(frozen=True)
class Counted:
    """So many failures of so many units: for `error_rate`, `api_failures` and slow shares."""

    failures: int
    total: int
    unit: str
    """What was counted, in the plural: "users", "sessions"."""


@dataclasses.dataclass(frozen=True)
class Events:
    """So many events in the sample's interval: for `extension_crashes`."""

    count: int


@dataclasses.dataclass(frozen=True)
class Expected:
    """So many reports of all versions, where so many are normal at this time: for `silence`."""

    count: int
    expected: float
    """The mean of the same time in earlier weeks."""
    dispersion: float
    """Variance over mean of what is normal; 1 for independent reports, more where they come in waves."""


@dataclasses.dataclass(frozen=True)
class Daily:
    """One number a day: for `active_users`. It says nothing inside an hour."""

    day: date
    value: float
    same_weekday: tuple[float, ...]
    """The values of the same weekday in earlier weeks, the newest first."""
    unit: str = "users"


@dataclasses.dataclass(frozen=True)
class Value:
    """One aggregated number, such as a percentile: it advises, and proves nothing."""

    value: float
    unit: str
    """What it is, such as "s, 95th percentile"."""


@dataclasses.dataclass(frozen=True)
class CheckOutcome:
    """Whether one browser check passed: kept with the samples for a replay; the verdict on health rests on the whole report."""

    check: str
    passed: bool


class Absence(enum.StrEnum):
    """Why there is nothing to judge."""

    NOTHING = "no_data"
    """Nothing was reported."""
    NO_DENOMINATOR = "no_denominator"
    """Failures are reported, and nothing that they could be a share of."""
    NOT_MEASURABLE = "not_measurable"
    """No source can know this so soon."""
    REFUSED = "source_error"
    """A source answered, and refused or could not."""
    UNREACHABLE = "source_unreachable"
    """A source did not answer at all."""
    OUR_NETWORK = "our_network"
    """Nothing answers at all: the watcher is blind, and not the watched silent."""


@dataclasses.dataclass(frozen=True)
class NoData:
    """Nothing was read, and why. Never the same as a zero."""

    reason: str
    kind: Absence = Absence.NOTHING


Reading = Counted | Events | Expected | Daily | Value | CheckOutcome | NoData


@dataclasses.dataclass(frozen=True)
class Sample:
    """One reading of a signal for one version over an interval. Readings are totals since the interval's start."""

    signal: Signal
    version: Version
    interval: Interval
    reading: Reading
    source: str
    """Who says so, as people know it: "sentry sessions"."""
