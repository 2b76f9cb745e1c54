"""Reads every signal of a release and of its baseline, and judges them together."""

import concurrent.futures
import dataclasses
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta

from guard.beside import Begin, at_once
from guard.engine import Engine, Guarded
from guard.errors import SourceError
from guard.judge.assessment import Assessment, assess, judge_health, reconcile
from guard.judge.diagnosis import Observation
from guard.judge.verdict import SignalVerdict, Verdict
from guard.judge.watch import BEFORE, SignalWatch
from guard.keeping import PackageGone, fetch_published, keep_package, only_warned
from guard.model import CheckOutcome, Events, Interval, Reading, Release, Sample, Signal
from guard.observing import EVERYBODY
from guard.showing import Verdicts
from guard.sources.contract import blame_our_network, gather, gather_overall, unreachable
from healthchecks.result import CheckReport, CheckStatus
from webstore.package import Package
from webstore.store_errors import StoreError, StoreUnreachable
from webstore.versions import Version


@dataclasses.dataclass
class _Checked:
    """Check reports of the release and of its baseline, and when they were made."""

    release: CheckReport | None
    baseline: CheckReport | None
    at: datetime


class Assessor:
    """Assesses one release, as often as asked. The browser checks are repeated only when they are old."""

    def __init__(self, engine: Engine, guarded: Guarded, release: Release, baseline: Release | None, begin: Begin = at_once) -> None:
        """``begin``: how browser checks are begun; at once, they are over when it is assessed."""
        self._engine = engine
        self._guarded = guarded
        self._release = release
        self._baseline = baseline
        self._begin = begin
        self._checked: _Checked | None = None
        self._running: Future[_Checked] | None = None
        self._watched: SignalWatch | None = None
        self._knows_before = False
        self.verdicts = Verdicts(engine, release)
        """What was judged, for who writes it down."""
        self._kept: dict[tuple[Version, Signal, str, str, datetime], Reading] = {}
        """The newest readings that were kept."""

    @property
    def version(self) -> Version:
        """Of the release."""
        return self._release.version

    def is_ready(self) -> bool:
        """Begin the browser checks when they are due; whether there are any to judge by, so that `assess` need not wait for them.

        Raises:
            HealthCheckError: the browser cannot be used.
            StoreError: the package cannot be fetched.
        """
        self._refresh()
        return self._checked is not None

    def assess(self) -> Assessment:
        """The release as it stands now; its first browser checks are waited for.

        Raises:
            HealthCheckError: the browser cannot be used.
            StoreError: the package cannot be fetched.
        """
        checked = self._fresh_checks()
        watched = self.poll()
        release = self._observed(self._release, watched.verdicts(), checked.release)
        self._judged(self._release, release.signals)
        baseline = None
        if self._baseline is not None:
            same, before = watched.baseline_verdicts(), watched.baseline_verdicts(before=True)
            baseline = dataclasses.replace(self._observed(self._baseline, same, checked.baseline), before=before)
            self._judged(self._baseline, baseline.signals)
        return assess(release, baseline, self._guarded.required_signals, self._error_texts(release))

    def assess_checks(self) -> Assessment:
        """The release as the browser checks alone see it, without its counts.

        Raises:
            HealthCheckError: the browser cannot be used.
            StoreError: the package cannot be fetched.
        """
        checked = self._fresh_checks()
        release = self._observed(self._release, {}, checked.release)
        self._judged(self._release, release.signals)
        baseline = self._observed(self._baseline, {}, checked.baseline) if self._baseline else None
        return assess(release, baseline, (Signal.HEALTH,))

    def observe_signals(self) -> Observation:
        """The counted signals of the release since it was published, without browser checks."""
        found = self.poll().verdicts()
        self._judged(self._release, reconcile(found))
        return self._observed(self._release, found, None)

    def _judged(self, release: Release, signals: Mapping[Signal, SignalVerdict]) -> None:
        self.verdicts.judge(release.version, signals, self._engine.now())

    def poll(self) -> SignalWatch:
        """Read every source once, keep what it said, and take it in."""
        watched = self._watch()
        engine, release, now = self._engine, self._release, self._engine.now()
        interval, sources = Interval(release.published_at, now), self._guarded.sources
        versions = [release.version, *([self._baseline.version] if self._baseline else [])]
        samples = [*gather(sources, versions, interval), *gather_overall(sources, release.version, interval)]
        if unreachable(samples) and not self._store_answers():
            samples = blame_our_network(samples)
        if self._baseline is not None and not self._knows_before:
            samples += gather(sources, versions[1:], Interval(release.published_at - BEFORE, release.published_at))
            self._knows_before = True
        engine.samples.record(release.item, self._news(samples), now)
        watched.poll(samples, now)
        self.verdicts.read(samples)
        return watched

    def _news(self, samples: Sequence[Sample]) -> list[Sample]:
        """What is worth keeping: not the same again. Events are kept each time: that none came says something too."""
        news: list[Sample] = []
        for sample in samples:
            key = (sample.version, sample.signal, sample.source, getattr(sample.reading, "unit", ""), sample.interval.start)
            if self._kept.get(key) == sample.reading and not isinstance(sample.reading, Events):
                continue
            self._kept[key] = sample.reading
            news.append(sample)
        return news

    def _watch(self) -> SignalWatch:
        """The watch over the release; what earlier processes read of it is taken in first."""
        if self._watched is not None:
            return self._watched
        engine, release, baseline = self._engine, self._release, self._baseline
        signals = {signal for source in self._guarded.sources for signal in (*source.signals, *source.overall_signals)}
        thresholds = dataclasses.replace(engine.config.thresholds.to_domain(), severity_limits=engine.config.severity.error_rates)
        window = engine.config.rollback_window
        version = baseline.version if baseline else None
        watched = SignalWatch(thresholds, release.version, version, release.published_at, window, signals or None)
        for polled_at, samples in engine.samples.polls(release, version):
            watched.poll(samples, polled_at)
        self._watched = watched
        return watched

    def _store_answers(self) -> bool:
        try:
            self._guarded.updates.offered(self._release.item.id)
        except StoreError as error:
            return not isinstance(error, StoreUnreachable)
        return True

    def _error_texts(self, release: Observation) -> list[str]:
        """What the release's errors say; asked only when it is in breach."""
        if not any(verdict.verdict is Verdict.BREACH for verdict in release.signals.values()):
            return []
        texts: list[str] = []
        for source in self._guarded.sources:
            try:
                texts += source.error_texts(self._release.version, Interval(self._release.published_at, self._engine.now()))
            except SourceError as error:
                self._engine.progress.warn(f"{source.name}: the texts of errors could not be read: {error}")
        return texts

    def _observed(self, release: Release, signals: Mapping[Signal, SignalVerdict], checks: CheckReport | None) -> Observation:
        return Observation(release.version, reconcile({**signals, Signal.HEALTH: judge_health(checks)}), checks)

    def _fresh_checks(self) -> _Checked:
        self._refresh()
        if self._checked is None and self._running is not None:
            concurrent.futures.wait([self._running])
            self._refresh()
        return self._checked or _Checked(None, None, self._engine.now())

    def _refresh(self) -> None:
        """Checks that are old are repeated, and count until that is done."""
        longest = timedelta(seconds=self._engine.config.watch.recheck_seconds)
        if self._running is None and (self._checked is None or self._engine.now() - self._checked.at > longest):
            self._running = self._begin(self._release.item.id, self._run_checks)
        if self._running is not None and self._running.done():
            ended, self._running = self._running, None
            self._checked = ended.result()

    def _run_checks(self) -> _Checked:
        """The release's, and its baseline's beside it."""
        package = self._package_of_release()
        if package is None:
            return _Checked(None, None, self._engine.now())
        baseline = self._package_of_baseline()
        version = self._baseline.version if self._baseline else None
        self._engine.progress.doing(f"health checks of {package.version}" + (f" and {version}" if baseline else "") + " in Chromium")
        if baseline is None:
            checked = _Checked(self._guarded.check(package, None), None, self._engine.now())
        else:
            both = self._guarded.check_side_by_side(package, baseline)
            checked = _Checked(both.new, both.old, self._engine.now())
        for report in filter(None, (checked.release, checked.baseline)):
            self._engine.progress.done(describe(report))
            self._keep_outcomes(report, checked.at)
            self._engine.keep_report(self._guarded, report, package.version)
        self._record_drill(checked.release)
        return checked

    def _keep_outcomes(self, report: CheckReport, at: datetime) -> None:
        """Keep which checks passed with the samples, for a replay."""
        interval = Interval(self._release.published_at, at)
        told = {CheckStatus.PASSED: True, CheckStatus.FAILED: False}
        samples = [
            Sample(Signal.HEALTH, Version.parse(report.version), interval, CheckOutcome(result.check.value, told[result.status]), "browser")
            for result in report.checks
            if result.status in told
        ]
        self._engine.samples.record(self._release.item, samples, at)

    def _record_drill(self, report: CheckReport | None) -> None:
        """Keep what the rollback drill said with the release: a rollback that is asked for later rests on it."""
        if report is None or report.drill is None:
            return
        self._engine.drills.record(self._release.item, self._release.version, report.drill, self._engine.now())
        self._engine.progress.done(f"rollback drill {report.drill.words}")

    def _package_of_release(self) -> Package | None:
        """What users get under the release's version; none while a percentage rollout does not reach us, and only counts can be judged.

        Raises:
            PackageGone: it is published to everybody, and the update service offers another version.
        """
        if self._release.digest and (kept := self._engine.archive.get(self._release.digest)):
            return kept.with_version(self._release.version)
        try:
            package = fetch_published(self._guarded, self._release)
        except PackageGone as gone:
            if self._release.deploy_percentage == EVERYBODY:
                raise
            self._engine.progress.warn(f"{gone}: at {self._release.deploy_percentage} % the package cannot be had, so it is not checked")
            return None
        with only_warned(self._engine, package.version):
            self._release = keep_package(self._engine, self._release, package)
        return package

    def _package_of_baseline(self) -> Package | None:
        if self._baseline is None or self._baseline.digest is None:
            return None
        kept = self._engine.archive.get(self._baseline.digest)
        return kept.with_version(self._baseline.version) if kept else None


def describe(report: CheckReport) -> str:
    """One line on a report: each check with its status."""
    return f"{report.version}: " + ", ".join(f"{result.check.value} {result.status.value.replace('_', ' ')}" for result in report.checks)
