"""All signals of one release, watched together: counts go in poll by poll, and one bounded evidence comes out.

The promise: a release within every limit is called a breach with a probability of at most ``alpha``, over the whole window, however often
it is polled. The signals' evidence is joined by a weighted mean with weights that are fixed when the release is published: the only way to
merge e-values of any dependence that cannot be improved upon (reference/detection.md, 4.7).
"""

import enum
from collections.abc import Collection, Iterable, Mapping

from guard.judge.mixture import CountAbove, FewerThanNormal, WorseThanBaseline
from guard.judge.shares import RECENT_POLLS, Share
from guard.judge.tally import Tally
from guard.judge.thresholds import Thresholds
from guard.model import Signal

SHARES = (Signal.ERROR_RATE, Signal.API_FAILURES, Signal.RESPONSE_TIME)
"""Signals that are a share of units."""


class Part(enum.Enum):
    """What evidence is joined from."""

    ERROR_RATE = "error rate against its limit"
    WORSE = "error rate against the baseline's"
    CRASHES = "crashes"
    API_FAILURES = "failed requests"
    SLOW = "slow operations"
    SILENCE = "silence"

    __hash__ = object.__hash__  # members are singletons; the hash of an enum's name is slow, and this one is asked for at each poll


WEIGHTS: Mapping[Part, float] = {
    Part.ERROR_RATE: 0.30,
    Part.WORSE: 0.20,
    Part.CRASHES: 0.20,
    Part.API_FAILURES: 0.15,
    Part.SLOW: 0.10,
    Part.SILENCE: 0.05,
}
"""Shares of the one promise; they sum to 1 (reference/detection.md, 4.7)."""

SIGNAL_OF = {
    Part.ERROR_RATE: Signal.ERROR_RATE,
    Part.WORSE: Signal.ERROR_RATE,
    Part.CRASHES: Signal.EXTENSION_CRASHES,
    Part.API_FAILURES: Signal.API_FAILURES,
    Part.SLOW: Signal.RESPONSE_TIME,
    Part.SILENCE: Signal.SILENCE,
}
_STILL_REPORTING = 3
"""A baseline that reported in one of so many newest polls still does; answers may be cached for two."""
_PART_OF_SHARE = {Signal.ERROR_RATE: Part.ERROR_RATE, Signal.API_FAILURES: Part.API_FAILURES, Signal.RESPONSE_TIME: Part.SLOW}


def weights_of(signals: Collection[Signal] | None, *, compared: bool = True) -> dict[Part, float]:
    """The weights where only these signals are measured, made to sum to 1; of all parts when it is not known at the publish.

    ``compared``: whether there is a baseline to compare with.
    """
    wanted = {part: weight for part, weight in WEIGHTS.items() if signals is None or SIGNAL_OF[part] in signals}
    if not compared:
        wanted.pop(Part.WORSE, None)
    whole = sum(wanted.values())
    return {part: weight / whole for part, weight in wanted.items()}


class Detector:
    """The evidence on one release. Times are seconds since 1970; it never asks for the time itself."""

    def __init__(
        self,
        thresholds: Thresholds,
        published_at: float,
        window_seconds: float,
        signals: Collection[Signal] | None = None,
        *,
        has_baseline: bool = True,
    ) -> None:
        """``signals``: those that are measured, and ``has_baseline``: both fixed when the release is published."""
        self.thresholds = thresholds
        self.weights = weights_of(signals, compared=has_baseline and thresholds.against_baseline > 0)
        self.published_at = published_at
        self.at = published_at
        """The last poll that was taken in."""
        self.shares: dict[Signal, dict[str, Share]] = {signal: {} for signal in SHARES}
        self.crashes, self.crashes_before = Tally(), Tally()
        self.crash_seconds = 0.0
        self.crashes_before_seconds = 0.0
        self.earlier_crashes, self.earlier_crash_seconds = Tally(), 0.0
        """The baseline's, before the release."""
        self.quiet = FewerThanNormal(thresholds.least_reports)
        self.reports = 0
        self.reports_expected = 0.0
        self.values: dict[Part, float] = dict.fromkeys(self.weights, 1.0)
        """E of each part at the last poll."""
        self.evidence = 1.0
        """E of the release: the weighted mean of its parts."""
        self.held_polls = 0
        """How many polls a breach has waited because it may be an outage that hits the baseline too."""
        self._window = window_seconds
        self._crash_limit = CountAbove(thresholds.crashes_per_hour)
        self._crashes_worse = WorseThanBaseline(thresholds.against_baseline) if thresholds.against_baseline else None
        self._pending_seconds = 0.0
        self._pending_reports: list[tuple[int, float, float]] = []

    def share(self, signal: Signal, unit: str) -> Share:
        """The counting of one signal in one unit; made when it is first asked for."""
        found = self.shares[signal].get(unit)
        if found is None:
            tolerated = self.thresholds.against_baseline if signal is Signal.ERROR_RATE else None
            found = self.shares[signal][unit] = Share(unit, self.thresholds.rate_limit(signal), tolerated)
        return found

    def add_crashes(self, events: int, seconds: float, *, of_release: bool) -> None:
        """Crashes of one interval."""
        if of_release:
            self.crashes.add(events, 0)
            self._pending_seconds += seconds
        else:
            self.crashes_before.add(events, 0)
            self.crashes_before_seconds += seconds

    def put_earlier_crashes(self, events: int, seconds: float) -> None:
        """Crashes of the baseline in so many seconds before the release."""
        self.earlier_crashes.put(events, 0)
        self.earlier_crash_seconds = seconds

    def add_reports(self, count: int, expected: float, dispersion: float) -> None:
        """Reports of all versions in one interval, and how many are normal."""
        self._pending_reports.append((count, expected, dispersion))

    def step(self, at: float) -> None:
        """End a poll: all that was given for it is taken in."""
        passed = max(at - self.at, 0.0) / self._window
        self.at = max(at, self.at)
        late = self.thresholds.late_seconds
        for shares in self.shares.values():
            for share in shares.values():
                share.step(at, passed, late)
        self._step_crashes(passed)
        for count, expected, dispersion in self._pending_reports:
            self.quiet.advance(count, expected, dispersion, passed)
            self.reports += count
            self.reports_expected += expected
            passed = 0.0
        self._pending_reports.clear()
        self.evidence = 0.0
        for part, weight in self.weights.items():
            self.values[part] = found = self._value(part)
            self.evidence += weight * found
        self.held_polls = self.held_polls + 1 if self.is_proved and self._may_be_an_outage() else 0

    def _step_crashes(self, passed: float) -> None:
        events, before = self.crashes.take_events(), self.crashes_before.take_events()
        seconds, self._pending_seconds = self._pending_seconds, 0.0
        self.crash_seconds += seconds
        if seconds or events:
            self._crash_limit.advance(events, seconds / 3600, passed)
        if self._crashes_worse is not None and (events or before):
            exposures = self._exposures()
            if exposures is not None:
                self._crashes_worse.advance(events, before, *exposures, passed)

    def _exposures(self) -> tuple[float, float] | None:
        """Units of the release and of its baseline so far: what crashes are compared by."""
        for share in self.shares[Signal.ERROR_RATE].values():
            if share.new.total and share.old.total:
                return share.new.total, share.old.total
        return None

    def _value(self, part: Part) -> float:
        match part:
            case Part.ERROR_RATE | Part.API_FAILURES | Part.SLOW:
                return least([share.evidence_above() for share in self.shares[SIGNAL_OF[part]].values() if share.new.total])
            case Part.WORSE:
                floor, shares = self.thresholds.baseline_floor, self.shares[Signal.ERROR_RATE].values()
                return least([share.evidence_worse(floor) for share in shares if share.new.total])
            case Part.CRASHES:
                return self._crash_value() if self.crash_seconds else 1.0
            case Part.SILENCE:
                return self.quiet.value if self.reports_expected else 1.0

    def _crash_value(self) -> float:
        """A fixed count ignores how many users there are: where the baseline can be compared, it must agree."""
        found = self._crash_limit.value
        if self._crashes_worse is not None and self._exposures() is not None:
            return min(found, self._crashes_worse.value)
        return found

    def measured(self, signal: Signal) -> list[Share]:
        """The countings of a signal that have units."""
        return [share for share in self.shares[signal].values() if share.new.total]

    @property
    def is_proved(self) -> bool:
        """Whether it is beyond ``alpha`` that some limit is exceeded."""
        return self.evidence >= 1 / self.thresholds.alpha

    @property
    def is_breach(self) -> bool:
        """Whether that is to be acted on now, or waits a few polls because the baseline may be failing as well."""
        return self.is_proved and not 0 < self.held_polls <= RECENT_POLLS

    @property
    def blamed(self) -> frozenset[Signal]:
        """The signals that a proof rests on: each that is proved by itself, else the one that adds most."""
        if not self.is_proved:
            return frozenset()
        needed = 1 / self.thresholds.alpha
        weighted = {part: weight * self.values.get(part, 1.0) for part, weight in self.weights.items()}
        alone = {SIGNAL_OF[part] for part, value in weighted.items() if value >= needed}
        return frozenset(alone or {SIGNAL_OF[max(weighted, key=lambda part: weighted[part])]})

    def needed(self, part: Part) -> float:
        """E that this part needs to be a breach by itself; infinite where it has no weight."""
        weight = self.weights.get(part, 0.0)
        return 1 / (self.thresholds.alpha * weight) if weight else float("inf")

    def part_of(self, signal: Signal) -> Part:
        """The part that holds a share against its limit."""
        return _PART_OF_SHARE[signal]

    def is_worse(self) -> bool:
        """Whether the release is proved to fail more often than its baseline in the same minutes, at full alpha."""
        return self.values.get(Part.WORSE, 1.0) >= 1 / self.thresholds.alpha

    def is_release_silent(self) -> bool:
        """Whether the release has reported nothing at all while its baseline still does: then the way to the reports is open."""
        counted = [share for shares in self.shares.values() for share in shares.values()]
        silent = all(not share.new.total for share in counted) and not self.crashes.bad
        return silent and any(share.old.total and share.quiet_polls < _STILL_REPORTING for share in counted)

    def _may_be_an_outage(self) -> bool:
        """Whether the baseline's newest counts lie above the limit too, where the release is not proved to be worse."""
        if self.blamed & {Signal.EXTENSION_CRASHES, Signal.SILENCE} or self.is_worse():
            return False
        return any(share.is_baseline_suspect() for signal in self.blamed for share in self.shares[signal].values())


def least(values: Iterable[float]) -> float:
    """The least evidence of several countings, all of which must show a breach; 1 when there is none."""
    return min(values, default=1.0)
