"""Totals that only grow in steps: late counts, corrections and repetitions are taken in, and each unit is used once."""


class Tally:
    """Failures and units of one version, as far as they are known, and how much of them evidence has used already.

    Totals may be corrected, also downward: evidence since the release follows them at once, and what is counted in steps waits until the
    total has caught up with what was used (reference/detection.md, 4.9).
    """

    __slots__ = ("_used_bad", "_used_total", "bad", "total")

    def __init__(self) -> None:
        self.bad = 0
        self.total = 0
        self._used_bad = 0
        self._used_total = 0

    def add(self, bad: int, total: int) -> None:
        """Counts of one interval; negative ones correct what came before, and nothing falls below 0."""
        self.bad = max(self.bad + bad, 0)
        self.total = max(self.total + total, 0)

    def put(self, bad: int, total: int) -> None:
        """Totals since the release, as read again."""
        self.bad, self.total = bad, total

    def take(self) -> tuple[int, int]:
        """What has come since the last time, failures clamped to units; the rest is carried over."""
        total = self.total - self._used_total
        if total <= 0:
            return 0, 0
        bad = self.bad - self._used_bad
        bad = 0 if bad < 0 else min(bad, total)
        self._used_total += total
        self._used_bad += bad
        return bad, total

    def take_events(self) -> int:
        """The same for events that are a share of nothing."""
        events = max(self.bad - self._used_bad, 0)
        self._used_bad += events
        return events

    @property
    def is_consistent(self) -> bool:
        """Whether the failures can be a share of the units."""
        return self.bad <= self.total
