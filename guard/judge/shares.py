"""A signal that is a share, watched poll by poll: against its limit, against the baseline, and for being proved healthy."""

import math
from collections import deque

from guard.judge.evidence import log_evidence_above, log_evidence_below
from guard.judge.mixture import RateAbove, WorseThanBaseline, bounded_exp
from guard.judge.tally import Tally

RECENT_POLLS = 10
"""So many polls a breach waits at the most while it may be an outage that hits the baseline too."""
_NEWEST_POLLS = 2
_NO_EVIDENCE = 1.0


class Share:
    """One way of counting a signal (users, sessions, operations), of the release and of its baseline."""

    __slots__ = (
        "_earlier",
        "_heard",
        "_heard_at",
        "_knows_baseline",
        "above",
        "before",
        "limit",
        "new",
        "old",
        "old_above",
        "old_peak",
        "quiet_polls",
        "recent",
        "unit",
        "worse",
    )

    def __init__(self, unit: str, limit: float, tolerated: float | None) -> None:
        """``limit``: a ratio. ``tolerated``: how many times the baseline's rate is no finding; none where it is not compared."""
        self.unit = unit
        self.limit = limit
        self.new = Tally()
        self.old = Tally()
        self.before = Tally()
        """The baseline's, before the release."""
        self.above = RateAbove(limit)
        self.old_above = RateAbove(limit)
        self.old_peak = _NO_EVIDENCE
        """The highest E that the baseline exceeds the limit. It stays: an outage that is over does not make the release its only victim."""
        self.worse = WorseThanBaseline(tolerated) if tolerated else None
        self.recent: deque[tuple[int, int]] = deque(maxlen=RECENT_POLLS)
        """The baseline's newest polls."""
        self.quiet_polls = 0
        """Polls since the baseline reported anything."""
        self._knows_baseline = False
        self._heard = False
        self._heard_at = 0.0
        """When the release was last heard of: failures that nobody could tell are not absent."""
        self._earlier: deque[tuple[float, int]] = deque()
        """Times and totals of the release, for the units that are old enough to have failed by now."""

    def hear(self) -> None:
        """Say that this poll has read the release's counts, whatever they were."""
        self._heard = True

    def step(self, at: float, share: float, late_seconds: float) -> None:
        """End a poll at ``at`` (seconds), which is a ``share`` of the window after the last one."""
        bad, total = self.new.take()
        self.above.advance(bad, total, share)
        if self.old.total or self._knows_baseline:
            self._step_baseline(bad, total, share)
        if self._heard:
            self._heard, self._heard_at = False, at
            earlier = self._earlier
            earlier.append((at, self.new.total))
            while len(earlier) > 1 and earlier[1][0] <= at - late_seconds:
                earlier.popleft()

    def _step_baseline(self, bad: int, total: int, share: float) -> None:
        """The baseline's part of a poll. Nothing is compared before it has reported: its share of the capital is not lost by waiting."""
        self._knows_baseline = True
        bad_before, total_before = self.old.take()
        self.old_above.advance(bad_before, total_before, share)
        if self.worse is not None:
            self.worse.advance(bad, bad_before, total, total_before, share)
        if not total_before:
            self.quiet_polls += 1
            return
        self.quiet_polls = 0
        self.recent.append((bad_before, total_before))
        if self.old.is_consistent:
            self.old_peak = max(self.old_peak, self.old_above.value(self.old.bad, self.old.total))

    def evidence_above(self) -> float:
        """E that the release exceeds the limit."""
        return self.above.value(self.new.bad, self.new.total) if self.new.is_consistent else _NO_EVIDENCE

    def evidence_worse(self, floor: float) -> float:
        """E that the release fails more often than its baseline in the same minutes, and above ``floor`` (a ratio) at that."""
        if self.worse is None or not self.new.is_consistent:
            return _NO_EVIDENCE
        found = self.worse.value
        if found <= _NO_EVIDENCE:
            return found
        return min(found, bounded_exp(log_evidence_above(self.new.bad, self.new.total, floor)))

    def settled_units(self, late_seconds: float) -> int:
        """The units known ``late_seconds`` before the release was last heard of: those whose failures, however late, are known."""
        if not self._earlier:
            return 0
        when, total = self._earlier[0]
        return min(total, self.new.total) if when <= self._heard_at - late_seconds else 0

    def log_evidence_healthy(self, late_seconds: float) -> float:
        """The logarithm of E that the release is below the limit, with failures that are still to be reported allowed for."""
        units = self.settled_units(late_seconds)
        return log_evidence_below(min(self.new.bad, units), units, self.limit) if units else 0.0

    def log_evidence_baseline(self) -> float:
        """The logarithm of E that the baseline exceeds the limit in the same minutes, now or earlier since the release."""
        return math.log(self.old_peak)

    def log_evidence_before(self) -> float:
        """The logarithm of E that the baseline exceeded the limit before the release."""
        return log_evidence_above(self.before.bad, self.before.total, self.limit) if self.before.is_consistent else 0.0

    def is_baseline_suspect(self) -> bool:
        """Whether the baseline's newest polls lie above the limit, proved or not."""
        recent = list(self.recent)
        return any(self._is_above(polls) for polls in (recent, recent[-_NEWEST_POLLS:]))

    def _is_above(self, polls: list[tuple[int, int]]) -> bool:
        bad, total = sum(poll[0] for poll in polls), sum(poll[1] for poll in polls)
        return total > 0 and bad > self.limit * total
