"""From samples to verdicts: the one place where readings of a live release go into its detector.

Live readings are totals since the release, read again at every poll: what was late or corrected is in them. The same samples, kept and
fed again in their order, give the same evidence, so a guard that was restarted goes on where it stopped.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from guard.judge.advisory import judge_advisory
from guard.judge.counted import Told, judge_baseline, judge_crashes, judge_share, judge_silence
from guard.judge.detector import SHARES, Detector
from guard.judge.thresholds import Thresholds
from guard.judge.verdict import SignalVerdict
from guard.model import Counted, Daily, Events, Expected, NoData, Reading, Sample, Signal, Value
from webstore.versions import Version

BEFORE = timedelta(hours=1)
"""How long before the release the baseline is looked at, to tell what was so before."""


class SignalWatch:
    """The counted signals of one release, beside its baseline's."""

    def __init__(
        self,
        thresholds: Thresholds,
        release: Version,
        baseline: Version | None,
        published_at: datetime,
        window: timedelta,
        signals: Collection[Signal] | None = None,
    ) -> None:
        """``signals``: those that a source measures, fixed when the release is first seen; none: not known."""
        self.detector = Detector(thresholds, published_at.timestamp(), window.total_seconds(), signals, has_baseline=baseline is not None)
        self._release, self._baseline = release, baseline
        self._published_at = published_at
        self._sources: dict[tuple[Signal, str], str] = {}
        self._absent: dict[Signal, NoData] = {}
        self._told = Told(str(release), str(baseline) if baseline else None, self._sources, self._absent)
        self._advice: dict[Signal, list[Reading]] = {}

    def poll(self, samples: Iterable[Sample], at: datetime) -> None:
        """Take in one poll: samples of the release, of its baseline since the release and before it, and of all versions together."""
        self._absent.clear()
        self._advice.clear()
        for sample in samples:
            self._take(sample)
        self.detector.step(at.timestamp())

    def _take(self, sample: Sample) -> None:
        of_release = sample.version == self._release
        if not of_release and sample.version != self._baseline:
            return
        match sample.reading:
            case NoData() as absent if of_release:
                self._absent.setdefault(sample.signal, absent)
            case Counted() as counted if sample.signal in SHARES:
                self._take_share(sample, counted, of_release=of_release)
            case Events(count):
                self._take_crashes(sample, count, of_release=of_release)
            case Expected() as reports if of_release:
                found = self.detector
                found.add_reports(reports.count - found.reports, reports.expected - found.reports_expected, reports.dispersion)
            case Daily() | Counted() | Value() if of_release:
                self._advice.setdefault(sample.signal, []).append(sample.reading)
            case _:
                pass  # what the baseline did not report is no finding, and advice is of the release alone

    def _take_share(self, sample: Sample, counted: Counted, *, of_release: bool) -> None:
        share = self.detector.share(sample.signal, counted.unit)
        if of_release:
            share.new.put(counted.failures, counted.total)
            share.hear()
            self._sources[sample.signal, counted.unit] = sample.source
        elif sample.interval.end <= self._published_at:
            share.before.put(counted.failures, counted.total)
        else:
            share.old.put(counted.failures, counted.total)

    def _take_crashes(self, sample: Sample, count: int, *, of_release: bool) -> None:
        found, seconds = self.detector, sample.interval.length.total_seconds()
        if sample.interval.end <= self._published_at:
            found.put_earlier_crashes(count, seconds)
            return
        known = found.crashes.bad if of_release else found.crashes_before.bad
        passed = seconds - (found.crash_seconds if of_release else found.crashes_before_seconds)
        found.add_crashes(count - known, max(passed, 0.0), of_release=of_release)
        if of_release:
            self._sources[Signal.EXTENSION_CRASHES, ""] = sample.source

    def verdicts(self) -> dict[Signal, SignalVerdict]:
        """What every counted signal says of the release now; the browser checks have their own verdict."""
        told = self._told
        found: dict[Signal, SignalVerdict] = {}
        for signal in Signal:
            if signal is Signal.HEALTH:
                continue
            if signal in SHARES and (self.detector.measured(signal) or signal not in self._advice):
                found[signal] = judge_share(self.detector, signal, told)
            elif signal is Signal.EXTENSION_CRASHES:
                found[signal] = judge_crashes(self.detector, told)
            elif signal is Signal.SILENCE:
                found[signal] = judge_silence(self.detector, told)
            else:
                found[signal] = judge_advisory(signal, self._advice.get(signal, []), self.detector.thresholds, told)
        return found

    def baseline_verdicts(self, *, before: bool = False) -> Mapping[Signal, SignalVerdict]:
        """What the shares say of the baseline, in the same minutes or ``before`` the release; nothing where there is none."""
        if self._baseline is None:
            return {}
        return judge_baseline(self.detector, self._told, before=before)
