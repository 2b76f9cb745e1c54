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


class Reason(enum.StrEnum):
    """Why a verdict is open."""

    FEW_UNITS = "few_units"
    """What was seen is too little for this rate."""
    NEAR_THRESHOLD = "near_threshold"
    """Much was seen, and the rate lies too near its limit."""
    NO_BASELINE = "no_baseline"
    """Failures came, and nothing says whether the version before has them too."""
    SHARED = "may_be_shared"
    """A breach that waits a few polls: the baseline may be failing as well."""
    INCONSISTENT = "inconsistent"
    """More failures than units."""
    NOT_FINISHED = "not_finished"
    """A check could not be run to its end."""
    EXPLAINED = "explained"
    """Another signal of the same version takes it back."""
    ADVISORY = "advisory"
    """It informs, and proves nothing within the window."""


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
    reason: str = ""
    """Why it is open or without data, as a constant (`Reason` or `guard.model.Absence`)."""
    is_worse: bool = False
    """Whether the version is proved to fail more often than its baseline in the same minutes."""
