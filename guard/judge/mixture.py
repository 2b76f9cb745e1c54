"""The one primitive of every verdict: a mixture e-process that restarts, advanced poll by poll in constant time and memory.

``E = (1 - RESTART_SHARE) * E0 + RESTART_SHARE * R``: ``E0`` is the evidence since the release, ``R`` the mean of processes that begin
anew all through the window, each with its share of the capital. A healthy half hour therefore buys no credit: what begins late is seen
within one to three polls. A convex mixture of e-processes is one, so ``E`` still reaches ``1/alpha`` with a probability of at most alpha
within the limit. Capital is handed out by the clock and not by the poll, so that nothing depends on how often one looks
(reference/detection.md, sections 4.1 to 4.4 and 4.6).
"""

import math
from collections.abc import Sequence

from guard.judge.evidence import log_mean_exp, rate_weights, ratios

RESTART_SHARE = 0.1
"""Share of the capital that is kept for restarts; 0.3 and 0.5 see a late onset no sooner and cost 6 % and 11 % more sessions."""

_SHARE_SINCE_RELEASE = 1 - RESTART_SHARE
_LARGEST = 1e250
"""Evidence is capped here: far beyond any proof, and far below what a float can hold."""
_LARGEST_EXPONENT = 570.0

_QUIET_SHARES = (0.9, 0.7, 0.5, 0.3, 0.1, 0.01)
"""How much of what is allowed as the least each alternative of silence leaves."""


class Mixture:
    """The state of one process: its restarts, and the capital that no restart has had yet."""

    __slots__ = ("_fresh", "_mean", "_restarts", "_unspent")

    def __init__(self, atoms: int) -> None:
        self._restarts = [0.0] * atoms
        self._mean = 0.0
        self._fresh = 0.0
        self._unspent = 1.0

    def _add_capital(self, share: float) -> None:
        """Capital for restarts since the last poll: the share (0-1) of the window that has passed."""
        given = min(self._unspent, share)
        self._unspent -= given
        self._fresh += given

    def _multiply(self, logs: Sequence[float]) -> None:
        """One poll's factor of each alternative, as a logarithm."""
        fresh = self._fresh
        self._keep([bounded_exp(log) * (kept + fresh) for log, kept in zip(logs, self._restarts, strict=True)])

    def _keep(self, restarts: list[float]) -> None:
        """What the restarts are worth now, with all capital that was handed out in them."""
        self._fresh = 0.0
        self._mean = sum(restarts) / len(restarts)
        if self._mean > _LARGEST:
            restarts = [min(kept, _LARGEST) for kept in restarts]
            self._mean = sum(restarts) / len(restarts)
        self._restarts = restarts

    def _joined(self, since_release: float) -> float:
        """E, from the evidence since the release."""
        return _SHARE_SINCE_RELEASE * since_release + RESTART_SHARE * (self._mean + self._fresh + self._unspent)


def bounded_exp(log: float) -> float:
    """The exponential, capped where it would say no more than "beyond doubt"."""
    return math.exp(min(_LARGEST_EXPONENT, log))


class RateAbove(Mixture):
    """Evidence that a share exceeds its limit, a ratio. The part since the release rests on totals alone, so corrections are included."""

    __slots__ = ("_limit", "_most_at_once", "_weights")

    def __init__(self, limit: float) -> None:
        self._weights = rate_weights(limit, above=True)
        self._limit = limit
        self._most_at_once = _LARGEST_EXPONENT / max(a for a, _ in self._weights)
        """So many failures in one poll need no look at each exponent."""
        super().__init__(len(self._weights))

    def advance(self, bad: int, total: int, share: float) -> None:
        """One poll: ``bad`` of ``total`` new units, in a ``share`` (0-1) of the window."""
        self._add_capital(share)
        if total:
            good = total - bad
            if bad > self._most_at_once:
                self._multiply([bad * a + good * b for a, b in self._weights])
                return
            fresh, exp = self._fresh, math.exp  # the hot path of a replay, in one pass
            self._keep([exp(bad * a + good * b) * (kept + fresh) for (a, b), kept in zip(self._weights, self._restarts, strict=True)])

    def value(self, bad: int, total: int) -> float:
        """E at these totals. A share within the limit is no evidence since the release, and is not computed."""
        if not total:
            return self._joined(1.0)
        if bad <= self._limit * total:
            return self._joined(0.0)
        good = total - bad
        return self._joined(bounded_exp(log_mean_exp([bad * a + good * b for a, b in self._weights])))


class WorseThanBaseline(Mixture):
    """Evidence that a version fails more often than so many times its baseline, over the same minutes.

    Given how many failures both versions have together in a poll, the share of the new version's is at most ``theta`` while its rate is
    at most ``tolerated`` times the baseline's, whatever that is and however it moves: an outage that hits both is no evidence
    (conditional Poisson, reference/detection.md, 4.3).
    """

    __slots__ = ("_logs", "_tolerated")

    def __init__(self, tolerated: float) -> None:
        self._tolerated = tolerated
        self._logs = [0.0] * len(ratios())
        super().__init__(len(self._logs))

    def advance(self, bad: int, bad_before: int, exposure: float, exposure_before: float, share: float) -> None:
        """One poll: failures of both versions, and their units in the same minutes."""
        self._add_capital(share)
        together = bad + bad_before
        if not together or exposure_before <= 0:
            return
        theta = self._tolerated * exposure / (self._tolerated * exposure + exposure_before)
        factors = [bad * log - together * math.log1p(excess * theta) for excess, log in _RATIO_LOGS]
        self._logs = [log + factor for log, factor in zip(self._logs, factors, strict=True)]
        self._multiply(factors)

    @property
    def value(self) -> float:
        """E. Where no alternative fits better than the limit itself there is none since the release, and it is not computed."""
        return self._joined(0.0 if max(self._logs) < 0 else bounded_exp(log_mean_exp(self._logs)))


class CountAbove(Mixture):
    """Evidence that events come more often than ``limit`` an hour."""

    __slots__ = ("_events", "_hours", "_limit")

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._events = 0
        self._hours = 0.0
        super().__init__(len(ratios()))

    def advance(self, events: int, hours: float, share: float) -> None:
        """One poll: so many events in so many hours."""
        self._add_capital(share)
        self._events += events
        self._hours += hours
        normal = self._limit * hours
        self._multiply([events * log - excess * normal for excess, log in _RATIO_LOGS])

    @property
    def value(self) -> float:
        """E."""
        if not self._hours:
            return self._joined(1.0)
        if self._events <= self._limit * self._hours:
            return self._joined(0.0)
        logs = [self._events * log - excess * self._limit * self._hours for excess, log in _RATIO_LOGS]
        return self._joined(bounded_exp(log_mean_exp(logs)))


class FewerThanNormal(Mixture):
    """Evidence that fewer reports come than ``least`` (a ratio) of what is normal (reference/detection.md, 4.6)."""

    __slots__ = ("_least", "_logs")

    def __init__(self, least: float) -> None:
        self._least = least
        self._logs = [0.0] * len(_QUIET_SHARES)
        super().__init__(len(_QUIET_SHARES))

    def advance(self, count: int, expected: float, dispersion: float, share: float) -> None:
        """One poll: reports that came, reports that are normal, and how much those vary (variance over mean, at least 1)."""
        self._add_capital(share)
        if expected <= 0:
            return
        scale = max(1.0, dispersion)
        factors = [count / scale * math.log(quiet) + (1 - quiet) * self._least * expected / scale for quiet in _QUIET_SHARES]
        self._logs = [log + factor for log, factor in zip(self._logs, factors, strict=True)]
        self._multiply(factors)

    @property
    def value(self) -> float:
        """E. Where no alternative fits better than the limit itself there is none since the release, and it is not computed."""
        return self._joined(0.0 if max(self._logs) < 0 else bounded_exp(log_mean_exp(self._logs)))


_RATIO_LOGS = tuple((ratio - 1, math.log(ratio)) for ratio in ratios())
"""For each alternative ratio x: x - 1 and ln x."""
