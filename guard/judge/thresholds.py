"""The handbook's limits, and how sure a verdict must be."""

import dataclasses

from guard.model import Signal

SEVERITY_LIMITS = (0.05, 0.20, 0.50)
"""The handbook's error rates for P2, P1 and P0."""


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """The handbook's breach thresholds (DESIGN, section 6), and how sure a verdict must be."""

    error_rate: float = 0.05
    api_failures: float = 0.10
    slow_share: float = 0.05
    """Share of operations that may be slower than `response_seconds`: 0.05 says that the 95th percentile is held to the limit."""
    response_seconds: float = 3.0
    crashes_per_hour: float = 10.0
    active_users_drop: float = 0.30
    """How far (a ratio) active users may fall, and all reports together before it is called silence."""
    bad_reviews: float = 0.5
    """Share of new reviews that may have one or two stars."""
    against_baseline: float = 1.5
    """So many times the baseline's error rate is no finding: those who update first are not a random sample. 0: it is not compared."""
    baseline_floor: float = 0.01
    """An error rate that is not proved above this is no breach however much worse than the baseline's it is."""
    late_seconds: float = 120.0
    """How late a unit's failure may be reported: health is proved only on units that are older."""
    alpha: float = 0.01
    """Probability that a release within its limits is ever called a breach, over the whole window and all signals."""
    beta: float = 0.05
    """Probability that a signal at its limit is ever called healthy."""
    severity_limits: tuple[float, ...] = SEVERITY_LIMITS
    """The error rates that make an incident worse, rising: what is proved is told as the highest of them."""

    @property
    def least_reports(self) -> float:
        """The least share of the normal reports that is no silence."""
        return 1 - self.active_users_drop

    def rate_limit(self, signal: Signal) -> float:
        """The limit of a signal that is a share, as a ratio."""
        return {
            Signal.ERROR_RATE: self.error_rate,
            Signal.API_FAILURES: self.api_failures,
            Signal.RESPONSE_TIME: self.slow_share,
            Signal.RATING: self.bad_reviews,
        }[signal]
