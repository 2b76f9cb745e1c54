"""The tables of release-guard.toml that hold settings of the guard's own parts, each with its defaults."""

import enum
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from guard.decision.strategies import INFRASTRUCTURE_SCALE, SERVICE_RESTART
from guard.judge.evidence import MAX_LIMIT, MIN_LIMIT
from guard.judge.thresholds import Thresholds
from webstore.auth import is_loopback

STORE_API = "https://chromewebstore.googleapis.com"
UPDATE_SERVICE = "https://clients2.google.com/service/update2/crx"
GITHUB_API = "https://api.github.com"

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,100}$")]
Rate = Annotated[float, Field(ge=MIN_LIMIT, le=MAX_LIMIT)]
Word = Annotated[str, Field(min_length=1, max_length=4000)]
Seconds = Annotated[float, Field(gt=0, le=7 * 86_400)]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
"""The name of a variable of the environment."""


def _takes_token(value: str) -> str:
    parts = urlsplit(value)  # a ValueError says the same as ours
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://HOST/api/v3, with no name, password or question in it")
    if parts.scheme != "https" and not is_loopback(value):
        raise ValueError("must be https, or on this machine: a token is sent there")
    return value.rstrip("/")


TokenAddress = Annotated[str, AfterValidator(_takes_token)]
"""Address of a service that a token is sent to: https or on this machine, without what could carry a secret of its own."""


class StrictTable(BaseModel):
    """A table: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreCredentials(enum.StrEnum):
    """How the store is told who asks."""

    GOOGLE = "google"
    NONE = "none"


class StoreTable(StrictTable):
    """``[store]``: where the Chrome Web Store is, and how it knows us."""

    base_url: str = STORE_API
    update_url: str = UPDATE_SERVICE
    credentials: StoreCredentials = StoreCredentials.GOOGLE
    """"none" is only accepted for a local store."""
    credentials_env: str = "RELEASE_GUARD_STORE_CREDENTIALS"
    """Name of the variable that holds the credentials' JSON; see `guard.environment` for where else they are looked for."""
    requests_per_minute: Annotated[float, Field(ge=1, le=60_000)] = 120
    """Of all items together, so that polling many never uses up the quota of the Cloud project; each process keeps it for itself."""


class SentryTable(StrictTable):
    """``[sentry]``: where error rates come from."""

    base_url: str = "https://sentry.io"
    organization: str
    project: str
    environment: str | None = None
    token_env: str = "RELEASE_GUARD_SENTRY_TOKEN"  # noqa: S105 - a variable's name, not a token
    release: str = "{name}@{version}"
    """How releases are named in Sentry; ``{name}`` is the extension's ``name`` here."""
    settle_seconds: Annotated[float, Field(ge=0, le=3600)] = 90
    """Sentry's newest data is incomplete: judge intervals that end this long ago."""
    requests_per_second: Annotated[float, Field(ge=0.1, le=10_000)] | None = None
    """Of all items that share address and token; 20 by default, and without a limit where the Sentry is on this machine."""
    step_seconds: Literal[10, 60, 3600] = 60
    """The smallest steps of sessions to ask for; where Sentry answers only in larger ones, those are taken."""
    counter: Name = "ext.operation"
    """The counter that the extension adds one to for each thing it does (`Sentry.metrics.count`); the best denominator there is."""
    outcome: Name = "outcome"
    """The counter's attribute that says how it ended."""
    failed: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20)] = ("error",)
    """The outcomes that are failures."""
    operations: Annotated[str, Field(max_length=400)] = "is_transaction:true"
    """Which spans are things that the extension does, in Sentry's search syntax."""
    requests: Annotated[str, Field(max_length=400)] = "span.op:http.client"
    """Which spans are requests to the extension's backend, in Sentry's search syntax."""


class ThresholdsTable(StrictTable):
    """``[thresholds]``: the handbook's limits."""

    error_rate: Rate = Thresholds.error_rate
    api_failures: Rate = Thresholds.api_failures
    slow_share: Rate = Thresholds.slow_share
    response_seconds: Annotated[float, Field(gt=0, le=3600)] = Thresholds.response_seconds
    crashes_per_hour: Annotated[float, Field(gt=0, le=100_000)] = Thresholds.crashes_per_hour
    active_users_drop: Annotated[float, Field(ge=0.01, le=0.95)] = Thresholds.active_users_drop
    bad_reviews: Rate = Thresholds.bad_reviews
    against_baseline: Annotated[float, Field(ge=0, le=100)] = Thresholds.against_baseline
    """So many times the baseline's error rate is no finding; 0: it is not compared."""
    baseline_floor: Rate = Thresholds.baseline_floor
    late_seconds: Annotated[float, Field(ge=0, le=3600)] = Thresholds.late_seconds
    alpha: Annotated[float, Field(ge=0.0001, le=0.2)] = Thresholds.alpha
    beta: Annotated[float, Field(ge=0.001, le=0.5)] = Thresholds.beta

    @field_validator("against_baseline")
    @classmethod
    def _more_than_equal(cls, value: float, _info: ValidationInfo) -> float:
        if 0 < value < 1:
            raise ValueError("must be 0, or at least 1: a version that fails less often than its baseline is no finding")
        return value

    def to_domain(self) -> Thresholds:
        """The limits as the judge takes them."""
        return Thresholds(**self.model_dump())


class Inconclusive(enum.StrEnum):
    """What a gate does when the window is over and nothing is proved."""

    HOLD = "hold"
    """It says so (exit 3), and the release stays watched."""
    PASS = "pass"  # noqa: S105 - a policy, not a password
    """It passes (exit 0), and says what was not proved."""
    EXTEND = "extend"
    """It goes on watching, with the same evidence, for `extend_seconds`; then it holds."""


class WatchTable(StrictTable):
    """``[watch]``: how long and how often."""

    rollback_window_seconds: Seconds = 3600
    poll_seconds: Seconds = 30
    live_timeout_seconds: Seconds = 1800
    """How long `gate` waits for the version to be live."""
    propagation_timeout_seconds: Seconds = 900
    """How long a rollback waits until users can get the new version."""
    review_timeout_seconds: Seconds = 86_400
    """How long a rollback waits for a review, where the store refuses its own rollback and the kept package is submitted instead."""
    recovery_timeout_seconds: Seconds = 900
    """How long `gate` watches the signals fall after a rollback before it leaves that to the daemon."""
    recheck_seconds: Seconds = 900
    """How often the browser checks are repeated inside the window."""
    inconclusive: Inconclusive = Inconclusive.HOLD
    extend_seconds: Seconds = 86_400
    max_automatic_rollbacks_a_day: Annotated[int, Field(ge=0, le=100)] = 3
    stop_seconds: Annotated[float, Field(ge=0, le=3600)] = 25
    """How long a daemon that is told to stop waits for a rollback in hand; the next process goes on with one that takes longer."""
    polls_at_once: Annotated[int, Field(ge=1, le=64)] = 8
    """So many extensions are looked at at once by one process."""
    checks_at_once: Annotated[int, Field(ge=1, le=64)] | None = None
    """So many extensions are checked in browsers at once by one process; by default half as many as the machine has cores."""


class RollbackTable(StrictTable):
    """``[rollback]``: who is told of one."""

    webhook_env: Variable | None = None
    """Name of the variable that holds the address (https, or on this machine) which a finished rollback is posted to."""
    webhook_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10
    dispatch_repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9._-]{0,99}[A-Za-z0-9_-]$")] | None = None
    """GitHub repository ("owner/name") whose workflow is started after a finished rollback."""
    dispatch_workflow: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,98}\.ya?ml$")] | None = None
    """File name of that workflow, such as "after-rollback.yml"."""
    dispatch_ref: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./+@-]{0,199}$")] = "main"
    """Branch or tag that it is run from."""
    dispatch_token_env: Variable = "RELEASE_GUARD_GITHUB_TOKEN"  # noqa: S105 - a variable's name, not a token
    """Name of the variable that holds a token which may write actions there."""
    dispatch_base_url: TokenAddress = GITHUB_API
    """Of a GitHub Enterprise Server: "https://HOST/api/v3"."""
    dispatch_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.dispatch_repository is None) != (self.dispatch_workflow is None):
            raise ValueError("dispatch_repository and dispatch_workflow go together: set both, or none")
        return self


class ArchiveTable(StrictTable):
    """``[archive]``: where packages are kept, and for how long."""

    folder: Path | None = None
    """By default ``archive`` in the state folder; a team may share one."""
    keep: Annotated[int, Field(ge=2, le=10_000)] = 30
    """So many newest versions of each item are kept, besides those that a rollback may need."""


class ReportTable(StrictTable):
    """``[report]``: what the monthly report measures against."""

    objective: Annotated[float, Field(ge=0.5, le=0.99999)] = 0.99
    """Share (0-1) of watched sessions that must not fail; the rest is the error budget."""


class RepairTable(StrictTable):
    """``[repair]``: commands for strategies that the guard cannot follow itself; run only when a person says `release-guard repair run`."""

    service_restart_command: tuple[Word, ...] = ()
    """A program and its arguments; no shell reads them."""
    infrastructure_scale_command: tuple[Word, ...] = ()
    command_seconds: Annotated[float, Field(gt=0, le=3600)] = 300
    """How long a command may take."""

    @property
    def commands(self) -> dict[str, tuple[str, ...]]:
        """The command of each strategy that has one, by the strategy's name."""
        given = {SERVICE_RESTART.name: self.service_restart_command, INFRASTRUCTURE_SCALE.name: self.infrastructure_scale_command}
        return {name: command for name, command in given.items() if command}
