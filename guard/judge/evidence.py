"""Evidence that stays honest however often one looks: mixture e-processes on running totals.

A plain threshold compared at every poll rolls back most healthy releases at low traffic. An e-process ``E`` starts at 1 and, as long
as the true rate is within its limit, ever reaches ``1/alpha`` with a probability of at most alpha (Ville's inequality), over any
number of looks. Twelve fixed alternatives, evenly spread in the logarithm of their Kullback-Leibler divergence from the limit, make
it sensitive to small and to large excesses alike. Formulas and golden values: reference/detection.md, sections 4.1, 4.4, 4.10, 7.
"""

import functools
import math
from collections.abc import Callable, Sequence

ATOMS = 12
"""Number of alternatives in the mixture; 8 to 24 differ by 2 % in delay."""

MIN_LIMIT = 0.0001
MAX_LIMIT = 0.89
"""1.1 times the limit must stay below the highest alternative, 0.98."""

_BISECTIONS = 60
_INTERVAL_EVIDENCE = math.log(100)


def log_evidence_above(bad: int, total: int, limit: float) -> float:
    """Natural logarithm of the evidence that a rate exceeds ``limit`` (a ratio), from ``bad`` of ``total`` units.

    0 of 0 is no evidence either way: 0.0.
    """
    return log_mean_exp([bad * a + (total - bad) * b for a, b in rate_weights(limit, above=True)])


def log_evidence_below(bad: int, total: int, limit: float) -> float:
    """Natural logarithm of the evidence that a rate is below ``limit`` (a ratio)."""
    return log_mean_exp([bad * a + (total - bad) * b for a, b in rate_weights(limit, above=False)])


def log_evidence_rate_per_hour(events: int, hours: float, limit: float) -> float:
    """Natural logarithm of the evidence that events come more often than ``limit`` an hour."""
    return log_mean_exp([events * math.log(x) - (x - 1) * limit * hours for x in ratios()])


def failures_needed(total: int, limit: float, evidence: float) -> int | None:
    """The fewest failures among ``total`` units that reach ``evidence`` (E, not its logarithm); none if even all would not."""
    needed = math.log(evidence)
    if log_evidence_above(total, total, limit) < needed:
        return None
    low, high = 0, total
    while low < high:
        middle = (low + high) // 2
        if log_evidence_above(middle, total, limit) >= needed:
            high = middle
        else:
            low = middle + 1
    return low


def confidence_interval(bad: int, total: int) -> tuple[float, float]:
    """The 99 % interval of a rate that holds at all times at once; for display, never for a decision."""
    if total == 0:
        return 0.0, 1.0
    floor = math.lgamma(bad + 0.5) + math.lgamma(total - bad + 0.5) - math.lgamma(total + 1) - math.log(math.pi) - _INTERVAL_EVIDENCE
    observed = bad / total

    def is_plausible(rate: float) -> bool:
        log_likelihood = (bad * math.log(rate) if bad else 0.0) + ((total - bad) * math.log1p(-rate) if total > bad else 0.0)
        return log_likelihood > floor

    low = 0.0 if bad == 0 else _boundary(is_plausible, inside=observed, outside=0.0)
    high = 1.0 if bad == total else _boundary(is_plausible, inside=observed, outside=1.0)
    return low, high


def _boundary(is_plausible: Callable[[float], bool], *, inside: float, outside: float) -> float:
    for _ in range(_BISECTIONS):
        middle = (inside + outside) / 2
        if 0 < middle < 1 and is_plausible(middle):
            inside = middle
        else:
            outside = middle
    return (inside + outside) / 2


@functools.cache
def rate_weights(limit: float, *, above: bool) -> tuple[tuple[float, float], ...]:
    """For each alternative p: ln(p/limit) and ln((1-p)/(1-limit)).

    Raises:
        ValueError: no test can hold this limit.
    """
    if not MIN_LIMIT <= limit <= MAX_LIMIT:
        raise ValueError(f"a rate's limit must lie between {MIN_LIMIT} and {MAX_LIMIT}, not {limit}")
    near, far = (1.1 * limit, 0.98) if above else (0.9 * limit, limit / 200)

    def divergence(rate: float) -> float:
        return rate * math.log(rate / limit) + (1 - rate) * math.log((1 - rate) / (1 - limit))

    rates = _spread(divergence, near, far)
    return tuple((math.log(rate / limit), math.log((1 - rate) / (1 - limit))) for rate in rates)


@functools.cache
def ratios() -> tuple[float, ...]:
    """How many times the limit each alternative of a count is: 1.1 to 60."""
    return _spread(lambda x: x * math.log(x) - x + 1, 1.1, 60.0)


def _spread(divergence: Callable[[float], float], near: float, far: float) -> tuple[float, ...]:
    """``ATOMS`` values from ``near`` to ``far`` whose divergences grow by one constant factor."""
    first, last = divergence(near), divergence(far)
    return tuple(_value_at(divergence, first * (last / first) ** (step / (ATOMS - 1)), near, far) for step in range(ATOMS))


def _value_at(divergence: Callable[[float], float], wanted: float, near: float, far: float) -> float:
    for _ in range(_BISECTIONS):
        middle = (near + far) / 2
        near, far = (middle, far) if divergence(middle) < wanted else (near, middle)
    return (near + far) / 2


def log_mean_exp(exponents: Sequence[float]) -> float:
    """Ln of the mean of the exponentials, without overflow."""
    peak = max(exponents)
    return peak + math.log(sum([math.exp(exponent - peak) for exponent in exponents]) / len(exponents))  # a list: it is the hot path
