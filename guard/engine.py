"""The composition root: builds everything that a command needs from a configuration, and each thing only when it is needed."""

import contextlib
import dataclasses
import functools
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy

from guard.config import Config, ExtensionTable, Mode
from guard.environment import DATABASE_VARIABLE, secret, store_credentials
from guard.errors import ConfigurationError
from guard.model import Signal
from guard.notify.announcing import Announcer
from guard.progress import Progress, Silence
from guard.rollback.plan import RollbackPlan, StepName
from guard.rollback.reading_back import Patience, Records
from guard.rollback.steps import RollbackSteps
from guard.rollback.stopping import must_not_be_stopped
from guard.rollback.telling import teller
from guard.sources.connections import Connections
from guard.sources.contract import MetricSource
from guard.sources.sentry import SentrySource
from guard.sources.sentry_asking import Watched
from guard.sources.store_metrics import StoreMetrics
from guard.store.check_reports import CheckReports
from guard.store.database import default_url, only_shown, open_database
from guard.store.drills import Drills
from guard.store.executors import Executors
from guard.store.incidents import IncidentRecords
from guard.store.journal import Journal
from guard.store.looks import Looks
from guard.store.messages import Messages
from guard.store.orders import Orders
from guard.store.releases import Releases
from guard.store.samples import Samples
from guard.store.silences import Silences
from guard.store.standings import Standings
from guard.tables import StoreCredentials
from healthchecks.differential import Differential
from healthchecks.result import CheckReport
from webstore.archive import Archive
from webstore.client import WebStoreClient
from webstore.package import Package
from webstore.updates import UpdateService
from webstore.versions import Version


def utc_now() -> datetime:
    """The present moment; handed to everything that needs the time."""
    return datetime.now(UTC)


@dataclasses.dataclass
class Guarded:
    """One extension under guard, with the adapters that reach its store, its sources and its checks."""

    config: Config
    extension: ExtensionTable
    evidence: Path
    """Folder for screenshots."""
    now: Callable[[], datetime] = utc_now
    browsers: AbstractContextManager[object] = dataclasses.field(default_factory=contextlib.nullcontext)
    """Held while checks run: only so many at once."""
    connections: Connections | None = None
    """Shared with the other extensions of the process; none: its own."""

    @functools.cached_property
    def store(self) -> WebStoreClient:
        """The store's API, with credentials that may change it.

        Raises:
            CredentialsMissing: none are in the environment.
        """
        return self._shared.store(writing=True)

    @functools.cached_property
    def store_reader(self) -> WebStoreClient:
        """The store's API for what only reads, with credentials of the least scope.

        Raises:
            CredentialsMissing: none are in the environment.
        """
        return self._shared.store(writing=False)

    @functools.cached_property
    def _shared(self) -> Connections:
        return self.connections or Connections(self.config)

    @functools.cached_property
    def updates(self) -> UpdateService:
        """What browsers are offered."""
        return self._shared.updates

    @functools.cached_property
    def sources(self) -> Sequence[MetricSource]:
        """Every configured source of samples, and the store's own numbers where it can be asked for them.

        Raises:
            ConfigurationError: a source's token is not in the environment.
        """
        return tuple(source for source in (self.sentry, self.store_metrics) if source is not None)

    @functools.cached_property
    def sentry(self) -> SentrySource | None:
        """The Sentry project, when one is configured.

        Raises:
            ConfigurationError: its token is not in the environment.
        """
        table = self.config.sentry_of(self.extension)
        if table is None:
            return None
        slow_seconds = self.config.thresholds.to_domain().response_seconds
        return SentrySource(
            self._shared.sentry(table),
            organization=table.organization,
            project=table.project,
            environment=table.environment,
            release_name=table.release.replace("{name}", self.extension.name or self.extension.id),
            settle=timedelta(seconds=table.settle_seconds),
            step_seconds=table.step_seconds,
            watched=Watched(
                counter=table.counter,
                outcome=table.outcome,
                failed=table.failed,
                operations=table.operations,
                requests=table.requests,
                slow_seconds=slow_seconds,
            ),
        )

    @functools.cached_property
    def store_metrics(self) -> StoreMetrics | None:
        """The store's own numbers; none without credentials for it, which keeps nothing else from being read."""
        table = self.config.store
        try:
            is_known = table.credentials is StoreCredentials.NONE or store_credentials(table.credentials_env) is not None
        except ConfigurationError:
            is_known = False  # said by whatever needs the store itself
        return StoreMetrics(lambda: self.store_reader, self.extension.item, self.now) if is_known else None

    @property
    def required_signals(self) -> tuple[Signal, ...]:
        """What must be proved healthy before a gate passes."""
        if self.extension.required_signals is not None:
            return self.extension.required_signals
        return (Signal.HEALTH, Signal.ERROR_RATE) if self.config.sentry_of(self.extension) else (Signal.HEALTH,)

    @property
    def mode(self) -> Mode:
        """How far the guard may go by itself."""
        return self.config.mode_of(self.extension)

    def check(self, package: Package, baseline: Package | None) -> CheckReport:
        """Run the health checks on a package.

        Raises:
            HealthCheckError: the browser cannot be used.
        """
        from healthchecks.runner import run_checks  # noqa: PLC0415 - Playwright is heavy

        with self.browsers:
            return run_checks(
                package,
                target=f"{self.extension.name or self.extension.id} {package.version}",
                settings=self.config.checks_of(self.extension),
                evidence=self.evidence / str(package.version),
                baseline=baseline,
            )

    def check_side_by_side(self, package: Package, baseline: Package) -> Differential:
        """Run the health checks on a release and on its baseline, at once.

        Raises:
            HealthCheckError: the browser cannot be used.
        """
        from healthchecks.side_by_side import run_side_by_side  # noqa: PLC0415 - as above

        with self.browsers:
            return run_side_by_side(
                package,
                baseline,
                target=f"{self.extension.name or self.extension.id} {package.version}",
                settings=self.config.checks_of(self.extension),
                evidence=self.evidence / str(package.version),
            )


def database_url(config: Config, named: str | None) -> str:
    """The database that is named, else the environment's, else the file's, else SQLite's.

    Raises:
        ConfigurationError: the file that the environment names cannot be read.
    """
    return named or secret(DATABASE_VARIABLE) or config.database or default_url(config.state)


class Engine:
    """All that a command works with."""

    def __init__(
        self, config: Config, database: sqlalchemy.Engine, *, now: Callable[[], datetime] = utc_now, progress: Progress | None = None
    ) -> None:
        self.config = config
        self.database = database
        self.now = now
        self.progress = progress or Silence()
        self.releases = Releases(database)
        self.samples = Samples(database)
        self.executors = Executors(database, now)
        self.drills = Drills(database)
        self.orders = Orders(database, now)
        self.journal = Journal(database, now)
        self.incidents = IncidentRecords(database, now, Announcer(config, now), config.incident_rules)
        self.messages = Messages(database, now)
        self.silences = Silences(database, now)
        self.standings = Standings(database)
        self.looks = Looks(database)
        self.check_reports = CheckReports(database, config.state)
        self.archive = Archive(config.archive_folder, now)
        self.run_folder = config.state / "runs" / f"{now():%Y%m%dT%H%M%S.%f}"
        self.verifications: dict[tuple[str, str], CheckReport] = {}
        """The check reports that rollbacks of this process were verified by, by item and version."""
        self._browsers = threading.BoundedSemaphore(config.watch.checks_at_once or max(1, (os.cpu_count() or 1) // 2))
        self.connections = Connections(config)
        self._guarded: dict[str, Guarded] = {}

    @classmethod
    def open(cls, config: Config, database: str | None = None, progress: Progress | None = None) -> "Engine":
        """Build from a configuration. The database is the one named, else the environment's, else the file's, else SQLite's.

        Raises:
            DatabaseUnreachable: it cannot be opened.
        """
        return cls(config, open_database(database_url(config, database)), progress=progress)

    def guarded(self, extension: ExtensionTable) -> Guarded:
        """One extension with its adapters; the same object for the same extension."""
        known = self._guarded.get(extension.id)
        if known is None:
            evidence = self.run_folder / "checks"
            if len(self.config.extension) > 1:  # versions of two extensions may have the same number
                evidence /= extension.id
            known = self._guarded.setdefault(
                extension.id, Guarded(self.config, extension, evidence, self.now, self._browsers, self.connections)
            )
        return known

    def keep_report(self, guarded: Guarded, report: CheckReport, checked: Version) -> None:
        """Keep what the browser checks found, for the dashboard. ``checked``: the version whose folder its screenshots are in."""
        with only_shown(self.progress):
            self.check_reports.record(guarded.extension.item, report, guarded.evidence / str(checked), self.now())

    def run_step(self, plan: RollbackPlan, step: StepName) -> str:
        """Run one step of a rollback, whichever extension it is of, unless a person has stopped it."""
        must_not_be_stopped(plan, step, self.orders, self.journal, self.releases)
        guarded = self.guarded(self.config.select(plan.item.id))
        watch = self.config.watch

        def check(package: Package, baseline: Package | None) -> CheckReport:
            report = guarded.check(package, baseline)
            self.verifications[plan.item.id, str(package.version)] = report
            self.keep_report(guarded, report, package.version)
            return report

        steps = RollbackSteps(
            guarded.store,
            guarded.updates,
            Records(self.journal, self.releases, self.archive),
            check,
            self.now,
            Patience(
                propagation=timedelta(seconds=watch.propagation_timeout_seconds),
                poll=timedelta(seconds=min(5.0, watch.poll_seconds)),
                review=timedelta(seconds=watch.review_timeout_seconds),
                review_poll=timedelta(seconds=watch.poll_seconds),
            ),
            teller(self.config.rollback, self.journal, self.incidents),
        )
        return steps.run(plan, step)
