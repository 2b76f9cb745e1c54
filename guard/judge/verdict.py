"""Verdicts: what one signal says of one version, and the one order in which they are worse."""

import dataclasses
import enum
import functools

from guard.model import Signal


@functools.total_ordering
class Verdict(enum.Enum):
    """What a signal says. Greater is worse, so ``max()`` of several is the one that counts."""

    HEALTHY = "healthy"
    NO_DATA = "no_data"
    INCONCLUSIVE = "inconclusive"
    BREACH = "breach"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Verdict):
            return NotImplemented
        return _ORDER.index(self) < _ORDER.index(other)


_ORDER = tuple(Verdict)


@dataclasses.dataclass(frozen=True)
class SignalVerdict:
    """One signal's verdict on one version, with its evidence in words and in figures."""

    signal: Signal
    verdict: Verdict
    evidence: str
    failures: int = 0
    total: int = 0
    log_evidence: float = 0.0
    """Natural logarithm of E against the limit; 0 is no evidence either way."""
    proved_above: float = 0.0
    """The highest of the severity limits (a ratio) that the rate is proved to exceed; 0 for none."""
    affected_users: int = 0
    """Users with a failure, where users were counted."""
    is_measured: bool = True
    """False when no source measures this signal at all: it then neither passes nor holds a gate."""
