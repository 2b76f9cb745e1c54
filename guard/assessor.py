"""Reads every signal of a release and of its baseline, and judges them together."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta

from guard.engine import Engine, Guarded
from guard.judge.assessment import Assessment, Observation, assess, judge_health, reconcile
from guard.judge.thresholds import judge
from guard.judge.verdict import SignalVerdict
from guard.keeping import PackageGone, fetch_published, keep_package, only_warned
from guard.model import Interval, Release, Sample, Signal
from guard.observing import EVERYBODY
from guard.sources.contract import gather
from healthchecks.result import CheckReport
from webstore.package import Package


@dataclasses.dataclass
class _Checked:
    """Check reports of the release and of its baseline, and when they were made."""

    release: CheckReport | None
    baseline: CheckReport | None
    at: datetime


class Assessor:
    """Assesses one release, as often as asked. The browser checks are repeated only when they are old."""

    def __init__(self, engine: Engine, guarded: Guarded, release: Release, baseline: Release | None) -> None:
        self._engine = engine
        self._guarded = guarded
        self._release = release
        self._baseline = baseline
        self._checked: _Checked | None = None

    def assess(self) -> Assessment:
        """The release as it stands now.

        Raises:
            HealthCheckError: the browser cannot be used.
            StoreError: the package cannot be fetched.
        """
        checked = self._fresh_checks()
        interval = Interval(self._release.published_at, self._engine.now())
        release = self._observe(self._release, interval, checked.release)
        baseline = self._observe(self._baseline, interval, checked.baseline) if self._baseline else None
        return assess(release, baseline, self._guarded.required_signals)

    def observe_signals(self, release: Release) -> Observation:
        """The counted signals of another release since it was published, without browser checks."""
        return self._observe(release, Interval(release.published_at, self._engine.now()), None)

    def _observe(self, release: Release, interval: Interval, checks: CheckReport | None) -> Observation:
        samples = gather(self._guarded.sources, release.version, interval)
        self._engine.releases.record_samples(release.item, samples)
        thresholds = self._engine.config.thresholds.to_domain()
        verdicts: dict[Signal, SignalVerdict] = {
            signal: judge(signal, _of(signal, samples), thresholds) for signal in Signal if signal is not Signal.HEALTH
        }
        verdicts[Signal.HEALTH] = judge_health(checks)
        return Observation(release.version, reconcile(verdicts), checks)

    def _fresh_checks(self) -> _Checked:
        longest = timedelta(seconds=self._engine.config.watch.recheck_seconds)
        if self._checked is None or self._engine.now() - self._checked.at > longest:
            self._checked = self._run_checks()
        return self._checked

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
        self._record_drill(checked.release)
        return checked

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


def _of(signal: Signal, samples: Sequence[Sample]) -> list[Sample]:
    return [sample for sample in samples if sample.signal is signal]
