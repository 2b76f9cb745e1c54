"""Verdicts in one sentence that a tired person understands, with the numbers that a statistician accepts behind it."""

import math

from guard.judge import sentences
from guard.judge.evidence import confidence_interval, failures_needed
from guard.judge.mixture import RESTART_SHARE
from guard.judge.shares import Share

_TWO_MINUTES = 120.0
_ENOUGH_ZEROS = 1e6


def count(number: int) -> str:
    """A count with its thousands set apart."""
    return f"{number:,}".replace(",", " ")


def percent(ratio: float) -> str:
    """A ratio as people say it."""
    return f"{ratio * 100:.1f} %"


def limit_percent(ratio: float) -> str:
    """A configured ratio, with no more digits than it was given."""
    return f"{ratio * 100:g} %"


def times(evidence: float) -> str:
    """E as a number that can be compared at a glance."""
    return f"{evidence:.3g}" if evidence < _ENOUGH_ZEROS else f"1e{math.floor(math.log10(evidence))}"


def duration(seconds: float) -> str:
    """A length of time."""
    return f"{seconds:.0f} s" if seconds < _TWO_MINUTES else f"{seconds / 60:.0f} min"


def enough(total: int, limit: float, needed: float) -> int | None:
    """The fewest failures of so many units that would be a breach by themselves, whenever they came."""
    return failures_needed(total, limit, needed / (1 - RESTART_SHARE)) if math.isfinite(needed) else None


def visible_rate(total: int, limit: float, needed: float) -> float | None:
    """The lowest rate (a ratio) that so many units can prove to be a breach; none while even failures only would not."""
    failures = enough(total, limit, needed)
    return failures / total if failures is not None and total else None


def of_share(share: Share, version: str, limit: float, needed: float, source: str) -> str:
    """How many failed, of how many, and how many it takes."""
    bad, total = share.new.bad, share.new.total
    least = enough(total, limit, needed)
    if least is None:
        bar = sentences.TOO_FEW.say()
    else:
        bar = (sentences.WAS_ENOUGH if bad >= least else sentences.WOULD_BE_ENOUGH).say(least=count(least))
    low, high = confidence_interval(bad, total)
    form = sentences.SHARE_BY if source else sentences.SHARE
    return form.say(
        bad=count(bad),
        total=count(total),
        unit=share.unit,
        version=version,
        rate=percent(bad / total),
        bar=bar,
        limit=limit_percent(limit),
        low=f"{low * 100:.1f}",
        high=f"{high * 100:.1f}",
        source=source,
    )


def of_baseline(share: Share, version: str) -> str:
    """What the baseline did in the same minutes."""
    bad, total = share.old.bad, share.old.total
    if not total:
        return sentences.BESIDE_NOTHING.say(version=version)
    return sentences.BESIDE.say(version=version, bad=count(bad), total=count(total), rate=percent(bad / total))


def of_visibility(total: int, limit: float, needed: float) -> str:
    """What rate this traffic could have shown."""
    rate = visible_rate(total, limit, needed)
    return sentences.SHOWS_NO_RATE.say() if rate is None else sentences.SHOWS_RATES.say(rate=f"{rate * 100:.0f}")
